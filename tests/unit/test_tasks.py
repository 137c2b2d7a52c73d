from __future__ import annotations

import asyncio

import pytest

from conclave.services.tasks import end_tasks


async def forever() -> None:
    await asyncio.Event().wait()


async def test_what_runs_is_over_afterwards() -> None:
    tasks = [asyncio.create_task(forever()) for _ in range(2)]
    await asyncio.sleep(0)
    await end_tasks(tasks)
    assert all(task.cancelled() for task in tasks)
    await end_tasks([])


async def test_what_a_task_failed_with_is_told_when_all_are_over() -> None:
    async def fails() -> None:
        raise OSError("the disk is full")

    tasks = [asyncio.create_task(fails()), asyncio.create_task(forever())]
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="the disk is full"):
        await end_tasks(tasks)
    assert tasks[1].cancelled()


async def test_who_waits_for_one_that_does_not_end_can_be_cancelled() -> None:
    released = asyncio.Event()

    async def goes_on() -> None:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    stubborn = asyncio.create_task(goes_on())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(end_tasks([stubborn]))
    await asyncio.sleep(0)
    released.set()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await stubborn
