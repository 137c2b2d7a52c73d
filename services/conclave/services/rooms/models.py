"""The table of rooms."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, false
from sqlalchemy.orm import Mapped, mapped_column

from conclave.services.domain.data_classes import DataClass
from conclave.services.state.columns import Encrypted, UtcTime
from conclave.services.state.tables import Row, TenantRow

__all__ = ["RoomRow"]


class RoomRow(TenantRow, Row):
    """A room. `protection_mode` is a domain ProtectionMode."""

    __tablename__ = "rooms"

    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    display_name: Mapped[str] = mapped_column(Encrypted(DataClass.SESSION_METADATA))
    protection_mode: Mapped[int]
    max_participants: Mapped[int]
    create_time: Mapped[datetime] = mapped_column(UtcTime())
    lobby: Mapped[bool] = mapped_column(default=False, server_default=false())
    members_only: Mapped[bool] = mapped_column(default=False, server_default=false())
    wait_for_host: Mapped[bool] = mapped_column(default=False, server_default=false())
