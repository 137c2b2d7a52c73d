"""Devices in H.264: known by their SSRC alone, shown from a key frame on, to those who can show them."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from conclave.core.config import SourceConfig, source_number
from conclave.core.switchboard import Simulation

from .peer import MID_ID, VP8, Peer, Rtp, Stream, build, camera, deliver, element, video_slot

MS = 1_000_000
SLOT = 100
H264, H264_RTX, SSRC, RTX_SSRC = 106, 105, 0xABC, 0xABD
# In the receiver's own numbering.
SLOT_H264, SLOT_H264_RTX = 39, 40
PARAMETERS = bytes.fromhex("78 0003 67aabb 0002 68cc")
KEY_SLICES = (bytes.fromhex("7c85 0102"), bytes.fromhex("7c45 0304"))
SLICE = bytes.fromhex("61 0506")


@pytest.fixture
def core() -> Simulation:
    return Simulation(legs=16, sources=32, slots=64, packets=4096)


def meet(core: Simulation, slot_h264: int = SLOT_H264) -> tuple[Peer, Peer]:
    """A device that sends nothing but H.264, beside a camera on mid 1, and one who shows either."""
    device = SourceConfig(
        mid=b"2",
        video=True,
        payload_type=0,
        rtx_payload_type=0,
        ssrcs=(SSRC,),
        rtx_ssrcs=(RTX_SSRC,),
        h264_payload_type=H264,
        h264_rtx_payload_type=H264_RTX,
    )
    sender = Peer(core, sources=(camera(), device))
    rtx = SLOT_H264_RTX if slot_h264 else 0
    receiver = Peer(core, slots=(replace(video_slot(SLOT), h264_payload_type=slot_h264, h264_rtx_payload_type=rtx),))
    core.transmit()
    core.set_slot(receiver.leg, 0, source_number(sender.leg, 1), 2)
    return sender, receiver


def packets(first: int, timestamp: int, *payloads: bytes) -> list[bytes]:
    """A frame without a header extension, as FFmpeg sends it."""
    last = len(payloads) - 1
    return [build(H264, first + i, timestamp, SSRC, each, marker=i == last) for i, each in enumerate(payloads)]


def numbers(received: list[Rtp]) -> list[int]:
    return [packet.sequence_number - received[0].sequence_number for packet in received]


def nack(sequence_number: int) -> bytes:
    return struct.pack("!BBHIIHH", 0x81, 205, 3, 1, SLOT, sequence_number, 0)


def test_a_slot_begins_with_the_parameter_sets_and_changes_no_byte(core: Simulation) -> None:
    sender, receiver = meet(core)
    sender.send(packets(1, 0, SLICE), MS)
    deliver(core, receiver)
    assert receiver.rtp == []
    sender.send(packets(2, 3000, PARAMETERS, *KEY_SLICES) + packets(5, 6000, SLICE), 34 * MS)
    deliver(core, receiver)
    assert [packet.payload for packet in receiver.rtp] == [PARAMETERS, *KEY_SLICES, SLICE]
    assert {packet.payload_type for packet in receiver.rtp} == {SLOT_H264}
    assert numbers(receiver.rtp) == [0, 1, 2, 3]
    assert [packet.marker for packet in receiver.rtp] == [False, False, True, True]


def test_a_slot_goes_over_from_a_device_in_h264_to_a_camera_in_vp8_and_back(core: Simulation) -> None:
    sender, receiver = meet(core)
    face = Stream(b"1", 0xDEF)
    sender.send(packets(1, 0, PARAMETERS, *KEY_SLICES), MS)
    deliver(core, receiver)
    core.set_slot(receiver.leg, 0, source_number(sender.leg, 0), 2)
    sender.send(face.frame(2, key=True), 34 * MS)
    deliver(core, receiver)
    core.set_slot(receiver.leg, 0, source_number(sender.leg, 1), 2)
    sender.send(packets(4, 3000, SLICE) + packets(5, 6000, PARAMETERS, *KEY_SLICES), 67 * MS)
    deliver(core, receiver)
    assert [packet.payload_type for packet in receiver.rtp] == [SLOT_H264] * 3 + [VP8] * 2 + [SLOT_H264] * 3
    assert numbers(receiver.rtp) == list(range(8))
    times = [packet.rtp_timestamp - receiver.rtp[0].rtp_timestamp for packet in receiver.rtp]
    assert times == [0, 0, 0, 2970, 2970, 5940, 5940, 5940]


def test_who_cannot_show_h264_gets_none_of_it(core: Simulation) -> None:
    sender, receiver = meet(core, slot_h264=0)
    sender.send(packets(1, 0, PARAMETERS, *KEY_SLICES), MS)
    deliver(core, receiver)
    assert receiver.rtp == []
    assert core.leg_statistics(receiver.leg).dropped == {"unsupported": 3}


def test_repair_goes_out_and_comes_in_under_the_payload_types_of_h264(core: Simulation) -> None:
    sender, receiver = meet(core)
    sender.send([packet for i, packet in enumerate(packets(1, 0, PARAMETERS, *KEY_SLICES)) if i != 1], MS)
    deliver(core, receiver)
    assert len(receiver.rtp) == 2
    sender.send(build(H264_RTX, 1, 0, RTX_SSRC, struct.pack("!H", 2) + KEY_SLICES[0]), 5 * MS)
    core.advance(7 * MS)
    deliver(core, receiver)
    hole = receiver.rtp[0].sequence_number + 1
    (late,) = receiver.of(SLOT + 1)
    assert (late.payload_type, late.payload) == (SLOT_H264_RTX, struct.pack("!H", hole) + KEY_SLICES[0])
    receiver.send_rtcp(nack(hole - 1), 20 * MS)
    deliver(core, receiver)
    assert receiver.of(SLOT + 1)[-1].payload == struct.pack("!H", hole - 1) + PARAMETERS


@pytest.mark.parametrize("payload", [b"\x1c", b"\x78\x00\xff\x67", b"\xe7\x00", b"\x1d\x00\x00"])
def test_what_cannot_be_read_is_dropped(core: Simulation, payload: bytes) -> None:
    sender, receiver = meet(core)
    sender.send(packets(1, 0, payload), MS)
    deliver(core, receiver)
    assert sum(core.leg_statistics(sender.leg).dropped.values()) == 1
    assert receiver.rtp == []


def test_h264_is_not_taken_from_a_source_that_did_not_negotiate_it(core: Simulation) -> None:
    sender, _ = meet(core)
    sender.send(build(H264, 1, 0, 0xDEF, PARAMETERS, extensions=element(MID_ID, b"1")), MS)
    assert core.leg_statistics(sender.leg).dropped == {"unsupported": 1}
