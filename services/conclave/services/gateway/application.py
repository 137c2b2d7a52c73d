"""Puts the web face together."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestHandler

from conclave.services.gateway.control_link import ControlLink
from conclave.services.gateway.devices import SESSION_PATHS, Devices
from conclave.services.gateway.files import Files
from conclave.services.gateway.headers import set_security_headers
from conclave.services.gateway.limits import Limits
from conclave.services.gateway.measuring import GatewayMetrics
from conclave.services.gateway.pages import StaticFiles, serve_page
from conclave.services.gateway.relayed import RelayedConnections
from conclave.services.gateway.shared_port import FirstByte
from conclave.services.gateway.signalling import Signalling

__all__ = ["Gateway"]

_HANDSHAKE_TIMEOUT_S = 10.0
_REQUEST_TIMEOUT_S = 15.0
_STOP_TIMEOUT_S = 3.0
# Sockets that have not become signalling connections: page loads, and whoever just holds them open.
_SPARE_SOCKETS = 1000

_log = logging.getLogger(__name__)


class Gateway:
    """The HTTPS server with its line to control, and the way to the relay on the same port.

    relay_port: where the relay listens on the loopback; 0 without one.
    """

    def __init__(
        self,
        control_socket: Path,
        static: Path,
        tls: ssl.SSLContext,
        limits: Limits,
        metrics: GatewayMetrics,
        relay_port: int = 0,
    ) -> None:
        self._tls = tls
        self._silent: set[FirstByte] = set()
        self._relayed = RelayedConnections(relay_port, limits) if relay_port else None
        self._max_sockets = limits.connections + _SPARE_SOCKETS
        self._link = ControlLink(control_socket)
        self._signalling = Signalling(self._link, limits, metrics)
        self._files = Files(self._link, limits)
        self._devices = Devices(self._link, limits)
        self._static = StaticFiles(static)
        application = web.Application(client_max_size=1024, middlewares=[metrics.count_request, _plain_errors])
        application.router.add_get("/signal", self._signalling.serve, allow_head=False)
        application.router.add_get("/healthz", self._health)
        application.router.add_put("/files/{file_id}/parts/{number}", self._files.put_part)
        application.router.add_get("/files/{file_id}", self._files.read, allow_head=False)
        for path in SESSION_PATHS:
            application.router.add_route("*", path, self._devices.serve_endpoint)
            application.router.add_route("*", f"{path}/{{session_id}}", self._devices.serve_session)
        application.router.add_get("/{path:.*}", self._page)
        application.on_response_prepare.append(_prepare)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_STOP_TIMEOUT_S)
        self._server: asyncio.Server | None = None
        self._turn_server: asyncio.Server | None = None

    async def start(self, host: str, port: int, turn_port: int = 0) -> int:
        """Listens; "::" is every address, of IPv4 too. Returns the port, which is a free one when 0 was asked for.

        turn_port: takes clients of the relay without TLS; 0 for none.
        """
        await self._runner.setup()
        server = self._runner.server
        assert server is not None, "setup makes it"
        loop = asyncio.get_running_loop()

        def connection() -> RequestHandler:
            return _Connection(server, loop=loop, keepalive_timeout=_REQUEST_TIMEOUT_S, max_headers=64)

        def guarded_connection() -> asyncio.BaseProtocol:
            if len(server.connections) + len(self._silent) >= self._max_sockets:
                return _Refused()
            return FirstByte(connection, self._relayed, self._silent, _REQUEST_TIMEOUT_S)

        self._server = await loop.create_server(
            guarded_connection,
            sock=_listener(host, port),
            ssl=self._tls,
            backlog=256,
            ssl_handshake_timeout=_HANDSHAKE_TIMEOUT_S,
            ssl_shutdown_timeout=_STOP_TIMEOUT_S,
        )
        if self._relayed is not None and turn_port:
            self._turn_server = await loop.create_server(self._relayed, sock=_listener(host, turn_port), backlog=256)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Turns new connections away, tells the open ones, and ends."""
        for server in (self._server, self._turn_server):
            if server is not None:
                server.close()
        for connection in list(self._silent):
            connection.abort()
        if self._relayed is not None:
            await self._relayed.stop()
        await self._signalling.end_all()
        await self._runner.cleanup()
        await self._link.close()

    async def _page(self, request: web.Request) -> web.Response:
        return serve_page(request, self._static)

    async def _health(self, request: web.Request) -> web.Response:
        healthy = await self._link.healthy()
        state = {
            "gateway": "ok",
            "control": "ok" if healthy else "away",
            "client": "ok" if self._static.built else "missing",
        }
        return web.json_response(state, headers={"Cache-Control": "no-store"})


class _Connection(RequestHandler):
    """One TCP connection; requests that are no HTTP are answered without a word about what we run."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to a request that could not be read, or that no handler could answer."""
        if status >= 500:
            _log.error("a request failed", exc_info=exc)
        response = _Plain(status=status, text="The request failed.\n" if status >= 500 else "That is not HTTP.\n")
        response.force_close()
        return response


class _Plain(web.Response):
    """A response that no application prepares, so that it sets its headers itself."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        set_security_headers(self.headers)


class _Refused(asyncio.Protocol):
    """One TCP connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Closes it at once."""
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


@web.middleware
async def _plain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        headers = {"Cache-Control": "no-store"}
        if "Allow" in error.headers:
            headers["Allow"] = error.headers["Allow"]
        return web.Response(status=error.status, text=f"{error.reason}.\n", headers=headers)


async def _prepare(request: web.Request, response: web.StreamResponse) -> None:
    set_security_headers(response.headers, request.path)


def _listener(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    # asyncio itself would keep IPv4 out of an IPv6 socket.
    return socket.create_server(address, family=family, dualstack_ipv6=host == "::")
