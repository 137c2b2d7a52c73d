"""What waits to be sent to one client. Bounded: a client that does not read is dropped, and may resume."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from conclave.v1 import signalling_pb2 as pb

__all__ = ["Frame", "Outbox"]

CAPACITY = 512


@dataclass(frozen=True, slots=True)
class Frame:
    """One message, and whether the connection ends after it."""

    message: pb.ServerMessage
    close: bool


class Outbox:
    """A queue of frames with an end."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._frames: deque[Frame] = deque()
        self._wake = asyncio.Event()
        self._ended = False
        self.overflowed = False

    @property
    def ended(self) -> bool:
        """Whether nothing more is taken."""
        return self._ended

    def put(self, message: pb.ServerMessage, close: bool = False) -> None:
        """Takes a message, unless the end has come. A full queue is the end, without the messages in it."""
        if self._ended:
            return
        if len(self._frames) >= self._capacity:
            self.overflowed = True
            self.abandon()
            return
        self._frames.append(Frame(message, close))
        self._ended = close
        self._wake.set()

    def finish(self) -> None:
        """Ends after what waits."""
        self._ended = True
        self._wake.set()

    def abandon(self) -> None:
        """Ends at once: what waits is not sent."""
        self._frames.clear()
        self._ended = True
        self._wake.set()

    async def next(self) -> Frame | None:
        """The next frame to send; None at the end."""
        while not self._frames:
            if self._ended:
                return None
            self._wake.clear()
            await self._wake.wait()
        return self._frames.popleft()
