"""Sound and pictures, one after the other in real time, as the client sends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

from conclave.client import Pace
from conclave.services.demo.conversation import Speech
from conclave.services.demo.planes import Planes
from conclave.services.demo.portrait import Portrait
from conclave.services.demo.slides import Slides
from conclave.services.demo.voice import CHUNK_SECONDS

__all__ = ["CAMERA_RATE", "SCREEN_RATE", "Screen", "camera_pictures", "microphone_sounds", "screen_pictures"]

# Pictures a second.
CAMERA_RATE = 12
SCREEN_RATE = 4


class Screen:
    """What a participant shows besides itself, from the moment on when there is something."""

    def __init__(self) -> None:
        self._slides: Slides | None = None
        self._shown = asyncio.Event()

    @property
    def shared(self) -> bool:
        """Whether there is something to see."""
        return self._shown.is_set()

    def show(self, slides: Slides) -> None:
        """Begins to show slides."""
        self._slides = slides
        self._shown.set()

    def hide(self) -> None:
        """Shows nothing any more."""
        self._shown.clear()

    async def slides(self) -> Slides:
        """What is shown; waits until something is."""
        await self._shown.wait()
        assert self._slides is not None, "set before the event is"
        return self._slides


async def microphone_sounds(speech: Speech) -> AsyncIterator[NDArray[np.int16]]:
    """Somebody's voice, 20 ms at a time; nothing at all while the microphone is off."""
    pace = Pace(CHUNK_SECONDS)
    while True:
        _, now_s = await pace.next()
        if speech.microphone:
            yield speech.chunk(now_s)


async def camera_pictures(portrait: Portrait, speech: Speech) -> AsyncIterator[VideoFrame]:
    """Somebody's picture."""
    pace = Pace(1 / CAMERA_RATE)
    while True:
        _, now_s = await pace.next()
        yield _frame(portrait.frame(now_s, speech.loudness(now_s)))


async def screen_pictures(screen: Screen) -> AsyncIterator[VideoFrame]:
    """Somebody's screen; nothing at all while it is not shared."""
    pace = Pace(1 / SCREEN_RATE)
    while True:
        slides = await screen.slides()
        _, now_s = await pace.next()
        yield _frame(slides.frame(now_s))


def _frame(planes: Planes) -> VideoFrame:
    return VideoFrame.from_ndarray(planes.packed(), format="yuv420p")
