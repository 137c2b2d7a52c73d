"""What runs beside the requests: asking members for what is due."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection

from conclave.services.mls.service import DeliveryService, Member
from conclave.services.tasks import end_tasks

__all__ = ["DeliveryPart"]

PAUSE_S = 1.0
_log = logging.getLogger(__name__)


class DeliveryPart:
    """The part of control's process that keeps end-to-end groups going. It starts after the meetings."""

    def __init__(self, service: DeliveryService, members: Callable[[], Collection[Member]]) -> None:
        self._service = service
        self._members = members
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Takes up the groups of the meetings that go on."""
        await self._service.restore(self._members())
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends. Members stay in their groups, which wait for control."""
        if self._task is not None:
            await end_tasks([self._task])

    async def _run(self) -> None:
        # A main loop of control's process: what fails in one turn must not end it, or nobody would commit any more.
        while True:
            try:
                await self._service.run()
            except Exception:
                _log.exception("the end-to-end groups could not be attended to; tried again shortly")
                await asyncio.sleep(PAUSE_S)
