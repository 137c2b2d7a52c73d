"""Files between browsers: sent, seen, fetched and saved, and carried through a killed gateway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Camera
from tests.browser.conftest import Browsers, Measured
from tests.browser.participants import Participant
from tests.browser.sharing import MIB, digest, made, png, shown
from tests.browser.test_keyboard import announces, focus_is_on, press_until, sees

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("appliance")]

SMALL = Camera(width=320, height=180, frame_rate=5)
# While this is on, nothing that a page sends or fetches of files gets anywhere.
HOLD = """(() => {
  const { fetch } = window, { send } = XMLHttpRequest.prototype;
  const released = async () => { while (window.hold) await new Promise((resolve) => setTimeout(resolve, 20)); };
  window.fetch = async (...request) => { await released(); return fetch(...request); };
  XMLHttpRequest.prototype.send = async function (body) {
    await released();
    if (this.readyState === XMLHttpRequest.OPENED) send.call(this, body);
  };
})()"""
# How long the page was ever busy at a stretch, milliseconds between two frames that it drew.
WATCH_FRAMES = """(() => {
  window.gaps = [];
  let last = performance.now();
  const frame = (now) => { window.gaps.push(now - last); last = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
})()"""


@pytest.fixture
def pair(
    browsers: Browsers, appliance: RunningAppliance, request: pytest.FixtureRequest
) -> Iterator[list[Participant]]:
    """A host in Chromium and a guest in Firefox, both with the chat open."""
    room = f"files-{request.node.name[5:25].replace('_', '-')}".rstrip("-")
    appliance.make_room(room)
    host = Participant(browsers.get("chromium"), "Amara Okafor", SMALL, HOLD)
    guest = Participant(browsers.get("firefox"), "Jonas Lindqvist", SMALL)
    host.ask(appliance.invite(room, "--role", "host"))
    guest.ask(appliance.invite(room))
    for each in (host, guest):
        each.must_see("window.conclave?.state().phase === 'meeting'", 30)
        each.press("Chat")
    yield [host, guest]
    for each in (host, guest):
        each.close()


def test_files_arrive_bit_identical_in_both_directions(pair: list[Participant], tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    host, guest = pair
    large = made(tmp_path / "report.bin", 12 * MIB + 5)
    picture = tmp_path / "plan.png"
    picture.write_bytes(png(1600, 1000))
    program = made(tmp_path / "setup.exe", 1000)

    host.page.do("chooseFiles", [str(large), str(picture)])
    guest.must_see(shown("report.bin", "plan.png"), 60)
    guest.must_see("document.querySelector('.file-preview')?.naturalWidth === 560")
    assert digest(Path(guest.page.do("download", "Download report.bin", "report.bin"))) == digest(large)
    guest.press("View plan.png")
    guest.must_see("document.querySelector('dialog.viewer img')?.naturalWidth === 1600")
    guest.page.do("key", "Escape")

    guest.page.do("chooseFiles", [str(program)])
    host.must_see(shown("setup.exe"), 60)
    host.must_see("document.querySelector('.file-warning')?.textContent.includes('programs') === true")
    assert host.page.do("axe") == []
    assert digest(Path(host.page.do("download", "Download setup.exe", "setup.exe"))) == digest(program)


@pytest.mark.full
def test_files_are_sent_and_fetched_by_keyboard(pair: list[Participant], tmp_path: Path) -> None:
    """The focus stays with the file whatever becomes of it, and goes to the composer when it is gone."""
    tmp_path.chmod(0o755)
    page, guest = pair[0].page, pair[1]
    guest.page.do("chooseFiles", [str(made(tmp_path / "report.bin", 5 * MIB))])
    sees(page, announces("Jonas Lindqvist shared a file."), 60)
    press_until(page, "Download report.bin", "Shift+Tab")
    page.evaluate("void (window.hold = true)")
    for key, name in (("Enter", "Pause report.bin"), ("Enter", "Go on with report.bin"), ("Enter", "Pause report.bin")):
        page.do("key", key)
        sees(page, focus_is_on(name))
    assert page.do("axe") == []
    press_until(page, "Cancel report.bin")
    page.do("key", "Enter")
    sees(page, focus_is_on("Download report.bin"))
    page.evaluate("void (window.hold = false)")
    page.do("key", "Enter")
    sees(page, announces("report.bin was received."), 60)
    sees(page, focus_is_on("Download report.bin"))

    page.evaluate("void (window.hold = true)")
    page.do("chooseFiles", [str(made(tmp_path / "scan.bin", 3 * MIB))])
    press_until(page, "Pause scan.bin")
    page.do("key", "Enter")
    sees(page, focus_is_on("Go on with scan.bin"))
    assert page.do("axe") == []
    press_until(page, "Cancel scan.bin")
    page.do("key", "Enter")
    sees(page, "document.activeElement?.classList.contains('composer-text') === true")
    page.evaluate("void (window.hold = false)")
    page.do("chooseFiles", [str(made(tmp_path / "plan.bin", 3 * MIB))])
    sees(page, announces("plan.bin was sent."), 60)


@pytest.mark.full
@pytest.mark.timeout(600)
def test_a_killed_gateway_neither_ends_nor_damages_a_file(
    pair: list[Participant], appliance: RunningAppliance, tmp_path: Path, measured: Measured
) -> None:
    tmp_path.chmod(0o755)
    host, guest = pair
    large = made(tmp_path / "scan.bin", 200 * MIB + 77)
    host.page.evaluate(WATCH_FRAMES)
    halfway = host.sees("(document.querySelector('.file-progress')?.value ?? 0) > 0.3", 120)
    host.page.do("chooseFiles", [str(large)])
    assert halfway.result() is not None
    appliance.kill(appliance.process_ids()["conclave-gateway"])
    guest.must_see(shown("scan.bin"), 240)
    gaps = sorted(float(each) for each in host.page.evaluate("window.gaps"))
    measured(
        "while 200 MiB were sent, ms between frames: median, 99 of 100, longest",
        [
            round(gaps[len(gaps) // 2], 1),
            round(gaps[len(gaps) * 99 // 100], 1),
            round(gaps[-1], 1),
        ],
    )

    began = guest.sees("(document.querySelector('.file-progress')?.value ?? 0) > 0.3", 120)
    saved = guest.page.ask("download", "Download scan.bin", "scan.bin")
    assert began.result() is not None
    appliance.kill(appliance.process_ids()["conclave-gateway"])
    assert digest(Path(saved.result(240))) == digest(large)
