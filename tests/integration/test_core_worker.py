"""The worker's thread and its socket, without the process around them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from aioice import stun

from conclave.core.config import LegConfig
from conclave.core.datagrams import Sender
from conclave.core.loop import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

IP_PKTINFO = 8
SO_NO_CHECK = 11  # Linux: no UDP checksums, which makes the kernel refuse UDP_SEGMENT


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving,
    ):
        receiving.bind(("127.0.0.1", 0))
        receiving.settimeout(5)
        yield sending, receiving


# A route whose MTU is below the segment size, or a device without checksums, makes the kernel refuse the whole group.
def test_a_group_that_the_kernel_refuses_leaves_one_by_one(ends: tuple[socket.socket, socket.socket]) -> None:
    sending, receiving = ends
    sender = Sender(sending.fileno())
    assert sender.segmentation
    sending.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    datagrams = [bytes([i]) * 1000 for i in range(5)] + [b"end"]
    assert sender.send(socket.inet_aton("127.0.0.1"), receiving.getsockname()[1], datagrams) == (6, 6, 0)
    assert [receiving.recv(2000) for _ in datagrams] == datagrams


NARROW = """
import socket
from conclave.core.datagrams import Sender
with (
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending,
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving,
):
    receiving.bind(("127.0.0.1", 0))
    receiving.settimeout(5)
    sender = Sender(sending.fileno())
    for datagrams in ([b"1" * 1000], [b"2" * 1000, b"3" * 1000, b"4" * 100]):
        sent, _, failed = sender.send(socket.inet_aton("127.0.0.1"), receiving.getsockname()[1], datagrams)
        assert [receiving.recv(2000) for _ in datagrams] == datagrams
    assert (sent, failed) == (4, 0)
    # What is whole is not fragmented by anyone on the way.
    assert sending.getsockopt(socket.IPPROTO_IP, 10) == 2  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
"""


def test_datagrams_larger_than_the_path_takes_leave_in_fragments() -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root, for a network namespace")
    script = 'ip link set lo mtu 600 up && exec "$0" -c "$1"'
    subprocess.run(["unshare", "--net", "sh", "-c", script, sys.executable, NARROW], check=True, timeout=30)


# RFC 8445 section 7.2.5.2.1: answers leave from where the question came to. A socket of one address has no choice.
@pytest.mark.parametrize(("bind", "told"), [("127.0.0.1", 0), ("0.0.0.0", 1)])
def test_only_a_socket_of_all_addresses_asks_for_the_local_one(bind: str, told: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind((bind, 0))
        Sender(opened.fileno())
        assert opened.getsockopt(socket.IPPROTO_IP, IP_PKTINFO) == told


def test_a_group_leaves_in_one_trip(ends: tuple[socket.socket, socket.socket]) -> None:
    sending, receiving = ends
    sender = Sender(sending.fileno())
    datagrams = [bytes([i]) * 1000 for i in range(5)] + [b"end"]
    assert sender.send(socket.inet_aton("127.0.0.1"), receiving.getsockname()[1], datagrams) == (6, 1, 0)
    assert [receiving.recv(2000) for _ in datagrams] == datagrams


def worker() -> Worker:
    return Worker(bind="127.0.0.1", port=0, legs=16, sources=16, slots=16, packets=64)


def leg(number: int) -> LegConfig:
    return LegConfig(room=1, local_ufrag=b"u%d" % number, local_pwd=b"p" * 24, remote_ufrag=b"peer", extensions=())


def test_a_worker_is_started_once_and_stopped_as_often_as_one_likes() -> None:
    core = worker()
    core.start()
    with pytest.raises(RuntimeError, match="once"):
        core.start()
    core.delete_leg(core.create_leg(leg(1)))
    core.stop()
    core.stop()
    assert core.events() == []
    assert core.statistics().packets_received == 0
    with pytest.raises(RuntimeError, match="start"):
        core.create_leg(leg(2))
    with pytest.raises(RuntimeError, match="once"):
        core.start()


def test_a_stop_ends_a_command_that_waits() -> None:
    core = worker()
    core.start()
    began = threading.Event()
    refused: list[RuntimeError] = []

    def command() -> None:
        try:
            while True:
                core.delete_leg(core.create_leg(leg(1)))
                began.set()
        except RuntimeError as error:
            refused.append(error)

    thread = threading.Thread(target=command)
    thread.start()
    assert began.wait(5)
    core.stop()
    thread.join(5)
    assert len(refused) == 1


def check() -> bytes:
    message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    message.attributes["USERNAME"] = "u1:peer"
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 1
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(b"p" * 24)
    return bytes(message)


# RFC 8445 section 7.2.5.2.1: a client drops an answer that does not come from where it asked.
@pytest.mark.parametrize("bind", ["0.0.0.0", "::"])
def test_an_answer_leaves_from_the_address_that_was_asked(bind: str) -> None:
    core = Worker(bind=bind, port=0, legs=16, sources=16, slots=16, packets=64)
    core.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.bind(("127.0.0.1", 0))
        number = core.create_leg(leg(1))
        for asked in ("127.0.0.2", "127.0.0.3"):
            client.sendto(check(), (asked, core.port))
            assert client.recvfrom(2000)[1] == (asked, core.port)
            core.events()
            core.send_dtls(number, [b"hello"])
            assert client.recvfrom(2000) == (b"hello", (asked, core.port))
    core.stop()


@pytest.mark.parametrize("sizes", [{"legs": 0}, {"bind": None}])
def test_a_worker_that_cannot_be_made_closes_nobodys_descriptor(sizes: dict[str, int | None]) -> None:
    before = os.fstat(0)
    arguments = {"bind": "127.0.0.1", "port": 0} | sizes
    with pytest.raises((ValueError, TypeError)):
        Worker(**arguments)  # type: ignore[arg-type]
    assert os.fstat(0) == before
