"""MeetingService over gRPC: translates, nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from conclave.services.domain.callers import Permission
from conclave.services.domain.identifiers import parse_meeting_name, parse_room_name
from conclave.services.meetings.model import MeetingRecord, Participant, SourceKind, source_id
from conclave.services.meetings.service import MeetingService
from conclave.services.rpc.authentication import current_caller
from conclave.services.rpc.server import RpcService
from conclave.v1 import meetings_pb2 as pb
from conclave.v1 import meetings_pb2_grpc as pb_grpc
from conclave.v1 import rooms_pb2 as rooms_pb

__all__ = ["MeetingServicer", "meeting_rpc_service", "participant_to_proto"]

PERMISSIONS = {
    "GetMeeting": Permission.READ_MEETINGS,
    "ListMeetings": Permission.READ_MEETINGS,
    "EndMeeting": Permission.END_MEETINGS,
}
EVERY_ROOM = "rooms/-"


class MeetingServicer(pb_grpc.MeetingServiceServicer):
    """Meetings that go on or have been."""

    def __init__(self, meetings: MeetingService) -> None:
        self._meetings = meetings

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


def meeting_rpc_service(meetings: MeetingService) -> RpcService:
    """The service, for a server."""
    servicer = MeetingServicer(meetings)
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
            )
            for kind in SourceKind
            if kind in participant.published
        ],
        join_time=_timestamp(participant.join_time),
        connection_state=pb.ConnectionState.ValueType(participant.connection_state.value),
    )


def _meeting_to_proto(record: MeetingRecord) -> pb.Meeting:
    return pb.Meeting(
        name=str(record.name),
        start_time=_timestamp(record.start_time),
        end_time=None if record.end_time is None else _timestamp(record.end_time),
        participants=[participant_to_proto(participant) for participant in record.participants],
    )


def _timestamp(time: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(time)
    return message
