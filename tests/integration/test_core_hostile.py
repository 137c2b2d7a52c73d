"""Hostile datagrams against the real core process: counted, dropped, and no other participant notices."""

from __future__ import annotations

import random
import socket
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from aioice import stun
from aiortc.rtp import HeaderExtensions, RtpPacket
from OpenSSL import SSL

from clients.core_process import CoreProcess
from clients.handshake import Certificate
from clients.media import EXTENSIONS, VideoMaker
from clients.meeting import Meeting, play
from clients.participant import VIDEO, Participant
from conclave.media.v1 import control_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreProcess]:
    with CoreProcess(tmp_path_factory.mktemp("core")) as process:
        yield process


@pytest.fixture
def meeting(core: CoreProcess) -> Iterator[Meeting]:
    with Meeting(core) as meeting:
        yield meeting


class Undisturbed:
    """A publisher and a subscriber whose video must go on, each frame once and in order, whatever others send."""

    def __init__(self, meeting: Meeting) -> None:
        self.publisher, self.subscriber = meeting.join("publisher"), meeting.join("subscriber")
        self.camera = VideoMaker(4321, VIDEO, mid="v")
        self.subscriber.show("rv0", f"{self.publisher.name}/v")
        self.go_on(20)

    def go_on(self, packets: int) -> None:
        """Until so many more packets have come."""
        target = len(self.subscriber.received("rv0")) + packets
        done: Callable[[], bool] = lambda: len(self.subscriber.received("rv0")) >= target  # noqa: E731
        play(self.publisher, [self.camera], [self.subscriber], done)

    def check(self) -> None:
        """Goes on for a while and looks at every packet so far."""
        self.go_on(20)
        for before, after in pairwise(self.subscriber.received("rv0")):
            assert (after.sequence_number - before.sequence_number) & 0xFFFF == 1


@pytest.fixture
def undisturbed(meeting: Meeting) -> Undisturbed:
    return Undisturbed(meeting)


def dropped(core: CoreProcess) -> dict[str, int]:
    return dict(core.worker_statistics().packets_dropped)


def grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: count - before.get(name, 0) for name, count in after.items() if count > before.get(name, 0)}


def send_from_stranger(core: CoreProcess, datagrams: list[bytes]) -> list[bytes]:
    """Sends from an address that belongs to nobody; returns what came back, after the core has counted them all."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.connect(("127.0.0.1", int(core.started["ports"])))
        received = core.worker_statistics().packets_received
        for number, datagram in enumerate(datagrams, 1):
            stranger.send(datagram)
            if number % 50 == 0:  # no more than the socket's buffer holds
                wait_received(core, received + number)
        wait_received(core, received + len(datagrams))
        stranger.setblocking(False)
        answers = []
        while True:
            try:
                answers.append(stranger.recv(65_536))
            except BlockingIOError:
                return answers


def wait_received(core: CoreProcess, count: int) -> None:
    for _ in range(1000):
        if core.worker_statistics().packets_received >= count:
            return
    raise TimeoutError("the core did not receive what was sent")


def test_garbage_of_every_kind_and_size(core: CoreProcess, undisturbed: Undisturbed) -> None:
    generator = random.Random(5)
    garbage = [bytes([first]) + generator.randbytes(generator.randrange(0, 1400)) for first in range(256)]
    garbage += [generator.randbytes(size) for size in (1, 2, 11, 12, 13, 19, 20, 1471, 1472, 1473, 2000, 9000, 60_000)]
    before = dropped(core)
    assert send_from_stranger(core, garbage) == []
    assert sum(grown(before, dropped(core)).values()) == len(garbage)
    before = dropped(core)
    for datagram in garbage:
        undisturbed.publisher.send(datagram)
        undisturbed.subscriber.send(datagram)
    undisturbed.check()
    assert sum(grown(before, dropped(core)).values()) > 0
    assert undisturbed.publisher.state() == pb.TRANSPORT_STATE_CONNECTED


def test_an_empty_datagram(core: CoreProcess, undisturbed: Undisturbed) -> None:
    undisturbed.publisher.send(b"")
    undisturbed.check()


def test_truncated_packets_at_every_length(core: CoreProcess, undisturbed: Undisturbed) -> None:
    publisher = undisturbed.publisher
    for valid in (publisher.sent[-1], publisher.check()):
        before = dropped(core)
        for size in range(1, len(valid)):
            publisher.send(valid[:size])
            if size % 40 == 0:
                undisturbed.go_on(1)
        undisturbed.check()
        assert sum(grown(before, dropped(core)).values()) >= len(valid) - 1


def test_replayed_packets_are_dropped(core: CoreProcess, undisturbed: Undisturbed) -> None:
    publisher = undisturbed.publisher
    replayed = publisher.sent[-10:]
    before = core.statistics(publisher.name)
    for datagram in replayed:
        publisher.send(datagram)
    undisturbed.check()
    after = core.statistics(publisher.name)
    assert after.packets_dropped["replayed"] - before.packets_dropped["replayed"] == len(replayed)


def test_altered_packets_fail_authentication(core: CoreProcess, undisturbed: Undisturbed) -> None:
    publisher = undisturbed.publisher
    for position in (13, 40, -1):
        frame = undisturbed.camera.frame()
        altered = bytearray(publisher.protect(frame[0]))
        altered[position] ^= 1
        publisher.send(bytes(altered))
        undisturbed.camera.sequence_number -= 1  # the core must not have seen this number
        undisturbed.camera.picture_id -= 1
        undisturbed.go_on(2)
    undisturbed.check()
    assert core.statistics(publisher.name).packets_dropped["authentication_failed"] >= 3


def test_reflected_packets_are_dropped(core: CoreProcess, undisturbed: Undisturbed) -> None:
    subscriber = undisturbed.subscriber
    for datagram in subscriber.raw[-20:]:
        subscriber.send(datagram)
        undisturbed.publisher.send(datagram)
    undisturbed.check()
    counted = core.statistics(subscriber.name)
    assert counted.packets_received == 0
    assert sum(counted.packets_dropped.values()) >= 20


def test_media_from_an_address_of_nobody(core: CoreProcess, undisturbed: Undisturbed) -> None:
    before = dropped(core)
    fresh = [undisturbed.publisher.protect(undisturbed.camera.frame()[0]) for _ in range(5)]
    assert send_from_stranger(core, fresh) == []
    assert grown(before, dropped(core)).get("unknown_sender") == len(fresh)
    count = len(undisturbed.subscriber.received("rv0"))
    undisturbed.subscriber.take()
    assert len(undisturbed.subscriber.received("rv0")) == count


def test_authenticated_nonsense_is_dropped(core: CoreProcess, undisturbed: Undisturbed) -> None:
    """A participant who holds keys can still send an unknown SSRC, forged extensions or an empty descriptor."""
    publisher = undisturbed.publisher
    unknown = RtpPacket(payload_type=VIDEO, ssrc=999_999, payload=b"\x10 nobody's")
    foreign = RtpPacket(payload_type=VIDEO, ssrc=999_998, payload=b"\x10 nobody's")
    foreign.extensions = HeaderExtensions(mid="nothing")
    wrong_type = RtpPacket(payload_type=50, ssrc=999_997, payload=b"\x10 nobody's")
    wrong_type.extensions = HeaderExtensions(mid="v")
    forged = bytearray(undisturbed.camera.frame()[0])
    forged[14:16] = (0x7FFF).to_bytes(2, "big")  # an extension block longer than the packet
    overlong = bytearray(undisturbed.camera.frame()[0])
    overlong[16] = overlong[16] | 0x0F  # an element longer than the block
    for packet in (
        unknown.serialize(),
        foreign.serialize(EXTENSIONS),
        wrong_type.serialize(EXTENSIONS),
        bytes(overlong),
    ):
        publisher.send_rtp(packet)
    publisher.send(bytes(forged) + bytes(16))
    undisturbed.go_on(20)
    counted = core.statistics(publisher.name).packets_dropped
    assert counted["unknown_stream"] >= 2
    assert {packet.ssrc for packet in undisturbed.subscriber.rtp} == {undisturbed.subscriber.slots["rv0"].ssrc}
    assert not any(b"nobody's" in packet.payload for packet in undisturbed.subscriber.rtp)


def test_a_binding_request_with_a_wrong_password_is_not_answered_with_success(
    core: CoreProcess, meeting: Meeting, undisturbed: Undisturbed
) -> None:
    victim = meeting.invite("victim")
    before = dropped(core)
    for _ in range(3):
        victim.send(victim.check(pwd="x" * 32))
    victim.send(victim.check(username="nobody:here"))
    undisturbed.check()
    victim.take(0.2)
    assert victim.stun_answers == []
    assert all(answer.message_class is stun.Class.ERROR for answer in victim.stun_errors)
    assert grown(before, dropped(core)).get("authentication_failed") == 3
    assert grown(before, dropped(core)).get("unknown_user") == 1
    victim.connect()  # the right one still works


def test_a_stranger_cannot_take_over_a_transport(core: CoreProcess, undisturbed: Undisturbed) -> None:
    """Replaying a participant's own check from elsewhere is authentic, but its media is not moved by forged ones."""
    forged = undisturbed.subscriber.check(pwd="guess" * 6)
    answers = send_from_stranger(core, [forged] * 5)
    assert all(stun.parse_message(answer).message_class is stun.Class.ERROR for answer in answers)
    undisturbed.check()


def test_a_wrong_dtls_fingerprint_ends_in_failed(core: CoreProcess, meeting: Meeting, undisturbed: Undisturbed) -> None:
    impostor = meeting.invite("impostor", announced_fingerprint=Certificate().fingerprint)
    with pytest.raises(SSL.Error):
        impostor.connect()
    failed = core.wait_for_event(lambda event: event.transport_state_changed.transport_id == impostor.name, timeout=5)
    assert failed.transport_state_changed.state == pb.TRANSPORT_STATE_FAILED
    impostor.stun_answers.clear()
    impostor.send(impostor.check())
    undisturbed.check()
    impostor.take()
    assert impostor.stun_answers == []  # the leg is gone
    assert core.statistics(impostor.name).packets_received == 0


@pytest.mark.parametrize("seed", range(3))
def test_hostile_dtls_does_not_disturb_an_established_transport(undisturbed: Undisturbed, seed: int) -> None:
    generator = random.Random(seed)
    for _ in range(200):
        content = generator.choice([20, 21, 22, 23, 63])
        body = generator.randbytes(generator.randrange(0, 200))
        record = bytes([content, 254, 253]) + generator.randbytes(8) + len(body).to_bytes(2, "big") + body
        undisturbed.publisher.send(record)
    undisturbed.check()


def test_srtp_before_keys_is_dropped(core: CoreProcess, meeting: Meeting, undisturbed: Undisturbed) -> None:
    early: Participant = meeting.invite("early")
    early.wait(lambda: bool(early.stun_answers), 5, 0.1, lambda: early.send(early.check()))
    for datagram in undisturbed.publisher.sent[-5:]:
        early.send(datagram)
    undisturbed.check()
    assert core.statistics(early.name).packets_dropped["no_key"] == 5
    early.connect()
