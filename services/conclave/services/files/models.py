"""The tables of files: what there is, and the tokens that move its bytes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from conclave.services.state.columns import UtcTime
from conclave.services.state.tables import Row, TenantRow

__all__ = ["FileRow", "FileTokenRow"]


class FileRow(TenantRow, Row):
    """A file, complete or not. Bytes in the object store without this row belong to nobody and are deleted.

    `object_id` names the bytes. `parts_received` of them are on the disk, `chain` is over those, and `last_digest` is
    SHA-256 of the last, null before the first. `owner_person` is as a presence has it; `subject_id` is the owner's.
    `part_time` is when the last part came. `content_id` names the object that it is of, null while it is of none.
    """

    __tablename__ = "files"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "meeting_id"], ["meetings.tenant_id", "meetings.id"], ondelete="CASCADE"),
        Index("uq_files_object", "tenant_id", "object_id", unique=True),
        Index("ix_files_content", "tenant_id", "meeting_id", "content_id"),
        Index("ix_files_subject", "tenant_id", "subject_id"),
    )

    meeting_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    object_id: Mapped[str] = mapped_column(String(16))
    owner_person: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    parts_received: Mapped[int]
    chain: Mapped[bytes] = mapped_column(LargeBinary(32))
    last_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    create_time: Mapped[datetime] = mapped_column(UtcTime())
    part_time: Mapped[datetime] = mapped_column(UtcTime())
    content_id: Mapped[str | None] = mapped_column(String(16))


class FileTokenRow(TenantRow, Row):
    """What a participant may do with a file for a while. `token_hash` is SHA-256 of the token, which is not kept."""

    __tablename__ = "file_tokens"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "meeting_id", "file_id"],
            ["files.tenant_id", "files.meeting_id", "files.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "participant_id"], ["participants.tenant_id", "participants.id"], ondelete="CASCADE"
        ),
        Index("ix_file_tokens_file", "tenant_id", "meeting_id", "file_id"),
        Index("ix_file_tokens_participant", "tenant_id", "participant_id"),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    meeting_id: Mapped[str] = mapped_column(String(16))
    file_id: Mapped[str] = mapped_column(String(16))
    participant_id: Mapped[str] = mapped_column(String(16))
    # Whether it is for sending; for reading otherwise.
    up: Mapped[bool]
    expire_time: Mapped[datetime] = mapped_column(UtcTime())
