"""What runs beside devices' requests."""

from __future__ import annotations

import asyncio
import logging

from conclave.services.devices.service import DeviceService
from conclave.services.tasks import end_tasks

__all__ = ["DevicesPart"]

TICK_S = 0.25
_log = logging.getLogger(__name__)


class DevicesPart:
    """The part of control's process that looks after devices' sessions."""

    def __init__(self, devices: DeviceService) -> None:
        self._devices = devices
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins."""
        self._task = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Ends. Sessions go on without control."""
        if self._task is not None:
            await end_tasks([self._task])

    # One of the main loops of control's process: what fails in one turn must not end it.
    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self._devices.tick()
            except Exception:
                _log.exception("devices' sessions could not be looked after; tried again shortly")
