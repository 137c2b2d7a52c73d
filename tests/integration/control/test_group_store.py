"""Groups in both databases: what a restart reads back, the one order of the stream, and what is left of a meeting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from conclave.services.meetings.models import MeetingRow
from conclave.services.mls.assembly import Assembly
from conclave.services.mls.errors import HandshakeRefused, NotYourLeaf, WrongEpoch
from conclave.services.mls.group import Entry, Group
from conclave.services.mls.models import EntrantRow, GroupRow, HandshakeRow, LeafRow
from conclave.services.mls.store import MAX_ENTRIES, Sent, SqlGroupStore
from conclave.services.rooms.models import RoomRow
from conclave.services.state.store import Store

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
MEETING, OTHER = "m" * 16, "n" * 16
SUBJECTS = {name: f"guest:{name}" for name in ("anna", "ben", "cleo", "dora")}
CANARY = b"a credential with the name of Zaphod"


@pytest.fixture
async def store(engine: Engine) -> AsyncIterator[Store]:
    store = Store(engine, "d1")
    await store.prepare(NOW)

    def add_meetings(session: Session) -> None:
        for room_id, meeting_id in (("board", MEETING), ("other", OTHER)):
            row = RoomRow(tenant_id="d1", id=room_id, display_name="x", protection_mode=1, max_participants=9)
            row.create_time = NOW
            session.add(row)
            session.flush()
            session.add(MeetingRow(tenant_id="d1", id=meeting_id, room_id=room_id, start_time=NOW, end_time=None))

    await store.run(add_meetings)
    yield store
    await store.close()


class Keeper:
    """A meeting's groups as the service keeps them: a change is made on a copy, stored, and then holds."""

    def __init__(self, store: Store, meeting_id: str = MEETING) -> None:
        self.groups, self.meeting_id = SqlGroupStore(store), meeting_id
        self.assembly = Assembly(0)

    async def keep(self, draft: Assembly, sent: Sent | None = None, time: datetime = NOW) -> None:
        await self.groups.save(self.meeting_id, self.assembly, draft, SUBJECTS, time, sent)
        self.assembly = draft

    async def enter(self, *names: str) -> None:
        for name in names:
            draft = self.assembly.copy()
            draft.enter(name, CANARY + name.encode(), 0)
            await self.keep(draft)

    async def leave(self, name: str) -> None:
        draft = self.assembly.copy()
        draft.leave(name)
        await self.keep(draft)

    async def found(self, name: str, group_id: bytes) -> None:
        draft = self.assembly.copy()
        draft.poll(0, {name})
        draft.found(name, group_id, 0)
        await self.keep(draft)

    async def add(self, *names: str, time: datetime = NOW) -> Entry:
        """The founder's commit adds people, as the rules would have it."""
        draft, group = self.assembly.copy(), self.group.copy()
        draft.group = group
        entry = Entry(group.sequence + 1, group.epoch, CANARY + b"commit", names, path=True)
        for name in names:
            group.leaves[next(leaf for leaf in range(9) if leaf not in group.leaves)] = name
            group.waiting.pop(name)
        group.sequence, group.epoch = entry.sequence, group.epoch + 1
        await self.keep(draft, Sent(entry, "anna", SUBJECTS["anna"], b"welcome"), time)
        return entry

    @property
    def group(self) -> Group:
        assert self.assembly.group is not None
        return self.assembly.group


async def rows(store: Store) -> dict[str, int]:
    tables = (GroupRow, LeafRow, EntrantRow, HandshakeRow)
    return await store.run(
        lambda session: {table.__tablename__: len(session.scalars(select(table)).all()) for table in tables}
    )


async def test_what_was_stored_is_what_a_restart_reads(store: Store) -> None:
    keeper, later = Keeper(store), NOW + timedelta(minutes=7)
    await keeper.enter("anna", "ben", "cleo")
    await keeper.found("anna", b"g1")
    await keeper.add("ben", time=later)
    await keeper.leave("ben")
    found = (await SqlGroupStore(store).load({MEETING, OTHER}))[MEETING]
    assert found.group is not None
    assert (found.group.group_id, found.group.epoch, found.group.sequence) == (b"g1", 1, 1)
    assert (found.group.leaves, found.group.leaving) == ({0: "anna", 1: "ben"}, {1})
    assert (found.waiting, found.refresh_time) == ({"cleo": CANARY + b"cleo"}, later)


async def test_who_waits_keeps_the_order(store: Store) -> None:
    keeper = Keeper(store)
    await keeper.enter("dora", "anna", "cleo", "anna")
    found = (await SqlGroupStore(store).load({MEETING}))[MEETING]
    assert list(found.waiting) == ["dora", "cleo", "anna"]


async def test_of_two_handshakes_in_one_place_the_database_takes_one(store: Store) -> None:
    keeper, rival = Keeper(store), Keeper(store)
    await keeper.enter("anna", "ben", "cleo")
    await keeper.found("anna", b"g1")
    # Another control process that knows what this one knows.
    rival.assembly = keeper.assembly.copy()
    await keeper.add("ben")
    before = await rows(store)
    with pytest.raises(WrongEpoch):
        await rival.add("cleo")
    assert await rows(store) == before
    found = (await SqlGroupStore(store).load({MEETING}))[MEETING]
    assert found.group is not None
    assert found.group.leaves == {0: "anna", 1: "ben"}


async def test_a_member_reads_its_welcome_and_what_came_after(store: Store) -> None:
    keeper = Keeper(store)
    await keeper.enter("anna", "ben", "cleo")
    await keeper.found("anna", b"g1")
    entries = [await keeper.add("ben"), await keeper.add("cleo")]
    groups = SqlGroupStore(store)
    missed = await groups.missed(b"g1", "ben", 0, 10_000)
    assert (missed.added and missed.added.sequence, missed.welcome) == (1, b"welcome")
    assert [entry.sequence for entry in missed.entries] == [2]
    resumed = await groups.missed(b"g1", "ben", 1, 10_000)
    assert (resumed.added, [entry.message for entry in resumed.entries]) == (None, [entries[1].message])
    founder = await groups.missed(b"g1", "anna", 0, 10_000)
    assert (founder.added, [entry.sequence for entry in founder.entries]) == (None, [1, 2])
    for stranger in ("dora", "nobody"):
        with pytest.raises(NotYourLeaf):
            await groups.missed(b"g1", stranger, 0, 10_000)
    await keeper.leave("cleo")
    with pytest.raises(NotYourLeaf):
        await groups.missed(b"g1", "cleo", 0, 10_000)


async def test_a_long_stream_is_read_in_pieces(store: Store) -> None:
    keeper = Keeper(store)
    await keeper.enter("anna")
    await keeper.found("anna", b"g1")
    for _ in range(MAX_ENTRIES + 7):
        await keeper.add()
    groups = SqlGroupStore(store)
    first = await groups.missed(b"g1", "anna", 0, 10**9)
    assert (len(first.entries), first.more) == (MAX_ENTRIES, True)
    rest = await groups.missed(b"g1", "anna", first.entries[-1].sequence, 10**9)
    assert (len(rest.entries), rest.more) == (7, False)
    # One that is longer than a piece comes alone.
    small = await groups.missed(b"g1", "anna", 0, 1)
    assert (len(small.entries), small.more) == (1, True)


async def test_what_was_proposed_in_this_epoch_is_read_back(store: Store) -> None:
    keeper = Keeper(store)
    await keeper.enter("anna", "ben")
    await keeper.found("anna", b"g1")
    await keeper.add("ben")
    # A Remove of leaf 1 by leaf 0, unsigned.
    message = b"\0\1\0\1" + b"\2g1" + (1).to_bytes(8) + b"\1" + bytes(4) + b"\0" + b"\2\0\3\0\0\0\1" + bytes(2)
    draft = keeper.assembly.copy()
    draft.leave("nobody")
    assert draft.group is not None
    draft.group.leaving = {1}
    entry = draft.group.take("anna", message)
    await keeper.keep(draft, Sent(entry, "anna", SUBJECTS["anna"]))
    found = (await SqlGroupStore(store).load({MEETING}))[MEETING]
    assert found.group is not None
    assert (found.group.epoch, found.group.sequence) == (1, 2)
    assert repr(found.group) == repr(keeper.group)


async def test_a_retired_group_leaves_its_id_and_nothing_else(store: Store) -> None:
    keeper = Keeper(store)
    await keeper.enter("anna", "ben", "cleo")
    await keeper.found("anna", b"g1")
    await keeper.add("ben")
    draft = keeper.assembly.copy()
    draft.retire()
    await keeper.keep(draft)
    assert await rows(store) == {"mls_groups": 1, "mls_leaves": 0, "mls_entrants": 1, "mls_handshakes": 0}
    assert (await SqlGroupStore(store).load({MEETING}))[MEETING].group is None
    # Nobody founds it again, and another one can be founded.
    with pytest.raises(HandshakeRefused, match="been before"):
        await keeper.found("cleo", b"g1")
    await keeper.found("cleo", b"g2")


async def test_of_a_meeting_that_is_over_nothing_is_left(store: Store) -> None:
    keeper, other = Keeper(store), Keeper(store, OTHER)
    for one, group_id in ((keeper, b"g1"), (other, b"g2")):
        await one.enter("anna", "ben", "cleo")
        await one.found("anna", group_id)
        await one.add("ben")
    await SqlGroupStore(store).forget(MEETING)
    assert await rows(store) == {"mls_groups": 1, "mls_leaves": 2, "mls_entrants": 1, "mls_handshakes": 1}
    # The other one ended while control was away.
    assert await SqlGroupStore(store).load({MEETING}) == {}
    assert set((await rows(store)).values()) == {0}


async def test_the_database_sees_no_handshake_and_no_key_package(store: Store) -> None:
    keeper = Keeper(store)
    await keeper.enter("anna", "ben", "cleo")
    await keeper.found("anna", b"g1")
    await keeper.add("ben")
    raw = await store.run(
        lambda session: [
            bytes(value)
            for query in ("SELECT message FROM mls_handshakes", "SELECT key_package FROM mls_entrants")
            for value in session.scalars(text(query))
        ]
    )
    assert len(raw) == 2
    assert not [value for value in raw if CANARY in value]
