"""MetricsService over gRPC: translates, nothing else."""

from __future__ import annotations

from typing import Any

from conclave.services.domain.callers import Permission
from conclave.services.metrics.service import MetricsService
from conclave.services.rpc.server import RpcService
from conclave.v1 import metrics_pb2 as pb
from conclave.v1 import metrics_pb2_grpc as pb_grpc

__all__ = ["MetricsServicer", "metrics_rpc_service"]

PERMISSIONS = {"GetMetrics": Permission.READ_METRICS}


class MetricsServicer(pb_grpc.MetricsServiceServicer):
    """What a monitoring system collects."""

    def __init__(self, metrics: MetricsService) -> None:
        self._metrics = metrics

    async def GetMetrics(self, request: pb.GetMetricsRequest, context: Any) -> pb.GetMetricsResponse:
        return pb.GetMetricsResponse(exposition=await self._metrics.exposition())


def metrics_rpc_service(metrics: MetricsService) -> RpcService:
    """The service, for a server."""
    servicer = MetricsServicer(metrics)
    return RpcService(
        name=pb.DESCRIPTOR.services_by_name["MetricsService"].full_name,
        add_to=lambda server: pb_grpc.add_MetricsServiceServicer_to_server(servicer, server),
        permissions=PERMISSIONS,
    )
