"""Content in both databases: its order, who reads what, private lines, deletion, and the end of the meeting's key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, delete, func, select, text, update
from sqlalchemy.orm import Session

from conclave.services.audit.log import Act, AuditLog, verify_entries
from conclave.services.audit.models import AuditRow
from conclave.services.content import store as content_store
from conclave.services.content.attendance import Attendance
from conclave.services.content.errors import (
    ContentClosed,
    ContentGone,
    ContentInvalid,
    NotYours,
    RecipientGone,
    RevisionTaken,
)
from conclave.services.content.model import ContentPage, Deletion, Draft, Stored
from conclave.services.content.models import ContentKeyRow, ContentRow, PresenceRow
from conclave.services.content.store import SqlContentStore
from conclave.services.content.vault import ContentVault
from conclave.services.domain.content import ContentKind, Line, Sealed
from conclave.services.domain.identifiers import encode_random_id
from conclave.services.domain.polls import Poll, Vote
from conclave.services.domain.roles import Role
from conclave.services.files.attachments import Attachments
from conclave.services.meetings.errors import MeetingOver
from conclave.services.meetings.model import Meeting, Participant
from conclave.services.meetings.store import SqlMeetingStore
from conclave.services.rooms.models import RoomRow
from conclave.services.state.keys import DatabaseKeys, UnreadableColumn
from conclave.services.state.store import Store

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
CANARY = "the merger closes on Friday"
KEY = bytes(range(32))
POLL_ID = encode_random_id(bytes([3] * 10))


class House:
    """One meeting in a database."""

    def __init__(self, store: Store) -> None:
        audit = AuditLog("d1", lambda: NOW)
        attendance = Attendance("d1", audit)
        self.store = store
        attachments = Attachments("d1")
        self.meetings = SqlMeetingStore(store, audit, [attendance, attachments])
        self.content = SqlContentStore(store, audit, ContentVault(DatabaseKeys(KEY), "d1"), attendance, attachments)
        self.meeting = Meeting("m" * 16, "board", NOW)
        self._people = self._ids = 0

    async def enter(self, name: str, subject: str = "", role: Role = Role.PARTICIPANT) -> Participant:
        self._people += 1
        own = encode_random_id(bytes([1] * 9 + [self._people]))
        token = bytes([self._people]) * 32
        who = Participant(own, self.meeting.id, subject or f"guest:{own}", name, role, NOW, token, "i" * 16)
        await self.meetings.join(self.meeting, who, self._people == 1)
        return who

    async def leave(self, *people: Participant, ends: bool = False) -> None:
        await self.meetings.leave(self.meeting, people, NOW, ends, False, "participant:x")

    async def say(
        self, who: Participant, words: str, content_id: str = "", revision: int = 1, to: Participant | None = None
    ) -> Stored:
        self._ids += 1
        chosen = content_id or encode_random_id(bytes([2] * 8) + self._ids.to_bytes(2))
        recipient = "" if to is None else to.id
        draft = Draft(chosen, ContentKind.CHAT, revision, recipient, Line(words))
        return await self.content.put(self.meeting, who, draft, NOW + timedelta(seconds=self._ids))

    async def ask(self, who: Participant, revision: int = 1, closed: bool = False) -> Stored:
        poll = Poll(CANARY, ("Yes", "No"), multiple=False)
        draft = Draft(POLL_ID, ContentKind.POLL, revision, "", poll, closed=closed)
        return await self.content.put(self.meeting, who, draft, NOW)

    async def vote(self, who: Participant, answer: str, revision: int = 1, content_id: str = "") -> Stored:
        chosen = content_id or encode_random_id(b"voteby" + who.id[-4:].encode())
        draft = Draft(chosen, ContentKind.POLL_VOTE, revision, "", Vote(CANARY, (answer,)), POLL_ID)
        return await self.content.put(self.meeting, who, draft, NOW)

    async def votes(self, who: Participant) -> list[str]:
        records = (await self.page(who)).records
        return [record.body.options[0] for record in records if isinstance(record.body, Vote)]

    async def page(self, who: Participant, after: int = 0, key: bytes = b"") -> ContentPage:
        return await self.content.read(self.meeting, who, after, key)

    async def lines(self, who: Participant, after: int = 0, key: bytes = b"") -> list[str]:
        records = sorted((await self.page(who, after, key)).records, key=lambda record: record.first_sequence)
        return [record.body.text if isinstance(record.body, Line) else "-" for record in records]


@pytest.fixture
async def house(engine: Engine) -> AsyncIterator[House]:
    store = Store(engine, "d1")
    await store.prepare(NOW)

    def add_room(session: Session) -> None:
        row = RoomRow(tenant_id="d1", id="board", display_name="x", protection_mode=3, max_participants=9)
        row.create_time = NOW
        session.add(row)

    await store.run(add_room)
    yield House(store)
    await store.close()


async def test_lines_have_an_order_and_are_told_to_whom_is_there(house: House) -> None:
    ada, bob = await house.enter("Ada"), await house.enter("Bob")
    first, second = await house.say(ada, "one"), await house.say(bob, "two")
    assert [(each.record.sequence, each.record.first_sequence) for each in (first, second)] == [(1, 1), (2, 2)]
    assert (set(first.readers), set(first.authors)) == ({bob.id}, {ada.id})
    assert (second.record.sender_name, second.record.recipient_name) == ("Bob", "")
    assert await house.lines(ada) == await house.lines(bob) == ["one", "two"]
    assert await house.lines(ada, after=1) == ["two"]


async def test_the_same_line_sent_twice_is_one(house: House) -> None:
    ada = await house.enter("Ada")
    first = await house.say(ada, "one")
    again = await house.say(ada, "one", first.record.id)
    assert (again.new, again.record) == (False, first.record)
    assert await house.lines(ada) == ["one"]


async def test_who_joins_later_reads_nothing_from_before_not_even_when_it_changes(house: House) -> None:
    ada = await house.enter("Ada")
    early = await house.say(ada, "early")
    bob = await house.enter("Bob")
    changed = await house.say(ada, "early, changed", early.record.id, 2)
    assert changed.readers == frozenset()
    late = await house.say(ada, "late")
    assert late.readers == {bob.id}
    assert await house.lines(bob) == ["late"]
    with pytest.raises(ContentGone):
        await house.content.delete(house.meeting, bob, early.record.id, NOW)


async def test_a_host_who_joined_later_does_not_learn_that_a_line_is_there(house: House) -> None:
    ada = await house.enter("Ada")
    early = await house.say(ada, "early")
    host = await house.enter("Host", role=Role.HOST)
    with pytest.raises(ContentGone):
        await house.content.delete(house.meeting, host, early.record.id, NOW)


async def test_a_guest_who_shows_the_key_again_reads_what_was_said_while_present(house: House) -> None:
    ada, bob = await house.enter("Ada"), await house.enter("Bob")
    assert await house.lines(bob, key=KEY) == []
    during = await house.say(bob, "during")
    await house.leave(bob)
    await house.say(ada, "away")
    again = await house.enter("Bob")
    assert await house.lines(again) == []
    assert await house.lines(again, key=KEY) == ["during"]
    # What was said during an earlier presence is told of when it changes, and is still one's own.
    changed = await house.say(again, "during, changed", during.record.id, 2)
    assert (set(changed.readers), set(changed.authors)) == ({ada.id}, {again.id})
    assert await house.lines(again) == ["during, changed"]


async def test_another_key_and_no_key_open_nothing(house: House) -> None:
    ada, bob = await house.enter("Ada"), await house.enter("Bob")
    await house.lines(bob, key=KEY)
    await house.say(bob, "during")
    await house.leave(bob)
    thief, silent = await house.enter("Bob"), await house.enter("Bob")
    assert await house.lines(thief, key=bytes(32)) == []
    assert await house.lines(silent) == []
    # The first key that one shows stays: who has one does not become somebody else by another.
    assert await house.lines(thief, key=KEY) == []
    assert await house.lines(ada) == ["during"]


async def test_a_member_is_known_by_the_invite_and_no_guest_becomes_one(house: House) -> None:
    ada = await house.enter("Ada")
    member = await house.enter("Mei", "member:mei")
    await house.lines(member, key=KEY)
    await house.say(ada, "during")
    await house.leave(member)
    again = await house.enter("Mei", "member:mei")
    assert await house.lines(again) == ["during"]
    guest = await house.enter("Mei")
    assert await house.lines(guest, key=KEY) == []


async def test_a_private_line_is_for_two(house: House) -> None:
    ada, bob, cyd = [await house.enter(name) for name in ("Ada", "Bob", "Cyd")]
    whispered = await house.say(ada, "psst", to=bob)
    assert (set(whispered.readers), set(whispered.authors)) == ({bob.id}, {ada.id})
    assert whispered.record.recipient_name == "Bob"
    assert [await house.lines(each) for each in (ada, bob, cyd)] == [["psst"], ["psst"], []]
    for person in (bob, cyd):
        with pytest.raises((NotYours, ContentGone)):
            await house.content.delete(house.meeting, person, whispered.record.id, NOW)
    # A change goes to whom the line went, whatever the client says.
    changed = await house.say(ada, "psst!", whispered.record.id, 2)
    assert (set(changed.readers), changed.record.recipient_id) == ({bob.id}, bob.id)
    await house.leave(bob)
    with pytest.raises(RecipientGone):
        await house.say(ada, "still there?", to=bob)
    with pytest.raises(ContentInvalid):
        await house.say(ada, "hm", to=ada)


async def test_only_the_author_changes_a_line_and_one_revision_after_the_other(house: House) -> None:
    ada, bob = await house.enter("Ada"), await house.enter("Bob")
    line = (await house.say(ada, "one")).record
    await house.say(bob, "two")
    with pytest.raises(NotYours):
        await house.say(bob, "forged", line.id, 2)
    changed = (await house.say(ada, "one, changed", line.id, 2)).record
    assert (changed.sequence, changed.first_sequence, changed.revision) == (3, 1, 2)
    with pytest.raises(RevisionTaken):
        await house.say(ada, "jump", line.id, 4)
    assert await house.lines(bob) == ["one, changed", "two"]


async def test_a_deleted_line_is_gone_from_the_database_and_leaves_a_mark(house: House) -> None:
    ada, host = await house.enter("Ada"), await house.enter("Host", role=Role.HOST)
    own, other = await house.say(ada, CANARY), await house.say(ada, "rude")
    deleted = await house.content.delete(house.meeting, ada, own.record.id, NOW)
    assert (deleted.record.deletion, deleted.record.body, deleted.record.sequence) == (Deletion.BY_AUTHOR, None, 3)
    by_host = await house.content.delete(house.meeting, host, other.record.id, NOW)
    assert by_host.record.deletion is Deletion.BY_HOST
    assert not (await house.content.delete(house.meeting, host, other.record.id, NOW)).new
    assert await house.lines(host) == ["-", "-"]
    payloads = await house.store.run(lambda session: session.scalars(select(ContentRow.payload)).all())
    assert payloads == [None, None]
    with pytest.raises(ContentGone):
        await house.say(ada, "back", own.record.id, 2)
    removals = select(AuditRow.actor, AuditRow.resource).where(AuditRow.act == Act.CONTENT_REMOVED.value)
    acts = await house.store.run(lambda session: session.execute(removals).all())
    assert acts == [(f"participant:{host.id}", f"{house.meeting.name}/content/{other.record.id}")]


async def test_pages_are_bounded_and_follow_each_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_store, "PAGE", 5)
    ada = await house.enter("Ada")
    for number in range(5 + 3):
        await house.say(ada, str(number))
    first = await house.page(ada)
    assert (len(first.records), first.more) == (5, True)
    rest = await house.page(ada, first.records[-1].sequence)
    assert (len(rest.records), rest.more) == (3, False)
    sealed = Draft(encode_random_id(bytes([9] * 10)), ContentKind.CHAT, 1, "", Sealed(bytes(65536)))
    for number in range(6):
        own = encode_random_id(bytes([9] * 9 + [number]))
        await house.content.put(house.meeting, ada, Draft(own, sealed.kind, 1, "", sealed.body), NOW)
    big = await house.page(ada, 5 + 3)
    assert 1 < len(big.records) < 6
    assert big.more


async def test_what_reached_everybody_is_stored_unless_it_has_changed(house: House) -> None:
    ada, bob = await house.enter("Ada"), await house.enter("Bob")
    line = (await house.say(ada, "one")).record
    await house.lines(bob, key=KEY)
    readers, (open_line,) = await house.content.undelivered(house.meeting)
    assert readers == open_line.readers == {bob.id}
    assert await house.content.save_delivered(house.meeting, line.id, line.sequence) == {ada.id}
    assert (await house.page(ada)).records[0].delivered
    assert await house.content.undelivered(house.meeting) == ({bob.id}, [])
    await house.say(ada, "two", line.id, 2)
    assert await house.content.save_delivered(house.meeting, line.id, line.sequence) == frozenset()
    assert not (await house.page(ada)).records[0].delivered


async def test_the_end_of_the_meeting_destroys_its_key_and_everything_in_it(house: House) -> None:
    ada, bob = await house.enter("Ada"), await house.enter("Bob")
    await house.say(ada, CANARY)
    await house.leave(ada)
    await house.leave(bob, ends=True)

    def count(session: Session) -> list[int]:
        tables = (ContentKeyRow, ContentRow, PresenceRow)
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]

    assert await house.store.run(count) == [0, 0, 0]
    acts = await house.store.run(
        lambda session: session.scalars(select(AuditRow.act).order_by(AuditRow.sequence)).all()
    )
    assert acts[-2:] == [Act.MEETING_ENDED.value, Act.CONTENT_ERASED.value]
    assert await house.store.run(lambda session: verify_entries(session, "d1")) == len(acts)
    with pytest.raises(MeetingOver):
        await house.lines(ada)


async def test_a_meeting_without_content_has_no_key_and_no_erasure(house: House) -> None:
    ada = await house.enter("Ada")
    await house.leave(ada, ends=True)
    acts = await house.store.run(lambda session: session.scalars(select(AuditRow.act)).all())
    assert Act.CONTENT_ERASED.value not in acts


async def test_the_row_holds_ciphertext_that_opens_nowhere_else(house: House) -> None:
    ada = await house.enter("Ada")
    first, second = await house.say(ada, CANARY), await house.say(ada, CANARY)
    raw = text("SELECT payload FROM content_objects ORDER BY sequence")
    payloads = [bytes(value) for value in await house.store.run(lambda session: session.scalars(raw).all())]
    assert CANARY.encode() not in payloads[0]
    assert payloads[0] != payloads[1]

    def swap(session: Session) -> None:
        for target, payload in ((first, payloads[1]), (second, payloads[0])):
            session.execute(update(ContentRow).where(ContentRow.id == target.record.id).values(payload=payload))

    await house.store.run(swap)
    with pytest.raises(UnreadableColumn):
        await house.page(ada)


async def test_without_the_meetings_key_nothing_opens(house: House) -> None:
    ada = await house.enter("Ada")
    line = await house.say(ada, CANARY)

    def destroy(session: Session) -> None:
        session.execute(delete(ContentKeyRow))

    await house.store.run(destroy)
    with pytest.raises(UnreadableColumn):
        await house.page(ada)
    assert line.record.sequence == 1


async def test_a_poll_takes_one_vote_a_person_until_it_is_closed(house: House) -> None:
    ada, bob = await house.enter("Ada"), await house.enter("Bob")
    assert (await house.ask(ada)).readers == {bob.id}
    first = await house.vote(bob, "Yes")
    assert (set(first.readers), first.record.parent_id) == ({ada.id}, POLL_ID)
    await house.vote(ada, "Yes")
    with pytest.raises(RevisionTaken):
        await house.vote(bob, "No", content_id=encode_random_id(b"second one"))
    await house.vote(bob, "No", 2)
    assert await house.votes(ada) == ["Yes", "No"]
    closed = await house.ask(ada, 2, closed=True)
    assert closed.record.closed
    with pytest.raises(ContentClosed):
        await house.vote(bob, "Yes", 3)
    # What was counted and whose answer was lost is answered as the first time.
    assert not (await house.vote(bob, "No", 2)).new
    with pytest.raises(ContentClosed):
        await house.ask(ada, 3)
    assert await house.votes(bob) == ["Yes", "No"]


async def test_a_poll_and_its_votes_are_for_who_was_there_when_it_was_asked(house: House) -> None:
    ada, bob = await house.enter("Ada"), await house.enter("Bob", "member:bob")
    await house.ask(ada)
    late = await house.enter("Cyd")
    assert (await house.vote(ada, "Yes")).readers == {bob.id}
    assert await house.votes(late) == []
    with pytest.raises(ContentGone):
        await house.vote(late, "No")
    # Whoever is back counts as everybody else does, and has the one vote that they had.
    await house.vote(bob, "No")
    await house.leave(bob)
    await house.vote(ada, "No", 2)
    again = await house.enter("Bob", "member:bob")
    assert await house.votes(again) == ["No", "No"]
    with pytest.raises(RevisionTaken):
        await house.vote(again, "Yes")


async def test_a_deleted_poll_takes_its_votes_along(house: House) -> None:
    host = await house.enter("Ada", role=Role.HOST)
    bob = await house.enter("Bob")
    await house.ask(bob)
    vote = await house.vote(bob, "Yes")
    for who in (host, bob):
        with pytest.raises(NotYours):
            await house.content.delete(house.meeting, who, vote.record.id, NOW)
    await house.content.delete(house.meeting, host, POLL_ID, NOW)
    records = (await house.page(bob)).records
    assert [(record.deletion, record.body) for record in records] == [(Deletion.BY_HOST, None)] * 2

    def payloads(session: Session) -> list[bytes | None]:
        return list(session.scalars(select(ContentRow.payload)))

    assert await house.store.run(payloads) == [None, None]
    with pytest.raises(ContentGone):
        await house.vote(bob, "No", 2)
