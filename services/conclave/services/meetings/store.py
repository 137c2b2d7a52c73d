"""Meetings in the database. Each method is one transaction, the audit entry included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, tuple_, update

from conclave.services.audit.log import Act, AuditSink
from conclave.services.domain.identifiers import MeetingName
from conclave.services.domain.roles import Role
from conclave.services.meetings.model import Meeting, MeetingRecord, Participant, SourceKind
from conclave.services.meetings.models import MeetingRow, ParticipantRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from conclave.services.state.store import Store

__all__ = ["SqlMeetingStore"]


class SqlMeetingStore:
    """What MeetingService keeps, through SQLAlchemy."""

    def __init__(self, store: Store, audit: AuditSink) -> None:
        self._store = store
        self._audit = audit
        self._tenant_id = store.tenant_id

    async def load_open(self) -> list[Meeting]:
        """The meetings that go on, with who is in them."""
        return await self._store.run(self._load_open)

    def _load_open(self, session: Session) -> list[Meeting]:
        meetings = {
            row.id: Meeting(row.id, row.room_id, row.start_time)
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
        return list(meetings.values())

    async def join(self, meeting: Meeting, participant: Participant, opens: bool) -> None:
        """Stores a participant, and the meeting with its first one."""
        actor = f"invite:{participant.invite_id}"

        def work(session: Session) -> None:
            if opens:
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
                )
            )
            resource = f"{meeting.name}/participants/{participant.id}"
            self._audit.record(session, Act.PARTICIPANT_JOINED, actor, resource, participant.subject_id)

        await self._store.run(work)

    async def leave(
        self, meeting: Meeting, participants: Iterable[Participant], time: datetime, ends: bool, actor: str
    ) -> None:
        """Stores that people left, and the meeting's end with the last one. Their resume tokens stop working."""
        leaving = list(participants)

        def work(session: Session) -> None:
            for participant in leaving:
                session.execute(
                    update(ParticipantRow)
                    .where(ParticipantRow.tenant_id == self._tenant_id, ParticipantRow.id == participant.id)
                    .values(leave_time=time, resume_token_hash=None, transport_id=None, active_sources=0)
                )
                resource = f"{meeting.name}/participants/{participant.id}"
                self._audit.record(session, Act.PARTICIPANT_LEFT, actor, resource, participant.subject_id)
            if ends:
                session.execute(
                    update(MeetingRow)
                    .where(MeetingRow.tenant_id == self._tenant_id, MeetingRow.id == meeting.id)
                    .values(end_time=time)
                )
                self._audit.record(session, Act.MEETING_ENDED, actor, str(meeting.name))

        await self._store.run(work)

    async def save_media(self, participant: Participant) -> None:
        """Stores a participant's transport and sources."""
        values = {
            "transport_id": participant.transport_id or None,
            "published_sources": _mask(participant.published),
            "active_sources": _mask(participant.active),
        }
        key, tenant_id = participant.id, self._tenant_id

        def work(session: Session) -> None:
            session.execute(
                update(ParticipantRow)
                .where(ParticipantRow.tenant_id == tenant_id, ParticipantRow.id == key)
                .values(**values)
            )

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
    return MeetingRecord(MeetingName(row.room_id, row.id), row.start_time, row.end_time)


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
        attached=False,
    )
