"""Column types: encrypted text and bytes, and exact points in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BigInteger, Column, Dialect, LargeBinary
from sqlalchemy.event import listens_for
from sqlalchemy.schema import Table
from sqlalchemy.types import TypeDecorator

from conclave.services.domain.data_classes import DataClass
from conclave.services.state.keys import DatabaseKeys

__all__ = ["Encrypted", "EncryptedBytes", "UtcTime", "bind_keys"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# A type processor is told its dialect and nothing else, and each engine has a dialect object of its own.
_keys: WeakKeyDictionary[Dialect, DatabaseKeys] = WeakKeyDictionary()


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
        return _keys[dialect].seal(self.data_class, value, self._associated_data())

    def _open(self, value: bytes, dialect: Dialect) -> bytes:
        return _keys[dialect].open(self.data_class, bytes(value), self._associated_data(), self.place)

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
