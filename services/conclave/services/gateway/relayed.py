"""Connections of clients to the relay: TURN over TLS on the gateway's port (RFC 8656 section 2.1).

The relay listens on the loopback without TLS, and is told whose a connection is: browsers would not believe one that
takes them for its own machine. It ends connections that do not allocate, and those whose allocation is not refreshed;
here they are only counted and passed on.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from conclave.services.gateway.limits import Limits, address_key
from conclave.services.gateway.proxy_header import proxy_header
from conclave.services.tasks import end_tasks

__all__ = ["RelayedConnections"]

_CONNECT_TIMEOUT_S = 5.0
# Bytes that may wait for a client: what is older than this much is of no use to a conversation.
_WAITING_MAX = 64 * 1024
# For that much to leave. Who does not read would keep a place for good: nothing is read at the other end meanwhile, so
# that not even its end is seen.
_STALL_TIMEOUT_S = 10.0
# For what still waits to leave, once the other end is over.
_CLOSE_TIMEOUT_S = 3.0


class RelayedConnections:
    """Makes the protocols of such connections, and keeps their number. port: where the relay listens."""

    def __init__(self, port: int, limits: Limits) -> None:
        self._port = port
        self._limits = limits
        self._ends: set[_ClientEnd] = set()
        self._of_address: Counter[str] = Counter()
        self._connecting: set[asyncio.Task[None]] = set()

    def __call__(self) -> asyncio.Protocol:
        """The protocol of one more connection."""
        return _ClientEnd(self)

    def connect(self, end: _ClientEnd, address: str) -> None:
        """Connects a client's end to the relay, or ends it: its address may have too many already."""
        if len(self._ends) >= self._limits.relayed or self._of_address[address] >= self._limits.relayed_of_address:
            end.abort()
            return
        self._ends.add(end)
        self._of_address[address] += 1
        task = asyncio.get_running_loop().create_task(self._connect(end))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    def ended(self, end: _ClientEnd, address: str) -> None:
        """A client's end is over, whether it was connected or not."""
        if end in self._ends:
            self._ends.remove(end)
            self._of_address[address] -= 1
        if not self._of_address[address]:
            del self._of_address[address]

    async def stop(self) -> None:
        """Ends all."""
        await end_tasks(self._connecting)
        for end in list(self._ends):
            end.abort()

    async def _connect(self, end: _ClientEnd) -> None:
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                await asyncio.get_running_loop().create_connection(lambda: _RelayEnd(end), "127.0.0.1", self._port)
        except (OSError, TimeoutError):
            # The relay is being started again; browsers try again too.
            end.abort()


class _End(asyncio.Protocol):
    """One end of a connection that is passed on: what comes in leaves at the other, no faster than that takes it."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _End | None = None
        self._last_moment: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=_WAITING_MAX)

    def data_received(self, data: bytes) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        """This end does not take more: nothing is read at the other."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()
        self._end_within(_STALL_TIMEOUT_S)

    def resume_writing(self) -> None:
        """It does again."""
        if self.other is not None and self.other.transport is not None:
            self._end_at_will()
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._end_at_will()
        if self.other is not None:
            self.other.close()

    def close(self) -> None:
        """Ends the connection when what waits has left, or did not leave in time."""
        if self.transport is not None:
            self.transport.close()
            self._end_within(_CLOSE_TIMEOUT_S)

    def _end_within(self, seconds: float) -> None:
        self._end_at_will()
        if self.transport is not None:
            self._last_moment = asyncio.get_running_loop().call_later(seconds, self.transport.abort)

    def _end_at_will(self) -> None:
        if self._last_moment is not None:
            self._last_moment.cancel()
            self._last_moment = None


class _ClientEnd(_End):
    """The end towards a client; what it says before the relay is there waits."""

    def __init__(self, connections: RelayedConnections) -> None:
        super().__init__()
        self._connections = connections
        self._address = ""
        self._said = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._address = address_key((transport.get_extra_info("peername") or ("",))[0])
        assert self.transport is not None, "set just now"
        self.transport.pause_reading()
        self._connections.connect(self, self._address)

    def data_received(self, data: bytes) -> None:
        if self.other is None:
            self._said += data
        else:
            super().data_received(data)

    def relay_connected(self, other: _RelayEnd) -> None:
        """The relay is there. `other.transport` stands."""
        self.other = other
        assert other.transport is not None, "called by its connection_made"
        if self.transport is None:
            other.transport.abort()
            return
        ends = (self.transport.get_extra_info(name)[:2] for name in ("peername", "sockname"))
        other.transport.write(proxy_header(*ends) + self._said)
        self._said.clear()
        self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.ended(self, self._address)
        super().connection_lost(exc)

    def abort(self) -> None:
        """Ends the connection at once."""
        if self.transport is not None:
            self.transport.abort()


class _RelayEnd(_End):
    """The end towards the relay."""

    def __init__(self, client: _ClientEnd) -> None:
        super().__init__()
        self._client = client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.other = self._client
        self._client.relay_connected(self)
