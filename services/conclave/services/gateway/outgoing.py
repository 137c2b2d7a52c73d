"""What waits to be sent to one client: bounded, so that a slow one costs memory that is known."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import IntEnum

from conclave.v1 import signalling_pb2 as pb

__all__ = ["CloseCode", "End", "Outgoing", "OutgoingFull"]


class CloseCode(IntEnum):
    """How a WebSocket is closed (RFC 6455 section 7.4); from 4000 on the codes are ours."""

    NORMAL = 1000
    GOING_AWAY = 1001
    UNSUPPORTED_DATA = 1003
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    TRY_AGAIN_LATER = 1013
    TOO_SLOW = 4001
    """The client does not read what is sent to it."""
    IDLE = 4002
    """The client sent nothing for too long."""
    GONE = 4003
    """Nothing answers at the client's end any more; nobody is sent this."""


class End(Exception):
    """Why a connection ends. With an error code the client is sent an Error first."""

    def __init__(
        self, close_code: CloseCode, error: pb.ErrorCode.ValueType | None = None, message: str = "", request_id: int = 0
    ) -> None:
        super().__init__(message)
        self.close_code = close_code
        self.error = error
        self.message = message
        self.request_id = request_id

    def frame(self) -> bytes | None:
        """The Error to send, if there is one."""
        if self.error is None:
            return None
        error = pb.Error(code=self.error, message=self.message)
        return pb.ServerMessage(request_id=self.request_id, error=error).SerializeToString()


class OutgoingFull(Exception):
    """More waits than may."""


class Outgoing:
    """A queue of frames with a bound on their number and on their bytes. The end of the connection queues too."""

    def __init__(self, max_frames: int, max_size: int) -> None:
        self._max_frames = max_frames
        self._max_size = max_size
        self._frames: deque[bytes | End] = deque()
        self._size = 0
        self._filled = asyncio.Event()

    def put(self, frame: bytes) -> None:
        """Queues a frame. Raises OutgoingFull."""
        if len(self._frames) >= self._max_frames or self._size + len(frame) > self._max_size:
            raise OutgoingFull
        self._size += len(frame)
        self._frames.append(frame)
        self._filled.set()

    def put_end(self, end: End) -> None:
        """Queues the end, after all that waits."""
        self._frames.append(end)
        self._filled.set()

    async def get(self) -> bytes:
        """The next frame. Raises the End that was queued."""
        while not self._frames:
            self._filled.clear()
            await self._filled.wait()
        frame = self._frames.popleft()
        if isinstance(frame, End):
            raise frame
        self._size -= len(frame)
        return frame
