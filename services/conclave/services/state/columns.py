"""Column types: encrypted text and bytes, and exact points in time."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from cryptography.exceptions import InvalidTag
from sqlalchemy import BigInteger, Column, Dialect, LargeBinary
from sqlalchemy.event import listens_for
from sqlalchemy.schema import Table
from sqlalchemy.types import TypeDecorator

from conclave.services.domain.data_classes import DataClass
from conclave.services.state.keys import DatabaseKeys

__all__ = ["Encrypted", "EncryptedBytes", "UnreadableColumn", "UtcTime", "bind_keys"]

VERSION = 1
"""Layout: version (1 byte), key id (4), nonce (12), AES-256-GCM ciphertext and tag."""

_HEADER_SIZE = 17
_TAG_SIZE = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# A type processor is told its dialect and nothing else, and each engine has a dialect object of its own.
_keys: WeakKeyDictionary[Dialect, DatabaseKeys] = WeakKeyDictionary()


class UnreadableColumn(Exception):
    """A stored value does not authenticate: another key, another place, or altered."""


def bind_keys(dialect: Dialect, keys: DatabaseKeys) -> None:
    """Lets the engine that owns this dialect read and write encrypted columns."""
    _keys[dialect] = keys


class _Sealed(TypeDecorator[Any]):
    """What only the process with the key file reads: AES-256-GCM, a random nonce, a key for each data class.

    The associated data names table, column and data class, so a value moved to another place does not open. Two values
    of one column can still be exchanged by whoever can write to the database.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, data_class: DataClass) -> None:
        super().__init__()
        self.data_class = data_class
        self.place = ""

    def copy(self, **kw: Any) -> _Sealed:
        """A copy that keeps its place."""
        copied = type(self)(self.data_class)
        copied.place = self.place
        return copied

    @property
    def _static_cache_key(self) -> tuple[Any, ...]:
        # The place is part of what the type does, so statements of two columns must not share processors.
        return (type(self), self.data_class, self.place)

    def _seal(self, value: bytes, dialect: Dialect) -> bytes:
        keys = _keys[dialect]
        nonce = os.urandom(12)
        sealed = keys.cipher(self.data_class).encrypt(nonce, value, self._associated_data())
        return bytes([VERSION]) + keys.key_id + nonce + sealed

    def _open(self, value: bytes, dialect: Dialect) -> bytes:
        keys = _keys[dialect]
        blob = bytes(value)
        if len(blob) < _HEADER_SIZE + _TAG_SIZE or blob[0] != VERSION:
            raise UnreadableColumn(f"{self.place} holds a value in a format that this version does not know")
        if blob[1:5] != keys.key_id:
            raise UnreadableColumn(f"{self.place} was written with another key file; restore database.key")
        try:
            return keys.cipher(self.data_class).decrypt(
                blob[5:_HEADER_SIZE], blob[_HEADER_SIZE:], self._associated_data()
            )
        except InvalidTag:
            raise UnreadableColumn(f"{self.place} holds a value that was altered or moved") from None

    def _associated_data(self) -> bytes:
        assert self.place, "an encrypted column belongs to a table"
        return f"conclave column v1\0{self.place}\0{self.data_class.value}".encode()


class EncryptedBytes(_Sealed):
    """Encrypted bytes."""

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Encrypts."""
        return None if value is None else self._seal(value, dialect)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Decrypts. Raises UnreadableColumn."""
        return None if value is None else self._open(value, dialect)


class Encrypted(_Sealed):
    """Encrypted text."""

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Encrypts."""
        return None if value is None else self._seal(value.encode(), dialect)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Decrypts. Raises UnreadableColumn."""
        return None if value is None else self._open(value, dialect).decode()


class UtcTime(TypeDecorator[datetime]):
    """A point in time, stored as whole microseconds since 1970: the same on every database, and exact."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Microseconds; a time without a zone is a mistake of the caller."""
        if value is None:
            return None
        assert value.tzinfo is not None, "a stored time names its zone"
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """The time in UTC."""
        return None if value is None else _EPOCH + value * _MICROSECOND


@listens_for(Column, "after_parent_attach")
def _tell_place(column: Column[Any], parent: object) -> None:
    if isinstance(column.type, _Sealed) and isinstance(parent, Table):
        column.type.place = f"{parent.name}.{column.name}"
