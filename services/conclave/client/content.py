"""What people share beside sound and pictures: read when the client comes in, kept up to date, and confirmed."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from conclave.client.asking import Ask, send_object
from conclave.client.chat import Chat
from conclave.client.errors import Refused
from conclave.client.events import Event, ReactionShown
from conclave.client.files import Files
from conclave.client.objects import ReactionSign, new_content_id
from conclave.client.transfers import Transfers
from conclave.v1 import content_pb2, data_class_pb2
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Content"]

# How long what has arrived is gathered before it is confirmed: one confirmation stands for all.
CONFIRM_SECONDS = 1.0
RETURN_KEY_SIZE = 32


class Content:
    """One client's view of a meeting's content; `keep` in a task of its own."""

    def __init__(self, ask: Ask, tell: Callable[[Event], None], transfers: Transfers) -> None:
        self.chat, self.files = Chat(ask, tell), Files(ask, tell, transfers)
        self._ask, self._tell = ask, tell
        # By it the appliance knows a guest again whose session was lost.
        self._return_key = secrets.token_bytes(RETURN_KEY_SIZE)
        self._stir = asyncio.Event()
        self._behind = False
        # The latest change before which nothing is missing, the latest seen, and the latest confirmed.
        self._complete = self._latest = self._confirmed = 0
        self.read = asyncio.Event()

    def entered(self, another: bool) -> None:
        """The client is in the meeting, or back in it: something may have been missed.

        another: whether it is another meeting than before, which knows nothing of what was said there.
        """
        if another:
            self.chat.forget()
            self.files.forget()
            self._complete = self._latest = 0
        self._behind, self._confirmed = True, 0
        self._stir.set()

    def took(self, message: pb.ServerMessage) -> None:
        """An event."""
        match message.WhichOneof("body"):
            case "content_added":
                self._add(message.content_added.record)
                self._stir.set()
            case "content_delivered":
                self.chat.delivered(message.content_delivered.id)

    async def react(self, sign: ReactionSign) -> None:
        """Shows a sign to who is there. Raises Refused."""
        reaction = content_pb2.ContentObject(
            kind=content_pb2.CONTENT_KIND_REACTION,
            data_class=data_class_pb2.DATA_CLASS_ENGAGEMENT,
            id=new_content_id(),
            revision=1,
            reaction=content_pb2.Reaction(sign=sign.value),
        )
        await send_object(self._ask, reaction)

    async def keep(self) -> None:
        """Reads what was missed and confirms what has come, until cancelled or the session is over."""
        while True:
            await self._stir.wait()
            self._stir.clear()
            try:
                while self._behind:
                    self._behind = False
                    await self._catch_up()
                self.read.set()
                if self._complete > self._confirmed:
                    confirmed = self._complete
                    mark = content_pb2.MarkDelivered(sequence=confirmed)
                    await self._ask(pb.ClientMessage(mark_delivered=mark))
                    self._confirmed = confirmed
            except Refused:
                # A limit, or a part that restarts: asked again with whatever comes next.
                self._behind = True
            await asyncio.sleep(CONFIRM_SECONDS)

    async def _catch_up(self) -> None:
        more = True
        while more:
            request = content_pb2.ReadContent(after_sequence=self._complete, return_key=self._return_key)
            page = (await self._ask(pb.ClientMessage(read_content=request))).content_page
            for record in page.records:
                self._take(record)
                self._complete = max(self._complete, record.sequence)
            more = page.more and bool(page.records)
        if not self._behind:
            self._complete = max(self._complete, self._latest)

    def _add(self, record: content_pb2.ContentRecord) -> None:
        self._latest = max(self._latest, record.sequence)
        # While a page is on its way, what lies before this may still be missing.
        if self.read.is_set() and not self._behind:
            self._complete = self._latest
        self._take(record)

    def _take(self, record: content_pb2.ContentRecord) -> None:
        if record.kind == content_pb2.CONTENT_KIND_CHAT:
            self.chat.took(record)
        elif record.kind == content_pb2.CONTENT_KIND_FILE:
            self.files.took(record)
        elif record.kind == content_pb2.CONTENT_KIND_REACTION and record.clear.HasField("reaction"):
            try:
                sign = ReactionSign(record.clear.reaction.sign)
            except ValueError:
                return  # A sign of a later version.
            self._tell(ReactionShown(record.sender_participant_id, record.sender_display_name, sign))
