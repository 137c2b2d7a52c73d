"""A real control process, a real core process, and gRPC streams as the gateway opens them."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import grpc.aio
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conclave.v1 import (
    meetings_pb2,
    meetings_pb2_grpc,
    rooms_pb2,
    rooms_pb2_grpc,
    signalling_pb2,
    signalling_pb2_grpc,
    system_pb2,
    system_pb2_grpc,
)

ROOT = Path(__file__).resolve().parents[3]
VECTORS = ROOT / "tests" / "vectors" / "sdp"
PYTHONPATH = os.pathsep.join(str(ROOT / part) for part in ("core", "services", "proto"))


class Appliance:
    """The state and the processes of one appliance; every process is ended by its own pid."""

    def __init__(self, directory: Path) -> None:
        self.state, self.run, self.directory = directory / "state", directory / "run", directory
        own = self.state / "control"
        own.mkdir(parents=True)
        for name in ("core", "control", "signal"):
            (self.run / name).mkdir(parents=True)
        (own / "deployment.json").write_text(json.dumps({"deployment_id": "test"}))
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        key = Ed25519PrivateKey.generate()
        (own / "identity.key").write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
        (own / "database.key").write_text(secrets.token_hex(32))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start_control(self) -> None:
        own = ["--state", str(self.state), "--run-dir", str(self.run), "--public-url", "https://meet.test"]
        self._start("control", ["conclave.services.control.process", *own])

    def start_core(self) -> None:
        own = ["--run-dir", str(self.run), "--bind", "127.0.0.1", "--media-port", "0"]
        self._start("core", ["conclave.core.process", *own])

    def _start(self, name: str, arguments: list[str]) -> None:
        with (self.directory / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                env={**os.environ, "PYTHONPATH": PYTHONPATH},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self, name: str) -> None:
        """kill -9, and waits until the process is gone."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes.pop(name).wait(10)

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(20)

    @asynccontextmanager
    async def channel(self, socket: str, more: tuple[tuple[str, int], ...] = ()) -> AsyncIterator[grpc.aio.Channel]:
        """A channel to "control/admin.sock" or "signal/control.sock", once it answers."""
        options = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200), *more]
        async with grpc.aio.insecure_channel(f"unix:{self.run / socket}", options=options) as channel:
            async with asyncio.timeout(30):
                await channel.channel_ready()
            yield channel

    async def make_room(
        self, limit: int = 12, mode: rooms_pb2.ProtectionMode.ValueType = rooms_pb2.PROTECTION_MODE_MANAGED
    ) -> dict[str, str]:
        """Creates rooms/board and returns the token of one invite a role."""
        async with self.channel("control/admin.sock") as channel:
            rooms = rooms_pb2_grpc.RoomServiceStub(channel)
            room = rooms_pb2.Room(protection_mode=mode, max_participants=limit)
            await rooms.CreateRoom(rooms_pb2.CreateRoomRequest(room_id="board", room=room))
            tokens = {}
            for name, role in (("host", rooms_pb2.ROLE_HOST), ("participant", rooms_pb2.ROLE_PARTICIPANT)):
                request = rooms_pb2.CreateInviteRequest(parent="rooms/board", role=role)
                invite = await rooms.CreateInvite(request)
                tokens[name] = invite.url.partition("#")[2]
            return tokens

    async def list_meetings(self, show_ended: bool = False) -> list[meetings_pb2.Meeting]:
        async with self.channel("control/admin.sock") as channel:
            stub = meetings_pb2_grpc.MeetingServiceStub(channel)
            request = meetings_pb2.ListMeetingsRequest(parent="rooms/-", show_ended=show_ended)
            return list((await stub.ListMeetings(request)).meetings)

    async def end_meeting(self, name: str) -> meetings_pb2.Meeting:
        async with self.channel("control/admin.sock") as channel:
            stub = meetings_pb2_grpc.MeetingServiceStub(channel)
            return await stub.EndMeeting(meetings_pb2.EndMeetingRequest(name=name))

    async def core_instance(self) -> str:
        """Waits until control is in touch with the core; returns its instance."""
        async with self.channel("control/admin.sock") as channel:
            stub = system_pb2_grpc.SystemServiceStub(channel)
            async with asyncio.timeout(30):
                while True:
                    status = await stub.GetStatus(system_pb2.GetStatusRequest())
                    if status.HasField("core"):
                        return status.core.instance_id

    @asynccontextmanager
    async def connect(self, options: tuple[tuple[str, int], ...] = ()) -> AsyncIterator[Client]:
        """A client on a stream of its own, over a channel with these options."""
        async with self.channel("signal/control.sock", options) as channel:
            stub = signalling_pb2_grpc.SignallingServiceStub(channel)
            client = Client(stub.Connect())
            try:
                yield client
            finally:
                client.close()


class Client:
    """A participant's side of one stream."""

    def __init__(self, stream: grpc.aio.StreamStreamCall) -> None:
        self._stream = stream
        self._request_id = 0
        self._writing = asyncio.Lock()
        self.events: list[signalling_pb2.ServerMessage] = []
        self.id, self.token = "", ""

    def close(self) -> None:
        self._stream.cancel()

    async def ask(self, **body: object) -> signalling_pb2.ServerMessage:
        """Sends a request and waits for its answer; events on the way are kept."""
        request_id = await self.tell(**body)
        async with asyncio.timeout(20):
            while True:
                answer = await self._read()
                if answer.request_id == request_id:
                    break
                self.events.append(answer)
        if answer.HasField("joined"):
            self.id, self.token = answer.joined.participant_id, answer.joined.resume_token
        return answer

    async def tell(self, **body: object) -> int:
        """Sends a request, whose answer comes among the events; returns its id."""
        self._request_id += 1
        message = signalling_pb2.ClientMessage(request_id=self._request_id, **body)  # type: ignore[arg-type]
        # One write at a time is all that a gRPC stream takes.
        async with self._writing:
            await self._stream.write(signalling_pb2.ConnectRequest(message=message))
        return message.request_id

    async def event(
        self, wanted: Callable[[signalling_pb2.ServerMessage], bool], timeout_s: float = 20
    ) -> signalling_pb2.ServerMessage:
        """Waits for an event; those before it are forgotten."""
        async with asyncio.timeout(timeout_s):
            while True:
                message = self.events.pop(0) if self.events else await self._read()
                if wanted(message):
                    return message

    async def ended(self, timeout_s: float = 20) -> None:
        """Waits until the stream is over."""
        async with asyncio.timeout(timeout_s):
            try:
                while await self._stream.read() is not grpc.aio.EOF:
                    pass
            except grpc.aio.AioRpcError:
                return

    async def _read(self) -> signalling_pb2.ServerMessage:
        response = await self._stream.read()
        if response is grpc.aio.EOF:
            raise ConnectionError("the stream ended")
        return response.message

    async def enter(self, invite: str, name: str) -> None:
        """Hello and Join."""
        assert (await self.ask(hello=hello(invite_token=invite))).HasField("welcome")
        assert (await self.ask(join=signalling_pb2.Join(display_name=name))).HasField("joined")

    async def resume(self, token: str) -> signalling_pb2.Joined:
        """Hello with a resume token."""
        welcome = (await self.ask(hello=hello(resume_token=token))).welcome
        assert welcome.HasField("resumed")
        self.id, self.token = welcome.resumed.participant_id, token
        return welcome.resumed

    async def offer(self, browser: str = "chromium") -> signalling_pb2.Answer:
        """Offers what a browser once offered."""
        sources = [
            signalling_pb2.SourceMid(mid=mid, kind=meetings_pb2.SourceKind.ValueType(kind))
            for mid, kind in (("0", 1), ("1", 2), ("2", 3), ("3", 4))
        ]
        sdp = (VECTORS / f"{browser}.offer.sdp").read_bytes().decode()
        answer = await self.ask(offer=signalling_pb2.Offer(sdp=sdp, sources=sources))
        assert answer.HasField("answer"), answer.error.message
        return answer.answer


def hello(**credential: str) -> signalling_pb2.Hello:
    return signalling_pb2.Hello(min_version=1, max_version=1, **credential)  # type: ignore[arg-type]


@pytest.fixture
def appliance() -> Iterator[Appliance]:
    """An appliance with both processes started; a short path, because Unix sockets' are limited."""
    with tempfile.TemporaryDirectory(prefix="cv-") as directory:
        appliance = Appliance(Path(directory))
        appliance.start_core()
        appliance.start_control()
        try:
            yield appliance
        finally:
            appliance.stop()
