"""The key arena keeps its blocks apart, out of swap, out of dumps and out of children, and wipes what comes back."""

from __future__ import annotations

import ctypes
import resource
from pathlib import Path

import pytest

from conclave.core.arena import Arena


def kernel_flags(address: int) -> set[str]:
    """VmFlags of the mapping that holds `address` (proc(5), /proc/pid/smaps)."""
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        head = line.split(maxsplit=1)[0]
        if "-" in head and not head.endswith(":"):
            start, end = (int(part, 16) for part in head.split("-"))
            inside = start <= address < end
        elif inside and line.startswith("VmFlags:"):
            return set(line.split()[1:])
    raise AssertionError("the address is not mapped")


def locked_kib() -> int:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmLck:"))


def write(address: int, data: bytes) -> None:
    ctypes.memmove(address, data, len(data))


def test_blocks_are_aligned_and_apart() -> None:
    arena = Arena(1000, 5)
    blocks = [arena.take() for _ in range(5)]
    assert arena.block_size == 1024
    assert [block - arena.base for block in blocks if block is not None] == [0, 1024, 2048, 3072, 4096]
    assert arena.take() is None


def test_blocks_come_zeroed_and_go_back_wiped() -> None:
    arena = Arena(256, 2)
    block = arena.take()
    assert block is not None
    assert ctypes.string_at(block, 256) == bytes(256)
    write(block, b"k" * 256)
    arena.give(block)
    assert b"k" not in ctypes.string_at(block, 256)
    again = arena.take()
    assert again == block
    assert ctypes.string_at(block, 256) == bytes(256)


def test_given_blocks_are_taken_again_before_new_ones_are_missed() -> None:
    arena = Arena(128, 3)
    blocks = {arena.take() for _ in range(3)}
    for block in blocks:
        assert block is not None
        arena.give(block)
    assert {arena.take() for _ in range(3)} == blocks
    assert arena.take() is None


def test_mapping_stays_out_of_core_dumps_and_children() -> None:
    arena = Arena(128, 4)
    assert {"dd", "wf"} <= kernel_flags(arena.base)


def test_mapping_is_locked() -> None:
    before = locked_kib()
    arena = Arena(4096, 16)
    if not arena.locked:
        pytest.skip("this account may not lock 64 KiB of memory")
    assert "lo" in kernel_flags(arena.base)
    assert locked_kib() - before == arena.size // 1024


def test_refused_lock_is_told() -> None:
    arena = Arena(4096, 1)
    assert arena.locked == ("lo" in kernel_flags(arena.base))
    soft, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, hard))
    try:
        refused = Arena(4096, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (soft, hard))
    # An account with CAP_IPC_LOCK is above the limit.
    assert refused.locked == ("lo" in kernel_flags(refused.base))
    assert refused.take() is not None


def test_foreign_address_is_refused() -> None:
    arena = Arena(128, 2)
    block = arena.take()
    assert block is not None
    for address in (block - 128, block + 1, block + 128):
        with pytest.raises(ValueError, match="no block"):
            arena.give(address)


@pytest.mark.parametrize(("block_size", "count"), [(0, 4), (128, 0), (1 << 62, 4), (128, 1 << 60)])
def test_impossible_sizes_are_refused(block_size: int, count: int) -> None:
    with pytest.raises(MemoryError):
        Arena(block_size, count)
