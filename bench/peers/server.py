"""What the bench asks of a server that forwards: one publisher in, many subscribers out, over SRTP with AES-128-GCM."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

__all__ = [
    "ADDRESS",
    "AES_128_GCM",
    "AES_256_GCM",
    "Leg",
    "Server",
    "cpu_seconds",
    "isolate",
    "open_socket",
    "resident_bytes",
    "stop",
]

STOP_SECONDS = 10
CLONE_NEWNET = 0x40000000
AES_128_GCM, AES_256_GCM = 7, 8
ADDRESS = "10.7.0.1"


def isolate() -> None:
    """Moves this process and what it starts into a network namespace whose only address is ADDRESS; needs root.

    The address is at a device that is not the loopback device, whose addresses some servers do not offer. What goes to
    it passes the loopback device all the same.
    """
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace of its own: run it as root")
    commands = ("link set lo up", "link add host type ifb", f"addr add {ADDRESS}/32 dev host", "link set host up")
    for command in commands:
        subprocess.run(["ip", *command.split()], check=True)


@dataclass(frozen=True)
class Leg:
    """One connection as the load generator takes it: a connected socket, keys with salts, and ICE where there is one.

    profile: its number in RFC 7714 section 14.2. ssrc, payload_type: of the publisher's video as it is sent, and of the
    subscriber's as it arrives. extension: RFC 8285 elements of what the publisher sends.
    """

    socket: socket.socket
    send_master: bytes
    receive_master: bytes
    ssrc: int
    payload_type: int
    profile: int = AES_128_GCM
    username: bytes = b""
    remote_pwd: bytes = b""
    local_pwd: bytes = b""
    extension: bytes = b""


class Server(Protocol):
    """A context manager that runs one server on loopback.

    name: as the report calls it; version: with how it was tuned; process: whose CPU and memory count.
    """

    name: str
    version: str

    @property
    def process(self) -> int: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def publish(self) -> Leg:
        """The one publisher, connected."""
        ...

    def subscribe(self) -> Leg:
        """One more subscriber to the publisher's video, connected."""
        ...


def open_socket() -> socket.socket:
    """A client's UDP socket, bound."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((ADDRESS, 0))
    return opened


def cpu_seconds(process: int) -> float:
    """User and system time of every thread of a process, nanoseconds exact where the kernel says so."""
    total = 0
    for task in Path(f"/proc/{process}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def resident_bytes(process: int) -> int:
    """What a process holds in memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a server, by force where it does not obey."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
