"""What the files of objects are to content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from conclave.services.meetings.model import Meeting

__all__ = ["AttachedFiles"]


class AttachedFiles(Protocol):
    """The uploads that objects name; see files. Each method is part of the unit of work that changes the object."""

    def tie(self, session: Session, meeting: Meeting, person: str, content_id: str, file_ids: Sequence[str]) -> None:
        """Makes uploads those of a new object. Raises what says why one cannot be."""

    def of(self, session: Session, meeting_id: str, content_id: str) -> tuple[str, ...]:
        """The uploads of an object."""

    def drop(self, session: Session, meeting: Meeting, content_id: str) -> None:
        """The object was taken back, and its uploads with it."""
