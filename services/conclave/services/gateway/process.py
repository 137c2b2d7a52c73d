"""The main function of conclave-gateway."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from conclave.services.domain.addresses import loopback_address
from conclave.services.gateway.application import Gateway
from conclave.services.gateway.limits import Limits
from conclave.services.gateway.measuring import GatewayMetrics
from conclave.services.gateway.metrics import MetricsFace, read_expiry
from conclave.services.gateway.tls import server_context
from conclave.services.journal.lines import configure_logging, fields

__all__ = ["main"]

STATIC = Path(__file__).with_name("static")

# By name, because run with "python -m" this module is called __main__.
_log = logging.getLogger("conclave.services.gateway.process")


def main() -> None:
    """Runs until SIGTERM or SIGINT. Exit status 1, and a line that says what to do, when it cannot start."""
    parser = argparse.ArgumentParser("conclave-gateway", description="The web face of an appliance.")
    parser.add_argument("--run-dir", type=Path, required=True, help="the directory of the processes' sockets")
    parser.add_argument("--host", default="0.0.0.0", help="the address to listen on (every IPv4 address)")
    parser.add_argument("--port", type=int, default=8443, help="the HTTPS port (8443)")
    parser.add_argument("--tls-cert", type=Path, required=True, help="the certificate chain (PEM)")
    parser.add_argument("--tls-key", type=Path, required=True, help="its private key (PEM)")
    parser.add_argument(
        "--relay-port", type=int, default=0, help="where a TURN server listens on 127.0.0.1, for TURN over TLS (none)"
    )
    parser.add_argument("--turn-port", type=int, default=0, help="a port for TURN over TCP without TLS (none)")
    parser.add_argument(
        "--metrics-address", type=_loopback, metavar="HOST:PORT", help="serve /metrics here, on loopback only (nowhere)"
    )
    parser.add_argument("--metrics-token", type=Path, help="a file with the token that collecting needs")
    options = parser.parse_args()
    if options.metrics_address is not None and options.metrics_token is None:
        parser.error("--metrics-address needs --metrics-token: nobody collects without one")
    configure_logging("conclave-gateway")
    try:
        asyncio.run(_serve(options))
    except OSError as error:
        # Of files and addresses: a missing certificate, a port that is taken. ssl.SSLError is one too.
        _log.error("cannot start", extra=fields(reason=str(error)))
        sys.exit(1)


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    context = server_context(options.tls_cert, options.tls_key)
    own = GatewayMetrics()
    gateway = Gateway(options.run_dir / "signal" / "control.sock", STATIC, context, Limits(), own, options.relay_port)
    port = await gateway.start(options.host, options.port, options.turn_port)
    metrics = await _start_metrics(options, own)
    _log.info("ready", extra=fields(host=options.host, port=port))
    await stop.wait()
    _log.info("stopping")
    if metrics is not None:
        await metrics.stop()
    await gateway.stop()


async def _start_metrics(options: argparse.Namespace, own: GatewayMetrics) -> MetricsFace | None:
    if options.metrics_address is None:
        return None
    read_expiry(options.tls_cert, own)
    token = options.metrics_token.read_text("ascii").strip()
    if not token:
        raise OSError(f"{options.metrics_token} is empty, and would let everybody in; write a token into it")
    metrics = MetricsFace(options.run_dir / "signal" / "control.sock", token, own)
    await metrics.start(*options.metrics_address)
    return metrics


def _loopback(text: str) -> tuple[str, int]:
    try:
        return loopback_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    main()
