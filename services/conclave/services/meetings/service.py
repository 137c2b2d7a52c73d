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
from conclave.services.domain.identifiers import MeetingName
from conclave.services.domain.invites import Invite
from conclave.services.domain.pages import Page, read_page_request, write_page_token
from conclave.services.domain.protection import ProtectionMode
from conclave.services.domain.roles import Role
from conclave.services.domain.rooms import MAX_PERSON_DISPLAY_NAME, Room, validate_display_name
from conclave.services.media.errors import CoreUnavailable
from conclave.services.meetings.admission import InviteComer, check_entry, check_invite, waits_for
from conclave.services.meetings.errors import MeetingNotFound, MeetingOver, NotHost, SessionLost
from conclave.services.meetings.hands import Hands, HandStore
from conclave.services.meetings.lobby import Lobbies, LobbyStore, random_id
from conclave.services.meetings.model import (
    EndReason,
    Meeting,
    MeetingRecord,
    Participant,
    SourceKind,
    Waiting,
    WaitReason,
)
from conclave.services.meetings.quality import Qualities
from conclave.services.meetings.register import MeetingObserver, PeopleObserver, Register, carried_out
from conclave.services.state.clock import Clock

__all__ = ["MediaCut", "MeetingService", "MeetingStore"]

# How long a participant whose signalling is lost may come back. In an end-to-end meeting the participant stays a leaf
# of the group as long, and coming back without a new one is worth waiting for.
GRACE_NS = 30_000_000_000
END_TO_END_GRACE_NS = 60_000_000_000
RESUME_TOKEN_SIZE = 32
LISTING = "meetings"

_log = logging.getLogger(__name__)


class MeetingStore(LobbyStore, HandStore, Protocol):
    """Where meetings are kept; see SqlMeetingStore."""

    async def load_open(self) -> list[Meeting]: ...
    async def join(self, meeting: Meeting, participant: Participant, opens: bool) -> None: ...
    async def leave(
        self,
        meeting: Meeting,
        participants: Iterable[Participant],
        time: datetime,
        ends: bool,
        removed: bool,
        actor: str,
    ) -> None: ...
    async def save_lock(self, meeting: Meeting, locked: bool, actor: str) -> None: ...
    async def save_role(self, meeting: Meeting, participant: Participant, role: Role, actor: str) -> None: ...
    async def save_media(self, participant: Participant) -> None: ...
    async def find(self, name: MeetingName) -> MeetingRecord | None: ...
    async def page(
        self, room_id: str | None, show_ended: bool, before: tuple[datetime, str] | None, limit: int
    ) -> list[MeetingRecord]: ...


class MediaCut(Protocol):
    """What cuts a leaver off; see CoreClient."""

    async def delete_transport(self, transport_id: str) -> None:
        """Returns once nothing is forwarded any more."""


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
        self._register = Register()
        self._leaving: list[Callable[[Meeting, Participant], None]] = []
        self._lobbies = Lobbies(self._register, store, clock)
        self.hands = Hands(self._register, store, clock)
        self.qualities = Qualities(self._register, monotonic_ns)

    def observe(self, observer: MeetingObserver) -> None:
        """Adds somebody who is told of participants."""
        self._register.observers.append(observer)

    def observe_leaving(self, tell: Callable[[Meeting, Participant], None]) -> None:
        """Adds what is told of participants who are being taken out, before anything is done about it.

        Whoever stays after all is told of as changed.
        """
        self._leaving.append(tell)

    def observe_people(self, observer: PeopleObserver) -> None:
        """Adds somebody who is told of waiting, locks, roles, muting, connections and the room's policy."""
        self._register.people_observers.append(observer)

    @property
    def register(self) -> Register:
        """What goes on now, for the rules beside these."""
        return self._register

    @property
    def lobbies(self) -> Lobbies:
        """Those who wait, for the rules beside these."""
        return self._lobbies

    async def restore(self) -> None:
        """Takes up what went on when control stopped; everybody in it has the grace to come back."""
        now_ns = self._monotonic_ns()
        for meeting in await self._store.load_open():
            if not meeting.participants:
                await self._store.leave(meeting, [], self._clock(), True, False, "conclave-control")
                continue
            for participant in meeting.participants.values():
                participant.attached, participant.away_since_ns = False, now_ns
                self._register.add_participant(meeting, participant)
        await self._lobbies.restore(now_ns)

    def meetings(self) -> list[Meeting]:
        """The meetings that go on."""
        return list(self._register.meetings.values())

    def meeting_of(self, participant: Participant) -> Meeting | None:
        """The meeting that a participant is in; None for one who has left."""
        return self._register.meeting_of(participant)

    def meeting_in(self, room_id: str) -> Meeting | None:
        """The meeting that goes on in a room."""
        return self._register.by_room.get(room_id)

    def waiting_in(self, room_id: str) -> list[Waiting]:
        """Who waits for a room's meeting, longest first."""
        return self._register.waiting_in(room_id)

    def participant(self, participant_id: str) -> Participant | None:
        """Somebody who is in a meeting."""
        return next(
            (
                meeting.participants[participant_id]
                for meeting in self._register.meetings.values()
                if participant_id in meeting.participants
            ),
            None,
        )

    def reason_to_wait(self, room: Room, invite: Invite) -> WaitReason | None:
        """What the bearer of an invite would wait for now. Raises MembersOnly and RemovedBefore."""
        meeting = self.meeting_in(room.room_id)
        check_invite(room, meeting, invite)
        return waits_for(room, meeting, InviteComer(invite))

    async def join(
        self, room: Room, invite: Invite, display_name: str, identity_key: bytes = b""
    ) -> tuple[Participant | Waiting, str]:
        """Brings somebody in and opens the meeting with the first one, or lets them wait. Returns the resume token too.

        display_name: what was typed; a personal invite has its own. identity_key: the client's, in end-to-end rooms.
        Raises InvalidArgument for a name that cannot be, MembersOnly, RemovedBefore, MeetingLocked and RoomFull.
        """
        name = invite.display_name or validate_display_name(display_name, MAX_PERSON_DISPLAY_NAME)
        token = secrets.token_urlsafe(RESUME_TOKEN_SIZE)
        async with self._register.turn:
            now = self._clock()
            meeting = self.meeting_in(room.room_id)
            check_entry(room, meeting, invite)
            # A personal invite that somebody else holds does not make them the person whom it names.
            key_is_new = bool(identity_key and invite.subject_id) and not await self._store.knows_key(
                invite.subject_id or "", identity_key
            )
            reason = waits_for(room, meeting, InviteComer(invite, key_is_new))
            person_id = random_id()
            # A guest is known by nothing but this presence.
            subject_id = invite.subject_id or f"guest:{person_id}"
            token_hash = _token_hash(token)
            if reason is not None:
                waiting = Waiting(
                    person_id, room.room_id, subject_id, name, invite.role, now, token_hash, invite.invite_id, reason
                )
                waiting.identity_key, waiting.key_is_new = identity_key, key_is_new
                await self._lobbies.enter(room, waiting)
                return waiting, token
            opens = meeting is None
            if meeting is None:
                meeting = Meeting(random_id(), room.room_id, now, protection_mode=room.protection_mode)
            participant = Participant(
                person_id, meeting.id, subject_id, name, invite.role, now, token_hash, invite.invite_id
            )
            participant.identity_key = identity_key
            await self._store.join(meeting, participant, opens)
            self._register.add_participant(meeting, participant)
            self.tell_changed(participant)
            await self._lobbies.reconsider(room.room_id)
        return participant, token

    def owner_of(self, token: str) -> Participant | Waiting:
        """Who a resume token belongs to. Raises SessionLost."""
        person = self._register.by_token.get(_token_hash(token))
        if person is None:
            raise SessionLost("this session is over; join the meeting again")
        return person

    def room_of(self, person: Participant | Waiting) -> str:
        """The room in which somebody is, or waits."""
        if isinstance(person, Waiting):
            return person.room_id
        meeting = self.meeting_of(person)
        assert meeting is not None, "whose resume token is known is in a meeting"
        return meeting.room_id

    def resume(self, token: str) -> Participant | Waiting:
        """Finds who a resume token belongs to and counts them as back. Raises SessionLost."""
        person = self.owner_of(token)
        if not person.attached:
            person.attached = True
            self._tell_person(person)
        return person

    def detach(self, person: Participant | Waiting) -> None:
        """Takes note that a person's signalling is lost; the grace time begins."""
        here = self.meeting_of(person) if isinstance(person, Participant) else self._register.lobby_of(person)
        if person.attached and here is not None:
            person.attached, person.away_since_ns = False, self._monotonic_ns()
            self._tell_person(person)

    def _tell_person(self, person: Participant | Waiting) -> None:
        if isinstance(person, Participant):
            self.tell_changed(person)
        else:
            self._register.tell_lobby(person.room_id)

    def tell_changed(self, participant: Participant) -> None:
        """Tells everybody what a participant is like now."""
        self._register.tell_changed(participant)

    async def leave(self, person: Participant | Waiting) -> None:
        """Takes somebody out; cut at the core before anybody is told. Leaving twice does nothing."""
        if isinstance(person, Waiting):
            async with self._register.turn:
                await self._lobbies.drop([person], None)
            # Somebody may have been let in while the wish to leave waited for its turn.
            meeting = self.meeting_in(person.room_id)
            admitted = None if meeting is None else meeting.participants.get(person.id)
            if admitted is None:
                return
            person = admitted
        await self._remove([person], None, f"participant:{person.id}")

    async def expire(self) -> None:
        """Takes out everybody whose grace time is over."""
        now_ns = self._monotonic_ns()
        overdue_ns = now_ns - GRACE_NS
        for meeting in self.meetings():
            end_to_end = meeting.protection_mode is not ProtectionMode.MANAGED
            since_ns = now_ns - (END_TO_END_GRACE_NS if end_to_end else GRACE_NS)
            late = [p for p in meeting.participants.values() if not p.attached and since_ns >= p.away_since_ns]
            if late:
                await self._remove(late, EndReason.TIMED_OUT, "conclave-control")
        for room_id in list(self._register.lobbies):
            gone = [w for w in self.waiting_in(room_id) if not w.attached and overdue_ns >= w.away_since_ns]
            if gone:
                async with self._register.turn:
                    await self._lobbies.drop([w for w in gone if not w.attached], EndReason.TIMED_OUT)

    @carried_out
    async def room_changed(self, room: Room) -> None:
        """Acts on a room's new policy: who need not wait any more comes in, who may not come in is sent away."""
        async with self._register.turn:
            lobby = self._register.lobbies.get(room.room_id)
            if lobby is not None:
                lobby.room = room
                if room.admission.members_only:
                    guests = [waiting for waiting in lobby.waiting.values() if not waiting.member]
                    await self._lobbies.drop(guests, EndReason.TURNED_AWAY)
                await self._lobbies.reconsider(room.room_id)
        for observer in self._register.people_observers:
            observer.room_changed(room)

    @carried_out
    async def room_deleted(self, room_id: str) -> None:
        """Sends away who waits for a room that is gone."""
        async with self._register.turn:
            await self._lobbies.drop(self.waiting_in(room_id), EndReason.ENDED)

    @carried_out
    async def invite_revoked(self, room_id: str, invite_id: str) -> None:
        """Sends away who waits and came through an invite that lets nobody in any more."""
        async with self._register.turn:
            waiting = [person for person in self.waiting_in(room_id) if person.invite_id == invite_id]
            await self._lobbies.drop(waiting, EndReason.TURNED_AWAY)

    async def end_as_participant(self, participant: Participant) -> None:
        """Ends the meeting for everybody. Raises NotHost and MeetingOver."""
        if not participant.role.may_end_meeting:
            raise NotHost("only a host may end the meeting for everybody; leave it instead")
        meeting = self.meeting_of(participant)
        if meeting is None:
            raise MeetingOver("the meeting is over already")
        await self._end(meeting, f"participant:{participant.id}")

    async def end(self, name: MeetingName, actor: str) -> MeetingRecord:
        """Ends a meeting by name; one that is over stays as it is. Raises MeetingNotFound."""
        meeting = self._register.meetings.get(name.meeting_id)
        if meeting is not None and meeting.room_id == name.room_id:
            await self._end(meeting, actor)
        return await self.get(name)

    @carried_out
    async def _end(self, meeting: Meeting, actor: str) -> None:
        # Who waits goes first: they would come in otherwise when a host's leave opens a seat.
        async with self._register.turn:
            await self._lobbies.drop(self.waiting_in(meeting.room_id), EndReason.ENDED)
        # Somebody may have come in while the others were cut.
        while meeting.participants:
            await self._remove(list(meeting.participants.values()), EndReason.ENDED, actor)

    async def take_out(self, participant: Participant, actor: str) -> None:
        """Removes somebody, whose invite lets them in no more while the meeting lasts."""
        await self._remove([participant], EndReason.REMOVED, actor)

    async def time_out(self, participant: Participant) -> None:
        """Takes out somebody who has not been heard of for too long."""
        await self._remove([participant], EndReason.TIMED_OUT, "conclave-control")

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
        meeting = self._register.meetings.get(record.name.meeting_id)
        if meeting is None:
            return record
        people = tuple(meeting.participants.values())
        return MeetingRecord(record.name, record.start_time, record.end_time, people, meeting.locked)

    @carried_out
    async def _remove(self, participants: list[Participant], reason: EndReason | None, actor: str) -> None:
        # All of one meeting. Nothing is awaited before it is said that they go: an offer that is under way must not
        # give them a transport behind the cut, nobody comes back in through the same invite.
        leaving = [(meeting, p) for p in participants if (meeting := self.meeting_of(p)) is not None]
        for meeting, participant in leaving:
            participant.leaving = True
            if reason is EndReason.REMOVED:
                meeting.barred.add(participant.invite_id)
        for meeting, participant in leaving:
            for tell in self._leaving:
                tell(meeting, participant)
        try:
            # Nothing may be forwarded after the leave (DESIGN section 1): the core comes first. Outside the turn, which
            # is everybody's: a core that does not answer would hold up all rooms.
            await asyncio.gather(*(self._cut(participant) for _, participant in leaving))
            await self._record_leave(participants, reason, actor)
        except BaseException:
            for _, participant in leaving:
                participant.leaving = False
                self._register.tell_changed(participant)
            raise

    async def _record_leave(self, participants: list[Participant], reason: EndReason | None, actor: str) -> None:
        async with self._register.turn:
            leaving = [p for p in participants if self.meeting_of(p) is not None]
            if not leaving:
                return
            meeting = self._register.meetings[leaving[0].meeting_id]
            ends = len(leaving) == len(meeting.participants)
            removed = reason is EndReason.REMOVED
            await self._store.leave(meeting, leaving, self._clock(), ends, removed, actor)
            for participant in leaving:
                del meeting.participants[participant.id]
                meeting.departed.add(participant.id)
                self._register.by_token.pop(participant.resume_token_hash, None)
            if ends:
                del self._register.meetings[meeting.id], self._register.by_room[meeting.room_id]
            for participant in leaving:
                for observer in self._register.observers:
                    observer.participant_left(meeting, participant, reason)
            await self._lobbies.reconsider(meeting.room_id)

    async def _cut(self, participant: Participant) -> None:
        if not participant.transport_id:
            return
        try:
            await self._media.delete_transport(participant.transport_id)
        except CoreUnavailable:
            # A core that restarts has forgotten it; one that comes back is compared with who is here.
            _log.warning("a leaver's transport could not be deleted now; it goes when the core is back")


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _read_sort_key(after: tuple[str, ...]) -> tuple[datetime, str]:
    try:
        return datetime.fromisoformat(after[0]).astimezone(UTC), after[1]
    except ValueError:
        raise InvalidArgument("page_token is not one that this listing gave; begin again without a token") from None
