"""What `./appliance/up` and `./appliance/down` run once everything is installed and built."""

from __future__ import annotations

import datetime
import fcntl
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from typing import Annotated

import grpc
import typer
from cryptography import x509
from rich.console import Console
from rich.markup import escape

from conclave.services.appliance.admin import describe
from conclave.services.appliance.demo import check_demo_packages
from conclave.services.appliance.errors import NotRunning, StartFailed
from conclave.services.appliance.health import wait_until_healthy
from conclave.services.appliance.isolation import DEMO, PROGRAMS, RELAY, hand_over, isolate
from conclave.services.appliance.layout import Layout, default_state
from conclave.services.appliance.relay import free_loopback_port, prepare_relay, require_turnserver
from conclave.services.appliance.settings import Settings, check_ports, machine_addresses
from conclave.services.appliance.state import prepare_state
from conclave.services.appliance.supervision import is_running, process_states, start_supervisor, stop_supervisor
from conclave.services.appliance.welcome import welcome
from conclave.services.domain.addresses import loopback_address
from conclave.services.domain.files import parse_size

__all__ = ["app"]

# RFC 1123 section 2.1.
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
console = Console(highlight=False)

State = Annotated[
    Path | None,
    typer.Option(
        "--state", help="Directory of the appliance's state.", envvar="CONCLAVE_STATE", metavar="DIR", readable=False
    ),
]


@app.command()
def up(
    state: State = None,
    port: Annotated[int, typer.Option(help="HTTPS port.", min=1, max=65535)] = 8443,
    media_port: Annotated[
        int, typer.Option(help="First port for media, UDP and TCP, one a worker.", min=1, max=65535)
    ] = 10000,
    address: Annotated[
        list[str] | None,
        typer.Option(help="IP address offered to clients; repeatable.", show_default="all of the machine's"),
    ] = None,
    external_address: Annotated[
        list[str] | None,
        typer.Option(
            help="IP address of a NAT in front that passes the same ports on; repeatable.", show_default="none"
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Name of the machine in invites and in its certificate.", show_default="an address")
    ] = "",
    relay: Annotated[
        bool,
        typer.Option("--relay/--no-relay", help="Relay media (TURN) over the HTTPS port where nothing else passes."),
    ] = True,
    turn_port: Annotated[
        int,
        typer.Option(help="Port for TURN over UDP and TCP too, usually 3478.", show_default="none", min=0, max=65535),
    ] = 0,
    workers: Annotated[int, typer.Option(help="Media threads.", min=1, max=64)] = 1,
    database_url: Annotated[
        str, typer.Option(help="SQLAlchemy URL of a PostgreSQL database.", show_default="an encrypted file")
    ] = "",
    max_file_size: Annotated[
        str, typer.Option(help="Bytes of one shared file, such as 500MiB.", show_default="2GiB")
    ] = "",
    max_meeting_files: Annotated[
        str, typer.Option(help="Bytes of the files of one meeting.", show_default="20GiB")
    ] = "",
    min_free_space: Annotated[
        str, typer.Option(help="Bytes of the disk that files leave free.", show_default="1GiB")
    ] = "",
    metrics_address: Annotated[
        str,
        typer.Option(
            help="Serve metrics for Prometheus here, on loopback only.",
            metavar="HOST:PORT",
            show_default="nowhere",
        ),
    ] = "",
    demo: Annotated[bool, typer.Option("--demo", help="Have a room with synthetic participants to look at.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Return once everything is healthy.")] = False,
) -> None:
    """Starts the appliance and stays with it until Ctrl-C."""
    layout = Layout.at(state or default_state())
    limits = _file_limits(
        {
            "--max-file-size": max_file_size,
            "--max-meeting-files": max_meeting_files,
            "--min-free-space": min_free_space,
        }
    )
    _check_metrics_address(metrics_address)
    settings = Settings(
        port,
        media_port,
        workers,
        _addresses("--address", address) or machine_addresses(),
        database_url,
        demo,
        limits,
        metrics_address,
        external_addresses=_addresses("--external-address", external_address),
        host=_host(host),
        relay_port=free_loopback_port() if relay else 0,
        turn_port=turn_port if relay else 0,
    )
    programs = (*PROGRAMS, *([RELAY] if relay else []), *([DEMO] if demo else []))
    if relay:
        require_turnserver()
    if demo:
        check_demo_packages()
    layout.state.mkdir(parents=True, exist_ok=True, mode=0o711)
    with _only_one_start(layout):
        now = datetime.datetime.now(datetime.UTC)
        if is_running(layout):
            authority = x509.load_pem_x509_certificate(layout.authority.read_bytes())
            console.print(f"It runs already on {layout.state}; stop it with ./appliance/down to change how.")
            _welcome(layout, Settings.load(layout.settings), authority)
            return
        check_ports(settings)
        authority = prepare_state(layout, settings.certified_names, now)
        prepare_relay(layout, settings)
        isolation = isolate(layout, programs)
        hand_over(layout, isolation, programs)
        if isolation.missing:
            console.print(f"[yellow]Isolation is missing.[/] {isolation.missing}", soft_wrap=True)
        _interrupt_on(signal.SIGTERM)
        supervisor = start_supervisor(layout, settings, isolation)
        try:
            wait_until_healthy(layout, settings, lambda text: console.print(text))
            _welcome(layout, settings, authority)
        except BaseException:
            # Also when interrupted: a start that did not end well leaves nothing running.
            supervisor.terminate()
            supervisor.wait()
            raise
    if not detach:
        _stay(layout)


@app.command()
def down(state: State = None) -> None:
    """Stops the appliance."""
    layout = Layout.at(state or default_state())
    stop_supervisor(layout)
    console.print(f"Stopped the appliance on {layout.state}.", soft_wrap=True)


def _welcome(layout: Layout, settings: Settings, authority: x509.Certificate) -> None:
    try:
        welcome(console, layout, settings, authority)
    except grpc.RpcError as error:
        raise StartFailed(describe(error, layout)) from error


def _addresses(option: str, named: list[str] | None) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(str(ip_address(address)) for address in named or ()))
    except ValueError as error:
        raise StartFailed(f"{option} takes an IP address: {error}") from error


def _host(name: str) -> str:
    if name and _HOST.fullmatch(name) is None:
        raise StartFailed(f"--host takes a name such as meet.example, without port or path; {name!r} is none")
    return name.lower()


def _check_metrics_address(named: str) -> None:
    try:
        if named:
            loopback_address(named)
    except ValueError as error:
        raise StartFailed(f"--metrics-address: {error}") from error


def _file_limits(named: dict[str, str]) -> tuple[str, ...]:
    given = {option: text for option, text in named.items() if text}
    for option, text in given.items():
        try:
            parse_size(text)
        except ValueError as error:
            raise StartFailed(f"{option}: {error}") from error
    return tuple(part for limit in given.items() for part in limit)


@contextmanager
def _only_one_start(layout: Layout) -> Iterator[None]:
    descriptor = os.open(layout.state, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _interrupt_on(number: int) -> None:
    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(number, interrupt)


def _stay(layout: Layout) -> None:
    """Tells of every change of a process until interrupted, then stops all."""
    console.print("\nPress Ctrl-C to stop.")
    known: dict[str, tuple[str, int]] = {}
    try:
        while True:
            for process in process_states(layout):
                current = (process.state, process.pid)
                if known.get(process.name) != current:
                    time = datetime.datetime.now().astimezone().strftime("%H:%M:%S")
                    console.print(f"{time} {process.name} {process.state.lower()} ({process.detail})")
                    known[process.name] = current
            Event().wait(0.5)
    except KeyboardInterrupt:
        console.print("Stopping ...")
        stop_supervisor(layout)
        console.print("Stopped.")
    except NotRunning:
        console.print("The appliance was stopped by ./appliance/down.")


def main() -> None:
    """Runs a command; what went wrong is told in words."""
    try:
        app(standalone_mode=True)
    except (StartFailed, NotRunning) as error:
        message = str(error)
    except PermissionError as error:
        message = f"{error.filename}: {error.strerror}; choose a directory of yours with --state"
    Console(stderr=True, highlight=False).print(f"[red]Error:[/] {escape(message)}", soft_wrap=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
