"""The processes under supervisord: its configuration, its start and its stop."""

from __future__ import annotations

import configparser
import contextlib
import os
import resource
import shlex
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from supervisor.xmlrpc import SupervisorTransport

from conclave.services.appliance.errors import NotRunning, StartFailed
from conclave.services.appliance.isolation import (
    CONTROL,
    CORE,
    DEMO,
    GATEWAY,
    PROGRAMS,
    RELAY,
    Isolation,
    listening_as,
    needs_capability,
)
from conclave.services.appliance.layout import Layout
from conclave.services.appliance.relay import TURNSERVER
from conclave.services.appliance.settings import Settings

__all__ = [
    "ProcessState",
    "is_running",
    "log_tail",
    "process_states",
    "start_supervisor",
    "stop_supervisor",
    "write_configuration",
]

# What the core locks: its packet pools and key arenas, some tens of megabytes a worker.
LOCKED_MEMORY = 4 << 30
OPEN_FILES = 65536
STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class ProcessState:
    """One process as the supervisor sees it. state: supervisord's word, such as RUNNING."""

    name: str
    state: str
    detail: str
    pid: int


def start_supervisor(layout: Layout, settings: Settings, isolation: Isolation) -> subprocess.Popen[bytes]:
    """Starts all processes in a session of their own, so that they outlive a terminal."""
    write_configuration(layout, settings, isolation)
    settings.save(layout.settings)
    command = [sys.executable, "-m", "supervisor.supervisord", "--configuration", str(layout.supervisor_configuration)]
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
    with (layout.log / "supervisor.out").open("ab") as output:
        # No thread runs yet, which is what makes preexec_fn safe.
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=kept,
            start_new_session=True,
            preexec_fn=_set_limits,
        )


def stop_supervisor(layout: Layout) -> None:
    """Stops all processes, and returns when they are gone. Raises NotRunning when nothing runs."""
    with _connect(layout) as server:
        pid = int(str(server.supervisor.getPID()))
        # supervisord answers, then stops its processes and ends.
        server.supervisor.shutdown()
    deadline = time.monotonic() + STOP_SECONDS
    while _is_alive(pid):
        if time.monotonic() > deadline:
            raise StartFailed(
                f"the supervisor (process {pid}) has not ended after {STOP_SECONDS:.0f} s; see {layout.log}"
            )
        time.sleep(0.05)
    layout.supervisor_socket.unlink(missing_ok=True)


def is_running(layout: Layout) -> bool:
    """Whether a supervisor answers for this state directory."""
    try:
        process_states(layout)
    except NotRunning:
        return False
    return True


def process_states(layout: Layout) -> list[ProcessState]:
    """Every process, in the order in which they start. Raises NotRunning when no supervisor answers."""
    with _connect(layout) as server:
        found = {str(entry["name"]): entry for entry in _entries(server.supervisor.getAllProcessInfo())}
    return [
        ProcessState(
            name, str(entry["statename"]), str(entry["spawnerr"] or entry["description"]), int(str(entry["pid"]))
        )
        for name in (*PROGRAMS, RELAY, DEMO)
        if (entry := found.get(name))
    ]


def log_tail(layout: Layout, program: str, lines: int = 15) -> str:
    """The end of what a process wrote."""
    path = layout.log / f"{program}.log"
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""


def _entries(answer: object) -> list[dict[str, object]]:
    assert isinstance(answer, list), "getAllProcessInfo answers with a list"
    return answer


@contextlib.contextmanager
def _connect(layout: Layout) -> Iterator[xmlrpc.client.ServerProxy]:
    transport = SupervisorTransport(None, None, serverurl=f"unix://{layout.supervisor_socket}")
    try:
        # The address is not used: the transport goes to the socket.
        yield xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise NotRunning(f"no appliance runs on {layout.state}; start it with ./appliance/up") from error
    except PermissionError as error:
        raise StartFailed(f"{layout.state} belongs to another user: become that user, or root") from error
    finally:
        transport.close()


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    # proc(5): the state follows the name, which is in parentheses. A zombie has ended; its parent has not looked yet.
    return stat.rpartition(")")[2].split()[0] != "Z"


def _set_limits() -> None:
    """Between fork and exec: what the processes inherit, set while root may still raise it."""
    for limit, wanted in ((resource.RLIMIT_MEMLOCK, LOCKED_MEMORY), (resource.RLIMIT_NOFILE, OPEN_FILES)):
        _, hard = resource.getrlimit(limit)
        if hard == resource.RLIM_INFINITY or hard >= wanted:
            resource.setrlimit(limit, (wanted, hard))
            continue
        try:
            resource.setrlimit(limit, (wanted, wanted))
        except (ValueError, PermissionError):
            resource.setrlimit(limit, (hard, hard))
    # A core dump would hold keys.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _commands(layout: Layout, settings: Settings) -> dict[str, list[str]]:
    scripts = Path(sys.executable).parent
    offered = [part for address in settings.offered_addresses for part in ("--address", address)]
    kept = [*(["--database-url", settings.database_url] if settings.database_url else []), *settings.file_limits]
    media = ["--bind", settings.any_address, "--media-port", settings.media_port, "--workers", settings.workers]
    certificate = ["--tls-cert", layout.server_certificate, "--tls-key", layout.server_key]
    face = ["--host", settings.any_address, "--port", settings.port]
    metrics: list[object] = []
    if settings.metrics_address:
        metrics = ["--metrics-address", settings.metrics_address, "--metrics-token", layout.metrics_token]
    relayed: list[object] = []
    if settings.relay_port:
        relayed = ["--relay-port", settings.relay_port, "--turn-port", settings.turn_port]
        kept += ["--relay-secret", str(layout.relay_secret), "--turn-port", str(settings.turn_port)]
    commands: dict[str, list[object]] = {
        CORE: ["--run-dir", layout.run, *media, *offered],
        CONTROL: ["--state", layout.state, "--run-dir", layout.run, "--public-url", settings.public_url, *kept],
        GATEWAY: ["--run-dir", layout.run, *face, *certificate, *relayed, *metrics],
    }
    found = {name: [str(scripts / name), *map(str, arguments)] for name, arguments in commands.items()}
    if settings.relay_port:
        found[RELAY] = [str(TURNSERVER), "-c", str(layout.relay_configuration)]
    if settings.demo:
        # Not a script of its own: without --demo it cannot even be imported.
        entry = ["--gateway", f"https://127.0.0.1:{settings.port}", "--authority", str(layout.authority)]
        found[DEMO] = [sys.executable, "-m", "conclave.services.demo", "--run-dir", str(layout.run), *entry]
    return found


def _public_ports(settings: Settings) -> dict[str, tuple[int, ...]]:
    """On which ports of the network each program listens."""
    media = range(settings.media_port, settings.media_port + settings.workers)
    metrics = [int(settings.metrics_address.rpartition(":")[2])] if settings.metrics_address else []
    return {CORE: tuple(media), GATEWAY: (settings.port, settings.turn_port, *metrics), RELAY: (settings.turn_port,)}


def write_configuration(layout: Layout, settings: Settings, isolation: Isolation) -> None:
    configuration = configparser.RawConfigParser()
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    configuration["supervisord"] = {
        "nodaemon": "true",
        "silent": "true",
        "logfile": _quoted(layout.log / "supervisor.log"),
        "logfile_maxbytes": "1MB",
        "logfile_backups": "3",
        "pidfile": _quoted(layout.run / "supervisor.pid"),
        "childlogdir": _quoted(layout.log),
        "umask": "077",
        "minfds": str(min(soft, 1024)),
        **({"user": "root"} if os.geteuid() == 0 else {}),
    }
    configuration["unix_http_server"] = {"file": _quoted(layout.supervisor_socket), "chmod": "0600"}
    factory = "supervisor.rpcinterface:make_main_rpcinterface"
    configuration["rpcinterface:supervisor"] = {"supervisor.rpcinterface_factory": factory}
    for priority, (name, command) in enumerate(_commands(layout, settings).items()):
        user = {"user": name} if isolation.separate else {}
        if user and needs_capability(_public_ports(settings).get(name, ())):
            # supervisord would take every capability away with root; the command becomes the user by itself.
            user, command = {}, listening_as(name, command)
        configuration[f"program:{name}"] = {
            "command": _quoted(shlex.join(command)),
            "directory": "/",
            "priority": str(priority),
            # The group may use what a process listens on, nobody else.
            "umask": "007",
            "autorestart": "true",
            "startsecs": "1",
            "startretries": "1000",
            "stopwaitsecs": "10",
            "stopasgroup": "true",
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": _quoted(layout.log / f"{name}.log"),
            "stdout_logfile_maxbytes": "10MB",
            "stdout_logfile_backups": "5",
            **user,
        }
    layout.supervisor_configuration.unlink(missing_ok=True)
    descriptor = os.open(layout.supervisor_configuration, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        configuration.write(file)


def _quoted(value: object) -> str:
    """supervisord expands %(names)s in values."""
    return str(value).replace("%", "%%")
