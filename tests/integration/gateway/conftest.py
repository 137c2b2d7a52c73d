"""A real gateway over TLS, and a control whose answers a test decides, over real gRPC."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import grpc.aio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio

from conclave.services.gateway.application import Gateway
from conclave.services.gateway.limits import Limits
from conclave.services.gateway.measuring import GatewayMetrics
from conclave.services.gateway.tls import server_context
from conclave.v1 import signalling_pb2 as pb
from conclave.v1 import signalling_pb2_grpc as pb_grpc

INDEX = b"<!doctype html><title>Conclave</title>"
SCRIPT = b"console.log(1);"


@dataclass
class Certificate:
    certificate: Path
    key: Path


@pytest.fixture(scope="session")
def certificate() -> Iterator[Certificate]:
    """A self-signed certificate of localhost and 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, SHA256())
    )
    with tempfile.TemporaryDirectory() as directory:
        files = Certificate(Path(directory) / "cert.pem", Path(directory) / "key.pem")
        files.certificate.write_bytes(made.public_bytes(Encoding.PEM))
        files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        yield files


@dataclass
class Control(pb_grpc.SignallingServiceServicer):
    """Answers each request by `answer`; through the queues in `streams` a test sends events."""

    socket: Path
    answer: Callable[[pb.ClientMessage], pb.ConnectResponse]
    received: list[pb.ClientMessage] = field(default_factory=list)
    streams: asyncio.Queue[asyncio.Queue[pb.ConnectResponse]] = field(default_factory=asyncio.Queue)
    ended: asyncio.Queue[None] = field(default_factory=asyncio.Queue)
    server: Any = None

    async def start(self) -> None:
        self.server = grpc.aio.server()
        pb_grpc.add_SignallingServiceServicer_to_server(self, self.server)
        health = health_aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(health, self.server)
        await health.set("", health_pb2.HealthCheckResponse.SERVING)
        self.server.add_insecure_port(f"unix:{self.socket}")
        await self.server.start()

    async def stop(self) -> None:
        await self.server.stop(0)

    async def Connect(self, request_iterator: Any, context: Any) -> AsyncIterator[pb.ConnectResponse]:
        responses: asyncio.Queue[pb.ConnectResponse] = asyncio.Queue()
        self.streams.put_nowait(responses)

        async def read() -> None:
            async for request in request_iterator:
                self.received.append(request.message)
                responses.put_nowait(self.answer(request.message))

        reader = asyncio.create_task(read())
        try:
            while True:
                response = await responses.get()
                yield response
                if response.close:
                    return
        finally:
            reader.cancel()
            self.ended.put_nowait(None)


def acknowledge(message: pb.ClientMessage) -> pb.ConnectResponse:
    if message.WhichOneof("body") == "hello":
        return pb.ConnectResponse(
            message=pb.ServerMessage(request_id=message.request_id, welcome=pb.Welcome(version=1))
        )
    closing = message.WhichOneof("body") == "leave"
    return pb.ConnectResponse(message=pb.ServerMessage(request_id=message.request_id, ack=pb.Ack()), close=closing)


@dataclass
class Face:
    """The gateway under test, and how to reach it."""

    gateway: Gateway
    control: Control
    client: aiohttp.ClientSession
    port: int
    static: Path
    metrics: GatewayMetrics

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @asynccontextmanager
    async def connect(self, **options: Any) -> AsyncIterator[Client]:
        options = {"protocols": ["conclave.v1"], "origin": self.url, "max_msg_size": 0, **options}
        async with self.client.ws_connect(f"{self.url}/signal", **options) as socket:
            yield Client(socket)


@dataclass
class Client:
    """One client's connection."""

    socket: aiohttp.ClientWebSocketResponse

    async def send(self, **fields: Any) -> None:
        await self.socket.send_bytes(pb.ClientMessage(**fields).SerializeToString())

    async def hello(self) -> pb.ServerMessage:
        await self.send(request_id=1, hello=pb.Hello(min_version=1, max_version=1, invite_token="t"))
        return await self.receive()

    async def receive(self) -> pb.ServerMessage:
        frame = await self.socket.receive(20)
        assert frame.type is aiohttp.WSMsgType.BINARY, frame
        return pb.ServerMessage.FromString(frame.data)

    async def receive_close(self) -> int:
        frame = await self.socket.receive(20)
        assert frame.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED), frame
        assert self.socket.close_code is not None
        return self.socket.close_code


Opener = Callable[..., Any]


@pytest.fixture
def open_face(certificate: Certificate) -> Opener:
    """Opens a gateway: `async with open_face(limits, answer, static=False) as face`."""

    @asynccontextmanager
    async def opener(
        limits: Limits | None = None,
        answer: Callable[[pb.ClientMessage], pb.ConnectResponse] = acknowledge,
        build_client: bool = True,
        start_control: bool = True,
        relay_port: int = 0,
    ) -> AsyncIterator[Face]:
        # A short path: the address of a Unix socket has 107 bytes.
        with tempfile.TemporaryDirectory(prefix="cg-") as directory:
            static = Path(directory) / "static"
            if build_client:
                make_client(static)
            control = Control(Path(directory) / "c.sock", answer)
            if start_control:
                await control.start()
            context = server_context(certificate.certificate, certificate.key)
            metrics = GatewayMetrics()
            gateway = Gateway(control.socket, static, context, limits or Limits(), metrics, relay_port)
            port = await gateway.start("127.0.0.1", 0)
            trust = ssl.create_default_context(cafile=str(certificate.certificate))
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust, limit=0)) as client:
                yield Face(gateway, control, client, port, static, metrics)
            await gateway.stop()
            if control.server is not None:
                await control.stop()

    return opener


def make_client(static: Path) -> None:
    """What the web client's build leaves, in small."""
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_bytes(INDEX)
    (static / "assets" / "index-abc123.js").write_bytes(SCRIPT)
    (static / "manifest.json").write_text('{"sha256": "00"}')
    (static / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
