"""The benches' load generator: what it counts and times is what happened, and what it sends is what clients send."""

from __future__ import annotations

import select
import socket
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest
from aioice import stun
from aiortc.codecs.vpx import VpxPayloadDescriptor
from aiortc.rtp import RtpPacket
from pylibsrtp import Policy, Session

from clients.core_process import CoreProcess
from clients.handshake import GCM_128, PROFILES
from clients.media import EXTENSIONS
from clients.meeting import Meeting

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench"))

from load import Generator
from load.client import Client, element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.full  # the generator is built first

PROFILE, KEY_SIZE, SALT_SIZE = PROFILES[GCM_128]
MASTER, OTHER_MASTER = (bytes([number]) * (KEY_SIZE + SALT_SIZE) for number in (1, 2))
SSRC, RTX_SSRC = 0x1111, 0x2222
OUR_PWD, THEIR_PWD = b"q" * 22, b"p" * 22
PACKETS = 1000


def pair() -> tuple[socket.socket, socket.socket]:
    """Two UDP sockets connected to each other."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
        one.setblocking(False)
    sockets[0].connect(sockets[1].getsockname())
    sockets[1].connect(sockets[0].getsockname())
    return sockets[0], sockets[1]


def is_rtp(datagram: bytes) -> bool:
    """And not RTCP (RFC 5761 section 4)."""
    return not 192 <= datagram[1] <= 223


class Relay:
    """Passes datagrams on between two sockets, `delay` seconds late, but for those that `drops` names by number.

    Numbered are RTP packets of SSRC towards the second socket.
    """

    def __init__(self, *, delay: float = 0.0, drops: Callable[[int], bool] = lambda _: False) -> None:
        self.first, self._left = pair()
        self._right, self.second = pair()
        self._delay, self._drops = delay, drops
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.dropped = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._left.close()
        self._right.close()

    def _run(self) -> None:
        waiting: deque[tuple[float, socket.socket, bytes]] = deque()
        number = 0
        while not self._stop.is_set():
            wait = max(0.0, waiting[0][0] - time.monotonic()) if waiting else 0.01
            for readable in select.select([self._left, self._right], [], [], wait)[0]:
                datagram = readable.recv(2048)
                if readable is self._left and is_rtp(datagram) and datagram[8:12] == SSRC.to_bytes(4, "big"):
                    number += 1
                    if self._drops(number):
                        self.dropped += 1
                        continue
                target = self._right if readable is self._left else self._left
                waiting.append((time.monotonic() + self._delay, target, datagram))
            while waiting and waiting[0][0] <= time.monotonic():
                _, target, datagram = waiting.popleft()
                target.send(datagram)


class Link:
    """A generator whose first leg sends a camera to its second through a relay."""

    def __init__(self, relay: Relay, *, nack: bool = False, packets: int = 1, loss: float = 0.0, seed: int = 1) -> None:
        self.generator = Generator(seed=seed)
        sender = self.generator.add_leg(relay.first, profile=PROFILE, send_master=MASTER, receive_master=OTHER_MASTER)
        self.receiver = self.generator.add_leg(
            relay.second, profile=PROFILE, send_master=OTHER_MASTER, receive_master=MASTER
        )
        self.packets = packets
        self.source = self.generator.add_source(
            sender,
            ssrc=SSRC,
            rtx_ssrc=RTX_SSRC,
            payload_type=96,
            rtx_payload_type=97,
            video=True,
            interval_ms=0.5 * packets,
            packets=packets,
            history=1024,
        )
        self.stream = self.generator.add_stream(
            self.receiver, ssrc=SSRC, rtx_ssrc=RTX_SSRC, payload_type=96, video=True, nack=nack
        )
        self.generator.lose(self.receiver, loss)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.generator.close()

    def play(self, packets: int = PACKETS) -> None:
        """Sends at least so many, and then lets what is under way arrive."""
        while self.generator.source(self.source)["packets"] < packets:
            self.generator.run(0.02)
        self.generator.activate(self.source, False)
        self.generator.run(0.3)


def test_one_lost_packet_of_a_hundred_is_counted_as_such() -> None:
    with Relay(drops=lambda number: number % 100 == 50) as relay, Link(relay) as link:
        link.play()
        sent, came = link.generator.source(link.source), link.generator.stream(link.stream)
    assert relay.dropped >= PACKETS // 100
    assert came["lost"] == relay.dropped
    assert came["packets"] == sent["packets"] - relay.dropped
    assert came["frames"] == sent["frames"]
    assert came["frames_whole"] == sent["frames"] - relay.dropped
    assert (came["duplicates"], came["reordered"], came["refused"], came["unstamped"]) == (0, 0, 0, 0)


def test_what_is_lost_is_asked_for_and_repaired() -> None:
    with Relay(drops=lambda number: number % 100 == 50) as relay, Link(relay, nack=True, packets=5) as link:
        link.play()
        sent, came = link.generator.source(link.source), link.generator.stream(link.stream)
    assert relay.dropped >= PACKETS // 100
    assert (came["lost"], came["repaired"]) == (0, relay.dropped)
    assert sent["nacked"] >= sent["repaired"] >= relay.dropped
    assert came["frames_whole"] == came["frames"] == sent["frames"]


@pytest.mark.parametrize("milliseconds", [20, 60])
def test_latency_is_that_of_the_way(milliseconds: int) -> None:
    with Relay(delay=milliseconds / 1e3) as relay, Link(relay, packets=5) as link:
        link.play(500)
        least, median = link.generator.quantiles(0, [0.0, 0.5])
        timed = link.generator.frames_timed(0)
    assert timed == link.generator.source(link.source)["frames"]
    assert milliseconds * 1e6 <= least <= median < milliseconds * 1e6 + 15e6


def test_made_up_loss_is_the_same_with_the_same_seed() -> None:
    def lost(seed: int) -> int:
        with Relay() as relay, Link(relay, loss=0.05, seed=seed) as link:
            link.play()
            leg, came = link.generator.leg(link.receiver), link.generator.stream(link.stream)
        sent = link.generator.source(link.source)["packets"]
        assert came["packets"] + leg["dropped"] == sent
        assert 0.01 < leg["dropped"] / sent < 0.1
        return leg["dropped"] * PACKETS // sent

    assert abs(lost(3) - lost(3)) <= 2  # the number of packets differs by a few


def test_what_it_sends_is_read_by_others() -> None:
    ours, theirs = pair()
    with theirs, Generator() as generator:
        leg = generator.add_leg(ours, profile=PROFILE, send_master=MASTER, receive_master=OTHER_MASTER)
        source = generator.add_source(
            leg,
            ssrc=SSRC,
            payload_type=96,
            video=True,
            interval_ms=5,
            packets=3,
            larger_packets=1,
            extension=element("mid", b"v"),
        )
        generator.run(0.02)
        session = Session(Policy(key=MASTER, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=PROFILE))
        packets: list[RtpPacket] = []
        while len(packets) < generator.source(source)["packets"]:
            datagram = theirs.recv(2048)
            if is_rtp(datagram):
                packets.append(RtpPacket.parse(session.unprotect(datagram), EXTENSIONS))
    assert {packet.extensions.mid for packet in packets} == {"v"}
    assert [packet.marker for packet in packets[:6]] == [0, 0, 1, 0, 0, 1]
    assert [len(packet.payload) for packet in packets[:3]] == [1001, 1000, 1000]
    key, body = VpxPayloadDescriptor.parse(packets[0].payload)
    assert (key.partition_start, body[0] & 1) == (1, 0)  # a key frame first
    following, body = VpxPayloadDescriptor.parse(packets[3].payload)
    assert key.picture_id is not None
    assert (following.picture_id, body[0] & 1) == (key.picture_id + 1, 1)


def test_it_asks_for_consent_as_ice_does() -> None:
    ours, theirs = pair()
    with theirs, Generator() as generator:
        leg = generator.add_leg(
            ours,
            profile=PROFILE,
            send_master=MASTER,
            receive_master=OTHER_MASTER,
            username=b"them:us",
            remote_pwd=THEIR_PWD,
            local_pwd=OUR_PWD,
        )
        generator.run(0.01)
        check = theirs.recv(2048)
        request = stun.parse_message(check)  # its fingerprint is checked too
        assert request.check_message_integrity(THEIR_PWD)
        assert (request.message_class, request.attributes["USERNAME"]) == (stun.Class.REQUEST, "them:us")
        answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
        answer.attributes["XOR-MAPPED-ADDRESS"] = ours.getsockname()
        answer.add_message_integrity(THEIR_PWD)
        theirs.send(bytes(answer))
        theirs.send(check)  # without our password: not answered
        back = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        back.attributes["USERNAME"] = "us:them"
        back.add_message_integrity(OUR_PWD)
        theirs.send(bytes(back))
        generator.run(0.01)
        counters = generator.leg(leg)
        assert (counters["checks_sent"], counters["checks_answered"], counters["checks_received"]) == (1, 1, 1)


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreProcess]:
    with CoreProcess(tmp_path_factory.mktemp("core")) as process:
        yield process


def test_clients_meet_through_the_core(core: CoreProcess) -> None:
    with Generator() as generator, Meeting(core) as meeting:
        publisher, subscriber = (meeting.join(name, Client) for name in ("publisher", "subscriber"))
        for client in (publisher, subscriber):
            client.hand_over(generator)
        publisher.send_video(interval_ms=10, packets=3)
        publisher.send_audio()
        subscriber.watch("rv0")
        subscriber.watch("ra0", group=1)
        subscriber.show("rv0", f"{publisher.name}/v")
        generator.run(0.5)  # until the key frame that the slot waits for has come
        generator.reset()
        generator.run(1.0)
        for source in publisher.sources.values():
            generator.activate(source, False)
        generator.run(0.1)
        video, audio = subscriber.arrived("rv0"), subscriber.arrived("ra0")
        sent = generator.source(publisher.sources[""])
        assert abs(video["frames_whole"] - sent["frames"]) <= 2
        assert video["lost"] == 0
        assert abs(audio["packets"] - generator.source(publisher.sources["a"])["packets"]) <= 2
        assert 0 < generator.quantiles(0, [0.5])[0] < 50e6
        assert generator.leg(subscriber.leg)["checks_answered"] >= 1
        assert generator.leg(subscriber.leg)["refused"] == 0
