"""One appliance in a namespace of its own, and browsers in others, for all browser tests of a run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import HERE, Browser, Camera, Trust
from tests.browser.network import Network
from tests.browser.participants import Participant

_failed = pytest.StashKey[bool]()
_measurements = pytest.StashKey[list[str]]()


class Measured:
    """Takes what a test has measured, which the run tells at its end."""

    def __init__(self, test: str, lines: list[str]) -> None:
        self._test = test
        self._lines = lines

    def __call__(self, what: str, value: object) -> None:
        self._lines.append(f"{self._test}: {what} {value}")


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    return Measured(request.node.name, request.config.stash.setdefault(_measurements, []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash.get(_measurements, []):
        terminalreporter.section("measured in browsers")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report


@pytest.fixture(scope="session")
def workspace() -> Iterator[Path]:
    """Where logs go. Not pytest's own directory: a socket's path has at most 107 bytes."""
    if not (HERE / "node_modules").is_dir():
        pytest.fail("the browsers' drivers are missing: run npm ci in tests/browser, or ./tests/run")
    directory = Path(tempfile.mkdtemp(prefix="conclave-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def network() -> Iterator[Network]:
    with Network() as made:
        yield made


@pytest.fixture(scope="session")
def appliance(network: Network, workspace: Path) -> Iterator[RunningAppliance]:
    running = RunningAppliance(network, workspace / "state")
    yield running
    running.close()


class Browsers:
    """The browsers of a run, each in a namespace of its own, started when first asked for."""

    def __init__(self, network: Network, workspace: Path) -> None:
        self._network = network
        self._workspace = workspace
        self._running: dict[str, Browser] = {}

    def get(self, engine: str, place: str = "", trust: Trust | None = None) -> Browser:
        """engine: "chromium" or "firefox"; place: tells two browsers of one engine apart; trust: when it starts."""
        name = f"{engine}{place}"
        if name not in self._running:
            namespace = self._network.add_client(name)
            self._running[name] = Browser(engine, namespace, self._workspace / f"{name}.log", trust)
        return self._running[name]

    def close(self) -> None:
        for browser in self._running.values():
            browser.close()


@pytest.fixture(scope="session")
def browsers(network: Network, workspace: Path, appliance: RunningAppliance) -> Iterator[Browsers]:
    made = Browsers(network, workspace)
    yield made
    made.close()


class People:
    """Whoever a test has let into a meeting."""

    def __init__(self) -> None:
        self.present: list[Participant] = []

    def add(self, browser: Browser, name: str, invite: str, camera: Camera | None = None) -> Participant:
        participant = Participant(browser, name, camera)
        self.present.append(participant)
        participant.join(invite)
        return participant

    def remove(self, participant: Participant) -> None:
        self.present.remove(participant)
        participant.close()


@pytest.fixture(scope="module")
def people(browsers: Browsers) -> Iterator[People]:
    """People who stay for all tests of a module, and go before their browsers do."""
    made = People()
    yield made
    for participant in made.present:
        participant.close()


@pytest.fixture(autouse=True)
def report_on_failure(
    request: pytest.FixtureRequest, people: People, appliance: RunningAppliance, tmp_path: Path
) -> Iterator[None]:
    """Leaves pictures, statistics and logs of a failed test in its tmp_path."""
    yield
    if not request.node.stash.get(_failed, True):
        return
    for participant in people.present:
        # A page that has crashed must not hide why the test failed.
        with suppress(AssertionError, TimeoutError):
            participant.report(tmp_path)
    (tmp_path / "appliance.log").write_text(appliance.logs())
    print(f"\nwhat the pages knew, and the appliance's logs: {tmp_path}\n{appliance.logs()}")
