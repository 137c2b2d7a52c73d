"""What the gateway counts of itself. Labels come from fixed lists: no address, no path, no person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector
from prometheus_client.metrics_core import Metric

from conclave.services.gateway.outgoing import CloseCode

__all__ = ["GatewayMetrics"]

# By the first segment of the path; everything else is a page, or somebody who tries.
_FACES = ("signal", "files", "whip", "whep", "healthz")
_OTHER_FACE = "page"


class GatewayMetrics:
    """The registry of the gateway's process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector("conclave_gateway", registry=self._registry)
        self._requests = Counter(
            "conclave_gateway_requests",
            "HTTP requests that were answered; of a signalling connection when it ends",
            ["face", "code"],
            registry=self._registry,
        )
        self._connections = Gauge(
            "conclave_gateway_signalling_connections", "Signalling connections that are open", registry=self._registry
        )
        self._ended = Counter(
            "conclave_gateway_signalling_connections_ended",
            "Signalling connections that have ended, by why",
            ["reason"],
            registry=self._registry,
        )
        for code in CloseCode:
            self._ended.labels(code.name.lower())
        self._expiry = Gauge(
            "conclave_gateway_certificate_expiry_timestamp_seconds",
            "When the certificate of the web face expires",
            registry=self._registry,
        )
        self._control_up = Gauge(
            "conclave_gateway_control_up", "Whether control answered this collection", registry=self._registry
        )

    def collect(self) -> Iterator[Metric]:
        """The families."""
        yield from self._registry.collect()

    @web.middleware
    async def count_request(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Counts what a request was answered with."""
        status = 500
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            # Not every target begins with a slash: "*" and "host:port" do not, and "http://host" has no path at all.
            segment = request.path.lstrip("/").partition("/")[0]
            self._requests.labels(segment if segment in _FACES else _OTHER_FACE, str(status)).inc()
        return response

    def connection_opened(self) -> None:
        """A signalling connection was taken."""
        self._connections.inc()

    def connection_ended(self, code: CloseCode) -> None:
        """A signalling connection is over."""
        self._connections.dec()
        self._ended.labels(code.name.lower()).inc()

    def certificate_expires(self, time: datetime) -> None:
        """Keeps when the certificate ends that is served."""
        self._expiry.set(time.timestamp())

    def control_answered(self, answered: bool) -> None:
        """Keeps whether control told its own metrics."""
        self._control_up.set(answered)
