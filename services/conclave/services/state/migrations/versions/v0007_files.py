"""Files that people share in meetings, and the tokens that move their bytes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TENANT = sa.String(64)
RANDOM_ID = sa.String(16)
PERSON = sa.String(64)


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "files",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("meeting_id", RANDOM_ID, nullable=False),
        sa.Column("id", RANDOM_ID, nullable=False),
        sa.Column("object_id", RANDOM_ID, nullable=False),
        sa.Column("owner_person", PERSON, nullable=False),
        sa.Column("subject_id", PERSON, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("parts_received", sa.Integer, nullable=False),
        sa.Column("chain", sa.LargeBinary(32), nullable=False),
        sa.Column("last_digest", sa.LargeBinary(32), nullable=True),
        sa.Column("create_time", sa.BigInteger, nullable=False),
        sa.Column("part_time", sa.BigInteger, nullable=False),
        sa.Column("content_id", RANDOM_ID, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "meeting_id", "id", name="pk_files"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_tenant"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "meeting_id"],
            ["meetings.tenant_id", "meetings.id"],
            name="fk_files_meetings",
            ondelete="CASCADE",
        ),
    )
    op.create_index("uq_files_object", "files", ["tenant_id", "object_id"], unique=True)
    op.create_index("ix_files_content", "files", ["tenant_id", "meeting_id", "content_id"])
    op.create_index("ix_files_subject", "files", ["tenant_id", "subject_id"])
    op.create_table(
        "file_tokens",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("meeting_id", RANDOM_ID, nullable=False),
        sa.Column("file_id", RANDOM_ID, nullable=False),
        sa.Column("participant_id", RANDOM_ID, nullable=False),
        sa.Column("up", sa.Boolean, nullable=False),
        sa.Column("expire_time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "token_hash", name="pk_file_tokens"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_tenant"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "meeting_id", "file_id"],
            ["files.tenant_id", "files.meeting_id", "files.id"],
            name="fk_file_tokens_files",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "participant_id"],
            ["participants.tenant_id", "participants.id"],
            name="fk_file_tokens_participants",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_file_tokens_file", "file_tokens", ["tenant_id", "meeting_id", "file_id"])
    op.create_index("ix_file_tokens_participant", "file_tokens", ["tenant_id", "participant_id"])
