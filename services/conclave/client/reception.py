"""What a client looks at and hears: slots, shown where they are wanted."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from av import AudioFrame, VideoFrame
from numpy.typing import NDArray

from conclave.client.errors import ClientError
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Picture", "PictureStream", "Reception", "Sound", "SoundStream", "TooManyPictures"]

# Chunks of 20 ms that wait for whoever listens; the oldest go first.
MOST_CHUNKS = 100


class TooManyPictures(ClientError):
    """More pictures at once than `Client.join` was told to receive."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it was received. image: uint8 of shape (height, width, 3), red first; time_s: in the loop's time."""

    image: NDArray[np.uint8]
    time_s: float


@dataclass(frozen=True, slots=True)
class Sound:
    """20 ms of somebody's sound. samples: int16 of shape (960, 2), at 48 kHz; time_s: in the loop's time."""

    participant_id: str
    samples: NDArray[np.int16]
    time_s: float


Item = TypeVar("Item")


class _Stream(Generic[Item]):
    """An asynchronous iterator over the newest of what comes."""

    def __init__(self, most: int) -> None:
        self._waiting: deque[Item] = deque(maxlen=most)
        self._stir = asyncio.Event()
        self._ended = False

    def put(self, item: Item) -> None:
        """Adds the newest; the oldest that waits makes room."""
        self._waiting.append(item)
        self._stir.set()

    def end(self) -> None:
        """Nothing comes any more."""
        self._ended = True
        self._stir.set()

    async def _next(self) -> Item:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._stir.clear()
            await self._stir.wait()
        return self._waiting.popleft()


class PictureStream(_Stream[tuple[VideoFrame, float]]):
    """Yields the newest Picture of one source; those that nobody took in time are left out. Close it when done."""

    def __init__(self, reception: Reception, source_id: str, height: int) -> None:
        super().__init__(1)
        self.source_id, self.height = source_id, height
        self._reception = reception

    def __aiter__(self) -> PictureStream:
        return self

    async def __anext__(self) -> Picture:
        frame, time_s = await self._next()
        # Only what somebody takes is converted.
        return Picture(frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False), time_s)

    def close(self) -> None:
        """Stops looking: the slot is free for another picture."""
        self.end()
        self._reception.stop_looking(self)


class SoundStream(_Stream[Sound]):
    """Yields 20 ms after 20 ms of whoever is heard, or of one participant. Close it when done."""

    def __init__(self, reception: Reception, participant_id: str) -> None:
        super().__init__(MOST_CHUNKS)
        self.participant_id = participant_id
        self._reception = reception

    def __aiter__(self) -> SoundStream:
        return self

    async def __anext__(self) -> Sound:
        return await self._next()

    def close(self) -> None:
        """Stops listening."""
        self.end()
        self._reception.stop_listening(self)


class Reception:
    """Which slot shows what for whom. No input or output: `changed` is set when there is something to tell."""

    def __init__(self, most_pictures: int) -> None:
        self.changed = asyncio.Event()
        self._most_pictures = most_pictures
        self._looking: list[PictureStream] = []
        self._listening: list[SoundStream] = []
        self._shown: dict[str, str] = {}
        self._video_mids: list[str] = []
        self._assigned: dict[str, PictureStream] = {}
        self._told: dict[str, tuple[str, int]] = {}

    @property
    def wanted(self) -> bool:
        """Whether anything is to be received."""
        return bool(self._looking or self._listening)

    def look(self, source_id: str, height: int) -> PictureStream:
        """Begins to look at a source. Raises TooManyPictures."""
        if len(self._looking) >= self._most_pictures:
            raise TooManyPictures(
                f"{self._most_pictures} pictures are received at once: close a stream, or join with more `pictures`"
            )
        stream = PictureStream(self, source_id, height)
        self._looking.append(stream)
        self.changed.set()
        return stream

    def listen(self, participant_id: str) -> SoundStream:
        """Begins to listen to a participant, or with an empty id to everybody."""
        stream = SoundStream(self, participant_id)
        self._listening.append(stream)
        self.changed.set()
        return stream

    def stop_looking(self, stream: PictureStream) -> None:
        """Gives a picture's slot back."""
        self._looking = [each for each in self._looking if each is not stream]
        self._assigned = {mid: each for mid, each in self._assigned.items() if each is not stream}
        self.changed.set()

    def stop_listening(self, stream: SoundStream) -> None:
        """Listens no more."""
        self._listening = [each for each in self._listening if each is not stream]

    def end(self, participant_id: str = "") -> None:
        """Ends what is received of somebody who is gone, or with an empty id everything."""
        for looking in list(self._looking):
            if not participant_id or looking.source_id.startswith(f"{participant_id}/"):
                looking.close()
        for listening in list(self._listening):
            if participant_id in ("", listening.participant_id):
                listening.close()

    def renew(self, slots: Iterable[pb.Slot]) -> None:
        """There are new slots, which show nothing yet."""
        found = list(slots)
        self._video_mids = [slot.mid for slot in found if not slot.audio]
        self._shown = {slot.mid: slot.source_id for slot in found}
        self._assigned, self._told = {}, {}
        self.changed.set()

    def took(self, slots: Iterable[pb.Slot]) -> None:
        """Slots show something else."""
        self._shown.update({slot.mid: slot.source_id for slot in slots})
        self.changed.set()

    def wishes(self) -> list[pb.SlotWish]:
        """What the appliance has to be told now: the difference to what `told` confirmed."""
        for stream in self._looking:
            if stream not in self._assigned.values():
                # A slot is given away only once it shows nothing: pictures that come in it are nobody else's.
                free = next((mid for mid in self._video_mids if self._is_free(mid)), None)
                if free is not None:
                    self._assigned[free] = stream
        wanted = dict.fromkeys(self._video_mids, ("", 0))
        wanted |= {mid: (stream.source_id, stream.height) for mid, stream in self._assigned.items()}
        return [
            pb.SlotWish(mid=mid, source_id=source_id, max_height=height)
            for mid, (source_id, height) in wanted.items()
            if self._told.get(mid, ("", 0)) != (source_id, height)
        ]

    def told(self, wishes: Iterable[pb.SlotWish]) -> None:
        """The appliance has taken wishes."""
        self._told.update({wish.mid: (wish.source_id, wish.max_height) for wish in wishes})

    def forget_told(self) -> None:
        """What was told may not have arrived: everything is told anew."""
        self._told = dict.fromkeys(self._video_mids, ("?", 0))
        self.changed.set()

    def picture(self, mid: str, frame: VideoFrame, now_s: float) -> None:
        """Takes a picture that a slot received."""
        stream = self._assigned.get(mid)
        if stream is not None:
            stream.put((frame, now_s))

    def sound(self, mid: str, frame: AudioFrame, now_s: float) -> None:
        """Takes sound that a slot received."""
        owner = self._shown.get(mid, "").partition("/")[0]
        listening = [each for each in self._listening if each.participant_id in ("", owner)]
        if owner and listening:
            sound = Sound(owner, frame.to_ndarray().reshape(-1, 2).astype(np.int16, copy=False), now_s)
            for stream in listening:
                stream.put(sound)

    def _is_free(self, mid: str) -> bool:
        return mid not in self._assigned and not self._shown.get(mid) and self._told.get(mid, ("", 0))[0] in ("", "?")
