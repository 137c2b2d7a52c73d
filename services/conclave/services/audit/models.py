"""The table of audit entries. Triggers of the first migration refuse to change or delete a row."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from conclave.services.state.columns import UtcTime
from conclave.services.state.tables import Row, TenantRow

__all__ = ["AuditRow"]


class AuditRow(TenantRow, Row):
    """One sensitive act. `sequence` counts from 0 without a gap; `leaf_hash` is SHA-256(0x00 || leaf), RFC 6962."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_subject", "tenant_id", "subject_id"),)

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    time: Mapped[datetime] = mapped_column(UtcTime())
    act: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(255))
    resource: Mapped[str] = mapped_column(String(255))
    subject_id: Mapped[str | None] = mapped_column(String(64))
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
