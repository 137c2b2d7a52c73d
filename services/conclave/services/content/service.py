"""The rules of content: taking, changing and taking back, reading, and what has reached everybody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from conclave.services.content.delivery import Arrived, DeliveryBook
from conclave.services.content.errors import ContentInvalid, ContentLimit
from conclave.services.content.model import ContentPage, Deletion, Draft, Record, Stored
from conclave.services.content.rules import check_draft
from conclave.services.domain.content import KINDS, ContentKind
from conclave.services.domain.rates import TokenBucket
from conclave.services.domain.rooms import Room
from conclave.services.meetings.errors import MeetingOver
from conclave.services.meetings.model import EndReason, Meeting, Participant
from conclave.services.meetings.register import Register, carried_out
from conclave.services.state.clock import Clock

__all__ = ["ContentObserver", "ContentService", "ContentStore", "RoomDesk"]

RETURN_KEY_SIZE = 32
# Databases have 63 bits for a place; a client may say anything.
LAST_PLACE = 2**63 - 1


class RoomDesk(Protocol):
    """Tells rooms; see RoomService."""

    async def get(self, room_id: str) -> Room:
        """Returns one room."""


class ContentStore(Protocol):
    """Where content is kept; see SqlContentStore."""

    async def put(self, meeting: Meeting, sender: Participant, draft: Draft, time: datetime) -> Stored: ...
    async def delete(self, meeting: Meeting, actor: Participant, content_id: str, time: datetime) -> Stored: ...
    async def read(self, meeting: Meeting, reader: Participant, after: int, return_key: bytes) -> ContentPage: ...
    async def undelivered(self, meeting: Meeting) -> tuple[frozenset[str], list[Stored]]: ...
    async def save_delivered(self, meeting: Meeting, content_id: str, sequence: int) -> frozenset[str]: ...


class ContentObserver(Protocol):
    """Who is told what was shared, after it was. Participants are named by id; they may be gone."""

    def content_added(self, stored: Stored) -> None:
        """An object was shared, changed or taken back."""

    def content_delivered(self, authors: Iterable[str], content_id: str) -> None:
        """An object has reached everybody."""


@dataclass(slots=True, eq=False)
class _Desk:
    """One meeting's content: changes are made and told one after the other."""

    turn: asyncio.Lock
    # None until it is needed; after a restart it begins with what had not reached everybody.
    book: DeliveryBook | None = None


class ContentService:
    """The content of every meeting that goes on. Observes the meetings."""

    def __init__(
        self,
        register: Register,
        store: ContentStore,
        rooms: RoomDesk,
        clock: Clock,
        monotonic_ns: Callable[[], int],
    ) -> None:
        self._register = register
        self._store = store
        self._rooms = rooms
        self._clock = clock
        self._monotonic_ns = monotonic_ns
        self._observers: list[ContentObserver] = []
        self._desks: dict[str, _Desk] = {}
        self._rates: dict[tuple[str, ContentKind], TokenBucket] = {}
        # Kept here, because the event loop itself does not keep tasks alive.
        self._tasks: set[asyncio.Task[None]] = set()

    def observe(self, observer: ContentObserver) -> None:
        """Adds somebody who is told."""
        self._observers.append(observer)

    @carried_out
    async def send(self, sender: Participant, draft: Draft) -> Record:
        """Takes an object or a revision of one. Raises what `check_draft` and the store do, and ContentLimit."""
        meeting = self._meeting_of(sender)
        desk = self._desk(meeting)
        room = await self._rooms.get(meeting.room_id)
        draft = check_draft(draft, room.protection_mode)
        self._require_rate(sender, draft.kind)
        if not KINDS[draft.kind].kept:
            stored = self._passing(meeting, sender, draft)
            self._tell(stored)
            return stored.record
        async with desk.turn:
            book = await self._book(meeting, desk)
            stored = await self._store.put(meeting, sender, draft, self._clock())
            self._added(book, stored)
        return stored.record

    @carried_out
    async def delete(self, actor: Participant, content_id: str) -> None:
        """Takes an object back. Raises ContentGone, NotYours, ContentLimit and MeetingOver."""
        meeting = self._meeting_of(actor)
        self._require_rate(actor, ContentKind.CHAT)
        desk = self._desk(meeting)
        async with desk.turn:
            book = await self._book(meeting, desk)
            stored = await self._store.delete(meeting, actor, content_id, self._clock())
            self._added(book, stored)

    @carried_out
    async def read(self, reader: Participant, after: int, return_key: bytes) -> ContentPage:
        """What the person may read and does not know yet. Raises ContentInvalid and MeetingOver."""
        if len(return_key) not in (0, RETURN_KEY_SIZE):
            raise ContentInvalid(f"a return key has {RETURN_KEY_SIZE} bytes")
        meeting = self._meeting_of(reader)
        desk = self._desk(meeting)
        async with desk.turn:
            (await self._book(meeting, desk)).reads(reader.id)
            return await self._store.read(meeting, reader, min(after, LAST_PLACE), return_key)

    @carried_out
    async def mark_delivered(self, reader: Participant, sequence: int) -> None:
        """Takes note that everything up to a place has arrived at a participant. Raises MeetingOver."""
        meeting = self._meeting_of(reader)
        desk = self._desk(meeting)
        async with desk.turn:
            arrived = (await self._book(meeting, desk)).arrived(reader.id, sequence)
            await self._delivered(meeting, arrived)

    def participant_changed(self, meeting: Meeting, participant: Participant) -> None:
        """Who comes is not waited for before their client reads."""

    def participant_left(self, meeting: Meeting, participant: Participant, reason: EndReason | None) -> None:
        """Nobody waits for who is gone; with the last one the store has forgotten everything."""
        for kind in ContentKind:
            self._rates.pop((participant.id, kind), None)
        if not meeting.participants:
            self._desks.pop(meeting.id, None)
            return
        desk = self._desks.get(meeting.id)
        if desk is not None and desk.book is not None:
            task = asyncio.ensure_future(self._leave(meeting, desk, participant.id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _leave(self, meeting: Meeting, desk: _Desk, participant_id: str) -> None:
        async with desk.turn:
            assert desk.book is not None, "a book stays as long as its meeting"
            await self._delivered(meeting, desk.book.left(participant_id))

    def _meeting_of(self, participant: Participant) -> Meeting:
        meeting = self._register.meeting_of(participant)
        if meeting is None or participant.leaving:
            raise MeetingOver("the meeting is over for you")
        return meeting

    def _desk(self, meeting: Meeting) -> _Desk:
        return self._desks.setdefault(meeting.id, _Desk(asyncio.Lock()))

    async def _book(self, meeting: Meeting, desk: _Desk) -> DeliveryBook:
        if desk.book is None:
            desk.book = DeliveryBook(*await self._store.undelivered(meeting))
        return desk.book

    def _require_rate(self, participant: Participant, kind: ContentKind) -> None:
        now_ns = self._monotonic_ns()
        rate = KINDS[kind].rate
        bucket = self._rates.setdefault((participant.id, kind), TokenBucket(rate, now_ns))
        if not bucket.take(now_ns):
            raise ContentLimit(f"too many at once; at most {rate.per_second:g} a second, {rate.burst} at once")

    def _added(self, book: DeliveryBook, stored: Stored) -> None:
        if stored.new:
            book.added(stored)
            self._tell(stored)

    def _tell(self, stored: Stored) -> None:
        for observer in self._observers:
            observer.content_added(stored)

    async def _delivered(self, meeting: Meeting, arrived: list[Arrived]) -> None:
        for each in arrived:
            authors = await self._store.save_delivered(meeting, each.id, each.sequence)
            for observer in self._observers:
                observer.content_delivered(authors, each.id)

    def _passing(self, meeting: Meeting, sender: Participant, draft: Draft) -> Stored:
        """An object that is told and not kept."""
        now = self._clock()
        record = Record(
            id=draft.id,
            kind=draft.kind,
            sequence=0,
            first_sequence=0,
            revision=draft.revision,
            sender_id=sender.id,
            sender_person=sender.id,
            sender_name=sender.display_name,
            recipient_id="",
            recipient_person="",
            recipient_name="",
            create_time=now,
            change_time=now,
            deletion=Deletion.NONE,
            delivered=False,
            body=draft.body,
        )
        return Stored(record, frozenset(meeting.participants) - {sender.id}, frozenset({sender.id}))
