"""What is sent to one transport is numbered across its streams, for whom tells when packets came."""

from __future__ import annotations

import struct

import pytest

from conclave.core.config import source_number
from conclave.core.switchboard import Simulation

from .peer import (
    LEVEL_ID,
    MID_ID,
    OPUS,
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

MS = 1_000_000


@pytest.fixture
def core() -> Simulation:
    return Simulation(legs=16, sources=32, slots=64, packets=4096)


def test_one_counter_runs_over_audio_video_and_rtx(core: Simulation) -> None:
    sender = Peer(core, sources=(microphone(), camera()))
    receiver = Peer(core, slots=(video_slot(100, transport_cc=True), audio_slot(300, transport_cc=True)))
    other = Peer(core, slots=(video_slot(100, transport_cc=True),))
    stream = Stream(b"1", 0xABC)
    for peer in (receiver, other):
        core.set_slot(peer.leg, 0, source_number(sender.leg, 1), 2)
    sender.send(stream.frame(3, key=True), MS)
    extensions = element(MID_ID, b"0") + element(LEVEL_ID, b"\x9e")
    sender.send(build(OPUS, 500, 0, 0x51, b"o" * 60, extensions=extensions), 2 * MS)
    deliver(core, receiver, other)
    lost = receiver.of(100)[1]
    receiver.send_rtcp(struct.pack("!BBHIIHH", 0x81, 205, 3, 1, 100, lost.sequence_number, 0), 20 * MS)
    sender.send(stream.frame(2), 34 * MS)
    deliver(core, receiver, other)
    assert {packet.ssrc for packet in receiver.rtp} == {100, 101, 300}
    assert [packet.transport_number for packet in receiver.rtp] == list(range(7))
    # Each transport has its own.
    assert [packet.transport_number for packet in other.rtp] == list(range(5))


def test_the_packets_of_a_frame_still_leave_as_one_group(core: Simulation) -> None:
    sender = Peer(core, sources=(microphone(), camera()))
    receiver = Peer(core, slots=(video_slot(100, transport_cc=True),))
    core.set_slot(receiver.leg, 0, source_number(sender.leg, 1), 2)
    deliver(core, receiver)
    receiver.groups.clear()
    sender.send(Stream(b"1", 0xABC).frame(8, key=True, size=1000), MS)
    deliver(core, receiver)
    assert receiver.groups == [8]


def test_a_slot_whose_section_did_not_ask_for_numbers_takes_none(core: Simulation) -> None:
    sender = Peer(core, sources=(microphone(), camera()))
    receiver = Peer(core, slots=(video_slot(100), video_slot(200, transport_cc=True)))
    for slot in range(2):
        core.set_slot(receiver.leg, slot, source_number(sender.leg, 1), 2)
    sender.send(Stream(b"1", 0xABC).frame(2, key=True), MS)
    deliver(core, receiver)
    assert [packet.transport_number for packet in receiver.of(100)] == [None, None]
    assert [packet.transport_number for packet in receiver.of(200)] == [0, 1]
