"""What the core tells while nobody takes its events: all that is, once there is room again. In simulated time."""

from __future__ import annotations

import pytest

from conclave.core.config import source_number
from conclave.core.events import ConsentChanged, IceConnected, SlotChanged, SpeakersChanged
from conclave.core.switchboard import Simulation

from .peer import Peer, Stream, camera, microphone, video_slot
from .test_router import MS, SECOND, camera_of, opus

ROOM_FOR = 4


@pytest.fixture
def core() -> Simulation:
    return Simulation(legs=16, sources=32, slots=64, packets=4096, events=ROOM_FOR)


def told(core: Simulation, now_ns: int) -> list[object]:
    """Takes events until there are no more, as slowly as they come."""
    events: list[object] = []
    while taken := core.events():
        events += taken
        core.advance(now_ns)
    return events


def test_what_slots_show_is_told_when_there_is_room_again(core: Simulation) -> None:
    sender = Peer(core, sources=(microphone(), camera()))
    receivers = [Peer(core, slots=(video_slot(100), video_slot(200))) for _ in range(5)]
    told(core, MS)
    stream = Stream(b"1", 0xABC)
    for receiver in receivers:
        for slot in (0, 1):
            core.set_slot(receiver.leg, slot, camera_of(sender), 2)
    sender.send(stream.frame(key=True), 2 * MS)
    core.transmit()
    # It shows something else by the time that there is room: what is told last is what is.
    for receiver in receivers[:2]:
        core.set_slot(receiver.leg, 0, 0, 0)
    assert core.dropped["no_space"] > 0
    shown = {}
    for event in told(core, 3 * MS):
        assert isinstance(event, SlotChanged)
        shown[event.leg, event.slot] = event.source
    camera_number = camera_of(sender)
    assert shown == {
        (receiver.leg, slot): 0 if slot == 0 and receiver in receivers[:2] else camera_number
        for receiver in receivers
        for slot in (0, 1)
    }
    core.advance(SECOND)
    assert core.events() == []


def test_who_connects_and_who_is_lost_is_told_when_there_is_room_again(core: Simulation) -> None:
    peers = [Peer(core) for _ in range(10)]
    assert sorted(told(core, MS), key=str) == sorted([IceConnected(peer.leg) for peer in peers], key=str)
    core.advance(31 * SECOND)
    events = told(core, 31 * SECOND)
    assert sorted(events, key=str) == sorted([ConsentChanged(peer.leg, 2) for peer in peers], key=str)


def test_who_speaks_is_told_when_there_is_room_again(core: Simulation) -> None:
    ada, bob = (Peer(core, sources=(microphone(),)) for _ in range(2))
    spoke = []
    for turn, speaker in enumerate((ada, bob)):
        core.set_source_active(source_number(ada.leg, 0), speaker is ada)
        for i in range(30 * turn, 30 * turn + 30):
            opus(speaker, i)
            core.advance(MS + 20 * i * MS)
            core.transmit()
        after_ns = (20 * (30 * turn + 30) + 100) * MS
        spoke += [event.sources for event in told(core, after_ns) if isinstance(event, SpeakersChanged)]
        # Bob begins, and Ada ends, while there is no room: as many speak as before.
        for _ in range(ROOM_FOR):
            Peer(core, now_ns=SECOND)
    assert spoke == [(source_number(ada.leg, 0),), (source_number(bob.leg, 0),)]


def test_what_those_who_left_could_not_tell_is_told_no_more(core: Simulation) -> None:
    gone = [Peer(core) for _ in range(10)]
    for peer in gone:
        core.delete_leg(peer.leg)
    came = [Peer(core) for _ in range(3)]
    events = told(core, MS)
    assert [event for event in events if event in [IceConnected(peer.leg) for peer in gone[ROOM_FOR:]]] == []
    assert {IceConnected(peer.leg) for peer in came} <= set(events)


@pytest.mark.parametrize("events", [0, 3, 12])
def test_a_number_of_events_that_is_no_power_of_two_is_refused(events: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        Simulation(events=events)
