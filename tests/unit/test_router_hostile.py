"""What one participant, or who sees its datagrams, may do to the others: as good as nothing. In simulated time."""

from __future__ import annotations

import struct

import pytest

from conclave.core.config import source_number
from conclave.core.events import DtlsReceived, SpeakersChanged
from conclave.core.switchboard import Simulation

from .peer import (
    LEVEL_ID,
    MID_ID,
    OPUS,
    VP8,
    Peer,
    Stream,
    audio_slot,
    build,
    camera,
    deliver,
    element,
    microphone,
)
from .test_router import MS, RIDS, SECOND, camera_of, nack, numbers, opus, pair, run


@pytest.fixture
def core() -> Simulation:
    return Simulation(legs=16, sources=32, slots=64, packets=4096)


# A receiver takes the nearest rollover count (RFC 3711 appendix A): a leap of 2**15 makes a slot unreadable for good.
@pytest.mark.parametrize("kind", ["malformed", "padding", "switched off"])
def test_a_leap_of_numbers_is_closed_up(core: Simulation, kind: str) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.send(stream.frame(2, key=True), MS)
    deliver(core, receiver)
    extensions = element(MID_ID, b"1")
    core.set_source_active(camera_of(sender), kind != "switched off")
    for _ in range(4):
        # None of these is forwarded, but the publisher's index moves on by 120000.
        stream.sequence_number += 30_000
        payload = {"malformed": b"\x80", "padding": b""}.get(kind, b"\x90\x80\x80\x01\x00x")
        sender.send(build(VP8, stream.sequence_number, 0, 0xABC, payload, extensions=extensions), 2 * MS)
        deliver(core, receiver)
    core.set_source_active(camera_of(sender), True)
    stream.sequence_number += 1
    sender.send(stream.frame(3, key=True), 34 * MS)
    deliver(core, receiver)
    first = receiver.rtp[0].sequence_number
    assert numbers(receiver, 100) == [first + i for i in range(5)]


def test_who_comes_back_after_a_long_time_can_read_on(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.send(stream.frame(2, key=True), MS)
    deliver(core, receiver)
    core.advance(31 * SECOND)
    for _ in range(4):
        sender.check(32 * SECOND)
        stream.sequence_number += 20_000
        sender.send(stream.frame(), 32 * SECOND)
        deliver(core, sender, receiver)
    receiver.check(33 * SECOND)
    core.advance(33 * SECOND)
    sender.send(stream.frame(3, key=True), 33 * SECOND)
    deliver(core, receiver)
    first = receiver.rtp[0].sequence_number
    assert numbers(receiver, 100) == [first + i for i in range(5)]


def test_newcomers_are_forwarded_when_others_have_filled_the_pool() -> None:
    core = Simulation(legs=16, sources=32, slots=64, packets=1200)
    senders = [Peer(core, sources=(microphone(), camera(rids=RIDS))) for _ in range(2)]
    now_ns = MS
    for sender in senders:
        for rid in RIDS:
            stream = Stream(b"1", 10 + RIDS.index(rid), rid)
            for _ in range(60):
                sender.send(stream.frame(10), now_ns)
                core.transmit()
    assert core.packets_available < 20
    newcomer, receiver = pair(core)
    core.set_slot(receiver.leg, 0, camera_of(newcomer), 2)
    stream = Stream(b"1", 0xABC)
    for i in range(10):
        newcomer.send(stream.frame(8, key=i == 0), now_ns)
        deliver(core, receiver)
    assert len(receiver.rtp) == 80
    # A fair share of the history is the newcomer's, so that it can be asked for again.
    for packet in receiver.rtp[:]:
        receiver.send_rtcp(nack(100, packet.sequence_number), now_ns)
    deliver(core, receiver)
    assert len(receiver.of(101)) == 80
    for peer in (*senders, newcomer, receiver):
        core.delete_leg(peer.leg)
    assert core.packets_available == 1200


def test_an_address_stays_with_the_participant_who_is_heard_from_it(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    thief = Peer(core)
    core.transmit()
    core.receive(MS, sender.address, thief.request())
    sender.send(stream.frame(key=True), MS)
    deliver(core, receiver)
    assert len(receiver.rtp) == 1
    assert core.dropped == {"unknown_sender": 1}
    core.delete_leg(thief.leg)
    sender.send(stream.frame(), 34 * MS)
    deliver(core, receiver)
    assert len(receiver.rtp) == 2


# A NAT gives a port that fell silent to somebody else.
def test_an_address_passes_on_and_outlives_who_had_it_before(core: Simulation) -> None:
    before = Peer(core, sources=(microphone(), camera()))
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.address = before.address
    sender.check(10 * SECOND)
    core.delete_leg(before.leg)
    receiver.check(10 * SECOND)
    sender.send(stream.frame(key=True), 10 * SECOND)
    deliver(core, receiver)
    assert len(receiver.rtp) == 1


def test_retransmissions_are_limited_in_time(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.send(stream.frame(16, key=True), MS)
    deliver(core, receiver)
    first = receiver.rtp[0].sequence_number
    block = struct.pack("!HH", first, 0x7FFF)
    flood = struct.pack("!BBHII", 0x81, 205, 2 + 16, 1, 100) + 16 * block
    for _ in range(20):
        receiver.send_rtcp(flood, 2 * MS)
    deliver(core, receiver)
    asked_for = 20 * 16 * 16
    answered = len(receiver.of(101))
    assert 256 <= answered <= 512 < asked_for
    core.advance(200 * MS)
    receiver.send_rtcp(nack(100, first), 200 * MS)
    deliver(core, receiver)
    assert len(receiver.of(101)) == answered + 1


def test_nothing_is_retransmitted_without_consent(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.send(stream.frame(2, key=True), MS)
    deliver(core, receiver)
    core.advance(31 * SECOND)
    receiver.send_rtcp(nack(100, receiver.rtp[0].sequence_number), 31 * SECOND)
    deliver(core, receiver)
    assert receiver.of(101) == []


def test_a_flood_of_handshakes_leaves_room_for_those_of_others(core: Simulation) -> None:
    flooder, other = Peer(core), Peer(core)
    core.events()
    for _ in range(2000):
        core.receive(MS, flooder.address, b"\x16\xfe\xfd" + b"x" * 100)
    core.receive(MS, other.address, b"\x16\xfe\xfd" + b"hello")
    told = core.events()
    assert DtlsReceived(other.leg, b"\x16\xfe\xfdhello") in told
    assert len(told) < 200
    core.advance(200 * MS)
    core.receive(200 * MS, flooder.address, b"\x16\xfe\xfd" + b"again")
    assert core.events()[-1] == DtlsReceived(flooder.leg, b"\x16\xfe\xfdagain")


def test_silence_is_told_when_the_only_speaker_leaves(core: Simulation) -> None:
    speaker = Peer(core, sources=(microphone(),))
    listener = Peer(core, slots=(audio_slot(300),))
    for i in range(50):
        opus(speaker, i, level=10)
        run(core, MS + 20 * i * MS, 20 * (i + 1) * MS, listener)
    assert SpeakersChanged(1, (source_number(speaker.leg, 0),)) in core.events()
    core.delete_leg(speaker.leg)
    run(core, 1001 * MS, 1500 * MS, listener)
    assert [event.sources for event in core.events() if isinstance(event, SpeakersChanged)] == [()]


def test_timestamps_that_leap_by_half_their_range_are_harmless(core: Simulation) -> None:
    sender, listener = pair(core)
    extensions = element(MID_ID, b"0") + element(LEVEL_ID, b"\x90")
    for i in range(20):
        sender.send(build(OPUS, i, (i & 1) << 31, 7, b"o" * 40, extensions=extensions), MS)
    run(core, MS, 3 * SECOND, sender, listener)
    assert len([packet for packet in sender.rtcp if packet[1] == 201]) >= 1
    assert len(numbers(listener, 300)) == 20


def test_a_fragment_names_one_participant_only(core: Simulation) -> None:
    first = Peer(core)
    core.restart_ice(first.leg, first.local_ufrag.encode(), b"n" * 24, first.ufrag.encode())
    core.transmit()
    core.receive(MS, first.address, first.request(password=b"n" * 24))
    deliver(core, first)
    assert len(first.stun) == 1
    Peer.count -= 1
    with pytest.raises(ValueError, match="ufrag"):
        Peer(core)


def test_the_address_of_a_leaver_is_forgotten(core: Simulation) -> None:
    leaver = Peer(core)
    assert core.knows(leaver.address)
    core.delete_leg(leaver.leg)
    assert not core.knows(leaver.address)


def test_a_stream_that_jumps_away_is_still_asked_for_a_key_frame(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.send(stream.frame(2, key=True), MS)
    stream.sequence_number += 20_000
    sender.send(stream.frame(2), 34 * MS)
    run(core, 34 * MS, 100 * MS, sender, receiver)
    assert [packet[1] for packet in sender.rtcp if packet[1] == 206] == [206]
