"""/metrics: what a monitoring system on this machine collects, with a token, on an address of its own."""

from __future__ import annotations

import hmac
from pathlib import Path

import grpc
from aiohttp import web
from cryptography import x509

from conclave.services.gateway.control_link import ControlLink
from conclave.services.gateway.measuring import GatewayMetrics
from conclave.services.openmetrics.exposition import CONTENT_TYPE, expose, join

__all__ = ["MetricsFace", "read_expiry"]

_STOP_TIMEOUT_S = 1.0


class MetricsFace:
    """Serves the metrics of all processes to whoever has the token. `own` are the gateway's."""

    def __init__(self, control_socket: Path, token: str, own: GatewayMetrics) -> None:
        self._link = ControlLink(control_socket)
        self._token = token.encode()
        self._own = own
        application = web.Application(client_max_size=1024)
        application.router.add_get("/metrics", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_STOP_TIMEOUT_S)

    async def start(self, host: str, port: int) -> int:
        """Listens. Returns the port, which is a free one when 0 was asked for."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Ends."""
        await self._runner.cleanup()
        await self._link.close()

    async def _serve(self, request: web.Request) -> web.Response:
        scheme, _, offered = request.headers.get("Authorization", "").partition(" ")
        # Bytes that are no UTF-8 come as surrogates.
        token = offered.strip().encode(errors="surrogateescape")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token, self._token):
            text = "Collect with the bearer token in gateway/metrics.token of the state directory.\n"
            return web.Response(status=401, text=text, headers={"WWW-Authenticate": "Bearer"})
        try:
            of_control = await self._link.metrics()
        except grpc.RpcError:
            of_control = b""
        self._own.control_answered(bool(of_control))
        body = join([of_control, expose([self._own])])
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})


def read_expiry(certificate: Path, own: GatewayMetrics) -> None:
    """Tells the metrics when the first certificate of the chain ends."""
    own.certificate_expires(x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc)
