"""The tables of meetings, participants, and those who wait to become some."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from conclave.services.domain.data_classes import DataClass
from conclave.services.state.columns import Encrypted, UtcTime
from conclave.services.state.tables import Row, TenantRow

__all__ = ["MeetingRow", "ParticipantRow", "WaitingRow"]


class MeetingRow(TenantRow, Row):
    """One session of a room; `end_time` is null while it goes on, and a room has at most one that does."""

    __tablename__ = "meetings"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "room_id"], ["rooms.tenant_id", "rooms.id"], ondelete="CASCADE"),
        Index("ix_meetings_newest", "tenant_id", "start_time", "id"),
        Index(
            "uq_meetings_going_on",
            "tenant_id",
            "room_id",
            unique=True,
            sqlite_where=text("end_time IS NULL"),
            postgresql_where=text("end_time IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    room_id: Mapped[str] = mapped_column(String(63))
    start_time: Mapped[datetime] = mapped_column(UtcTime())
    end_time: Mapped[datetime | None] = mapped_column(UtcTime())
    locked: Mapped[bool] = mapped_column(default=False, server_default=false())


class ParticipantRow(TenantRow, Row):
    """One person's presence in one meeting; `leave_time` is null while it lasts.

    `role` is a domain Role. `published_sources` and `active_sources` have bit `1 << kind` set for each
    `conclave.v1.SourceKind`. `resume_token_hash` is SHA-256 of the token. `invite_id` names the invite that let the
    person in, which may be gone. `transport_id` is the media core's, null while there is none. `removed` is set for
    whom a host or an administrator took out. `hand_raise_time` is null while the hand is down.
    `identity_key` is the client's Ed25519 public key in an end-to-end meeting, null in others.
    """

    __tablename__ = "participants"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "meeting_id"], ["meetings.tenant_id", "meetings.id"], ondelete="CASCADE"),
        Index("ix_participants_meeting", "tenant_id", "meeting_id"),
        Index("ix_participants_subject", "tenant_id", "subject_id"),
        Index("uq_participants_resume_token", "resume_token_hash", unique=True),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    meeting_id: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(64))
    display_name: Mapped[str] = mapped_column(Encrypted(DataClass.SESSION_METADATA))
    role: Mapped[int]
    join_time: Mapped[datetime] = mapped_column(UtcTime())
    leave_time: Mapped[datetime | None] = mapped_column(UtcTime())
    resume_token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    transport_id: Mapped[str | None] = mapped_column(String(64))
    published_sources: Mapped[int] = mapped_column(default=0)
    active_sources: Mapped[int] = mapped_column(default=0)
    invite_id: Mapped[str | None] = mapped_column(String(16))
    removed: Mapped[bool] = mapped_column(default=False, server_default=false())
    hand_raise_time: Mapped[datetime | None] = mapped_column(UtcTime())
    identity_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class WaitingRow(TenantRow, Row):
    """Somebody who waits to be let in; the row goes when the waiting ends. Columns mean what a participant's do."""

    __tablename__ = "waiting_participants"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "room_id"], ["rooms.tenant_id", "rooms.id"], ondelete="CASCADE"),
        Index("ix_waiting_participants_room", "tenant_id", "room_id"),
        Index("ix_waiting_participants_subject", "tenant_id", "subject_id"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    room_id: Mapped[str] = mapped_column(String(63))
    subject_id: Mapped[str] = mapped_column(String(64))
    display_name: Mapped[str] = mapped_column(Encrypted(DataClass.SESSION_METADATA))
    role: Mapped[int]
    arrive_time: Mapped[datetime] = mapped_column(UtcTime())
    resume_token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    invite_id: Mapped[str] = mapped_column(String(16))
    identity_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
