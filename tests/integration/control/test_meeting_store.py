"""Meetings in both databases: what a restart reads back, pages, and the audit entry in the same transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from conclave.services.audit.log import Act, AuditLog, verify_entries
from conclave.services.audit.models import AuditRow
from conclave.services.domain.roles import Role
from conclave.services.meetings.model import Meeting, Participant, SourceKind, Waiting
from conclave.services.meetings.models import ParticipantRow, WaitingRow
from conclave.services.meetings.store import SqlMeetingStore
from conclave.services.rooms.models import RoomRow
from conclave.services.state.store import Store

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.fixture
async def store(engine: Engine) -> AsyncIterator[Store]:
    store = Store(engine, "d1")
    await store.prepare(NOW)

    def add_rooms(session: Session) -> None:
        for room_id in ("board", "other"):
            row = RoomRow(tenant_id="d1", id=room_id, display_name="x", protection_mode=3, max_participants=9)
            row.create_time = NOW
            session.add(row)

    await store.run(add_rooms)
    yield store
    await store.close()


def meetings_in(store: Store) -> SqlMeetingStore:
    return SqlMeetingStore(store, AuditLog("d1", lambda: NOW))


def participant(number: int, meeting: Meeting) -> Participant:
    name = f"{number:016d}".replace("0", "a").replace("1", "b")
    later = NOW + timedelta(seconds=number)
    invite = "i" * 16
    return Participant(name, meeting.id, f"guest:{name}", "Ada", Role.HOST, later, bytes([number]) * 32, invite)


async def test_a_member_is_known_by_the_keys_of_meetings_before(store: Store) -> None:
    meetings, meeting = meetings_in(store), Meeting("m" * 16, "board", NOW)
    grace, thief = participant(2, meeting), participant(3, meeting)
    grace.subject_id = thief.subject_id = "member:grace"
    grace.identity_key, thief.identity_key = b"g" * 32, b"t" * 32
    assert await meetings.knows_key("member:grace", thief.identity_key), "nobody has been there before"
    await meetings.join(meeting, grace, True)
    assert await meetings.knows_key("member:grace", grace.identity_key)
    assert not await meetings.knows_key("member:grace", thief.identity_key)
    assert await meetings.knows_key("member:other", thief.identity_key)
    late = waiting(4)
    late.subject_id, late.identity_key = "member:grace", thief.identity_key
    await meetings.wait(late)
    (lobby,) = await meetings.load_lobbies()
    assert [(each.identity_key, each.key_is_new) for each in lobby.waiting.values()] == [(b"t" * 32, True)]
    # A host let the key in, and then saw whose it was.
    await meetings.admit(meeting, [thief], False, "participant:x")
    assert await meetings.knows_key("member:grace", thief.identity_key)
    await meetings.leave(meeting, [thief], NOW, False, True, "participant:x")
    assert not await meetings.knows_key("member:grace", thief.identity_key)
    assert await meetings.knows_key("member:grace", grace.identity_key)


async def test_what_was_stored_is_what_a_restart_reads(store: Store) -> None:
    meetings, meeting = meetings_in(store), Meeting("m" * 16, "board", NOW)
    ada, bob = participant(2, meeting), participant(3, meeting)
    await meetings.join(meeting, ada, True)
    await meetings.join(meeting, bob, False)
    ada.transport_id = "t1"
    ada.published = frozenset({SourceKind.MICROPHONE, SourceKind.SCREEN_AUDIO})
    ada.active = frozenset({SourceKind.SCREEN_AUDIO})
    await meetings.save_media(ada)
    ada.hand_raise_time = NOW + timedelta(seconds=9)
    await meetings.save_hand(ada, ada.hand_raise_time)
    (read,) = await meetings.load_open()
    assert (read.id, read.room_id, read.start_time) == (meeting.id, "board", NOW)
    assert list(read.participants) == [ada.id, bob.id]
    again = read.participants[ada.id]
    fields = ("display_name", "role", "join_time", "resume_token_hash", "invite_id", "published", "active")
    for field in (*fields, "hand_raise_time"):
        assert getattr(again, field) == getattr(ada, field), field
    assert (again.transport_id, again.attached) == ("t1", False)


async def test_the_last_leave_ends_the_meeting_and_forgets_the_token(store: Store) -> None:
    meetings, meeting = meetings_in(store), Meeting("m" * 16, "board", NOW)
    ada = participant(2, meeting)
    await meetings.join(meeting, ada, True)
    await meetings.save_hand(ada, NOW)
    await meetings.leave(meeting, [ada], NOW + timedelta(hours=1), True, False, "participant:x")
    assert await meetings.load_open() == []
    record = await meetings.find(meeting.name)
    assert record is not None
    assert record.end_time == NOW + timedelta(hours=1)
    forgotten = select(ParticipantRow.resume_token_hash, ParticipantRow.hand_raise_time)
    assert await store.run(lambda session: session.execute(forgotten).one()) == (None, None)
    acts = await store.run(lambda session: list(session.scalars(select(AuditRow.act).order_by(AuditRow.sequence))))
    assert acts == ["meeting.started", "participant.joined", "participant.left", "meeting.ended"]
    assert await store.run(lambda session: verify_entries(session, "d1")) == 4


async def test_a_broken_audit_log_lets_nobody_in(store: Store) -> None:
    class Broken:
        def record(self, session: Session, act: Act, actor: str, resource: str, subject_id: str | None = None) -> None:
            raise OSError("no space left on device")

    meeting = Meeting("m" * 16, "board", NOW)
    with pytest.raises(OSError, match="no space"):
        await SqlMeetingStore(store, Broken()).join(meeting, participant(2, meeting), True)
    assert await meetings_in(store).load_open() == []


async def test_pages_are_newest_first_by_room_and_by_state(store: Store) -> None:
    meetings = meetings_in(store)
    for number in range(4):
        meeting = Meeting(chr(ord("a") + number) * 16, "board" if number < 3 else "other", NOW)
        someone = participant(number + 2, meeting)
        await meetings.join(meeting, someone, True)
        if number < 2:
            await meetings.leave(meeting, [someone], NOW, True, False, "test")
    # All four started in the same microsecond: the id decides.
    everything = await meetings.page(None, True, None, 10)
    assert [record.name.meeting_id[0] for record in everything] == ["d", "c", "b", "a"]
    rest = await meetings.page(None, True, (NOW, "c" * 16), 10)
    assert [record.name.meeting_id[0] for record in rest] == ["b", "a"]
    assert [r.name.meeting_id[0] for r in await meetings.page("board", False, None, 10)] == ["c"]
    assert len(await meetings.page("board", True, None, 2)) == 2


def waiting(number: int) -> Waiting:
    name = f"{number:016d}".replace("0", "a").replace("1", "b")
    later = NOW + timedelta(seconds=number)
    return Waiting(name, "board", f"guest:{name}", "Wanda", Role.PARTICIPANT, later, bytes([number]) * 32, "i" * 16)


async def acts(store: Store) -> list[tuple[str, str, str]]:
    def read(session: Session) -> list[tuple[str, str, str]]:
        verify_entries(session, "d1")
        rows = session.scalars(select(AuditRow).order_by(AuditRow.sequence))
        return [(row.act, row.actor, row.resource) for row in rows]

    return await store.run(read)


async def test_who_waits_is_read_back_and_admission_opens_the_meeting(store: Store) -> None:
    meetings = meetings_in(store)
    first, second = waiting(2), waiting(3)
    await meetings.wait(second)
    await meetings.wait(first)
    (lobby,) = await meetings.load_lobbies()
    assert (lobby.room.room_id, list(lobby.waiting)) == ("board", [first.id, second.id])
    again = lobby.waiting[first.id]
    for field in ("display_name", "role", "arrive_time", "resume_token_hash", "invite_id", "subject_id", "room_id"):
        assert getattr(again, field) == getattr(first, field), field
    meeting = Meeting("m" * 16, "board", NOW)
    admitted = participant(2, meeting)
    await meetings.admit(meeting, [admitted], True, "participant:host")
    await meetings.stop_waiting([second], "participant:host")
    assert await meetings.load_lobbies() == []
    (opened,) = await meetings.load_open()
    assert list(opened.participants) == [admitted.id]
    resource = f"{meeting.name}/participants/{admitted.id}"
    assert await acts(store) == [
        ("meeting.started", "participant:host", str(meeting.name)),
        ("participant.admitted", "participant:host", resource),
        ("participant.joined", f"invite:{admitted.invite_id}", resource),
        ("participant.turned-away", "participant:host", f"rooms/board/waiting/{second.id}"),
    ]


async def test_who_leaves_the_lobby_by_choice_leaves_no_entry(store: Store) -> None:
    meetings = meetings_in(store)
    await meetings.wait(waiting(2))
    await meetings.stop_waiting([waiting(2)], "")
    assert await store.run(lambda session: session.scalars(select(WaitingRow.id)).all()) == []
    assert await acts(store) == []


async def test_locks_roles_and_removals_outlive_a_restart_and_are_audited(store: Store) -> None:
    meetings, meeting = meetings_in(store), Meeting("m" * 16, "board", NOW)
    ada, bob = participant(2, meeting), participant(3, meeting)
    await meetings.join(meeting, ada, True)
    await meetings.join(meeting, bob, False)
    await meetings.save_lock(meeting, True, "participant:host")
    await meetings.save_role(meeting, ada, Role.PARTICIPANT, "administrator:local")
    await meetings.leave(meeting, [bob], NOW, False, True, "participant:host")
    (read,) = await meetings.load_open()
    assert (read.locked, read.barred, read.participants[ada.id].role) == (True, {bob.invite_id}, Role.PARTICIPANT)
    assert list(read.participants) == [ada.id]
    await meetings.save_lock(meeting, False, "participant:host")
    assert [(act, actor) for act, actor, _ in await acts(store)][3:] == [
        ("meeting.locked", "participant:host"),
        ("participant.role-changed", "administrator:local"),
        ("participant.removed", "participant:host"),
        ("meeting.unlocked", "participant:host"),
    ]


async def test_what_cannot_be_audited_does_not_happen(store: Store) -> None:
    class Broken:
        def record(self, session: Session, act: Act, actor: str, resource: str, subject_id: str | None = None) -> None:
            raise OSError("no space left on device")

    sound, broken, meeting = meetings_in(store), SqlMeetingStore(store, Broken()), Meeting("m" * 16, "board", NOW)
    ada = participant(2, meeting)
    await sound.join(meeting, ada, True)
    await sound.wait(waiting(3))
    for act in (
        broken.save_lock(meeting, True, "x"),
        broken.save_role(meeting, ada, Role.PARTICIPANT, "x"),
        broken.admit(meeting, [participant(3, meeting)], False, "x"),
        broken.stop_waiting([waiting(3)], "x"),
        broken.leave(meeting, [ada], NOW, True, True, "x"),
    ):
        with pytest.raises(OSError, match="no space"):
            await act
    (read,) = await sound.load_open()
    assert (read.locked, read.participants[ada.id].role, len(await sound.load_lobbies())) == (False, Role.HOST, 1)
