"""A TURN client (RFC 8656) over TCP or UDP, in small: it says what a test wants said, and tells what was answered."""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import struct
import zlib
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Self

__all__ = ["Answer", "TurnClient"]

# RFC 8656 section 17.
_ALLOCATE, _CREATE_PERMISSION, _CHANNEL_BIND, _SEND = 0x003, 0x008, 0x009, 0x016
# RFC 8489 section 5.
_COOKIE = 0x2112A442
# RFC 8489 section 14 and RFC 8656 section 18.
_USERNAME, _INTEGRITY, _ERROR, _REALM, _NONCE, _FINGERPRINT = 0x0006, 0x0008, 0x0009, 0x0014, 0x0015, 0x8028
_CHANNEL_NUMBER, _PEER_ADDRESS, _DATA, _TRANSPORT, _MAPPED_ADDRESS = 0x000C, 0x0012, 0x0013, 0x0019, 0x0020
_UDP = 17


@dataclass(frozen=True)
class Answer:
    """What the server answered. error: 0 for success."""

    error: int
    attributes: dict[int, bytes] = field(repr=False)

    @property
    def mapped_address(self) -> tuple[str, int]:
        """From where the server saw the client ask."""
        return _read_address(self.attributes[_MAPPED_ADDRESS])


class TurnClient:
    """One client over one connected socket; datagrams of a UDP socket hold one message as well."""

    def __init__(self, connection: socket.socket, username: str, password: str) -> None:
        self._socket = connection
        self._username = username
        self._password = password
        self._realm = self._nonce = b""
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def allocate(self) -> Answer:
        """An allocation for UDP, with the credentials once the server has said that it wants some."""
        transport = (_TRANSPORT, struct.pack("!B3x", _UDP))
        first = self.request(_ALLOCATE, transport)
        if first.error != 401:
            return first
        self._realm, self._nonce = first.attributes[_REALM], first.attributes[_NONCE]
        return self.request(_ALLOCATE, transport)

    def permit(self, address: str) -> Answer:
        return self.request(_CREATE_PERMISSION, (_PEER_ADDRESS, _address(address, 0)))

    def bind_channel(self, number: int, address: str, port: int) -> Answer:
        channel = (_CHANNEL_NUMBER, struct.pack("!HH", number, 0))
        return self.request(_CHANNEL_BIND, channel, (_PEER_ADDRESS, _address(address, port)))

    def send(self, address: str, port: int, data: bytes) -> None:
        """A Send indication: the data goes to the peer."""
        body = _attribute(_PEER_ADDRESS, _address(address, port)) + _attribute(_DATA, data)
        self._socket.sendall(_header(_SEND, len(body), os.urandom(12)) + body)

    def receive(self) -> tuple[tuple[str, int], bytes]:
        """The next Data indication: from whom, and what."""
        attributes = _attributes(self._message())
        return _read_address(attributes[_PEER_ADDRESS]), attributes[_DATA]

    def request(self, method: int, *attributes: tuple[int, bytes]) -> Answer:
        transaction = os.urandom(12)
        body = b"".join(_attribute(kind, value) for kind, value in attributes)
        if self._nonce:
            body += _attribute(_USERNAME, self._username.encode())
            body += _attribute(_REALM, self._realm) + _attribute(_NONCE, self._nonce)
            # RFC 8489 section 9.2.2, with MD5, which is what long-term credentials are computed with unless negotiated.
            login = f"{self._username}:{self._realm.decode()}:{self._password}"
            key = hashlib.md5(login.encode(), usedforsecurity=False).digest()
            signed = _header(method, len(body) + 24, transaction) + body
            body += _attribute(_INTEGRITY, hmac.digest(key, signed, "sha1"))
        signed = _header(method, len(body) + 8, transaction) + body
        body += _attribute(_FINGERPRINT, struct.pack("!I", zlib.crc32(signed) ^ 0x5354554E))
        self._socket.sendall(_header(method, len(body), transaction) + body)
        while (answer := self._message())[8:20] != transaction:
            pass
        told = _attributes(answer)
        error = told.get(_ERROR)
        return Answer(error[2] * 100 + error[3] if error else 0, told)

    def _message(self) -> bytes:
        while len(self._buffer) < 20 or len(self._buffer) < 20 + int.from_bytes(self._buffer[2:4]):
            received = self._socket.recv(65536)
            if not received:
                raise ConnectionError("the server has closed")
            self._buffer += received
        size = 20 + int.from_bytes(self._buffer[2:4])
        message, self._buffer = self._buffer[:size], self._buffer[size:]
        return message


def _header(kind: int, size: int, transaction: bytes) -> bytes:
    return struct.pack("!HHI", kind, size, _COOKIE) + transaction


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def _attributes(message: bytes) -> dict[int, bytes]:
    found, offset = {}, 20
    while offset < len(message):
        kind, size = struct.unpack_from("!HH", message, offset)
        found[kind] = message[offset + 4 : offset + 4 + size]
        offset += 4 + size + -size % 4
    return found


def _address(address: str, port: int) -> bytes:
    """XOR-PEER-ADDRESS of an IPv4 address (RFC 8489 section 14.2)."""
    return struct.pack("!xBHI", 1, port ^ (_COOKIE >> 16), int(ip_address(address)) ^ _COOKIE)


def _read_address(value: bytes) -> tuple[str, int]:
    _family, port, address = struct.unpack("!xBHI", value[:8])
    return str(ip_address(address ^ _COOKIE)), port ^ (_COOKIE >> 16)
