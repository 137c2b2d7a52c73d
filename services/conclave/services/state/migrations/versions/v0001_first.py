"""First tables: tenants, rooms, invites, meetings, participants, audit entries.

Migrations name types by what the database stores; they do not import the models, which go on changing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TENANT = sa.String(64)
RANDOM_ID = sa.String(16)
ROOM_ID = sa.String(63)


def upgrade() -> None:
    """Makes the tables and the triggers that keep audit entries as they are."""
    op.create_table(
        "tenants",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("create_time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenants"),
    )
    op.create_table(
        "rooms",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("id", ROOM_ID, nullable=False),
        sa.Column("display_name", sa.LargeBinary, nullable=False),
        sa.Column("protection_mode", sa.Integer, nullable=False),
        sa.Column("max_participants", sa.Integer, nullable=False),
        sa.Column("create_time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_rooms"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_tenant"),
    )
    op.create_table(
        "invites",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("id", RANDOM_ID, nullable=False),
        sa.Column("room_id", ROOM_ID, nullable=False),
        sa.Column("role", sa.Integer, nullable=False),
        sa.Column("create_time", sa.BigInteger, nullable=False),
        sa.Column("expire_time", sa.BigInteger, nullable=False),
        sa.Column("revoke_time", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_invites"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_tenant"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "room_id"], ["rooms.tenant_id", "rooms.id"], name="fk_invites_rooms", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_invites_newest", "invites", ["tenant_id", "room_id", "create_time", "id"])
    _create_meetings()
    op.create_table(
        "audit_entries",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("act", sa.String(64), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("resource", sa.String(255), nullable=False),
        sa.Column("subject_id", sa.String(64), nullable=True),
        sa.Column("leaf_hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "sequence", name="pk_audit_entries"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_tenant"),
    )
    op.create_index("ix_audit_entries_subject", "audit_entries", ["tenant_id", "subject_id"])
    _forbid_audit_changes()


def _create_meetings() -> None:
    op.create_table(
        "meetings",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("id", RANDOM_ID, nullable=False),
        sa.Column("room_id", ROOM_ID, nullable=False),
        sa.Column("start_time", sa.BigInteger, nullable=False),
        sa.Column("end_time", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_meetings"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_tenant"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "room_id"], ["rooms.tenant_id", "rooms.id"], name="fk_meetings_rooms", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_meetings_newest", "meetings", ["tenant_id", "start_time", "id"])
    going_on = sa.text("end_time IS NULL")
    op.create_index(
        "uq_meetings_going_on",
        "meetings",
        ["tenant_id", "room_id"],
        unique=True,
        sqlite_where=going_on,
        postgresql_where=going_on,
    )
    op.create_table(
        "participants",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("id", RANDOM_ID, nullable=False),
        sa.Column("meeting_id", RANDOM_ID, nullable=False),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("display_name", sa.LargeBinary, nullable=False),
        sa.Column("role", sa.Integer, nullable=False),
        sa.Column("join_time", sa.BigInteger, nullable=False),
        sa.Column("leave_time", sa.BigInteger, nullable=True),
        sa.Column("resume_token_hash", sa.LargeBinary(32), nullable=True),
        sa.Column("transport_id", sa.String(64), nullable=True),
        sa.Column("published_sources", sa.Integer, nullable=False),
        sa.Column("active_sources", sa.Integer, nullable=False),
        sa.Column("invite_id", RANDOM_ID, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_participants"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_tenant"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "meeting_id"],
            ["meetings.tenant_id", "meetings.id"],
            name="fk_participants_meetings",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_participants_meeting", "participants", ["tenant_id", "meeting_id"])
    op.create_index("ix_participants_subject", "participants", ["tenant_id", "subject_id"])
    op.create_index("uq_participants_resume_token", "participants", ["resume_token_hash"], unique=True)


def _forbid_audit_changes() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'audit entries are never changed'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_entries_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_entries_no_{change.lower()} BEFORE {change} ON audit_entries "
            "BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END"
        )
