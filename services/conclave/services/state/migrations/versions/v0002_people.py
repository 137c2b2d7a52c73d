"""How people come into a room: policy, personal invites, rooms' own links, who waits, locks and removals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TENANT = sa.String(64)
RANDOM_ID = sa.String(16)
ROOM_ID = sa.String(63)


def upgrade() -> None:
    """Adds columns, whose defaults keep rooms as they were, and the table of those who wait."""
    for table, column in (
        ("rooms", "lobby"),
        ("rooms", "members_only"),
        ("rooms", "wait_for_host"),
        ("meetings", "locked"),
        ("participants", "removed"),
    ):
        op.add_column(table, sa.Column(column, sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("invites", sa.Column("subject_id", sa.String(64), nullable=True))
    op.add_column("invites", sa.Column("display_name", sa.LargeBinary, nullable=True))
    op.add_column("invites", sa.Column("dial_code", sa.String(9), nullable=True))
    op.create_index("uq_invites_dial_code", "invites", ["tenant_id", "dial_code"], unique=True)
    stands = sa.text("dial_code IS NOT NULL AND revoke_time IS NULL")
    op.create_index(
        "uq_invites_room_link",
        "invites",
        ["tenant_id", "room_id"],
        unique=True,
        sqlite_where=stands,
        postgresql_where=stands,
    )
    op.create_table(
        "waiting_participants",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("id", RANDOM_ID, nullable=False),
        sa.Column("room_id", ROOM_ID, nullable=False),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("display_name", sa.LargeBinary, nullable=False),
        sa.Column("role", sa.Integer, nullable=False),
        sa.Column("arrive_time", sa.BigInteger, nullable=False),
        sa.Column("resume_token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("invite_id", RANDOM_ID, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_waiting_participants"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_tenant"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "room_id"],
            ["rooms.tenant_id", "rooms.id"],
            name="fk_waiting_participants_rooms",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_waiting_participants_room", "waiting_participants", ["tenant_id", "room_id"])
    op.create_index("ix_waiting_participants_subject", "waiting_participants", ["tenant_id", "subject_id"])
