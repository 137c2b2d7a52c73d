"""What is written in a meeting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conclave.client.asking import Ask, send_object
from conclave.client.events import ChatChanged, ChatSaid, Event
from conclave.client.objects import ChatLine, new_content_id
from conclave.client.people import Participant
from conclave.v1 import content_pb2, data_class_pb2
from conclave.v1 import signalling_pb2 as pb

__all__ = ["MAX_LINE", "Chat"]

# Characters of one line.
MAX_LINE = 4000


class Chat:
    """The lines that the client may read, and new ones. What was said before it came in is not among them."""

    def __init__(self, ask: Ask, tell: Callable[[Event], None]) -> None:
        self._ask, self._tell = ask, tell
        self._lines: dict[str, ChatLine] = {}

    @property
    def lines(self) -> tuple[ChatLine, ...]:
        """In the order in which they were first said."""
        return tuple(sorted(self._lines.values(), key=lambda line: line.first_sequence))

    async def send(self, text: str, to: Participant | None = None) -> str:
        """Says something to everybody, or to one person alone; returns the line's id.

        text: 1 to 4000 characters; line breaks and tabs are the only control characters. Returns when the appliance has
        taken it; after a lost connection it is sent again, and appears once. Raises ValueError and Refused.
        """
        content_id = new_content_id()
        await self._send(content_id, 1, text, "" if to is None else to.id)
        return content_id

    async def edit(self, line: ChatLine, text: str) -> None:
        """Changes one of the client's own lines. Raises ValueError and Refused."""
        await self._send(line.id, line.revision + 1, text, line.recipient_id)

    async def delete(self, line: ChatLine) -> None:
        """Takes a line back: one's own or, as a host, any that was said to everybody. Raises Refused."""
        await self._ask(pb.ClientMessage(delete_content=content_pb2.DeleteContent(id=line.id)))

    def took(self, record: content_pb2.ContentRecord) -> None:
        """A line came, or is another than before."""
        line, before = ChatLine.read(record), self._lines.get(record.id)
        if before is not None and before.sequence >= line.sequence:
            return
        self._lines[line.id] = line
        self._tell(ChatSaid(line) if before is None else ChatChanged(line, before))

    def forget(self) -> None:
        """Another meeting has begun."""
        self._lines.clear()

    def delivered(self, content_id: str) -> None:
        """A line has reached everybody."""
        line = self._lines.get(content_id)
        if line is not None:
            self._lines[content_id] = replace(line, delivered=True)

    async def _send(self, content_id: str, revision: int, text: str, recipient_id: str) -> None:
        if not 1 <= len(text) <= MAX_LINE:
            raise ValueError(f"a line has 1 to {MAX_LINE} characters")
        line = content_pb2.ContentObject(
            kind=content_pb2.CONTENT_KIND_CHAT,
            data_class=data_class_pb2.DATA_CLASS_MESSAGES,
            id=content_id,
            revision=revision,
            chat=content_pb2.ChatLine(text=text),
        )
        await send_object(self._ask, line, recipient_id)
