"""Groups without a database: what DeliveryService keeps, in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from conclave.services.mls.assembly import Assembly
from conclave.services.mls.errors import NotYourLeaf
from conclave.services.mls.store import Missed, Sent, StoredAssembly


class MemoryGroups:
    """Keeps the streams; a restart is tested with what is handed over."""

    def __init__(self) -> None:
        self.stored: dict[str, StoredAssembly] = {}
        self.streams: dict[bytes, list[Sent]] = {}
        self.forgotten: list[str] = []
        self.failures: list[Exception] = []
        # What happens while something is stored.
        self.meanwhile: list[Callable[[], None]] = []

    async def load(self, going_on: set[str]) -> dict[str, StoredAssembly]:
        return {meeting_id: found for meeting_id, found in self.stored.items() if meeting_id in going_on}

    async def save(
        self,
        meeting_id: str,
        before: Assembly,
        after: Assembly,
        subjects: Mapping[str, str],
        refresh_time: datetime,
        sent: Sent | None = None,
    ) -> None:
        if self.meanwhile:
            self.meanwhile.pop()()
        if self.failures:
            raise self.failures.pop()
        group = None if after.group is None else after.group.copy()
        self.stored[meeting_id] = StoredAssembly(group, dict(after.waiting), refresh_time)
        if sent is not None and group is not None:
            self.streams.setdefault(group.group_id, []).append(sent)

    async def missed(self, group_id: bytes, participant_id: str, after_sequence: int, limit: int) -> Missed:
        group = next(found.group for found in self.stored.values() if found.group and found.group.group_id == group_id)
        if participant_id not in group.staying.values():
            raise NotYourLeaf
        stream = self.streams.get(group_id, [])
        welcomes = [
            sent for sent in stream if participant_id in sent.entry.joined and sent.entry.sequence > after_sequence
        ]
        added = welcomes[-1] if welcomes else None
        begin = added.entry.sequence if added else after_sequence
        entries = tuple(sent.entry for sent in stream[begin:])
        return Missed(added.entry if added else None, added.welcome if added else b"", entries, False)

    async def forget(self, meeting_id: str) -> None:
        self.stored.pop(meeting_id, None)
        self.forgotten.append(meeting_id)
