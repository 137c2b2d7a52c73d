"""Chat over real streams: history, marks of delivery, a killed control, and no text on the disk or in a log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from conclave.services.domain.identifiers import encode_random_id
from conclave.v1 import content_pb2, data_class_pb2, meetings_pb2, meetings_pb2_grpc, signalling_pb2

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.signalling.conftest import Appliance, Client

CANARY = "Kanarienvogel 7f3a: we sign on Friday"
RETURN_KEY = bytes(range(32))


def line(number: int, words: str, revision: int = 1, recipient: str = "") -> content_pb2.SendContent:
    own = encode_random_id(number.to_bytes(10))
    clear = content_pb2.ContentObject(
        kind=content_pb2.CONTENT_KIND_CHAT,
        data_class=data_class_pb2.DATA_CLASS_MESSAGES,
        id=own,
        revision=revision,
        chat=content_pb2.ChatLine(text=words),
    )
    return content_pb2.SendContent(
        id=own, kind=clear.kind, revision=revision, recipient_participant_id=recipient, clear=clear
    )


async def read(client: Client, after: int = 0) -> list[str]:
    """Reads as a client with a key of its own."""
    own = (client.token.encode() * 2)[:32]
    answer = await client.ask(read_content=content_pb2.ReadContent(after_sequence=after, return_key=own))
    assert answer.HasField("content_page"), answer
    return [record.clear.chat.text for record in answer.content_page.records]


async def added(client: Client) -> content_pb2.ContentRecord:
    return (await client.event(lambda m: m.HasField("content_added"))).content_added.record


def holding(directory: Path, words: str) -> list[str]:
    """The files below a directory in which a text stands."""
    needle = words.encode()
    files = (path for path in directory.rglob("*") if path.is_file())
    return [str(path.relative_to(directory)) for path in files if needle in path.read_bytes()]


async def test_chat_goes_on_when_control_is_killed_and_doubles_nothing(appliance: Appliance) -> None:
    invites = await appliance.make_room()
    async with appliance.connect() as ada, appliance.connect() as bob:
        await ada.enter(invites["host"], "Ada")
        await bob.enter(invites["participant"], "Bob")
        assert [await read(each) for each in (ada, bob)] == [[], []]
        sent = (await ada.ask(send_content=line(1, "one"))).content_sent
        assert (await added(bob)).sequence == sent.sequence == 1
        assert (await bob.ask(mark_delivered=content_pb2.MarkDelivered(sequence=1))).HasField("ack")
        told = await ada.event(lambda m: m.HasField("content_delivered"))
        assert told.content_delivered.id == line(1, "").id
        await ada.ask(send_content=line(2, CANARY))
        appliance.kill("control")
        await asyncio.gather(ada.ended(), bob.ended())
    appliance.start_control()
    async with appliance.connect() as ada_again, appliance.connect() as bob_again:
        for client, token in ((ada_again, ada.token), (bob_again, bob.token)):
            await client.resume(token)
        # The answer was lost, for all that the client knows.
        again = (await ada_again.ask(send_content=line(2, CANARY))).content_sent
        assert again.sequence == 2
        assert await read(ada_again) == ["one", CANARY]
        assert await read(bob_again, after=1) == [CANARY]
        await bob_again.ask(mark_delivered=content_pb2.MarkDelivered(sequence=2))
        assert (await ada_again.event(lambda m: m.HasField("content_delivered"))).content_delivered.id == line(2, "").id
        await bob_again.ask(send_content=line(3, "three"))
        record = await added(ada_again)
        assert (record.clear.chat.text, record.sequence, record.own) == ("three", 3, False)


async def test_a_line_stands_in_no_file_and_is_gone_with_the_meeting(appliance: Appliance) -> None:
    invites = await appliance.make_room()
    async with appliance.connect() as ada, appliance.connect() as bob:
        await ada.enter(invites["host"], "Ada")
        await bob.enter(invites["participant"], "Bob")
        await ada.ask(send_content=line(1, CANARY))
        await ada.ask(send_content=line(1, f"{CANARY}!", 2))
        await ada.ask(send_content=line(2, CANARY, recipient=bob.id))
        # What is refused is not written down either.
        refused = await bob.ask(send_content=line(1, CANARY, 3))
        assert refused.error.code == signalling_pb2.ERROR_CODE_PERMISSION_DENIED
        assert CANARY not in refused.error.message
        await ada.ask(send_content=line(3, f"{CANARY}\0"))
        assert await read(bob) == [f"{CANARY}!", CANARY]
        assert holding(appliance.directory, CANARY) == []
        # The search finds what stands there.
        planted = appliance.directory / "planted"
        planted.write_text(f"before {CANARY} after")
        assert holding(appliance.directory, CANARY) == ["planted"]
        planted.unlink()
        (meeting,) = await appliance.list_meetings()
        async with appliance.channel("control/admin.sock") as channel:
            stub = meetings_pb2_grpc.MeetingServiceStub(channel)
            await stub.EndMeeting(meetings_pb2.EndMeetingRequest(name=meeting.name))
    assert holding(appliance.directory, CANARY) == []


async def test_a_reload_reads_on_and_a_late_joiner_begins_empty(appliance: Appliance) -> None:
    invites = await appliance.make_room()
    async with (
        appliance.connect() as ada,
        appliance.connect() as bob,
        appliance.connect() as bob_again,
        appliance.connect() as cyd,
    ):
        await ada.enter(invites["host"], "Ada")
        await bob.enter(invites["participant"], "Bob")
        await bob.ask(read_content=content_pb2.ReadContent(return_key=RETURN_KEY))
        await bob.ask(send_content=line(1, "hello"))
        await bob.ask(leave=signalling_pb2.Leave())
        await bob_again.enter(invites["participant"], "Bob")
        await cyd.enter(invites["participant"], "Cyd")
        page = (await bob_again.ask(read_content=content_pb2.ReadContent(return_key=RETURN_KEY))).content_page
        assert [(record.clear.chat.text, record.own) for record in page.records] == [("hello", True)]
        assert (await cyd.ask(read_content=content_pb2.ReadContent())).content_page == content_pb2.ContentPage()
        gone = content_pb2.DeleteContent(id=line(1, "").id)
        assert (await bob_again.ask(delete_content=gone)).HasField("ack")
        await added(ada)
        told = await added(ada)
        assert (told.deletion, told.WhichOneof("body")) == (content_pb2.CONTENT_DELETION_BY_AUTHOR, None)


async def test_nonsense_is_refused_and_the_connection_goes_on(appliance: Appliance) -> None:
    invites = await appliance.make_room()
    async with appliance.connect() as ada:
        await ada.enter(invites["host"], "Ada")
        sealed = content_pb2.SendContent(id=line(1, "").id, kind=content_pb2.CONTENT_KIND_CHAT, revision=1, sealed=b"x")
        wrongs: list[dict[str, object]] = [
            {"send_content": sealed},
            {"send_content": content_pb2.SendContent()},
            {"send_content": line(1, "jump", 2)},
            {"send_content": line(1, "to whom?", recipient="a" * 16)},
            {"delete_content": content_pb2.DeleteContent(id="\0")},
            {"delete_content": content_pb2.DeleteContent(id="a" * 16)},
            {"read_content": content_pb2.ReadContent(return_key=b"short")},
        ]
        for wrong in wrongs:
            answer = await ada.ask(**wrong)
            assert answer.error.code == signalling_pb2.ERROR_CODE_INVALID_REQUEST, answer
        beyond = content_pb2.ReadContent(after_sequence=2**64 - 1)
        assert (await ada.ask(read_content=beyond)).HasField("content_page")
        assert (await ada.ask(send_content=line(1, "at last"))).content_sent.sequence == 1
