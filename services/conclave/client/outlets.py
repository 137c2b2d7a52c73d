"""What a client publishes: pictures and sound, from NumPy arrays or frames of PyAV."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable
from typing import Any

import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

from conclave.client.feeds import SAMPLE_RATE, PictureFeed, SoundFeed
from conclave.client.people import Source

__all__ = ["PictureOutlet", "SoundOutlet", "packed_samples"]

# Whoever drains a microphone is woken this much before it falls silent.
LOW_SAMPLES = SAMPLE_RATE // 10

# Says that a source is on or off.
SetActive = Callable[[Source, bool], None]
# A picture: an array of RGB, or a frame of PyAV's.
Picture = NDArray[np.uint8] | VideoFrame
# Sound: an array of samples of 48 kHz.
Sound = NDArray[np.int16] | NDArray[np.float32]


class _Outlet:
    """One published source. active: whether it is on; the others see that."""

    def __init__(self, source: Source, set_active: SetActive, stop: Callable[[Source], None]) -> None:
        self.source, self.active = source, True
        self._set_active, self._stop = set_active, stop
        self._following: asyncio.Task[None] | None = None

    def pause(self) -> None:
        """Switches the source off, for everybody to see; what is sent meanwhile goes nowhere."""
        self._turn(False)

    def resume(self) -> None:
        """Switches it on again, also after a host has muted it."""
        self._turn(True)

    async def stop(self) -> None:
        """Ends it; the same kind may be published anew."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        self.active = False
        self._stop(self.source)

    def muted(self) -> None:
        """The appliance has switched it off."""
        self.active = False

    def _turn(self, active: bool) -> None:
        self.active = active
        self._set_active(self.source, active)

    def _follow(self, frames: AsyncIterable[Any], send: Callable[[Any], None]) -> asyncio.Task[None]:
        if self._following is not None and not self._following.done():
            raise ValueError(f"the {self.source} follows something already; stop it first")

        async def follow() -> None:
            async for frame in frames:
                send(frame)

        self._following = asyncio.create_task(follow())
        return self._following


class PictureOutlet(_Outlet):
    """A published camera or screen."""

    def __init__(
        self,
        source: Source,
        feed: PictureFeed,
        size: tuple[int, int] | None,
        set_active: SetActive,
        stop: Callable[[Source], None],
    ) -> None:
        super().__init__(source, set_active, stop)
        self._feed, self._size = feed, size

    def send(self, picture: Picture) -> None:
        """Shows a picture until the next one. Never waits: of those that come faster than the rate some are left out.

        picture: uint8 of shape (height, width, 3), red first, with the size that was published; or a frame of PyAV's of
        any size. Raises ValueError for another shape.
        """
        frame = picture if isinstance(picture, VideoFrame) else self._frame(picture)
        if self.active:
            self._feed.put(frame)

    def follow(self, pictures: AsyncIterable[Picture]) -> asyncio.Task[None]:
        """Sends whatever an asynchronous iterator yields, as `send` does, until it ends; returns the task."""
        return self._follow(pictures, self.send)

    def _frame(self, picture: NDArray[np.uint8]) -> VideoFrame:
        shape = None if self._size is None else (self._size[1], self._size[0], 3)
        is_rgb = picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
        if not is_rgb or shape not in (None, picture.shape):
            expected = "(height, width, 3)" if shape is None else str(shape)
            raise ValueError(f"a picture is uint8 of shape {expected}, not {picture.dtype} of {picture.shape}")
        # Converted at once: the caller may go on drawing into the array.
        return VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(format="yuv420p")


class SoundOutlet(_Outlet):
    """A published microphone, or the sound of a screen."""

    def __init__(
        self,
        source: Source,
        feed: SoundFeed,
        set_active: SetActive,
        stop: Callable[[Source], None],
    ) -> None:
        super().__init__(source, set_active, stop)
        self._feed = feed

    def send(self, samples: Sound) -> None:
        """Adds sound, which is sent in real time. Never waits; beyond two seconds the oldest is left out.

        samples: int16, or float32 from -1 to 1, at 48 kHz, of shape (count,) for one channel or (count, 2) for two.
        Raises ValueError for another shape or type.
        """
        packed = packed_samples(samples)
        if self.active:
            self._feed.put(packed)

    async def drain(self) -> None:
        """Returns once what was sent is nearly heard: whoever has more than two seconds of sound waits in between."""
        await self._feed.below(LOW_SAMPLES)

    def follow(self, sounds: AsyncIterable[Sound]) -> asyncio.Task[None]:
        """Sends whatever an asynchronous iterator yields, as `send` does, until it ends; returns the task."""
        return self._follow(sounds, self.send)

    def pause(self) -> None:
        """Switches the source off, for everybody to see, and forgets what is not heard yet."""
        super().pause()
        self._feed.clear()

    def muted(self) -> None:
        """The appliance has switched it off."""
        super().muted()
        self._feed.clear()


def packed_samples(samples: Sound) -> NDArray[np.int16]:
    """Samples as int16 of two channels. Raises ValueError."""
    if samples.ndim not in (1, 2) or (samples.ndim == 2 and samples.shape[1] != 2):
        raise ValueError(f"sound has shape (count,) or (count, 2), not {samples.shape}")
    if samples.dtype == np.float32:
        packed = np.rint(np.clip(samples, -1, 1) * 32767).astype(np.int16)
    elif samples.dtype == np.int16:
        packed = np.array(samples, np.int16)
    else:
        raise ValueError(f"sound is int16 or float32, not {samples.dtype}")
    return packed if packed.ndim == 2 else np.repeat(packed[:, None], 2, 1)
