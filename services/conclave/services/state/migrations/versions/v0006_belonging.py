"""Objects that belong to others, such as votes to their poll, and objects that are closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds columns; what there is belongs to nothing and is seen by who was there for it."""
    op.add_column("content_objects", sa.Column("since_sequence", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("content_objects", sa.Column("parent_id", sa.String(16), nullable=True))
    op.add_column("content_objects", sa.Column("closed", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute("UPDATE content_objects SET since_sequence = first_sequence")
    op.create_index(
        "uq_content_objects_parent",
        "content_objects",
        ["tenant_id", "meeting_id", "parent_id", "sender_person"],
        unique=True,
    )
