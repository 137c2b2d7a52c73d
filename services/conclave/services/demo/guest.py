"""One synthetic participant, from its invite to its leave."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from dataclasses import dataclass
from enum import StrEnum

from conclave.services.demo.conversation import Speech
from conclave.services.demo.line import Line, LineLost, Refused, open_line
from conclave.services.demo.portrait import Portrait
from conclave.services.demo.publication import Publication
from conclave.services.demo.slides import Slides
from conclave.services.demo.tracks import CameraTrack, MicrophoneTrack, Screen, ScreenTrack
from conclave.services.journal.lines import fields
from conclave.v1 import meetings_pb2
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Gateway", "Guest", "GuestState"]

CAPABILITIES = ("slots", "lobby")
# A client says something every 20 s at least.
PING_SECONDS = 15.0
# From a lost connection, or a failure that passes, to another try.
RETRY_SECONDS = 1.0
# What a farewell may take.
LEAVE_SECONDS = 3.0
# Who was muted switches the microphone on again after so long.
MUTED_SECONDS = 60.0
# A meeting that was ended for everybody begins again after so long.
INTERMISSION_SECONDS = 15.0

PASSING = {
    pb.ERROR_CODE_UNAVAILABLE,
    pb.ERROR_CODE_INTERNAL,
    pb.ERROR_CODE_LIMIT_EXCEEDED,
    pb.ERROR_CODE_SESSION_LOST,
}

_log = logging.getLogger(__name__)


class GuestState(StrEnum):
    """How far a guest is."""

    COMING = "coming"
    WAITING = "waiting"
    PRESENT = "present"
    GONE = "gone"


class _Happening(StrEnum):
    """What happens besides messages."""

    LINE_LOST = "line lost"
    CHANGED = "changed"


# A publication says that it is lost.
_News = pb.ServerMessage | Publication | _Happening


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where guests go in: the origin, and whom to trust there."""

    origin: str
    trust: ssl.SSLContext


class _Gone(Exception):
    """The guest does not come back; the text says why, for people."""


class Guest:
    """Joins, sends voice and picture, does what a client must, and comes back after whatever can be survived."""

    def __init__(self, name: str, invite_token: str, gateway: Gateway, portrait: Portrait, speech: Speech) -> None:
        self.name, self.state, self.reason = name, GuestState.COMING, ""
        self.speech, self.screen = speech, Screen()
        self._invite_token, self._gateway, self._portrait = invite_token, gateway, portrait
        self._resume_token = ""
        self._inbox: asyncio.Queue[_News] = asyncio.Queue()
        self._publication: Publication | None = None
        self._mute_ends_s = 0.0
        self._settled = asyncio.Event()

    async def settled(self) -> None:
        """Returns once the guest is seen and heard, waits to be let in, or is gone."""
        await self._settled.wait()

    def share(self, slides: Slides) -> None:
        """Shows slides to everybody."""
        self.screen.show(slides)
        self._inbox.put_nowait(_Happening.CHANGED)

    def stop_sharing(self) -> None:
        """Shows nothing but itself."""
        self.screen.hide()
        self._inbox.put_nowait(_Happening.CHANGED)

    async def run(self) -> None:
        """Takes part until the guest is sent away; cancelled, it leaves."""
        try:
            while True:
                try:
                    await self._attend()
                except LineLost:
                    await asyncio.sleep(RETRY_SECONDS)
                except Refused as refusal:
                    if refusal.code not in PASSING:
                        raise _Gone(str(refusal)) from refusal
                    if refusal.code == pb.ERROR_CODE_SESSION_LOST:
                        await self._forget_session()
                    await asyncio.sleep(RETRY_SECONDS)
        except _Gone as gone:
            self.reason = str(gone)
            _log.info("a guest is gone", extra=fields(reason=self.reason))
        finally:
            await self._forget_session()
            self._become(GuestState.GONE)

    async def _attend(self) -> None:
        """One connection, from Hello to its end."""
        self._inbox = asyncio.Queue()
        inbox = self._inbox

        def tell(message: pb.ServerMessage | None) -> None:
            inbox.put_nowait(_Happening.LINE_LOST if message is None else message)

        async with open_line(self._gateway.origin, self._gateway.trust, tell) as line:
            try:
                await self._enter(line)
                while True:
                    await self._take(line, await self._next())
                    await self._unmute_in_time(line)
            except LineLost:
                # Why may have been told before.
                for news in iter(self._heard, None):
                    if isinstance(news, pb.ServerMessage) and news.HasField("meeting_ended"):
                        await self._take_message(line, news)
                raise
            except asyncio.CancelledError:
                with contextlib.suppress(LineLost, Refused, TimeoutError):
                    async with asyncio.timeout(LEAVE_SECONDS):
                        await line.ask(pb.ClientMessage(leave=pb.Leave()))
                raise

    def _heard(self) -> _News | None:
        """What has happened and was not taken; None when there is nothing."""
        return None if self._inbox.empty() else self._inbox.get_nowait()

    async def _next(self) -> _News | None:
        """What happens next; None when nothing does for a while."""
        try:
            async with asyncio.timeout(PING_SECONDS):
                return await self._inbox.get()
        except TimeoutError:
            return None

    async def _enter(self, line: Line) -> None:
        hello = pb.Hello(min_version=1, max_version=1, capabilities=CAPABILITIES)
        if self._resume_token:
            hello.resume_token = self._resume_token
        else:
            hello.invite_token = self._invite_token
        welcome = (await line.ask(pb.ClientMessage(hello=hello))).welcome
        if welcome.HasField("resumed"):
            await self._joined(line, welcome.resumed)
        elif welcome.HasField("waiting"):
            self._waits(welcome.waiting)
        else:
            answer = await line.ask(pb.ClientMessage(join=pb.Join(display_name=self.name)))
            if answer.HasField("waiting"):
                self._waits(answer.waiting)
            else:
                await self._joined(line, answer.joined)

    async def _take(self, line: Line, what: _News | None) -> None:
        """Takes what happened."""
        match what:
            case None:
                await line.ask(pb.ClientMessage(ping=pb.Ping()))
            case _Happening.LINE_LOST:
                raise LineLost
            case _Happening.CHANGED if self.state is GuestState.PRESENT:
                await self._tell_sources(line)
            case Publication() if what is self._publication:
                await self._publish(line)
            case pb.ServerMessage():
                await self._take_message(line, what)

    async def _take_message(self, line: Line, message: pb.ServerMessage) -> None:
        match message.WhichOneof("body"):
            case "joined":
                await self._joined(line, message.joined)
            case "waiting":
                self._waits(message.waiting)
            case "media_lost":
                await self._publish(line)
            case "mute_requested":
                self.speech.microphone = False
                self._mute_ends_s = asyncio.get_running_loop().time() + MUTED_SECONDS
            case "error":
                raise Refused(message.error)
            case "meeting_ended":
                await self._forget_session()
                await self._take_end(message.meeting_ended.reason)

    async def _take_end(self, reason: meetings_pb2.EndReason.ValueType) -> None:
        match reason:
            case meetings_pb2.END_REASON_REMOVED:
                raise _Gone("removed by a host")
            case meetings_pb2.END_REASON_TURNED_AWAY:
                raise _Gone("not let in by a host")
            case meetings_pb2.END_REASON_ENDED:
                self._become(GuestState.COMING)
                await asyncio.sleep(INTERMISSION_SECONDS)
        raise LineLost

    def _waits(self, waiting: pb.Waiting) -> None:
        self._resume_token = waiting.resume_token
        self._become(GuestState.WAITING)

    async def _joined(self, line: Line, joined: pb.Joined) -> None:
        self._resume_token = joined.resume_token
        await self._tell_sources(line)
        if not joined.media_connected or self._publication is None or not self._publication.connected:
            await self._publish(line)
        self._become(GuestState.PRESENT)

    async def _tell_sources(self, line: Line) -> None:
        states = (
            (meetings_pb2.SOURCE_KIND_MICROPHONE, self.speech.microphone),
            (meetings_pb2.SOURCE_KIND_CAMERA, True),
            (meetings_pb2.SOURCE_KIND_SCREEN, self.screen.shared),
        )
        sources = [pb.SourceState(kind=kind, active=active) for kind, active in states]
        await line.ask(pb.ClientMessage(set_sources=pb.SetSources(sources=sources)))

    async def _unmute_in_time(self, line: Line) -> None:
        if (
            self._mute_ends_s
            and self.state is GuestState.PRESENT
            and asyncio.get_running_loop().time() >= self._mute_ends_s
        ):
            self._mute_ends_s, self.speech.microphone = 0.0, True
            await self._tell_sources(line)

    async def _publish(self, line: Line) -> None:
        """Sends over a new peer connection, in place of the one before."""
        await self._unpublish()
        tracks = MicrophoneTrack(self.speech), CameraTrack(self._portrait, self.speech), ScreenTrack(self.screen)
        publication = self._publication = Publication(*tracks)
        later = asyncio.get_running_loop().call_later
        # Signalling may say meanwhile why it was lost, and that the guest is to go.
        publication.when_lost(lambda: later(RETRY_SECONDS, self._lose, publication))
        answer = await line.ask(pb.ClientMessage(offer=await publication.offer()))
        await publication.accept(answer.answer)

    def _lose(self, publication: Publication) -> None:
        self._inbox.put_nowait(publication)

    async def _unpublish(self) -> None:
        publication, self._publication = self._publication, None
        if publication is not None:
            await publication.close()

    async def _forget_session(self) -> None:
        self._resume_token = ""
        await self._unpublish()

    def _become(self, state: GuestState) -> None:
        self.state = state
        if state is not GuestState.COMING:
            self._settled.set()
