"""The demo's process: synthetic participants that hold nothing but invites and go in through the gateway."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from conclave.services.demo.company import Company
from conclave.services.demo.desk import serve_orders
from conclave.services.demo.guest import Gateway
from conclave.services.journal.lines import configure_logging, fields

__all__ = ["main"]

# By name, because run with "python -m" this module is called __main__.
_log = logging.getLogger("conclave.services.demo")

# The appliance's own processes come first.
NICENESS = 5


def main() -> None:
    """Runs until SIGTERM or SIGINT. Exit status 1, and a line that says what to do, when it cannot start."""
    parser = argparse.ArgumentParser("conclave-demo", description="Synthetic participants of an appliance.")
    parser.add_argument("--run-dir", type=Path, required=True, help="the directory of the processes' sockets")
    parser.add_argument("--gateway", required=True, help="the gateway's origin, such as https://127.0.0.1:8443")
    parser.add_argument("--authority", type=Path, required=True, help="whose certificates to trust (PEM)")
    options = parser.parse_args()
    configure_logging("conclave-demo")
    os.nice(NICENESS)
    try:
        asyncio.run(_serve(options))
    except OSError as error:
        _log.error("cannot start", extra=fields(reason=str(error)))
        sys.exit(1)


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    gateway = Gateway(options.gateway, options.authority)
    directory = options.run_dir / "demo"
    company = Company(gateway, directory / "guests.json")
    await company.restore()
    server = await serve_orders(directory / "demo.sock", company)
    _log.info("ready")
    await stop.wait()
    _log.info("stopping")
    server.close()
    await company.close()


if __name__ == "__main__":
    main()
