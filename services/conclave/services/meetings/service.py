"""The rules of meetings: who comes in, who goes, when a meeting begins and ends."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Protocol

from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.identifiers import RANDOM_ID_SIZE, MeetingName, encode_random_id
from conclave.services.domain.invites import Invite
from conclave.services.domain.pages import Page, read_page_request, write_page_token
from conclave.services.domain.rooms import Room, validate_display_name
from conclave.services.media.errors import CoreUnavailable
from conclave.services.meetings.errors import MeetingNotFound, MeetingOver, NotHost, RoomFull, SessionLost
from conclave.services.meetings.model import (
    EndReason,
    Meeting,
    MeetingRecord,
    Participant,
    SourceKind,
)
from conclave.services.state.clock import Clock

__all__ = ["MediaCut", "MeetingObserver", "MeetingService", "MeetingStore"]

# How long a participant whose signalling is lost may come back.
GRACE_NS = 30_000_000_000
RESUME_TOKEN_SIZE = 32
MAX_DISPLAY_NAME = 64
LISTING = "meetings"

_log = logging.getLogger(__name__)


class MeetingStore(Protocol):
    """Where meetings are kept; see SqlMeetingStore."""

    async def load_open(self) -> list[Meeting]: ...
    async def join(self, meeting: Meeting, participant: Participant, opens: bool) -> None: ...
    async def leave(
        self, meeting: Meeting, participants: Iterable[Participant], time: datetime, ends: bool, actor: str
    ) -> None: ...
    async def save_media(self, participant: Participant) -> None: ...
    async def find(self, name: MeetingName) -> MeetingRecord | None: ...
    async def page(
        self, room_id: str | None, show_ended: bool, before: tuple[datetime, str] | None, limit: int
    ) -> list[MeetingRecord]: ...


class MediaCut(Protocol):
    """What cuts a leaver off; see CoreClient."""

    async def delete_transport(self, transport_id: str) -> None:
        """Returns once nothing is forwarded any more."""


class MeetingObserver(Protocol):
    """Who is told what changed, after it has."""

    def participant_changed(self, meeting: Meeting, participant: Participant) -> None:
        """Somebody joined, or something about a participant changed."""

    def participant_left(self, meeting: Meeting, participant: Participant, reason: EndReason | None) -> None:
        """Somebody is gone; reason: None for one who left by choice."""


class MeetingService:
    """Every meeting that goes on. In memory; the store has what a restart needs."""

    def __init__(
        self,
        store: MeetingStore,
        media: MediaCut,
        clock: Clock,
        monotonic_ns: Callable[[], int],
    ) -> None:
        self._store = store
        self._media = media
        self._clock = clock
        self._monotonic_ns = monotonic_ns
        self._meetings: dict[str, Meeting] = {}
        self._by_room: dict[str, Meeting] = {}
        self._by_token: dict[bytes, Participant] = {}
        self._observers: list[MeetingObserver] = []
        # Rules are checked and stored as one step: joins and leaves take turns.
        self._turn = asyncio.Lock()

    def observe(self, observer: MeetingObserver) -> None:
        """Adds somebody who is told of changes."""
        self._observers.append(observer)

    async def restore(self) -> None:
        """Takes up the meetings that went on when control stopped; everybody in them has the grace to come back."""
        now_ns = self._monotonic_ns()
        for meeting in await self._store.load_open():
            if not meeting.participants:
                await self._store.leave(meeting, [], self._clock(), True, "conclave-control")
                continue
            self._meetings[meeting.id] = self._by_room[meeting.room_id] = meeting
            for participant in meeting.participants.values():
                participant.attached, participant.away_since_ns = False, now_ns
                self._by_token[participant.resume_token_hash] = participant

    def meetings(self) -> list[Meeting]:
        """The meetings that go on."""
        return list(self._meetings.values())

    def meeting_of(self, participant: Participant) -> Meeting | None:
        """The meeting that a participant is in; None for one who has left."""
        meeting = self._meetings.get(participant.meeting_id)
        return meeting if meeting is not None and participant.id in meeting.participants else None

    def participant(self, participant_id: str) -> Participant | None:
        """Somebody who is in a meeting."""
        return next(
            (m.participants[participant_id] for m in self._meetings.values() if participant_id in m.participants), None
        )

    async def join(self, room: Room, invite: Invite, display_name: str) -> tuple[Participant, str]:
        """Brings somebody in and opens the meeting with the first one. Returns the participant and the resume token.

        Raises InvalidArgument for a name that cannot be, and RoomFull.
        """
        name = validate_display_name(display_name, MAX_DISPLAY_NAME)
        token = secrets.token_urlsafe(RESUME_TOKEN_SIZE)
        async with self._turn:
            now = self._clock()
            meeting = self._by_room.get(room.room_id)
            opens = meeting is None
            if meeting is None:
                meeting = Meeting(_random_id(), room.room_id, now)
            present, limit = len(meeting.participants), room.max_participants
            if present >= limit:
                raise RoomFull(f"room {room.name} is full ({present} of {limit}); raise max_participants")
            participant_id = _random_id()
            participant = Participant(
                id=participant_id,
                meeting_id=meeting.id,
                # A guest is known by nothing but this presence.
                subject_id=f"guest:{participant_id}",
                display_name=name,
                role=invite.role,
                join_time=now,
                resume_token_hash=_token_hash(token),
                invite_id=invite.invite_id,
            )
            await self._store.join(meeting, participant, opens)
            self._meetings[meeting.id] = self._by_room[meeting.room_id] = meeting
            meeting.participants[participant.id] = participant
            self._by_token[participant.resume_token_hash] = participant
        self.tell_changed(participant)
        return participant, token

    def resume(self, token: str) -> Participant:
        """Finds who a resume token belongs to and counts them as back. Raises SessionLost."""
        participant = self._by_token.get(_token_hash(token))
        if participant is None:
            raise SessionLost("this session is over; join the meeting again")
        if not participant.attached:
            participant.attached = True
            self.tell_changed(participant)
        return participant

    def detach(self, participant: Participant) -> None:
        """Takes note that a participant's signalling is lost; the grace time begins."""
        if participant.attached and self.meeting_of(participant) is not None:
            participant.attached, participant.away_since_ns = False, self._monotonic_ns()
            self.tell_changed(participant)

    def tell_changed(self, participant: Participant) -> None:
        """Tells everybody what a participant is like now."""
        meeting = self.meeting_of(participant)
        if meeting is not None:
            for observer in self._observers:
                observer.participant_changed(meeting, participant)

    async def leave(self, participant: Participant) -> None:
        """Takes somebody out; cut at the core before anybody is told. Leaving twice does nothing."""
        await self._remove([participant], None, f"participant:{participant.id}")

    async def expire(self) -> None:
        """Takes out everybody whose grace time is over."""
        now_ns = self._monotonic_ns()
        for meeting in list(self._meetings.values()):
            late = [
                participant
                for participant in meeting.participants.values()
                if not participant.attached and now_ns >= participant.away_since_ns + GRACE_NS
            ]
            if late:
                await self._remove(late, EndReason.TIMED_OUT, "conclave-control")

    async def end_as_participant(self, participant: Participant) -> None:
        """Ends the meeting for everybody. Raises NotHost and MeetingOver."""
        if not participant.role.may_end_meeting:
            raise NotHost("only a host may end the meeting for everybody; leave it instead")
        meeting = self.meeting_of(participant)
        if meeting is None:
            raise MeetingOver("the meeting is over already")
        await self._remove(list(meeting.participants.values()), EndReason.ENDED, f"participant:{participant.id}")

    async def end(self, name: MeetingName, actor: str) -> MeetingRecord:
        """Ends a meeting by name; one that is over stays as it is. Raises MeetingNotFound."""
        meeting = self._meetings.get(name.meeting_id)
        if meeting is not None and meeting.room_id == name.room_id:
            await self._remove(list(meeting.participants.values()), EndReason.ENDED, actor)
        return await self.get(name)

    async def get(self, name: MeetingName) -> MeetingRecord:
        """One meeting, over or not. Raises MeetingNotFound."""
        record = await self._store.find(name)
        if record is None:
            raise MeetingNotFound(f"there is no meeting {name}; list them with `conclave meeting list`")
        return self._with_participants(record)

    async def page(self, room_id: str | None, show_ended: bool, size: int, token: str) -> Page[MeetingRecord]:
        """A page of the meetings of one room or of all, newest first. Raises InvalidArgument."""
        request = read_page_request(LISTING, 2, size, token)
        before = _read_sort_key(request.after) if request.after else None
        found = await self._store.page(room_id, show_ended, before, request.size + 1)
        shown = [self._with_participants(record) for record in found[: request.size]]
        if len(found) <= request.size:
            return Page(shown, "")
        last = shown[-1]
        return Page(shown, write_page_token(LISTING, last.start_time.isoformat(), last.name.meeting_id))

    async def set_active(self, participant: Participant, states: dict[SourceKind, bool]) -> None:
        """Stores which sources are sending and tells everybody."""
        on = {kind for kind, active in states.items() if active}
        participant.active = frozenset(
            (participant.active | on) - {kind for kind, active in states.items() if not active}
        )
        await self._store.save_media(participant)
        self.tell_changed(participant)

    async def save_media(self, participant: Participant) -> None:
        """Stores a participant's transport and sources; the caller tells everybody when they stand."""
        await self._store.save_media(participant)

    def _with_participants(self, record: MeetingRecord) -> MeetingRecord:
        meeting = self._meetings.get(record.name.meeting_id)
        if meeting is None:
            return record
        return MeetingRecord(record.name, record.start_time, record.end_time, tuple(meeting.participants.values()))

    async def _remove(self, participants: list[Participant], reason: EndReason | None, actor: str) -> None:
        # Shielded: a caller that gives up must not leave the database and what is here apart.
        await asyncio.shield(asyncio.ensure_future(self._remove_in_turn(participants, reason, actor)))

    async def _remove_in_turn(self, participants: list[Participant], reason: EndReason | None, actor: str) -> None:
        async with self._turn:
            leaving = [p for p in participants if self.meeting_of(p) is not None]
            if not leaving:
                return
            # Nothing may be forwarded after the leave (DESIGN section 1): the core comes first.
            await asyncio.gather(*(self._cut(participant) for participant in leaving))
            meeting = self._meetings[leaving[0].meeting_id]
            ends = len(leaving) == len(meeting.participants)
            await self._store.leave(meeting, leaving, self._clock(), ends, actor)
            for participant in leaving:
                del meeting.participants[participant.id]
                meeting.departed.add(participant.id)
                self._by_token.pop(participant.resume_token_hash, None)
            if ends:
                del self._meetings[meeting.id], self._by_room[meeting.room_id]
        for participant in leaving:
            for observer in self._observers:
                observer.participant_left(meeting, participant, reason)

    async def _cut(self, participant: Participant) -> None:
        if not participant.transport_id:
            return
        try:
            await self._media.delete_transport(participant.transport_id)
        except CoreUnavailable:
            # A core that restarts has forgotten it; one that comes back is compared with who is here.
            _log.warning("a leaver's transport could not be deleted now; it goes when the core is back")


def _random_id() -> str:
    return encode_random_id(secrets.token_bytes(RANDOM_ID_SIZE))


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _read_sort_key(after: tuple[str, ...]) -> tuple[datetime, str]:
    try:
        return datetime.fromisoformat(after[0]).astimezone(UTC), after[1]
    except ValueError:
        raise InvalidArgument("page_token is not one that this listing gave; begin again without a token") from None
