"""The table of invites."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from conclave.services.state.columns import UtcTime
from conclave.services.state.tables import Row, TenantRow

__all__ = ["InviteRow"]


class InviteRow(TenantRow, Row):
    """An invite; its token is not stored. `role` is a domain Role."""

    __tablename__ = "invites"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "room_id"], ["rooms.tenant_id", "rooms.id"], ondelete="CASCADE"),
        Index("ix_invites_newest", "tenant_id", "room_id", "create_time", "id"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    room_id: Mapped[str] = mapped_column(String(63))
    role: Mapped[int]
    create_time: Mapped[datetime] = mapped_column(UtcTime())
    expire_time: Mapped[datetime] = mapped_column(UtcTime())
    revoke_time: Mapped[datetime | None] = mapped_column(UtcTime())
