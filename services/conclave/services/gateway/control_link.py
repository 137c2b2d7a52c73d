"""The gateway's line to conclave-control."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from conclave.v1 import devices_pb2_grpc, files_pb2, files_pb2_grpc, metrics_pb2, metrics_pb2_grpc, signalling_pb2_grpc

__all__ = ["ControlLink"]

_HEALTH_TIMEOUT_S = 1.0
# Control waits for the core at most as long as for any of its answers, twice.
_METRICS_TIMEOUT_S = 5.0
# Control restarts within a second or two, and clients are to be back within five.
_OPTIONS = [
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.enable_http_proxy", 0),
    ("grpc.max_receive_message_length", 1024 * 1024),
]


class ControlLink:
    """One channel over a Unix socket, which reconnects by itself."""

    def __init__(self, socket: Path) -> None:
        self._channel = grpc.aio.insecure_channel(f"unix:{socket}", options=_OPTIONS)
        self._signalling = signalling_pb2_grpc.SignallingServiceStub(self._channel)
        self._files: Any = files_pb2_grpc.FileTransferServiceStub(self._channel)
        self.devices: Any = devices_pb2_grpc.DeviceServiceStub(self._channel)
        """The sessions of devices."""
        self._metrics: Any = metrics_pb2_grpc.MetricsServiceStub(self._channel)
        self._health: Any = health_pb2_grpc.HealthStub(self._channel)

    def connect(self) -> Any:
        """Opens the stream of one client: ConnectRequest up, ConnectResponse down."""
        return self._signalling.Connect()

    def put_part(self) -> Any:
        """Opens the stream of one part of a file: PutPartRequest up, one PutPartResponse down."""
        return self._files.PutPart()

    def read_file(self, request: files_pb2.ReadFileRequest) -> Any:
        """Opens the stream of a file's bytes: ReadFileResponse down."""
        return self._files.ReadFile(request)

    async def healthy(self) -> bool:
        """Whether control answers, and says that it serves."""
        try:
            answer = await self._health.Check(health_pb2.HealthCheckRequest(), timeout=_HEALTH_TIMEOUT_S)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def metrics(self) -> bytes:
        """The metrics of control and of the core, without their end. Raises RpcError."""
        answer = await self._metrics.GetMetrics(metrics_pb2.GetMetricsRequest(), timeout=_METRICS_TIMEOUT_S)
        exposition: bytes = answer.exposition
        return exposition

    async def close(self) -> None:
        """Ends every stream."""
        await self._channel.close()
