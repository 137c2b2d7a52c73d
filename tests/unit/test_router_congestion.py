"""Each subscriber is sent what its own way bears: voices first, then small pictures; another's way changes nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import pytest

from conclave.core.config import source_number
from conclave.core.switchboard import Simulation
from conclave.core.twcc import Arrivals

from .peer import LEVEL_ID, MID_ID, OPUS, Peer, Stream, audio_slot, build, camera, element, microphone, video_slot

MS = 1_000_000
SECOND = 1000 * MS
STEP = 5 * MS
FRAME = 6  # steps
RIDS = (b"q", b"h", b"f")
# Packets of a frame and their bytes: 0.1, 0.4 and 1.3 Mb/s at 33 frames a second.
SIZES = ((1, 370), (2, 750), (5, 980))
VIDEO, AUDIO = 100, 300


class Subscriber:
    """A client behind a way of `rate` bits per second and a queue of 300 ms, which tells arrivals."""

    def __init__(self, core: Simulation, rate: Callable[[int], float], *, hears: bool = True) -> None:
        voices = (audio_slot(AUDIO, transport_cc=True),) if hears else ()
        self.peer = Peer(core, slots=(video_slot(VIDEO, transport_cc=True), *voices))
        self.rate = rate
        self.free_ns = 0
        self.way: deque[tuple[int, bytes]] = deque()
        self.arrivals = Arrivals()
        self.came: list[tuple[int, int, int]] = []

    def carry(self, datagrams: list[bytes], now_ns: int) -> None:
        for datagram in datagrams:
            start_ns = max(now_ns, self.free_ns)
            if start_ns - now_ns < 300 * MS:
                self.free_ns = start_ns + int((len(datagram) + 28) * 8 * SECOND / self.rate(now_ns))
                self.way.append((self.free_ns + 10 * MS, datagram))

    def receive(self, now_ns: int) -> None:
        while self.way and self.way[0][0] <= now_ns:
            arrived_ns, datagram = self.way.popleft()
            before = len(self.peer.rtp)
            self.peer.take(datagram)
            for packet in self.peer.rtp[before:]:
                assert packet.transport_number is not None
                self.arrivals.received(packet.transport_number, arrived_ns)
                self.came.append((arrived_ns, packet.ssrc, len(packet.payload)))
        if now_ns // STEP % 12 == 0 and (told := self.arrivals.write(1, 2)):
            self.peer.send_rtcp(told, now_ns)

    def layers(self, since_ns: int) -> set[int]:
        """Of the pictures that came since, by the size of their packets."""
        sizes = {size + 4: layer for layer, (_, size) in enumerate(SIZES)}
        return {
            layer
            for at, ssrc, payload in self.came
            if at >= since_ns and ssrc == VIDEO
            for size, layer in sizes.items()
            if abs(payload - size) < 16
        }

    def count(self, ssrc: int, since_ns: int) -> int:
        return sum(1 for at, of, _ in self.came if at >= since_ns and of == ssrc)


class Room:
    """A publisher of a voice and a camera in three layers, and subscribers who show it as large as it is."""

    def __init__(self, core: Simulation, *rates: Callable[[int], float], hear: bool = True) -> None:
        self.core = core
        self.sender = Peer(core, sources=(microphone(), camera(rids=RIDS)))
        self.subscribers = [Subscriber(core, rate, hears=hear) for rate in rates]
        self.streams = [Stream(b"1", 10 + i, rid) for i, rid in enumerate(RIDS)]
        self.now_ns = SECOND
        self.step = self.voices = 0
        self.plis = 0
        for subscriber in self.subscribers:
            core.set_slot(subscriber.peer.leg, 0, source_number(self.sender.leg, 1), 2)

    def run(self, seconds: float) -> int:
        """Returns when it began."""
        began_ns = self.now_ns
        while self.now_ns < began_ns + seconds * SECOND:
            self._publish()
            for subscriber in self.subscribers:
                subscriber.receive(self.now_ns)
            if self.step % 200 == 0:
                for peer in (self.sender, *(subscriber.peer for subscriber in self.subscribers)):
                    peer.check(self.now_ns)
            self.core.advance(self.now_ns)
            by_address = {subscriber.peer.address: subscriber for subscriber in self.subscribers}
            for address, datagrams in self.core.transmit():
                if address in by_address:
                    by_address[address].carry(datagrams, self.now_ns)
                elif address == self.sender.address:
                    for datagram in datagrams:
                        self.sender.take(datagram)
            self.now_ns += STEP
            self.step += 1
        return began_ns

    def _publish(self) -> None:
        if self.step % FRAME == 0:
            asked = sum(1 for packet in self.sender.rtcp if packet[1] == 206 and packet[0] & 31 == 1)
            key, self.plis = asked > self.plis, asked
            for stream, (packets, size) in zip(self.streams, SIZES, strict=True):
                self.sender.send(stream.frame(packets, key=key, size=size), self.now_ns)
        if self.step % 4 == 0:
            extensions = element(MID_ID, b"0") + element(LEVEL_ID, b"\x9e")
            voice = build(OPUS, self.voices, 960 * self.voices, 0x51, b"o" * 70, extensions=extensions)
            self.sender.send(voice, self.now_ns)
            self.voices += 1


@pytest.fixture
def core() -> Simulation:
    return Simulation(legs=16, sources=32, slots=64, packets=4096)


def test_a_narrow_way_keeps_the_voice_and_a_small_picture_and_harms_nobody(core: Simulation) -> None:
    room = Room(core, lambda at: 300_000 if at > 8 * SECOND else 10_000_000, lambda _: 10_000_000)
    narrow, wide = room.subscribers
    began_ns = room.run(7)
    assert narrow.layers(began_ns + 4 * SECOND) == wide.layers(began_ns + 4 * SECOND) == {2}
    settled_ns = room.run(6) + 4 * SECOND
    room.run(6)
    assert narrow.layers(settled_ns) == {0}
    assert wide.layers(settled_ns) == {2}
    seconds = (room.now_ns - settled_ns) / SECOND
    # 33 frames a second of one packet, and of five; 50 packets of voice.
    assert narrow.count(VIDEO, settled_ns) > 28 * seconds
    assert narrow.count(AUDIO, settled_ns) > 48 * seconds
    assert wide.count(VIDEO, settled_ns) > 5 * 31 * seconds
    assert wide.count(AUDIO, settled_ns) > 48 * seconds


def test_a_way_that_widens_has_the_large_picture_again(core: Simulation) -> None:
    room = Room(core, lambda at: 300_000 if at < 12 * SECOND else 10_000_000)
    (subscriber,) = room.subscribers
    began_ns = room.run(11)
    assert subscriber.layers(began_ns + 9 * SECOND) == {0}
    room.run(15)
    assert subscriber.layers(room.now_ns - 2 * SECOND) == {2}


def test_a_way_too_narrow_for_any_picture_keeps_the_voice_and_is_told_so(core: Simulation) -> None:
    room = Room(core, lambda at: 110_000 if at > 4 * SECOND else 10_000_000)
    (subscriber,) = room.subscribers
    room.run(12)
    settled_ns = room.run(6) + SECOND
    assert subscriber.count(AUDIO, settled_ns) > 0.9 * 50 * 5
    assert subscriber.count(VIDEO, settled_ns) < 100
    # Its wish stands, and its source may go without a trace.
    core.delete_leg(room.sender.leg)
    core.set_slot(subscriber.peer.leg, 0, 0, 0)


def test_a_picture_returns_to_who_hears_no_voice_that_would_be_told_of(core: Simulation) -> None:
    room = Room(core, lambda at: 60_000 if 5 * SECOND < at < 16 * SECOND else 10_000_000, hear=False)
    (subscriber,) = room.subscribers
    room.run(15)
    assert subscriber.count(VIDEO, room.now_ns - 2 * SECOND) < 30  # nothing but probes, if anything
    room.run(25)
    assert subscriber.layers(room.now_ns - 2 * SECOND) == {2}


def test_layers_do_not_flap_on_a_steady_way(core: Simulation) -> None:
    room = Room(core, lambda _: 1_000_000)
    room.run(15)
    core.events()
    room.run(20)
    changes = [event for event in core.events() if type(event).__name__ == "SlotChanged"]
    assert len(changes) <= 4
