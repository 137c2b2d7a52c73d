"""Probes: who may try the network without a meeting, how many, how long, and that no meeting hears of it."""

from __future__ import annotations

import asyncio

import pytest

from conclave.services.media.errors import CoreExhausted
from conclave.services.media.model import SlotChanged, SlotWish, Transport, TransportSpec, TransportState
from conclave.services.media.model import TransportStateChanged as StateChanged
from conclave.services.signalling.connection import STRANGER_NS
from conclave.services.signalling.probes import (
    INVITED_AT_ONCE,
    LIFE_NS,
    PROBES_OF_CONNECTION,
    RETRY_NS,
    STRANGERS_AT_ONCE,
)
from conclave.v1 import signalling_pb2 as pb

from .signalling_house import OFFER, Client, Core, House, code, hello


def sections(*wanted: str) -> str:
    """The recorded offer with these m-lines alone."""
    session, *media = OFFER.split("m=")
    lines = [line for line in session.split("\r\n") if line and not line.startswith("a=group:BUNDLE")]
    kept = [section for section in media if any(f"a=mid:{mid}\r\n" in section for mid in wanted)]
    return "m=".join(["\r\n".join([*lines, f"a=group:BUNDLE {' '.join(wanted)}", ""]), *kept])


# The screen, which has a single layer, and a picture's slot.
PROBE = sections("2", "4")


def stranger_hello() -> pb.Hello:
    return pb.Hello(min_version=1, max_version=1, capabilities=["probe"])


async def invited(house: House) -> Client:
    client = house.connect()
    await client.ask(hello=hello(invite_token="invite"))
    return client


async def stranger(house: House) -> Client:
    client = house.connect()
    assert (await client.ask(hello=stranger_hello())).HasField("welcome")
    return client


async def probe(client: Client, sdp: str = PROBE) -> pb.ServerMessage:
    return await client.ask(probe=pb.Probe(sdp=sdp))


@pytest.mark.parametrize("enter", [invited, stranger])
async def test_a_probe_is_a_transport_alone_in_its_room_that_gets_back_what_it_sends(enter: object) -> None:
    house = House()
    answer = (await probe(await enter(house))).answer  # type: ignore[operator]
    assert answer.sdp.startswith("v=0\r\n")
    assert ("a=ice-ufrag:user\r\n" in answer.sdp, list(answer.slots)) == (True, [])
    (spec,) = house.core.specs.values()
    assert spec.room_id == spec.transport_id
    assert spec.transport_id.startswith("probe-")
    (source,), (slot,) = spec.sources, spec.slots
    assert (source.active, source.mid, slot.mid) == (True, "2", "4")
    assert house.core.shown == {(spec.transport_id, "4"): SlotWish("4", source.source_id, 0)}


async def test_no_meeting_hears_of_a_probe() -> None:
    house = House()
    ada = await house.join("Ada")
    client = await invited(house)
    await probe(client)
    (transport_id,) = house.probes.transport_ids()
    source = house.core.specs[transport_id].sources[0].source_id
    for event in (
        StateChanged(transport_id, TransportState.CONNECTED),
        SlotChanged(transport_id, "4", source, 0),
        StateChanged(transport_id, TransportState.FAILED),
    ):
        await house.media.take(event)
    (meeting,) = house.meetings.meetings()
    assert list(meeting.participants) == [ada.id]
    assert ada.take() == []
    assert client.take() == []
    # Nobody can be shown it either.
    await ada.offer()
    assert code(await ada.show("4", source)) == "INVALID_REQUEST"


@pytest.mark.parametrize(
    "body",
    [
        {"join": pb.Join(display_name="Eve")},
        {"offer": pb.Offer(sdp=OFFER)},
        {"leave": pb.Leave()},
        {"set_slots": pb.SetSlots()},
        {"set_hand": pb.SetHand(raised=True)},
        {"end_meeting": pb.EndMeeting()},
        {"get_link": pb.GetLink()},
        {"admit_all": pb.AdmitAllWaiting()},
    ],
)
async def test_a_stranger_may_probe_and_nothing_else(body: dict[str, object]) -> None:
    house = House()
    client = house.connect()
    welcome = (await client.ask(hello=stranger_hello())).welcome
    assert (welcome.HasField("room"), welcome.role, welcome.display_name) == (False, 0, "")
    answer = await client.ask(**body)
    assert (code(answer), house.meetings.meetings()) == ("INVALID_REQUEST", [])
    assert (await client.ask(ping=pb.Ping())).HasField("ack")


async def test_without_a_credential_only_a_page_that_wants_to_probe_is_let_in() -> None:
    client = House().connect()
    assert code(await client.ask(hello=hello())) == "INVALID_REQUEST"
    assert client.closed


async def test_a_stranger_has_a_minute() -> None:
    house = House()
    client = await stranger(house)
    house.now_ns = STRANGER_NS - 1
    assert (await client.ask(ping=pb.Ping())).HasField("ack")
    house.now_ns = STRANGER_NS
    assert code(await client.ask(ping=pb.Ping())) == "INVALID_REQUEST"
    assert client.closed


async def test_hello_comes_before_a_probe() -> None:
    client = House().connect()
    assert code(await probe(client)) == "INVALID_REQUEST"
    assert client.closed


async def test_whoever_is_in_a_meeting_or_waits_has_no_probe() -> None:
    house = House()
    ada = await house.join("Ada")
    assert code(await probe(ada)) == "INVALID_REQUEST"
    assert code(await ada.ask(end_probe=pb.EndProbe())) == "INVALID_REQUEST"
    assert house.probes.transport_ids() == frozenset()


@pytest.mark.parametrize(
    "mids", [("4",), ("2",), ("2", "4", "5"), ("1", "4"), ("0", "4"), ("2", "13"), ("0", "2", "4"), ("2", "3")]
)
async def test_a_probe_offers_one_layer_and_one_slot(mids: tuple[str, ...]) -> None:
    house = House()
    answer = await probe(await stranger(house), sections(*mids))
    assert code(answer) == "SDP_INVALID"
    assert (house.core.transports, house.probes.transport_ids()) == ({}, frozenset())


async def test_places_are_few_and_strangers_do_not_take_those_of_the_invited() -> None:
    house = House()
    strangers = [await stranger(house) for _ in range(STRANGERS_AT_ONCE + 1)]
    answers = [await probe(client) for client in strangers]
    assert [answer.HasField("answer") for answer in answers] == [True] * STRANGERS_AT_ONCE + [False]
    assert code(answers[-1]) == "LIMIT_EXCEEDED"
    guests = [await invited(house) for _ in range(INVITED_AT_ONCE + 1)]
    answers = [await probe(client) for client in guests]
    assert [answer.HasField("answer") for answer in answers] == [True] * INVITED_AT_ONCE + [False]
    # A place is free again once its probe has ended.
    assert (await strangers[0].ask(end_probe=pb.EndProbe())).HasField("ack")
    assert (await probe(strangers[-1])).HasField("answer")
    assert len(house.core.transports) == STRANGERS_AT_ONCE + INVITED_AT_ONCE


async def test_a_connection_has_one_probe_at_a_time_and_few() -> None:
    house = House()
    client = await stranger(house)
    for _ in range(PROBES_OF_CONNECTION):
        assert (await probe(client)).HasField("answer")
        assert len(house.core.transports) == 1
    assert code(await probe(client)) == "INVALID_REQUEST"
    assert not client.closed


async def test_a_probe_ends_by_itself() -> None:
    house = House()
    await probe(await stranger(house))
    house.now_ns = LIFE_NS - 1
    await house.probes.expire()
    assert len(house.core.transports) == 1
    house.now_ns = LIFE_NS
    await house.probes.expire()
    assert (house.core.transports, house.probes.transport_ids()) == ({}, frozenset())


@pytest.mark.parametrize("ending", ["end", "join", "lost"])
async def test_a_probe_ends_with_what_it_was_for(ending: str) -> None:
    house = House()
    client = await invited(house)
    await probe(client)
    if ending == "end":
        assert (await client.ask(end_probe=pb.EndProbe())).HasField("ack")
        assert (await client.ask(end_probe=pb.EndProbe())).HasField("ack")
    elif ending == "join":
        assert (await client.ask(join=pb.Join(display_name="Ada"))).HasField("joined")
    else:
        client.connection.lost()
    await house.probes.expire()
    assert (house.core.transports, house.probes.transport_ids()) == ({}, frozenset())


async def test_a_failed_join_leaves_another_probe_possible() -> None:
    house = House()
    client = await invited(house)
    await probe(client)
    assert code(await client.ask(join=pb.Join(display_name=""))) == "INVALID_REQUEST"
    await probe(client)
    await house.probes.expire()
    assert len(house.core.transports) == 1


async def test_a_probe_whose_connection_is_lost_while_it_is_made_ends() -> None:
    class Slow(Core):
        async def info(self):  # type: ignore[no-untyped-def]
            client.connection.lost()
            return await super().info()

    house = House(Slow())
    client = await invited(house)
    await client.connection.handle(pb.ClientMessage(request_id=2, probe=pb.Probe(sdp=PROBE)))
    await house.probes.expire()
    assert (house.core.transports, house.probes.transport_ids()) == ({}, frozenset())


async def test_a_core_that_is_away_is_told_later() -> None:
    house = House()
    client = await stranger(house)
    await probe(client)
    house.core.away = True
    assert code(await client.ask(end_probe=pb.EndProbe())) == "UNAVAILABLE"
    await house.probes.expire()
    # Its place stays taken: it may still send.
    assert len(house.probes.transport_ids()) == 1
    house.core.away = False
    await house.probes.expire()
    assert len(house.core.transports) == 1
    house.now_ns += RETRY_NS
    await house.probes.expire()
    assert (house.core.transports, house.probes.transport_ids()) == ({}, frozenset())


async def test_a_probe_that_the_core_makes_too_late_is_ended() -> None:
    class Late(Core):
        async def create_transport(self, spec: TransportSpec) -> Transport:
            await super().create_transport(spec)
            raise CoreExhausted("too late")

    house = House(Late())
    client = await stranger(house)
    assert code(await probe(client)) == "LIMIT_EXCEEDED"
    assert len(house.core.transports) == 1
    await house.probes.expire()
    assert (house.core.transports, house.probes.transport_ids()) == ({}, frozenset())


async def test_a_comparison_with_the_core_spares_probes_and_ends_what_is_left_of_others() -> None:
    house = House()
    await probe(await invited(house))
    (standing,) = house.core.transports
    # Control has restarted: nobody knows of that one any more.
    after = House(house.core)
    await probe(await invited(after))
    await after.media.reconcile()
    assert set(house.core.transports) == after.probes.transport_ids()
    assert standing not in house.core.transports


async def test_probes_asked_for_at_the_same_moment_are_counted() -> None:
    house = House()
    clients = [await stranger(house) for _ in range(5)]
    answers = await asyncio.gather(*(probe(client) for client in clients))
    assert sum(answer.HasField("answer") for answer in answers) == STRANGERS_AT_ONCE
