"""Files and the objects that name them, and what goes with people: told in the transactions of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select

from conclave.services.content.models import PresenceRow
from conclave.services.domain.files import part_count
from conclave.services.files.errors import FileGone, FileInvalid, FileTaken
from conclave.services.files.models import FileRow, FileTokenRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from conclave.services.meetings.model import Meeting, Participant

__all__ = ["Attachments"]


class Attachments:
    """The files of every meeting. Each method is part of a unit of work; the bytes of a row that goes are swept up."""

    def __init__(self, tenant_id: str) -> None:
        self._tenant_id = tenant_id

    def tie(self, session: Session, meeting: Meeting, person: str, content_id: str, file_ids: Sequence[str]) -> None:
        """Makes files those of a new object. Raises FileGone, FileTaken and FileInvalid."""
        for file_id in file_ids:
            row = session.get(FileRow, (self._tenant_id, meeting.id, file_id))
            if row is None:
                raise FileGone("the file was not sent, or is no more; send it again under a new id")
            if row.owner_person != person:
                raise FileTaken("one shares only files that one has sent oneself")
            if row.content_id is not None:
                raise FileInvalid("the file is shared already; send it again under a new id")
            if row.parts_received != part_count(row.size):
                raise FileInvalid("the file is not complete; send all of it first")
            row.content_id = content_id
        session.flush()

    def of(self, session: Session, meeting_id: str, content_id: str) -> tuple[str, ...]:
        """The files of an object."""
        return tuple(session.scalars(select(FileRow.id).where(*self._tied(meeting_id, content_id))))

    def drop(self, session: Session, meeting: Meeting, content_id: str) -> None:
        """The object was taken back, and its files with it."""
        session.execute(delete(FileRow).where(*self._tied(meeting.id, content_id)))

    def entered(self, session: Session, meeting: Meeting, participant: Participant) -> None:
        """Somebody comes in, with nothing yet."""

    def left(self, session: Session, meeting: Meeting, participants: Iterable[Participant]) -> None:
        """People go: their tokens die, and with a person's last presence what they have sent and not shared."""
        session.execute(
            delete(FileTokenRow).where(
                FileTokenRow.tenant_id == self._tenant_id,
                FileTokenRow.participant_id.in_([participant.id for participant in participants]),
            )
        )
        still_there = exists().where(
            PresenceRow.tenant_id == self._tenant_id,
            PresenceRow.meeting_id == meeting.id,
            PresenceRow.person == FileRow.owner_person,
            PresenceRow.until_sequence.is_(None),
        )
        session.execute(
            delete(FileRow)
            .where(*self._in(meeting.id), FileRow.content_id.is_(None), ~still_there)
            .execution_options(synchronize_session=False)
        )

    def ended(self, session: Session, meeting: Meeting, actor: str) -> None:
        """The meeting is over, and its files are gone."""
        session.execute(delete(FileRow).where(*self._in(meeting.id)))

    def _in(self, meeting_id: str) -> tuple[ColumnElement[bool], ...]:
        return FileRow.tenant_id == self._tenant_id, FileRow.meeting_id == meeting_id

    def _tied(self, meeting_id: str, content_id: str) -> tuple[ColumnElement[bool], ...]:
        return *self._in(meeting_id), FileRow.content_id == content_id
