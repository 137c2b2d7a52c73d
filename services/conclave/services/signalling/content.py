"""What participants share, from the messages to the rules, and what they are told of it."""

from __future__ import annotations

from collections.abc import Iterable

from conclave.services.content.model import Stored
from conclave.services.content.service import ContentService
from conclave.services.content.wire import draft_from_proto, page_to_proto, record_to_proto
from conclave.services.domain.identifiers import decode_random_id
from conclave.services.meetings.model import Participant
from conclave.services.signalling.audience import Audience
from conclave.v1 import content_pb2
from conclave.v1 import signalling_pb2 as pb

__all__ = ["CONTENT_REQUESTS", "ContentAudience", "ContentRequests"]

CONTENT_REQUESTS = ("send_content", "delete_content", "read_content", "mark_delivered")


class ContentRequests:
    """Carries out what a connection's participant asks."""

    def __init__(self, content: ContentService) -> None:
        self._content = content

    async def carry_out(self, participant: Participant, message: pb.ClientMessage) -> pb.ServerMessage:
        """The answer to one of CONTENT_REQUESTS. Raises what the rule in question does."""
        answer = await self._answer(participant, message)
        answer.request_id = message.request_id
        return answer

    async def _answer(self, participant: Participant, message: pb.ClientMessage) -> pb.ServerMessage:
        match message.WhichOneof("body"):
            case "send_content":
                record = await self._content.send(participant, draft_from_proto(message.send_content))
                time_ms = int(record.change_time.timestamp() * 1000)
                return pb.ServerMessage(content_sent=content_pb2.ContentSent(sequence=record.sequence, time_ms=time_ms))
            case "read_content":
                asked = message.read_content
                page = await self._content.read(participant, asked.after_sequence, asked.return_key)
                return pb.ServerMessage(content_page=page_to_proto(page))
            case "delete_content":
                content_id = message.delete_content.id
                decode_random_id(content_id)
                await self._content.delete(participant, content_id)
            case "mark_delivered":
                await self._content.mark_delivered(participant, message.mark_delivered.sequence)
        return pb.ServerMessage(ack=pb.Ack())


class ContentAudience:
    """Tells those who are connected. Observes the content."""

    def __init__(self, audience: Audience) -> None:
        self._audience = audience

    def content_added(self, stored: Stored) -> None:
        """An object was shared, changed or taken back."""
        for ids, own in ((stored.authors, True), (stored.readers, False)):
            message = pb.ServerMessage(
                content_added=content_pb2.ContentAdded(record=record_to_proto(stored.record, own))
            )
            for participant_id in ids:
                self._audience.tell_of(participant_id, message)

    def content_delivered(self, authors: Iterable[str], content_id: str) -> None:
        """An object has reached everybody."""
        message = pb.ServerMessage(content_delivered=content_pb2.ContentDelivered(id=content_id))
        for participant_id in authors:
            self._audience.tell_of(participant_id, message)
