"""What may be sent when, and what a range of bytes is. Pure."""

from __future__ import annotations

from enum import Enum

from conclave.services.domain.files import FileLimits, part_size, sealed_size
from conclave.services.files.errors import (
    FileInvalid,
    FileTaken,
    FileTooLarge,
    PartTooLarge,
    StorageFull,
    TooManyUploads,
)
from conclave.services.files.model import RangeWish, Span, Upload

__all__ = ["Place", "check_resume", "check_room", "check_size", "check_uploads", "place_of", "span_of"]


class Place(Enum):
    """Where a part stands."""

    NEXT = "next"
    REPEATED = "repeated"
    """It has the number of the one taken last; whether its bytes are the same is to be seen."""
    OTHER = "other"


def check_size(size: int, limits: FileLimits) -> None:
    """Raises FileInvalid and FileTooLarge; size: of the encrypted file."""
    if size < sealed_size(0):
        raise FileInvalid(f"an encrypted file has at least {sealed_size(0)} bytes")
    if size > sealed_size(limits.file_size):
        raise FileTooLarge(f"a file has at most {limits.file_size} bytes on this appliance; send a smaller one")


def check_uploads(uploads: int, limits: FileLimits) -> None:
    """Raises TooManyUploads; uploads: the person's that no object names yet."""
    if uploads >= limits.uploads:
        raise TooManyUploads(f"you send {limits.uploads} files already; wait for one of them, or give one up")


def check_room(size: int, held: int, outstanding: int, free: int, limits: FileLimits) -> None:
    """Raises StorageFull.

    In bytes: held, of the meeting's files; outstanding, what is still to come of all uploads; free, of the disk.
    """
    if held + size > limits.meeting_size:
        raise StorageFull(
            f"a meeting's files have {limits.meeting_size} bytes together at most; delete some, or send a smaller one"
        )
    if free - outstanding - size < limits.free_space:
        raise StorageFull("the appliance's disk has no room for it; tell its administrator, or send a smaller one")


def check_resume(upload: Upload, person: str, size: int) -> None:
    """Whether somebody may go on with an upload. Raises FileTaken and FileInvalid."""
    if upload.owner_person != person:
        raise FileTaken("this id is of a file of somebody else's; send yours under a new one")
    if upload.content_id:
        raise FileInvalid("this file is shared already; send another under a new id")
    if upload.size != size:
        raise FileInvalid("an upload keeps its size; send another file under a new id")


def place_of(upload: Upload, number: int, size: int) -> Place:
    """Where a part of `size` bytes stands. Raises PartTooLarge and FileInvalid when that is not its size."""
    if number == upload.parts_received and not upload.complete:
        place = Place.NEXT
    elif number == upload.parts_received - 1:
        place = Place.REPEATED
    else:
        return Place.OTHER
    expected = part_size(upload.size, number)
    if size > expected:
        raise PartTooLarge(f"part {number} has {expected} bytes, not {size}; send it as large as it is")
    if size < expected:
        raise FileInvalid(f"part {number} has {expected} bytes, not {size}; send all of it")
    return place


def span_of(size: int, wish: RangeWish) -> Span:
    """The bytes that a wish means (RFC 9110 section 14.1.2)."""
    if wish.first is None:
        assert wish.last is not None, "a wish without a first byte says how many from the end"
        length = min(wish.last, size)
        return Span(size, size - length, length)
    last = size - 1 if wish.last is None else min(wish.last, size - 1)
    if wish.first > last:
        return Span(size, 0, 0)
    return Span(size, wish.first, last - wish.first + 1)
