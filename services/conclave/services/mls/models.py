"""The tables of end-to-end groups. All of it goes when the meeting ends; none of it is secret from the members."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from conclave.services.domain.data_classes import DataClass
from conclave.services.state.columns import EncryptedBytes, UtcTime
from conclave.services.state.tables import Row, TenantRow

__all__ = ["EntrantRow", "GroupRow", "HandshakeRow", "LeafRow"]


class GroupRow(TenantRow, Row):
    """A group of a meeting, which has at most one that is not retired. `id` is the MLS group id.

    `epoch` and `sequence` are those that the next handshake is compared with. `refresh_time` is when the members got
    new keys last.
    """

    __tablename__ = "mls_groups"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "meeting_id"], ["meetings.tenant_id", "meetings.id"], ondelete="CASCADE"),
        Index(
            "uq_mls_groups_going_on",
            "tenant_id",
            "meeting_id",
            unique=True,
            sqlite_where=text("NOT retired"),
            postgresql_where=text("NOT retired"),
        ),
    )

    id: Mapped[bytes] = mapped_column(LargeBinary(64), primary_key=True)
    meeting_id: Mapped[str] = mapped_column(String(16))
    epoch: Mapped[int]
    sequence: Mapped[int]
    retired: Mapped[bool] = mapped_column(default=False, server_default=false())
    refresh_time: Mapped[datetime] = mapped_column(UtcTime())


class LeafRow(TenantRow, Row):
    """Whose a leaf is. `leaving` is set for one that has to be removed; `sequence` is that of the commit that added it,
    with which its Welcome is kept, and 0 for the founder's."""

    __tablename__ = "mls_leaves"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "group_id"], ["mls_groups.tenant_id", "mls_groups.id"], ondelete="CASCADE"),
        Index("ix_mls_leaves_subject", "tenant_id", "subject_id"),
    )

    group_id: Mapped[bytes] = mapped_column(LargeBinary(64), primary_key=True)
    leaf: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    participant_id: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int]
    leaving: Mapped[bool] = mapped_column(default=False, server_default=false())


class EntrantRow(TenantRow, Row):
    """Somebody who wants to be in the meeting's group, there being one or not. `position` orders those who wait."""

    __tablename__ = "mls_entrants"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "meeting_id"], ["meetings.tenant_id", "meetings.id"], ondelete="CASCADE"),
        Index("ix_mls_entrants_subject", "tenant_id", "subject_id"),
    )

    meeting_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    participant_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]
    key_package: Mapped[bytes] = mapped_column(EncryptedBytes(DataClass.SESSION_METADATA))


class HandshakeRow(TenantRow, Row):
    """One entry of a group's stream, from the participant and subject who sent it. `welcome` is for those whom it adds.

    A handshake holds credentials, and those hold names.
    """

    __tablename__ = "mls_handshakes"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "group_id"], ["mls_groups.tenant_id", "mls_groups.id"], ondelete="CASCADE"),
        Index("ix_mls_handshakes_subject", "tenant_id", "subject_id"),
    )

    group_id: Mapped[bytes] = mapped_column(LargeBinary(64), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[int]
    commit: Mapped[bool]
    participant_id: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(64))
    message: Mapped[bytes] = mapped_column(EncryptedBytes(DataClass.SESSION_METADATA))
    welcome: Mapped[bytes | None] = mapped_column(EncryptedBytes(DataClass.SESSION_METADATA))
