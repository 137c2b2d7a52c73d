"""What of a meeting's content has not reached everybody whom it is for. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conclave.services.content.model import Deletion, Stored

__all__ = ["Arrived", "DeliveryBook"]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A version of an object that has reached everybody."""

    id: str
    sequence: int


@dataclass(slots=True)
class _Open:
    sequence: int
    waiting_for: set[str]
    # Whether it has reached anybody: what nobody else was there for is not called delivered.
    reached: bool = False


class DeliveryBook:
    """One meeting's. Only participants whose clients read content are waited for."""

    def __init__(self, readers: Iterable[str] = (), undelivered: Iterable[Stored] = ()) -> None:
        self._readers = set(readers)
        self._open = {
            stored.record.id: _Open(stored.record.sequence, waiting_for)
            for stored in undelivered
            if (waiting_for := self._readers & stored.readers)
        }

    def reads(self, participant_id: str) -> None:
        """A participant's client reads content."""
        self._readers.add(participant_id)

    def added(self, stored: Stored) -> None:
        """An object was shared or changed; an earlier version is waited for no more."""
        self._open.pop(stored.record.id, None)
        waiting_for = stored.readers & self._readers
        if waiting_for and stored.record.deletion is Deletion.NONE:
            self._open[stored.record.id] = _Open(stored.record.sequence, set(waiting_for))

    def arrived(self, participant_id: str, sequence: int) -> list[Arrived]:
        """Everything up to a place has arrived at a participant; returns what has now reached everybody."""
        for entry in self._open.values():
            if entry.sequence <= sequence and participant_id in entry.waiting_for:
                entry.waiting_for.discard(participant_id)
                entry.reached = True
        return self._take_complete()

    def left(self, participant_id: str) -> list[Arrived]:
        """A participant is gone and waited for no more; returns what has now reached everybody who is here."""
        self._readers.discard(participant_id)
        for entry in self._open.values():
            entry.waiting_for.discard(participant_id)
        return self._take_complete()

    def _take_complete(self) -> list[Arrived]:
        complete = {content_id: entry for content_id, entry in self._open.items() if not entry.waiting_for}
        for content_id in complete:
            del self._open[content_id]
        return [Arrived(content_id, entry.sequence) for content_id, entry in complete.items() if entry.reached]
