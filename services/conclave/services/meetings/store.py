"""Meetings in the database. Each method is one transaction, the audit entry included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import delete, select, tuple_, update

from conclave.services.audit.log import Act, AuditSink
from conclave.services.domain.identifiers import MeetingName
from conclave.services.domain.roles import Role
from conclave.services.meetings.model import Lobby, Meeting, MeetingRecord, Participant, SourceKind, Waiting
from conclave.services.meetings.models import MeetingRow, ParticipantRow, WaitingRow
from conclave.services.rooms.service import find_room

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from conclave.services.state.store import Store

__all__ = ["AttendanceSink", "SqlMeetingStore"]


class AttendanceSink(Protocol):
    """Who keeps something for those who are in a meeting, and is told in the transactions in which they come and go."""

    def entered(self, session: Session, meeting: Meeting, participant: Participant) -> None:
        """Somebody comes in; their row is there."""

    def left(self, session: Session, meeting: Meeting, participants: Iterable[Participant]) -> None:
        """People go."""

    def ended(self, session: Session, meeting: Meeting, actor: str) -> None:
        """The meeting is over."""


class SqlMeetingStore:
    """What MeetingService keeps, through SQLAlchemy."""

    def __init__(self, store: Store, audit: AuditSink, sinks: Sequence[AttendanceSink] = ()) -> None:
        self._store = store
        self._audit = audit
        self._sinks = sinks
        self._tenant_id = store.tenant_id

    async def load_open(self) -> list[Meeting]:
        """The meetings that go on, with who is in them."""
        return await self._store.run(self._load_open)

    def _load_open(self, session: Session) -> list[Meeting]:
        meetings = {
            row.id: Meeting(
                row.id,
                row.room_id,
                row.start_time,
                locked=row.locked,
                protection_mode=find_room(session, self._tenant_id, row.room_id).protection_mode,
            )
            for row in session.scalars(
                select(MeetingRow).where(MeetingRow.tenant_id == self._tenant_id, MeetingRow.end_time.is_(None))
            )
        }
        rows = session.scalars(
            select(ParticipantRow)
            .where(
                ParticipantRow.tenant_id == self._tenant_id,
                ParticipantRow.meeting_id.in_(meetings),
                ParticipantRow.leave_time.is_(None),
            )
            .order_by(ParticipantRow.join_time, ParticipantRow.id)
        )
        for row in rows:
            meetings[row.meeting_id].participants[row.id] = _participant(row)
        removed = session.execute(
            select(ParticipantRow.meeting_id, ParticipantRow.invite_id).where(
                ParticipantRow.tenant_id == self._tenant_id,
                ParticipantRow.meeting_id.in_(meetings),
                ParticipantRow.removed,
            )
        )
        for meeting_id, invite_id in removed:
            meetings[meeting_id].barred.add(invite_id or "")
        return list(meetings.values())

    async def load_lobbies(self) -> list[Lobby]:
        """Those who wait, by room, longest first."""

        def work(session: Session) -> list[Lobby]:
            lobbies: dict[str, Lobby] = {}
            rows = session.scalars(
                select(WaitingRow)
                .where(WaitingRow.tenant_id == self._tenant_id)
                .order_by(WaitingRow.arrive_time, WaitingRow.id)
            )
            for row in rows:
                if row.room_id not in lobbies:
                    lobbies[row.room_id] = Lobby(find_room(session, self._tenant_id, row.room_id))
                waiting = _waiting(row)
                known = self._knows_key(session, waiting.subject_id, waiting.identity_key)
                waiting.key_is_new = waiting.member and bool(waiting.identity_key) and not known
                lobbies[row.room_id].waiting[row.id] = waiting
            return list(lobbies.values())

        return await self._store.run(work)

    async def knows_key(self, subject_id: str, identity_key: bytes) -> bool:
        """Whether a subject has been in a meeting with this identity key, or never with any."""
        return await self._store.run(lambda session: self._knows_key(session, subject_id, identity_key))

    def _knows_key(self, session: Session, subject_id: str, identity_key: bytes) -> bool:
        seen = session.execute(
            select(ParticipantRow.identity_key, ParticipantRow.removed).where(
                ParticipantRow.tenant_id == self._tenant_id,
                ParticipantRow.subject_id == subject_id,
                ParticipantRow.identity_key.is_not(None),
            )
        ).all()
        # Who was removed was somebody else after all, as far as anybody knows.
        return not seen or any(bytes(key or b"") == identity_key and not removed for key, removed in seen)

    async def wait(self, waiting: Waiting) -> None:
        """Stores somebody who waits."""
        row = WaitingRow(
            tenant_id=self._tenant_id,
            id=waiting.id,
            room_id=waiting.room_id,
            subject_id=waiting.subject_id,
            display_name=waiting.display_name,
            role=int(waiting.role),
            arrive_time=waiting.arrive_time,
            resume_token_hash=waiting.resume_token_hash,
            invite_id=waiting.invite_id,
            identity_key=waiting.identity_key or None,
        )
        await self._store.run(lambda session: session.add(row))

    async def stop_waiting(self, waiting: list[Waiting], turned_away_by: str) -> None:
        """Forgets people who wait no more; turned_away_by: who decided it, empty when nobody did."""

        def work(session: Session) -> None:
            self._forget_waiting(session, [person.id for person in waiting])
            for person in waiting if turned_away_by else ():
                resource = f"rooms/{person.room_id}/waiting/{person.id}"
                self._audit.record(session, Act.PARTICIPANT_TURNED_AWAY, turned_away_by, resource, person.subject_id)

        await self._store.run(work)

    async def admit(self, meeting: Meeting, participants: list[Participant], opens: bool, actor: str) -> None:
        """Stores that people who waited are in, and the meeting with its first ones."""

        def work(session: Session) -> None:
            self._forget_waiting(session, [participant.id for participant in participants])
            if opens:
                self._open(session, meeting, actor)
            for participant in participants:
                resource = f"{meeting.name}/participants/{participant.id}"
                self._audit.record(session, Act.PARTICIPANT_ADMITTED, actor, resource, participant.subject_id)
                self._add(session, meeting, participant)

        await self._store.run(work)

    def _forget_waiting(self, session: Session, ids: list[str]) -> None:
        session.execute(delete(WaitingRow).where(WaitingRow.tenant_id == self._tenant_id, WaitingRow.id.in_(ids)))

    async def join(self, meeting: Meeting, participant: Participant, opens: bool) -> None:
        """Stores a participant, and the meeting with its first one."""

        def work(session: Session) -> None:
            if opens:
                self._open(session, meeting, f"invite:{participant.invite_id}")
            self._add(session, meeting, participant)

        await self._store.run(work)

    def _open(self, session: Session, meeting: Meeting, actor: str) -> None:
        session.add(
            MeetingRow(
                tenant_id=self._tenant_id,
                id=meeting.id,
                room_id=meeting.room_id,
                start_time=meeting.start_time,
                end_time=None,
            )
        )
        # The participant's foreign key needs the meeting's row first.
        session.flush()
        self._audit.record(session, Act.MEETING_STARTED, actor, str(meeting.name))

    def _add(self, session: Session, meeting: Meeting, participant: Participant) -> None:
        session.add(
            ParticipantRow(
                tenant_id=self._tenant_id,
                id=participant.id,
                meeting_id=meeting.id,
                subject_id=participant.subject_id,
                display_name=participant.display_name,
                role=int(participant.role),
                join_time=participant.join_time,
                leave_time=None,
                resume_token_hash=participant.resume_token_hash,
                transport_id=None,
                published_sources=0,
                active_sources=0,
                invite_id=participant.invite_id,
                identity_key=participant.identity_key or None,
            )
        )
        actor, resource = f"invite:{participant.invite_id}", f"{meeting.name}/participants/{participant.id}"
        self._audit.record(session, Act.PARTICIPANT_JOINED, actor, resource, participant.subject_id)
        for sink in self._sinks:
            sink.entered(session, meeting, participant)

    async def leave(
        self,
        meeting: Meeting,
        participants: Iterable[Participant],
        time: datetime,
        ends: bool,
        removed: bool,
        actor: str,
    ) -> None:
        """Stores that people left or were removed, and the meeting's end with the last one.

        Their resume tokens stop working.
        """
        leaving = list(participants)
        act = Act.PARTICIPANT_REMOVED if removed else Act.PARTICIPANT_LEFT

        def work(session: Session) -> None:
            for participant in leaving:
                session.execute(
                    update(ParticipantRow)
                    .where(ParticipantRow.tenant_id == self._tenant_id, ParticipantRow.id == participant.id)
                    .values(
                        leave_time=time,
                        resume_token_hash=None,
                        transport_id=None,
                        active_sources=0,
                        hand_raise_time=None,
                        removed=removed,
                    )
                )
                resource = f"{meeting.name}/participants/{participant.id}"
                self._audit.record(session, act, actor, resource, participant.subject_id)
            for sink in self._sinks:
                sink.left(session, meeting, leaving)
            if ends:
                session.execute(
                    update(MeetingRow)
                    .where(MeetingRow.tenant_id == self._tenant_id, MeetingRow.id == meeting.id)
                    .values(end_time=time)
                )
                self._audit.record(session, Act.MEETING_ENDED, actor, str(meeting.name))
                for sink in self._sinks:
                    sink.ended(session, meeting, actor)

        await self._store.run(work)

    async def save_lock(self, meeting: Meeting, locked: bool, actor: str) -> None:
        """Stores whether a meeting is locked."""
        act = Act.MEETING_LOCKED if locked else Act.MEETING_UNLOCKED

        def work(session: Session) -> None:
            session.execute(
                update(MeetingRow)
                .where(MeetingRow.tenant_id == self._tenant_id, MeetingRow.id == meeting.id)
                .values(locked=locked)
            )
            self._audit.record(session, act, actor, str(meeting.name))

        await self._store.run(work)

    async def save_role(self, meeting: Meeting, participant: Participant, role: Role, actor: str) -> None:
        """Stores a participant's new role."""

        def work(session: Session) -> None:
            session.execute(
                update(ParticipantRow)
                .where(ParticipantRow.tenant_id == self._tenant_id, ParticipantRow.id == participant.id)
                .values(role=int(role))
            )
            # The log says who decided about whom; the act's resource names the new role.
            resource = f"{meeting.name}/participants/{participant.id}:{role.name.lower()}"
            self._audit.record(session, Act.PARTICIPANT_ROLE_CHANGED, actor, resource, participant.subject_id)

        await self._store.run(work)

    async def save_hand(self, participant: Participant, raise_time: datetime | None) -> None:
        """Stores when a participant raised the hand; None when it is down."""
        await self._update(participant, {"hand_raise_time": raise_time})

    async def save_media(self, participant: Participant) -> None:
        """Stores a participant's transport and sources."""
        values = {
            "transport_id": participant.transport_id or None,
            "published_sources": _mask(participant.published),
            "active_sources": _mask(participant.active),
        }
        await self._update(participant, values)

    async def _update(self, participant: Participant, values: dict[str, Any]) -> None:
        changed = (
            update(ParticipantRow)
            .where(ParticipantRow.tenant_id == self._tenant_id, ParticipantRow.id == participant.id)
            .values(**values)
        )

        def work(session: Session) -> None:
            session.execute(changed)

        await self._store.run(work)

    async def find(self, name: MeetingName) -> MeetingRecord | None:
        """One meeting, over or not."""

        def work(session: Session) -> MeetingRecord | None:
            row = session.scalar(
                select(MeetingRow).where(
                    MeetingRow.tenant_id == self._tenant_id,
                    MeetingRow.id == name.meeting_id,
                    MeetingRow.room_id == name.room_id,
                )
            )
            return None if row is None else _record(row)

        return await self._store.run(work)

    async def page(
        self, room_id: str | None, show_ended: bool, before: tuple[datetime, str] | None, limit: int
    ) -> list[MeetingRecord]:
        """Meetings of one room or of all, newest first; before: start time and id of the last one seen."""

        def work(session: Session) -> list[MeetingRecord]:
            query = select(MeetingRow).where(MeetingRow.tenant_id == self._tenant_id)
            if room_id is not None:
                query = query.where(MeetingRow.room_id == room_id)
            if not show_ended:
                query = query.where(MeetingRow.end_time.is_(None))
            if before is not None:
                query = query.where(tuple_(MeetingRow.start_time, MeetingRow.id) < before)
            query = query.order_by(MeetingRow.start_time.desc(), MeetingRow.id.desc()).limit(limit)
            return [_record(row) for row in session.scalars(query)]

        return await self._store.run(work)


def _mask(kinds: frozenset[SourceKind]) -> int:
    return sum(1 << kind for kind in kinds)


def _kinds(mask: int) -> frozenset[SourceKind]:
    return frozenset(kind for kind in SourceKind if mask & (1 << kind))


def _record(row: MeetingRow) -> MeetingRecord:
    return MeetingRecord(MeetingName(row.room_id, row.id), row.start_time, row.end_time, locked=row.locked)


def _waiting(row: WaitingRow) -> Waiting:
    return Waiting(
        id=row.id,
        room_id=row.room_id,
        subject_id=row.subject_id,
        display_name=row.display_name,
        role=Role(row.role),
        arrive_time=row.arrive_time,
        resume_token_hash=bytes(row.resume_token_hash),
        invite_id=row.invite_id,
        identity_key=bytes(row.identity_key or b""),
        attached=False,
    )


def _participant(row: ParticipantRow) -> Participant:
    return Participant(
        id=row.id,
        meeting_id=row.meeting_id,
        subject_id=row.subject_id,
        display_name=row.display_name,
        role=Role(row.role),
        join_time=row.join_time,
        resume_token_hash=bytes(row.resume_token_hash or b""),
        invite_id=row.invite_id or "",
        published=_kinds(row.published_sources),
        active=_kinds(row.active_sources),
        transport_id=row.transport_id or "",
        hand_raise_time=row.hand_raise_time,
        identity_key=bytes(row.identity_key or b""),
        attached=False,
    )
