"""One signalling connection to the gateway, as any client has it: a WebSocket with one message a frame."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
from collections.abc import AsyncIterator, Callable

import aiohttp

from conclave.client.errors import NotTrusted, refusal
from conclave.client.trust import Trust
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Line", "LineLost", "open_line"]

# Takes an event; None when the connection is gone.
Tell = Callable[[pb.ServerMessage | None], None]

SUBPROTOCOL = "conclave.v1"
ANSWER_SECONDS = 15.0
CLOSE_SECONDS = 2.0
# The largest message that the appliance sends is a page of content.
MAX_MESSAGE_SIZE = 16 << 20


class LineLost(Exception):
    """The connection is gone, or there was none; the session may be resumed over another."""


class Line:
    """Sends requests, one at a time; events go where told. local: whether the gateway runs on this machine."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, tell: Tell) -> None:
        self._socket, self._tell = socket, tell
        self._ids = itertools.count(1)
        self._turn = asyncio.Lock()
        self._answers: dict[int, asyncio.Future[pb.ServerMessage]] = {}
        self.local = _is_local(socket.get_extra_info("peername"))

    async def ask(self, message: pb.ClientMessage) -> pb.ServerMessage:
        """Sends a request and returns its answer. Raises Refused and LineLost."""
        # Request ids rise by one in the order of sending.
        async with self._turn:
            message.request_id = next(self._ids)
            answer: asyncio.Future[pb.ServerMessage] = asyncio.get_running_loop().create_future()
            self._answers[message.request_id] = answer
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._socket.send_bytes(message.SerializeToString())
                    found = await answer
            except (TimeoutError, ConnectionError) as error:
                # Whoever reads is to know too.
                await self._socket.close()
                raise LineLost("the appliance does not answer") from error
            finally:
                del self._answers[message.request_id]
        if found.HasField("error"):
            raise refusal(found.error)
        return found

    async def read(self) -> None:
        """Takes what the gateway sends, until the connection ends."""
        try:
            async for frame in self._socket:
                if frame.type is not aiohttp.WSMsgType.BINARY:
                    continue
                message = pb.ServerMessage.FromString(frame.data)
                waiting = self._answers.get(message.request_id)
                if waiting is None:
                    self._tell(message)
                elif not waiting.done():
                    waiting.set_result(message)
        finally:
            for waiting in self._answers.values():
                if not waiting.done():
                    waiting.set_exception(LineLost("the connection was lost"))
            self._tell(None)


class _Ends:
    """Waits for connections to end: aiohttp lets go of one over TLS while its socket is still open."""

    def __init__(self) -> None:
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_end.append(self._connected)
        self._open: list[tuple[asyncio.Transport, asyncio.Future[None]]] = []

    async def reached(self) -> None:
        """Returns once every socket is closed; the other side has its time to agree."""
        for transport, closed in self._open:
            await asyncio.wait([closed], timeout=CLOSE_SECONDS)
            transport.abort()
            await asyncio.gather(closed, return_exceptions=True)

    async def _connected(self, _: aiohttp.ClientSession, __: object, end: aiohttp.TraceRequestEndParams) -> None:
        connection = end.response.connection
        if connection is None or connection.protocol is None or connection.transport is None:
            return
        closed = connection.protocol.closed
        if closed is not None:
            self._open.append((connection.transport, closed))


@contextlib.asynccontextmanager
async def open_line(origin: str, trust: Trust, tell: Tell) -> AsyncIterator[Line]:
    """Connects to a gateway; closes in the end. Raises NotTrusted, and LineLost when it cannot be reached."""
    ends = _Ends()
    timeout = aiohttp.ClientTimeout(sock_connect=ANSWER_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, trace_configs=[ends.trace]) as client:
        try:
            # What our page's address would make a browser say.
            socket = await client.ws_connect(
                f"{origin}/signal",
                ssl=trust,
                protocols=[SUBPROTOCOL],
                origin=origin,
                max_msg_size=MAX_MESSAGE_SIZE,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
            )
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ServerFingerprintMismatch) as error:
            raise NotTrusted(
                f"the certificate of {origin} is not trusted: pass `authority`, the file that the appliance's start "
                "names, or `fingerprint`, the SHA-256 of its certificate"
            ) from error
        except aiohttp.WSServerHandshakeError as error:
            raise LineLost(f"{origin} takes no connection now (HTTP {error.status})") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise LineLost(f"{origin} cannot be reached") from error
        line = Line(socket, tell)
        reader = asyncio.create_task(line.read())
        try:
            yield line
        finally:
            # First the reader: closing would wait for the other side's close, which the reader would take away.
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            await socket.close()
            await ends.reached()


def _is_local(peer: object) -> bool:
    return isinstance(peer, tuple) and ipaddress.ip_address(str(peer[0]).partition("%")[0]).is_loopback
