"""Screens in VP9: the same slots, numbers and repair as for VP8, whichever of the two a source sends at the moment."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from conclave.core.config import source_number
from conclave.core.switchboard import Simulation
from conclave.core.vp9 import parse_descriptor

from .peer import MID_ID, RTX, VP8, VP9, VP9_RTX, Peer, Rtp, Stream, build, camera, deliver, element, video_slot

MS = 1_000_000
SLOT = 100
# In the receiver's own numbering.
SLOT_VP9, SLOT_VP9_RTX = 121, 125


@pytest.fixture
def core() -> Simulation:
    return Simulation(legs=16, sources=32, slots=64, packets=4096)


def meet(core: Simulation, slot_vp9: int = SLOT_VP9) -> tuple[Peer, Peer]:
    """One who sends a camera on mid 1 and a screen on mid 2, and one who shows either."""
    screen = replace(camera(b"2"), vp9_payload_type=VP9, vp9_rtx_payload_type=VP9_RTX)
    sender = Peer(core, sources=(camera(), screen))
    slot = replace(video_slot(SLOT), vp9_payload_type=slot_vp9, vp9_rtx_payload_type=SLOT_VP9_RTX if slot_vp9 else 0)
    receiver = Peer(core, slots=(slot,))
    core.transmit()
    return sender, receiver


def camera_of(peer: Peer) -> int:
    return source_number(peer.leg, 0)


def screen_of(peer: Peer) -> int:
    return source_number(peer.leg, 1)


def screen(payload_type: int = VP9) -> Stream:
    return Stream(b"2", 0xABC, payload_type=payload_type, picture_id=300)


def go_on(packets: list[Rtp]) -> bool:
    """Whether the numbers have no hole."""
    first = packets[0].sequence_number
    return [packet.sequence_number for packet in packets] == [first + i for i in range(len(packets))]


def nack(sequence_number: int) -> bytes:
    return struct.pack("!BBHIIHH", 0x81, 205, 3, 1, SLOT, sequence_number, 0)


def test_a_slot_begins_with_a_key_frame_that_only_the_descriptor_tells(core: Simulation) -> None:
    sender, receiver = meet(core)
    stream = screen()
    core.set_slot(receiver.leg, 0, screen_of(sender), 2)
    sender.send(stream.frame(2), MS)
    deliver(core, receiver)
    assert receiver.rtp == []
    sender.send(stream.frame(2, key=True) + stream.frame(2), 2 * MS)
    deliver(core, receiver)
    assert [packet.payload_type for packet in receiver.rtp] == [SLOT_VP9] * 4
    assert go_on(receiver.rtp)
    found = [parse_descriptor(packet.payload) for packet in receiver.rtp]
    assert [each.picture_id for each in found] == [0, 0, 1, 1]
    assert [each.tl0_picture_index for each in found] == [0, 0, 1, 1]
    assert [each.key_frame for each in found] == [True, False, False, False]
    # The structure and the frame are the publisher's.
    assert receiver.rtp[0].payload[5:13] == bytes.fromhex("18 0280 0168 01 04 01")
    assert receiver.rtp[0].payload[13:18] == b"\xff" + (1).to_bytes(4, "big")


def test_a_slot_goes_over_from_a_camera_in_vp8_to_a_screen_in_vp9_and_back(core: Simulation) -> None:
    sender, receiver = meet(core)
    face, shared = Stream(b"1", 0xDEF), screen()
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.send(face.frame(2, key=True), MS)
    deliver(core, receiver)
    core.set_slot(receiver.leg, 0, screen_of(sender), 2)
    sender.send(shared.frame(2, key=True), 34 * MS)
    deliver(core, receiver)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.send(face.frame(2, key=True), 67 * MS)
    deliver(core, receiver)
    assert [packet.payload_type for packet in receiver.rtp] == [VP8, VP8, SLOT_VP9, SLOT_VP9, VP8, VP8]
    assert go_on(receiver.rtp)
    times = [packet.rtp_timestamp for packet in receiver.rtp]
    assert [later - times[0] for later in times] == [0, 0, 2970, 2970, 5940, 5940]
    ids = [
        struct.unpack_from("!H", packet.payload, 1 if packet.payload_type == SLOT_VP9 else 2) for packet in receiver.rtp
    ]
    assert ids == [(0x8000 | number,) for number in (0, 0, 1, 1, 2, 2)]


def test_a_source_may_change_its_codec_at_any_key_frame(core: Simulation) -> None:
    sender, receiver = meet(core)
    stream = screen(VP8)
    core.set_slot(receiver.leg, 0, screen_of(sender), 2)
    for i, payload_type in enumerate((VP8, VP9, VP8)):
        stream.payload_type = payload_type
        sender.send(stream.frame(2, key=True) + stream.frame(), (33 * i + 1) * MS)
        deliver(core, receiver)
    assert [packet.payload_type for packet in receiver.rtp] == [VP8] * 3 + [SLOT_VP9] * 3 + [VP8] * 3
    assert go_on(receiver.rtp)


def test_who_cannot_show_vp9_gets_none_of_it_and_misses_nothing_of_what_follows(core: Simulation) -> None:
    sender, receiver = meet(core, slot_vp9=0)
    stream = screen(VP8)
    core.set_slot(receiver.leg, 0, screen_of(sender), 2)
    for i, payload_type in enumerate((VP8, VP9, VP8)):
        stream.payload_type = payload_type
        sender.send(stream.frame(2, key=True) + stream.frame(), (33 * i + 1) * MS)
        deliver(core, receiver)
    assert [packet.payload_type for packet in receiver.rtp] == [VP8] * 6
    assert go_on(receiver.rtp)
    assert core.leg_statistics(receiver.leg).dropped == {"unsupported": 3}
    # What was left out is not repaired either; what was shown is.
    for packet in receiver.rtp[2:4]:
        receiver.send_rtcp(nack(packet.sequence_number), 100 * MS)
    deliver(core, receiver)
    assert [packet.payload_type for packet in receiver.of(SLOT + 1)] == [RTX, RTX]


def test_a_slot_that_begins_with_vp9_it_cannot_show_shows_vp8_later(core: Simulation) -> None:
    sender, receiver = meet(core, slot_vp9=0)
    stream = screen()
    core.set_slot(receiver.leg, 0, screen_of(sender), 2)
    sender.send(stream.frame(2, key=True), MS)
    stream.payload_type = VP8
    sender.send(stream.frame(2, key=True), 34 * MS)
    deliver(core, receiver)
    assert [packet.payload_type for packet in receiver.rtp] == [VP8, VP8]


def test_repair_goes_out_and_comes_in_under_the_payload_types_of_vp9(core: Simulation) -> None:
    sender, receiver = meet(core)
    stream = screen()
    core.set_slot(receiver.leg, 0, screen_of(sender), 2)
    first, lost, third = stream.frame(3, key=True)
    sender.send([first, third], MS)
    deliver(core, receiver)
    assert len(receiver.rtp) == 2
    osn = struct.pack("!H", 1001)
    sender.send(build(VP9_RTX, 1, 90_000, 0xDEF, osn + lost[20:], extensions=element(MID_ID, b"2")), 5 * MS)
    core.advance(7 * MS)
    deliver(core, receiver)
    hole = receiver.rtp[0].sequence_number + 1
    (late,) = receiver.of(SLOT + 1)
    assert late.payload_type == SLOT_VP9_RTX
    assert late.payload[:2] == struct.pack("!H", hole)
    assert parse_descriptor(late.payload[2:]).picture_id == 0
    assert late.payload[2 + 5 :] == lost[20 + 5 :]
    receiver.send_rtcp(nack(receiver.rtp[0].sequence_number), 20 * MS)
    deliver(core, receiver)
    again = receiver.of(SLOT + 1)[-1]
    assert again.payload == struct.pack("!H", receiver.rtp[0].sequence_number) + receiver.rtp[0].payload


def test_a_picture_id_of_seven_bits_grows_and_the_frame_stays_whole(core: Simulation) -> None:
    sender, receiver = meet(core)
    core.set_slot(receiver.leg, 0, screen_of(sender), 2)
    for i in range(200):
        # I, P, B and E; 7 bits of picture id.
        payload = bytes([0x8C if i == 0 else 0xCC, (100 + i) & 0x7F]) + b"frame %d" % i
        packet = build(VP9, 1 + i, 3000 * i, 0xABC, payload, marker=True, extensions=element(MID_ID, b"2"))
        sender.send(packet, (1 + 33 * i) * MS)
        deliver(core, receiver)
    assert [parse_descriptor(packet.payload).picture_id for packet in receiver.rtp] == list(range(200))
    assert [packet.payload[3:] for packet in receiver.rtp] == [b"frame %d" % i for i in range(200)]


@pytest.mark.parametrize(
    ("payload_type", "payload", "reason"),
    [
        (VP9, b"\x80", "truncated"),
        (VP9, b"\x0a\xf8" + b"\x00" * 8, "truncated"),  # a structure of eight sizes that are not there
        (VP9, b"\x18\x02x", "malformed"),
        (VP9_RTX, b"\x00\x01\x08x", "unknown_stream"),  # repair of what never came
        (100, b"\x08x", "unsupported"),
    ],
)
def test_what_cannot_be_read_is_counted_and_dropped(
    core: Simulation, payload_type: int, payload: bytes, reason: str
) -> None:
    sender, receiver = meet(core)
    core.set_slot(receiver.leg, 0, screen_of(sender), 2)
    sender.send(build(payload_type, 1, 1, 0xABC, payload, extensions=element(MID_ID, b"2")), MS)
    deliver(core, receiver)
    assert core.leg_statistics(sender.leg).dropped == {reason: 1}
    assert receiver.rtp == []


def test_vp9_is_not_taken_from_a_source_that_did_not_negotiate_it(core: Simulation) -> None:
    sender, receiver = meet(core)
    core.set_slot(receiver.leg, 0, camera_of(sender), 2)
    sender.send(Stream(b"1", 0xDEF, payload_type=VP9).frame(key=True), MS)
    deliver(core, receiver)
    assert core.leg_statistics(sender.leg).dropped == {"unsupported": 1}
    assert receiver.rtp == []
