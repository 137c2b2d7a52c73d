"""Imports point down: reads every import of the core, of the services and of the client, in Cython too.

The tables are the design's. A module that no table names fails here: give it its layer when you add it.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = "conclave.core"
SERVICES = "conclave.services"

# The media core, lowest first. Modules of one layer may use each other, but not in a circle.
CORE_LAYERS = (
    {"wire", "status", "errors", "prefetch"},
    {"address", "demux", "descriptor", "h264", "rtp", "rtcp", "stun", "transport_feedback", "vp8", "vp9"},
    {"packet", "arena", "outbox", "framing", "ring", "table"},
    {
        "srtp",
        "srtp_*",
        "srtcp",
        "crypto",
        "crypto_*",
        "sealing",
        "nack",
        "rtx",
        "sent",
        "twcc",
        "acknowledged",
        "allocate",
        "aimd",
        "bwe",
        "delay",
        "losses",
        "probing",
        "rewrite",
        "keyframes",
        "speakers",
        "layers",
    },
    {"ice", "dtls"},
    {"leg", "feedback", "forward", "config", "events", "measures"},
    {
        "router",
        "addresses",
        "attention",
        "commands",
        "congestion",
        "flows",
        "receive",
        "receive_rtcp",
        "rooms",
        "statistics",
        "switchboard",
        "telling",
    },
    {"connections", "datagrams", "loop"},
    {"control", "description", "reports", "transports", "confinement", "usage", "server", "process"},
)
SANS_IO_LAYERS = 7

# The services, one package a feature; the processes come last, and nothing imports those.
SERVICE_LAYERS = (
    {"domain", "tasks"},
    {"mls", "sdp", "media", "state", "rpc", "journal", "openmetrics"},
    {"audit"},
    {"rooms", "invites", "meetings", "content", "files"},
    {"metrics", "signalling", "statistics", "system"},
    {"devices"},
    {"control", "gateway", "demo", "cli", "appliance"},
)

# What reaches a socket, a clock, a thread or a log.
IO_MODULES = {"asyncio", "logging", "select", "selectors", "socket", "threading", "time", "zmq"}
IO_HEADERS = {"<pthread.h>", "<sys/epoll.h>", "<sys/socket.h>", "<time.h>", "<netinet/in.h>"}
PROTOCOL_BUFFERS = ("conclave.v1", "conclave.media", "google.protobuf")
# What a package's file may not know, by the file's name.
FORBIDDEN_IN = {
    "models.py": ("grpc", "aiohttp", *PROTOCOL_BUFFERS),
    "service.py": ("grpc", "aiohttp", *PROTOCOL_BUFFERS),
    "grpc.py": ("sqlalchemy", "sqlcipher3", "psycopg"),
    # An error's class names the gRPC status that it becomes, and nothing else of gRPC is known there.
    "errors.py": ("aiohttp", "grpc.aio", "sqlalchemy", *PROTOCOL_BUFFERS),
}
FORBIDDEN_IN_DOMAIN = ("aiohttp", "os", "pathlib", "sqlalchemy", "sqlcipher3", *sorted(IO_MODULES), *PROTOCOL_BUFFERS)
# The synthetic participants come in as any client does: what they know of the appliance is its signalling.
KNOWN_TO_SERVICES = ("appliance", "cli", "control", "gateway", "media", "rpc")
FORBIDDEN_IN_DEMO = ("grpc", "zmq", "conclave.media", *(f"{SERVICES}.{name}" for name in KNOWN_TO_SERVICES))
# The only part of them that others use, because the rest needs packages that a plain appliance does not have.
DEMO = f"{SERVICES}.demo"
DEMO_ORDERS = f"{DEMO}.orders"
# The Python client is a program of somebody else's: it knows the signalling, and nothing of who serves it.
CLIENT = "conclave.client"
FORBIDDEN_IN_CLIENT = ("grpc", "grpc_health", "sqlalchemy", "zmq", "conclave.core", "conclave.media", SERVICES)
# What only carries or shows: it speaks to control over gRPC and never touches its state.
STATELESS = {"gateway", "demo", "cli", "appliance"}
STATEFUL = {
    "audit",
    "content",
    "control",
    "files",
    "invites",
    "meetings",
    "metrics",
    "mls",
    "rooms",
    "signalling",
    "state",
    "statistics",
    "system",
}

CYTHON_IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+c?import\b\s*\(?\s*([\w, ]*)|c?import\s+([\w., ]+))")
CYTHON_HEADER = re.compile(r"^\s*cdef\s+extern\s+from\s+[\"'](.+?)[\"']")


def cython_imports(text: str) -> set[str]:
    """Modules that Cython source names after import, cimport and `cdef extern from`."""
    found: set[str] = set()
    for line in text.splitlines():
        if header := CYTHON_HEADER.match(line):
            found.add(header[1])
        elif match := CYTHON_IMPORT.match(line):
            if match[1]:
                found |= {match[1], *(f"{match[1]}.{name.split()[0]}" for name in match[2].split(",") if name.strip())}
            else:
                found |= {name.split()[0] for name in match[3].split(",") if name.strip()}
    return found


def python_imports(text: str, package: str) -> set[str]:
    """Modules that Python source names, those within functions and for type checking included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: -(node.level - 1) or None] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def read_imports(root: Path, package: str) -> dict[Path, set[str]]:
    """The imports of every source file below the root that holds the package."""
    found: dict[Path, set[str]] = {}
    for path in sorted((root / package.replace(".", "/")).rglob("*")):
        relative = path.relative_to(root)
        if path.suffix in {".pyx", ".pxd"}:
            found[relative] = cython_imports(path.read_text())
        elif path.suffix == ".py":
            found[relative] = python_imports(path.read_text(), ".".join(relative.parent.parts))
    return found


def is_within(module: str, packages: tuple[str, ...] | set[str]) -> bool:
    """Whether a module is one of the packages or below one."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def layer_of(name: str, layers: tuple[set[str], ...]) -> int | None:
    """The index of a module's layer; a name of the table that ends in `*` stands for all that begin so."""
    for index, names in enumerate(layers):
        if any(name == own or (own.endswith("*") and name.startswith(own[:-1])) for own in names):
            return index
    return None


def units(imports: dict[Path, set[str]], package: str) -> dict[str, set[str]]:
    """Which modules of a package use which others, named below it ("rtp", "rooms.grpc").

    What a Cython module declares (`rtp.pxd`) is a unit apart from what it does (`rtp`): Cython source uses
    declarations, as C uses headers.
    """
    depth = len(package.split("."))
    names = {path: ".".join(path.with_suffix("").parts[depth:]) for path in imports}
    declared = {names[path] for path in imports if path.suffix == ".pxd"}
    known = set(names.values())
    found: dict[str, set[str]] = {}
    for path, modules in imports.items():
        name = names[path]
        if name == "__init__":
            continue
        below = [module.removeprefix(f"{package}.") for module in modules if module.startswith(f"{package}.")]
        # `from rooms import service` names the package, the module, or something in the module.
        used = {module if module in known else module.rpartition(".")[0] or module for module in below} - {name}
        if path.suffix in {".pyx", ".pxd"}:
            used = {f"{other}.pxd" if other in declared else other for other in used}
        found.setdefault(f"{name}.pxd" if path.suffix == ".pxd" else name, set()).update(used)
    return found


def layer_violations(imports: dict[Path, set[str]], package: str, layers: tuple[set[str], ...]) -> list[str]:
    """Every module without a layer, every import that points up and every circle."""
    uses = units(imports, package)
    own = {unit: layer_of(unit.split(".")[0], layers) for unit in uses}
    found = [f"{unit} has no layer" for unit, layer in own.items() if layer is None]
    for unit, used in uses.items():
        for other in used:
            theirs, ours = layer_of(other.split(".")[0], layers), own[unit]
            if ours is not None and theirs is not None and theirs > ours:
                found.append(f"{unit} (layer {ours}) imports {other} (layer {theirs})")
    reached = {unit: set(used) for unit, used in uses.items()}
    for _ in reached:
        for used in reached.values():
            used |= {further for other in used for further in reached.get(other, ())}
    return found + [f"{unit} imports itself in a circle" for unit, used in reached.items() if unit in used]


def core_violations(imports: dict[Path, set[str]]) -> list[str]:
    """What a layer below the loop reaches for, and what no layer of the core may know."""
    found = layer_violations(imports, CORE, CORE_LAYERS)
    for path, modules in imports.items():
        index = layer_of(path.stem, CORE_LAYERS)
        below_loop = index is not None and index < SANS_IO_LAYERS
        for module in sorted(modules):
            if below_loop and (is_within(module, IO_MODULES) or module in IO_HEADERS):
                found.append(f"{path} is below the loop and uses {module}")
            if is_within(module, (SERVICES,)):
                found.append(f"{path} is of the core and uses {module}")
    return found


def service_violations(imports: dict[Path, set[str]]) -> list[str]:
    """What a service's file knows and should not."""
    found = layer_violations(imports, SERVICES, SERVICE_LAYERS)
    for path, modules in imports.items():
        parts = path.parts[2:]
        for module in sorted(modules):
            in_domain = parts[0] == "domain" and is_within(module, FORBIDDEN_IN_DOMAIN)
            by_file = is_within(module, FORBIDDEN_IN.get(parts[-1], ()))
            core = is_within(module, (CORE,))
            state = parts[0] in STATELESS and is_within(module, {f"{SERVICES}.{name}" for name in STATEFUL})
            in_demo = parts[0] == "demo" and is_within(module, FORBIDDEN_IN_DEMO)
            of_demo = parts[0] != "demo" and is_within(module, {DEMO}) and not is_within(module, {DEMO_ORDERS})
            if in_domain or by_file or core or state or in_demo or of_demo:
                found.append(f"{path} uses {module}")
    return found


def client_violations(imports: dict[Path, set[str]]) -> list[str]:
    """What the client knows and should not, and every circle."""
    found = [
        f"{path} uses {module}"
        for path, modules in imports.items()
        for module in sorted(modules)
        if is_within(module, FORBIDDEN_IN_CLIENT)
    ]
    return found + layer_violations(imports, CLIENT, ({"*"},))


def test_core_imports_point_down() -> None:
    imports = read_imports(ROOT / "core", CORE)
    assert len(imports) > 20
    assert core_violations(imports) == []


def test_service_imports_point_down() -> None:
    imports = read_imports(ROOT / "services", SERVICES)
    assert len(imports) > 10
    assert service_violations(imports) == []


def test_the_client_knows_nothing_but_the_signalling() -> None:
    imports = read_imports(ROOT / "services", CLIENT)
    assert len(imports) > 10
    assert client_violations(imports) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from conclave.services.domain import roles\n", "uses conclave.services"),
        ("import grpc.aio\n", "uses grpc.aio"),
        ("from conclave.media.v1 import control_pb2\n", "uses conclave.media"),
        ("from conclave.client import peer\n", "peer imports itself in a circle"),
    ],
)
def test_a_planted_violation_of_the_client_is_found(tmp_path: Path, text: str, expected: str) -> None:
    client = tmp_path / "conclave" / "client"
    client.mkdir(parents=True)
    (client / "line.py").write_text(text)
    (client / "peer.py").write_text("from conclave.client.line import Line\n")
    assert any(expected in violation for violation in client_violations(read_imports(tmp_path, CLIENT)))


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("rtp.pyx", "from conclave.core.leg cimport Leg\n", "rtp (layer 1) imports leg (layer 5)"),
        ("rtp.pxd", "cimport conclave.core.router\n", "rtp.pxd (layer 1) imports router (layer 6)"),
        ("nack.pyx", "from conclave.core cimport loop\n", "nack (layer 3) imports loop (layer 7)"),
        ("leg.pyx", "import time\n", "is below the loop and uses time"),
        ("ice.pxd", 'cdef extern from "<sys/socket.h>" nogil:\n    pass\n', "uses <sys/socket.h>"),
        ("dtls.py", "def poll():\n    import threading\n", "is below the loop and uses threading"),
        ("process.py", "from conclave.services.domain import roles\n", "is of the core and uses conclave.services"),
        ("parser.pyx", "", "parser has no layer"),
    ],
)
def test_a_planted_violation_of_the_core_is_found(tmp_path: Path, path: str, text: str, expected: str) -> None:
    planted = tmp_path / "conclave" / "core" / path
    planted.parent.mkdir(parents=True)
    planted.write_text(text)
    assert any(expected in violation for violation in core_violations(read_imports(tmp_path, CORE)))


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("domain/roles.py", "import asyncio\n", "uses asyncio"),
        (
            "domain/roles.py",
            "from conclave.services.rooms import service\n",
            "domain.roles (layer 0) imports rooms (layer 3)",
        ),
        ("rooms/service.py", "from conclave.v1 import rooms_pb2\n", "uses conclave.v1"),
        ("rooms/service.py", "import grpc\n", "uses grpc"),
        ("rooms/grpc.py", "import sqlalchemy.orm\n", "uses sqlalchemy.orm"),
        ("rooms/errors.py", "from grpc import aio\n", "uses grpc.aio"),
        (
            "rooms/service.py",
            "from ..control import process\n",
            "rooms.service (layer 3) imports control (layer 6)",
        ),
        ("gateway/process.py", "from conclave.services.state import store\n", "uses conclave.services.state"),
        ("control/process.py", "from conclave.core import rtp\n", "uses conclave.core"),
        ("demo/guest.py", "import grpc.aio\n", "uses grpc.aio"),
        ("demo/guest.py", "from conclave.services.rooms import service\n", "uses conclave.services.rooms"),
        (
            "cli/demo.py",
            "from conclave.services.demo.portrait import Portrait\n",
            "uses conclave.services.demo.portrait",
        ),
        ("tools/process.py", "", "tools.process has no layer"),
    ],
)
def test_a_planted_violation_of_the_services_is_found(tmp_path: Path, path: str, text: str, expected: str) -> None:
    planted = tmp_path / "conclave" / "services" / path
    planted.parent.mkdir(parents=True)
    planted.write_text(text)
    assert any(expected in violation for violation in service_violations(read_imports(tmp_path, SERVICES)))


def test_a_planted_circle_is_found(tmp_path: Path) -> None:
    core = tmp_path / "conclave" / "core"
    core.mkdir(parents=True)
    (core / "nack.pxd").write_text("from conclave.core.rtx cimport rtx_wrap\n")
    (core / "rtx.pxd").write_text("from conclave.core.nack cimport NackGenerator\n")
    assert "nack.pxd imports itself in a circle" in core_violations(read_imports(tmp_path, CORE))
