"""The endpoint /signal: who may open a WebSocket here, and how many."""

from __future__ import annotations

import asyncio
import logging
import time

from aiohttp import web

from conclave.services.gateway.bridge import Bridge, HelloBuckets
from conclave.services.gateway.control_link import ControlLink
from conclave.services.gateway.limits import AddressBuckets, Limits
from conclave.services.gateway.measuring import GatewayMetrics
from conclave.services.gateway.outgoing import CloseCode, End
from conclave.services.journal.lines import fields

__all__ = ["SUBPROTOCOL", "Signalling"]

SUBPROTOCOL = "conclave.v1"

_CLOSE_TIMEOUT_S = 2.0
_NO_STORE = {"Cache-Control": "no-store"}

_log = logging.getLogger(__name__)


class Signalling:
    """Accepts signalling connections and keeps their number and rate."""

    def __init__(self, link: ControlLink, limits: Limits, metrics: GatewayMetrics) -> None:
        self._link = link
        self._limits = limits
        self._metrics = metrics
        self._bridges: set[Bridge] = set()
        self._open = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._new_connections = AddressBuckets(limits.connections_of_address, limits.tracked_addresses)
        self._invalid_invites = AddressBuckets(limits.invalid_invites_of_address, limits.tracked_addresses)
        self._strangers = AddressBuckets(limits.strangers_of_address, limits.tracked_addresses)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answers one upgrade request and carries the connection until it ends."""
        address = request.remote or ""
        now_ns = time.monotonic_ns()
        refusal = self._refuse(request, address, now_ns)
        if refusal is not None:
            return refusal
        # The hard limit is above ours, so that a message over ours is answered with an Error and not only a code.
        socket = web.WebSocketResponse(
            protocols=[SUBPROTOCOL],
            max_msg_size=2 * self._limits.message_size,
            timeout=_CLOSE_TIMEOUT_S,
            # Who was cut off says nothing: without being asked they would be taken for present until they are idle.
            heartbeat=self._limits.heartbeat_s,
            compress=False,
        )
        self._open += 1
        self._metrics.connection_opened()
        self._idle.clear()
        end = End(CloseCode.NORMAL)
        try:
            await socket.prepare(request)
            buckets = HelloBuckets(self._invalid_invites.of(address, now_ns), self._strangers.of(address, now_ns))
            bridge = Bridge(socket, self._link.connect(), self._limits, buckets)
            self._bridges.add(bridge)
            try:
                end = await bridge.run()
            finally:
                self._bridges.discard(bridge)
        finally:
            self._open -= 1
            self._metrics.connection_ended(end.close_code)
            if self._open == 0:
                self._idle.set()
            if end.close_code in (CloseCode.TOO_SLOW, CloseCode.GONE) and request.transport is not None:
                # What is still unsent would wait for a client that may never read it.
                request.transport.abort()
        if end.close_code is not CloseCode.NORMAL:
            _log.info("signalling connection ended", extra=fields(close_code=end.close_code.name))
        return socket

    async def end_all(self) -> None:
        """Tells every client that the gateway goes away, and waits until they have heard; they come back later."""
        for bridge in self._bridges:
            bridge.end(End(CloseCode.GOING_AWAY))
        # Each farewell has a time limit of its own.
        await self._idle.wait()

    def _refuse(self, request: web.Request, address: str, now_ns: int) -> web.Response | None:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return _answer(426, "This is the signalling endpoint: connect with a WebSocket.\n", Upgrade="websocket")
        if not self._new_connections.of(address, now_ns).take(now_ns):
            return _answer(429, "Too many connections from this address; try again shortly.\n", **{"Retry-After": "5"})
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        if SUBPROTOCOL not in [name.strip() for name in offered.split(",")]:
            return _answer(400, f"Offer the subprotocol {SUBPROTOCOL}; an older page must be reloaded.\n")
        if request.headers.get("Origin") != f"https://{request.host}":
            return _answer(403, "Signalling is for pages of this appliance only.\n")
        if self._open >= self._limits.connections:
            return _answer(503, "The appliance carries as many connections as it may.\n", **{"Retry-After": "10"})
        return None


def _answer(status: int, text: str, **headers: str) -> web.Response:
    return web.Response(status=status, text=text, headers={**_NO_STORE, **headers})
