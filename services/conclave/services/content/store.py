"""Content in the database. Each method is one transaction, the audit entry included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, or_, select, update

from conclave.services.audit.log import Act, AuditSink
from conclave.services.content.attendance import was_there
from conclave.services.content.errors import ContentGone, ContentLimit, RevisionTaken
from conclave.services.content.model import ContentPage, Deletion, Draft, Stored
from conclave.services.content.models import ContentRow
from conclave.services.content.readout import Readout
from conclave.services.content.rules import Change, check_parent, deletion_of, judge
from conclave.services.content.wire import body_to_octets
from conclave.services.domain.content import Sealed

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from conclave.services.content.attached import AttachedFiles
    from conclave.services.content.attendance import Attendance
    from conclave.services.content.model import Record
    from conclave.services.content.models import PresenceRow
    from conclave.services.content.vault import ContentVault
    from conclave.services.meetings.model import Meeting, Participant
    from conclave.services.state.store import Store

__all__ = ["SqlContentStore"]

PAGE = 200
PAGE_SIZE = 256 * 1024
"""Objects and bytes of one answer: what waits for one client is bounded."""
MAX_CHANGES = 50_000
"""Of one meeting's content."""


class SqlContentStore:
    """What ContentService keeps, through SQLAlchemy."""

    def __init__(
        self, store: Store, audit: AuditSink, vault: ContentVault, attendance: Attendance, attached: AttachedFiles
    ) -> None:
        self._store = store
        self._audit = audit
        self._vault = vault
        self._attendance = attendance
        self._attached = attached
        self._tenant_id = store.tenant_id

    async def put(self, meeting: Meeting, sender: Participant, draft: Draft, time: datetime) -> Stored:
        """Takes a draft: new, a revision, or one that was taken before.

        Raises what `judge`, `check_parent` and the files do, RecipientGone, ContentInvalid, ContentLimit and
        MeetingOver.
        """

        def work(session: Session) -> Stored:
            presence = self._attendance.of(session, meeting, sender.id)
            readout = self._readout(session, meeting)
            row = self._find(session, meeting, draft.id)
            existing = None if row is None else readout.record(row)
            change = judge(existing, draft, sender.id, presence.person)
            parent = None
            if draft.parent_id and change is not Change.REPEATED:
                parent = self._parent(session, meeting, presence, draft, readout)
            if change is Change.NEW:
                self._attached.tie(session, meeting, presence.person, draft.id, draft.file_ids)
                self._insert(session, meeting, sender, presence, draft, parent, time)
            elif change is Change.REVISION:
                assert existing is not None, "judged by what is there"
                payload = readout.key(draft.kind).seal(draft.id, draft.revision, body_to_octets(draft))
                values = {"revision": draft.revision, "payload": payload, "closed": draft.closed}
                self._change(session, meeting, existing, time, values)
            return self._stored(session, meeting, draft.id, new=change is not Change.REPEATED)

        return await self._store.run(work)

    async def delete(self, meeting: Meeting, actor: Participant, content_id: str, time: datetime) -> Stored:
        """Takes an object back: its content and all that belongs to it are gone, a mark stays.

        Raises ContentGone, NotYours and MeetingOver.
        """

        def work(session: Session) -> Stored:
            person = self._attendance.of(session, meeting, actor.id).person
            row = session.scalar(select(ContentRow).where(*self._seen_by(meeting, person), ContentRow.id == content_id))
            if row is None:
                raise ContentGone("there is no such object for you")
            existing = self._readout(session, meeting).record(row)
            deletion = deletion_of(existing, person, actor.role.may_moderate)
            if existing.deletion is not Deletion.NONE:
                return self._stored(session, meeting, content_id, new=False)
            if deletion is Deletion.BY_HOST:
                resource = f"{meeting.name}/content/{content_id}"
                self._audit.record(session, Act.CONTENT_REMOVED, f"participant:{actor.id}", resource, row.subject_id)
            gone: dict[str, object] = {"deletion": int(deletion), "payload": None}
            session.execute(
                update(ContentRow)
                .where(*self._in(meeting), ContentRow.parent_id == content_id)
                .values(**gone)
                .execution_options(synchronize_session=False)
            )
            self._attached.drop(session, meeting, content_id)
            self._change(session, meeting, existing, time, gone)
            return self._stored(session, meeting, content_id)

        return await self._store.run(work)

    async def read(self, meeting: Meeting, reader: Participant, after: int, return_key: bytes) -> ContentPage:
        """What changed after a place and was shared while the person was there. Raises MeetingOver."""

        def work(session: Session) -> ContentPage:
            presence = self._attendance.of(session, meeting, reader.id)
            if return_key:
                self._attendance.recognise(session, presence, return_key)
            rows = session.scalars(
                select(ContentRow)
                .where(*self._seen_by(meeting, presence.person), ContentRow.sequence > after)
                .order_by(ContentRow.sequence)
                .limit(PAGE + 1)
            ).all()
            chosen: list[ContentRow] = []
            size = 0
            for row in rows[:PAGE]:
                size += len(row.payload or b"")
                if chosen and size > PAGE_SIZE:
                    break
                chosen.append(row)
            readout = self._readout(session, meeting)
            records = [readout.record(row) for row in chosen]
            return ContentPage(records, presence.person, more=len(chosen) < len(rows))

        return await self._store.run(work)

    async def undelivered(self, meeting: Meeting) -> tuple[frozenset[str], list[Stored]]:
        """Who is there and reads content, and the objects that have not reached everybody.

        Lines sent right after a restart of control are waited for although their readers have not asked again yet.
        """

        def work(session: Session) -> tuple[frozenset[str], list[Stored]]:
            ids = session.scalars(
                select(ContentRow.id).where(
                    *self._in(meeting), ContentRow.delivered.is_(False), ContentRow.deletion == int(Deletion.NONE)
                )
            ).all()
            readers = self._attendance.reading(session, meeting)
            return readers, [self._stored(session, meeting, content_id) for content_id in ids]

        return await self._store.run(work)

    async def save_delivered(self, meeting: Meeting, content_id: str, sequence: int) -> frozenset[str]:
        """Stores that a version has reached everybody; returns the author's presences, none if there is a newer one."""

        def work(session: Session) -> frozenset[str]:
            row = self._find(session, meeting, content_id)
            if row is None or row.sequence != sequence:
                return frozenset()
            row.delivered = True
            return self._attendance.authors(session, row)

        return await self._store.run(work)

    def _parent(
        self, session: Session, meeting: Meeting, presence: PresenceRow, draft: Draft, readout: Readout
    ) -> ContentRow:
        """What a draft belongs to. Raises what check_parent does, and RevisionTaken."""
        row = session.scalar(
            select(ContentRow).where(*self._seen_by(meeting, presence.person), ContentRow.id == draft.parent_id)
        )
        check_parent(draft, None if row is None else readout.record(row))
        assert row is not None, "checked"
        other = session.scalar(
            select(ContentRow.id).where(
                *self._in(meeting),
                ContentRow.parent_id == draft.parent_id,
                ContentRow.sender_person == presence.person,
                ContentRow.id != draft.id,
            )
        )
        if other is not None:
            raise RevisionTaken("there is one of yours already; change that one")
        return row

    def _insert(
        self,
        session: Session,
        meeting: Meeting,
        sender: Participant,
        presence: PresenceRow,
        draft: Draft,
        parent: ContentRow | None,
        time: datetime,
    ) -> None:
        recipient = None
        if draft.recipient_id:
            recipient = self._attendance.recipient(session, meeting, presence, draft.recipient_id)
        key = self._readout(session, meeting).key(draft.kind)
        # One statement finds the place and takes it, so that no two changes have the same one.
        place = self._attendance.latest(meeting.id) + 1
        taken = session.scalar(
            insert(ContentRow)
            .values(
                tenant_id=self._tenant_id,
                meeting_id=meeting.id,
                id=draft.id,
                kind=int(draft.kind),
                sequence=place,
                first_sequence=place,
                since_sequence=place if parent is None else parent.since_sequence,
                parent_id=draft.parent_id or None,
                closed=draft.closed,
                revision=draft.revision,
                sender_id=sender.id,
                sender_person=presence.person,
                subject_id=sender.subject_id,
                recipient_id=None if recipient is None else recipient.participant_id,
                recipient_person=None if recipient is None else recipient.person,
                create_time=time,
                change_time=time,
                deletion=int(Deletion.NONE),
                delivered=False,
                sealed=isinstance(draft.body, Sealed),
                payload=key.seal(draft.id, draft.revision, body_to_octets(draft)),
            )
            .returning(ContentRow.sequence)
        )
        _require_room(taken)

    def _change(
        self, session: Session, meeting: Meeting, existing: Record, time: datetime, values: dict[str, object]
    ) -> None:
        taken = session.scalar(
            update(ContentRow)
            .where(*self._in(meeting), ContentRow.id == existing.id, ContentRow.sequence == existing.sequence)
            .values(sequence=self._attendance.latest(meeting.id) + 1, change_time=time, delivered=False, **values)
            .returning(ContentRow.sequence)
            .execution_options(synchronize_session=False)
        )
        _require_room(taken)
        session.expire_all()

    def _in(self, meeting: Meeting) -> tuple[ColumnElement[bool], ...]:
        return ContentRow.tenant_id == self._tenant_id, ContentRow.meeting_id == meeting.id

    def _seen_by(self, meeting: Meeting, person: str) -> tuple[ColumnElement[bool], ...]:
        addressed = or_(
            ContentRow.recipient_person.is_(None),
            ContentRow.recipient_person == person,
            ContentRow.sender_person == person,
        )
        return *self._in(meeting), addressed, was_there(person, ContentRow)

    def _find(self, session: Session, meeting: Meeting, content_id: str) -> ContentRow | None:
        return session.get(ContentRow, (self._tenant_id, meeting.id, content_id))

    def _readout(self, session: Session, meeting: Meeting) -> Readout:
        return Readout(session, self._vault, self._attached, self._tenant_id, meeting.id)

    def _stored(self, session: Session, meeting: Meeting, content_id: str, new: bool = True) -> Stored:
        row = self._find(session, meeting, content_id)
        assert row is not None, "read in the unit of work that wrote it"
        record = self._readout(session, meeting).record(row)
        return Stored(record, self._attendance.readers(session, row), self._attendance.authors(session, row), new)


def _require_room(place: int | None) -> None:
    """Raises ContentLimit. `place` is None only if somebody else wrote, which nobody does."""
    assert place is not None, "control is the only writer, and writes one change after the other"
    if place > MAX_CHANGES:
        raise ContentLimit("this meeting's chat is full; go on in another meeting")
