"""The words people type and read for what the protos name."""

from __future__ import annotations

import datetime
import re
from enum import StrEnum

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from conclave.v1 import rooms_pb2

__all__ = [
    "Protection",
    "RoleName",
    "parse_duration",
    "parse_start",
    "protection_word",
    "role_word",
    "room_name",
    "when",
]

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class Protection(StrEnum):
    """How a room protects what is said in it."""

    END_TO_END = "end-to-end"
    END_TO_END_SEALED = "end-to-end-sealed"
    MANAGED = "managed"

    def to_proto(self) -> rooms_pb2.ProtectionMode.ValueType:
        """The proto's value of the same name."""
        return rooms_pb2.ProtectionMode.Value(f"PROTECTION_MODE_{self.name}")


class RoleName(StrEnum):
    """What somebody may do in a room."""

    HOST = "host"
    PARTICIPANT = "participant"
    DEVICE = "device"

    def to_proto(self) -> rooms_pb2.Role.ValueType:
        """The proto's value of the same name."""
        return rooms_pb2.Role.Value(f"ROLE_{self.name}")


def protection_word(mode: rooms_pb2.ProtectionMode.ValueType) -> str:
    """A protection mode as people type it."""
    return rooms_pb2.ProtectionMode.Name(mode).removeprefix("PROTECTION_MODE_").lower().replace("_", "-")


def role_word(role: rooms_pb2.Role.ValueType) -> str:
    """A role as people type it."""
    return rooms_pb2.Role.Name(role).removeprefix("ROLE_").lower()


def room_name(typed: str) -> str:
    """A room's resource name from its id, or from the resource name itself."""
    return typed if typed.startswith("rooms/") else f"rooms/{typed}"


def parse_duration(typed: str) -> datetime.timedelta:
    """Reads "90s", "15m", "1h30m", "2d" or "1w"; anything else is refused with an example."""
    parts = re.findall(r"(\d+)([smhdw])", typed)
    if not parts or "".join(number + unit for number, unit in parts) != typed:
        raise typer.BadParameter(f"{typed!r} is not a duration; write for example 90s, 15m, 1h30m, 2d or 1w")
    try:
        return datetime.timedelta(seconds=sum(int(number) * UNIT_SECONDS[unit] for number, unit in parts))
    except OverflowError as error:
        raise typer.BadParameter(f"{typed!r} is too long a duration") from error


def parse_start(typed: str) -> datetime.datetime:
    """Reads a point in time (ISO 8601); without a zone it is local time."""
    try:
        return datetime.datetime.fromisoformat(typed).astimezone(datetime.UTC)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(f"{typed!r} is not a time; write for example 2026-05-04T14:00") from error


def when(timestamp: Timestamp) -> str:
    """A moment in the local time of who reads it."""
    return timestamp.ToDatetime(datetime.UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
