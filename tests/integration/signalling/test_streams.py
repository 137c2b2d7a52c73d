"""Signalling over real streams with the real control and core processes, kill -9 of either included."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from conclave.v1 import meetings_pb2, signalling_pb2

if TYPE_CHECKING:
    from tests.integration.signalling.conftest import Appliance


# As little read-ahead as gRPC allows: otherwise megabytes fit into a stream that nobody reads.
SMALL_WINDOW = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 4096))


async def test_two_meet_see_each_other_change_and_leave(appliance: Appliance) -> None:
    invites = await appliance.make_room()
    await appliance.core_instance()
    async with appliance.connect() as ada, appliance.connect() as bob:
        await ada.enter(invites["host"], "Ada")
        await bob.enter(invites["participant"], "Bob")
        joined = await ada.event(lambda m: m.HasField("participant_changed"))
        assert joined.participant_changed.participant.display_name == "Bob"
        for client, browser in ((ada, "chromium"), (bob, "firefox")):
            answer = await client.offer(browser)
            assert len(answer.slots) == 12
            assert answer.sdp.count("a=ssrc-group:FID") == 9
        state = signalling_pb2.SourceState(kind=meetings_pb2.SOURCE_KIND_MICROPHONE, active=True)
        begin = time.monotonic()
        assert (await bob.ask(set_sources=signalling_pb2.SetSources(sources=[state]))).HasField("ack")
        await ada.event(
            lambda m: any(s.active for s in m.participant_changed.participant.sources),
            timeout_s=begin + 1 - time.monotonic(),
        )
        wish = signalling_pb2.SlotWish(mid="4", source_id=f"{bob.id}/camera", max_height=720)
        assert (await ada.ask(set_slots=signalling_pb2.SetSlots(slots=[wish]))).HasField("ack")
        (meeting,) = await appliance.list_meetings()
        assert [p.display_name for p in meeting.participants] == ["Ada", "Bob"]
        begin = time.monotonic()
        assert (await bob.ask(leave=signalling_pb2.Leave())).HasField("ack")
        await bob.ended()
        left = await ada.event(lambda m: m.HasField("participant_left"), timeout_s=begin + 1 - time.monotonic())
        assert left.participant_left.participant_id == bob.id
        assert (await ada.ask(leave=signalling_pb2.Leave())).HasField("ack")
    assert await appliance.list_meetings() == []
    (over,) = await appliance.list_meetings(show_ended=True)
    assert over.HasField("end_time")


async def test_an_administrator_ends_a_meeting(appliance: Appliance) -> None:
    invites = await appliance.make_room()
    async with appliance.connect() as ada:
        await ada.enter(invites["participant"], "Ada")
        (meeting,) = await appliance.list_meetings()
        assert (await appliance.end_meeting(meeting.name)).HasField("end_time")
        ended = await ada.event(lambda m: m.HasField("meeting_ended"))
        assert ended.meeting_ended.reason == meetings_pb2.END_REASON_ENDED
        await ada.ended()


async def test_a_cut_stream_resumes_and_a_second_one_replaces_the_first(appliance: Appliance) -> None:
    invites = await appliance.make_room()
    async with appliance.connect() as ada, appliance.connect() as bob:
        await ada.enter(invites["participant"], "Ada")
        await bob.enter(invites["participant"], "Bob")
        bob.close()

        def shows_bob_as(state: meetings_pb2.ConnectionState.ValueType) -> object:
            return lambda m: (
                m.participant_changed.participant.id == bob.id
                and (m.participant_changed.participant.connection_state == state)
            )

        await ada.event(shows_bob_as(meetings_pb2.CONNECTION_STATE_RECONNECTING))  # type: ignore[arg-type]
        async with appliance.connect() as again, appliance.connect() as third:
            resumed = await again.resume(bob.token)
            assert {p.display_name for p in resumed.participants} == {"Ada", "Bob"}
            await ada.event(shows_bob_as(meetings_pb2.CONNECTION_STATE_CONNECTING))  # type: ignore[arg-type]
            await third.resume(bob.token)
            error = await again.event(lambda m: m.HasField("error"))
            assert error.error.code == signalling_pb2.ERROR_CODE_REPLACED
            await again.ended()


async def test_a_killed_control_takes_the_meeting_up_and_its_media_stands(appliance: Appliance) -> None:
    invites = await appliance.make_room()
    await appliance.core_instance()
    async with appliance.connect() as ada, appliance.connect() as bob:
        for client, name in ((ada, "Ada"), (bob, "Bob")):
            await client.enter(invites["participant"], name)
            await client.offer()
        appliance.kill("control")
        await asyncio.gather(ada.ended(), bob.ended())
    appliance.start_control()
    async with appliance.connect() as ada_again, appliance.connect() as bob_again:
        resumed = await ada_again.resume(ada.token)
        assert resumed.media_connected
        assert len(resumed.slots) == 12
        assert [len(p.sources) for p in resumed.participants] == [4, 4]
        assert (await bob_again.resume(bob.token)).media_connected
        wish = signalling_pb2.SlotWish(mid="4", source_id=f"{bob.id}/camera", max_height=90)
        assert (await ada_again.ask(set_slots=signalling_pb2.SetSlots(slots=[wish]))).HasField("ack")


async def test_a_killed_core_is_rebuilt_by_new_offers_within_ten_seconds(appliance: Appliance) -> None:
    invites = await appliance.make_room()
    before = await appliance.core_instance()
    async with appliance.connect() as ada, appliance.connect() as bob:
        for client, name in ((ada, "Ada"), (bob, "Bob")):
            await client.enter(invites["participant"], name)
            await client.offer()
        begin = time.monotonic()
        appliance.kill("core")
        appliance.start_core()
        for client in (ada, bob):
            await client.event(lambda m: m.HasField("media_lost"), timeout_s=begin + 10 - time.monotonic())
        await ada.offer()
        wish = signalling_pb2.SlotWish(mid="4", source_id=f"{bob.id}/camera", max_height=720)
        assert (await ada.ask(set_slots=signalling_pb2.SetSlots(slots=[wish]))).HasField("ack")
        await bob.offer()
        assert time.monotonic() - begin < 10
        assert await appliance.core_instance() != before


async def test_an_offer_without_a_core_is_to_be_tried_again(appliance: Appliance) -> None:
    invites = await appliance.make_room()
    await appliance.core_instance()
    appliance.kill("core")
    async with appliance.connect() as ada:
        await ada.enter(invites["participant"], "Ada")
        answer = await ada.ask(offer=signalling_pb2.Offer(sdp="v=0\r\n"))
        assert answer.error.code == signalling_pb2.ERROR_CODE_SDP_INVALID
        appliance.start_core()
        await appliance.core_instance()
        await ada.offer()


async def test_a_client_that_does_not_read_disturbs_nobody(appliance: Appliance) -> None:
    invites = await appliance.make_room()
    await appliance.core_instance()
    async with appliance.connect(SMALL_WINDOW) as slow, appliance.connect() as ada:
        await slow.enter(invites["participant"], "Slow")
        await ada.enter(invites["participant"], "Ada" * 20)
        await ada.offer()
        # Each change is told to `slow` as well, which reads nothing: its stream fills, then its outbox.
        for index in range(3000):
            state = signalling_pb2.SourceState(kind=meetings_pb2.SOURCE_KIND_CAMERA, active=index % 2 == 0)
            assert (await ada.ask(set_sources=signalling_pb2.SetSources(sources=[state]))).HasField("ack")
            ada.events = [m for m in ada.events if m.participant_changed.participant.id == slow.id]
            if any(
                m.participant_changed.participant.connection_state == meetings_pb2.CONNECTION_STATE_RECONNECTING
                for m in ada.events
            ):
                break
        else:
            raise AssertionError("the client that does not read was never dropped")
        async with appliance.connect() as again:
            await again.resume(slow.token)
