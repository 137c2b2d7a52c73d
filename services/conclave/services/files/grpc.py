"""FileTransferService over gRPC. Translates, nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from conclave.services.domain.callers import Permission
from conclave.services.domain.errors import ServiceError
from conclave.services.files.errors import FileInvalid
from conclave.services.files.model import RangeWish, Span
from conclave.services.files.service import FileService
from conclave.services.rpc.server import RpcService
from conclave.v1 import files_pb2 as pb
from conclave.v1 import files_pb2_grpc as pb_grpc

__all__ = ["FileTransferServicer", "file_transfer_rpc_service"]

PERMISSIONS = {"PutPart": Permission.CARRY_SIGNALLING, "ReadFile": Permission.CARRY_SIGNALLING}


class FileTransferServicer(pb_grpc.FileTransferServiceServicer):
    """The bytes that the gateway carries."""

    def __init__(self, files: FileService) -> None:
        self._files = files

    async def PutPart(
        self, request_iterator: AsyncIterator[pb.PutPartRequest], context: Any
    ) -> AsyncIterator[pb.PutPartResponse]:
        try:
            yield await self._take(request_iterator)
        except ServiceError as error:
            refusal = pb.PartRefusal(status=error.status_code.value[0], message=str(error))
            yield pb.PutPartResponse(refusal=refusal)
        # Until the gateway has read the answer and ends the call.
        async for _ in request_iterator:
            pass

    async def _take(self, request_iterator: AsyncIterator[pb.PutPartRequest]) -> pb.PutPartResponse:
        first = await anext(request_iterator, None)
        if first is None or not first.HasField("header"):
            raise FileInvalid("the header of a part comes first")
        header, chunks = first.header, _chunks(request_iterator)
        taken = await self._files.put_part(header.file_id, header.token, header.number, header.size, chunks)
        return pb.PutPartResponse(taken=taken.taken, next_number=taken.next_number)

    async def ReadFile(self, request: pb.ReadFileRequest, context: Any) -> AsyncIterator[pb.ReadFileResponse]:
        first = request.first_byte if request.HasField("first_byte") else None
        last = request.last_byte if request.HasField("last_byte") else None
        if first is None and last is None:
            first = 0
        async for piece in self._files.read(request.file_id, request.token, RangeWish(first, last)):
            if isinstance(piece, Span):
                span = pb.FileRange(size=piece.size, offset=piece.offset, length=piece.length)
                yield pb.ReadFileResponse(range=span)
            else:
                yield pb.ReadFileResponse(data=piece)


def file_transfer_rpc_service(servicer: FileTransferServicer) -> RpcService:
    """The service, for a server."""
    return RpcService(
        name=pb.DESCRIPTOR.services_by_name["FileTransferService"].full_name,
        add_to=lambda server: pb_grpc.add_FileTransferServiceServicer_to_server(servicer, server),
        permissions=PERMISSIONS,
    )


async def _chunks(requests: AsyncIterator[pb.PutPartRequest]) -> AsyncIterator[bytes]:
    async for request in requests:
        if not request.HasField("data"):
            raise FileInvalid("after the header of a part come its bytes")
        yield request.data
