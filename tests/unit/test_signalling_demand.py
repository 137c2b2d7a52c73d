"""What publishers hear of who looks at their pictures."""

from __future__ import annotations

import dataclasses

from conclave.services.signalling.demand import LINGER_NS
from conclave.v1 import meetings_pb2
from conclave.v1 import signalling_pb2 as pb

from .signalling_house import OFFER, VIDEO_SLOTS, Client, House, hello, transport_id

ALL = [0, 1, 2]
KINDS = {meetings_pb2.SOURCE_KIND_CAMERA: "camera", meetings_pb2.SOURCE_KIND_SCREEN: "screen"}


def told(client: Client) -> list[tuple[str, list[int]]]:
    """Which layers of which pictures, by the events that wait; the order of pictures told together means nothing."""
    wanted = [message.layers_wanted for message in client.take() if message.HasField("layers_wanted")]
    return sorted((KINDS[event.kind], list(event.layers)) for event in wanted)


async def meet(house: House, *names: str) -> list[Client]:
    """People who send and receive, some time after they came."""
    clients = [await house.join(name) for name in names]
    for client in clients:
        await client.offer()
    house.media.tell_demand()
    assert [told(client) for client in clients] == [[("camera", ALL), ("screen", ALL)]] * len(clients)
    return clients


def pass_time(house: House, nanoseconds: int = LINGER_NS) -> None:
    house.now_ns += nanoseconds
    house.media.tell_demand()


async def test_alone_one_sends_no_picture() -> None:
    house = House()
    (ada,) = await meet(house, "Ada")
    pass_time(house, LINGER_NS - 1)
    assert told(ada) == []
    pass_time(house, 1)
    assert told(ada) == [("camera", []), ("screen", [])]
    pass_time(house)
    assert told(ada) == []


async def test_a_layer_is_asked_for_at_once_and_given_up_a_while_after_the_last_one_who_looked() -> None:
    house = House()
    ada, bob, cyd = await meet(house, "Ada", "Bob", "Cyd")
    camera = f"{ada.id}/camera"
    pass_time(house)
    for each in (ada, bob, cyd):
        told(each)
    await bob.show(VIDEO_SLOTS[0], camera, 180)
    assert told(ada) == [("camera", [0])]
    await cyd.show(VIDEO_SLOTS[0], camera, 720)
    assert told(ada) == [("camera", [0, 2])]
    # Two places on one page, of different size.
    await bob.show(VIDEO_SLOTS[1], camera, 360)
    assert told(ada) == [("camera", [0, 1, 2])]
    await cyd.ask(leave=pb.Leave())
    assert told(ada) == []
    pass_time(house)
    assert told(ada) == [("camera", [0, 1])]
    for mid in VIDEO_SLOTS[:2]:
        await bob.show(mid, "")
    pass_time(house)
    assert told(ada) == [("camera", [])]
    assert told(bob) == []


async def test_a_new_transport_begins_with_all_layers_and_one_that_is_lost_is_told_of_nothing() -> None:
    house = House()
    ada, bob = await meet(house, "Ada", "Bob")
    await bob.show(VIDEO_SLOTS[0], f"{ada.id}/camera", 180)
    pass_time(house)
    assert told(ada) == [("camera", [0]), ("screen", [])]
    await ada.offer()
    house.media.tell_demand()
    assert told(ada) == [("camera", ALL), ("screen", ALL)]
    pass_time(house)
    assert told(ada) == [("camera", [0]), ("screen", [])]
    house.core.transports.clear()
    await house.media.reconcile()
    ada.take()
    bob.take()
    pass_time(house)
    assert told(ada) == told(bob) == []


def screen_codecs(client: Client) -> list[int]:
    """In what the screen is to be sent, by the events that wait."""
    wanted = [message.layers_wanted for message in client.take() if message.HasField("layers_wanted")]
    assert all(w.codec == pb.VIDEO_CODEC_VP8 for w in wanted if w.kind != meetings_pb2.SOURCE_KIND_SCREEN)
    return [event.codec for event in wanted if event.kind == meetings_pb2.SOURCE_KIND_SCREEN]


async def test_a_screen_is_sent_in_what_all_decode() -> None:
    house = House()
    ada, bob = [await house.join(name) for name in ("Ada", "Bob")]
    await ada.offer()
    await bob.offer()
    house.media.tell_demand()
    assert screen_codecs(ada) == screen_codecs(bob) == [pb.VIDEO_CODEC_VP9]
    await bob.offer(sdp=OFFER.replace(" VP9/90000", " H265/90000"))
    house.media.tell_demand()
    assert screen_codecs(ada) == screen_codecs(bob) == [pb.VIDEO_CODEC_VP8]
    await bob.ask(leave=pb.Leave())
    # Codec and layers: nobody looks any more, either.
    pass_time(house)
    assert screen_codecs(ada) == [pb.VIDEO_CODEC_VP9]


async def test_who_resumes_is_told_again() -> None:
    house = House()
    ada, bob = await meet(house, "Ada", "Bob")
    await bob.show(VIDEO_SLOTS[0], f"{ada.id}/camera", 180)
    pass_time(house)
    ada.connection.lost()
    await bob.show(VIDEO_SLOTS[0], f"{ada.id}/camera", 720)
    again = house.connect()
    welcome = await again.ask(hello=hello(resume_token=ada.token))
    assert welcome.HasField("welcome")
    house.media.tell_demand()
    assert told(again) == [("camera", [0, 2]), ("screen", [])]


async def test_after_a_restart_of_control_whatever_is_shown_is_wanted_large() -> None:
    before = House()
    ada, bob = await meet(before, "Ada", "Bob")
    await bob.show(VIDEO_SLOTS[0], f"{ada.id}/camera", 180)
    transport = before.core.transports[transport_id(before, bob)]
    first = dataclasses.replace(transport.slots[0], source_id=f"{ada.id}/camera")
    shown = dataclasses.replace(transport, slots=(first, *transport.slots[1:]))
    before.core.transports[transport.transport_id] = shown
    house = House(before.core)
    house.store.open = before.meetings.meetings()
    await house.meetings.restore()
    await house.media.reconcile()
    again = house.connect()
    await again.ask(hello=hello(resume_token=ada.token))
    house.media.tell_demand()
    assert told(again) == [("camera", ALL), ("screen", ALL)]
    pass_time(house)
    assert told(again) == [("camera", [2]), ("screen", [])]
