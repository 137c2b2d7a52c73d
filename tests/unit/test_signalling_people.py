"""Lobby, lock, muting, removal and roles over signalling: what is answered, and who is told what."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from conclave.services.domain.invites import NEVER, Invite
from conclave.services.domain.roles import Role
from conclave.services.domain.rooms import Admission
from conclave.services.invites.service import CreatedLink
from conclave.services.media.model import Transport, TransportSpec
from conclave.services.meetings.service import GRACE_NS
from conclave.services.signalling.connection import SILENCE_NS
from conclave.v1 import meetings_pb2, rooms_pb2
from conclave.v1 import signalling_pb2 as pb

from .signalling_house import ROOM, START, Client, House, code, transport_id


def hello(*capabilities: str, **credential: str) -> pb.Hello:
    return pb.Hello(min_version=1, max_version=1, capabilities=capabilities, **credential)  # type: ignore[arg-type]


def lobby_house() -> House:
    house = House()
    house.desk.room = replace(ROOM, admission=Admission(lobby=True))
    return house


async def knock(house: House, name: str = "Guest") -> Client:
    """Somebody who waits."""
    client = house.connect()
    assert (await client.ask(hello=hello("lobby", invite_token="guest"))).HasField("welcome")
    answer = await client.ask(join=pb.Join(display_name=name))
    assert answer.HasField("waiting"), answer
    client.id, client.token = answer.waiting.participant_id, answer.waiting.resume_token
    return client


async def test_who_waits_sees_nothing_and_hosts_see_who_waits() -> None:
    house = lobby_house()
    house.desk.members["anna"] = "Anna Berg"
    host, anna = await house.join("Host", "host"), await house.join("typed", "anna")
    host.take()
    anna.take()
    guest = await knock(house)
    (event,) = host.take()
    (shown,) = event.lobby_changed.waiting
    assert (shown.id, shown.display_name, shown.member) == (guest.id, "Guest", False)
    assert shown.reason == meetings_pb2.WAIT_REASON_LOBBY
    assert anna.take() == []
    for body in ({"offer": pb.Offer()}, {"set_sources": pb.SetSources()}, {"join": pb.Join(display_name="x")}):
        answer = await guest.ask(**body)
        assert (code(answer), "not in the meeting yet" in answer.error.message) == ("INVALID_REQUEST", True)
    assert (await guest.ask(ping=pb.Ping())).HasField("ack")
    await anna.set_source(1, True)
    assert guest.take() == []


async def test_admission_turns_waiting_into_joined_with_the_same_id_and_token() -> None:
    house = lobby_house()
    host, guest = await house.join("Host", "host"), await knock(house)
    host.take()
    assert (await host.ask(admit=pb.AdmitWaiting(participant_ids=[guest.id]))).HasField("ack")
    (event,) = guest.take()
    joined = event.joined
    assert (event.request_id, joined.participant_id, joined.resume_token) == (0, guest.id, guest.token)
    assert [person.display_name for person in joined.participants] == ["Host", "Guest"]
    assert (await guest.offer()).HasField("answer")
    guest.connection.lost()
    again = house.connect()
    assert (await again.ask(hello=hello(resume_token=guest.token))).welcome.HasField("resumed")


async def test_a_host_who_comes_or_resumes_is_told_who_waits_and_participants_are_not() -> None:
    house = lobby_house()
    await knock(house)
    host = house.connect()
    await host.ask(hello=hello(invite_token="host"))
    joined = (await host.ask(join=pb.Join(display_name="Host"))).joined
    assert [person.display_name for person in joined.waiting] == ["Guest"]
    house.desk.members["anna"] = "Anna Berg"
    anna = house.connect()
    assert (await anna.ask(hello=hello(invite_token="anna"))).welcome.display_name == "Anna Berg"
    joined = (await anna.ask(join=pb.Join(display_name=""))).joined
    assert [person.display_name for person in joined.participants] == ["Host", "Anna Berg"]
    assert [person.member for person in joined.participants] == [False, True]
    assert list(joined.waiting) == []


async def test_a_waiting_client_hears_what_it_waits_for_and_is_turned_away() -> None:
    house = lobby_house()
    guest = await knock(house)
    host = await house.join("Host", "host")
    (event,) = guest.take()
    assert event.waiting.reason == meetings_pb2.WAIT_REASON_LOBBY
    await host.ask(turn_away=pb.TurnAway(participant_ids=[guest.id]))
    (event,) = guest.take()
    assert event.meeting_ended.reason == meetings_pb2.END_REASON_TURNED_AWAY
    assert guest.closed
    again = house.connect()
    assert code(await again.ask(hello=hello(resume_token=guest.token))) == "SESSION_LOST"


async def test_a_waiting_session_resumes_and_a_newer_connection_replaces_the_older() -> None:
    house = lobby_house()
    guest, host = await knock(house), await house.join("Host", "host")
    guest.connection.lost()
    assert host.take()[-1].lobby_changed.waiting[0].connection_state == meetings_pb2.CONNECTION_STATE_RECONNECTING
    again, third = house.connect(), house.connect()
    welcome = (await again.ask(hello=hello("lobby", resume_token=guest.token))).welcome
    assert (welcome.waiting.participant_id, welcome.HasField("resumed")) == (guest.id, False)
    assert host.take()[-1].lobby_changed.waiting[0].connection_state == meetings_pb2.CONNECTION_STATE_CONNECTED
    await third.ask(hello=hello("lobby", resume_token=guest.token))
    assert code(again.take()[-1]) == "REPLACED"
    again.connection.lost()
    await host.ask(admit_all=pb.AdmitAllWaiting())
    assert third.take()[-1].HasField("joined")


async def test_one_admitted_while_away_resumes_into_the_meeting() -> None:
    house = lobby_house()
    guest, host = await knock(house), await house.join("Host", "host")
    guest.connection.lost()
    await host.ask(admit_all=pb.AdmitAllWaiting())
    again = house.connect()
    welcome = (await again.ask(hello=hello("lobby", resume_token=guest.token))).welcome
    assert [person.display_name for person in welcome.resumed.participants] == ["Host", "Guest"]
    guest.connection.lost()
    again.connection.lost()
    house.now_ns += GRACE_NS
    await house.meetings.expire()
    assert house.meetings.participant(guest.id) is None


async def test_leaving_the_lobby_is_answered_and_told() -> None:
    house = lobby_house()
    guest, host = await knock(house), await house.join("Host", "host")
    host.take()
    assert (await guest.ask(leave=pb.Leave())).HasField("ack")
    assert guest.closed
    (event,) = host.take()
    assert event.HasField("lobby_changed")
    assert list(event.lobby_changed.waiting) == []


async def test_a_page_without_a_lobby_is_refused_only_where_it_would_wait() -> None:
    house = lobby_house()
    guest = house.connect()
    answer = await guest.ask(hello=hello("slots", invite_token="guest"))
    assert (code(answer), "reload" in answer.error.message) == ("VERSION_MISMATCH", True)
    assert guest.closed
    await house.join("Host", "host")
    house.desk.room = ROOM
    older = await house.join("Old page")
    assert older.id
    house.desk.room = replace(ROOM, admission=Admission(lobby=True))
    await older.ask(ping=pb.Ping())
    late = house.connect()
    house.desk.room = ROOM
    await late.ask(hello=hello("slots", invite_token="guest"))
    house.desk.room = replace(ROOM, admission=Admission(lobby=True))
    assert code(await late.ask(join=pb.Join(display_name="Late"))) == "VERSION_MISMATCH"
    assert house.meetings.waiting_in("board") == []


async def test_members_only_refuses_at_hello_and_a_lock_at_join() -> None:
    house = House()
    house.desk.room = replace(ROOM, admission=Admission(members_only=True))
    stranger = house.connect()
    assert code(await stranger.ask(hello=hello(invite_token="guest"))) == "MEMBERS_ONLY"
    assert stranger.closed
    house.desk.room = ROOM
    host = await house.join("Host", "host")
    anna = await house.join("Anna")
    await host.ask(set_lock=pb.SetLock(locked=True))
    assert anna.take()[-1].lock_changed.locked
    late = house.connect()
    await late.ask(hello=hello(invite_token="guest"))
    answer = await late.ask(join=pb.Join(display_name="Late"))
    assert (code(answer), late.closed) == ("MEETING_LOCKED", False)
    await host.ask(set_lock=pb.SetLock(locked=False))
    assert (await late.ask(join=pb.Join(display_name="Late"))).HasField("joined")


async def test_muting_holds_at_the_core_until_the_person_unmutes() -> None:
    house = House()
    host, anna = await house.join("Host", "host"), await house.join("Anna")
    await anna.offer()
    await anna.set_source(1, True)
    anna.take()
    assert (await host.ask(mute=pb.Mute(participant_ids=[anna.id]))).HasField("ack")
    assert not house.core.active[f"{anna.id}/microphone"]
    messages = anna.take()
    assert messages[-1].mute_requested.participant_id == host.id
    await anna.set_source(1, True)
    assert house.core.active[f"{anna.id}/microphone"]
    await host.ask(mute_all=pb.MuteAll())
    assert not house.core.active[f"{anna.id}/microphone"]


async def test_one_removed_is_cut_told_why_and_kept_out() -> None:
    house = House()
    house.desk.members["anna"] = "Anna Berg"
    host, anna = await house.join("Host", "host"), await house.join("", "anna")
    await anna.offer()
    anna.take()
    host.take()
    assert transport_id(house, anna) in house.core.transports
    assert (await host.ask(remove=pb.Remove(participant_id=anna.id))).HasField("ack")
    assert house.core.transports == {}
    (event,) = anna.take()
    assert event.meeting_ended.reason == meetings_pb2.END_REASON_REMOVED
    assert anna.closed
    again, other = house.connect(), house.connect()
    assert code(await again.ask(hello=hello(resume_token=anna.token))) == "SESSION_LOST"
    assert code(await other.ask(hello=hello(invite_token="anna"))) == "REMOVED"


async def test_an_offer_under_way_gives_no_media_to_one_who_is_removed() -> None:
    house = House()
    host, anna = await house.join("Host", "host"), await house.join("Anna")
    asked, may_make, cut, may_leave = (asyncio.Event() for _ in range(4))
    make, leave = house.core.create_transport, house.store.leave

    async def make_when_told(spec: TransportSpec) -> Transport:
        asked.set()
        await may_make.wait()
        return await make(spec)

    async def leave_when_told(*arguments: Any) -> None:
        cut.set()
        await may_leave.wait()
        await leave(*arguments)

    house.core.create_transport = make_when_told  # type: ignore[method-assign]
    house.store.leave = leave_when_told  # type: ignore[method-assign]
    offering = asyncio.ensure_future(anna.offer())
    await asked.wait()
    removing = asyncio.ensure_future(host.ask(remove=pb.Remove(participant_id=anna.id)))
    await cut.wait()
    # The transport is made between the cut, which found none, and the leave.
    may_make.set()
    assert code(await offering) == "SESSION_LOST"
    assert house.core.transports == {}
    may_leave.set()
    assert (await removing).HasField("ack")
    assert house.core.transports == {}


async def test_a_new_host_learns_who_waits_and_a_former_one_forgets() -> None:
    house = lobby_house()
    house.desk.members["anna"] = "Anna Berg"
    host, anna = await house.join("Host", "host"), await house.join("", "anna")
    await knock(house)
    host.take()
    anna.take()
    await host.ask(set_role=pb.SetRole(participant_id=anna.id, role=rooms_pb2.ROLE_HOST))
    changed, lobby = anna.take()
    assert changed.participant_changed.participant.role == rooms_pb2.ROLE_HOST
    assert len(lobby.lobby_changed.waiting) == 1
    host.take()
    await anna.ask(set_role=pb.SetRole(participant_id=host.id, role=rooms_pb2.ROLE_PARTICIPANT))
    assert list(host.take()[-1].lobby_changed.waiting) == []
    answer = await anna.ask(set_role=pb.SetRole(participant_id=anna.id, role=rooms_pb2.ROLE_PARTICIPANT))
    assert (code(answer), "somebody else a host" in answer.error.message) == ("INVALID_REQUEST", True)


@pytest.mark.parametrize(
    "body",
    [
        {"admit": pb.AdmitWaiting(participant_ids=["x"])},
        {"admit_all": pb.AdmitAllWaiting()},
        {"turn_away": pb.TurnAway(participant_ids=["x"])},
        {"remove": pb.Remove(participant_id="x")},
        {"mute": pb.Mute(participant_ids=["x"])},
        {"mute_all": pb.MuteAll()},
        {"set_lock": pb.SetLock(locked=True)},
        {"set_role": pb.SetRole(participant_id="x", role=rooms_pb2.ROLE_HOST)},
        {"get_link": pb.GetLink()},
    ],
)
async def test_who_is_no_host_is_denied_and_stays(body: dict[str, object]) -> None:
    house = House()
    await house.join("Host", "host")
    guest = await house.join("Guest")
    assert code(await guest.ask(**body)) == "PERMISSION_DENIED"
    assert not guest.closed
    outside = house.connect()
    await outside.ask(hello=hello(invite_token="guest"))
    assert code(await outside.ask(**body)) == "INVALID_REQUEST"


@pytest.mark.parametrize(
    "body",
    [
        {"admit": pb.AdmitWaiting()},
        {"mute": pb.Mute()},
        {"remove": pb.Remove(participant_id="gone")},
        {"set_role": pb.SetRole(participant_id="gone", role=rooms_pb2.ROLE_HOST)},
        {"set_role": pb.SetRole(participant_id="gone")},
    ],
)
async def test_a_hosts_request_that_makes_no_sense_says_so(body: dict[str, object]) -> None:
    house = House()
    host = await house.join("Host", "host")
    assert code(await host.ask(**body)) == "INVALID_REQUEST"


async def test_hosts_are_told_the_rooms_own_link_and_a_dial_code_lets_in() -> None:
    house = House()
    host = await house.join("Host", "host")
    assert (await host.ask(get_link=pb.GetLink())).room_link == rooms_pb2.RoomLink(room="rooms/board")
    invite = Invite("board", "l" * 16, Role.PARTICIPANT, START, NEVER, None)
    house.desk.room_link = CreatedLink(invite, "https://meet.test/join#t", "123456789")
    link = (await host.ask(get_link=pb.GetLink())).room_link
    assert (link.url, link.dial_code) == ("https://meet.test/join#t", "123456789")
    guest = house.connect()
    assert (await guest.ask(hello=hello(dial_code="123 456 789"))).HasField("welcome")
    assert (await guest.ask(join=pb.Join(display_name="Guest"))).HasField("joined")
    wrong = house.connect()
    assert code(await wrong.ask(hello=hello(dial_code="123 456 780"))) == "INVITE_INVALID"


async def test_a_changed_room_is_told_to_everybody_in_it() -> None:
    house = House()
    host, anna = await house.join("Host", "host"), await house.join("Anna")
    host.take()
    anna.take()
    await house.meetings.room_changed(replace(ROOM, admission=Admission(lobby=True)))
    for client in (host, anna):
        (event,) = client.take()
        assert event.room_changed.lobby


async def test_a_silent_waiting_connection_is_dead_too() -> None:
    house = lobby_house()
    guest = await knock(house)
    house.now_ns += SILENCE_NS
    assert guest.connection.dead
