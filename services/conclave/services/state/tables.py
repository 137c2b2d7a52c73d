"""What every table has in common."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from conclave.services.state.columns import UtcTime

__all__ = ["Row", "Tenant", "TenantRow"]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(DeclarativeBase):
    """The declarative root of every table."""

    metadata = MetaData(naming_convention=NAMING)


class Tenant(Row):
    """An organisation on this deployment; there is one for now. Its id is the deployment's."""

    __tablename__ = "tenants"

    tenant_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    create_time: Mapped[datetime] = mapped_column(UtcTime())


class TenantRow:
    """Mixin: a row that belongs to a tenant. It is the first part of every primary key."""

    tenant_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("tenants.tenant_id", name="fk_tenant"), primary_key=True, sort_order=-1
    )
