"""The two databases that control runs on, and its API on top; a test that takes `engine` or `api` runs on both."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc.aio
import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from conclave.services.audit.log import Act, AuditLog, verify_entries
from conclave.services.audit.models import AuditRow
from conclave.services.invites.identity import IdentityKey
from conclave.services.invites.service import InviteService
from conclave.services.rooms.grpc import room_rpc_service
from conclave.services.rooms.service import RoomService
from conclave.services.rpc.authentication import local_administrator
from conclave.services.rpc.server import RpcServer
from conclave.services.state.engine import open_postgresql, open_sqlcipher
from conclave.services.state.keys import DatabaseKeys
from conclave.services.state.store import Store
from conclave.services.system.grpc import system_rpc_service
from conclave.services.system.service import CoreAway, SystemService
from conclave.v1 import rooms_pb2_grpc, system_pb2_grpc

KEYS = DatabaseKeys(bytes(range(32)))


class PostgresqlServer:
    """A PostgreSQL of its own: a fresh cluster in a temporary directory, on a Unix socket there, never on TCP."""

    def __init__(self, directory: Path) -> None:
        binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not binaries:
            pytest.fail("these tests run on PostgreSQL too: install Debian's package postgresql")
        self._binaries = binaries[-1]
        self._directory = directory
        # PostgreSQL refuses to run as root; Debian's package brings the user postgres.
        self._as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as_user:
            shutil.chown(directory, "postgres")
        data = directory / "data"
        self._run("initdb", "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{directory}' -c fsync=off"
        self._run("pg_ctl", "-D", str(data), "-o", options, "-l", str(directory / "server"), "-w", "start")

    def create_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self._url(name)

    def stop(self) -> None:
        """Stops the server and waits until it has ended."""
        self._run("pg_ctl", "-D", str(self._directory / "data"), "-m", "immediate", "-w", "stop")

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._directory}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user, str(self._binaries / program), *arguments]
        # Not captured through a pipe: the server inherits it, and the read would wait for the server's end.
        with (self._directory / f"{program}.out").open("wb") as output:
            subprocess.run(
                command, check=True, stdout=output, stderr=subprocess.STDOUT, cwd=self._directory, timeout=60
            )


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    with tempfile.TemporaryDirectory(prefix="conclave-pg-", ignore_cleanup_errors=True) as directory:
        server = PostgresqlServer(Path(directory))
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(params=["sqlcipher", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlcipher":
        opened = open_sqlcipher(tmp_path / "conclave.db", KEYS)
    else:
        server: PostgresqlServer = request.getfixturevalue("postgresql")
        opened = open_postgresql(server.create_database(), KEYS)
    yield opened
    opened.dispose()


NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@dataclass
class FakeClock:
    """The time as a test sets it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class BreakableAudit:
    """The real audit log, until a test breaks it."""

    log: AuditLog
    broken: bool = False

    def record(self, session: Session, act: Act, actor: str, resource: str, subject_id: str | None = None) -> None:
        if self.broken:
            raise OSError("no space left on device")
        self.log.record(session, act, actor, resource, subject_id)


@dataclass
class Api:
    """The API of control over real gRPC on an administrators' socket."""

    store: Store
    clock: FakeClock
    audit: BreakableAudit
    invites: InviteService
    channel: grpc.aio.Channel
    rooms: Any
    system: Any

    async def audit_entries(self) -> list[tuple[str, str, str]]:
        """Act, actor and resource of each entry."""

        def read(session: Session) -> list[tuple[str, str, str]]:
            verify_entries(session, self.store.tenant_id)
            rows = session.scalars(select(AuditRow).order_by(AuditRow.sequence))
            return [(row.act, row.actor, row.resource) for row in rows]

        return await self.store.run(read)


@pytest.fixture
async def api(engine: Engine) -> AsyncIterator[Api]:
    clock = FakeClock()
    store = Store(engine, "d1")
    await store.prepare(clock())
    audit = BreakableAudit(AuditLog("d1", clock))
    identity = IdentityKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    rooms = RoomService(store, audit, clock)
    invites = InviteService(store, audit, clock, identity, "https://meet.example:8443/")
    system = SystemService(store, CoreAway(), identity.fingerprint, identity.public_bytes, "1.2.3")
    server = RpcServer([room_rpc_service(rooms, invites), system_rpc_service(system)], local_administrator)
    with tempfile.TemporaryDirectory(prefix="ca-") as directory:
        socket = Path(directory) / "a.sock"
        server.listen_unix(socket)
        await server.start()
        async with grpc.aio.insecure_channel(f"unix:{socket}") as channel:
            yield Api(
                store,
                clock,
                audit,
                invites,
                channel,
                rooms_pb2_grpc.RoomServiceStub(channel),
                system_pb2_grpc.SystemServiceStub(channel),
            )
        await server.stop(0)
        await store.close()


@dataclass
class ClientIdentity:
    """A client certificate and its key (PEM)."""

    certificate: bytes
    key: bytes


class Authority:
    """A certificate authority for one test run."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        builder = self._builder(self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.certificate = builder.sign(self._key, SHA256()).public_bytes(Encoding.PEM)

    def issue(self, *names: x509.GeneralName) -> ClientIdentity:
        """A certificate with these subject alternative names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "administrator")])
        builder = self._builder(subject, key.public_key())
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self._key, SHA256()).public_bytes(Encoding.PEM)
        return ClientIdentity(certificate, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()
