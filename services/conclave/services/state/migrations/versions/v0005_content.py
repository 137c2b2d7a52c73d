"""What people share in meetings, encrypted under keys of the meetings' own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TENANT = sa.String(64)
RANDOM_ID = sa.String(16)
PERSON = sa.String(64)
MEETING = (["tenant_id", "meeting_id"], ["meetings.tenant_id", "meetings.id"])


def upgrade() -> None:
    """Makes the tables; whoever is in a meeting is there for all that comes."""
    op.create_table(
        "content_keys",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("meeting_id", RANDOM_ID, nullable=False),
        sa.Column("data_class", sa.Integer, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "meeting_id", "data_class", name="pk_content_keys"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_tenant"),
        sa.ForeignKeyConstraint(*MEETING, name="fk_content_keys_meetings", ondelete="CASCADE"),
    )
    op.create_table(
        "content_objects",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("meeting_id", RANDOM_ID, nullable=False),
        sa.Column("id", RANDOM_ID, nullable=False),
        sa.Column("kind", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("first_sequence", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sender_id", RANDOM_ID, nullable=False),
        sa.Column("sender_person", PERSON, nullable=False),
        sa.Column("subject_id", PERSON, nullable=False),
        sa.Column("recipient_id", RANDOM_ID, nullable=True),
        sa.Column("recipient_person", PERSON, nullable=True),
        sa.Column("create_time", sa.BigInteger, nullable=False),
        sa.Column("change_time", sa.BigInteger, nullable=False),
        sa.Column("deletion", sa.Integer, nullable=False),
        sa.Column("delivered", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("sealed", sa.Boolean, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "meeting_id", "id", name="pk_content_objects"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_tenant"),
        sa.ForeignKeyConstraint(*MEETING, name="fk_content_objects_meetings", ondelete="CASCADE"),
    )
    op.create_index(
        "uq_content_objects_sequence", "content_objects", ["tenant_id", "meeting_id", "sequence"], unique=True
    )
    op.create_index("ix_content_objects_subject", "content_objects", ["tenant_id", "subject_id"])
    op.create_table(
        "content_presences",
        sa.Column("tenant_id", TENANT, nullable=False),
        sa.Column("participant_id", RANDOM_ID, nullable=False),
        sa.Column("meeting_id", RANDOM_ID, nullable=False),
        sa.Column("subject_id", PERSON, nullable=False),
        sa.Column("person", PERSON, nullable=False),
        sa.Column("return_key_hash", sa.LargeBinary(32), nullable=True),
        sa.Column("after_sequence", sa.BigInteger, nullable=False),
        sa.Column("until_sequence", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "participant_id", name="pk_content_presences"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_tenant"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "participant_id"],
            ["participants.tenant_id", "participants.id"],
            name="fk_content_presences_participants",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_content_presences_person", "content_presences", ["tenant_id", "meeting_id", "person"])
    op.create_index("ix_content_presences_subject", "content_presences", ["tenant_id", "subject_id"])
    # Whoever is in a meeting now goes on with content that begins empty.
    op.execute(
        "INSERT INTO content_presences (tenant_id, participant_id, meeting_id, subject_id, person, after_sequence) "
        "SELECT tenant_id, id, meeting_id, subject_id, "
        "CASE WHEN subject_id LIKE 'member:%' THEN subject_id ELSE id END, 0 "
        "FROM participants WHERE leave_time IS NULL"
    )
