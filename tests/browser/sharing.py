"""Files to share, and how a page shows them."""

from __future__ import annotations

import hashlib
import random
import struct
import zlib
from pathlib import Path

__all__ = ["MIB", "digest", "made", "noise", "png", "shown"]

MIB = 2**20


def png(width: int, height: int, pixels: bytes = b"") -> bytes:
    """A picture in shades of grey, of one shade without pixels; not compressed (PNG, W3C, section 5)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    shades = pixels or b"\x80" * (width * height)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + shades[row : row + width] for row in range(0, width * height, width))
    data = zlib.compress(rows, level=0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def noise(width: int, height: int, seed: int) -> bytes:
    """A picture that is like no other."""
    return png(width, height, random.Random(seed).randbytes(width * height))


def made(path: Path, size: int) -> Path:
    """A file of this many bytes, no MiB of which is as another."""
    block = random.Random(size).randbytes(MIB)
    with path.open("wb") as file:
        for start in range(0, size, MIB):
            file.write((start.to_bytes(8, "big") + block)[: min(MIB, size - start)])
    return path


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shown(*names: str) -> str:
    """The chat shows these files that can be downloaded, whatever is on its way."""
    buttons = "[...document.querySelectorAll('.file button[aria-label]')].map((each) => each.ariaLabel)"
    return " && ".join(f"{buttons}.includes('Download {name}')" for name in names)
