"""The real process conclave-control: starts, is killed, starts again, stops; refuses what makes no sense."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from conclave.v1 import rooms_pb2 as pb
from conclave.v1 import rooms_pb2_grpc as pb_grpc

ROOT = Path(__file__).resolve().parents[3]


@dataclass
class State:
    """A state directory as the appliance's first start leaves it."""

    directory: Path

    @property
    def control(self) -> Path:
        return self.directory / "state" / "control"

    @property
    def run(self) -> Path:
        return self.directory / "run"

    def arguments(self) -> list[str]:
        paths = ["--state", str(self.directory / "state"), "--run-dir", str(self.run)]
        return [*paths, "--public-url", "https://localhost:8443"]


@pytest.fixture
def state() -> Iterator[State]:
    with tempfile.TemporaryDirectory(prefix="cp-") as directory:
        made = State(Path(directory))
        made.control.mkdir(parents=True)
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (made.control / "identity.key").write_bytes(pem)
        (made.control / "database.key").write_text("0f" * 32 + "\n")
        (made.control / "deployment.json").write_text('{"deployment_id": "d-1"}')
        yield made


async def start(*arguments: str) -> asyncio.subprocess.Process:
    paths = os.pathsep.join(str(ROOT / name) for name in ("core", "services", "proto"))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "conclave.services.control.process",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": paths},
    )


async def wait_for_line(process: asyncio.subprocess.Process, message: str) -> None:
    """Reads log lines until one says this; there is no media core here, and other lines say so."""
    assert process.stdout is not None
    while line := await asyncio.wait_for(process.stdout.readline(), 30):
        if json.loads(line)["message"] == message:
            return
    raise AssertionError(f"ended without saying {message}")


@asynccontextmanager
async def running(state: State) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await start(*state.arguments())
    try:
        await wait_for_line(process, "ready")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        # Reads to the end, which closes the pipe too.
        await process.communicate()


@asynccontextmanager
async def rooms(state: State) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(f"unix:{state.run}/control/admin.sock") as channel:
        yield pb_grpc.RoomServiceStub(channel)


async def refused_start(state: State) -> dict[str, Any]:
    """The one line of a start that must fail."""
    process = await start(*state.arguments())
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1, output
    decoded: dict[str, Any] = json.loads(output)
    return decoded


async def test_what_was_answered_survives_a_kill(state: State) -> None:
    request = pb.CreateRoomRequest(room_id="board", room=pb.Room(protection_mode=pb.PROTECTION_MODE_MANAGED))
    async with running(state) as process, rooms(state) as stub:
        room = await stub.CreateRoom(request)
        process.kill()
        await process.wait()
    # The socket files of the killed process are still there.
    async with running(state) as process, rooms(state) as stub:
        assert await stub.GetRoom(pb.GetRoomRequest(name="rooms/board")) == room
        process.send_signal(signal.SIGTERM)
        await wait_for_line(process, "stopping")
        assert await asyncio.wait_for(process.wait(), 20) == 0


async def test_sockets_and_database_are_closed_to_others(state: State) -> None:
    async with running(state):
        for socket in (state.run / "control" / "admin.sock", state.run / "signal" / "control.sock"):
            assert socket.stat().st_mode & 0o777 == 0o660
        for file in state.control.glob("conclave.db*"):
            assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("database.key", "0f" * 31, "64 hexadecimal digits"),
        ("deployment.json", "{}", "names no deployment_id"),
        ("deployment.json", '{"deployment_id": "../x"}', "names no deployment_id"),
        ("identity.key", "nothing", "identity.key"),
    ],
)
async def test_a_broken_state_directory_is_told_and_not_started(
    state: State, file: str, content: str, reason: str
) -> None:
    (state.control / file).write_text(content)
    line = await refused_start(state)
    assert line["message"] == "cannot start"
    assert reason in line["reason"]


async def test_another_key_is_told_and_not_started(state: State) -> None:
    async with running(state):
        pass
    (state.control / "database.key").write_text("aa" * 32)
    line = await refused_start(state)
    assert "does not open with this key" in line["reason"]
    assert "aaaa" not in json.dumps(line)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--public-url", "http://localhost"],
        ["--public-url", "https://localhost/path"],
        ["--listen-tcp", "127.0.0.1:0"],
        ["--tls-cert", "x"],
        ["--max-uploads", "0"],
        ["--min-free-space", "1GB"],
    ],
)
async def test_options_that_make_no_sense_are_refused(state: State, arguments: list[str]) -> None:
    process = await start(*state.arguments(), *arguments)
    output, _ = await process.communicate()
    assert process.returncode == 2
    assert re.search(rb"error: (argument )?--", output)
