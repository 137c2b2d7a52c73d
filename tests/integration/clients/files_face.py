"""A real gateway in front of an appliance's control, and a client of its routes for files."""

from __future__ import annotations

import asyncio
import base64
import datetime
import hashlib
import io
import ipaddress
import os
import secrets
import ssl
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from conclave.v1 import content_pb2, data_class_pb2, files_pb2

__all__ = [
    "PART",
    "Face",
    "Sending",
    "Stream",
    "bearer",
    "begin",
    "chain_of",
    "file_object",
    "make_id",
    "open_face",
    "told",
]

PART = 4 * 1024 * 1024


class Stream:
    """An endless file whose bytes at any place are known: AES would be as good, SHA-256 is at hand."""

    def __init__(self, size: int, seed: int) -> None:
        self.size, self._seed = size, seed
        self._block = hashlib.shake_256(seed.to_bytes(8)).digest(1024 * 1024 + 4093)

    def part(self, number: int) -> bytes:
        """One part; no two are the same."""
        size = min(PART, self.size - number * PART)
        head = hashlib.sha256(self._seed.to_bytes(8) + number.to_bytes(8)).digest()
        repeated = head + self._block * (size // len(self._block) + 1)
        return repeated[:size]

    @property
    def parts(self) -> int:
        return -(-self.size // PART)

    def digest(self) -> str:
        """SHA-256 of all of it."""
        whole = hashlib.sha256()
        for number in range(self.parts):
            whole.update(self.part(number))
        return whole.hexdigest()


def chain_of(parts: Iterable[bytes]) -> bytes:
    """As files.proto says it."""
    chain = bytes(32)
    for part in parts:
        chain = hashlib.sha256(chain + hashlib.sha256(part).digest()).digest()
    return chain


def make_id() -> str:
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


def file_object(object_id: str, file_id: str, recipient: str = "") -> content_pb2.SendContent:
    """What a client sends in a managed room."""
    file = content_pb2.SharedFile(file_id=file_id, name="plan.pdf", media_type="application/pdf", size=5)
    file.content_key = bytes(32)
    clear = content_pb2.ContentObject(
        kind=content_pb2.CONTENT_KIND_FILE,
        data_class=data_class_pb2.DATA_CLASS_SHARED_CONTENT,
        id=object_id,
        revision=1,
        file=file,
    )
    return content_pb2.SendContent(
        id=object_id,
        kind=content_pb2.CONTENT_KIND_FILE,
        revision=1,
        recipient_participant_id=recipient,
        clear=clear,
        file_ids=[file_id],
    )


@dataclass
class Sending:
    """An upload that was begun."""

    file_id: str
    size: int
    token: bytes
    received: int
    chain: bytes


class Face:
    """The gateway's process and a client of it."""

    def __init__(self, appliance: Any, directory: Path) -> None:
        self.appliance, self._directory = appliance, directory
        self.port = 0
        self._trust = _make_certificate(directory)
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Starts the gateway; the next time, on the port of the first."""
        paths = os.pathsep.join(str(Path(__file__).resolve().parents[3] / part) for part in ("services", "proto"))
        own = ["--run-dir", str(self.appliance.run), "--host", "127.0.0.1", "--port", str(self.port)]
        files = ["--tls-cert", str(self._directory / "cert.pem"), "--tls-key", str(self._directory / "key.pem")]
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "conclave.services.gateway.process",
            *own,
            *files,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": paths},
        )
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            line = b""
            while b'"ready"' not in line:
                line = await self.process.stdout.readline()
                assert line, "the gateway ended"
        self.port = self.port or int(line.partition(b'"port": ')[2].split(b"}")[0].split(b",")[0])

    async def kill(self) -> None:
        """kill -9, and waits until it is gone."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
        await self.process.communicate()

    def session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cadata=self._trust), limit=0)
        # As long as it takes: under load, 2 GiB take more than the five minutes that are the client's own.
        patience = aiohttp.ClientTimeout(total=None, sock_read=120)
        return aiohttp.ClientSession(f"https://localhost:{self.port}", connector=connector, timeout=patience)

    async def put(
        self, http: aiohttp.ClientSession, sending: Sending, number: object, body: Any, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Sends a part; returns the status and what the answer says."""
        own = {"Authorization": bearer(sending.token), **headers}
        body = io.BytesIO(body) if isinstance(body, bytes) else body
        async with http.put(f"/files/{sending.file_id}/parts/{number}", data=body, headers=own) as response:
            return response.status, await told(response)


def bearer(token: bytes) -> str:
    return "Bearer " + base64.urlsafe_b64encode(token).rstrip(b"=").decode()


async def told(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """What an answer without success says."""
    if response.status < 300:
        return {}
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    problem: dict[str, Any] = await response.json(content_type=None)
    assert problem["status"] == response.status
    assert problem["detail"].endswith(".")
    return problem


async def begin(client: Any, size: int, file_id: str = "") -> Sending:
    """BeginUpload, which is taken."""
    file_id = file_id or make_id()
    answer = await client.ask(begin_upload=files_pb2.BeginUpload(file_id=file_id, size=size))
    assert answer.HasField("upload_begun"), answer
    begun = answer.upload_begun
    assert begun.part_size == PART
    return Sending(file_id, size, begun.token, begun.parts_received, begun.chain)


@asynccontextmanager
async def open_face(appliance: Any) -> AsyncIterator[Face]:
    """A gateway that runs until the end, whatever becomes of it meanwhile."""
    face = Face(appliance, appliance.directory)
    await face.start()
    try:
        yield face
    finally:
        await face.kill()


def _make_certificate(directory: Path) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, SHA256())
    )
    written = made.public_bytes(Encoding.PEM)
    (directory / "cert.pem").write_bytes(written)
    (directory / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return written.decode()
