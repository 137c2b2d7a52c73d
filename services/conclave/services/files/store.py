"""Files in the database. Each method is one transaction."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update

from conclave.services.content.attendance import was_there
from conclave.services.content.models import ContentRow
from conclave.services.domain.files import CHAIN_START, PART_SIZE, FileLimits, next_chain
from conclave.services.files.errors import FileGone, FileInvalid, FileTaken, TokenInvalid, TokenOfAnother
from conclave.services.files.model import Direction, Grant, Upload
from conclave.services.files.models import FileRow, FileTokenRow
from conclave.services.files.rules import check_resume, check_room, check_uploads

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from conclave.services.content.attendance import Attendance
    from conclave.services.meetings.model import Meeting, Participant
    from conclave.services.state.store import Store

__all__ = ["SqlFileStore"]

TOKEN_LIFE = timedelta(hours=1)
MAX_TOKENS = 64
"""Of one participant; the oldest give way."""


class SqlFileStore:
    """What FileService keeps, through SQLAlchemy."""

    def __init__(self, store: Store, attendance: Attendance) -> None:
        self._store = store
        self._attendance = attendance
        self._tenant_id = store.tenant_id

    async def begin(
        self,
        meeting: Meeting,
        sender: Participant,
        wanted: Upload,
        token: bytes,
        free: int,
        limits: FileLimits,
        time: datetime,
    ) -> Upload:
        """Enters an upload, or takes up the sender's own of before, which may have been told another object id.

        wanted: a new upload, its owner left out; free: bytes that the disk has. Tokens of before die.
        Raises what `check_resume`, `check_uploads` and `check_room` do, and MeetingOver.
        """

        def work(session: Session) -> Upload:
            person = self._attendance.of(session, meeting, sender.id).person
            row = self._find(session, meeting.id, wanted.file_id)
            if row is not None:
                check_resume(self._upload(row), person, wanted.size)
                row.part_time = time
            else:
                unnamed = [FileRow.owner_person == person, FileRow.content_id.is_(None)]
                check_uploads(self._count(session, *self._in(meeting.id), *unnamed), limits)
                held = self._total(session, FileRow.size, *self._in(meeting.id))
                come = FileRow.size - FileRow.parts_received * PART_SIZE
                outstanding = self._total(session, come, FileRow.tenant_id == self._tenant_id, come > 0)
                check_room(wanted.size, held, outstanding, free, limits)
                row = FileRow(
                    tenant_id=self._tenant_id,
                    meeting_id=meeting.id,
                    id=wanted.file_id,
                    object_id=wanted.object_id,
                    owner_person=person,
                    subject_id=sender.subject_id,
                    size=wanted.size,
                    parts_received=0,
                    chain=CHAIN_START,
                    last_digest=None,
                    create_time=time,
                    part_time=time,
                    content_id=None,
                )
                session.add(row)
            session.flush()
            mine = (FileTokenRow.meeting_id == meeting.id, FileTokenRow.file_id == row.id, FileTokenRow.up.is_(True))
            session.execute(delete(FileTokenRow).where(FileTokenRow.tenant_id == self._tenant_id, *mine))
            self._add_token(session, row, sender, token, Direction.UP, time)
            return self._upload(row)

        return await self._store.run(work)

    async def cancel(self, meeting: Meeting, sender: Participant, file_id: str) -> None:
        """Forgets an upload. Raises FileTaken, FileInvalid for one that an object names, and MeetingOver."""

        def work(session: Session) -> None:
            person = self._attendance.of(session, meeting, sender.id).person
            row = self._find(session, meeting.id, file_id)
            if row is None:
                return
            if row.owner_person != person:
                raise FileTaken("only who sends a file gives it up")
            if row.content_id is not None:
                raise FileInvalid("the file is shared; delete what names it")
            session.delete(row)

        await self._store.run(work)

    async def open(self, meeting: Meeting, reader: Participant, file_id: str, token: bytes, time: datetime) -> Upload:
        """Lets somebody read a file of an object that they may read. Raises FileGone and MeetingOver."""

        def work(session: Session) -> Upload:
            person = self._attendance.of(session, meeting, reader.id).person
            row = self._find(session, meeting.id, file_id)
            if row is None or row.content_id is None or not self._reads(session, meeting, person, row.content_id):
                raise FileGone("there is no such file for you, or no more")
            self._add_token(session, row, reader, token, Direction.DOWN, time)
            return self._upload(row)

        return await self._store.run(work)

    async def authorise(self, token: bytes, file_id: str, direction: Direction, time: datetime) -> Grant:
        """What a token allows. Raises TokenInvalid and TokenOfAnother."""

        def work(session: Session) -> Grant:
            found = session.get(FileTokenRow, (self._tenant_id, hashlib.sha256(token).digest()))
            if found is None or found.expire_time <= time:
                raise TokenInvalid("the token is none, or none any more; ask for another over the signalling")
            if found.file_id != file_id or found.up is not (direction is Direction.UP):
                raise TokenOfAnother("the token is for another file, or for the other direction")
            row = self._find(session, found.meeting_id, found.file_id)
            assert row is not None, "a token goes with its file"
            return Grant(found.participant_id, found.meeting_id, self._upload(row))

        return await self._store.run(work)

    async def save_part(self, upload: Upload, digest: bytes, time: datetime) -> None:
        """Takes note that the next part is on the disk. Raises FileGone when the upload is another than before."""

        def work(session: Session) -> None:
            changed = session.scalar(
                update(FileRow)
                .where(
                    *self._in(upload.meeting_id),
                    FileRow.object_id == upload.object_id,
                    FileRow.parts_received == upload.parts_received,
                )
                .values(
                    parts_received=upload.parts_received + 1,
                    chain=next_chain(upload.chain, digest),
                    last_digest=digest,
                    part_time=time,
                )
                .returning(FileRow.id)
                .execution_options(synchronize_session=False)
            )
            if changed is None:
                raise FileGone("the upload was given up meanwhile; begin it again under a new id")

        await self._store.run(work)

    async def expire(self, time: datetime, life: timedelta) -> None:
        """Forgets tokens whose time is over, and uploads that nothing came of for a while."""

        def work(session: Session) -> None:
            tokens = (FileTokenRow.tenant_id == self._tenant_id, FileTokenRow.expire_time <= time)
            session.execute(delete(FileTokenRow).where(*tokens))
            unnamed = (FileRow.tenant_id == self._tenant_id, FileRow.content_id.is_(None))
            session.execute(delete(FileRow).where(*unnamed, FileRow.part_time <= time - life))

        await self._store.run(work)

    async def object_ids(self) -> frozenset[str]:
        """The names of the bytes that belong to a file."""

        def work(session: Session) -> frozenset[str]:
            return frozenset(session.scalars(select(FileRow.object_id).where(FileRow.tenant_id == self._tenant_id)))

        return await self._store.run(work)

    def _reads(self, session: Session, meeting: Meeting, person: str, content_id: str) -> bool:
        content = session.get(ContentRow, (self._tenant_id, meeting.id, content_id))
        assert content is not None, "files are of objects of the same meeting, which go together"
        if content.recipient_person is not None and person not in (content.recipient_person, content.sender_person):
            return False
        return bool(session.scalar(select(was_there(person, content))))

    def _add_token(
        self,
        session: Session,
        row: FileRow,
        participant: Participant,
        token: bytes,
        direction: Direction,
        time: datetime,
    ) -> None:
        mine = (FileTokenRow.tenant_id == self._tenant_id, FileTokenRow.participant_id == participant.id)
        oldest = select(FileTokenRow.token_hash).where(*mine).order_by(FileTokenRow.expire_time.desc())
        surplus = session.scalars(oldest.offset(MAX_TOKENS - 1)).all()
        if surplus:
            session.execute(delete(FileTokenRow).where(*mine, FileTokenRow.token_hash.in_(surplus)))
        session.add(
            FileTokenRow(
                tenant_id=self._tenant_id,
                token_hash=hashlib.sha256(token).digest(),
                meeting_id=row.meeting_id,
                file_id=row.id,
                participant_id=participant.id,
                up=direction is Direction.UP,
                expire_time=time + TOKEN_LIFE,
            )
        )

    def _find(self, session: Session, meeting_id: str, file_id: str) -> FileRow | None:
        return session.get(FileRow, (self._tenant_id, meeting_id, file_id))

    def _in(self, meeting_id: str) -> tuple[ColumnElement[bool], ...]:
        return FileRow.tenant_id == self._tenant_id, FileRow.meeting_id == meeting_id

    def _count(self, session: Session, *which: ColumnElement[bool]) -> int:
        return session.scalar(select(func.count()).select_from(FileRow).where(*which)) or 0

    def _total(
        self, session: Session, what: ColumnElement[int] | InstrumentedAttribute[int], *which: ColumnElement[bool]
    ) -> int:
        return int(session.scalar(select(func.coalesce(func.sum(what), 0)).where(*which)) or 0)

    def _upload(self, row: FileRow) -> Upload:
        return Upload(
            file_id=row.id,
            meeting_id=row.meeting_id,
            object_id=row.object_id,
            owner_person=row.owner_person,
            size=row.size,
            parts_received=row.parts_received,
            chain=bytes(row.chain),
            last_digest=bytes(row.last_digest or b""),
            content_id=row.content_id or "",
        )
