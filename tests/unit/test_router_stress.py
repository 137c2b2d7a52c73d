"""Many thousand drawn steps of meetings: whoever comes, goes, switches, floods or lies, the core stays in order."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field

import pytest

from conclave.core.config import PoolExhausted, source_number
from conclave.core.errors import UnknownTarget
from conclave.core.switchboard import Simulation

from .peer import (
    LEVEL_ID,
    MID_ID,
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

MS = 1_000_000
RIDS = (b"q", b"h", b"f")
PACKETS = 900
HOLE_MAX = 128  # numbers that one packet may leave out: more would be closed up
STEPS = 3000


@dataclass
class Client:
    """One participant that does as it pleases with its own streams."""

    peer: Peer
    chance: random.Random
    streams: list[Stream] = field(default_factory=list)
    audio: int = 0
    audio_ssrc: int = 0
    rtx: int = 0

    def __post_init__(self) -> None:
        self.streams = [Stream(b"1", self.ssrc(), rid, self.chance.randrange(1 << 16)) for rid in RIDS]
        self.audio_ssrc = self.ssrc()

    def ssrc(self) -> int:
        return self.chance.randrange(1, 1 << 32)

    def film(self) -> list[bytes]:
        key = self.chance.random() < 0.3
        packets = [p for stream in self.streams for p in stream.frame(self.chance.randrange(1, 9), key=key)]
        if self.chance.random() < 0.3:
            self.chance.shuffle(packets)
        return [packet for packet in packets if self.chance.random() > 0.1]

    def speak(self) -> bytes:
        self.audio += 1
        extensions = element(MID_ID, b"0") + element(LEVEL_ID, bytes([self.chance.randrange(256)]))
        return build(OPUS, self.audio, 960 * self.audio, self.audio_ssrc, b"o" * 50, extensions=extensions)

    def lie(self) -> bytes:
        """An authentic packet that no honest client sends."""
        stream = self.chance.choice(self.streams)
        draw = self.chance.random()
        number, timestamp = self.chance.randrange(1 << 16), self.chance.randrange(1 << 32)
        mid = self.chance.choice([b"0", b"1", b"2", b"x" * 16])
        extensions = element(MID_ID, mid) + element(2, self.chance.choice(RIDS)) + element(3, self.chance.choice(RIDS))
        payload = self.chance.randbytes(self.chance.randrange(60))
        if draw < 0.3:
            stream.sequence_number += self.chance.choice([1, 127, 128, 129, 600, 30_000])
            return build(VP8, stream.sequence_number, timestamp, stream.ssrc, payload, extensions=extensions)
        if draw < 0.6:
            self.rtx += 1
            osn = struct.pack("!H", stream.sequence_number - self.chance.randrange(-50, 600) & 0xFFFF)
            return build(RTX, self.rtx, timestamp, stream.ssrc ^ 1, osn + payload, extensions=extensions)
        if draw < 0.65:
            stream.ssrc = self.ssrc()
        return build(self.chance.randrange(128), number, timestamp, self.ssrc(), payload, extensions=extensions)

    def report(self) -> bytes:
        """RTCP with whatever in it: many blocks, long lists, requests for key frames."""
        ssrc = self.chance.choice([100, 101, 200, 300, self.ssrc()])
        draw = self.chance.random()
        if draw < 0.6:
            numbers = [packet.sequence_number for packet in self.peer.rtp[-300:]] or [0]
            blocks = b"".join(
                struct.pack("!HH", self.chance.choice(numbers), self.chance.randrange(1 << 16))
                for _ in range(self.chance.randrange(1, 40))
            )
            return struct.pack("!BBHII", 0x81, 205, 2 + len(blocks) // 4, 1, ssrc) + blocks
        if draw < 0.8:
            return self.chance.randrange(1, 30) * struct.pack("!BBHII", 0x81, 206, 2, 1, ssrc)
        count = self.chance.randrange(32)
        return struct.pack("!BBHI", 0x80 | count, 201, 1 + 6 * count, 1) + self.chance.randbytes(24 * count)


def check_numbers(peer: Peer) -> None:
    """No (SSRC, index) twice, and no hole that a receiver could not see over."""
    highest: dict[int, int] = {}
    seen: set[tuple[int, int]] = set()
    for packet in peer.rtp:
        last = highest.get(packet.ssrc, packet.sequence_number - 1)
        step = (packet.sequence_number - last) & 0xFFFF
        assert 0 < step <= HOLE_MAX, (packet.ssrc, last, packet.sequence_number)
        highest[packet.ssrc] = last + step
        assert (packet.ssrc, last + step) not in seen
        seen.add((packet.ssrc, last + step))


class Meeting:
    """The clients of one core, in two rooms, and what they do."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.core = Simulation(legs=8, sources=14, slots=20, packets=PACKETS, outbox_size=1 << 18, outbox_groups=256)
        self.clients: list[Client] = []
        self.gone: list[Client] = []
        self.now_ns = MS
        self.forwarded = 0

    def join(self) -> None:
        try:
            peer = Peer(
                self.core,
                room=self.chance.choice([1, 1, 2]),
                sources=(microphone(), camera(rids=RIDS)),
                slots=(video_slot(100), video_slot(200), audio_slot(300)),
                now_ns=self.now_ns,
            )
        except PoolExhausted:
            return
        self.clients.append(Client(peer, self.chance))

    def leave(self, client: Client) -> None:
        self.core.delete_leg(client.peer.leg)
        self.clients.remove(client)
        check_numbers(client.peer)
        self.forwarded += len(client.peer.rtp)
        self.gone = [*self.gone[-3:], client]

    def show(self, client: Client) -> None:
        other = self.chance.choice(self.clients)
        number = self.chance.choice([0, source_number(other.peer.leg, 1), source_number(other.peer.leg, 1)])
        try:
            self.core.set_slot(client.peer.leg, self.chance.randrange(2), number, self.chance.randrange(3))
        except UnknownTarget:
            assert other.peer is not client.peer  # it is in the other room

    def hear_from_elsewhere(self, client: Client) -> None:
        """A forged or a new source address, and what those who left still send."""
        victim = self.chance.choice(self.clients)
        victim.peer.check(self.now_ns)
        self.core.receive(self.now_ns, victim.peer.address, client.peer.request())
        if self.chance.random() < 0.2:
            client.peer.address = (client.peer.address[0], client.peer.address[1] + 1)
            client.peer.check(self.now_ns)
        for late in self.gone:
            late.peer.send(late.film(), self.now_ns)

    def step(self) -> None:
        self.now_ns += self.chance.choice([0, MS // 4, 5 * MS, 20 * MS, 20 * MS, 700 * MS])
        draw = self.chance.random()
        if draw < 0.03 or not self.clients:
            self.join()
            return
        client = self.chance.choice(self.clients)
        if draw < 0.05:
            self.leave(client)
        elif draw < 0.35:
            client.peer.send(client.film(), self.now_ns)
        elif draw < 0.5:
            client.peer.send(client.speak(), self.now_ns)
        elif draw < 0.6:
            client.peer.send([client.lie() for _ in range(self.chance.randrange(1, 20))], self.now_ns)
        elif draw < 0.7:
            client.peer.send_rtcp(client.report(), self.now_ns)
        elif draw < 0.8:
            self.show(client)
        elif draw < 0.84:
            number = source_number(client.peer.leg, self.chance.randrange(2))
            self.core.set_source_active(number, self.chance.random() < 0.7)
        elif draw < 0.87:
            self.hear_from_elsewhere(client)
        elif draw < 0.95:
            client.peer.check(self.now_ns)
        else:
            self.core.advance(self.now_ns)

    def settle(self) -> None:
        """As the loop does after each batch: time passes, everything is sent, and nothing stays due."""
        self.core.advance(self.now_ns)
        deliver(self.core, *(client.peer for client in self.clients))
        assert self.core.next_timeout() > self.now_ns
        self.core.events()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_nothing_is_lost_or_sent_twice(seed: int) -> None:
    meeting = Meeting(seed)
    for _ in range(STEPS):
        meeting.step()
        if meeting.chance.random() < 0.8:
            meeting.settle()
    meeting.settle()
    for client in meeting.clients[:]:
        meeting.leave(client)
    assert meeting.forwarded > 1000
    assert meeting.core.packets_available == PACKETS
