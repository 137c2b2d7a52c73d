"""What happens in a meeting, and the streams that tell it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from weakref import WeakSet

from conclave.client.objects import ChatLine, ReactionSign, SharedFile
from conclave.client.people import EndReason, Participant, Room, WaitingPerson

__all__ = [
    "ChatChanged",
    "ChatSaid",
    "Ended",
    "Event",
    "EventStream",
    "Events",
    "FileShared",
    "FileTakenBack",
    "HandLowered",
    "HandRaised",
    "LobbyChanged",
    "LockChanged",
    "Muted",
    "ParticipantChanged",
    "ParticipantJoined",
    "ParticipantLeft",
    "ReactionShown",
    "Reconnected",
    "Reconnecting",
    "RoomChanged",
    "SpeakersChanged",
]


@dataclass(frozen=True, slots=True)
class ParticipantJoined:
    """Somebody came in."""

    participant: Participant


@dataclass(frozen=True, slots=True)
class ParticipantLeft:
    """Somebody is gone; as they were last."""

    participant: Participant


@dataclass(frozen=True, slots=True)
class ParticipantChanged:
    """Something about a participant is another than before: a source, the role, the connection, the hand."""

    participant: Participant
    before: Participant


@dataclass(frozen=True, slots=True)
class HandRaised:
    """Somebody has raised a hand; ParticipantChanged tells it too."""

    participant: Participant


@dataclass(frozen=True, slots=True)
class HandLowered:
    """A hand is down again; ParticipantChanged tells it too."""

    participant: Participant


@dataclass(frozen=True, slots=True)
class SpeakersChanged:
    """Who speaks now, loudest first."""

    participants: tuple[Participant, ...]


@dataclass(frozen=True, slots=True)
class LobbyChanged:
    """Who waits now, longest first; told to hosts."""

    waiting: tuple[WaitingPerson, ...]


@dataclass(frozen=True, slots=True)
class LockChanged:
    """A host has locked the meeting, or unlocked it."""

    locked: bool


@dataclass(frozen=True, slots=True)
class RoomChanged:
    """The room's name, limit or policy is another."""

    room: Room


@dataclass(frozen=True, slots=True)
class Muted:
    """The client's microphone was switched off; nothing of it is forwarded until it is switched on again.

    by: the host; None for an administrator, and when it happened while the connection was lost.
    """

    by: Participant | None


@dataclass(frozen=True, slots=True)
class ChatSaid:
    """A line of chat was written, the client's own included."""

    line: ChatLine


@dataclass(frozen=True, slots=True)
class ChatChanged:
    """A line was changed, or taken back."""

    line: ChatLine
    before: ChatLine


@dataclass(frozen=True, slots=True)
class ReactionShown:
    """Somebody gave a sign that passes, the client's own included."""

    participant_id: str
    name: str
    sign: ReactionSign


@dataclass(frozen=True, slots=True)
class FileShared:
    """Somebody shared a file, the client itself included."""

    file: SharedFile


@dataclass(frozen=True, slots=True)
class FileTakenBack:
    """A file was taken back, by its author or by a host."""

    file: SharedFile


@dataclass(frozen=True, slots=True)
class Reconnecting:
    """The connection is lost; the client tries to come back by itself."""


@dataclass(frozen=True, slots=True)
class Reconnected:
    """The client is back. as_new: the session was gone, so that it came in again as somebody new, with a new id."""

    as_new: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The meeting is over for this client; nothing comes after it. text: why, for people."""

    reason: EndReason
    text: str


Event = (
    ParticipantJoined
    | ParticipantLeft
    | ParticipantChanged
    | HandRaised
    | HandLowered
    | SpeakersChanged
    | LobbyChanged
    | LockChanged
    | RoomChanged
    | Muted
    | ChatSaid
    | ChatChanged
    | ReactionShown
    | FileShared
    | FileTakenBack
    | Reconnecting
    | Reconnected
    | Ended
)


class EventStream:
    """What happens from the moment on in which the stream was made; an asynchronous iterator that ends after Ended."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Event] = asyncio.Queue()
        self._over = False

    def put(self, event: Event) -> None:
        """Adds an event."""
        self._queue.put_nowait(event)

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> Event:
        if self._over:
            raise StopAsyncIteration
        event = await self._queue.get()
        self._over = isinstance(event, Ended)
        return event


class Events:
    """Tells every stream that somebody still has: what nobody can read any more is not gathered."""

    def __init__(self) -> None:
        self._streams: WeakSet[EventStream] = WeakSet()
        self._ended: Ended | None = None

    def stream(self) -> EventStream:
        """A stream of what happens from now on."""
        stream = EventStream()
        self._streams.add(stream)
        if self._ended is not None:
            stream.put(self._ended)
        return stream

    def tell(self, event: Event) -> None:
        """Tells an event."""
        if isinstance(event, Ended):
            self._ended = event
        for stream in self._streams:
            stream.put(event)
