"""The core below the loop: datagrams in, datagrams out, in simulated time, against independent SRTP and STUN code."""

from __future__ import annotations

import secrets
import struct

import pytest
from aioice import stun

from conclave.core.config import PoolExhausted, source_number
from conclave.core.errors import IndexReused
from conclave.core.events import ConsentChanged, DtlsReceived, IceConnected, SlotChanged, SpeakersChanged
from conclave.core.switchboard import Simulation

from .peer import (
    LEVEL_ID,
    MID_ID,
    NUMBER_ID,
    OPUS,
    RTX,
    VP8,
    Peer,
    Stream,
    audio_slot,
    build,
    camera,
    deliver,
    element,
    microphone,
    video_slot,
)
from .transport_feedback import read

MS = 1_000_000
SECOND = 1000 * MS
RIDS = (b"q", b"h", b"f")


@pytest.fixture
def core() -> Simulation:
    return Simulation(legs=16, sources=32, slots=64, packets=4096)


def test_check_is_answered_and_selects_the_address(core: Simulation) -> None:
    peer = Peer(core)
    deliver(core, peer)
    answer = peer.stun[0]
    assert answer.message_class == stun.Class.RESPONSE
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == peer.address
    assert core.events() == [IceConnected(peer.leg)]


def test_check_with_a_wrong_password_is_dropped_and_counted(core: Simulation) -> None:
    peer = Peer(core)
    core.transmit()
    core.receive(MS, ("10.9.9.9", 5), peer.request(password=b"wrong"))
    assert core.transmit() == []
    assert core.dropped == {"authentication_failed": 1}


def test_controlled_peer_is_told_to_change_its_role(core: Simulation) -> None:
    peer = Peer(core)
    core.transmit()
    core.receive(MS, peer.address, peer.request(controlled=True))
    deliver(core, peer)
    assert peer.stun[-1].attributes["ERROR-CODE"][0] == 487


# A second context of one key would begin its SRTCP index anew.
def test_keys_are_set_once_a_leg(core: Simulation) -> None:
    peer = Peer(core)
    with pytest.raises(IndexReused):
        core.set_keys(peer.leg, 7, b"k" * 16, b"s" * 12, b"r" * 16, b"t" * 12)


def test_unknown_sender_is_dropped_and_counted(core: Simulation) -> None:
    Peer(core)
    core.receive(MS, ("10.9.9.9", 5), build(VP8, 1, 1, 1, b"x" * 40))
    assert core.dropped == {"unknown_sender": 1}


def test_dtls_goes_to_control_with_its_leg(core: Simulation) -> None:
    peer = Peer(core)
    core.receive(MS, peer.address, b"\x16\xfe\xfd" + b"hello")
    assert core.events() == [IceConnected(peer.leg), DtlsReceived(peer.leg, b"\x16\xfe\xfdhello")]


def pair(core: Simulation, *, rids: tuple[bytes, ...] = ()) -> tuple[Peer, Peer]:
    sender = Peer(core, sources=(microphone(), camera(rids=rids)))
    receiver = Peer(core, slots=(video_slot(100), audio_slot(300)))
    core.events()
    core.transmit()
    return sender, receiver


def camera_of(peer: Peer) -> int:
    return source_number(peer.leg, 1)


def numbers(peer: Peer, ssrc: int) -> list[int]:
    return [packet.sequence_number for packet in peer.of(ssrc)]


def run(core: Simulation, start_ns: int, end_ns: int, *peers: Peer) -> None:
    """Lets time pass, as the loop would."""
    now_ns = max(start_ns, core.next_timeout())
    while now_ns <= end_ns:
        core.advance(now_ns)
        deliver(core, *peers)
        now_ns = max(now_ns + 1, core.next_timeout())


def test_slot_forwards_from_a_key_frame_on(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.send(stream.frame(2), MS)
    deliver(core, receiver)
    assert receiver.rtp == []
    sender.send(stream.frame(3, key=True), 34 * MS)
    sender.send(stream.frame(2), 67 * MS)
    deliver(core, receiver)
    first = receiver.rtp[0].sequence_number
    assert numbers(receiver, 100) == [first + i for i in range(5)]
    assert [packet.marker for packet in receiver.rtp] == [False, False, True, False, True]
    assert SlotChanged(receiver.leg, 0, camera_of(sender), 0) in core.events()


def test_a_frame_leaves_as_one_group(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.send(stream.frame(8, key=True, size=1000), MS)
    deliver(core, receiver)
    # All eight carry a descriptor of the same size, so the kernel can cut one buffer.
    assert receiver.groups == [8]


def test_packets_that_differ_by_a_byte_are_evened_out(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    packets = stream.frame(4, key=True, size=500)
    packets[0] = packets[0] + b"+"
    sender.send(packets, MS)
    deliver(core, receiver)
    assert receiver.groups == [4]
    assert [packet.padding for packet in receiver.rtp] == [0, 1, 1, 1]
    assert len(receiver.rtp[0].payload) == len(receiver.rtp[1].payload) + 1


def test_a_frame_without_marker_waits_a_millisecond(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    core.advance(5 * MS)
    sender.send(stream.frame(3, key=True)[:2], 10 * MS)
    deliver(core, receiver)
    assert receiver.rtp == []
    assert core.next_timeout() == 11 * MS
    core.advance(11 * MS)
    deliver(core, receiver)
    assert len(receiver.rtp) == 2


def test_a_packet_that_waits_outlives_a_jump_of_its_stream(core: Simulation) -> None:
    sender, receiver = pair(core)
    stranger = Peer(core, room=2, sources=(microphone(), camera()))
    stream, elsewhere = Stream(b"1", 0xABC), Stream(b"1", 0xDEF)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    available = core.packets_available
    sender.send(stream.frame(2, key=True)[:1], 10 * MS)
    # The history lets go of what lies 512 below; the first packet is still to be forwarded.
    stream.sequence_number += 600
    sender.send(stream.frame(2)[:1], 10 * MS)
    stranger.send(elsewhere.frame(2, key=True, size=200)[:1], 10 * MS)
    core.advance(11 * MS)
    deliver(core, receiver)
    assert [packet.payload[5:9] for packet in receiver.rtp] == [bytes(4), (1).to_bytes(4, "big")]
    assert {len(packet.payload) for packet in receiver.rtp} == {109}
    # What the two histories keep, and not the displaced one.
    assert core.packets_available == available - 2


def test_waiting_slot_asks_for_a_key_frame_every_300_ms(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    for i in range(30):
        now_ns = (1 + 33 * i) * MS
        sender.send(stream.frame(), now_ns)
        run(core, now_ns, now_ns + 32 * MS, sender, receiver)
    plis = [packet for packet in sender.rtcp if packet[1] == 206 and packet[0] & 31 == 1]
    assert 3 <= len(plis) <= 4
    assert struct.unpack_from("!I", plis[0], 8)[0] == 0xABC


def test_enlarged_tile_switches_to_the_large_layer_at_its_key_frame(core: Simulation) -> None:
    sender, receiver = pair(core, rids=RIDS)
    streams = [Stream(b"1", 10 + i, rid) for i, rid in enumerate(RIDS)]
    core.set_slot(receiver.leg, 0, camera_of(sender), 0)
    now_ns = MS
    for stream in streams:
        sender.send(stream.frame(key=True), now_ns)
    deliver(core, receiver)
    assert core.events()[-1] == SlotChanged(receiver.leg, 0, camera_of(sender), 0)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    now_ns += 33 * MS
    for stream in streams:
        sender.send(stream.frame(), now_ns)
    deliver(core, receiver)
    assert core.events() == []  # the old layer stays until the new one's key frame
    now_ns += 33 * MS
    for stream in streams:
        sender.send(stream.frame(key=True), now_ns)
    deliver(core, receiver)
    assert core.events() == [SlotChanged(receiver.leg, 0, camera_of(sender), 2)]
    first = receiver.rtp[0].sequence_number
    assert numbers(receiver, 100) == list(range(first, first + len(receiver.rtp)))
    ids = [struct.unpack_from("!H", packet.payload, 2)[0] & 0x7FFF for packet in receiver.rtp]
    assert ids[-2:] == [ids[0] + 1, ids[0] + 3] or ids == sorted(set(ids))


def test_layer_that_falls_silent_is_replaced_by_the_next_lower(core: Simulation) -> None:
    sender, receiver = pair(core, rids=RIDS)
    streams = [Stream(b"1", 10 + i, rid) for i, rid in enumerate(RIDS)]
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    now_ns = MS
    for i in range(60):
        key = i in (0, 1, 50)
        for stream in streams[: 3 if i < 10 else 2]:
            sender.send(stream.frame(key=key), now_ns)
        run(core, now_ns, now_ns + 32 * MS, sender, receiver)
        now_ns += 33 * MS
    changes = [event.layer for event in core.events() if isinstance(event, SlotChanged)]
    assert changes[-1] == 1
    assert 2 in changes


def nack(ssrc: int, sequence_number: int) -> bytes:
    return struct.pack("!BBHIIHH", 0x81, 205, 3, 1, ssrc, sequence_number, 0)


def test_nack_is_answered_on_the_rtx_stream(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.send(stream.frame(3, key=True), MS)
    deliver(core, receiver)
    lost = receiver.rtp[1]
    receiver.send_rtcp(nack(100, lost.sequence_number), 20 * MS)
    deliver(core, receiver)
    again = receiver.of(101)
    assert len(again) == 1
    assert again[0].payload_type == RTX
    assert again[0].payload == struct.pack("!H", lost.sequence_number) + lost.payload
    assert again[0].rtp_timestamp == lost.rtp_timestamp
    assert core.leg_statistics(receiver.leg).retransmissions_sent == 1


def test_missing_packet_is_asked_for_and_its_late_arrival_leaves_as_rtx(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    first, lost, third = stream.frame(3, key=True)
    sender.send([first, third], MS)
    run(core, MS, 30 * MS, sender, receiver)
    requests = [packet for packet in sender.rtcp if packet[1] == 205]
    assert next(struct.unpack_from("!IH", packet, 8) for packet in requests) == (0xABC, 1001)
    osn = struct.pack("!H", 1001)
    sender.send(build(RTX, 1, 90_000, 0xDEF, osn + lost[20:], extensions=element(MID_ID, b"1")), 40 * MS)
    run(core, 40 * MS, 60 * MS, sender, receiver)
    assert [packet.payload_type for packet in receiver.rtp] == [VP8, VP8, RTX]
    hole = (receiver.rtp[0].sequence_number + 1) & 0xFFFF
    assert receiver.rtp[2].payload[:2] == struct.pack("!H", hole)
    assert receiver.rtp[1].sequence_number == hole + 1


def test_leaver_is_cut_at_once_in_both_directions(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.send(stream.frame(key=True), MS)
    deliver(core, receiver)
    core.events()
    core.delete_leg(sender.leg)
    assert core.events() == [SlotChanged(receiver.leg, 0, 0, 0)]
    before = len(receiver.rtp)
    sender.send(stream.frame(key=True), 40 * MS)
    deliver(core, receiver)
    assert len(receiver.rtp) == before
    assert core.dropped["unknown_sender"] == 1


def test_deleted_legs_give_everything_back(core: Simulation) -> None:
    available = core.packets_available
    for _ in range(3 * 16):
        sender, receiver = pair(core, rids=RIDS)
        streams = [Stream(b"1", 10 + i, rid) for i, rid in enumerate(RIDS)]
        core.set_slot(receiver.leg, 0, camera_of(sender), 2)
        for stream in streams:
            sender.send(stream.frame(2, key=True)[:1], MS)  # gathered, not yet forwarded
        core.delete_leg(sender.leg)
        core.delete_leg(receiver.leg)
    assert core.packets_available == available
    with pytest.raises(KeyError):
        core.leg_statistics(sender.leg)


def test_full_pool_says_which(core: Simulation) -> None:
    for _ in range(16):
        Peer(core)
    with pytest.raises(PoolExhausted, match="legs"):
        Peer(core)


def opus(peer: Peer, i: int, *, ssrc: int = 0x51, level: int = 30, mid: bytes = b"0") -> None:
    extensions = element(MID_ID, mid) + element(LEVEL_ID, bytes([0x80 | level]))
    peer.send(
        build(OPUS, 500 + i, 960 * i, ssrc, b"o" * 60, extensions=extensions, marker=i == 0),
        MS + 20 * i * MS,
    )


def test_everybody_is_heard_while_slots_suffice(core: Simulation) -> None:
    peers = [
        Peer(core, sources=(microphone(),), slots=(audio_slot(300), audio_slot(302), audio_slot(304))) for _ in range(4)
    ]
    for i in range(20):
        for k, peer in enumerate(peers):
            opus(peer, i, ssrc=k + 1)
        run(core, MS + 20 * i * MS, 20 * (i + 1) * MS, *peers)
    for peer in peers:
        assert {packet.ssrc for packet in peer.rtp} == {300, 302, 304}
        for ssrc in (300, 302, 304):
            got = peer.of(ssrc)
            first = got[0]
            assert [p.sequence_number for p in got] == list(
                range(first.sequence_number, first.sequence_number + len(got))
            )
            assert {(p.rtp_timestamp - first.rtp_timestamp) % 960 for p in got} == {0}


def test_speaker_is_told_and_silence_ends_it(core: Simulation) -> None:
    peers = [Peer(core, sources=(microphone(),), slots=(audio_slot(300),)) for _ in range(2)]
    core.events()
    now_ns = 0
    for i in range(100):
        opus(peers[0], i, ssrc=1, level=20 if i < 40 else 127)
        opus(peers[1], i, ssrc=2, level=127)
        now_ns = 20 * (i + 1) * MS
        run(core, now_ns - 19 * MS, now_ns, *peers)
    told = [event.sources for event in core.events() if isinstance(event, SpeakersChanged)]
    assert told == [(source_number(peers[0].leg, 0),), ()]


def test_inactive_source_is_not_forwarded(core: Simulation) -> None:
    sender, receiver = pair(core)
    opus(sender, 0)
    deliver(core, receiver)
    core.set_source_active(source_number(sender.leg, 0), False)
    before = len(receiver.rtp)
    opus(sender, 1)
    deliver(core, receiver)
    assert len(receiver.rtp) == before
    assert core.dropped == {"inactive": 1}


def test_consent_runs_out_and_comes_back(core: Simulation) -> None:
    peer = Peer(core)
    core.events()
    run(core, 0, 31 * SECOND, peer)
    assert core.events() == [ConsentChanged(peer.leg, 1), ConsentChanged(peer.leg, 2)]
    peer.check(32 * SECOND)
    run(core, 32 * SECOND, 33 * SECOND, peer)
    assert core.events() == [ConsentChanged(peer.leg, 0)]


def test_nothing_is_sent_without_consent(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    run(core, 0, 31 * SECOND, sender, receiver)
    sender.check(31 * SECOND)
    sender.send(stream.frame(key=True), 31 * SECOND)
    deliver(core, receiver)
    assert receiver.rtp == []


def test_what_came_as_rtx_is_reported_as_lost(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    first, lost, third = stream.frame(3, key=True)
    sender.send([first, third], MS)
    run(core, MS, 30 * MS, sender, receiver)
    osn = struct.pack("!H", 1001)
    sender.send(build(RTX, 1, 90_000, 0xDEF, osn + lost[20:], extensions=element(MID_ID, b"1")), 40 * MS)
    run(core, 40 * MS, 3 * SECOND, sender, receiver)
    assert len(receiver.rtp) == 3
    reports = [packet for packet in sender.rtcp if packet[1] == 201]
    ssrc, fraction_and_lost, highest = struct.unpack_from("!III", reports[0], 8)
    assert (ssrc, fraction_and_lost >> 24, fraction_and_lost & 0xFFFFFF, highest & 0xFFFF) == (0xABC, 256 // 3, 1, 1002)
    # Nothing but a repair comes until the next report: all is lost, which is more than its eight bits hold.
    (lost,) = stream.frame(1)
    osn = struct.pack("!H", 1003)
    sender.send(build(RTX, 2, 93_000, 0xDEF, osn + lost[20:], extensions=element(MID_ID, b"1")), 3 * SECOND)
    run(core, 3 * SECOND, 5 * SECOND, sender, receiver)
    reports = [packet for packet in sender.rtcp if packet[1] == 201]
    lost_of_each = [struct.unpack_from("!II", report, 8)[1] >> 24 for report in reports if len(report) > 16]
    assert 255 in lost_of_each


def test_reports_go_out_every_second(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    for i in range(90):
        now_ns = (1 + 33 * i) * MS
        sender.send(stream.frame(key=i == 0), now_ns)
        run(core, now_ns, now_ns + 32 * MS, sender, receiver)
    reports = [packet for packet in sender.rtcp if packet[1] == 201]
    assert 3 <= len(reports) <= 5
    assert b"REMB" in reports[-1]
    block = struct.unpack_from("!IBBHI", reports[-1], 8)
    assert (block[0], block[1]) == (0xABC, 0)
    senders = [packet for packet in receiver.rtcp if packet[1] == 200]
    assert 2 <= len(senders) <= 4
    assert struct.unpack_from("!I", senders[0], 4)[0] == 100


def test_a_sender_hears_when_its_packets_came(core: Simulation) -> None:
    sender, receiver = pair(core)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)

    def packet(number: int, payload_type: int = VP8) -> bytes:
        extensions = element(MID_ID, b"1") + element(NUMBER_ID, struct.pack("!H", number))
        return build(payload_type, number, 0, 0xABC, b"\x90\x80\x01" + bytes(60), extensions=extensions)

    sender.send([packet(700), packet(701)], 128 * MS)
    # What is of no use for the picture has come all the same, such as padding that only measures the way.
    sender.send([packet(703, payload_type=77)], 130 * MS)
    # What somebody else sends in its place has not.
    core.receive(131 * MS, sender.address, packet(704) + bytes(16))
    run(core, 131 * MS, SECOND, sender, receiver)
    told = [read(each) for each in sender.rtcp if each[1] == 205 and each[0] & 0x1F == 15]
    assert [each.arrivals for each in told] == [{700: 128_000, 701: 128_000, 702: None, 703: 130_000}]
    assert told[0].media_ssrc == 0xABC
    assert not [each for each in receiver.rtcp if each[1] == 205]


def test_an_old_packet_of_a_stream_given_up_is_no_arrival(core: Simulation) -> None:
    sender, receiver = pair(core)

    def packet(ssrc: int, sequence_number: int, number: int) -> bytes:
        extensions = element(MID_ID, b"1") + element(NUMBER_ID, struct.pack("!H", number))
        return build(VP8, sequence_number, 0, ssrc, b"\x90\x80\x01" + bytes(60), extensions=extensions)

    caught = sender.outbound.protect(packet(0xABC, 1, 50_000))
    core.receive(64 * MS, sender.address, caught)
    # So long afterwards that its number seems to lie ahead.
    sender.send([packet(0xABD, 1, 4_000), packet(0xABD, 2, 24_000)], 65 * MS)
    run(core, 66 * MS, 300 * MS, sender, receiver)
    sender.rtcp.clear()
    core.receive(301 * MS, sender.address, caught)
    sender.send([packet(0xABD, 3, 24_001), packet(0xABD, 4, 24_002)], 302 * MS)
    run(core, 303 * MS, SECOND, sender, receiver)
    told = [read(each) for each in sender.rtcp if each[1] == 205 and each[0] & 0x1F == 15]
    assert [each.arrivals for each in told] == [{24_001: 302_000, 24_002: 302_000}]


def test_a_page_full_of_pictures_is_reported_whole() -> None:
    core = Simulation(legs=4, sources=4, slots=64, packets=4096)
    ssrcs = range(1000, 1096, 2)  # 48 pictures: more reports than one compound packet holds.
    sender = Peer(core, sources=(microphone(), camera()))
    receiver = Peer(core, slots=tuple(video_slot(ssrc) for ssrc in ssrcs))
    stream = Stream(b"1", 0xABC)
    for slot in range(len(ssrcs)):
        core.set_slot(receiver.leg, slot, camera_of(sender), 2)
    for i in range(40):
        now_ns = (1 + 33 * i) * MS
        sender.send(stream.frame(key=i == 0), now_ns)
        run(core, now_ns, now_ns + 32 * MS, sender, receiver)
    reported = set()
    for compound in receiver.rtcp:
        assert len(compound) <= 1200
        position = 0
        while position < len(compound):
            kind, words = struct.unpack_from("!xBH", compound, position)
            if kind == 200:
                reported.add(struct.unpack_from("!I", compound, position + 4)[0])
            position += 4 * (words + 1)
    assert reported == set(ssrcs)


@pytest.mark.parametrize("damage", ["flip", "truncate", "replay", "garbage", "oversize"])
def test_hostile_media_is_counted_and_disturbs_nobody(core: Simulation, damage: str) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.send(stream.frame(key=True), MS)
    datagram = sender.outbound.protect(stream.frame()[0])
    if damage == "flip":
        bad = [bytes([*datagram[:i], datagram[i] ^ 1, *datagram[i + 1 :]]) for i in range(20, len(datagram))]
    elif damage == "truncate":
        bad = [datagram[:i] for i in range(1, len(datagram))]
    elif damage == "replay":
        core.receive(MS, sender.address, datagram)
        bad = [datagram]
    elif damage == "garbage":
        bad = [b"\x80\x60" + secrets.token_bytes(i) for i in range(200)]
    else:
        bad = [datagram + b"\0" * 60_000]
    for hostile in bad:
        core.receive(2 * MS, sender.address, hostile)
    assert sum(core.dropped.values()) == len(bad)
    if damage != "replay":
        core.receive(3 * MS, sender.address, datagram)
    sender.send(stream.frame(key=True), 40 * MS)
    deliver(core, receiver)
    first = receiver.rtp[0].sequence_number
    assert numbers(receiver, 100) == [first, first + 1, first + 2]


def test_rtcp_of_a_stranger_is_dropped(core: Simulation) -> None:
    sender, _ = pair(core)
    core.receive(MS, sender.address, b"\x81\xc9\x00\x07" + secrets.token_bytes(40) + b"\x80\x00\x00\x01")
    assert core.dropped == {"authentication_failed": 1}


def test_ice_restart_keeps_media_flowing(core: Simulation) -> None:
    sender, receiver = pair(core)
    stream = Stream(b"1", 0xABC)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.send(stream.frame(key=True), MS)
    core.restart_ice(receiver.leg, b"newufrag", b"n" * 24, b"newpeer")
    sender.send(stream.frame(), 34 * MS)
    deliver(core, receiver)
    assert len(receiver.rtp) == 2
    core.receive(50 * MS, receiver.address, receiver.request())
    assert core.dropped == {"unknown_user": 1}
    receiver.local_ufrag, receiver.ufrag = "newufrag", "newpeer"
    receiver.address = ("10.8.8.8", 777)
    core.receive(60 * MS, receiver.address, receiver.request(password=b"n" * 24))
    sender.send(stream.frame(), 67 * MS)
    deliver(core, receiver)
    assert len(receiver.rtp) == 3
