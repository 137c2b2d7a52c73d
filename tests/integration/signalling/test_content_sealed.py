"""What is shared in an end-to-end room, over real streams: octets that only its people can open, by the same rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conclave.services.domain.identifiers import encode_random_id
from conclave.v1 import content_pb2, data_class_pb2, rooms_pb2, signalling_pb2

if TYPE_CHECKING:
    from tests.integration.signalling.conftest import Appliance, Client

CAPABLE = ("lobby", "end-to-end")
CHAT = content_pb2.CONTENT_KIND_CHAT


async def enter(client: Client, invite: str, name: str) -> None:
    hello = signalling_pb2.Hello(min_version=1, max_version=1, capabilities=CAPABLE, invite_token=invite)
    assert (await client.ask(hello=hello)).HasField("welcome")
    join = signalling_pb2.Join(display_name=name, identity_key=name.ljust(32).encode())
    assert (await client.ask(join=join)).HasField("joined")


def sealed(number: int, octets: bytes, revision: int = 1, recipient: str = "") -> content_pb2.SendContent:
    own = encode_random_id(number.to_bytes(10))
    return content_pb2.SendContent(
        id=own, kind=CHAT, revision=revision, recipient_participant_id=recipient, sealed=octets
    )


async def added(client: Client) -> content_pb2.ContentRecord:
    return (await client.event(lambda message: message.HasField("content_added"))).content_added.record


async def read(client: Client) -> list[bytes]:
    answer = await client.ask(read_content=content_pb2.ReadContent())
    return [record.sealed for record in answer.content_page.records]


async def test_sealed_lines_are_taken_changed_addressed_marked_and_deleted_as_others_are(appliance: Appliance) -> None:
    invites = await appliance.make_room(mode=rooms_pb2.PROTECTION_MODE_END_TO_END)
    async with appliance.connect() as ada, appliance.connect() as bob, appliance.connect() as cyd:
        for client, name in ((ada, "Ada"), (bob, "Bob"), (cyd, "Cyd")):
            await enter(client, invites["participant"], name)
            assert await read(client) == []
        assert (await ada.ask(send_content=sealed(1, b"one"))).content_sent.sequence == 1
        # Sealed anew after a lost answer: what was taken first stays.
        assert (await ada.ask(send_content=sealed(1, b"one, sealed again"))).content_sent.sequence == 1
        assert [(await added(client)).sealed for client in (bob, cyd)] == [b"one"] * 2
        assert (await ada.ask(send_content=sealed(1, b"one, changed", revision=2))).content_sent.sequence == 2
        record = await added(bob)
        assert (record.sealed, record.revision, record.sender_participant_id) == (b"one, changed", 2, ada.id)

        assert (await ada.ask(send_content=sealed(2, b"for bob", recipient=bob.id))).content_sent.sequence == 3
        record = await added(bob)
        assert (record.sealed, record.recipient_participant_id) == (b"for bob", bob.id)
        assert [await read(client) for client in (bob, cyd)] == [[b"one, changed", b"for bob"], [b"one, changed"]]

        await bob.ask(mark_delivered=content_pb2.MarkDelivered(sequence=3))
        told = await ada.event(lambda message: message.HasField("content_delivered"))
        assert told.content_delivered.id == sealed(2, b"").id
        gone = content_pb2.DeleteContent(id=sealed(1, b"").id)
        assert (await ada.ask(delete_content=gone)).HasField("ack")
        record = await added(bob)
        assert (record.deletion, record.WhichOneof("body")) == (content_pb2.CONTENT_DELETION_BY_AUTHOR, None)


async def test_what_can_be_read_is_not_taken_in_an_end_to_end_room(appliance: Appliance) -> None:
    invites = await appliance.make_room(mode=rooms_pb2.PROTECTION_MODE_END_TO_END)
    async with appliance.connect() as ada:
        await enter(ada, invites["participant"], "Ada")
        own = sealed(1, b"").id
        line = content_pb2.ChatLine(text="readable")
        messages = data_class_pb2.DATA_CLASS_MESSAGES
        clear = content_pb2.ContentObject(kind=CHAT, data_class=messages, id=own, revision=1, chat=line)
        answer = await ada.ask(send_content=content_pb2.SendContent(id=own, kind=CHAT, revision=1, clear=clear))
        assert answer.error.code == signalling_pb2.ERROR_CODE_INVALID_REQUEST
        assert "sealed" in answer.error.message
        assert await read(ada) == []
