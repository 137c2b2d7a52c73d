"""One client's stay in one meeting: its session, and all that follows what the session tells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from conclave.client.content import Content
from conclave.client.errors import ClientError, MeetingOver, Unreachable
from conclave.client.events import Ended, Event, Events, Muted, ParticipantLeft, Reconnected, Reconnecting
from conclave.client.invitation import Invitation
from conclave.client.media import Media
from conclave.client.people import EndReason, Protection, Room, Source, WaitReason
from conclave.client.roster import Roster
from conclave.client.session import Session
from conclave.client.transfers import Transfers
from conclave.client.trust import Trust
from conclave.v1 import rooms_pb2
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Visit"]


# What closing a connection may take.
CLOSE_SECONDS = 5.0


class Visit:
    """The owner of a session. Made where an event loop runs."""

    def __init__(
        self,
        invitation: Invitation,
        name: str,
        trust: Trust,
        patience_seconds: float,
        sounds: int,
        pictures: int,
        when_waiting: Callable[[WaitReason], object],
    ) -> None:
        self._session = Session(invitation, name, trust, patience_seconds, self)
        self.ask = self._session.ask
        self.events = Events()
        self.roster = Roster(Room("", "", Protection.MANAGED, 0, lobby=False, members_only=False))
        self.content = Content(self.ask, self.events.tell, Transfers(self.ask, invitation.origin, trust))
        self.media = Media(self.ask, sounds, pictures, lambda: self._session.local)
        self._when_waiting = when_waiting
        self._inside = asyncio.Event()
        self._online = False
        self._tasks: list[asyncio.Task[None]] = []
        self._over: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Comes in, and returns when the client is in the meeting. Raises ClientError; cancelled, it goes away."""
        running = asyncio.create_task(self._session.run())
        self._tasks = [running]
        entering = asyncio.create_task(self._inside.wait())
        try:
            await asyncio.wait([running, entering], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self.leave()
            raise
        finally:
            entering.cancel()
        if running.done():
            await self._close()
            await running
        self._tasks += [asyncio.create_task(self.media.keep()), asyncio.create_task(self.content.keep())]
        running.add_done_callback(self._ended)

    async def leave(self) -> None:
        """Leaves, unless it is over already, and returns when nothing is left running."""
        if self._over is None:
            await self._session.leave()
        if self._over is None:
            self._finish(Ended(EndReason.LEFT, str(MeetingOver(EndReason.LEFT))))
        assert self._over is not None, "finished"
        await self._over

    def welcomed(self, room: rooms_pb2.Room) -> None:
        """The appliance has told of the room."""
        self.roster.room = Room.read(room)

    def waits(self, waiting: pb.Waiting) -> None:
        """The client is not let in yet."""
        self._when_waiting(WaitReason(waiting.reason))

    def entered(self, joined: pb.Joined, resumed: bool) -> None:
        """The client is in the meeting, or back in it."""
        before = self.roster.start_time_ms
        self._tell(self.roster.enter(joined))
        if self._inside.is_set():
            self.events.tell(Reconnected(as_new=not resumed))
        if resumed and self.media.is_on(Source.MICROPHONE) and self._is_muted():
            self._mute(Muted(None))
        self._online = True
        self.media.entered(joined, resumed)
        self.content.entered(another=joined.meeting_start_time_ms != before)
        self._inside.set()

    def took(self, message: pb.ServerMessage) -> None:
        """An event."""
        if message.HasField("mute_requested"):
            self._mute(Muted(self.roster.participants.get(message.mute_requested.participant_id)))
        self._tell(self.roster.take(message))
        self.media.took(message)
        self.content.took(message)

    def lost(self) -> None:
        """The connection is lost."""
        if self._online:
            self._online = False
            self.events.tell(Reconnecting())

    def _is_muted(self) -> bool:
        own = self.roster.participants.get(self.roster.own_id)
        return own is not None and Source.MICROPHONE not in own.sources

    def _mute(self, muted: Muted) -> None:
        self.media.muted()
        self.events.tell(muted)

    def _tell(self, happened: list[Event]) -> None:
        for event in happened:
            if isinstance(event, ParticipantLeft):
                self.media.reception.end(event.participant.id)
            self.events.tell(event)

    def _ended(self, running: asyncio.Task[None]) -> None:
        if running.cancelled() or self._over is not None:
            return
        failure = running.exception()
        match failure:
            case MeetingOver():
                ended = Ended(failure.reason, str(failure))
            case Unreachable():
                ended = Ended(EndReason.UNREACHABLE, str(failure))
            case ClientError():
                ended = Ended(EndReason.REFUSED, str(failure))
            case _:
                ended = Ended(EndReason.REFUSED, f"a fault of this program: {failure!r}")
        self._finish(ended)

    def _finish(self, ended: Ended) -> None:
        self.events.tell(ended)
        self._over = asyncio.get_running_loop().create_task(self._close())

    async def _close(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks[1:]:
            task.cancel()
        # The session, which comes first, closes its connection unless it is opening another one.
        if tasks:
            await asyncio.wait(tasks[:1], timeout=CLOSE_SECONDS)
        for task in tasks[:1]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.media.close()
