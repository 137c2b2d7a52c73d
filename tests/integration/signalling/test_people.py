"""Lobby, lock, muting and removal over real streams and the administrators' gRPC, a killed control included."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import grpc
import pytest

from conclave.v1 import meetings_pb2, meetings_pb2_grpc, rooms_pb2, rooms_pb2_grpc, signalling_pb2

if TYPE_CHECKING:
    from tests.integration.signalling.conftest import Appliance, Client


async def set_lobby(appliance: Appliance, lobby: bool) -> None:
    async with appliance.channel("control/admin.sock") as channel:
        room = rooms_pb2.Room(name="rooms/board", lobby=lobby)
        request = rooms_pb2.UpdateRoomRequest(room=room)
        request.update_mask.paths.append("lobby")
        await rooms_pb2_grpc.RoomServiceStub(channel).UpdateRoom(request)


async def knock(client: Client, invite: str, name: str) -> signalling_pb2.Waiting:
    hello = signalling_pb2.Hello(min_version=1, max_version=1, capabilities=["lobby"], invite_token=invite)
    assert (await client.ask(hello=hello)).HasField("welcome")
    answer = await client.ask(join=signalling_pb2.Join(display_name=name))
    assert answer.HasField("waiting"), answer
    return answer.waiting


async def test_a_host_admits_mutes_locks_and_removes_while_an_administrator_watches(appliance: Appliance) -> None:
    invites = await appliance.make_room()
    await set_lobby(appliance, True)
    await appliance.core_instance()
    async with (
        appliance.connect() as host,
        appliance.connect() as guest,
        appliance.connect() as late,
        appliance.channel("control/admin.sock") as channel,
    ):
        stub = meetings_pb2_grpc.MeetingServiceStub(channel)
        watching = stub.WatchMeeting(meetings_pb2.WatchMeetingRequest(parent="rooms/board"))
        assert (await watching.read()).snapshot.room.lobby
        await host.enter(invites["host"], "Host")
        waiting = await knock(guest, invites["participant"], "Guest")
        shown = await host.event(lambda m: m.HasField("lobby_changed"))
        assert [person.display_name for person in shown.lobby_changed.waiting] == ["Guest"]
        listed = await stub.ListWaitingParticipants(meetings_pb2.ListWaitingParticipantsRequest(parent="rooms/board"))
        assert [person.id for person in listed.waiting] == [waiting.participant_id]
        admit = signalling_pb2.AdmitWaiting(participant_ids=[waiting.participant_id])
        assert (await host.ask(admit=admit)).HasField("ack")
        joined = (await guest.event(lambda m: m.HasField("joined"))).joined
        assert joined.participant_id == waiting.participant_id

        await guest.offer()
        state = signalling_pb2.SourceState(kind=meetings_pb2.SOURCE_KIND_MICROPHONE, active=True)
        await guest.ask(set_sources=signalling_pb2.SetSources(sources=[state]))
        (meeting,) = await appliance.list_meetings()
        muted = await stub.MuteAllParticipants(meetings_pb2.MuteAllParticipantsRequest(parent=meeting.name))
        assert list(muted.participant_ids) == [waiting.participant_id]
        assert (await guest.event(lambda m: m.HasField("mute_requested"))).mute_requested.participant_id == ""

        assert (await guest.ask(set_hand=signalling_pb2.SetHand(raised=True))).HasField("ack")
        (meeting,) = await appliance.list_meetings()
        raised = [person.display_name for person in meeting.participants if person.HasField("hand_raise_time")]
        assert raised == ["Guest"]
        lower = signalling_pb2.LowerHand(participant_id=waiting.participant_id)
        assert (await host.ask(lower_hand=lower)).HasField("ack")
        await host.event(lambda m: m.participant_changed.participant.HasField("hand_raise_time"))
        lowered = await host.event(lambda m: m.HasField("participant_changed"))
        assert not lowered.participant_changed.participant.HasField("hand_raise_time")

        assert (await host.ask(set_lock=signalling_pb2.SetLock(locked=True))).HasField("ack")
        await late.ask(
            hello=signalling_pb2.Hello(
                min_version=1, max_version=1, capabilities=["lobby"], invite_token=invites["participant"]
            )
        )
        refused = await late.ask(join=signalling_pb2.Join(display_name="Late"))
        assert refused.error.code == signalling_pb2.ERROR_CODE_MEETING_LOCKED

        begin = time.monotonic()
        remove = signalling_pb2.Remove(participant_id=waiting.participant_id)
        assert (await host.ask(remove=remove)).HasField("ack")
        ended = await guest.event(lambda m: m.HasField("meeting_ended"), timeout_s=begin + 1 - time.monotonic())
        assert ended.meeting_ended.reason == meetings_pb2.END_REASON_REMOVED
        await guest.ended()
        name = f"{meeting.name}/participants/{waiting.participant_id}"
        with pytest.raises(grpc.aio.AioRpcError) as gone:
            await stub.RemoveParticipant(meetings_pb2.RemoveParticipantRequest(name=name))
        assert gone.value.code() is grpc.StatusCode.NOT_FOUND

        seen = []
        async with asyncio.timeout(20):
            while "participant_gone" not in seen:
                seen.append((await watching.read()).WhichOneof("event"))
        assert {"waiting_changed", "participant_changed", "meeting_changed"} <= set(seen)
        watching.cancel()


async def test_who_waits_is_still_waiting_after_control_was_killed(appliance: Appliance) -> None:
    invites = await appliance.make_room()
    await set_lobby(appliance, True)
    async with appliance.connect() as host, appliance.connect() as guest:
        await host.enter(invites["host"], "Host")
        waiting = await knock(guest, invites["participant"], "Guest")
        assert (await host.ask(set_lock=signalling_pb2.SetLock(locked=True))).HasField("ack")
        assert (await host.ask(set_hand=signalling_pb2.SetHand(raised=True))).HasField("ack")
        token = host.token
        appliance.kill("control")
        await asyncio.gather(host.ended(), guest.ended())
    appliance.start_control()
    async with appliance.connect() as host, appliance.connect() as guest:
        hello = signalling_pb2.Hello(min_version=1, max_version=1, resume_token=waiting.resume_token)
        welcome = (await guest.ask(hello=hello)).welcome
        assert welcome.waiting.participant_id == waiting.participant_id
        resumed = await host.resume(token)
        assert resumed.participants[0].HasField("hand_raise_time")
        assert (resumed.locked, [person.display_name for person in resumed.waiting]) == (True, ["Guest"])
        assert (await host.ask(admit_all=signalling_pb2.AdmitAllWaiting())).HasField("ack")
        await guest.event(lambda m: m.HasField("joined"))
