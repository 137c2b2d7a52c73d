"""What a client knows of a room and of the people in it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import Enum, StrEnum

from conclave.v1 import meetings_pb2, rooms_pb2

__all__ = ["EndReason", "Participant", "Protection", "Role", "Room", "Source", "WaitReason", "WaitingPerson"]


class Role(Enum):
    """What somebody may do."""

    HOST = rooms_pb2.ROLE_HOST
    PARTICIPANT = rooms_pb2.ROLE_PARTICIPANT
    DEVICE = rooms_pb2.ROLE_DEVICE


class Protection(Enum):
    """How a room protects what is said in it."""

    END_TO_END = rooms_pb2.PROTECTION_MODE_END_TO_END
    END_TO_END_SEALED = rooms_pb2.PROTECTION_MODE_END_TO_END_SEALED
    MANAGED = rooms_pb2.PROTECTION_MODE_MANAGED


class Source(StrEnum):
    """What somebody publishes; a participant has at most one of each."""

    MICROPHONE = "microphone"
    CAMERA = "camera"
    SCREEN = "screen"
    SCREEN_AUDIO = "screen_audio"

    @property
    def kind(self) -> meetings_pb2.SourceKind.ValueType:
        """As the protocol has it."""
        return _KINDS[self]


_KINDS = {
    Source.MICROPHONE: meetings_pb2.SOURCE_KIND_MICROPHONE,
    Source.CAMERA: meetings_pb2.SOURCE_KIND_CAMERA,
    Source.SCREEN: meetings_pb2.SOURCE_KIND_SCREEN,
    Source.SCREEN_AUDIO: meetings_pb2.SOURCE_KIND_SCREEN_AUDIO,
}
_SOURCES = {kind: source for source, kind in _KINDS.items()}


class WaitReason(Enum):
    """What somebody waits for who is not in the meeting yet."""

    LOBBY = meetings_pb2.WAIT_REASON_LOBBY
    HOST_ABSENT = meetings_pb2.WAIT_REASON_HOST_ABSENT


class EndReason(Enum):
    """Why a meeting is over for a client."""

    LEFT = "left"
    ENDED = "ended for everybody"
    TIMED_OUT = "gone too long"
    REMOVED = "removed by a host"
    TURNED_AWAY = "not let in by a host"
    # The appliance refused to take the client back, or could not be reached any more.
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Room:
    """A room. id: as the command line has it; name: what people read."""

    id: str
    name: str
    protection: Protection
    max_participants: int
    lobby: bool
    members_only: bool

    @classmethod
    def read(cls, room: rooms_pb2.Room) -> Room:
        """From the protocol."""
        name = room.name.removeprefix("rooms/")
        protection = Protection(room.protection_mode)
        return cls(name, room.display_name, protection, room.max_participants, room.lobby, room.members_only)


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in the meeting, as of one moment.

    sources: those that are on. member: whether a personal invite names the person; nobody has checked the names of
    others. connected: whether media flows; reconnecting: whether the appliance waits for the person to come back.
    hand_raised_at: None while the hand is down.
    """

    id: str
    name: str
    role: Role
    member: bool
    sources: frozenset[Source]
    joined_at: datetime.datetime
    connected: bool
    reconnecting: bool
    hand_raised_at: datetime.datetime | None

    @classmethod
    def read(cls, person: meetings_pb2.Participant) -> Participant:
        """From the protocol."""
        raised = person.hand_raise_time.ToDatetime(datetime.UTC) if person.HasField("hand_raise_time") else None
        return cls(
            person.id,
            person.display_name,
            Role(person.role),
            person.member,
            frozenset(_SOURCES[source.kind] for source in person.sources if source.active and source.kind in _SOURCES),
            person.join_time.ToDatetime(datetime.UTC),
            person.connection_state == meetings_pb2.CONNECTION_STATE_CONNECTED,
            person.connection_state == meetings_pb2.CONNECTION_STATE_RECONNECTING,
            raised,
        )


@dataclass(frozen=True, slots=True)
class WaitingPerson:
    """Somebody who waits to be let in; hosts are told of them."""

    id: str
    name: str
    member: bool

    @classmethod
    def read(cls, person: meetings_pb2.WaitingParticipant) -> WaitingPerson:
        """From the protocol."""
        return cls(person.id, person.display_name, person.member)
