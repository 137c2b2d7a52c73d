"""Files that people share: their sizes as they are sent, their parts, and how many there may be."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace

from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.texts import validate_text

__all__ = [
    "CHAIN_START",
    "CHUNK_SIZE",
    "MAX_FILE_SIZE",
    "PART_SIZE",
    "TOKEN_SIZE",
    "FileLimits",
    "Preview",
    "SharedFile",
    "next_chain",
    "parse_size",
    "part_count",
    "part_size",
    "sealed_size",
    "validate_file",
]

PART_SIZE = 4 * 1024 * 1024
"""Bytes of each part of an upload but the last."""
CHUNK_SIZE = 256 * 1024
"""Bytes of a file that one message between processes holds at most."""
TOKEN_SIZE = 32
"""Bytes of what lets a participant send or read one file for a while."""
MAX_FILE_SIZE = 2 * 1024**3
"""Bytes of a file before encryption, unless the appliance is told otherwise."""
CHAIN_START = bytes(32)
MAX_NAME = 255
"""Characters of a file's name."""
CONTENT_KEY_SIZE = 32
MAX_PREVIEW_SIZE = 24 * 1024
"""Bytes of the small picture of an image."""
MAX_PREVIEW_EDGE = 1024
"""Pixels of its width and of its height."""

# Slashes, and what turns a part of a line round (Unicode's embeddings, overrides and isolates): a name so turned hides
# what kind of file it is.
_NO_NAME = frozenset("/\\\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,95}", re.ASCII)
_PREVIEW_TYPES = ("image/jpeg", "image/png", "image/webp")

# The streaming format AES256_GCM_HKDF_1MB: each segment of 1 MiB has a tag, and the first gives room to a header.
_SEGMENT_SIZE = 1024 * 1024
_TAG_SIZE = 16
_HEADER_SIZE = 40


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What an appliance takes of files; sizes are in bytes."""

    file_size: int = MAX_FILE_SIZE
    """Of one file, before encryption."""
    meeting_size: int = 20 * 1024**3
    """Of all files of one meeting, encrypted."""
    free_space: int = 1024**3
    """What stays free on the disk."""
    uploads: int = 5
    """Of one person, that no object names yet."""
    downloads: int = 8
    """Requests of one participant that read at once."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A small picture of an image."""

    data: bytes = field(repr=False)
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file that was uploaded, and the key to it; `size` is before encryption."""

    file_id: str
    name: str = field(repr=False)
    media_type: str = field(repr=False)
    size: int
    content_key: bytes = field(repr=False)
    preview: Preview | None


def parse_size(text: str) -> int:
    """Bytes, from a number of them or one with a unit, such as 20GiB. Raises ValueError."""
    match = re.fullmatch(r"([0-9]{1,9})(KiB|MiB|GiB|TiB)|([0-9]{1,18})", text, re.ASCII)
    if match is None:
        raise ValueError("a size is a number of bytes, or one with KiB, MiB, GiB or TiB, such as 20GiB")
    return int(match[3]) if match[3] else int(match[1]) << 10 * (1 + ("KiB", "MiB", "GiB", "TiB").index(match[2]))


def sealed_size(size: int) -> int:
    """Bytes of an encrypted file of `size` bytes."""
    segments = max(1, -(-(size + _HEADER_SIZE) // (_SEGMENT_SIZE - _TAG_SIZE)))
    return _HEADER_SIZE + size + segments * _TAG_SIZE


def part_count(size: int) -> int:
    """How many parts an encrypted file of `size` bytes, at least 1, is sent in."""
    return -(-size // PART_SIZE)


def part_size(size: int, number: int) -> int:
    """Bytes of a part, from 0, of an encrypted file of `size` bytes."""
    assert 0 <= number < part_count(size), "asked of parts that there are"
    return min(PART_SIZE, size - number * PART_SIZE)


def next_chain(chain: bytes, digest: bytes) -> bytes:
    """The chain over one more part, of which `digest` is SHA-256."""
    return hashlib.sha256(chain + digest).digest()


def validate_file(file: SharedFile) -> SharedFile:
    """The file with its name in Unicode form NFC. Raises InvalidArgument, without repeating anything of it."""
    name = validate_text(file.name, "a file's name", MAX_NAME)
    if name in (".", "..") or not _NO_NAME.isdisjoint(name):
        raise InvalidArgument("a file's name holds no slashes and nothing that turns a line round; rename it")
    if file.media_type and _MEDIA_TYPE.fullmatch(file.media_type) is None:
        raise InvalidArgument("a media type has the form image/png")
    if len(file.content_key) != CONTENT_KEY_SIZE:
        raise InvalidArgument(f"a file's key has {CONTENT_KEY_SIZE} bytes")
    preview = file.preview
    if preview is not None:
        if not 1 <= len(preview.data) <= MAX_PREVIEW_SIZE or preview.media_type not in _PREVIEW_TYPES:
            raise InvalidArgument(f"a preview is a JPEG, PNG or WebP picture of at most {MAX_PREVIEW_SIZE} bytes")
        if not (1 <= preview.width <= MAX_PREVIEW_EDGE and 1 <= preview.height <= MAX_PREVIEW_EDGE):
            raise InvalidArgument(f"a preview has 1 to {MAX_PREVIEW_EDGE} pixels each way")
    return replace(file, name=name)
