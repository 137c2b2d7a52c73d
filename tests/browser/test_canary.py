"""Nothing that people share in an end-to-end room is in the appliance; in a managed room the same search finds it.

Looked at are the memory of every process, every file, the database as its key opens it, and all that passes between
gateway, control and core. All of it in two pages of Chromium, with an appliance of their own.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.browsers import Browser
from tests.browser.canary import (
    IN_PAGE,
    Places,
    comes_listening,
    frames_in_page,
    frames_in_worker,
    objects_in_page,
    objects_in_worker,
    secrets_in_worker,
)
from tests.browser.network import Network
from tests.browser.participants import Participant, eventually
from tests.browser.tap import Tap

from conclave.v1 import content_pb2

pytestmark = [pytest.mark.full, pytest.mark.timeout(400)]

LINE, SEALED_LINE = [f"canary {secrets.token_hex(16)}" for _ in range(2)]


@dataclass
class House:
    """An appliance that is listened in on, and a browser."""

    appliance: RunningAppliance
    browser: Browser
    places: Places

    def pair(self, room: str) -> tuple[Participant, Participant]:
        """Two people in a managed room who see and hear each other, and whose pages are listened to."""
        one, other = [Participant(self.browser, f"{name} in {room}", None, IN_PAGE) for name in ("Ada", "Ben")]
        for each in (one, other):
            each.join(self.appliance.invite(room))
        see_each_other(one, other)
        return one, other


def see_each_other(one: Participant, other: Participant) -> None:
    for here, there in ((one, other), (other, one)):
        here.receives([f"{there.name}/camera", f"{there.name}/microphone"], 60)


@pytest.fixture(scope="module")
def house(workspace: Path) -> Iterator[House]:
    directory = workspace / "canary"
    directory.mkdir(mode=0o711)
    with ExitStack() as stack:
        network = stack.enter_context(Network())
        appliance = RunningAppliance(network, directory / "state")
        stack.callback(appliance.close)
        run = appliance.state / "run"
        core = {f"core {name}": stack.enter_context(Tap(run / "core" / name)) for name in ("control.ipc", "events.ipc")}
        restart(appliance, "conclave-control")
        signalling = stack.enter_context(Tap(run / "signal" / "control.sock"))
        restart(appliance, "conclave-gateway")
        log = appliance.state / "log" / "conclave-gateway.log"
        eventually("the gateway is ready again", 60, lambda: log.read_text().count('"ready"') > 1)
        browser = Browser("chromium", network.add_client("canary"), directory / "canary.log")
        stack.callback(browser.close)
        yield House(appliance, browser, Places(appliance, {**core, "signalling": signalling}))


def restart(appliance: RunningAppliance, name: str) -> None:
    before = appliance.process_ids()[name]
    appliance.kill(before)

    def is_back() -> bool:
        try:
            return appliance.process_ids().get(name, 0) not in (0, before)
        except AssertionError:
            return False  # Control does not answer yet.

    eventually(f"{name} is back", 60, is_back)


def write(person: Participant, text: str) -> None:
    person.press("Chat")
    person.page.do("fill", "Message", text)
    person.page.do("key", "Enter")


def reads(person: Participant, text: str) -> None:
    person.press("Chat")
    person.must_see(f"[...document.querySelectorAll('.chat-words')].some((each) => each.textContent === {text!r})", 30)


def react(person: Participant) -> None:
    person.press("React")
    person.page.do("press", "Applause", "menuitem")


# First: the fake camera and microphone begin with the same frames for everybody, and processes keep what they had.
def test_in_an_end_to_end_room_it_finds_nothing_that_people_share(house: House, tmp_path: Path) -> None:
    house.appliance.make_room("sealed", protection="end-to-end")
    ada, ben = [Participant(house.browser, f"{name} in sealed") for name in ("Ada", "Ben")]
    for each in (ada, ben):
        comes_listening(each, house.appliance.invite("sealed"))
    see_each_other(ada, ben)
    write(ada, SEALED_LINE)
    reads(ben, SEALED_LINE)
    react(ada)
    ben.must_see("document.querySelector('.reaction') !== null", 30)
    with house.places.still() as processes:
        frames = frames_in_worker(ada)
        keys = secrets_in_worker(ada)
        assert len(frames["audio"]) >= 10, frames
        assert len(frames["video"]) >= 10, frames
        assert len(keys) >= 4, len(keys)
        objects = objects_in_worker(ada)
        assert set(objects) == {content_pb2.CONTENT_KIND_CHAT, content_pb2.CONTENT_KIND_REACTION}
        kinds = {**frames, "key": keys, "chat": [SEALED_LINE.encode()], "object": list(objects.values())}
        names = {each: kind for kind, some in kinds.items() for each in some}
        found = house.places.find(processes, list(names), tmp_path)
        # The search itself works here too: it finds what the appliance does know.
        known = bytes.fromhex(ada.state()["protection"]["members"][0]["identityKey"])
        assert house.places.find(processes, [known], tmp_path)
    assert not found, {place: [names[each] for each in these] for place, these in found.items()}
    for each in (ada, ben):
        each.close()


def test_in_a_managed_room_the_search_finds_everything(house: House, tmp_path: Path) -> None:
    house.appliance.make_room("managed")
    ada, ben = house.pair("managed")
    write(ada, LINE)
    reads(ben, LINE)
    react(ada)
    ben.must_see("document.querySelector('.reaction') !== null", 30)
    with house.places.still() as processes:
        frames = frames_in_page(ada)
        assert len(frames["audio"]) >= 10, frames
        assert len(frames["video"]) >= 10, frames
        line, reaction = objects_in_page(ada)
        wanted = {**frames, "chat": [LINE.encode(), line], "reaction": [reaction]}
        found = house.places.find(processes, [each for some in wanted.values() for each in some], tmp_path)
    print({place: len(these) for place, these in found.items()})
    for kind, place in (
        ("audio", "memory of conclave-core"),
        ("video", "memory of conclave-core"),
        ("chat", "memory of conclave-control"),
        ("chat", "memory of conclave-gateway"),
        ("chat", "traffic of signalling"),
        ("reaction", "traffic of signalling"),
    ):
        assert found.get(place, set()) & set(wanted[kind]), (kind, place)
    for each in (ada, ben):
        each.close()
