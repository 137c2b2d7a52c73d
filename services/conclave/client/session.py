"""Signalling with one appliance, from the first Hello to the end: it comes in, and back after each loss, by itself."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Protocol

from conclave.client.backoff import wait_before
from conclave.client.errors import ClientError, EndToEndRoom, MeetingOver, NameNeeded, Refused, Unreachable, refusal
from conclave.client.invitation import Invitation
from conclave.client.line import Line, LineLost, open_line
from conclave.client.people import EndReason, Protection
from conclave.client.trust import Trust
from conclave.v1 import meetings_pb2, rooms_pb2
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Session", "SessionOwner"]

# "end-to-end" only lets the Welcome tell of such a room, so that it can be refused by name: none is ever joined.
CAPABILITIES = ("slots", "lobby", "end-to-end")
# A client says something every 20 s at least.
PING_SECONDS = 15.0
LEAVE_SECONDS = 3.0

# After these, coming again with the same credential cannot help.
FINAL = {
    pb.ERROR_CODE_VERSION_MISMATCH,
    pb.ERROR_CODE_INVITE_INVALID,
    pb.ERROR_CODE_INVITE_EXPIRED,
    pb.ERROR_CODE_INVITE_REVOKED,
    pb.ERROR_CODE_ROOM_FULL,
    pb.ERROR_CODE_PERMISSION_DENIED,
    pb.ERROR_CODE_REPLACED,
    pb.ERROR_CODE_MEETING_LOCKED,
    pb.ERROR_CODE_MEMBERS_ONLY,
    pb.ERROR_CODE_REMOVED,
}


_REASONS = {
    meetings_pb2.END_REASON_ENDED: EndReason.ENDED,
    meetings_pb2.END_REASON_TIMED_OUT: EndReason.TIMED_OUT,
    meetings_pb2.END_REASON_REMOVED: EndReason.REMOVED,
    meetings_pb2.END_REASON_TURNED_AWAY: EndReason.TURNED_AWAY,
}


class SessionOwner(Protocol):
    """Whom a session tells what happens; nothing here may wait."""

    def welcomed(self, room: rooms_pb2.Room) -> None:
        """The appliance has told of the room."""

    def waits(self, waiting: pb.Waiting) -> None:
        """The client is not let in yet."""

    def entered(self, joined: pb.Joined, resumed: bool) -> None:
        """The client is in the meeting, or back in it. resumed: as the same participant as before."""

    def took(self, message: pb.ServerMessage) -> None:
        """An event."""

    def lost(self) -> None:
        """The connection is lost, again perhaps; the session tries to come back."""


class Session:
    """One client's; `run` in a task of its own, and `ask` from others."""

    def __init__(
        self, invitation: Invitation, name: str, trust: Trust, patience_seconds: float, owner: SessionOwner
    ) -> None:
        self._invitation, self._name, self._trust = invitation, name, trust
        self._patience_seconds, self._owner = patience_seconds, owner
        self._resume_token = ""
        self._line: Line | None = None
        # While the client is in the meeting and can ask, or when it never will again.
        self._usable = asyncio.Event()
        self._inbox: asyncio.Queue[pb.ServerMessage | None] = asyncio.Queue()
        self._ending: ClientError | None = None
        self._arrived = self._leaves = False
        self._attempt = 0
        self._lost_s = 0.0
        self.local = False

    async def run(self) -> None:
        """Keeps the session until it is over, and raises why: MeetingOver, Refused, Unreachable and others.

        Until the client is let in or told to wait for the first time, each failure is the end.
        """
        try:
            while True:
                try:
                    await self._attend()
                except (LineLost, Refused) as failure:
                    self._judge(failure)
                self._owner.lost()
                await asyncio.sleep(wait_before(self._attempt, random.random()))  # noqa: S311 - no secret
                self._attempt += 1
        except BaseException as ending:
            self._ending = ending if isinstance(ending, ClientError) else MeetingOver(EndReason.LEFT)
            self._usable.set()
            raise

    async def ask(self, message: pb.ClientMessage) -> pb.ServerMessage:
        """Sends a request and returns its answer; again when the connection was lost before the answer came.

        So every request is one that may be carried out twice. Raises Refused, and what ended the session.
        """
        while True:
            await self._usable.wait()
            if self._ending is not None:
                raise self._ending
            line = self._line
            assert line is not None, "usable"
            try:
                return await line.ask(message)
            except LineLost:
                if self._line is line:
                    self._drop_line()

    async def leave(self) -> None:
        """Tells the appliance, if it can be reached at once, that the client goes, and does not come back."""
        self._leaves = True
        line = self._line
        if line is not None:
            with contextlib.suppress(LineLost, Refused, TimeoutError):
                async with asyncio.timeout(LEAVE_SECONDS):
                    await line.ask(pb.ClientMessage(leave=pb.Leave()))
        # `run` ends by itself, so that it closes what it has opened.
        self._inbox.put_nowait(None)

    async def _attend(self) -> None:
        """One connection, from Hello to its end."""
        inbox = self._inbox = asyncio.Queue()
        async with open_line(self._invitation.origin, self._trust, inbox.put_nowait) as line:
            self.local = line.local
            try:
                await self._greet(line)
                self._attempt = 0
                while True:
                    await self._take(line, await _next(inbox))
            except LineLost:
                # Why may have been told before.
                while not inbox.empty():
                    message = inbox.get_nowait()
                    if message is not None:
                        await self._take(line, message)
                raise
            finally:
                self._drop_line()

    async def _greet(self, line: Line) -> None:
        hello = pb.Hello(min_version=1, max_version=1, capabilities=CAPABILITIES)
        if self._resume_token:
            hello.resume_token = self._resume_token
        else:
            self._invitation.show(hello)
        welcome = (await line.ask(pb.ClientMessage(hello=hello))).welcome
        self._line = line
        if welcome.room.protection_mode != Protection.MANAGED.value:
            raise EndToEndRoom(
                "the room is end-to-end encrypted: its keys are in the members' clients alone, and this client takes "
                "part in no group; come with a browser, or use a room that is managed"
            )
        self._owner.welcomed(welcome.room)
        if welcome.HasField("resumed"):
            self._entered(welcome.resumed, resumed=True)
        elif welcome.HasField("waiting"):
            self._waits(welcome.waiting)
        else:
            await self._join(line, welcome.display_name)

    async def _join(self, line: Line, fixed_name: str) -> None:
        if not fixed_name and not self._name.strip():
            raise NameNeeded("the invite names nobody: give the name that the others are to read")
        answer = await line.ask(pb.ClientMessage(join=pb.Join(display_name=self._name)))
        if answer.HasField("waiting"):
            self._waits(answer.waiting)
        else:
            self._entered(answer.joined, resumed=False)

    async def _take(self, line: Line, message: pb.ServerMessage | None) -> None:
        if message is None:
            await line.ask(pb.ClientMessage(ping=pb.Ping()))
            return
        match message.WhichOneof("body"):
            case "joined":
                self._entered(message.joined, resumed=False)
            case "waiting":
                self._waits(message.waiting)
            case "error":
                # One that is not final announces a close, after which the client comes back.
                if message.error.code in FINAL:
                    raise refusal(message.error)
            case "meeting_ended":
                raise MeetingOver(_REASONS.get(message.meeting_ended.reason, EndReason.ENDED))
            case _:
                self._owner.took(message)

    def _waits(self, waiting: pb.Waiting) -> None:
        self._resume_token = waiting.resume_token or self._resume_token
        self._arrived = True
        self._owner.waits(waiting)

    def _entered(self, joined: pb.Joined, resumed: bool) -> None:
        self._resume_token = joined.resume_token or self._resume_token
        self._arrived = True
        self._usable.set()
        self._owner.entered(joined, resumed)

    def _drop_line(self) -> None:
        if self._line is None:
            return
        self._line = None
        self._lost_s = asyncio.get_running_loop().time()
        self._usable.clear()

    def _judge(self, failure: LineLost | Refused) -> None:
        """Raises what is the end; returns when another try may help."""
        if self._leaves:
            raise MeetingOver(EndReason.LEFT) from failure
        if isinstance(failure, Refused):
            if failure.code == pb.ERROR_CODE_SESSION_LOST and self._resume_token:
                self._resume_token, self._attempt = "", 0
                return
            if failure.code in FINAL or not self._arrived:
                raise failure
        elif not self._arrived:
            raise Unreachable(str(failure)) from failure
        away_s = asyncio.get_running_loop().time() - self._lost_s
        if self._lost_s and away_s > self._patience_seconds:
            raise Unreachable(f"the appliance has not answered for {away_s:.0f} s: {failure}") from failure


async def _next(inbox: asyncio.Queue[pb.ServerMessage | None]) -> pb.ServerMessage | None:
    """The next message; None when there is none for so long that the client has to say something."""
    try:
        async with asyncio.timeout(PING_SECONDS):
            message = await inbox.get()
    except TimeoutError:
        return None
    if message is None:
        raise LineLost("the connection was lost")
    return message
