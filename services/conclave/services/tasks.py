"""Ending what runs beside the requests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

__all__ = ["end_tasks"]


async def end_tasks(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancels tasks and returns when they are over. Raises what one of them failed with."""
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if outcome is not None and not isinstance(outcome, asyncio.CancelledError):
            raise outcome
