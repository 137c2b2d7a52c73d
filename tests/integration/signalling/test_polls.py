"""Polls over real streams: one vote a person, closed for good, and still so after control was killed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from conclave.services.domain.identifiers import encode_random_id
from conclave.v1 import content_pb2, data_class_pb2, signalling_pb2

if TYPE_CHECKING:
    from tests.integration.signalling.conftest import Appliance, Client

QUESTION = "Kanarienvogel 8b1c: shall we sign?"
POLL, VOTE, OTHER = (encode_random_id(bytes([number] * 10)) for number in range(3))


def poll(revision: int = 1, closed: bool = False) -> content_pb2.SendContent:
    clear = content_pb2.ContentObject(
        kind=content_pb2.CONTENT_KIND_POLL,
        data_class=data_class_pb2.DATA_CLASS_ENGAGEMENT,
        id=POLL,
        revision=revision,
        closed=closed,
        poll=content_pb2.Poll(question=QUESTION, options=["Yes", "No"]),
    )
    return content_pb2.SendContent(id=POLL, kind=clear.kind, revision=revision, closed=closed, clear=clear)


def vote(answer: str, revision: int = 1, own: str = VOTE) -> content_pb2.SendContent:
    clear = content_pb2.ContentObject(
        kind=content_pb2.CONTENT_KIND_POLL_VOTE,
        data_class=data_class_pb2.DATA_CLASS_ENGAGEMENT,
        id=own,
        revision=revision,
        parent_id=POLL,
        poll_vote=content_pb2.PollVote(question=QUESTION, options=[answer]),
    )
    return content_pb2.SendContent(id=own, kind=clear.kind, revision=revision, parent_id=POLL, clear=clear)


async def refusal(client: Client, request: content_pb2.SendContent) -> str:
    answer = await client.ask(send_content=request)
    assert answer.HasField("error"), answer
    assert "Kanarienvogel" not in answer.error.message
    return signalling_pb2.ErrorCode.Name(answer.error.code)


async def records(client: Client) -> dict[str, content_pb2.ContentRecord]:
    answer = await client.ask(read_content=content_pb2.ReadContent(return_key=(client.token.encode() * 2)[:32]))
    return {record.id: record for record in answer.content_page.records}


async def test_a_poll_takes_one_vote_a_person_and_stays_closed_when_control_is_killed(appliance: Appliance) -> None:
    invites = await appliance.make_room()
    async with appliance.connect() as ada, appliance.connect() as bob:
        await ada.enter(invites["host"], "Ada")
        await bob.enter(invites["participant"], "Bob")
        assert (await ada.ask(send_content=poll())).HasField("content_sent")
        await bob.event(lambda m: m.content_added.record.id == POLL)
        assert (await bob.ask(send_content=vote("Yes"))).HasField("content_sent")
        told = (await ada.event(lambda m: m.content_added.record.id == VOTE)).content_added.record
        assert (told.parent_id, told.sender_display_name, told.own) == (POLL, "Bob", False)
        assert list(told.clear.poll_vote.options) == ["Yes"]
        assert await refusal(bob, vote("No", own=OTHER)) == "ERROR_CODE_INVALID_REQUEST"
        assert await refusal(ada, vote("No", 2)) == "ERROR_CODE_PERMISSION_DENIED"
        # A host who could take single votes back would decide what counts.
        refused = await ada.ask(delete_content=content_pb2.DeleteContent(id=VOTE))
        assert refused.error.code == signalling_pb2.ERROR_CODE_PERMISSION_DENIED
        assert (await bob.ask(send_content=vote("No", 2))).HasField("content_sent")
        assert (await ada.ask(send_content=poll(2, closed=True))).HasField("content_sent")
        assert (await bob.event(lambda m: m.content_added.record.closed)).content_added.record.id == POLL
        appliance.kill("control")
        await asyncio.gather(ada.ended(), bob.ended())
    appliance.start_control()
    async with appliance.connect() as again:
        await again.resume(bob.token)
        assert await refusal(again, vote("Yes", 3)) == "ERROR_CODE_INVALID_REQUEST"
        kept = await records(again)
        assert kept[POLL].closed and list(kept[VOTE].clear.poll_vote.options) == ["No"]
