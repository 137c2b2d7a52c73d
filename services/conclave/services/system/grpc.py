"""SystemService over gRPC: translates, nothing else."""

from __future__ import annotations

from typing import Any

from conclave.services.domain.callers import Permission
from conclave.services.rpc.server import RpcService
from conclave.services.system.service import CoreStatus, SystemService
from conclave.v1 import system_pb2 as pb
from conclave.v1 import system_pb2_grpc as pb_grpc

__all__ = ["SystemServicer", "system_rpc_service"]

PERMISSIONS = {"GetStatus": Permission.READ_STATUS}


class SystemServicer(pb_grpc.SystemServiceServicer):
    """The appliance as a whole."""

    def __init__(self, system: SystemService) -> None:
        self._system = system

    async def GetStatus(self, request: pb.GetStatusRequest, context: Any) -> pb.Status:
        status = await self._system.status()
        return pb.Status(
            deployment_id=status.deployment_id,
            identity_fingerprint=status.identity_fingerprint,
            identity_key=status.identity_key,
            version=status.version,
            processes=[
                pb.ProcessStatus(name=process.name, healthy=process.healthy, detail=process.detail)
                for process in status.processes
            ],
            meetings=status.meetings,
            participants=status.participants,
            core=None if status.core is None else _core_to_proto(status.core),
        )


def system_rpc_service(system: SystemService) -> RpcService:
    """The service, for a server."""
    servicer = SystemServicer(system)
    return RpcService(
        name=pb.DESCRIPTOR.services_by_name["SystemService"].full_name,
        add_to=lambda server: pb_grpc.add_SystemServiceServicer_to_server(servicer, server),
        permissions=PERMISSIONS,
    )


def _core_to_proto(core: CoreStatus) -> pb.CoreStatus:
    return pb.CoreStatus(
        instance_id=core.instance_id,
        crypto_backend=core.crypto_backend,
        segmentation_offload=core.segmentation_offload,
        udp_ports=core.udp_ports,
        packets_received=core.packets_received,
        packets_sent=core.packets_sent,
        packets_dropped=core.packets_dropped,
    )
