"""The two databases that control runs on; a test that takes `engine` runs on both."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from conclave.services.state.engine import open_postgresql, open_sqlcipher
from conclave.services.state.keys import DatabaseKeys

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
