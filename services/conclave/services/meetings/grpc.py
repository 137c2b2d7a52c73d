"""MeetingService over gRPC: translates, nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from conclave.services.domain.callers import Permission
from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.identifiers import parse_meeting_name, parse_participant_name, parse_room_name
from conclave.services.domain.roles import Role
from conclave.services.meetings.model import MeetingRecord, Participant, Quality, SourceKind, Waiting, source_id
from conclave.services.meetings.moderation import Moderation
from conclave.services.meetings.register import Actor
from conclave.services.meetings.service import MeetingService
from conclave.services.meetings.watch import MeetingWatch, WatchEvent
from conclave.services.rooms.grpc import room_to_proto
from conclave.services.rpc.authentication import current_caller
from conclave.services.rpc.server import RpcService
from conclave.v1 import meetings_pb2 as pb
from conclave.v1 import meetings_pb2_grpc as pb_grpc
from conclave.v1 import rooms_pb2 as rooms_pb

__all__ = [
    "MeetingServicer",
    "meeting_rpc_service",
    "participant_to_proto",
    "quality_to_proto",
    "waiting_to_proto",
]

PERMISSIONS = {
    "GetMeeting": Permission.READ_MEETINGS,
    "ListMeetings": Permission.READ_MEETINGS,
    "EndMeeting": Permission.END_MEETINGS,
    "WatchMeeting": Permission.READ_MEETINGS,
    "ListWaitingParticipants": Permission.READ_MEETINGS,
    "AdmitParticipants": Permission.MODERATE_MEETINGS,
    "AdmitAllParticipants": Permission.MODERATE_MEETINGS,
    "TurnAwayParticipants": Permission.MODERATE_MEETINGS,
    "RemoveParticipant": Permission.MODERATE_MEETINGS,
    "MuteParticipants": Permission.MODERATE_MEETINGS,
    "MuteAllParticipants": Permission.MODERATE_MEETINGS,
    "LockMeeting": Permission.MODERATE_MEETINGS,
    "UnlockMeeting": Permission.MODERATE_MEETINGS,
    "SetParticipantRole": Permission.MODERATE_MEETINGS,
}
EVERY_ROOM = "rooms/-"


class MeetingServicer(pb_grpc.MeetingServiceServicer):
    """Meetings that go on or have been."""

    def __init__(self, meetings: MeetingService, moderation: Moderation, watch: MeetingWatch) -> None:
        self._meetings = meetings
        self._moderation = moderation
        self._watch = watch

    async def GetMeeting(self, request: pb.GetMeetingRequest, context: Any) -> pb.Meeting:
        return _meeting_to_proto(await self._meetings.get(parse_meeting_name(request.name)))

    async def ListMeetings(self, request: pb.ListMeetingsRequest, context: Any) -> pb.ListMeetingsResponse:
        room_id = None if request.parent == EVERY_ROOM else parse_room_name(request.parent)
        page = await self._meetings.page(room_id, request.show_ended, request.page_size, request.page_token)
        return pb.ListMeetingsResponse(
            meetings=[_meeting_to_proto(record) for record in page.items], next_page_token=page.next_page_token
        )

    async def EndMeeting(self, request: pb.EndMeetingRequest, context: Any) -> pb.Meeting:
        record = await self._meetings.end(parse_meeting_name(request.name), current_caller().identity)
        return _meeting_to_proto(record)

    async def WatchMeeting(
        self, request: pb.WatchMeetingRequest, context: Any
    ) -> AsyncIterator[pb.WatchMeetingResponse]:
        async for event in self._watch.events(parse_room_name(request.parent)):
            yield _event_to_proto(event)

    async def ListWaitingParticipants(
        self, request: pb.ListWaitingParticipantsRequest, context: Any
    ) -> pb.ListWaitingParticipantsResponse:
        waiting = self._meetings.waiting_in(parse_room_name(request.parent))
        return pb.ListWaitingParticipantsResponse(waiting=map(waiting_to_proto, waiting))

    async def AdmitParticipants(
        self, request: pb.AdmitParticipantsRequest, context: Any
    ) -> pb.AdmitParticipantsResponse:
        ids = list(request.participant_ids)
        admitted = await self._moderation.admit(_actor(), parse_room_name(request.parent), ids)
        return pb.AdmitParticipantsResponse(participants=map(participant_to_proto, admitted))

    async def AdmitAllParticipants(
        self, request: pb.AdmitAllParticipantsRequest, context: Any
    ) -> pb.AdmitAllParticipantsResponse:
        admitted = await self._moderation.admit_all(_actor(), parse_room_name(request.parent))
        return pb.AdmitAllParticipantsResponse(participants=map(participant_to_proto, admitted))

    async def TurnAwayParticipants(
        self, request: pb.TurnAwayParticipantsRequest, context: Any
    ) -> pb.TurnAwayParticipantsResponse:
        await self._moderation.turn_away(_actor(), parse_room_name(request.parent), list(request.participant_ids))
        return pb.TurnAwayParticipantsResponse()

    async def RemoveParticipant(
        self, request: pb.RemoveParticipantRequest, context: Any
    ) -> pb.RemoveParticipantResponse:
        name = parse_participant_name(request.name)
        await self._moderation.remove(_actor(), name.meeting, name.participant_id)
        return pb.RemoveParticipantResponse()

    async def MuteParticipants(self, request: pb.MuteParticipantsRequest, context: Any) -> pb.MuteParticipantsResponse:
        ids = list(request.participant_ids)
        muted = await self._moderation.mute(_actor(), parse_meeting_name(request.parent), ids)
        return pb.MuteParticipantsResponse(participant_ids=[participant.id for participant in muted])

    async def MuteAllParticipants(
        self, request: pb.MuteAllParticipantsRequest, context: Any
    ) -> pb.MuteAllParticipantsResponse:
        muted = await self._moderation.mute_all(_actor(), parse_meeting_name(request.parent))
        return pb.MuteAllParticipantsResponse(participant_ids=[participant.id for participant in muted])

    async def LockMeeting(self, request: pb.LockMeetingRequest, context: Any) -> pb.Meeting:
        name = parse_meeting_name(request.name)
        await self._moderation.set_lock(_actor(), name, True)
        return _meeting_to_proto(await self._meetings.get(name))

    async def UnlockMeeting(self, request: pb.UnlockMeetingRequest, context: Any) -> pb.Meeting:
        name = parse_meeting_name(request.name)
        await self._moderation.set_lock(_actor(), name, False)
        return _meeting_to_proto(await self._meetings.get(name))

    async def SetParticipantRole(self, request: pb.SetParticipantRoleRequest, context: Any) -> pb.Participant:
        name = parse_participant_name(request.name)
        if request.role not in (rooms_pb.ROLE_HOST, rooms_pb.ROLE_PARTICIPANT):
            raise InvalidArgument("role is required; choose ROLE_HOST or ROLE_PARTICIPANT")
        role = Role(request.role)
        changed = await self._moderation.set_role(_actor(), name.meeting, name.participant_id, role)
        return participant_to_proto(changed)


def meeting_rpc_service(meetings: MeetingService, moderation: Moderation, watch: MeetingWatch) -> RpcService:
    """The service, for a server."""
    servicer = MeetingServicer(meetings, moderation, watch)
    return RpcService(
        name=pb.DESCRIPTOR.services_by_name["MeetingService"].full_name,
        add_to=lambda server: pb_grpc.add_MeetingServiceServicer_to_server(servicer, server),
        permissions=PERMISSIONS,
    )


def participant_to_proto(participant: Participant) -> pb.Participant:
    """A participant as everybody in the meeting is told."""
    return pb.Participant(
        id=participant.id,
        display_name=participant.display_name,
        role=rooms_pb.Role.ValueType(participant.role.value),
        sources=[
            pb.Source(
                id=source_id(participant.id, kind),
                kind=pb.SourceKind.ValueType(kind.value),
                active=kind in participant.active,
                h264=kind in participant.h264,
            )
            for kind in SourceKind
            if kind in participant.published
        ],
        join_time=_timestamp(participant.join_time),
        connection_state=pb.ConnectionState.ValueType(participant.connection_state.value),
        member=participant.member,
        hand_raise_time=None if participant.hand_raise_time is None else _timestamp(participant.hand_raise_time),
        quality=quality_to_proto(participant.quality),
    )


def quality_to_proto(quality: Quality) -> pb.ConnectionQuality:
    """How good somebody's connection is."""
    return pb.ConnectionQuality(
        level=pb.QualityLevel.ValueType(quality.level.value),
        reason=pb.QualityReason.ValueType(quality.reason.value),
        camera_paused=quality.camera_paused,
    )


def waiting_to_proto(waiting: Waiting) -> pb.WaitingParticipant:
    """Somebody who waits, as the hosts are told."""
    return pb.WaitingParticipant(
        id=waiting.id,
        display_name=waiting.display_name,
        role=rooms_pb.Role.ValueType(waiting.role.value),
        member=waiting.member,
        arrive_time=_timestamp(waiting.arrive_time),
        reason=pb.WaitReason.ValueType(waiting.reason.value),
        connection_state=pb.ConnectionState.ValueType(waiting.connection_state.value),
        key_is_new=waiting.key_is_new,
    )


def _event_to_proto(event: WatchEvent) -> pb.WatchMeetingResponse:
    response = pb.WatchMeetingResponse(time=_timestamp(event.time))
    if event.snapshot is not None:
        response.snapshot.room.CopyFrom(room_to_proto(event.snapshot.room))
        if event.snapshot.meeting is not None:
            response.snapshot.meeting.CopyFrom(_meeting_to_proto(event.snapshot.meeting))
        response.snapshot.waiting.extend(map(waiting_to_proto, event.snapshot.waiting))
    elif event.meeting is not None:
        response.meeting_changed.CopyFrom(_meeting_to_proto(event.meeting))
    elif event.participant is not None:
        response.participant_changed.CopyFrom(participant_to_proto(event.participant))
    elif event.gone is not None:
        reason = pb.EndReason.ValueType(event.reason.value if event.reason else 0)
        response.participant_gone.CopyFrom(pb.ParticipantGone(participant_id=event.gone, reason=reason))
    elif event.room is not None:
        response.room_changed.CopyFrom(room_to_proto(event.room))
    else:
        response.waiting_changed.waiting.extend(map(waiting_to_proto, event.waiting))
    return response


def _actor() -> Actor:
    return Actor(current_caller().identity)


def _meeting_to_proto(record: MeetingRecord) -> pb.Meeting:
    return pb.Meeting(
        name=str(record.name),
        start_time=_timestamp(record.start_time),
        end_time=None if record.end_time is None else _timestamp(record.end_time),
        participants=[participant_to_proto(participant) for participant in record.participants],
        locked=record.locked,
    )


def _timestamp(time: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(time)
    return message
