"""What is in the memory of a running process, read by root through /proc."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

__all__ = ["found_in_memory"]

# Large areas are read in pieces that overlap by more than anything that is looked for.
_PIECE, _OVERLAP = 1 << 26, 4096


def found_in_memory(pid: int, wanted: Sequence[bytes]) -> set[bytes]:
    """Which of these, each of at most 4096 bytes, are in the memory that a process has written."""
    found: set[bytes] = set()
    with Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            area, access = line.split()[:2]
            begin, end = (int(part, 16) for part in area.split("-"))
            if not access.startswith("rw"):
                continue
            for place in range(begin, end, _PIECE):
                try:
                    memory.seek(place)
                    content = memory.read(min(_PIECE + _OVERLAP, end - place))
                except (OSError, OverflowError):
                    # The kernel's own, such as [vvar].
                    break
                found |= {each for each in wanted if each not in found and each in content}
    return found
