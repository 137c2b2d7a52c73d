"""A client that sends and receives its datagrams over TCP, framed as RFC 4571 says."""

from __future__ import annotations

import socket
import struct

from clients.participant import Participant

__all__ = ["FramedSocket", "TcpParticipant"]

SEND_SECONDS = 5


class FramedSocket:
    """A TCP connection to the core that looks like a connected UDP socket.

    source: the address to come from, empty for that of the host. receive_buffer: of the kernel, 0 for its own choice.
    piece: how many bytes one write carries at most, 0 for whole frames.
    """

    def __init__(
        self, port: int, *, host: str = "127.0.0.1", source: str = "", receive_buffer: int = 0, piece: int = 0
    ) -> None:
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Python's own timeout would make every recv wait.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
        self._socket.bind((source or host, 0))
        self._socket.connect((host, port))
        self._piece = piece
        self._received = b""

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, datagram: bytes) -> None:
        """Sends a frame."""
        self.send_raw(len(datagram).to_bytes(2, "big") + datagram)

    def send_raw(self, data: bytes) -> None:
        """Sends bytes of the stream as they are."""
        piece = self._piece or len(data)
        for start in range(0, len(data), piece):
            self._socket.sendall(data[start : start + piece])

    def recv(self, _: int = 0) -> bytes:
        """The next datagram. Raises BlockingIOError while it is not complete, ConnectionError when none can come."""
        while True:
            size = int.from_bytes(self._received[:2], "big")
            if len(self._received) >= 2 + size and len(self._received) >= 2:
                datagram, self._received = self._received[2 : 2 + size], self._received[2 + size :]
                return datagram
            data = self._socket.recv(65_536, socket.MSG_DONTWAIT)
            if not data:
                raise ConnectionAbortedError("the core closed the connection")
            self._received += data

    def wait_for_end(self, seconds: float) -> bool:
        """Reads until the core closes the connection; false when it has not in time."""
        self._socket.settimeout(seconds)
        try:
            while self._socket.recv(65_536):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True

    def close(self) -> None:
        self._socket.close()


class TcpParticipant(Participant):
    """A participant whose network lets only TCP through."""

    host = "127.0.0.1"
    receive_buffer = 0
    piece = 0

    def _open(self) -> FramedSocket:
        port = self.transport.udp_port
        return FramedSocket(port, host=self.host, receive_buffer=self.receive_buffer, piece=self.piece)
