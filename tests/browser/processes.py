"""Processes and those that they have started."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

__all__ = ["tree_of"]


def tree_of(root: int) -> list[int]:
    """A process, those that it has started, and theirs."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # It has ended meanwhile.
            # proc(5): the name, in parentheses, may hold anything; the parent comes after it and the state.
            parent = path.read_text().rpartition(")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(path.parent.name))
    tree = [root]
    for each in tree:
        tree += children.get(each, [])
    return tree
