"""Meetings and participants as they are now; what a restart of control needs of them is stored as well."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from conclave.services.domain.identifiers import MeetingName
from conclave.services.domain.protection import ProtectionMode

if TYPE_CHECKING:
    from datetime import datetime

    from conclave.services.domain.roles import Role
    from conclave.services.domain.rooms import Room

__all__ = [
    "GOOD",
    "ConnectionState",
    "EndReason",
    "Lobby",
    "MediaState",
    "Meeting",
    "MeetingRecord",
    "Participant",
    "Quality",
    "QualityLevel",
    "QualityReason",
    "SourceKind",
    "WaitReason",
    "Waiting",
    "source_id",
    "source_kind",
    "source_owner",
]


class SourceKind(IntEnum):
    """Values are those of `conclave.v1.SourceKind`."""

    MICROPHONE = 1
    CAMERA = 2
    SCREEN = 3
    SCREEN_AUDIO = 4

    @property
    def audio(self) -> bool:
        """Whether it is sound."""
        return self in (SourceKind.MICROPHONE, SourceKind.SCREEN_AUDIO)


class ConnectionState(IntEnum):
    """Values are those of `conclave.v1.ConnectionState`."""

    CONNECTING = 1
    CONNECTED = 2
    RECONNECTING = 3


class MediaState(IntEnum):
    """How a participant's media transport is."""

    NONE = 0
    """There has been none yet, or it has not connected yet."""
    CONNECTED = 1
    INTERRUPTED = 2
    """It was there and is not now; the client is expected to mend it."""


class EndReason(IntEnum):
    """Values are those of `conclave.v1.EndReason`."""

    ENDED = 1
    TIMED_OUT = 2
    REMOVED = 3
    TURNED_AWAY = 4


class QualityLevel(IntEnum):
    """Values are those of `conclave.v1.QualityLevel`."""

    GOOD = 1
    WEAK = 2
    POOR = 3


class QualityReason(IntEnum):
    """Values are those of `conclave.v1.QualityReason`."""

    NONE = 0
    LOSS = 1
    DELAY = 2
    BANDWIDTH = 3


@dataclass(frozen=True, slots=True)
class Quality:
    """How good somebody's way to the appliance is, as their client says."""

    level: QualityLevel
    reason: QualityReason
    # Whether a camera that is on gives way to the voice.
    camera_paused: bool


GOOD = Quality(QualityLevel.GOOD, QualityReason.NONE, False)


class WaitReason(IntEnum):
    """Values are those of `conclave.v1.WaitReason`."""

    LOBBY = 1
    HOST_ABSENT = 2


@dataclass(slots=True, eq=False)
class Participant:
    """One person's presence in one meeting through one client."""

    id: str
    meeting_id: str
    subject_id: str
    display_name: str
    role: Role
    join_time: datetime
    resume_token_hash: bytes
    invite_id: str
    published: frozenset[SourceKind] = frozenset()
    # May name kinds that are not published yet: a client may tell its switches before it offers.
    active: frozenset[SourceKind] = frozenset()
    # Pictures that come in H.264. Not stored: the core tells it again to a control that restarted.
    h264: frozenset[SourceKind] = frozenset()
    transport_id: str = ""
    # None while the hand is down.
    hand_raise_time: datetime | None = None
    media: MediaState = MediaState.NONE
    # Ed25519 public key of the client; empty where nothing is end-to-end encrypted.
    identity_key: bytes = b""
    # Not stored: a client tells it again to a control that restarted.
    quality: Quality = GOOD
    # When the others were told of it last (monotonic nanoseconds).
    quality_told_ns: int | None = None
    # Being taken out: no transport is made any more.
    leaving: bool = False
    # Whether a client's signalling is attached; if not, since when (monotonic nanoseconds).
    attached: bool = True
    away_since_ns: int = 0

    @property
    def member(self) -> bool:
        """Whether a personal invite names the person."""
        return self.subject_id.startswith("member:")

    @property
    def connection_state(self) -> ConnectionState:
        """What the others are shown."""
        if not self.attached or self.media is MediaState.INTERRUPTED:
            return ConnectionState.RECONNECTING
        return ConnectionState.CONNECTED if self.media is MediaState.CONNECTED else ConnectionState.CONNECTING


@dataclass(slots=True, eq=False)
class Waiting:
    """Somebody who waits to be let in, and keeps id and resume token as a participant."""

    id: str
    room_id: str
    subject_id: str
    display_name: str
    role: Role
    arrive_time: datetime
    resume_token_hash: bytes
    invite_id: str
    reason: WaitReason = WaitReason.HOST_ABSENT
    identity_key: bytes = b""
    # A member who comes with another identity key than ever before: a host decides whether it is the same person.
    key_is_new: bool = False
    attached: bool = True
    away_since_ns: int = 0

    @property
    def member(self) -> bool:
        """Whether a personal invite names the person."""
        return self.subject_id.startswith("member:")

    @property
    def connection_state(self) -> ConnectionState:
        """What the hosts are shown."""
        return ConnectionState.CONNECTED if self.attached else ConnectionState.RECONNECTING


@dataclass(slots=True, eq=False)
class Lobby:
    """Who waits for a room's meeting, longest first. There is one while somebody waits, with a meeting or without."""

    room: Room
    waiting: dict[str, Waiting] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Meeting:
    """One session of a room while it goes on."""

    id: str
    room_id: str
    start_time: datetime
    participants: dict[str, Participant] = field(default_factory=dict)
    # Who has left it: a client may name their sources until it has heard of it.
    departed: set[str] = field(default_factory=set)
    # Nobody new comes in, except hosts and whom a host admits.
    locked: bool = False
    # The invites of those who were removed.
    barred: set[str] = field(default_factory=set)
    # The room's, which never changes.
    protection_mode: ProtectionMode = ProtectionMode.MANAGED

    @property
    def has_host(self) -> bool:
        """Whether a host is in it."""
        return any(participant.role.may_moderate for participant in self.participants.values())

    @property
    def name(self) -> MeetingName:
        """The resource name."""
        return MeetingName(self.room_id, self.id)


@dataclass(frozen=True, slots=True)
class MeetingRecord:
    """A meeting as listed: `end_time` is None while it goes on."""

    name: MeetingName
    start_time: datetime
    end_time: datetime | None
    participants: tuple[Participant, ...] = ()
    locked: bool = False


def source_id(participant_id: str, kind: SourceKind) -> str:
    """The id of a source, the same at the core and at the clients."""
    return f"{participant_id}/{kind.name.lower()}"


def source_owner(source: str) -> str:
    """The participant that a source id belongs to."""
    return source.partition("/")[0]


def source_kind(source: str) -> SourceKind:
    """What a source is, by its id."""
    return SourceKind[source.partition("/")[2].upper()]
