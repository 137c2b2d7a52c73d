"""The table of invites."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from conclave.services.domain.data_classes import DataClass
from conclave.services.state.columns import Encrypted, UtcTime
from conclave.services.state.tables import Row, TenantRow

__all__ = ["InviteRow"]


class InviteRow(TenantRow, Row):
    """An invite; its token is not stored. `role` is a domain Role.

    `subject_id` and `display_name` are of the member whom a personal invite names. `dial_code` is set for a room's own
    link, of which there is one at a time. It is stored as it is, because it is looked up: it protects no more than what
    the same database holds.
    """

    __tablename__ = "invites"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "room_id"], ["rooms.tenant_id", "rooms.id"], ondelete="CASCADE"),
        Index("ix_invites_newest", "tenant_id", "room_id", "create_time", "id"),
        Index("uq_invites_dial_code", "tenant_id", "dial_code", unique=True),
        Index(
            "uq_invites_room_link",
            "tenant_id",
            "room_id",
            unique=True,
            sqlite_where=text("dial_code IS NOT NULL AND revoke_time IS NULL"),
            postgresql_where=text("dial_code IS NOT NULL AND revoke_time IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    room_id: Mapped[str] = mapped_column(String(63))
    role: Mapped[int]
    create_time: Mapped[datetime] = mapped_column(UtcTime())
    expire_time: Mapped[datetime] = mapped_column(UtcTime())
    revoke_time: Mapped[datetime | None] = mapped_column(UtcTime())
    subject_id: Mapped[str | None] = mapped_column(String(64))
    display_name: Mapped[str | None] = mapped_column(Encrypted(DataClass.SESSION_METADATA))
    dial_code: Mapped[str | None] = mapped_column(String(9))
