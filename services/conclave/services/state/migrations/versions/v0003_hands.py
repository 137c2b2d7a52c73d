"""Who has raised a hand, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds a column; nobody's hand is up."""
    op.add_column("participants", sa.Column("hand_raise_time", sa.BigInteger, nullable=True))
