"""What runs beside the requests: sweeping up bytes that belong to no file."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from conclave.services.files.service import FileService
from conclave.services.tasks import end_tasks

__all__ = ["FilesPart"]

INTERVAL_S = 60.0
PAUSE_S = 1.0
_log = logging.getLogger(__name__)


class FilesPart:
    """The part of control's process that keeps the object store clean. It starts after the meetings."""

    def __init__(self, files: FileService) -> None:
        self._files = files
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Clears up after the process before this one."""
        await self._files.restore()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends. What is not swept up now is with the next start."""
        if self._task is not None:
            await end_tasks([self._task])

    async def _run(self) -> None:
        # A main loop of control's process: what fails in one turn must not end it, or the disk would fill.
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL_S):
                    await self._files.sweep_due.wait()
            self._files.sweep_due.clear()
            try:
                await self._files.sweep()
            except Exception:
                _log.exception("files could not be swept up; tried again shortly")
                self._files.sweep_due.set()
                await asyncio.sleep(PAUSE_S)
