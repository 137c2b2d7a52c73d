"""A file of pictures and sound, played into a meeting through PyAV."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Generator, Iterator
from pathlib import Path

import av
import numpy as np
from av import AudioFrame, AudioResampler, VideoFrame

from conclave.client.feeds import SAMPLE_RATE
from conclave.client.outlets import PictureOutlet, SoundOutlet

__all__ = ["Playback", "what_is_in"]

# Larger pictures are sent smaller: this is what everybody's line carries.
MOST_WIDTH, MOST_HEIGHT = 1280, 720
# How far pictures and sound of the same moment may lie apart in a file.
SPREAD_SECONDS = 1.0


class Playback:
    """A file that plays. Await `finished` for its end, or `stop` it."""

    def __init__(self, path: Path, picture: PictureOutlet | None, sound: SoundOutlet | None, repeat: bool) -> None:
        self._path, self._picture, self._sound, self._repeat = path, picture, sound, repeat
        self._task = asyncio.create_task(self._play())

    async def finished(self) -> None:
        """Returns when the file has been played; what it was published as is stopped then. Raises av.FFmpegError."""
        await asyncio.shield(self._task)

    async def stop(self) -> None:
        """Ends it."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _play(self) -> None:
        try:
            while True:
                await self._play_once()
                if not self._repeat:
                    break
        finally:
            for outlet in (self._picture, self._sound):
                if outlet is not None:
                    await outlet.stop()

    async def _play_once(self) -> None:
        loop = asyncio.get_running_loop()
        frames = _frames(self._path, self._picture is not None, self._sound is not None)
        begin_s = loop.time()
        decoding: asyncio.Future[tuple[float, AudioFrame | VideoFrame] | None] | None = None
        try:
            while True:
                # Decoding takes its time, which is not to hold up the meeting.
                decoding = asyncio.ensure_future(asyncio.to_thread(next, frames, None))
                found = await asyncio.shield(decoding)
                if found is None:
                    break
                moment_s, frame = found
                await asyncio.sleep(begin_s + moment_s - loop.time())
                if isinstance(frame, VideoFrame) and self._picture is not None:
                    self._picture.send(frame)
                elif isinstance(frame, AudioFrame) and self._sound is not None:
                    self._sound.send(frame.to_ndarray().reshape(-1, 2).astype(np.int16, copy=False))
            if self._sound is not None:
                await self._sound.drain()
        finally:
            # A generator cannot be closed while it works in its thread.
            await asyncio.gather(*([] if decoding is None else [decoding]), return_exceptions=True)
            frames.close()


def what_is_in(path: Path) -> tuple[bool, bool]:
    """Whether a file has pictures, and whether it has sound. Raises av.FFmpegError and OSError."""
    with av.open(str(path)) as container:
        return bool(container.streams.video), bool(container.streams.audio)


def _frames(path: Path, pictures: bool, sounds: bool) -> Generator[tuple[float, AudioFrame | VideoFrame]]:
    """Frames in the order of their moments, seconds from the beginning of the file."""
    count = itertools.count()
    waiting: list[tuple[float, int, AudioFrame | VideoFrame]] = []
    latest_s = 0.0
    for moment_s, frame in _decoded(path, pictures, sounds):
        heapq.heappush(waiting, (moment_s, next(count), frame))
        latest_s = max(latest_s, moment_s)
        while waiting and waiting[0][0] < latest_s - SPREAD_SECONDS:
            moment_s, _, frame = heapq.heappop(waiting)
            yield moment_s, frame
    while waiting:
        moment_s, _, frame = heapq.heappop(waiting)
        yield moment_s, frame


def _decoded(path: Path, pictures: bool, sounds: bool) -> Iterator[tuple[float, AudioFrame | VideoFrame]]:
    resampler = AudioResampler(format="s16", layout="stereo", rate=SAMPLE_RATE)
    with av.open(str(path)) as container:
        streams = [*container.streams.video[: int(pictures)], *container.streams.audio[: int(sounds)]]
        starts = [each.start_time * each.time_base for each in streams if each.start_time and each.time_base]
        first_s = float(min(starts, default=0))
        for frame in container.decode(*streams):
            if isinstance(frame, VideoFrame) and frame.time is not None:
                yield frame.time - first_s, _fitted(frame)
            elif isinstance(frame, AudioFrame) and frame.time is not None:
                moment_s = frame.time - first_s
                for part in resampler.resample(frame):
                    yield moment_s, part
                    moment_s += part.samples / SAMPLE_RATE


def _fitted(frame: VideoFrame) -> VideoFrame:
    """A picture that is no larger than is sent, with even sides, as the encoder takes them."""
    scale = min(1.0, MOST_WIDTH / frame.width, MOST_HEIGHT / frame.height)
    width, height = (2 * round(side * scale / 2) for side in (frame.width, frame.height))
    return frame.reformat(width=width, height=height, format="yuv420p")
