"""The transfers that go on: one at a time into a file, a few at a time to a participant, and their sudden end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from conclave.services.domain.errors import ServiceError
from conclave.services.files.errors import Interrupted, TooManyTransfers
from conclave.services.files.model import Grant

__all__ = ["Transfers"]


@dataclass(slots=True, eq=False)
class _Transfer:
    participant_id: str
    object_id: str
    task: asyncio.Task[Any]
    # Why it was ended, once it was.
    reason: ServiceError | None = None


@dataclass(slots=True, eq=False)
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    # Who has it or waits for it.
    users: int = 0


class Transfers:
    """What runs in tasks of calls. A transfer that is cut ends wherever it waits, with the reason."""

    def __init__(self) -> None:
        self._up: set[_Transfer] = set()
        self._down: set[_Transfer] = set()
        self._turns: dict[tuple[str, str], _Turn] = {}

    @asynccontextmanager
    async def alone(self, meeting_id: str, file_id: str) -> AsyncIterator[None]:
        """Has one file to itself, for what changes it."""
        key = (meeting_id, file_id)
        turn = self._turns.setdefault(key, _Turn())
        turn.users += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.users -= 1
            if turn.users == 0:
                del self._turns[key]

    @asynccontextmanager
    async def sending(self, grant: Grant) -> AsyncIterator[None]:
        """Sends into a file, in place of whatever was sending into it. Raises Interrupted when it is cut."""
        self.cut_sending(grant.upload.object_id)
        async with self._running(self._up, grant), self.alone(grant.meeting_id, grant.upload.file_id):
            yield

    @asynccontextmanager
    async def reading(self, grant: Grant, limit: int) -> AsyncIterator[None]:
        """Reads a file. Raises TooManyTransfers, and Interrupted when it is cut."""
        if sum(transfer.participant_id == grant.participant_id for transfer in self._down) >= limit:
            raise TooManyTransfers(f"you read {limit} files already; wait for one of them")
        async with self._running(self._down, grant):
            yield

    def cut_sending(self, object_id: str) -> None:
        """Ends what is being sent into a file."""
        self._cut(
            [transfer for transfer in self._up if transfer.object_id == object_id],
            "another request goes on with this upload",
        )

    def cut_participant(self, participant_id: str) -> None:
        """Ends all that a participant sends and reads."""
        self._cut(
            [transfer for transfer in self._up | self._down if transfer.participant_id == participant_id],
            "the meeting is over for you",
        )

    def _cut(self, transfers: list[_Transfer], why: str) -> None:
        for transfer in transfers:
            if transfer.reason is None:
                transfer.reason = Interrupted(why)
                transfer.task.cancel()

    @asynccontextmanager
    async def _running(self, transfers: set[_Transfer], grant: Grant) -> AsyncIterator[None]:
        task = asyncio.current_task()
        assert task is not None, "gRPC serves each call in a task"
        transfer = _Transfer(grant.participant_id, grant.upload.object_id, task)
        transfers.add(transfer)
        try:
            yield
        except asyncio.CancelledError:
            # Only what was cut here and by nobody else goes on as an error that the caller is told.
            if transfer.reason is not None and task.uncancel() == 0:
                raise transfer.reason from None
            raise
        finally:
            transfers.discard(transfer)
