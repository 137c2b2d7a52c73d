"""A meeting in a network that has IPv6 only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.conftest import Browsers, People
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
