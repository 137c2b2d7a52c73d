"""Who was there for which objects, and the end: told in the transactions in which people come and go."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from conclave.services.audit.log import Act, AuditSink
from conclave.services.content.errors import ContentInvalid, RecipientGone
from conclave.services.content.models import ContentKeyRow, ContentRow, PresenceRow
from conclave.services.meetings.errors import MeetingOver

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, ScalarSelect
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from conclave.services.meetings.model import Meeting, Participant

__all__ = ["Attendance", "was_there"]


class Attendance:
    """The presences of every meeting. Each method is part of a unit of work."""

    def __init__(self, tenant_id: str, audit: AuditSink) -> None:
        self._tenant_id = tenant_id
        self._audit = audit

    def entered(self, session: Session, meeting: Meeting, participant: Participant) -> None:
        """Somebody comes in: what was shared before is not for them."""
        session.add(
            PresenceRow(
                tenant_id=self._tenant_id,
                participant_id=participant.id,
                meeting_id=meeting.id,
                subject_id=participant.subject_id,
                person=participant.subject_id if participant.member else participant.id,
                return_key_hash=None,
                after_sequence=session.scalar(select(self.latest(meeting.id))),
                until_sequence=None,
            )
        )

    def left(self, session: Session, meeting: Meeting, participants: Iterable[Participant]) -> None:
        """People go: what is shared from now on is not for them."""
        session.execute(
            update(PresenceRow)
            .where(
                PresenceRow.tenant_id == self._tenant_id,
                PresenceRow.participant_id.in_([participant.id for participant in participants]),
            )
            .values(until_sequence=self.latest(meeting.id))
            .execution_options(synchronize_session=False)
        )

    def ended(self, session: Session, meeting: Meeting, actor: str) -> None:
        """The meeting is over: its keys are destroyed, and with them all that was kept."""
        here = (ContentKeyRow.tenant_id == self._tenant_id, ContentKeyRow.meeting_id == meeting.id)
        if session.scalar(select(func.count()).select_from(ContentKeyRow).where(*here)):
            self._audit.record(session, Act.CONTENT_ERASED, actor, str(meeting.name))
        session.execute(delete(ContentKeyRow).where(*here))
        for table in (ContentRow, PresenceRow):
            session.execute(delete(table).where(table.tenant_id == self._tenant_id, table.meeting_id == meeting.id))

    def latest(self, meeting_id: str) -> ScalarSelect[int]:
        """The place of the meeting's latest change."""
        return (
            select(func.coalesce(func.max(ContentRow.sequence), 0))
            .where(ContentRow.tenant_id == self._tenant_id, ContentRow.meeting_id == meeting_id)
            .scalar_subquery()
        )

    def of(self, session: Session, meeting: Meeting, participant_id: str) -> PresenceRow:
        """The presence of somebody who is there. Raises MeetingOver."""
        row = self._find(session, meeting, participant_id)
        if row is None:
            raise MeetingOver("the meeting is over for you")
        return row

    def recipient(self, session: Session, meeting: Meeting, sender: PresenceRow, participant_id: str) -> PresenceRow:
        """The presence of the one person whom an object is for. Raises RecipientGone and ContentInvalid."""
        row = self._find(session, meeting, participant_id)
        if row is None:
            raise RecipientGone("the person whom it is for has left the meeting")
        if row.person == sender.person:
            raise ContentInvalid("one does not write to oneself; name another recipient")
        return row

    def recognise(self, session: Session, presence: PresenceRow, return_key: bytes) -> None:
        """Joins a guest to the presences that showed the same key before. The first key that one shows stays.

        A member is known by the invite; their key says only that their client reads.
        """
        if presence.return_key_hash is not None:
            return
        key_hash = hashlib.sha256(return_key).digest()
        earlier = session.scalars(
            select(PresenceRow.person)
            .where(
                PresenceRow.tenant_id == self._tenant_id,
                PresenceRow.meeting_id == presence.meeting_id,
                PresenceRow.return_key_hash == key_hash,
                PresenceRow.subject_id.startswith("guest:"),
            )
            .limit(1)
        ).first()
        presence.return_key_hash = key_hash
        if earlier is not None and presence.subject_id.startswith("guest:"):
            presence.person = earlier
        session.flush()

    def reading(self, session: Session, meeting: Meeting) -> frozenset[str]:
        """Who is there and has shown a key, which clients do when they first read."""
        return self._present(session, meeting.id, PresenceRow.return_key_hash.is_not(None))

    def readers(self, session: Session, row: ContentRow) -> frozenset[str]:
        """Who is there of those whom an object is for, its author's own presences left out."""
        which = [was_there(PresenceRow.person, row), PresenceRow.person != row.sender_person]
        if row.recipient_person is not None:
            which.append(PresenceRow.person == row.recipient_person)
        return self._present(session, row.meeting_id, *which)

    def authors(self, session: Session, row: ContentRow) -> frozenset[str]:
        """The presences of an object's author that last."""
        return self._present(session, row.meeting_id, PresenceRow.person == row.sender_person)

    def _find(self, session: Session, meeting: Meeting, participant_id: str) -> PresenceRow | None:
        row = session.get(PresenceRow, (self._tenant_id, participant_id))
        return row if row is not None and row.meeting_id == meeting.id and row.until_sequence is None else None

    def _present(self, session: Session, meeting_id: str, *which: ColumnElement[bool]) -> frozenset[str]:
        found = session.scalars(
            select(PresenceRow.participant_id).where(
                PresenceRow.tenant_id == self._tenant_id,
                PresenceRow.meeting_id == meeting_id,
                PresenceRow.until_sequence.is_(None),
                *which,
            )
        )
        return frozenset(found)


def was_there(person: str | InstrumentedAttribute[str], content: type[ContentRow] | ContentRow) -> ColumnElement[bool]:
    """Whether a person was there when an object, or that which it belongs to, was first shared."""
    then = aliased(PresenceRow)
    return exists().where(
        then.tenant_id == content.tenant_id,
        then.meeting_id == content.meeting_id,
        then.person == person,
        then.after_sequence < content.since_sequence,
        or_(then.until_sequence.is_(None), then.until_sequence >= content.since_sequence),
    )
