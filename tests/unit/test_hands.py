"""Raised hands: their order, who may lower them, and how long they stay up."""

from __future__ import annotations

import asyncio

import pytest

from conclave.services.domain.identifiers import encode_random_id
from conclave.services.domain.roles import Role
from conclave.services.meetings.errors import MeetingOver
from conclave.services.meetings.model import Participant
from conclave.v1 import content_pb2, data_class_pb2
from conclave.v1 import signalling_pb2 as pb

from .group_hall import Hall, capable, joining
from .mls_leaves import Person
from .signalling_house import DEPLOYMENT, House, code, hello
from .test_people import House as Rules


def hands(message: pb.ServerMessage) -> list[tuple[str, bool]]:
    """Whose hand is up or down by an event."""
    person = message.participant_changed.participant
    return [(person.display_name, person.HasField("hand_raise_time"))]


def order(people: list[Participant]) -> list[str]:
    raised = [(p.hand_raise_time, p.display_name) for p in people if p.hand_raise_time is not None]
    return [name for _, name in sorted(raised)]


async def test_a_raised_hand_is_told_to_everybody_until_it_is_lowered() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    ada.take()
    for raised in (True, False):
        await ada.connection.handle(pb.ClientMessage(request_id=3 + (not raised), set_hand=pb.SetHand(raised=raised)))
        event, answer = ada.take()
        assert (hands(event), answer.HasField("ack")) == ([("Ada", raised)], True)
        assert [hands(event) for event in bob.take()] == [[("Ada", raised)]]


async def test_hands_keep_the_order_in_which_they_went_up_though_the_clock_is_set_back() -> None:
    house = Rules()
    people = [await house.join(name) for name in ("Ada", "Bob", "Cyd")]
    ada, bob, cyd = people
    for participant in (cyd, ada, bob):
        await house.meetings.hands.set(participant, True)
        house.time.now_ns -= 1_000_000_000
    assert order(people) == ["Cyd", "Ada", "Bob"]
    # One that is up already keeps its place, one that goes down loses it.
    await house.meetings.hands.set(cyd, True)
    assert order(people) == ["Cyd", "Ada", "Bob"]
    await house.meetings.hands.set(cyd, False)
    await house.meetings.hands.set(cyd, True)
    assert order(people) == ["Ada", "Bob", "Cyd"]


async def test_a_hand_that_does_not_move_is_not_told() -> None:
    house = Rules()
    ada = await house.join("Ada")
    await house.meetings.hands.set(ada, True)
    house.take_log()
    await house.meetings.hands.set(ada, True)
    assert house.take_log() == []
    await house.meetings.hands.set(ada, False)
    house.take_log()
    await house.meetings.hands.set(ada, False)
    assert house.take_log() == []


async def test_a_hand_stays_up_over_a_lost_connection_and_ends_with_the_presence() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await ada.ask(set_hand=pb.SetHand(raised=True))
    ada.connection.lost()
    again = house.connect()
    welcome = (await again.ask(hello=hello(resume_token=ada.token))).welcome
    assert [p.HasField("hand_raise_time") for p in welcome.resumed.participants] == [True, False]
    await again.ask(leave=pb.Leave())
    assert (await house.join("Ada")).id != ada.id
    assert hands(bob.take()[-1]) == [("Ada", False)]


async def test_a_host_lowers_anothers_hand_and_one_that_is_down_stays_down() -> None:
    house = House()
    host, ada = await house.join("Host", "host"), await house.join("Ada")
    await ada.ask(set_hand=pb.SetHand(raised=True))
    ada.take()
    for told in ([[("Ada", False)]], []):
        assert (await host.ask(lower_hand=pb.LowerHand(participant_id=ada.id))).HasField("ack")
        assert [hands(event) for event in ada.take()] == told


async def test_nobody_but_hosts_lowers_anothers_hand() -> None:
    house = House()
    host, ada = await house.join("Host", "host"), await house.join("Ada")
    await host.ask(set_hand=pb.SetHand(raised=True))
    assert code(await ada.ask(lower_hand=pb.LowerHand(participant_id=host.id))) == "PERMISSION_DENIED"
    assert code(await host.ask(lower_hand=pb.LowerHand(participant_id="gone"))) == "INVALID_REQUEST"
    participant = house.meetings.participant(host.id)
    assert participant is not None
    assert participant.hand_raise_time is not None


async def test_a_hand_raised_while_its_owner_is_taken_out_comes_too_late() -> None:
    house = Rules()
    ada, _ = await house.join("Ada"), await house.join("Bob", Role.HOST)
    leaving = asyncio.ensure_future(house.meetings.leave(ada))
    await asyncio.sleep(0)
    with pytest.raises(MeetingOver):
        await house.meetings.hands.set(ada, True)
    await leaving
    assert "store hand Ada up" not in house.take_log()


def said(octets: bytes = b"sealed") -> content_pb2.SendContent:
    """Something about a hand as an end-to-end room's client sends it."""
    own = encode_random_id(bytes(10))
    return content_pb2.SendContent(id=own, kind=content_pb2.CONTENT_KIND_HAND, revision=1, sealed=octets)


async def test_in_an_end_to_end_room_the_appliance_takes_no_hand_from_anybody() -> None:
    hall = Hall()
    host, ada = [(await hall.come(name, invite)).client for name, invite in (("Host", "host"), ("Ada", "invite"))]
    for raised in (True, False):
        answer = await ada.ask(set_hand=pb.SetHand(raised=raised))
        assert code(answer) == "INVALID_REQUEST"
        assert "sealed" in answer.error.message
    assert code(await host.ask(lower_hand=pb.LowerHand(participant_id=ada.id))) == "INVALID_REQUEST"


async def test_what_is_said_of_hands_in_an_end_to_end_room_leaves_no_trace_at_the_appliance() -> None:
    hall = Hall()
    people = [(await hall.come(name)).client for name in ("Ada", "Bob")]
    ada, bob = people
    for client in people:
        client.take()
    before = participants(hall)
    answer = await ada.ask(send_content=said())
    assert (answer.content_sent.sequence, participants(hall)) == (0, before)
    (told,) = bob.take()
    record = told.content_added.record
    assert (record.sealed, record.sender_participant_id, record.sequence) == (b"sealed", ada.id, 0)
    # Whoever comes later is told of it by Ada's client, or by nobody.
    late = hall.connect()
    await late.ask(hello=capable(invite_token="invite"))
    answer = await late.ask(join=joining(Person(DEPLOYMENT, "Cyd")))
    assert [p.HasField("hand_raise_time") for p in answer.joined.participants] == [False] * 3


def participants(house: House) -> list[str]:
    meeting = house.meetings.meeting_in("board")
    assert meeting is not None
    return [repr(participant) for participant in meeting.participants.values()]


async def test_a_managed_room_takes_no_hand_as_content() -> None:
    house = House()
    ada = await house.join("Ada")
    assert code(await ada.ask(send_content=said())) == "INVALID_REQUEST"
    own, engagement = said().id, data_class_pb2.DATA_CLASS_ENGAGEMENT
    kind, hand = content_pb2.CONTENT_KIND_HAND, content_pb2.Hand(act=content_pb2.HAND_ACT_RAISED, participant_id=ada.id)
    clear = content_pb2.ContentObject(kind=kind, data_class=engagement, id=own, revision=1, hand=hand)
    answer = await ada.ask(send_content=content_pb2.SendContent(id=own, kind=kind, revision=1, clear=clear))
    assert code(answer) == "INVALID_REQUEST"
    assert "SetHand" in answer.error.message


def test_everything_that_is_said_of_hands_is_equally_long() -> None:
    anybody = encode_random_id(bytes(10))
    said = [
        content_pb2.Hand(act=act, participant_id=anybody, raise_time_ms=time)
        for act in content_pb2.HandAct.values()[1:]
        for time in (0, 1, 1_800_000_000_000)
    ]
    assert len({hand.ByteSize() for hand in said}) == 1
