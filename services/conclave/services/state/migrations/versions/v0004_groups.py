"""End-to-end groups: identity keys, groups, leaves, who wants to come in, and the stream of handshakes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TENANT = sa.String(64)
RANDOM_ID = sa.String(16)
SUBJECT_ID = sa.String(64)
GROUP_ID = sa.LargeBinary(64)


def upgrade() -> None:
    """Makes the tables; nobody has an identity key yet."""
    for table in ("participants", "waiting_participants"):
        op.add_column(table, sa.Column("identity_key", sa.LargeBinary(32), nullable=True))
    op.create_table(
        "mls_groups",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("id", GROUP_ID, nullable=False),
        sa.Column("meeting_id", RANDOM_ID, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("retired", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("refresh_time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_mls_groups"),
        *_belongs_to_meeting("mls_groups"),
    )
    going_on = sa.text("NOT retired")
    op.create_index(
        "uq_mls_groups_going_on",
        "mls_groups",
        ["tenant_id", "meeting_id"],
        unique=True,
        sqlite_where=going_on,
        postgresql_where=going_on,
    )
    op.create_table(
        "mls_leaves",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("group_id", GROUP_ID, nullable=False),
        sa.Column("leaf", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("participant_id", RANDOM_ID, nullable=False),
        sa.Column("subject_id", SUBJECT_ID, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("leaving", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "leaf", name="pk_mls_leaves"),
        *_belongs_to_group("mls_leaves"),
    )
    op.create_table(
        "mls_entrants",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("meeting_id", RANDOM_ID, nullable=False),
        sa.Column("participant_id", RANDOM_ID, nullable=False),
        sa.Column("subject_id", SUBJECT_ID, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("key_package", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "meeting_id", "participant_id", name="pk_mls_entrants"),
        *_belongs_to_meeting("mls_entrants"),
    )
    op.create_table(
        "mls_handshakes",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("group_id", GROUP_ID, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("commit", sa.Boolean, nullable=False),
        sa.Column("participant_id", RANDOM_ID, nullable=False),
        sa.Column("subject_id", SUBJECT_ID, nullable=False),
        sa.Column("message", sa.LargeBinary, nullable=False),
        sa.Column("welcome", sa.LargeBinary, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "sequence", name="pk_mls_handshakes"),
        *_belongs_to_group("mls_handshakes"),
    )
    for table in ("mls_leaves", "mls_entrants", "mls_handshakes"):
        op.create_index(f"ix_{table}_subject", table, ["tenant_id", "subject_id"])


def _belongs_to_meeting(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint]:
    meeting = sa.ForeignKeyConstraint(
        ["tenant_id", "meeting_id"],
        ["meetings.tenant_id", "meetings.id"],
        name=f"fk_{table}_meetings",
        ondelete="CASCADE",
    )
    return sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_tenant"), meeting


def _belongs_to_group(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint]:
    group = sa.ForeignKeyConstraint(
        ["tenant_id", "group_id"],
        ["mls_groups.tenant_id", "mls_groups.id"],
        name=f"fk_{table}_mls_groups",
        ondelete="CASCADE",
    )
    return sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_tenant"), group
