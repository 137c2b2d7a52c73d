"""Two people behind a network that passes no UDP: they meet over ICE-TCP, both ways, in each engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.browser.appliance import MEDIA_PORT, RunningAppliance
from tests.browser.conftest import Browsers, People
from tests.browser.network import Namespace, Network
from tests.browser.participants import Participant, eventually

pytestmark = pytest.mark.timeout(300)

PEOPLE = ("Amara Okafor", "Jonas Lindqvist")


@pytest.fixture(scope="module")
def invite(appliance: RunningAppliance) -> str:
    appliance.make_room("strict")
    return appliance.invite("strict", "--role", "host")


@pytest.fixture(params=[pytest.param("chromium", marks=pytest.mark.full), "firefox"])
def strict(request: pytest.FixtureRequest, browsers: Browsers) -> Iterator[tuple[str, Namespace]]:
    """A browser of each engine whose network drops UDP."""
    namespace = browsers.get(request.param).namespace
    namespace.block_udp()
    yield request.param, namespace
    namespace.allow_udp()


def media_connections(network: Network) -> int:
    """TCP connections to the core that are open."""
    listing = network.server.run("ss", "-Htn", "state", "established", "sport", "=", f":{MEDIA_PORT}")
    return len(listing.splitlines())


def test_a_meeting_works_without_udp(
    strict: tuple[str, Namespace], browsers: Browsers, people: People, invite: str, network: Network
) -> None:
    engine, namespace = strict
    both = [people.add(browsers.get(engine), name, invite) for name in PEOPLE]
    # Twice: what grows once might have been a burst.
    for seconds in (60, 30):
        for each, other in zip(both, reversed(both), strict=True):
            each.come_to_front()
            each.receives([f"{other.name}/camera", f"{other.name}/microphone"], seconds, growth=20)
    assert namespace.blocked() > 0  # UDP was tried
    assert media_connections(network) >= len(both)
    for each in both:
        people.remove(each)
    eventually("the connections are closed", 15, lambda: media_connections(network) == 0)


def test_a_meeting_goes_on_when_udp_is_cut(
    request: pytest.FixtureRequest, browsers: Browsers, people: People, invite: str
) -> None:
    browser = browsers.get("chromium")
    both: list[Participant] = [people.add(browser, name, invite) for name in PEOPLE]
    request.addfinalizer(browser.namespace.allow_udp)
    for each, other in zip(both, reversed(both), strict=True):
        each.receives([f"{other.name}/camera"], 60)
    browser.namespace.block_udp()
    for each, other in zip(both, reversed(both), strict=True):
        each.receives([f"{other.name}/camera"], 40, growth=40)
    assert browser.namespace.blocked() > 0
    for each in both:
        people.remove(each)
