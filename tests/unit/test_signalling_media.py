"""Signalling about media without streams: offers, sources, slots, and what the core tells."""

from __future__ import annotations

import pytest

from conclave.services.media.model import (
    SlotChanged,
    SlotWish,
    SpeakersChanged,
    TransportState,
    TransportStateChanged,
)
from conclave.services.signalling.slots import layer_for_height
from conclave.v1 import signalling_pb2 as pb

from .signalling_house import AUDIO_SLOTS, KINDS, OFFER, VIDEO_SLOTS, House, code, hello, transport_id


async def test_an_offer_becomes_a_transport_and_an_answer_with_slots() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.set_source(1, True)
    answer = (await ada.offer()).answer
    assert answer.sdp.startswith("v=0\r\n")
    assert "a=ice-ufrag:user\r\n" in answer.sdp
    assert [(slot.mid, slot.audio) for slot in answer.slots] == [
        *((mid, False) for mid in VIDEO_SLOTS),
        *((mid, True) for mid in AUDIO_SLOTS),
    ]
    spec = house.core.specs[transport_id(house, ada)]
    assert [(s.source_id, s.mid, s.rids, s.active) for s in spec.sources] == [
        (f"{ada.id}/microphone", "0", (), True),
        (f"{ada.id}/camera", "1", ("q", "h", "f"), False),
        (f"{ada.id}/screen", "2", (), False),
        (f"{ada.id}/screen_audio", "3", (), False),
    ]
    assert len(spec.sources[2].ssrcs) == len(spec.sources[2].rtx_ssrcs) == 1
    assert {kind.name: number for kind, number in spec.header_extensions.items()} == {
        "MID": 4,
        "RID": 10,
        "REPAIRED_RID": 11,
        "AUDIO_LEVEL": 1,
        "TRANSPORT_CC": 3,
        "ABS_SEND_TIME": 2,
    }
    assert not spec.dtls_client


async def test_layers_are_ordered_smallest_first_whatever_the_offer_says() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.offer(OFFER.replace("simulcast:send q;h;f", "simulcast:send f;h;q"))
    assert house.core.specs[transport_id(house, ada)].sources[1].rids == ("q", "h", "f")


async def test_a_bad_offer_says_what_is_lacking_and_changes_nothing() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.offer()
    before = transport_id(house, ada)
    answer = await ada.offer(OFFER.replace("a=rtcp-mux\r\n", ""))
    assert (code(answer), answer.error.message) == ("SDP_INVALID", "mid 0 lacks a=rtcp-mux")
    assert (transport_id(house, ada), list(house.core.transports)) == (before, [before])


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        ({"0": 1, "1": 2, "2": 3}, "mid 3 is sendonly, but the offer's sources do not say what it carries"),
        ({**KINDS, "4": 2}, "name mid 4, which is no sendonly m-line"),
        ({**KINDS, "0": 2, "1": 1}, "mid 0 is audio, but its source is a camera"),
        ({**KINDS, "2": 2}, "name a kind twice"),
    ],
)
async def test_sources_that_do_not_fit_the_offer_are_refused(kinds: dict[str, int], reason: str) -> None:
    ada = await House().join("Ada")
    answer = await ada.offer(kinds=kinds)
    assert code(answer) == "SDP_INVALID"
    assert reason in answer.error.message


async def test_a_new_offer_replaces_the_transport() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.offer()
    before = transport_id(house, ada)
    await ada.offer()
    assert list(house.core.transports) == [transport_id(house, ada)] != [before]


async def test_ice_restart_keeps_the_transport_and_tells_new_credentials() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.offer()
    before = transport_id(house, ada)
    answer = (await ada.offer(ice_restart=True)).answer
    assert "a=ice-ufrag:again\r\n" in answer.sdp
    assert len(answer.slots) == 12
    assert transport_id(house, ada) == before


async def test_ice_restart_of_a_lost_transport_asks_for_a_new_one() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.offer()
    house.core.transports.clear()
    ada.request_id += 1
    request = pb.Offer(sdp=OFFER, ice_restart=True)
    await ada.connection.handle(pb.ClientMessage(request_id=ada.request_id, offer=request))
    answer, event = ada.take()[-2:]
    assert code(answer) == "UNAVAILABLE"
    assert event.HasField("media_lost")


async def test_an_offer_while_the_core_restarts_is_to_be_tried_again() -> None:
    house = House()
    ada = await house.join("Ada")
    house.core.away = True
    assert code(await ada.offer()) == "UNAVAILABLE"
    house.core.away = False
    assert (await ada.offer()).HasField("answer")


async def test_mute_is_told_to_everybody_and_to_the_core() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await ada.offer()
    bob.take()
    await ada.set_source(1, True)
    (event,) = bob.take()
    states = {source.id: source.active for source in event.participant_changed.participant.sources}
    assert states[f"{ada.id}/microphone"] and not states[f"{ada.id}/camera"]
    assert house.core.active[f"{ada.id}/microphone"]
    await ada.set_source(1, False)
    assert not house.core.active[f"{ada.id}/microphone"]


async def test_slots_show_what_is_wished_by_height() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await ada.offer()
    await bob.offer()
    assert (await ada.show("4", f"{bob.id}/camera", 181)).HasField("ack")
    shown = house.core.shown[(transport_id(house, ada), "4")]
    assert (shown.source_id, shown.max_layer) == (f"{bob.id}/camera", 1)


@pytest.mark.parametrize(("height", "layer"), [(0, 0), (180, 0), (181, 1), (360, 1), (361, 2), (4320, 2)])
def test_the_smallest_layer_that_fills_the_picture(height: int, layer: int) -> None:
    assert layer_for_height(height) == layer


async def test_wishes_for_what_is_not_there_are_refused() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    assert code(await ada.show("4", f"{bob.id}/camera")) == "UNAVAILABLE"
    await ada.offer()
    for mid, source, reason in [
        ("99", f"{bob.id}/camera", "none of your video slots"),
        ("13", f"{bob.id}/camera", "none of your video slots"),
        ("4", "stranger/camera", "somebody in this meeting"),
        ("4", f"{bob.id}/microphone", "a camera or a screen"),
        ("4", f"{bob.id}/nonsense", "a camera or a screen"),
    ]:
        answer = await ada.show(mid, source)
        assert code(answer) == "INVALID_REQUEST"
        assert reason in answer.error.message
    twice = [pb.SlotWish(mid="4"), pb.SlotWish(mid="4")]
    assert code(await ada.ask(set_slots=pb.SetSlots(slots=twice))) == "INVALID_REQUEST"


async def test_a_wish_for_somebody_who_just_left_shows_nothing() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await ada.offer()
    await bob.ask(leave=pb.Leave())
    assert (await ada.show("4", f"{bob.id}/camera")).HasField("ack")
    assert house.core.shown[(transport_id(house, ada), "4")].source_id == ""


async def test_a_wish_is_met_when_the_source_comes_and_when_it_comes_back() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await ada.offer()
    await ada.show("4", f"{bob.id}/camera", 100)
    key = (transport_id(house, ada), "4")
    assert house.core.shown[key].source_id == ""
    for _ in range(2):
        await bob.offer()
        assert house.core.shown.pop(key) == SlotWish("4", f"{bob.id}/camera", 0)


async def test_slots_and_speakers_of_the_core_reach_the_clients() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    await ada.offer()
    await bob.offer()
    ada.take()
    bob.take()
    await house.media.take(SlotChanged(transport_id(house, ada), "13", f"{bob.id}/microphone", 0))
    (event,) = ada.take()
    assert [(s.mid, s.audio, s.source_id) for s in event.slots_changed.slots] == [("13", True, f"{bob.id}/microphone")]
    assert bob.take() == []
    meeting = house.meetings.meetings()[0]
    speaking = (f"{bob.id}/screen_audio", f"{ada.id}/microphone", f"{bob.id}/microphone", "gone/microphone")
    await house.media.take(SpeakersChanged(meeting.id, speaking))
    for client in (ada, bob):
        (event,) = client.take()
        assert list(event.speakers_changed.participant_ids) == [bob.id, ada.id]
    ada.connection.lost()
    again = house.connect()
    answer = await again.ask(hello=hello(resume_token=ada.token))
    assert [s.source_id for s in answer.welcome.resumed.slots if s.mid == "13"] == [f"{bob.id}/microphone"]


async def test_events_of_a_replaced_transport_are_ignored() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.offer()
    before = transport_id(house, ada)
    await ada.offer()
    ada.take()
    await house.media.take(TransportStateChanged(before, TransportState.CONNECTED))
    await house.media.take(SlotChanged(before, "13", "x/microphone", 0))
    assert ada.take() == []


async def test_a_transport_that_fails_after_it_worked_is_to_be_made_anew() -> None:
    house = House()
    ada = await house.join("Ada")
    await ada.offer()
    failing = transport_id(house, ada)
    for state in (TransportState.CONNECTED, TransportState.DISCONNECTED, TransportState.FAILED):
        await house.media.take(TransportStateChanged(failing, state))
    assert ada.take_names().count("media_lost") == 1
    assert house.core.transports == {}
    assert (await ada.offer()).HasField("answer")


async def test_a_restarted_core_is_rebuilt_by_the_clients_offers() -> None:
    house = House()
    ada, bob = await house.join("Ada"), await house.join("Bob")
    for client in (ada, bob):
        await client.offer()
        await client.set_source(2, True)
    house.core.transports.clear()
    house.core.active.clear()
    await house.media.reconcile()
    assert "media_lost" in ada.take_names()
    assert "media_lost" in bob.take_names()
    # Ada is back first: her wish waits for Bob's camera.
    await ada.offer()
    await ada.show("4", f"{bob.id}/camera")
    await bob.offer()
    assert house.core.shown[(transport_id(house, ada), "4")].source_id == f"{bob.id}/camera"
    specs = house.core.specs[transport_id(house, bob)]
    assert [source.active for source in specs.sources] == [False, True, False, False]
