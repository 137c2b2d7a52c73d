"""Even steps of time."""

from __future__ import annotations

import asyncio

__all__ = ["Pace"]


class Pace:
    """Wakes at even steps of time. Steps that were missed are left out, and the numbers of steps tell so."""

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._begin_s: float | None = None
        self._step = 0

    async def next(self) -> tuple[int, float]:
        """Waits for a step; returns its number and the moment, in the loop's seconds."""
        now_s = asyncio.get_running_loop().time()
        if self._begin_s is None:
            self._begin_s = now_s
        self._step = max(self._step + 1, int((now_s - self._begin_s) / self._step_s))
        await asyncio.sleep(self._begin_s + self._step * self._step_s - now_s)
        return self._step, self._begin_s + self._step * self._step_s
