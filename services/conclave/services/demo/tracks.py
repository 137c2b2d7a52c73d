"""Sound and pictures as tracks that aiortc encodes and sends."""

from __future__ import annotations

import asyncio
from fractions import Fraction

from aiortc import MediaStreamTrack
from av import AudioFrame, VideoFrame

from conclave.services.demo.conversation import Speech
from conclave.services.demo.planes import Planes
from conclave.services.demo.portrait import Portrait
from conclave.services.demo.slides import Slides
from conclave.services.demo.voice import CHUNK_SAMPLES, CHUNK_SECONDS, SAMPLE_RATE

__all__ = ["CameraTrack", "MicrophoneTrack", "Screen", "ScreenTrack"]

CAMERA_FRAMES_PER_SECOND = 12
SCREEN_FRAMES_PER_SECOND = 4
# RFC 7741 section 4.1: VP8 counts time in 90 kHz.
VIDEO_CLOCK_HZ = 90000


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


class Pace:
    """Wakes at even steps of time. Steps that were missed are left out, and the numbers of steps tell so."""

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._begin_s: float | None = None
        self._step = 0

    async def next(self) -> tuple[int, float]:
        """Waits for a step; returns its number and the moment, in the loop's seconds."""
        now_s = asyncio.get_running_loop().time()
        if self._begin_s is None:
            self._begin_s = now_s
        self._step = max(self._step + 1, int((now_s - self._begin_s) / self._step_s))
        await asyncio.sleep(self._begin_s + self._step * self._step_s - now_s)
        return self._step, self._begin_s + self._step * self._step_s


class MicrophoneTrack(MediaStreamTrack):
    """Somebody's voice; nothing at all while the microphone is off."""

    kind = "audio"

    def __init__(self, speech: Speech) -> None:
        super().__init__()
        self._speech, self._pace = speech, Pace(CHUNK_SECONDS)

    async def recv(self) -> AudioFrame:
        """The next 20 ms."""
        step, now_s = await self._pace.next()
        while not self._speech.microphone:
            step, now_s = await self._pace.next()
        frame = AudioFrame.from_ndarray(self._speech.chunk(now_s)[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), step * CHUNK_SAMPLES
        return frame


class CameraTrack(MediaStreamTrack):
    """Somebody's picture."""

    kind = "video"

    def __init__(self, portrait: Portrait, speech: Speech) -> None:
        super().__init__()
        self._portrait, self._speech = portrait, speech
        self._pace = Pace(1 / CAMERA_FRAMES_PER_SECOND)

    async def recv(self) -> VideoFrame:
        """The next picture."""
        step, now_s = await self._pace.next()
        planes = self._portrait.frame(now_s, self._speech.loudness(now_s))
        return _video_frame(planes, step, CAMERA_FRAMES_PER_SECOND)


class ScreenTrack(MediaStreamTrack):
    """Somebody's screen; nothing at all while it is not shared."""

    kind = "video"

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen, self._pace = screen, Pace(1 / SCREEN_FRAMES_PER_SECOND)

    async def recv(self) -> VideoFrame:
        """The next picture."""
        slides = await self._screen.slides()
        step, now_s = await self._pace.next()
        return _video_frame(slides.frame(now_s), step, SCREEN_FRAMES_PER_SECOND)


def _video_frame(planes: Planes, step: int, frames_per_second: int) -> VideoFrame:
    frame = VideoFrame.from_ndarray(planes.packed(), format="yuv420p")
    frame.pts, frame.time_base = step * (VIDEO_CLOCK_HZ // frames_per_second), Fraction(1, VIDEO_CLOCK_HZ)
    return frame
