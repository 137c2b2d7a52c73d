"""What must hold whatever the network and the users do, tried with drawn faults in simulated time."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conclave.core.config import source_number
from conclave.core.switchboard import Simulation

from .netem import NetEm
from .peer import (
    LEVEL_ID,
    MID_ID,
    OPUS,
    RTX,
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
from .test_router import nack

MS = 1_000_000
RIDS = (b"q", b"h", b"f")


def nonces(peer: Peer) -> list[tuple[int, int]]:
    """(SSRC, sequence number) of every protected packet: the index, as streams stay below 2**15 packets."""
    return [(int.from_bytes(p[8:12], "big"), int.from_bytes(p[2:4], "big")) for p in peer.protected]


# DESIGN section 5: one (SSRC, packet index) is protected at most once, whatever is sent, lost, asked for or switched.
@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_index_is_ever_protected_twice(seed: int) -> None:
    rng = random.Random(seed)
    core = Simulation(legs=8, sources=16, slots=32, packets=600, outbox_size=1 << 17, outbox_groups=128)
    senders = [Peer(core, sources=(microphone(), camera(rids=RIDS))) for _ in range(2)]
    receiver = Peer(core, slots=(video_slot(100), video_slot(200), audio_slot(300)))
    streams = [[Stream(b"1", 10 * i + k, rid) for k, rid in enumerate(RIDS)] for i in range(1, 3)]
    audio = [0, 0]
    now_ns = MS
    deliver(core, *senders, receiver)
    receiver.protected.clear()
    for _ in range(120):
        now_ns += rng.randrange(0, 20 * MS)
        action = rng.random()
        who = rng.randrange(2)
        if action < 0.5:
            packets = [p for s in streams[who] for p in s.frame(rng.randrange(1, 12), key=rng.random() < 0.2)]
            if rng.random() < 0.3:
                rng.shuffle(packets)
            senders[who].send([p for p in packets if rng.random() > 0.2], now_ns)
        elif action < 0.65:
            extensions = element(MID_ID, b"0") + element(LEVEL_ID, bytes([rng.randrange(256)]))
            packet = build(OPUS, 9 + audio[who], 960 * audio[who], 0x900 + who, b"o" * 50, extensions=extensions)
            audio[who] += 1
            senders[who].send(packet, now_ns)
        elif action < 0.8:
            number = rng.choice([0, source_number(senders[0].leg, 1), source_number(senders[1].leg, 1)])
            core.set_slot(receiver.leg, rng.randrange(2), number, rng.randrange(3))
        elif action < 0.95 and receiver.rtp:
            lost = rng.choice(receiver.rtp)
            receiver.send_rtcp(nack(lost.ssrc, lost.sequence_number), now_ns)
        else:
            core.set_source_active(source_number(senders[who].leg, rng.randrange(2)), rng.random() < 0.7)
        core.advance(now_ns)
        if rng.random() < 0.7:
            deliver(core, *senders, receiver)
    deliver(core, *senders, receiver)
    seen = nonces(receiver)
    assert len(seen) == len(set(seen))


def requested(report: bytes) -> list[int]:
    """The sequence numbers that a generic NACK asks for."""
    numbers: list[int] = []
    if report[1] == 205:
        for offset in range(12, len(report), 4):
            first = int.from_bytes(report[offset : offset + 2], "big")
            mask = int.from_bytes(report[offset + 2 : offset + 4], "big")
            numbers += [first, *(first + 1 + bit for bit in range(16) if mask >> bit & 1)]
    return numbers


class Camera:
    """A publisher that answers NACKs with RTX."""

    def __init__(self, peer: Peer, path: NetEm) -> None:
        self.peer, self.path = peer, path
        self.stream = Stream(b"1", 0xABC)
        self.history: dict[int, bytes] = {}
        self.rtx_number = 0

    def film(self, now_ns: int) -> None:
        for packet in self.stream.frame(4, key=self.stream.frames == 0):
            self.history[int.from_bytes(packet[2:4], "big")] = packet
            self.path.send(now_ns, self.peer.outbound.protect(packet))

    def answer(self, now_ns: int) -> None:
        for report in self.peer.rtcp:
            for number in requested(report):
                lost = self.history[number]
                timestamp = int.from_bytes(lost[4:8], "big")
                rtx = build(
                    RTX, self.rtx_number, timestamp, 0xDEF, lost[2:4] + lost[20:], extensions=element(MID_ID, b"1")
                )
                self.rtx_number += 1
                self.path.send(now_ns, self.peer.outbound.protect(rtx))
        self.peer.rtcp.clear()


class Viewer:
    """A subscriber that asks for what it lacks."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.asked: dict[int, int] = {}

    def ask(self, now_ns: int) -> None:
        have = {p.sequence_number for p in self.peer.of(100)}
        have |= {int.from_bytes(p.payload[:2], "big") for p in self.peer.of(101)}
        for number in range(min(have, default=0), max(have, default=0)):
            if number not in have and now_ns - self.asked.get(number, -MS * 1000) > 50 * MS:
                self.asked[number] = now_ns
                self.peer.send_rtcp(nack(100, number), now_ns)

    def bodies(self) -> set[bytes]:
        """Frame number and contents of every packet received, by itself or as RTX."""
        return {p.payload[5:] for p in self.peer.of(100)} | {p.payload[7:] for p in self.peer.of(101)}


@pytest.mark.parametrize("loss", [0.05, 0.1])
def test_frames_survive_loss_on_both_paths(loss: float) -> None:
    core = Simulation(legs=4, sources=4, slots=4, packets=2048)
    camera_side = Camera(Peer(core, sources=(camera(),)), NetEm(loss=loss, delay_ns=10 * MS, seed=7))
    viewer = Viewer(Peer(core, slots=(video_slot(100),)))
    down = NetEm(loss=loss, delay_ns=10 * MS, seed=8)
    core.transmit()
    core.set_slot(viewer.peer.leg, 0, source_number(camera_side.peer.leg, 0), 2)
    for tick in range(2000):
        now_ns = MS + tick * 2 * MS
        if tick % 100 == 0:
            camera_side.peer.check(now_ns)
            viewer.peer.check(now_ns)
        if tick % 16 == 0 and tick < 1800:
            camera_side.film(now_ns)
        camera_side.answer(now_ns)
        for datagram in camera_side.path.receive(now_ns):
            core.receive(now_ns, camera_side.peer.address, datagram)
        core.advance(now_ns)
        for address, datagrams in core.transmit():
            for datagram in datagrams:
                if address == camera_side.peer.address:
                    camera_side.peer.take(datagram)
                else:
                    down.send(now_ns, datagram)
        for datagram in down.receive(now_ns):
            viewer.peer.take(datagram)
        viewer.ask(now_ns)
    assert camera_side.path.lost > 0
    assert down.lost > 0
    assert len(viewer.bodies()) >= 0.98 * 4 * camera_side.stream.frames
