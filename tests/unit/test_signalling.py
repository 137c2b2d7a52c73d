"""Signalling without streams: what a client may ask when, what it is answered, and what the others are told."""

from __future__ import annotations

import dataclasses

import pytest

from conclave.services.invites.errors import InviteExpired, InviteInvalid, InviteRevoked
from conclave.services.media.model import (
    TransportState,
    TransportStateChanged,
)
from conclave.services.meetings.model import Participant
from conclave.services.meetings.service import GRACE_NS
from conclave.services.signalling.connection import SILENCE_NS
from conclave.services.signalling.outbox import CAPACITY
from conclave.v1 import meetings_pb2
from conclave.v1 import signalling_pb2 as pb

from .signalling_house import ROOM, START, House, code, hello, transport_id


async def test_hello_tells_the_room_before_anybody_joins() -> None:
    house = House()
    client = house.connect()
    welcome = (await client.ask(hello=hello(invite_token="host"))).welcome
    assert (welcome.version, welcome.room.name, welcome.role, welcome.HasField("resumed")) == (
        1,
        "rooms/board",
        1,
        False,
    )
    assert house.meetings.meetings() == []


@pytest.mark.parametrize(("lowest", "highest"), [(2, 3), (0, 0), (3, 2)])
async def test_a_page_of_another_version_is_told_to_reload(lowest: int, highest: int) -> None:
    client = House().connect()
    answer = await client.ask(hello=hello(lowest, highest, invite_token="invite"))
    assert code(answer) == "VERSION_MISMATCH"
    assert "reload the page" in answer.error.message
    assert client.closed


@pytest.mark.parametrize(
    ("error", "expected"),
    [(InviteInvalid(), "INVITE_INVALID"), (InviteExpired(), "INVITE_EXPIRED"), (InviteRevoked(), "INVITE_REVOKED")],
)
async def test_a_bad_invite_is_told_apart_and_closes(error: Exception, expected: str) -> None:
    house = House()
    house.desk.errors["bad"] = error
    client = house.connect()
    assert code(await client.ask(hello=hello(invite_token="bad"))) == expected
    assert client.closed


async def test_an_invite_revoked_after_hello_does_not_let_in() -> None:
    house = House()
    client = house.connect()
    await client.ask(hello=hello(invite_token="invite"))
    house.desk.errors["invite"] = InviteRevoked()
    assert code(await client.ask(join=pb.Join(display_name="Ada"))) == "INVITE_REVOKED"
    assert house.meetings.meetings() == []


@pytest.mark.parametrize(
    "first", [{"ping": pb.Ping()}, {"join": pb.Join(display_name="Ada")}, {"leave": pb.Leave()}, {}]
)
async def test_hello_comes_first(first: dict[str, object]) -> None:
    client = House().connect()
    assert code(await client.ask(**first)) == "INVALID_REQUEST"
    assert client.closed


async def test_request_ids_rise_by_one() -> None:
    house = House()
    for wrong in (0, 1, 3, 2**63):
        client = house.connect()
        await client.ask(hello=hello(invite_token="invite"))
        await client.connection.handle(pb.ClientMessage(request_id=wrong, ping=pb.Ping()))
        (answer,) = client.take()
        assert (code(answer), answer.request_id) == ("INVALID_REQUEST", wrong)
        assert "must be 2" in answer.error.message
        assert client.closed


@pytest.mark.parametrize(
    "body",
    [
        {"offer": pb.Offer()},
        {"set_sources": pb.SetSources()},
        {"set_slots": pb.SetSlots()},
        {"end_meeting": pb.EndMeeting()},
    ],
)
async def test_what_needs_a_meeting_says_so_and_goes_on(body: dict[str, object]) -> None:
    client = House().connect()
    await client.ask(hello=hello(invite_token="invite"))
    answer = await client.ask(**body)
    assert (code(answer), answer.error.message) == ("INVALID_REQUEST", "join the meeting first")
    assert not client.closed
    assert (await client.ask(ping=pb.Ping())).HasField("ack")


async def test_joining_tells_the_joiner_everybody_and_everybody_the_joiner() -> None:
    house = House()
    ada = await house.join("Ada")
    bob = house.connect()
    await bob.ask(hello=hello(invite_token="invite"))
    joined = (await bob.ask(join=pb.Join(display_name=" Bob "))).joined
    assert [p.display_name for p in joined.participants] == ["Ada", "Bob"]
    assert (joined.meeting_start_time_ms, joined.media_connected) == (int(START.timestamp() * 1000), False)
    (event,) = ada.take()
    assert event.participant_changed.participant.display_name == "Bob"
    assert code(await bob.ask(join=pb.Join(display_name="Bob"))) == "INVALID_REQUEST"


async def test_a_full_room_and_a_bad_name_leave_the_connection_open() -> None:
    house = House()
    for index in range(ROOM.max_participants):
        await house.join(f"P{index}")
    late = house.connect()
    await late.ask(hello=hello(invite_token="invite"))
    assert code(await late.ask(join=pb.Join(display_name=" "))) == "INVALID_REQUEST"
    answer = await late.ask(join=pb.Join(display_name="Late"))
    assert code(answer) == "ROOM_FULL"
    assert answer.error.message == "room rooms/board is full (4 of 4); raise max_participants"
    assert not late.closed


async def test_leaving_cuts_at_the_core_tells_the_others_and_closes() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await ada.offer()
    bob.take()
    answer = await ada.ask(leave=pb.Leave())
    assert answer.HasField("ack")
    assert ada.closed
    assert house.core.transports == {}
    (event,) = bob.take()
    assert event.participant_left.participant_id == ada.id
    ada.connection.lost()
    assert bob.take() == []


async def test_only_a_host_ends_the_meeting_and_everybody_is_told() -> None:
    house = House()
    host, guest = await house.join("Host", "host"), await house.join("Guest")
    assert code(await guest.ask(end_meeting=pb.EndMeeting())) == "PERMISSION_DENIED"
    assert not guest.closed
    host.request_id += 1
    host.take()
    await host.connection.handle(pb.ClientMessage(request_id=host.request_id, end_meeting=pb.EndMeeting()))
    assert host.take_names() == ["ack", "meeting_ended"]
    ended = guest.take()[-1]
    assert ended.meeting_ended.reason == meetings_pb2.END_REASON_ENDED
    assert host.closed
    assert guest.closed


async def test_a_lost_connection_is_shown_and_resumes_with_the_meeting_as_it_is() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await ada.offer()
    await house.media.take(TransportStateChanged(transport_id(house, ada), TransportState.CONNECTED))
    bob.take()
    ada.connection.lost()
    (event,) = bob.take()
    state = event.participant_changed.participant.connection_state
    assert state == meetings_pb2.CONNECTION_STATE_RECONNECTING
    again = house.connect()
    resumed = (await again.ask(hello=hello(resume_token=ada.token))).welcome.resumed
    assert (resumed.participant_id, resumed.resume_token, resumed.media_connected) == (ada.id, ada.token, True)
    assert len(resumed.slots) == 12
    assert [p.display_name for p in resumed.participants] == ["Ada", "Bob"]
    assert bob.take()[-1].participant_changed.participant.connection_state == meetings_pb2.CONNECTION_STATE_CONNECTED
    assert (await again.set_source(1, True)).HasField("ack")


async def test_resuming_elsewhere_closes_the_older_connection_without_harm() -> None:
    house = House()
    ada = await house.join("Ada")
    again = house.connect()
    await again.ask(hello=hello(resume_token=ada.token))
    last = ada.take()[-1]
    assert (code(last), last.request_id) == ("REPLACED", 0)
    assert ada.closed
    ada.connection.lost()
    participant = house.meetings.participant(ada.id)
    assert participant is not None
    assert participant.attached
    assert (await again.ask(ping=pb.Ping())).HasField("ack")


async def test_a_forged_or_late_resume_token_is_a_lost_session() -> None:
    house = House()
    ada = await house.join("Ada")
    ada.connection.lost()
    house.now_ns += GRACE_NS
    await house.meetings.expire()
    for token in (ada.token, "forged", ""):
        client = house.connect()
        assert code(await client.ask(hello=hello(resume_token=token))) == "SESSION_LOST"
        assert client.closed


async def test_a_client_gone_too_long_is_told_when_it_still_listens() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    ada.connection.lost()
    bob.take()
    house.now_ns += GRACE_NS
    await house.meetings.expire()
    assert bob.take()[-1].participant_left.participant_id == ada.id


async def test_a_connection_lost_during_its_join_leaves_nobody_behind() -> None:
    house = House()
    client = house.connect()
    await client.ask(hello=hello(invite_token="invite"))
    join = house.meetings.join

    async def join_while_lost(*arguments: object) -> tuple[Participant, str]:
        client.connection.lost()
        return await join(*arguments)  # type: ignore[arg-type]

    house.meetings.join = join_while_lost  # type: ignore[method-assign]
    await client.connection.handle(pb.ClientMessage(request_id=2, join=pb.Join(display_name="Ada")))
    assert house.meetings.meetings() == []


async def test_a_client_that_does_not_read_is_dropped_and_may_resume() -> None:
    house = House()
    slow, ada = await house.join("Slow"), await house.join("Ada")
    slow.take()
    for index in range(CAPACITY + 1):
        await ada.set_source(1, index % 2 == 0)
    assert slow.connection.dead
    slow.connection.lost()
    again = house.connect()
    assert (await again.ask(hello=hello(resume_token=slow.token))).welcome.HasField("resumed")


async def test_a_silent_connection_is_dead() -> None:
    house = House()
    ada = await house.join("Ada")
    house.now_ns += SILENCE_NS - 1
    assert not ada.connection.dead
    await ada.ask(ping=pb.Ping())
    house.now_ns += SILENCE_NS - 1
    assert not ada.connection.dead
    house.now_ns += 1
    assert ada.connection.dead


async def test_a_restarted_control_keeps_what_stands_and_deletes_orphans() -> None:
    before = House()
    ada, bob, cyd = [await before.join(name) for name in ("Ada", "Bob", "Cyd")]
    for client in (ada, bob, cyd):
        await client.offer()
    await ada.show("4", f"{bob.id}/camera")
    core = before.core
    orphan = dataclasses.replace(core.transports[transport_id(before, cyd)], transport_id="orphan", source_ids=())
    core.transports["orphan"] = orphan
    del core.transports[transport_id(before, cyd)]
    standing = core.transports[transport_id(before, ada)]
    shown = tuple(dataclasses.replace(s, source_id=f"{bob.id}/camera") if s.mid == "4" else s for s in standing.slots)
    connected = TransportState.CONNECTED
    core.transports[standing.transport_id] = dataclasses.replace(standing, slots=shown, state=connected)

    after = House(core)
    after.store.open = before.meetings.meetings()
    await after.meetings.restore()
    await after.media.reconcile()
    assert set(core.transports) == {standing.transport_id, transport_id(before, bob)}
    again = after.connect()
    resumed = (await again.ask(hello=hello(resume_token=ada.token))).welcome.resumed
    assert resumed.media_connected
    assert [(s.mid, s.source_id) for s in resumed.slots if s.source_id] == [("4", f"{bob.id}/camera")]
    states = {p.display_name: p.connection_state for p in resumed.participants}
    assert states["Ada"] == meetings_pb2.CONNECTION_STATE_CONNECTED
    assert states["Bob"] == meetings_pb2.CONNECTION_STATE_RECONNECTING
    lost = after.connect()
    assert not (await lost.ask(hello=hello(resume_token=cyd.token))).welcome.resumed.media_connected
    assert (await lost.offer()).HasField("answer")
    # What was shown before the restart is shown again when its source comes back.
    back = after.connect()
    await back.ask(hello=hello(resume_token=bob.token))
    core.shown.clear()
    await back.offer()
    assert core.shown[(standing.transport_id, "4")].source_id == f"{bob.id}/camera"
