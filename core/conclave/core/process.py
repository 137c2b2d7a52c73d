"""conclave-core: the media core as a process (L8)."""

from __future__ import annotations

import argparse
import ipaddress
import logging
import os
import secrets
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conclave.core import confinement, srtp_context
from conclave.core.control import Control
from conclave.core.dtls import DtlsEndpoint, DtlsIdentity, DtlsState, read_fingerprint
from conclave.core.loop import Worker
from conclave.core.server import Server
from conclave.core.usage import UsageMeter

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

DEFAULT_PORT: Final = 10_000
WORKERS_MAX: Final = 64

_log = logging.getLogger("conclave.core")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the core until SIGTERM or SIGINT; 0 after a clean stop, 1 when it could not start or go on."""
    options = _options(arguments)
    _start_log()
    try:
        return _run(options)
    except Exception as error:
        # The text of an exception may name a person's transport: the kind and the place are enough to find it.
        places = " < ".join(
            f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
            for frame in reversed(traceback.extract_tb(error.__traceback__))
        )
        reason = f" reason={error.strerror!r}" if isinstance(error, OSError) else ""
        _log.critical("stopped error=%s%s at=%r", type(error).__name__, reason, places)
        return 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="conclave-core", description="Conclave's media core")
    parser.add_argument(
        "--run-dir", type=Path, required=True, help="directory of sockets; this process uses core/ in it"
    )
    parser.add_argument("--bind", default="0.0.0.0", help="address of the media sockets (default %(default)s)")
    parser.add_argument(
        "--media-port",
        type=int,
        default=DEFAULT_PORT,
        help="UDP and TCP port of the first worker, the next ones follow; 0 takes free ports (default %(default)s)",
    )
    parser.add_argument("--workers", type=int, default=1, help="forwarding threads (default %(default)s)")
    parser.add_argument(
        "--address",
        action="append",
        dest="addresses",
        default=[],
        help="address to offer to clients; repeatable (default: that of --bind)",
    )
    parser.add_argument("--crypto", choices=["auto", "ipsec-mb", "openssl", "libsrtp"], default="auto")
    options = parser.parse_args(arguments)
    for address in [options.bind, *options.addresses]:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            parser.error(f"{address!r} is no IP address")
    if not options.addresses:
        if ipaddress.ip_address(options.bind).is_unspecified:
            parser.error("say with --address which addresses clients shall use, or --bind a single one")
        options.addresses = [options.bind]
    if not 1 <= options.workers <= WORKERS_MAX:
        parser.error(f"--workers must be 1 to {WORKERS_MAX}")
    if options.media_port and not 1 <= options.media_port <= 65_536 - options.workers:
        parser.error("--media-port and the ports after it must be 1 to 65535")
    return options


def _start_log() -> None:
    handler = logging.StreamHandler(sys.stdout)
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime  # the local time zone would be read from a file
    handler.setFormatter(formatter)
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False


def _run(options: argparse.Namespace) -> int:
    confinement.forbid_core_dumps()
    confinement.raise_locked_memory_limit()
    confinement.raise_open_files_limit()
    srtp_context.choose_backend(options.crypto)
    engines = [
        Worker(bind=options.bind, port=options.media_port + number if options.media_port else 0, cpu=cpu)
        for number, cpu in enumerate(_cpus(options.workers))
    ]
    usage = UsageMeter()
    identity = DtlsIdentity()
    _rehearse(identity)
    control = Control(
        engines,
        identity,
        instance_id=secrets.token_hex(8),
        addresses=options.addresses,
        crypto_backend=srtp_context.chosen_backend(),
        usage=usage,
        wallclock_offset_ns=time.time_ns() - time.monotonic_ns(),
        now_ns=time.monotonic_ns(),
    )
    with Server(control, engines, options.run_dir / "core") as server:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.stop())
        for engine in engines:
            engine.start()
        _log.info(
            "started workers=%d ports=%s crypto=%s segmentation_offload=%s keys_locked=%s files_forbidden=%s",
            len(engines),
            ",".join(str(engine.port) for engine in engines),
            srtp_context.chosen_backend(),
            _word(all(engine.segmentation_offload for engine in engines)),
            _word(all(engine.keys_locked for engine in engines)),
            _word(confinement.forbid_files()),
        )
        try:
            server.serve()
        finally:
            for engine in engines:
                engine.stop()
    _log.info("stopped")
    return 0


def _cpus(workers: int) -> list[int | None]:
    """The CPU of each worker: one of its own when there are enough; a single worker goes where it is free."""
    available = sorted(os.sched_getaffinity(0))
    if not 1 < workers <= len(available):
        return [None] * workers
    return list(available[:workers])


def _word(value: bool) -> str:
    return "yes" if value else "no"


def _rehearse(identity: DtlsIdentity) -> None:
    """One handshake with itself: a broken library shows at the start, and whatever loads late is loaded."""
    fingerprint = read_fingerprint(identity.fingerprint)
    now_ns = time.monotonic_ns()
    client = DtlsEndpoint(identity, client=True, remote_fingerprint=fingerprint, now_ns=now_ns)
    server = DtlsEndpoint(identity, client=False, remote_fingerprint=fingerprint, now_ns=now_ns)
    client.start(now_ns)
    while flight := client.poll_transmit():
        for datagram in flight:
            server.receive(datagram, now_ns)
        for datagram in server.poll_transmit():
            client.receive(datagram, now_ns)
    if client.state is not DtlsState.CONNECTED or server.state is not DtlsState.CONNECTED:
        raise RuntimeError("the DTLS library cannot complete a handshake with itself")


if __name__ == "__main__":
    sys.exit(main())
