"""The two databases: a SQLCipher file by default, PostgreSQL by URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2
from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.event import listen
from sqlalchemy.exc import ArgumentError

from conclave.services.state.columns import bind_keys
from conclave.services.state.keys import DatabaseKeys

__all__ = ["CannotOpenDatabase", "open_postgresql", "open_sqlcipher"]

_BUSY_TIMEOUT_MS = 5000


class CannotOpenDatabase(Exception):
    """The database does not open; the message says what to do and holds no secret."""


def open_sqlcipher(path: Path, keys: DatabaseKeys) -> Engine:
    """An engine for an encrypted file, which is made when missing, readable by its owner only.

    Raises CannotOpenDatabase when the file was written with another key or is no database.
    """
    path.touch(mode=0o600)

    def connect() -> Any:
        connection = sqlcipher3.dbapi2.connect(str(path), check_same_thread=False, isolation_level=None)
        # SQLCipher would write lines of its own to standard error, beside ours.
        connection.execute("PRAGMA cipher_log_level = NONE")
        # The key comes first: anything that reads the file before it would take the file for plaintext.
        connection.execute(f"PRAGMA key = \"x'{keys.database_key_hex()}'\"")
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlcipher3.dbapi2.DatabaseError:
            connection.close()
            raise CannotOpenDatabase(
                f"{path} does not open with this key; restore database.key and the database from the same backup"
            ) from None
        # FULL: what was answered as done is on the disk, power failure or not.
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    engine = create_engine(f"sqlite+pysqlite:///{path}", module=sqlcipher3.dbapi2, creator=connect)
    # The driver's own transaction handling would not cover DDL and would take the write lock late.
    listen(engine, "begin", _begin_immediate)
    bind_keys(engine.dialect, keys)
    return engine


def open_postgresql(url: str, keys: DatabaseKeys) -> Engine:
    """An engine for a PostgreSQL database. Raises CannotOpenDatabase for a URL of another kind."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise CannotOpenDatabase("the database URL cannot be read; write postgresql://user@host/database") from None
    if parsed.get_backend_name() != "postgresql":
        raise CannotOpenDatabase("the database URL must begin with postgresql://; without a URL the local file is used")
    engine = create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True)
    bind_keys(engine.dialect, keys)
    return engine


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
