"""What participants ask about files, from the messages to the rules."""

from __future__ import annotations

from conclave.services.domain.files import PART_SIZE
from conclave.services.domain.identifiers import decode_random_id
from conclave.services.files.service import FileService
from conclave.services.meetings.model import Participant
from conclave.v1 import files_pb2
from conclave.v1 import signalling_pb2 as pb

__all__ = ["FILE_REQUESTS", "FileRequests"]

FILE_REQUESTS = ("begin_upload", "cancel_upload", "open_file")


class FileRequests:
    """Carries out what a connection's participant asks."""

    def __init__(self, files: FileService) -> None:
        self._files = files

    async def carry_out(self, participant: Participant, message: pb.ClientMessage) -> pb.ServerMessage:
        """The answer to one of FILE_REQUESTS. Raises what the rule in question does."""
        answer = await self._answer(participant, message)
        answer.request_id = message.request_id
        return answer

    async def _answer(self, participant: Participant, message: pb.ClientMessage) -> pb.ServerMessage:
        match message.WhichOneof("body"):
            case "begin_upload":
                asked = message.begin_upload
                decode_random_id(asked.file_id)
                begun = await self._files.begin(participant, asked.file_id, asked.size)
                answer = files_pb2.UploadBegun(
                    token=begun.token,
                    part_size=PART_SIZE,
                    parts_received=begun.upload.parts_received,
                    chain=begun.upload.chain,
                )
                return pb.ServerMessage(upload_begun=answer)
            case "open_file":
                file_id = message.open_file.file_id
                decode_random_id(file_id)
                ticket = await self._files.open(participant, file_id)
                return pb.ServerMessage(file_ticket=files_pb2.FileTicket(token=ticket.token, size=ticket.size))
            case "cancel_upload":
                file_id = message.cancel_upload.file_id
                decode_random_id(file_id)
                await self._files.cancel(participant, file_id)
        return pb.ServerMessage(ack=pb.Ack())
