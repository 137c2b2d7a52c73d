"""StatisticsService over gRPC: translates, nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

from conclave.media.v1 import control_pb2 as media_pb
from conclave.services.domain.callers import Permission
from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.identifiers import parse_meeting_name
from conclave.services.rpc.server import RpcService
from conclave.services.statistics.service import MeetingStatistics
from conclave.v1 import statistics_pb2 as pb
from conclave.v1 import statistics_pb2_grpc as pb_grpc

__all__ = ["StatisticsServicer", "statistics_rpc_service"]

PERMISSIONS = {"GetMeetingStats": Permission.READ_MEETINGS, "WatchMeetingStats": Permission.READ_MEETINGS}
DEFAULT_INTERVAL_S = 2.0
INTERVALS_S = (0.5, 60.0)

Statistics = MeetingStatistics[media_pb.MeasuredTransport]


class StatisticsServicer(pb_grpc.StatisticsServiceServicer):
    """What the media core measures of meetings."""

    def __init__(self, statistics: Statistics) -> None:
        self._statistics = statistics

    async def GetMeetingStats(self, request: pb.GetMeetingStatsRequest, context: Any) -> pb.MeetingStats:
        return _to_proto(request.name, await self._statistics.of(parse_meeting_name(request.name)))

    async def WatchMeetingStats(
        self, request: pb.WatchMeetingStatsRequest, context: Any
    ) -> AsyncIterator[pb.MeetingStats]:
        name, interval_s = parse_meeting_name(request.name), _interval_s(request)
        async for measured in self._statistics.watch(name, interval_s):
            yield _to_proto(request.name, measured)


def statistics_rpc_service(statistics: Statistics) -> RpcService:
    """The service, for a server."""
    servicer = StatisticsServicer(statistics)
    return RpcService(
        name=pb.DESCRIPTOR.services_by_name["StatisticsService"].full_name,
        add_to=lambda server: pb_grpc.add_StatisticsServiceServicer_to_server(servicer, server),
        permissions=PERMISSIONS,
    )


def _interval_s(request: pb.WatchMeetingStatsRequest) -> float:
    if not request.HasField("interval"):
        return DEFAULT_INTERVAL_S
    interval_s = request.interval.ToTimedelta().total_seconds()
    shortest, longest = INTERVALS_S
    if not shortest <= interval_s <= longest:
        raise InvalidArgument(f"interval is {interval_s:g} s; choose {shortest:g} s to {longest:g} s")
    return interval_s


def _to_proto(name: str, measured: Iterable[tuple[str, media_pb.MeasuredTransport]]) -> pb.MeetingStats:
    return pb.MeetingStats(
        name=name,
        participants=[
            pb.ParticipantStats(
                participant_id=participant_id,
                timestamp=report.timestamp,
                transport=report.transport,
                candidate_pair=report.candidate_pair,
                inbound_rtp=report.inbound_rtp,
                outbound_rtp=report.outbound_rtp,
                remote_inbound_rtp=report.remote_inbound_rtp,
            )
            for participant_id, report in measured
        ],
    )
