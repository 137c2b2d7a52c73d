"""The tables of content: the objects, the keys they are encrypted under, and who was there for which of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from conclave.services.state.columns import UtcTime
from conclave.services.state.tables import Row, TenantRow

__all__ = ["ContentKeyRow", "ContentRow", "PresenceRow"]


class ContentKeyRow(TenantRow, Row):
    """A meeting's key for one data class, wrapped by the class's own. Without this row nothing of it can be read."""

    __tablename__ = "content_keys"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "meeting_id"], ["meetings.tenant_id", "meetings.id"], ondelete="CASCADE"),
    )

    meeting_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    data_class: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)


class ContentRow(TenantRow, Row):
    """An object as it is now; its earlier revisions are gone.

    `sequence` is the place of the latest change, `first_sequence` that of the first. `kind` and `deletion` are the
    domain's. `payload` is encrypted under the meeting's key, null once the object is deleted; `sealed` says whether
    only an end-to-end group's members read what is in it. `sender_person` and `recipient_person` are persons as a
    presence has them; `subject_id` is the sender's. The recipient columns are null for everybody. `since_sequence` is
    the place at which one must have been there to see it: its first, or the parent's for what belongs to another.
    """

    __tablename__ = "content_objects"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "meeting_id"], ["meetings.tenant_id", "meetings.id"], ondelete="CASCADE"),
        Index("uq_content_objects_sequence", "tenant_id", "meeting_id", "sequence", unique=True),
        Index("ix_content_objects_subject", "tenant_id", "subject_id"),
        # What belongs to an object is one a person; null, of what belongs to none, is never the same as null.
        Index("uq_content_objects_parent", "tenant_id", "meeting_id", "parent_id", "sender_person", unique=True),
    )

    meeting_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    kind: Mapped[int]
    sequence: Mapped[int] = mapped_column(BigInteger)
    first_sequence: Mapped[int] = mapped_column(BigInteger)
    since_sequence: Mapped[int] = mapped_column(BigInteger, server_default="0")
    parent_id: Mapped[str | None] = mapped_column(String(16))
    closed: Mapped[bool] = mapped_column(default=False, server_default=false())
    revision: Mapped[int]
    sender_id: Mapped[str] = mapped_column(String(16))
    sender_person: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[str] = mapped_column(String(64))
    recipient_id: Mapped[str | None] = mapped_column(String(16))
    recipient_person: Mapped[str | None] = mapped_column(String(64))
    create_time: Mapped[datetime] = mapped_column(UtcTime())
    change_time: Mapped[datetime] = mapped_column(UtcTime())
    deletion: Mapped[int]
    delivered: Mapped[bool] = mapped_column(default=False, server_default=false())
    sealed: Mapped[bool]
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)


class PresenceRow(TenantRow, Row):
    """Which objects a participant was there for: those first shared after `after_sequence` and up to
    `until_sequence`, which is null while they are in the meeting.

    `person` is the subject of a member, and of a guest the id of their first presence. `return_key_hash` is SHA-256 of
    the key by which a guest who comes back is known; null for a client that has not read anything.
    """

    __tablename__ = "content_presences"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "participant_id"], ["participants.tenant_id", "participants.id"], ondelete="CASCADE"
        ),
        Index("ix_content_presences_person", "tenant_id", "meeting_id", "person"),
        Index("ix_content_presences_subject", "tenant_id", "subject_id"),
    )

    participant_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    meeting_id: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(64))
    person: Mapped[str] = mapped_column(String(64))
    return_key_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    after_sequence: Mapped[int] = mapped_column(BigInteger)
    until_sequence: Mapped[int | None] = mapped_column(BigInteger)
