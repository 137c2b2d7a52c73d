"""What happens in a room, for those who watch it from outside: a snapshot first, then one event after the other."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from conclave.services.domain.rooms import Room
from conclave.services.meetings.model import EndReason, Meeting, MeetingRecord, Participant, Waiting
from conclave.services.meetings.register import Register
from conclave.services.state.clock import Clock

__all__ = ["MeetingWatch", "RoomDesk", "Snapshot", "WatchEvent"]

# What a watcher may be behind; one that falls further behind gets a snapshot instead.
CAPACITY = 256


class RoomDesk(Protocol):
    """Tells rooms; see RoomService."""

    async def get(self, room_id: str) -> Room:
        """Returns one room. Raises RoomNotFound."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What goes on in a room."""

    room: Room
    meeting: MeetingRecord | None
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One thing that happened: the one field beside `time` and `reason` that is set; `waiting` when none is.

    Participants are copies: what is told is what was, even if a slow watcher hears of it later.
    """

    time: datetime
    snapshot: Snapshot | None = None
    meeting: MeetingRecord | None = None
    participant: Participant | None = None
    gone: str | None = None
    reason: EndReason | None = None
    room: Room | None = None
    waiting: tuple[Waiting, ...] = ()


class _Feed:
    """What one watcher has not taken yet."""

    def __init__(self) -> None:
        self.events: deque[WatchEvent] = deque()
        self.behind = False
        self.filled = asyncio.Event()

    def put(self, event: WatchEvent) -> None:
        if len(self.events) >= CAPACITY:
            self.events.clear()
            self.behind = True
        if not self.behind:
            self.events.append(event)
        self.filled.set()


class MeetingWatch:
    """The watchers of all rooms. Observes the meetings."""

    def __init__(self, register: Register, rooms: RoomDesk, clock: Clock) -> None:
        self._register = register
        self._rooms = rooms
        self._clock = clock
        self._feeds: defaultdict[str, set[_Feed]] = defaultdict(set)
        # By room: the meeting that the watchers were told of.
        self._told: dict[str, str] = {}

    async def events(self, room_id: str) -> AsyncIterator[WatchEvent]:
        """A snapshot and then what happens, without end. Raises RoomNotFound."""
        feed = _Feed()
        feed.behind = True
        self._feeds[room_id].add(feed)
        try:
            while True:
                if feed.behind:
                    room = await self._rooms.get(room_id)
                    # Nothing is awaited between the snapshot and the queue's being open again: no event is missed.
                    feed.behind = False
                    feed.events.clear()
                    yield WatchEvent(self._clock(), snapshot=self._snapshot(room))
                elif feed.events:
                    yield feed.events.popleft()
                else:
                    feed.filled.clear()
                    await feed.filled.wait()
        finally:
            self._feeds[room_id].discard(feed)
            if not self._feeds[room_id]:
                del self._feeds[room_id]

    def participant_changed(self, meeting: Meeting, participant: Participant) -> None:
        """Somebody joined, or something about a participant changed."""
        if self._told.get(meeting.room_id) != meeting.id:
            self._told[meeting.room_id] = meeting.id
            self._put(meeting.room_id, WatchEvent(self._clock(), meeting=_record(meeting, None)))
        self._put(meeting.room_id, WatchEvent(self._clock(), participant=replace(participant)))

    def participant_left(self, meeting: Meeting, participant: Participant, reason: EndReason | None) -> None:
        """Somebody is gone, and the meeting with the last one."""
        now = self._clock()
        self._put(meeting.room_id, WatchEvent(now, gone=participant.id, reason=reason))
        if not meeting.participants and self._told.pop(meeting.room_id, None) is not None:
            self._put(meeting.room_id, WatchEvent(now, meeting=_record(meeting, now)))

    def lock_changed(self, meeting: Meeting) -> None:
        """A meeting was locked or unlocked."""
        self._put(meeting.room_id, WatchEvent(self._clock(), meeting=_record(meeting, None)))

    def lobby_changed(self, room_id: str) -> None:
        """Who waits has changed."""
        self._put(room_id, WatchEvent(self._clock(), waiting=self._waiting(room_id)))

    def room_changed(self, room: Room) -> None:
        """A room's name, limit or policy is another."""
        self._put(room.room_id, WatchEvent(self._clock(), room=room))

    def admitted(self, participant: Participant) -> None:
        """Told as a participant who changed."""

    def waiting_changed(self, waiting: Waiting) -> None:
        """Told as a lobby that changed."""

    def waiting_ended(self, waiting: Waiting, reason: EndReason | None) -> None:
        """Told as a lobby that changed."""

    def role_changed(self, meeting: Meeting, participant: Participant) -> None:
        """Told as a participant who changed."""

    def quality_changed(self, meeting: Meeting, participant: Participant) -> None:
        """Not told: a live view has no column for it."""

    def muted(self, participant: Participant, by: Participant | None) -> None:
        """Told as a participant who changed."""

    def _snapshot(self, room: Room) -> Snapshot:
        meeting = self._register.by_room.get(room.room_id)
        if meeting is None:
            return Snapshot(room, None, self._waiting(room.room_id))
        self._told[room.room_id] = meeting.id
        people = tuple(replace(participant) for participant in meeting.participants.values())
        return Snapshot(room, replace(_record(meeting, None), participants=people), self._waiting(room.room_id))

    def _waiting(self, room_id: str) -> tuple[Waiting, ...]:
        return tuple(replace(waiting) for waiting in self._register.waiting_in(room_id))

    def _put(self, room_id: str, event: WatchEvent) -> None:
        for feed in self._feeds.get(room_id, ()):
            feed.put(event)


def _record(meeting: Meeting, end_time: datetime | None) -> MeetingRecord:
    return MeetingRecord(meeting.name, meeting.start_time, end_time, locked=meeting.locked)
