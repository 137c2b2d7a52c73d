"""DeviceService over gRPC: translates, nothing else."""

from __future__ import annotations

from typing import Any

from conclave.services.devices.offers import Direction
from conclave.services.devices.service import DeviceService
from conclave.services.domain.callers import Permission
from conclave.services.domain.errors import InvalidArgument
from conclave.services.rpc.server import RpcService
from conclave.v1 import devices_pb2 as pb
from conclave.v1 import devices_pb2_grpc as pb_grpc

__all__ = ["DeviceServicer", "device_rpc_service"]

PERMISSIONS = {
    "OpenDeviceSession": Permission.CARRY_SIGNALLING,
    "PatchDeviceSession": Permission.CARRY_SIGNALLING,
    "CloseDeviceSession": Permission.CARRY_SIGNALLING,
}
DIRECTIONS = {pb.DEVICE_DIRECTION_SEND: Direction.SEND, pb.DEVICE_DIRECTION_PLAY: Direction.PLAY}


class DeviceServicer(pb_grpc.DeviceServiceServicer):
    """The sessions that the gateway carries."""

    def __init__(self, devices: DeviceService) -> None:
        self._devices = devices

    async def OpenDeviceSession(
        self, request: pb.OpenDeviceSessionRequest, context: Any
    ) -> pb.OpenDeviceSessionResponse:
        opened = await self._devices.open(request.token, _direction(request.direction), request.offer)
        return pb.OpenDeviceSessionResponse(
            session_id=opened.session_id, entity_tag=opened.entity_tag, answer=opened.answer
        )

    async def PatchDeviceSession(
        self, request: pb.PatchDeviceSessionRequest, context: Any
    ) -> pb.PatchDeviceSessionResponse:
        restarted = await self._devices.patch(
            request.token,
            request.session_id,
            _direction(request.direction),
            list(request.entity_tags),
            request.fragment,
        )
        if restarted is None:
            return pb.PatchDeviceSessionResponse()
        return pb.PatchDeviceSessionResponse(entity_tag=restarted.entity_tag, fragment=restarted.fragment)

    async def CloseDeviceSession(
        self, request: pb.CloseDeviceSessionRequest, context: Any
    ) -> pb.CloseDeviceSessionResponse:
        await self._devices.close(request.token, request.session_id, _direction(request.direction))
        return pb.CloseDeviceSessionResponse()


def device_rpc_service(servicer: DeviceServicer) -> RpcService:
    """The service, for a server."""
    return RpcService(
        name=pb.DESCRIPTOR.services_by_name["DeviceService"].full_name,
        add_to=lambda server: pb_grpc.add_DeviceServiceServicer_to_server(servicer, server),
        permissions=PERMISSIONS,
    )


def _direction(value: int) -> Direction:
    direction = DIRECTIONS.get(pb.DeviceDirection.ValueType(value))
    if direction is None:
        raise InvalidArgument("direction is required; choose DEVICE_DIRECTION_SEND or DEVICE_DIRECTION_PLAY")
    return direction
