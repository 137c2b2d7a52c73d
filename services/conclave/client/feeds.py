"""Between whoever has pictures and sounds and the tracks that aiortc encodes and sends."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from typing import Protocol

import numpy as np
from aiortc import MediaStreamTrack
from av import AudioFrame, VideoFrame
from av.video.frame import PictureType
from numpy.typing import NDArray

from conclave.client.pace import Pace

__all__ = ["SAMPLE_RATE", "Feed", "PictureFeed", "SoundFeed", "track_of"]

SAMPLE_RATE = 48000
CHUNK_SAMPLES = 960
# What is sent faster than it is heard goes after this much; the oldest first.
MOST_SAMPLES = 2 * SAMPLE_RATE
# RFC 7741 section 4.1: VP8 counts time in 90 kHz.
VIDEO_CLOCK_HZ = 90000
# A picture that stands is sent again, so that those see it who come later.
REPEAT_SECONDS = 1.0
# Pictures that come at the very rate come a little early now and then.
TOLERANCE = 0.9


class Feed(Protocol):
    """Where a track takes its frames from."""

    @property
    def kind(self) -> str:
        """ "audio" or "video"."""

    async def next(self) -> AudioFrame | VideoFrame:
        """The next frame to send; waits until there is one."""


class PictureFeed:
    """The newest picture; nothing at all while there is none, or while nobody looks."""

    kind = "video"

    def __init__(self) -> None:
        self._least_s = 0.0
        self._begin_s: float | None = None
        self._sent_s = 0.0
        self._newest: VideoFrame | None = None
        self._fresh, self._looked_at = asyncio.Event(), asyncio.Event()
        self._looked_at.set()

    def begin(self, rate: float) -> None:
        """Shows at most about so many pictures a second from now on."""
        self._least_s = TOLERANCE / rate

    def clear(self) -> None:
        """Shows nothing any more."""
        self._newest = None
        self._fresh.clear()

    def put(self, picture: VideoFrame) -> None:
        """Shows a picture from now on."""
        self._newest = picture
        self._fresh.set()

    def want(self, wanted: bool) -> None:
        """Whether anybody looks."""
        if wanted:
            self._looked_at.set()
        else:
            self._looked_at.clear()

    async def next(self) -> VideoFrame:
        """The next picture, with its time."""
        loop = asyncio.get_running_loop()
        while True:
            await self._looked_at.wait()
            try:
                # Whoever begins to look may have to wait for the next picture of one that stands.
                async with asyncio.timeout(None if self._newest is None else REPEAT_SECONDS):
                    await self._fresh.wait()
            except TimeoutError:
                pass
            await asyncio.sleep(self._sent_s + self._least_s - loop.time())
            if self._newest is not None and self._looked_at.is_set():
                break
        self._fresh.clear()
        self._sent_s = loop.time()
        if self._begin_s is None:
            self._begin_s = self._sent_s
        picture = self._newest
        picture.pts, picture.time_base = (
            int((self._sent_s - self._begin_s) * VIDEO_CLOCK_HZ),
            Fraction(1, VIDEO_CLOCK_HZ),
        )
        # The encoder leaves a mark on what it made a key frame of, and this one may be sent again.
        picture.pict_type = PictureType.NONE
        return picture


class SoundFeed:
    """Sound in the order in which it came, in real time; nothing at all while there is none."""

    kind = "audio"

    def __init__(self) -> None:
        self._pace = Pace(CHUNK_SAMPLES / SAMPLE_RATE)
        self._samples: NDArray[np.int16] = np.zeros((0, 2), np.int16)
        self._changed = asyncio.Event()

    def put(self, samples: NDArray[np.int16]) -> None:
        """Adds samples, two channels of them."""
        self._samples = np.concatenate([self._samples, samples])[-MOST_SAMPLES:]
        self._changed.set()

    def clear(self) -> None:
        """Forgets what is not sent yet."""
        self._samples = self._samples[:0]
        self._changed.set()

    async def below(self, count: int) -> None:
        """Returns once no more than so many samples wait."""
        while len(self._samples) > count:
            self._changed.clear()
            await self._changed.wait()

    async def next(self) -> AudioFrame:
        """The next 20 ms, with their time."""
        while True:
            step, _ = await self._pace.next()
            if len(self._samples) >= CHUNK_SAMPLES:
                break
            self._changed.clear()
            await self._changed.wait()
        chunk, self._samples = self._samples[:CHUNK_SAMPLES], self._samples[CHUNK_SAMPLES:]
        self._changed.set()
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(chunk).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), step * CHUNK_SAMPLES
        return frame


class _Track(MediaStreamTrack):
    """A feed as aiortc takes it, for one peer connection: that one stops it in its end."""

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self.kind = feed.kind
        self._feed = feed

    async def recv(self) -> AudioFrame | VideoFrame:
        """The next frame."""
        return await self._feed.next()


def track_of(feed: Feed) -> MediaStreamTrack:
    """A track that takes its frames from a feed."""
    return _Track(feed)
