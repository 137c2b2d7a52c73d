"""The fuzz target of whole legs: an input is a script of a meeting, and every packet in it is the fuzzer's own.

A packet that is not authentic gets no further than the parsers, which have targets of their own. So the clients here,
of tests/unit/peer.py, protect what the fuzzer wrote with their own keys: what lies behind the authentication is what is
tried. A script is deterministic: the same input is the same meeting.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from pylibsrtp import Error
from tests.unit import peer as peers
from tests.unit.peer import Peer, Stream, audio_slot, camera, deliver, microphone, video_slot

from conclave.core import switchboard
from conclave.core.config import PoolExhausted, source_number
from conclave.core.errors import PacketRefused, UnknownTarget
from conclave.core.switchboard import Simulation

MS = 1_000_000
PACKETS = 256
RTP_HEADER, RTCP_HEADER = 12, 8
RIDS = ((), (b"q", b"h", b"f"))
# Of at most eight packets each. The loop too forwards before a flow has gathered more than PENDING_MAX, 64.
UNSETTLED_STEPS = 6
HOLE_MAX = 128  # numbers that one packet may leave out: more would be closed up


class Script:
    """The fuzzer's bytes, taken from the front; zeros when they are used up."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    def __bool__(self) -> bool:
        return self._offset < len(self._data)

    def take(self, size: int) -> bytes:
        taken = self._data[self._offset : self._offset + size]
        self._offset += size
        return taken

    def number(self) -> int:
        return int.from_bytes(self.take(1), "big")

    def block(self) -> bytes:
        """Up to 255 bytes, their number before them."""
        return self.take(self.number())


class Meeting:
    """A small core, and at most four clients that do what the script says."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.core = Simulation(legs=4, sources=6, slots=9, packets=PACKETS, outbox_size=1 << 17, outbox_groups=192)
        self.clients: list[Peer] = []
        self.streams: dict[int, Stream] = {}
        self.now_ns = MS

    def run(self) -> None:
        """Plays the script to its end. Then everybody leaves, and nothing may be left in the pools."""
        self.join()
        while self.script:
            for _ in range(UNSETTLED_STEPS):
                self.STEPS[self.script.number() % len(self.STEPS)](self)
            self.settle()
        self.settle()
        for client in self.clients:
            self.core.delete_leg(client.leg)
            check_numbers(client)
        assert self.core.packets_available == PACKETS, "packets have leaked"

    def client(self) -> Peer | None:
        return self.clients[self.script.number() % len(self.clients)] if self.clients else None

    # -- steps ---------------------------------------------------------------------------------------------------

    def join(self) -> None:
        choice = self.script.number()
        try:
            client = Peer(
                self.core,
                room=1 + (choice & 1),
                sources=(microphone(), camera(rids=RIDS[choice >> 1 & 1])),
                slots=(video_slot(100), video_slot(200), audio_slot(300)),
                now_ns=self.now_ns,
            )
        except PoolExhausted:
            return
        self.clients.append(client)
        self.streams[client.leg] = Stream(b"1", 7000 + client.leg % 1000, b"q" if choice & 2 else b"")

    def leave(self) -> None:
        if client := self.client():
            self.core.delete_leg(client.leg)
            self.clients.remove(client)
            check_numbers(client)

    def film(self) -> None:
        """An honest frame, so that there is something to forward, ask for again and switch to."""
        if client := self.client():
            choice = self.script.number()
            client.send(self.streams[client.leg].frame(1 + (choice & 7), key=choice & 8 == 0), self.now_ns)

    def send_rtp(self) -> None:
        """The fuzzer's packet behind a header of the right version, length left to chance."""
        if client := self.client():
            packet = self.script.block()
            if len(packet) < RTP_HEADER:
                return
            packet = bytes([0x80 | packet[0] & 0x3F]) + packet[1:]
            self.protected(client.outbound.protect, client, packet)

    def send_on_stream(self) -> None:
        """The fuzzer's extensions and payload as the next packet of a stream that is known."""
        if client := self.client():
            stream = self.streams[client.leg]
            choice, payload = self.script.number(), self.script.block()
            stream.sequence_number += 1 + (choice >> 4)
            payload_type = (peers.VP8, peers.VP9, peers.RTX, peers.OPUS)[choice & 3]
            packet = peers.build(
                payload_type,
                stream.sequence_number,
                stream.timestamp,
                stream.ssrc,
                payload,
                marker=bool(choice & 4),
                extensions=self.script.block()[:64] if choice & 8 else b"",
            )
            self.protected(client.outbound.protect, client, packet)

    def send_rtcp(self) -> None:
        if client := self.client():
            packet = self.script.block()
            if len(packet) < RTCP_HEADER:
                return
            self.protected(client.outbound.protect_rtcp, client, packet)

    def ask_again(self) -> None:
        """A NACK for numbers around those that came."""
        if client := self.client():
            newest = client.rtp[-1] if client.rtp else None
            if newest is None:
                return
            back, mask = self.script.number(), self.script.take(2).ljust(2, b"\xff")
            number = struct.pack("!H", newest.sequence_number - back & 0xFFFF)
            client.send_rtcp(struct.pack("!BBHII", 0x81, 205, 3, 1, newest.ssrc) + number + mask, self.now_ns)

    def send_bytes(self) -> None:
        """Whatever it is, as it is: from a client's own address, or from a stranger's."""
        client = self.client()
        address = client.address if client and self.script.number() & 1 else ("192.0.2.1", 9)
        self.core.receive(self.now_ns, address, self.script.block())

    def check(self) -> None:
        """An authentic connectivity check, at times from another address."""
        if client := self.client():
            if self.script.number() & 3 == 0:
                client.address = (client.address[0], 40000 + self.script.number())
            client.check(self.now_ns)

    def show(self) -> None:
        if (client := self.client()) and (other := self.client()):
            choice = self.script.number()
            number = source_number(other.leg, choice & 1) if choice & 2 else 0
            try:
                self.core.set_slot(client.leg, choice >> 2 & 1, number, choice >> 3 & 3)
            except (UnknownTarget, PacketRefused):
                return  # in the other room, or sound where pictures go

    def activate(self) -> None:
        if client := self.client():
            choice = self.script.number()
            self.core.set_source_active(source_number(client.leg, choice & 1), bool(choice & 2))

    def wait(self) -> None:
        """From nothing to four seconds."""
        self.now_ns += (self.script.number() ** 2) * MS // 16
        self.settle()

    STEPS: tuple[Callable[[Meeting], None], ...] = (
        join, leave, film, film, send_rtp, send_on_stream, send_rtcp, ask_again, send_bytes, check, show, activate, wait
    )  # fmt: skip

    # -- what every step shares ----------------------------------------------------------------------------------

    def protected(self, protect: Callable[[bytes], bytes], client: Peer, packet: bytes) -> None:
        """Sends what libsrtp is willing to protect."""
        try:
            datagram = protect(packet)
        except Error:
            return
        self.core.receive(self.now_ns, client.address, datagram)

    def settle(self) -> None:
        """As the loop does after each batch: time passes, everything is sent, and nothing stays due."""
        self.core.advance(self.now_ns)
        deliver(self.core, *self.clients)
        assert self.core.next_timeout() > self.now_ns, "something stays due"
        self.core.events()


def check_numbers(client: Peer) -> None:
    """No (SSRC, index) twice, and no hole that a receiver could not see over."""
    highest: dict[int, int] = {}
    for packet in client.rtp:
        last = highest.get(packet.ssrc, packet.sequence_number - 1)
        step = (packet.sequence_number - last) & 0xFFFF
        assert 0 < step <= HOLE_MAX, (packet.ssrc, last, packet.sequence_number)
        highest[packet.ssrc] = last + step


def one_input(data: bytes) -> None:
    """Plays one input. Raises AssertionError when something does not hold."""
    Peer.count = 0
    chance = random.Random(1)
    for module in (switchboard, peers):
        module.secrets = Chance(chance)  # type: ignore[attr-defined]
    Meeting(Script(data)).run()


class Chance:
    """Stands for `secrets`, so that an input is the same meeting each time."""

    def __init__(self, chance: random.Random) -> None:
        self.token_bytes = chance.randbytes
        self.randbits = chance.getrandbits
        self.randbelow = chance.randrange
