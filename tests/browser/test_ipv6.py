"""A meeting in a network that has IPv6 only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.conftest import Browsers, Measured, People
from tests.browser.network import IPV6, Network

pytestmark = [pytest.mark.full, pytest.mark.timeout(180)]

PEOPLE = ("Amara Okafor", "Jonas Lindqvist")


@pytest.fixture(scope="module")
def network(workspace: Path) -> Iterator[Network]:
    with Network(IPV6) as made:
        yield made


@pytest.fixture(scope="module")
def appliance(network: Network, workspace: Path) -> Iterator[RunningAppliance]:
    running = RunningAppliance(network, workspace / "state6")
    yield running
    running.close()


@pytest.fixture(scope="module")
def browsers(network: Network, workspace: Path, appliance: RunningAppliance) -> Iterator[Browsers]:
    made = Browsers(network, workspace)
    yield made
    made.close()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_people_meet_over_ipv6(
    appliance: RunningAppliance, browsers: Browsers, people: People, network: Network, transport: str
) -> None:
    room = f"six-{transport}"
    appliance.make_room(room)
    invite = appliance.invite(room, "--role", "host")
    assert invite.startswith(f"https://[{IPV6.server}]:")
    places = [browsers.get("chromium", f"-{index}") for index in range(len(PEOPLE))]
    if transport == "tcp":
        for place in places:
            place.namespace.block_udp()
    both = [people.add(place, name, invite) for place, name in zip(places, PEOPLE, strict=True)]
    for each, other in zip(both, reversed(both), strict=True):
        each.receives([f"{other.name}/camera", f"{other.name}/microphone"], 60, growth=20)
    for each in both:
        people.remove(each)
    for place in places:
        place.namespace.allow_udp()
    # Nothing but IPv6 was there to carry it, and nothing of it left the network.
    for namespace in network.namespaces:
        assert namespace.sent_elsewhere() == 0, namespace.places()


@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_a_meeting_goes_on_at_another_address(
    appliance: RunningAppliance, browsers: Browsers, people: People, network: Network, measured: Measured, engine: str
) -> None:
    room = f"six-moving-{engine}"
    appliance.make_room(room)
    invite = appliance.invite(room, "--role", "host")
    staying = people.add(browsers.get("chromium", "-0"), PEOPLE[0], invite)
    moving = people.add(browsers.get(engine, "-moving"), PEOPLE[1], invite)
    staying_sources, moving_sources = ([f"{each}/camera", f"{each}/microphone"] for each in PEOPLE)
    moving.receives(staying_sources, 60)
    before = {each["name"]: each["id"] for each in moving.state()["participants"]}
    namespace = moving.page.browser.namespace
    old = namespace.address()
    namespace.move()
    moved = time.time()
    assert namespace.address() != old
    # More than was on its way: nothing reaches the old address any more.
    moving.receives(staying_sources, 60, growth=20)
    measured("seconds_until_twenty_frames_came_at_the_new_address", round(time.time() - moved, 2))
    staying.receives(moving_sources, 60, growth=20)
    for each in (staying, moving):
        assert {other["name"]: other["id"] for other in each.state()["participants"]} == before
    for each in (moving, staying):
        people.remove(each)
    for place in network.namespaces:
        assert place.sent_elsewhere() == 0, place.places()
