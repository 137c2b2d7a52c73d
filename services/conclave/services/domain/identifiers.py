"""Identifiers and resource names (AIP-122)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from conclave.services.domain.errors import InvalidArgument

__all__ = [
    "RANDOM_ID_SIZE",
    "InviteName",
    "MeetingName",
    "ParticipantName",
    "decode_random_id",
    "encode_random_id",
    "parse_invite_name",
    "parse_meeting_name",
    "parse_participant_name",
    "parse_room_name",
    "room_name",
    "validate_room_id",
]

RANDOM_ID_SIZE = 10
"""Bytes of randomness in the id of an invite, a meeting or a participant."""

_ROOM_ID = re.compile(r"[a-z][a-z0-9-]{1,61}[a-z0-9]", re.ASCII)
_RANDOM_ID = re.compile(r"[a-z2-7]{16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class InviteName:
    """The parts of "rooms/{room_id}/invites/{invite_id}"."""

    room_id: str
    invite_id: str

    def __str__(self) -> str:
        return f"rooms/{self.room_id}/invites/{self.invite_id}"


@dataclass(frozen=True, slots=True)
class MeetingName:
    """The parts of "rooms/{room_id}/meetings/{meeting_id}"."""

    room_id: str
    meeting_id: str

    def __str__(self) -> str:
        return f"rooms/{self.room_id}/meetings/{self.meeting_id}"


@dataclass(frozen=True, slots=True)
class ParticipantName:
    """The parts of "rooms/{room_id}/meetings/{meeting_id}/participants/{participant_id}"."""

    meeting: MeetingName
    participant_id: str

    def __str__(self) -> str:
        return f"{self.meeting}/participants/{self.participant_id}"


def encode_random_id(octets: bytes) -> str:
    """Writes RANDOM_ID_SIZE bytes as 16 lower-case letters and digits (base32, RFC 4648 section 6)."""
    assert len(octets) == RANDOM_ID_SIZE, "80 bits fill 16 base32 letters without padding"
    return base64.b32encode(octets).decode("ascii").lower()


def decode_random_id(text: str) -> bytes:
    """Reads what encode_random_id wrote. Raises InvalidArgument."""
    if _RANDOM_ID.fullmatch(text) is None:
        raise InvalidArgument("an id is 16 lower-case letters and digits 2 to 7; copy it from a listing")
    return base64.b32decode(text.upper())


def validate_room_id(room_id: str) -> str:
    """Returns the id. Raises InvalidArgument unless it is 3 to 63 of [a-z0-9-], a letter first, no hyphen last."""
    if _ROOM_ID.fullmatch(room_id) is None:
        raise InvalidArgument(
            "a room id is 3 to 63 lower-case letters, digits and hyphens, starts with a letter and does not end with "
            "a hyphen, such as board-room"
        )
    return room_id


def room_name(room_id: str) -> str:
    """The resource name of a room."""
    return f"rooms/{room_id}"


def parse_room_name(name: str) -> str:
    """The room id of "rooms/{room_id}". Raises InvalidArgument."""
    match name.split("/"):
        case ["rooms", room_id]:
            return validate_room_id(room_id)
    raise InvalidArgument("a room's name has the form rooms/{room_id}, such as rooms/board-room")


def parse_invite_name(name: str) -> InviteName:
    """The parts of an invite's name. Raises InvalidArgument."""
    match name.split("/"):
        case ["rooms", room_id, "invites", invite_id]:
            decode_random_id(invite_id)
            return InviteName(validate_room_id(room_id), invite_id)
    raise InvalidArgument("an invite's name has the form rooms/{room_id}/invites/{invite_id}")


def parse_meeting_name(name: str) -> MeetingName:
    """The parts of a meeting's name. Raises InvalidArgument."""
    match name.split("/"):
        case ["rooms", room_id, "meetings", meeting_id]:
            decode_random_id(meeting_id)
            return MeetingName(validate_room_id(room_id), meeting_id)
    raise InvalidArgument("a meeting's name has the form rooms/{room_id}/meetings/{meeting_id}")


def parse_participant_name(name: str) -> ParticipantName:
    """The parts of a participant's name. Raises InvalidArgument."""
    match name.split("/"):
        case ["rooms", room_id, "meetings", meeting_id, "participants", participant_id]:
            decode_random_id(meeting_id)
            decode_random_id(participant_id)
            return ParticipantName(MeetingName(validate_room_id(room_id), meeting_id), participant_id)
    raise InvalidArgument(
        "a participant's name has the form rooms/{room_id}/meetings/{meeting_id}/participants/{participant_id}"
    )
