"""Schema, transactions and encrypted columns, on SQLCipher and PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlcipher3.dbapi2
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from conclave.services.audit import models as audit_models
from conclave.services.content.models import ContentKeyRow, ContentRow, PresenceRow
from conclave.services.files.models import FileRow, FileTokenRow
from conclave.services.invites import models as invite_models
from conclave.services.meetings.models import MeetingRow, ParticipantRow, WaitingRow
from conclave.services.mls import models as mls_models
from conclave.services.rooms.models import RoomRow
from conclave.services.state.engine import CannotOpenDatabase, open_postgresql, open_sqlcipher
from conclave.services.state.keys import DatabaseKeys, UnreadableColumn
from conclave.services.state.migrate import HEAD, SCRIPTS, migrate
from conclave.services.state.store import Store, WrongDeployment
from conclave.services.state.tables import Row

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
CANARY = "Marguerite-Canary-7781"
KEYS = DatabaseKeys(bytes(range(32)))
GROUPS = [mls_models.GroupRow, mls_models.LeafRow, mls_models.EntrantRow, mls_models.HandshakeRow]
TABLES = [
    RoomRow,
    MeetingRow,
    ParticipantRow,
    WaitingRow,
    ContentKeyRow,
    ContentRow,
    PresenceRow,
    FileRow,
    FileTokenRow,
    invite_models.InviteRow,
    audit_models.AuditRow,
    *GROUPS,
]

pytestmark = pytest.mark.asyncio


def add_participant(session: Session, tenant_id: str = "d1", participant_id: str = "p" * 16) -> None:
    room = RoomRow(tenant_id=tenant_id, id="board", display_name="Board", protection_mode=3, max_participants=9)
    room.create_time = NOW
    session.add(room)
    session.flush()
    session.add(MeetingRow(tenant_id=tenant_id, id="m" * 16, room_id="board", start_time=NOW, end_time=None))
    session.flush()
    session.add(
        ParticipantRow(
            tenant_id=tenant_id,
            id=participant_id,
            meeting_id="m" * 16,
            subject_id="s1",
            display_name=CANARY,
            role=2,
            join_time=NOW,
        )
    )


async def test_migrations_make_the_schema_of_the_models(engine: Engine) -> None:
    migrate(engine)
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []


async def test_the_newest_migration_is_the_head() -> None:
    assert ScriptDirectory(str(SCRIPTS)).get_current_head() == HEAD


async def test_rooms_of_the_first_version_keep_their_ways(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO tenants VALUES ('d1', 0)"))
        connection.execute(text("INSERT INTO rooms VALUES ('d1', 'board', :name, 3, 9, 0)"), {"name": b"x"})
        connection.execute(text("INSERT INTO invites VALUES ('d1', 'i', 'board', 1, 0, 0, NULL)"))
    migrate(engine)
    with Session(engine) as session:
        policy = select(RoomRow.lobby, RoomRow.members_only, RoomRow.wait_for_host)
        assert session.execute(policy).one() == (False, False, False)
        assert session.scalars(select(invite_models.InviteRow.dial_code)).one() is None


async def test_a_database_of_a_newer_version_is_not_touched(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CannotOpenDatabase, match=r"9999.*newer version"):
        migrate(engine)


async def test_every_row_names_its_tenant_and_rows_about_people_their_subject() -> None:
    assert {table.name for table in Row.metadata.sorted_tables if "tenant_id" not in table.primary_key.columns} == set()
    for table in (
        ParticipantRow.__table__,
        WaitingRow.__table__,
        ContentRow.__table__,
        PresenceRow.__table__,
        FileRow.__table__,
        invite_models.InviteRow.__table__,
        audit_models.AuditRow.__table__,
        *(model.__table__ for model in GROUPS if model is not mls_models.GroupRow),
    ):
        assert "subject_id" in table.columns
    assert len(TABLES) + 1 == len(Row.metadata.sorted_tables)


async def test_times_and_names_come_back_exactly(engine: Engine) -> None:
    store = Store(engine, "d1")
    await store.prepare(NOW)
    await store.run(add_participant)

    def read(session: Session) -> tuple[str, datetime]:
        row = session.scalars(select(ParticipantRow)).one()
        return row.display_name, row.join_time

    assert await store.run(read) == (CANARY, NOW)
    await store.close()


async def test_the_database_sees_ciphertext_and_a_fresh_one_each_time(engine: Engine) -> None:
    store = Store(engine, "d1")
    await store.prepare(NOW)
    await store.run(add_participant)
    raw = text("SELECT display_name FROM participants")
    first = bytes(await store.run(lambda session: session.execute(raw).scalar_one()))
    assert CANARY.encode() not in first
    assert first[:5] == b"\x01" + KEYS.key_id

    def rewrite(session: Session) -> None:
        session.execute(ParticipantRow.__table__.update().values(display_name=CANARY))  # type: ignore[attr-defined]

    await store.run(rewrite)
    second = bytes(await store.run(lambda session: session.execute(raw).scalar_one()))
    assert second != first
    assert len(second) == len(first)
    await store.close()


async def test_a_value_moved_to_another_column_does_not_open(engine: Engine) -> None:
    store = Store(engine, "d1")
    await store.prepare(NOW)
    await store.run(add_participant)
    await store.run(
        lambda session: (
            session.execute(text("UPDATE rooms SET display_name = (SELECT display_name FROM participants)")) and None
        )
    )
    with pytest.raises(UnreadableColumn, match=r"rooms\.display_name"):
        await store.run(lambda session: session.scalars(select(RoomRow.display_name)).one())
    await store.close()


@pytest.mark.parametrize("position", [0, 3, 8, 20, -1])
async def test_an_altered_value_does_not_open(engine: Engine, position: int) -> None:
    store = Store(engine, "d1")
    await store.prepare(NOW)
    await store.run(add_participant)

    def alter(session: Session) -> None:
        blob = bytearray(session.execute(text("SELECT display_name FROM rooms")).scalar_one())
        blob[position] ^= 1
        session.execute(text("UPDATE rooms SET display_name = :blob"), {"blob": bytes(blob)})

    await store.run(alter)
    with pytest.raises(UnreadableColumn):
        await store.run(lambda session: session.scalars(select(RoomRow.display_name)).one())
    await store.close()


async def test_a_failed_unit_of_work_leaves_nothing(engine: Engine) -> None:
    store = Store(engine, "d1")
    await store.prepare(NOW)

    def fail(session: Session) -> None:
        add_participant(session)
        session.flush()
        raise LookupError

    with pytest.raises(LookupError):
        await store.run(fail)
    assert await store.run(lambda session: session.scalars(select(RoomRow.id)).all()) == []
    await store.close()


async def test_units_of_work_run_one_after_the_other(engine: Engine) -> None:
    store = Store(engine, "d1")
    await store.prepare(NOW)
    await store.run(add_participant)

    def count(session: Session) -> None:
        room = session.scalars(select(RoomRow)).one()
        room.max_participants += 1

    await asyncio.gather(*(store.run(count) for _ in range(20)))
    assert await store.run(lambda session: session.scalars(select(RoomRow.max_participants)).one()) == 29
    await store.close()


async def test_a_room_has_one_meeting_going_on(engine: Engine) -> None:
    store = Store(engine, "d1")
    await store.prepare(NOW)
    await store.run(add_participant)

    def second(session: Session) -> None:
        session.add(MeetingRow(tenant_id="d1", id="n" * 16, room_id="board", start_time=NOW, end_time=None))

    with pytest.raises(IntegrityError):
        await store.run(second)
    await store.close()


async def test_deleting_a_room_deletes_what_belongs_to_it(engine: Engine) -> None:
    store = Store(engine, "d1")
    await store.prepare(NOW)
    await store.run(add_participant)
    await store.run(lambda session: session.delete(session.scalars(select(RoomRow)).one()))
    assert await store.run(lambda session: session.scalars(select(ParticipantRow.id)).all()) == []
    await store.close()


async def test_a_database_of_another_deployment_is_refused(engine: Engine) -> None:
    store = Store(engine, "d1")
    await store.prepare(NOW)
    with pytest.raises(WrongDeployment, match="belongs to deployment d1"):
        await Store(engine, "d2").prepare(NOW)
    await store.close()


async def test_the_file_is_opaque_and_opens_with_its_key_only(tmp_path: Path) -> None:
    path = tmp_path / "conclave.db"
    store = Store(open_sqlcipher(path, KEYS), "deployment-canary")
    await store.prepare(NOW)
    await store.run(lambda session: add_participant(session, tenant_id="deployment-canary"))
    files = sorted(tmp_path.iterdir())
    assert {file.name for file in files} >= {"conclave.db", "conclave.db-wal"}
    for file in files:
        content = file.read_bytes()
        # Neither the encrypted name, nor an unencrypted column, nor the schema: the file itself is encrypted.
        for planted in (CANARY, "deployment-canary", "participants", "SQLite format 3"):
            assert planted.encode() not in content
    await store.close()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CannotOpenDatabase, match=r"database\.key"):
        open_sqlcipher(path, DatabaseKeys(bytes(32))).connect()
    plain = sqlcipher3.dbapi2.connect(str(path))
    with pytest.raises(sqlcipher3.dbapi2.DatabaseError):
        plain.execute("SELECT count(*) FROM sqlite_master")
    plain.close()


@pytest.mark.parametrize("url", ["mysql://root@localhost/x", "not a url", "sqlite:///x.db"])
async def test_a_url_of_another_database_is_refused(url: str) -> None:
    with pytest.raises(CannotOpenDatabase, match="postgresql://"):
        open_postgresql(url, KEYS)
