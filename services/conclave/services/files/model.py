"""Uploads as they are kept, and what tokens allow."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from conclave.services.domain.files import PART_SIZE, part_count

__all__ = ["Begun", "Direction", "Grant", "PartTaken", "RangeWish", "Span", "Ticket", "Upload"]


class Direction(Enum):
    """Which way a token lets bytes go."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, complete or not."""

    file_id: str
    meeting_id: str
    # Names the bytes in the object store; made here, so that nothing that a client says becomes part of a path.
    object_id: str
    owner_person: str
    size: int
    parts_received: int
    chain: bytes
    # SHA-256 of the part taken last; empty before the first.
    last_digest: bytes
    # The object that names it; empty while none does.
    content_id: str

    @property
    def complete(self) -> bool:
        """Whether every part is there."""
        return self.parts_received == part_count(self.size)

    @property
    def outstanding(self) -> int:
        """Bytes that have not come yet."""
        return max(0, self.size - self.parts_received * PART_SIZE)


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload that may go on."""

    upload: Upload
    token: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A file that may be read."""

    size: int
    token: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token that was shown allows."""

    participant_id: str
    meeting_id: str
    upload: Upload


@dataclass(frozen=True, slots=True)
class PartTaken:
    """What became of a part."""

    taken: bool
    next_number: int


@dataclass(frozen=True, slots=True)
class RangeWish:
    """Bytes that a client asks for: from the first on, up to the last; without a first, as many from the end."""

    first: int | None = 0
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a file of `size`; length 0 when the wish lies beyond it."""

    size: int
    offset: int
    length: int
