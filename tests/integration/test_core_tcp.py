"""The real core over TCP (RFC 6544): media both ways, and connections that are slow, hostile or many."""

from __future__ import annotations

import contextlib
import itertools
import resource
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clients.core_process import CoreProcess
from clients.media import VideoMaker
from clients.meeting import Meeting, play
from clients.participant import VIDEO, Participant
from clients.stream import FramedSocket, TcpParticipant
from conclave.media.v1 import control_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLACES = 512
PLACES_PER_HOST = 128
UNCLAIMED_SECONDS = 10.0


class SlowReader(TcpParticipant):
    """One whose system holds little for it."""

    receive_buffer = 4096


class Ipv6Participant(TcpParticipant):
    """One who comes over IPv6."""

    host = "::1"


class SlowWriter(TcpParticipant):
    """One whose every byte comes by itself."""

    piece = 1


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreProcess]:
    with CoreProcess(tmp_path_factory.mktemp("core")) as process:
        yield process


@pytest.fixture
def meeting(core: CoreProcess) -> Iterator[Meeting]:
    with Meeting(core) as meeting:
        yield meeting


class LargeVideo(VideoMaker):
    """Packets as large as a browser's."""

    def frame(self, *, key: bool = False, packets: int = 1, size: int = 1000) -> list[bytes]:
        return super().frame(key=key, packets=packets, size=size)


class Show:
    """A publisher whose video a subscriber sees."""

    def __init__(self, publisher: Participant, subscriber: Participant) -> None:
        self.publisher, self.subscriber = publisher, subscriber
        self.camera = LargeVideo(4321, VIDEO, mid="v")
        subscriber.show("rv0", f"{publisher.name}/v")
        self.go_on(20)

    def go_on(self, packets: int, receivers: list[Participant] | None = None, packets_a_frame: int = 1) -> None:
        """Until so many more packets have come."""
        target = len(self.subscriber.received("rv0")) + packets
        done: Callable[[], bool] = lambda: len(self.subscriber.received("rv0")) >= target  # noqa: E731
        play(self.publisher, [self.camera], receivers or [self.subscriber], done, packets=packets_a_frame)

    def check(self) -> None:
        """Goes on for a while; every packet so far came once and in order."""
        self.go_on(20)
        for before, after in pairwise(self.subscriber.received("rv0")):
            assert (after.sequence_number - before.sequence_number) & 0xFFFF == 1


def open_to(core: CoreProcess, source: str = "") -> FramedSocket:
    return FramedSocket(int(core.started["ports"]), source=source)


def ended(core: CoreProcess, reason: str) -> int:
    return core.worker_statistics().connections_ended.get(reason, 0)


def eventually(participant: Participant, condition: Callable[[], bool]) -> None:
    """Waits for the core to have noticed, while a participant lives on."""
    participant.wait(condition, 5)


@pytest.mark.parametrize(
    ("publisher", "subscriber"),
    [(TcpParticipant, TcpParticipant), (TcpParticipant, Participant), (Participant, TcpParticipant)],
)
def test_media_flows_over_tcp(meeting: Meeting, publisher: type[Participant], subscriber: type[Participant]) -> None:
    show = Show(meeting.join("publisher", publisher), meeting.join("subscriber", subscriber))
    show.check()
    show.go_on(200, packets_a_frame=8)


def test_both_dtls_roles_work_over_tcp(meeting: Meeting) -> None:
    show = Show(
        meeting.join("publisher", TcpParticipant, dtls_client=False), meeting.join("subscriber", TcpParticipant)
    )
    show.check()


def test_ipv4_and_ipv6_meet_on_one_port(tmp_path: Path) -> None:
    with CoreProcess(tmp_path, "--bind", "::", "--address", "::1") as core, Meeting(core) as meeting:
        one, other = meeting.join("one", Ipv6Participant), meeting.join("other", TcpParticipant)
        Show(one, other).check()
        Show(other, one).check()
        assert one.stun_answers[0].attributes["XOR-MAPPED-ADDRESS"][0] == "::1"
        assert other.stun_answers[0].attributes["XOR-MAPPED-ADDRESS"][0] == "127.0.0.1"


def test_frames_that_come_byte_by_byte_are_taken(meeting: Meeting) -> None:
    show = Show(meeting.join("publisher", SlowWriter), meeting.join("subscriber"))
    show.check()


def test_a_closed_connection_is_told_at_once_and_a_new_one_goes_on(core: CoreProcess, meeting: Meeting) -> None:
    show = Show(meeting.join("publisher"), meeting.join("subscriber", TcpParticipant))
    name = show.subscriber.name
    core.events()
    show.subscriber.socket.close()
    begin = time.monotonic()
    changed = core.wait_for_event(lambda event: event.transport_state_changed.transport_id == name, timeout=3)
    assert changed.transport_state_changed.state == pb.TRANSPORT_STATE_DISCONNECTED
    assert time.monotonic() - begin < 1
    show.subscriber.rebind()
    show.subscriber.send(show.subscriber.check())
    show.go_on(20)
    eventually(show.subscriber, lambda: show.subscriber.state() == pb.TRANSPORT_STATE_CONNECTED)


def test_a_reader_that_is_too_slow_loses_whole_frames_and_nobody_else_does(core: CoreProcess, meeting: Meeting) -> None:
    show = Show(meeting.join("publisher"), meeting.join("subscriber"))
    slow = meeting.join("slow", SlowReader)
    slow.show("rv0", f"{show.publisher.name}/v")
    show.go_on(20, [show.subscriber, slow])
    before = core.worker_statistics().packets_dropped.get("backlog", 0)
    for _ in range(20):
        begin = time.monotonic()
        show.go_on(80, packets_a_frame=8)  # and the slow one reads nothing
        assert time.monotonic() - begin < 5
    for earlier, later in pairwise(show.subscriber.received("rv0")):
        assert (later.sequence_number - earlier.sequence_number) & 0xFFFF == 1
    dropped = core.worker_statistics().packets_dropped.get("backlog", 0) - before
    assert 0 < dropped < 20 * 80
    # Whole frames only: each one that it reads now authenticates, or libsrtp raises.
    slow.send(slow.check())
    target = len(slow.received("rv0")) + 50
    play(show.publisher, [show.camera], [show.subscriber, slow], lambda: len(slow.received("rv0")) >= target)
    sent = show.camera.sent[-1]
    slow.wait(lambda: slow.received("rv0")[-1].payload[-20:] == sent.payload[-20:])


# "GE" and 0x1603 read as lengths are larger than any frame.
@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: media\r\n\r\n",
        bytes.fromhex("1603010200010001fc0303") + bytes(64),
        b"\xff\xff",
        b"\x00\x05\x7fxxxx",
        b"\x00\x01\x00",
        b"\x00\x08\x16\xfe\xfdhello",
        b"\x00\x20\x80\x60" + bytes(30),
    ],
    ids=["http", "tls", "oversized", "unknown", "one-byte", "dtls-before-a-check", "rtp-before-a-check"],
)
def test_garbage_ends_its_connection(core: CoreProcess, garbage: bytes) -> None:
    before = ended(core, "malformed")
    connection = open_to(core)
    connection.send_raw(garbage)
    assert connection.wait_for_end(3)
    connection.close()
    # It is counted a moment after it has ended.
    deadline = time.monotonic() + 5
    while ended(core, "malformed") == before:
        assert time.monotonic() < deadline, "the connection's end was not counted"
    assert ended(core, "malformed") == before + 1


def test_garbage_of_a_participant_ends_its_connection_and_no_other(core: CoreProcess, meeting: Meeting) -> None:
    show = Show(meeting.join("publisher", TcpParticipant), meeting.join("subscriber", TcpParticipant))
    rogue = meeting.join("rogue", TcpParticipant)
    rogue.send(b"\x7f not a protocol")
    assert isinstance(rogue.socket, FramedSocket)
    assert rogue.socket.wait_for_end(3)
    show.check()


def test_null_packets_are_taken(meeting: Meeting) -> None:
    show = Show(meeting.join("publisher", TcpParticipant), meeting.join("subscriber"))
    for _ in range(5):
        show.publisher.send(b"")
    show.check()


def test_a_deleted_transport_takes_its_connection_along(core: CoreProcess, meeting: Meeting) -> None:
    show = Show(meeting.join("publisher", TcpParticipant), meeting.join("subscriber"))
    leaver = meeting.join("leaver", TcpParticipant)
    core.ask(delete_transport=pb.DeleteTransport(transport_id=leaver.name))
    # Within a second the core has noticed that the connection is nobody's; then media is out of place.
    with contextlib.suppress(ConnectionError):
        show.subscriber.wait(lambda: leaver.send(leaver.protect(VideoMaker(1, VIDEO).frame()[0])), 2, 0.1)
    assert isinstance(leaver.socket, FramedSocket)
    assert leaver.socket.wait_for_end(3)
    show.check()


def test_a_silent_connection_is_closed_after_ten_seconds(core: CoreProcess, meeting: Meeting) -> None:
    show = Show(meeting.join("publisher", TcpParticipant), meeting.join("subscriber", TcpParticipant))
    before = ended(core, "unclaimed")
    begin = time.monotonic()
    silent, trickling = open_to(core), open_to(core)
    trickling.send_raw(b"\x00\x40" + bytes(10))
    while time.monotonic() - begin < UNCLAIMED_SECONDS - 2:
        show.go_on(5)
    assert ended(core, "unclaimed") == before
    assert silent.wait_for_end(6)
    assert trickling.wait_for_end(3)
    assert time.monotonic() - begin > UNCLAIMED_SECONDS - 1
    for connection in (silent, trickling):
        connection.close()
    show.check()  # participants' connections stay


def test_a_check_with_a_wrong_password_claims_nothing(core: CoreProcess, meeting: Meeting) -> None:
    victim = meeting.invite("victim", TcpParticipant)
    victim.send(victim.check(pwd="x" * 32))
    victim.send(b"\x80\x60" + bytes(30))  # allowed only after a check
    assert isinstance(victim.socket, FramedSocket)
    assert victim.socket.wait_for_end(3)


def test_a_flood_of_connections_is_bounded_and_disturbs_nobody(core: CoreProcess, meeting: Meeting) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    show = Show(meeting.join("publisher", TcpParticipant), meeting.join("subscriber", TcpParticipant))
    before = ended(core, "displaced")
    flood = []
    for number in range(3 * PLACES_PER_HOST):
        flood.append(open_to(core))
        if number % 50 == 0:
            show.go_on(2)
    eventually(show.subscriber, lambda: ended(core, "displaced") - before >= 2 * PLACES_PER_HOST)
    assert core.worker_statistics().connections <= PLACES_PER_HOST
    flood += [open_to(core, f"127.0.{1 + number // 100}.{1 + number % 100}") for number in range(PLACES)]
    eventually(show.subscriber, lambda: core.worker_statistics().connections == PLACES)
    show.check()
    late = meeting.join("late", TcpParticipant)  # a newcomer finds a place
    late.show("rv0", f"{show.publisher.name}/v")
    play(show.publisher, [show.camera], [show.subscriber, late], lambda: len(late.received("rv0")) >= 10)
    for connection in flood:
        connection.close()
    eventually(show.subscriber, lambda: core.worker_statistics().connections == 3)


def test_closed_connections_leave_no_descriptor(core: CoreProcess) -> None:
    def descriptors() -> int:
        return len(list(Path(f"/proc/{core.process.pid}/fd").iterdir()))

    with Meeting(core) as meeting:
        witness = meeting.join("witness")
        eventually(witness, lambda: core.worker_statistics().connections == 0)
        before = descriptors()
        for source in itertools.islice(itertools.cycle(["127.0.0.1", "127.0.0.9"]), 60):
            open_to(core, source).close()
        eventually(witness, lambda: core.worker_statistics().connections == 0)
        eventually(witness, lambda: descriptors() == before)
