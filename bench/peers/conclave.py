"""Our own core, with one worker, as its neighbours are asked: one publisher, many subscribers."""

from __future__ import annotations

import itertools
import socket
from pathlib import Path
from typing import Self

from bench.peers.server import ADDRESS, Leg, open_socket

from clients.core_process import CoreProcess
from clients.media import EXTENSION_IDS
from clients.participant import VIDEO, Participant

__all__ = ["Conclave"]

PUBLISHER_SSRC = 4713
MID = next(number for number, uri in EXTENSION_IDS.items() if uri.endswith(":mid"))


class Conclave:
    """The core in a process of its own; directory: for its sockets."""

    name = "Conclave"

    def __init__(self, directory: Path) -> None:
        self._core = CoreProcess(directory, "--bind", ADDRESS)
        self._names = itertools.count()
        self._source = ""
        self.version = ""

    @property
    def process(self) -> int:
        """Its process id."""
        return self._core.process.pid

    def __enter__(self) -> Self:
        self._core.__enter__()
        self.version = (
            f"crypto {self._core.started['crypto']}, UDP_SEGMENT {self._core.started['segmentation_offload']}"
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._core.__exit__()

    def publish(self) -> Leg:
        """The publisher; its packets say which source they are of."""
        client = _Client(self._core, "publisher", audio_slots=0, video_slots=0)
        client.connect()
        self._source = f"{client.name}/v"
        return _leg(client, PUBLISHER_SSRC, extension=bytes([MID << 4]) + b"v")

    def subscribe(self) -> Leg:
        """One more subscriber."""
        client = _Client(self._core, f"subscriber{next(self._names)}", audio_slots=0)
        client.connect()
        client.show("rv0", self._source)
        return _leg(client, client.slots["rv0"].ssrc)


class _Client(Participant):
    def _open(self) -> socket.socket:
        opened = open_socket()
        opened.connect((ADDRESS, self.transport.udp_port))
        opened.setblocking(False)
        return opened


def _leg(client: _Client, ssrc: int, extension: bytes = b"") -> Leg:
    (send, profile), (receive, _) = client.handshake.keys()
    username = f"{client.transport.ice_ufrag}:{client.ufrag}".encode()
    assert isinstance(client.socket, socket.socket), "opened above"
    return Leg(
        client.socket,
        send,
        receive,
        ssrc,
        VIDEO,
        profile,
        username=username,
        remote_pwd=client.transport.ice_pwd.encode(),
        extension=extension,
    )
