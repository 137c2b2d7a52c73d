"""What a room is, and what one may be asked for."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime

from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.identifiers import room_name, validate_room_id
from conclave.services.domain.protection import ProtectionMode, require_available

__all__ = [
    "DEFAULT_MAX_PARTICIPANTS",
    "MAX_MAX_PARTICIPANTS",
    "MAX_PERSON_DISPLAY_NAME",
    "Admission",
    "Room",
    "RoomChanges",
    "changed_room",
    "new_room",
    "validate_display_name",
]

DEFAULT_MAX_PARTICIPANTS = 100
MAX_MAX_PARTICIPANTS = 500
# The tree of an end-to-end group comes whole to everybody who joins it.
MAX_END_TO_END_PARTICIPANTS = 250
MAX_ROOM_DISPLAY_NAME = 128
MAX_PERSON_DISPLAY_NAME = 64

_REFUSED = ("Cc", "Cf", "Cs", "Zl", "Zp")
# Zero-width joiners are part of many emoji and of some scripts' spelling.
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Admission:
    """How people come into a room."""

    # Guests wait until a host admits them.
    lobby: bool = False
    # Only people with a personal invite come in.
    members_only: bool = False
    # Everybody else waits until a host is in the meeting.
    wait_for_host: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """A named, lasting place with a policy."""

    room_id: str
    display_name: str
    protection_mode: ProtectionMode
    max_participants: int
    create_time: datetime
    admission: Admission = Admission()

    @property
    def name(self) -> str:
        """The resource name."""
        return room_name(self.room_id)


@dataclass(frozen=True, slots=True)
class RoomChanges:
    """New values of a room; None for what stays."""

    display_name: str | None = None
    max_participants: int | None = None
    lobby: bool | None = None
    members_only: bool | None = None
    wait_for_host: bool | None = None


def new_room(
    room_id: str,
    display_name: str,
    protection_mode: ProtectionMode | None,
    max_participants: int,
    now: datetime,
    admission: Admission = Admission(),
) -> Room:
    """A room as asked for, defaults filled in. Raises InvalidArgument or FailedPrecondition."""
    validate_room_id(room_id)
    if protection_mode is None:
        raise InvalidArgument(
            "protection_mode is required: a room's protection is chosen, never assumed; choose END_TO_END or MANAGED"
        )
    require_available(protection_mode)
    return Room(
        room_id=room_id,
        display_name=_room_display_name(display_name, room_id),
        protection_mode=protection_mode,
        max_participants=_limit(max_participants, protection_mode),
        create_time=now,
        admission=admission,
    )


def changed_room(room: Room, changes: RoomChanges) -> Room:
    """The room with new values; defaults are filled in as for a new one. Raises InvalidArgument."""

    def new(wish: bool | None, now: bool) -> bool:
        return now if wish is None else wish

    admission = Admission(
        lobby=new(changes.lobby, room.admission.lobby),
        members_only=new(changes.members_only, room.admission.members_only),
        wait_for_host=new(changes.wait_for_host, room.admission.wait_for_host),
    )
    name, limit = changes.display_name, changes.max_participants
    return replace(
        room,
        display_name=room.display_name if name is None else _room_display_name(name, room.room_id),
        max_participants=room.max_participants if limit is None else _limit(limit, room.protection_mode),
        admission=admission,
    )


def _room_display_name(display_name: str, room_id: str) -> str:
    return validate_display_name(display_name, MAX_ROOM_DISPLAY_NAME) if display_name else room_id


def _limit(max_participants: int, mode: ProtectionMode) -> int:
    most = MAX_MAX_PARTICIPANTS if mode is ProtectionMode.MANAGED else MAX_END_TO_END_PARTICIPANTS
    if not 0 <= max_participants <= most:
        kind = "" if mode is ProtectionMode.MANAGED else " in an end-to-end encrypted room"
        raise InvalidArgument(
            f"max_participants is out of range{kind}; use 1 to {most}, or 0 for {DEFAULT_MAX_PARTICIPANTS}"
        )
    return max_participants or DEFAULT_MAX_PARTICIPANTS


def validate_display_name(display_name: str, max_length: int) -> str:
    """The name in Unicode form NFC, outer spaces removed. Raises InvalidArgument, without repeating the name.

    Control and formatting characters are refused: a right-to-left override would let one name look like another.
    """
    normal = unicodedata.normalize("NFC", display_name).strip()
    if not 1 <= len(normal) <= max_length:
        raise InvalidArgument(f"a display name has 1 to {max_length} characters")
    # A zero-width joiner is part of many emoji and of some scripts' spelling.
    if any(
        unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        for character in normal
        if character not in "\u200c\u200d"
    ):
        raise InvalidArgument("a display name holds no control characters, line breaks or direction marks; remove them")
    return normal
