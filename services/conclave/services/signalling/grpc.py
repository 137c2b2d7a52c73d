"""SignallingService over gRPC: one stream a client. Translates, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from conclave.services.domain.callers import Permission
from conclave.services.rpc.server import RpcService
from conclave.services.signalling.connection import Connection
from conclave.v1 import signalling_pb2 as pb
from conclave.v1 import signalling_pb2_grpc as pb_grpc

__all__ = ["SignallingServicer", "signalling_rpc_service"]

PERMISSIONS = {"Connect": Permission.CARRY_SIGNALLING}


class SignallingServicer(pb_grpc.SignallingServiceServicer):
    """The streams that the gateway carries."""

    def __init__(self, open_connection: Callable[[], Connection]) -> None:
        self._open_connection = open_connection
        self._connections: dict[Connection, asyncio.Task[Any]] = {}
        # Kept here, because the event loop itself does not keep tasks alive.
        self._requests: set[asyncio.Task[None]] = set()

    async def Connect(self, request_iterator: AsyncIterator[pb.ConnectRequest], context: Any) -> AsyncIterator[Any]:
        connection = self._open_connection()
        task = asyncio.current_task()
        assert task is not None, "gRPC serves each call in a task"
        self._connections[connection] = task
        reader = asyncio.create_task(self._read(request_iterator, connection))
        try:
            while (frame := await connection.outbox.next()) is not None:
                yield pb.ConnectResponse(message=frame.message, close=frame.close)
            if reader.done():
                # A request that failed is this call's failure: the guard writes it down and ends the stream with it.
                reader.result()
        finally:
            reader.cancel()
            self._connections.pop(connection, None)
            connection.lost()

    def drop_dead(self) -> None:
        """Ends the streams of clients that do not read or have fallen silent."""
        for connection, task in list(self._connections.items()):
            if connection.dead:
                # Its stream may be stuck in a send that never ends.
                connection.lost()
                task.cancel()

    async def _read(self, requests: AsyncIterator[pb.ConnectRequest], connection: Connection) -> None:
        try:
            async for request in requests:
                # A request that has begun is carried out, whatever becomes of the stream: half a join is no state.
                handling = asyncio.create_task(connection.handle(request.message))
                self._requests.add(handling)
                handling.add_done_callback(self._requests.discard)
                await asyncio.shield(handling)
        finally:
            connection.outbox.finish()


def signalling_rpc_service(servicer: SignallingServicer) -> RpcService:
    """The service, for a server."""
    return RpcService(
        name=pb.DESCRIPTOR.services_by_name["SignallingService"].full_name,
        add_to=lambda server: pb_grpc.add_SignallingServiceServicer_to_server(servicer, server),
        permissions=PERMISSIONS,
    )
