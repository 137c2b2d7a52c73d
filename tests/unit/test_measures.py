"""What a leg's measures say, against what its peers sent and saw."""

from __future__ import annotations

import struct

import pytest

from conclave.core.config import source_number
from conclave.core.measures import ReceivedStream, SentStream
from conclave.core.switchboard import Simulation

from .peer import MID_ID, RTX, Peer, Stream, build, camera, deliver, element, microphone, video_slot

MS = 1_000_000
SECOND = 1000 * MS
NTP_EPOCH_S = 2_208_988_800
EXTENSION_BYTES = 4  # abs-send-time, a word of a header's extension
SENT_HEADER = 12 + 4 + EXTENSION_BYTES


@pytest.fixture
def core() -> Simulation:
    return Simulation(legs=16, sources=32, slots=64, packets=4096)


def pair(core: Simulation) -> tuple[Peer, Peer]:
    sender = Peer(core, sources=(microphone(), camera()))
    receiver = Peer(core, slots=(video_slot(100), video_slot(200)))
    core.set_slot(receiver.leg, 0, source_number(sender.leg, 1), 2)
    return sender, receiver


def received(core: Simulation, peer: Peer) -> ReceivedStream:
    (stream,) = core.leg_measures(peer.leg).received
    return stream


def sent(core: Simulation, peer: Peer) -> SentStream:
    (stream,) = core.leg_measures(peer.leg).sent
    return stream


def test_what_has_not_flowed_is_not_listed(core: Simulation) -> None:
    sender, receiver = pair(core)
    measures = core.leg_measures(sender.leg)
    assert (measures.received, measures.sent, measures.rtt_s, measures.last_packet_ns) == ((), (), 0.0, 0)
    assert (measures.reachable, measures.tcp) == (True, False)
    assert core.leg_measures(receiver.leg).sent == ()
    with pytest.raises(KeyError):
        core.leg_measures(99)


def test_both_ends_count_what_flows(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    packets = stream.frame(3, key=True) + stream.frame(2)
    sender.send(packets, MS)
    deliver(core, receiver)
    came, went = received(core, sender), sent(core, receiver)
    header = 12 + 4 + 4  # an extension of one word: the MID
    assert (came.source, came.layer, came.ssrc, came.rtx_ssrc) == (1, 0, 0xABC, 0)
    assert (came.packets_received, came.frames_received, came.packets_lost) == (5, 2, 0)
    assert came.header_bytes_received == 5 * header
    assert came.bytes_received == sum(len(packet) - header for packet in packets)
    assert came.last_packet_ns == MS
    assert (went.slot, went.packets_sent, went.frames_sent) == (0, 5, 2)
    assert went.bytes_sent == sum(len(packet.payload) for packet in receiver.of(100))
    assert went.header_bytes_sent == 5 * SENT_HEADER
    assert went.remote is None


def test_a_repair_counts_as_lost_and_as_retransmitted(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    packets = stream.frame(4, key=True)
    lost = packets.pop(1)
    sender.send(packets, MS)
    core.advance(50 * MS)
    deliver(core, sender, receiver)
    sequence_number = lost[2:4]
    payload = sequence_number + lost[20:]
    sender.send(build(RTX, 1, 90_000, 0xDEF, payload, extensions=element(MID_ID, b"1")), 60 * MS)
    came = received(core, sender)
    assert (came.packets_received, came.packets_lost, came.nacks_sent, came.rtx_ssrc) == (4, 1, 1, 0xDEF)
    assert (came.retransmitted_packets_received, came.retransmitted_bytes_received) == (1, len(payload) - 2)


def test_a_slot_counts_what_its_receiver_asks_for(core: Simulation) -> None:
    sender, receiver = pair(core)
    sender.send(Stream(b"1", 0xABC).frame(3, key=True), MS)
    deliver(core, receiver)
    lost = receiver.of(100)[1]
    receiver.send_rtcp(struct.pack("!BBHIIHH", 0x81, 205, 3, 1, 100, lost.sequence_number, 0), 10 * MS)
    receiver.send_rtcp(struct.pack("!BBHII", 0x81, 206, 2, 1, 100), 20 * MS)
    receiver.send_rtcp(struct.pack("!BBHIIII", 0x84, 206, 4, 1, 0, 100, 1 << 24), 30 * MS)
    # About a stream that is none of the receiver's slots.
    receiver.send_rtcp(struct.pack("!BBHII", 0x81, 206, 2, 1, 999), 40 * MS)
    deliver(core, receiver)
    went = sent(core, receiver)
    assert (went.nacks_received, went.plis_received, went.firs_received) == (1, 1, 1)
    assert (went.retransmitted_packets_sent, went.retransmitted_bytes_sent) == (1, len(lost.payload))
    assert (went.packets_sent, went.bytes_sent) == (
        4,
        sum(len(packet.payload) for packet in receiver.of(100)) + len(lost.payload),
    )


def test_a_receiver_report_is_kept_with_its_round_trip(core: Simulation) -> None:
    sender, receiver = pair(core)
    sender.send(Stream(b"1", 0xABC).frame(1, key=True), MS)
    deliver(core, receiver)
    now_ns = 10 * SECOND
    # The middle 32 bits of an NTP timestamp 200 ms before the report comes; the receiver kept it for 120 ms.
    sent_at = int((NTP_EPOCH_S + now_ns / SECOND - 0.2) * 65536) & 0xFFFFFFFF
    block = struct.pack("!IIIIII", 100, 64 << 24 | 7, 5000, 900, sent_at, int(0.12 * 65536))
    receiver.send_rtcp(struct.pack("!BBHI", 0x81, 201, 7, 1) + block, now_ns)
    remote = sent(core, receiver).remote
    assert remote is not None
    assert (remote.packets_lost, remote.fraction_lost, remote.jitter_s, remote.rtt_count) == (7, 0.25, 0.01, 1)
    assert remote.rtt_s == pytest.approx(0.08, abs=1e-3)
    assert remote.rtt_total_s == remote.rtt_s == core.leg_measures(receiver.leg).rtt_s


def test_pools_tell_what_is_in_use(core: Simulation) -> None:
    assert core.pools["legs"] == (0, 16)
    sender, _ = pair(core)
    assert core.pools["legs"] == (2, 16)
    assert core.pools["sources"] == (2, 32)
    assert core.pools["slots"] == (2, 64)
    sender.send(Stream(b"1", 0xABC).frame(3, key=True), MS)
    assert core.pools["packets"] == (3, 4096)
    core.delete_leg(sender.leg)
    assert (core.pools["legs"], core.pools["packets"]) == ((1, 16), (0, 4096))
