"""One synthetic participant, from its invite to its leave."""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from conclave.client import (
    Client,
    ClientError,
    Ended,
    EndReason,
    LimitExceeded,
    Meeting,
    MeetingOver,
    Muted,
    PictureOutlet,
    SoundOutlet,
    Source,
    Unavailable,
    Unreachable,
)
from conclave.services.demo.conversation import Speech
from conclave.services.demo.portrait import Portrait
from conclave.services.demo.slides import Slides
from conclave.services.demo.streams import (
    CAMERA_RATE,
    SCREEN_RATE,
    Screen,
    camera_pictures,
    microphone_sounds,
    screen_pictures,
)
from conclave.services.journal.lines import fields

__all__ = ["Gateway", "Guest", "GuestState"]

# From a failure that passes to another try.
RETRY_SECONDS = 1.0
# Who was muted switches the microphone on again after so long.
MUTED_SECONDS = 60.0
# A meeting that was ended for everybody begins again after so long.
INTERMISSION_SECONDS = 15.0

_log = logging.getLogger(__name__)


class GuestState(StrEnum):
    """How far a guest is."""

    COMING = "coming"
    WAITING = "waiting"
    PRESENT = "present"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where guests go in: the origin, and the file of the authority to trust there."""

    origin: str
    authority: Path


class _Gone(Exception):
    """The guest does not come back; the text says why, for people."""


class Guest:
    """Joins, sends voice and picture, and comes back after whatever can be survived."""

    def __init__(self, name: str, invite_token: str, gateway: Gateway, portrait: Portrait, speech: Speech) -> None:
        self.name, self.state, self.reason = name, GuestState.COMING, ""
        self.speech, self.screen = speech, Screen()
        self._invite_token, self._gateway, self._portrait = invite_token, gateway, portrait
        self._microphone: SoundOutlet | None = None
        self._screen_outlet: PictureOutlet | None = None
        self._settled = asyncio.Event()

    async def settled(self) -> None:
        """Returns once the guest is seen and heard, waits to be let in, or is gone."""
        await self._settled.wait()

    def share(self, slides: Slides) -> None:
        """Shows slides to everybody."""
        self.screen.show(slides)
        if self._screen_outlet is not None:
            self._screen_outlet.resume()

    def stop_sharing(self) -> None:
        """Shows nothing but itself."""
        self.screen.hide()
        if self._screen_outlet is not None:
            self._screen_outlet.pause()

    async def run(self) -> None:
        """Takes part until the guest is sent away; cancelled, it leaves."""
        try:
            while True:
                try:
                    await self._attend()
                except (Unreachable, Unavailable, LimitExceeded):
                    pass  # The appliance starts, or restarts.
                except MeetingOver as over:
                    await self._take_end(over.reason, str(over))
                except ClientError as refusal:
                    raise _Gone(str(refusal)) from refusal
                self._become(GuestState.COMING)
                await asyncio.sleep(RETRY_SECONDS)
        except _Gone as gone:
            self.reason = str(gone)
            _log.info("a guest is gone", extra=fields(reason=self.reason))
        finally:
            self._become(GuestState.GONE)

    async def _attend(self) -> None:
        """One meeting, from the door to its end."""
        meeting = await Client.join(
            f"{self._gateway.origin}/join#{self._invite_token}",
            name=self.name,
            authority=self._gateway.authority,
            pictures=0,
            sounds=0,
            patience_seconds=math.inf,
            when_waiting=lambda _: self._become(GuestState.WAITING),
        )
        async with meeting:
            events = meeting.events()
            await self._publish(meeting)
            self._become(GuestState.PRESENT)
            async for event in events:
                match event:
                    case Muted():
                        self.speech.microphone = False
                        asyncio.get_running_loop().call_later(MUTED_SECONDS, self._unmute)
                    case Ended():
                        await self._take_end(event.reason, event.text)

    async def _publish(self, meeting: Meeting) -> None:
        microphone = self._microphone = await meeting.publish_microphone()
        camera = await meeting.publish_camera(rate=CAMERA_RATE)
        screen = self._screen_outlet = await meeting.publish_camera(rate=SCREEN_RATE, source=Source.SCREEN)
        if not self.speech.microphone:
            microphone.pause()
        if not self.screen.shared:
            screen.pause()
        microphone.follow(microphone_sounds(self.speech))
        camera.follow(camera_pictures(self._portrait, self.speech))
        screen.follow(screen_pictures(self.screen))

    async def _take_end(self, reason: EndReason, text: str) -> None:
        self._microphone = self._screen_outlet = None
        match reason:
            case EndReason.REMOVED | EndReason.TURNED_AWAY:
                raise _Gone(reason.value)
            case EndReason.REFUSED:
                raise _Gone(text)
            case EndReason.ENDED:
                self._become(GuestState.COMING)
                await asyncio.sleep(INTERMISSION_SECONDS)

    def _unmute(self) -> None:
        self.speech.microphone = True
        if self._microphone is not None:
            self._microphone.resume()

    def _become(self, state: GuestState) -> None:
        self.state = state
        if state is not GuestState.COMING:
            self._settled.set()
