"""Who leaves an end-to-end meeting, or is taken out, through the signalling."""

from __future__ import annotations

import asyncio

import pytest

from conclave.services.mls.assembly import BATCH_NS, DESERTED_NS
from conclave.services.mls.errors import GroupRetired
from conclave.services.mls.group import COMMITTER_PATIENCE_NS
from conclave.services.mls.service import Member
from conclave.v1 import signalling_pb2 as pb

from .group_hall import GROUP_ID, Hall
from .mls_messages import commit, remove
from .signalling_house import Core


@pytest.fixture
def hall() -> Hall:
    return Hall()


async def test_a_leave_that_was_not_stored_is_stored_with_the_next_turn(hall: Hall) -> None:
    await hall.group_of("anna", "ben")
    cleo = await hall.come("cleo")
    await cleo.enter()
    stored = hall.groups.stored
    meeting_id = hall.meetings.meetings()[0].id
    hall.groups.failures.append(OSError("no space left on device"))
    await cleo.client.ask(leave=pb.Leave())
    with pytest.raises(OSError, match="no space"):
        await hall.delivery.attend()
    group = stored[meeting_id].group
    assert group is not None and list(group.waiting) == [cleo.id]
    await hall.delivery.attend()
    group = stored[meeting_id].group
    assert group is not None and not group.waiting


async def test_a_leave_is_stored_with_the_commit_that_follows_from_it(hall: Hall) -> None:
    anna, _, cleo = await hall.group_of("anna", "ben", "cleo")
    stored = hall.groups.stored
    meeting_id = hall.meetings.meetings()[0].id
    await cleo.client.ask(leave=pb.Leave())
    await hall.delivery.attend()
    assert anna.take() == ["commit_requested"]
    # Nor does anything that happens meanwhile, here or in another meeting, put a write in the commit's way.
    await hall.delivery.attend()
    group = stored[meeting_id].group
    assert group is not None and (set(group.leaves), group.leaving) == ({0, 1, 2}, set())
    # Asked again, it is the next one's turn, and no other's.
    await hall.wait(COMMITTER_PATIENCE_NS)
    assert anna.take() == []
    assert (await anna.send(commit(1, 0, remove(2), path=True, group_id=GROUP_ID))).HasField("ack")
    group = stored[meeting_id].group
    assert group is not None and (set(group.leaves), group.leaving) == ({0, 1}, set())


class SlowCore(Core):
    """A core that cuts nobody off until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.cutting, self.let = asyncio.Event(), asyncio.Event()

    async def delete_transport(self, transport_id: str) -> None:
        self.cutting.set()
        await self.let.wait()
        await super().delete_transport(transport_id)


async def test_one_who_is_being_cut_off_is_committed_out_meanwhile_and_does_not_come_back() -> None:
    core = SlowCore()
    hall = Hall(core)
    anna, ben, cleo = await hall.group_of("anna", "ben", "cleo")
    person = hall.meetings.participant(cleo.id)
    assert person is not None
    person.transport_id = "cleo.1"
    leaving = asyncio.create_task(cleo.client.ask(leave=pb.Leave()))
    await core.cutting.wait()
    await hall.delivery.attend()
    assert anna.take() == ["commit_requested"]
    assert (await anna.send(commit(1, 0, remove(2), path=True, group_id=GROUP_ID))).HasField("ack")
    assert (anna.take(), ben.take()) == (["group_handshake"], ["group_handshake"])
    # Still in the meeting's tables, and not to be in its group again.
    with pytest.raises(GroupRetired):
        await hall.delivery.enter(Member(cleo.id, person.meeting_id, ""), b"", stuck=False)
    core.let.set()
    await leaving
    await hall.wait(BATCH_NS)
    assert (anna.take(), cleo.take()) == ([], [])


async def test_one_whose_leave_could_not_be_stored_comes_into_the_group_again(hall: Hall) -> None:
    anna, ben, cleo = await hall.group_of("anna", "ben", "cleo")
    person = hall.meetings.participant(cleo.id)
    assert person is not None
    hall.store.failures.append(OSError("no space left on device"))
    with pytest.raises(OSError, match="no space"):
        await hall.meetings.take_out(person, "test")
    await hall.delivery.attend()
    # Nobody was asked meanwhile: all is as it was.
    assert (anna.take(), ben.take(), cleo.take()) == ([], [], [])
    package = await cleo.enter()
    await hall.wait(BATCH_NS)
    back = commit(1, 0, remove(2), b"\0\1" + package, path=True, group_id=GROUP_ID)
    assert (await anna.send(back, b"welcome")).HasField("ack")
    assert cleo.take() == ["group_welcome"]


@pytest.mark.parametrize("committed", [False, True])
async def test_one_whose_leave_fails_after_others_were_asked_is_told_to_enter_anew(committed: bool) -> None:
    core = SlowCore()
    hall = Hall(core)
    anna, ben, cleo = await hall.group_of("anna", "ben", "cleo")
    person = hall.meetings.participant(cleo.id)
    assert person is not None
    person.transport_id = "cleo.1"
    hall.store.failures.append(OSError("no space left on device"))
    removing = asyncio.create_task(hall.meetings.take_out(person, "test"))
    await core.cutting.wait()
    await hall.delivery.attend()
    assert anna.take() == ["commit_requested"]
    removal = commit(1, 0, remove(2), path=True, group_id=GROUP_ID)
    if committed:
        assert (await anna.send(removal)).HasField("ack")
    assert cleo.take() == []
    core.let.set()
    with pytest.raises(OSError, match="no space"):
        await removing
    await hall.wait()
    assert cleo.take() == ["group_retired"], "once, and so that her client enters with a new leaf"
    package = await cleo.enter()
    if not committed:
        assert (await anna.send(removal)).HasField("ack"), "what was asked for counts though she stays"
    assert (anna.take(), ben.take()) == (["group_handshake"], ["group_handshake"])
    await hall.wait(BATCH_NS)
    assert (await anna.send(commit(2, 0, b"\0\1" + package, group_id=GROUP_ID), b"welcome")).HasField("ack")
    assert cleo.take() == ["group_welcome"]


async def test_one_whose_leave_fails_while_the_group_stores_it_is_told_too(hall: Hall) -> None:
    anna, ben, cleo = await hall.group_of("anna", "ben", "cleo")
    dora = await hall.come("dora")
    meeting = hall.meetings.meetings()[0]
    person = meeting.participants[cleo.id]
    hall.presence.participant_left(meeting, person, None)
    # With dora's entry it is stored that cleo's leaf goes.
    hall.groups.meanwhile.append(lambda: hall.presence.participant_changed(meeting, person))
    await dora.enter()
    await hall.delivery.attend()
    assert cleo.take() == ["group_retired"]
    assert "group_retired" not in [*anna.take(), *ben.take(), *dora.take()]


async def test_who_leaves_while_something_is_stored_is_not_forgotten(hall: Hall) -> None:
    anna, ben = await hall.group_of("anna", "ben")
    cleo, dora = [await hall.come(name) for name in ("cleo", "dora")]
    for guest in (cleo, dora):
        await guest.enter()
    for guest in (anna, ben, cleo, dora):
        guest.client.connection.lost()
    meeting = hall.meetings.meetings()[0]
    await hall.delivery.attend()
    hall.now_ns += DESERTED_NS
    # While dora's leave is stored, cleo leaves; then the group is found deserted.
    hall.groups.meanwhile.append(lambda: hall.presence.participant_left(meeting, meeting.participants[cleo.id], None))
    hall.presence.participant_left(meeting, meeting.participants[dora.id], None)
    await hall.wait()
    stored = hall.groups.stored[meeting.id]
    assert (stored.group, stored.waiting) == (None, {})
