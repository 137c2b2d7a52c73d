"""HTTPS and TURN over TLS on one port: the first decrypted byte tells which of them a connection is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["FirstByte", "is_stun"]

# RFC 8489 section 5: the first two bits of a STUN message are zero, and no method is beyond 0xFFF, so that two more are
# free of all but the class. HTTP begins with a letter.
_STUN_MAX = 0x03


def is_stun(data: bytes) -> bool:
    """Whether what a client says first begins a STUN message."""
    return data[0] <= _STUN_MAX


class FirstByte(asyncio.Protocol):
    """A connection after its TLS handshake, until its first byte is there; then another protocol's.

    http and relay make those; relay is None where there is no relay. waiting: those of which nothing was heard yet.
    """

    def __init__(
        self,
        http: Callable[[], asyncio.Protocol],
        relay: Callable[[], asyncio.Protocol] | None,
        waiting: set[FirstByte],
        timeout_s: float,
    ) -> None:
        self._http = http
        self._relay = relay
        self._waiting = waiting
        self._timeout_s = timeout_s
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._waiting.add(self)
        self._timer = asyncio.get_running_loop().call_later(self._timeout_s, self.abort)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None, "asyncio makes the connection before it delivers data"
        self._forget()
        make = self._relay if self._relay is not None and is_stun(data) else self._http
        protocol = make()
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()

    def abort(self) -> None:
        """Ends a connection that says nothing."""
        if self._transport is not None:
            self._transport.abort()

    def _forget(self) -> None:
        self._waiting.discard(self)
        if self._timer is not None:
            self._timer.cancel()
