"""Checks that somebody saw and sends again move nobody's media and keep nobody's consent alive. In simulated time."""

from __future__ import annotations

import pytest

from conclave.core.events import ConsentChanged
from conclave.core.switchboard import Simulation

from .peer import LEVEL_ID, MID_ID, OPUS, Peer, Stream, build, camera, deliver, element, microphone, video_slot
from .test_router import MS, SECOND, camera_of

THIEF = ("203.0.113.66", 6666)
REMEMBERED = 32


@pytest.fixture
def core() -> Simulation:
    return Simulation(legs=16, sources=32, slots=64, packets=4096)


def places(core: Simulation) -> set[tuple[str, int]]:
    """Where something was sent."""
    return {address for address, _ in core.transmit()}


def word(number: int) -> bytes:
    """A packet of a microphone."""
    extensions = element(MID_ID, b"0") + element(LEVEL_ID, b"\x9e")
    return build(OPUS, 500 + number, 960 * number, 0x51, b"o" * 60, extensions=extensions)


def watched(core: Simulation) -> tuple[Peer, Peer, Stream]:
    """Somebody who sends a picture, somebody who is shown it and has a microphone, and the picture's stream."""
    sender = Peer(core, sources=(microphone(), camera()))
    receiver = Peer(core, sources=(microphone(),), slots=(video_slot(100),))
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.send(stream.frame(key=True), MS)
    deliver(core, receiver)
    return sender, receiver, stream


def test_a_check_sent_again_from_elsewhere_is_not_answered_and_moves_nothing(core: Simulation) -> None:
    sender, receiver, stream = watched(core)
    seen = receiver.request()
    core.receive(2 * MS, receiver.address, seen)
    core.transmit()
    core.receive(3 * MS, THIEF, seen)
    assert not core.knows(THIEF)
    sender.send(stream.frame(), 4 * MS)
    assert places(core) == {receiver.address}
    assert core.dropped == {"replayed": 1}


def test_a_retransmission_is_answered_again(core: Simulation) -> None:
    peer = Peer(core)
    core.transmit()
    check = peer.request()
    for _ in range(2):
        core.receive(MS, peer.address, check)
        deliver(core, peer)
    assert len(peer.stun) == 2
    assert core.dropped == {}


def test_a_check_sent_again_from_the_same_address_gives_no_consent(core: Simulation) -> None:
    peer = Peer(core)
    check = peer.request()
    core.receive(MS, peer.address, check)
    core.events()
    for second in range(1, 32):
        core.receive(second * SECOND, peer.address, check)
        core.advance(second * SECOND)
    # RFC 7675 section 5.1: the client is gone, whoever pretends that it is not.
    assert core.events() == [ConsentChanged(peer.leg, 1), ConsentChanged(peer.leg, 2)]
    core.transmit()


def test_a_forgotten_check_does_not_take_media_away_from_who_sends(core: Simulation) -> None:
    sender, receiver, stream = watched(core)
    old = receiver.request()
    core.receive(MS, receiver.address, old)
    for number in range(REMEMBERED):
        receiver.check((2 + number) * MS)
    now_ns = SECOND
    receiver.send(word(1), now_ns)
    core.receive(now_ns, THIEF, old)
    assert core.knows(THIEF)
    core.transmit()
    sender.send(stream.frame(), now_ns + MS)
    assert places(core) == {receiver.address}
    # Not even with a packet that it caught, which has arrived before.
    caught = receiver.outbound.protect(word(2))
    for address in (receiver.address, THIEF):
        core.receive(now_ns + 2 * MS, address, caught)
    sender.send(stream.frame(), now_ns + 3 * MS)
    assert places(core) == {receiver.address}


def test_who_moves_is_followed_with_the_first_packet_from_the_new_address(core: Simulation) -> None:
    sender, receiver, stream = watched(core)
    receiver.send(word(1), MS)
    core.transmit()
    before, receiver.address = receiver.address, ("198.51.100.7", 7777)
    receiver.check(2 * MS)
    core.transmit()
    sender.send(stream.frame(), 3 * MS)
    assert places(core) == {before}
    receiver.send(word(2), 4 * MS)
    sender.send(stream.frame(), 5 * MS)
    assert places(core) == {receiver.address}


def test_who_moves_and_is_silent_is_followed_when_nothing_comes_from_the_old_address(core: Simulation) -> None:
    sender, receiver, stream = watched(core)
    receiver.send(word(1), MS)
    receiver.address = ("198.51.100.7", 7777)
    receiver.check(MS + SECOND)
    core.transmit()
    sender.send(stream.frame(), MS + SECOND)
    assert places(core) == {receiver.address}


def test_nobody_takes_an_address_over_to_which_its_owner_is_moving(core: Simulation) -> None:
    sender, receiver, stream = watched(core)
    receiver.send(word(1), MS)
    receiver.address = ("198.51.100.7", 7777)
    receiver.check(2 * MS)
    thief = Peer(core)
    core.transmit()
    core.receive(3 * MS, receiver.address, thief.request())
    receiver.send(word(2), 4 * MS)
    sender.send(stream.frame(), 5 * MS)
    assert places(core) == {receiver.address}
    assert core.dropped == {"unknown_sender": 1}
