"""The main function of conclave-control."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

from sqlalchemy.exc import OperationalError

from conclave.services.control.assembly import build
from conclave.services.control.options import ControlOptions, parse_options
from conclave.services.journal.lines import configure_logging, fields
from conclave.services.state.engine import CannotOpenDatabase
from conclave.services.state.store import WrongDeployment

__all__ = ["main"]

# By name, because run with "python -m" this module is called __main__.
_log = logging.getLogger("conclave.services.control.process")


def main() -> None:
    """Runs until SIGTERM or SIGINT. Exit status 1, and a line that says what to do, when it cannot start."""
    options = parse_options(sys.argv[1:])
    configure_logging("conclave-control")
    try:
        asyncio.run(_serve(options))
    except (CannotOpenDatabase, OSError, ValueError, WrongDeployment) as error:
        # These speak of files and settings, never of people.
        _log.error("cannot start", extra=fields(reason=str(error)))
        sys.exit(1)
    except OperationalError:
        reason = "the database does not answer; check --database-url and that its server runs"
        _log.error("cannot start", extra=fields(reason=reason))
        sys.exit(1)


async def _serve(options: ControlOptions) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    control = build(options)
    await control.start()
    _log.info("ready", extra=fields(admin_socket=str(options.admin_socket), tcp_port=control.tcp_port))
    await stop.wait()
    _log.info("stopping")
    await control.stop()


if __name__ == "__main__":
    main()
