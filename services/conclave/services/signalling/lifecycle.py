"""What runs beside the streams: taking the core's reports, and ending what has waited too long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from conclave.services.media.client import CoreClient
from conclave.services.media.errors import CoreUnavailable
from conclave.services.media.model import CoreEvent
from conclave.services.media.presence import CoreAway, CorePresent, PresenceChange
from conclave.services.meetings.service import MeetingService
from conclave.services.signalling.media import MediaSessions
from conclave.services.signalling.probes import Probes
from conclave.services.tasks import end_tasks

__all__ = ["SignallingPart"]

TICK_S = 0.25
_log = logging.getLogger(__name__)


class SignallingPart:
    """The part of control's process that keeps meetings and media together."""

    def __init__(
        self,
        core: CoreClient,
        meetings: MeetingService,
        media: MediaSessions,
        probes: Probes,
        drop_dead: Callable[[], None],
    ) -> None:
        self._core = core
        self._meetings = meetings
        self._media = media
        self._probes = probes
        self._drop_dead = drop_dead
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Takes up the meetings that went on and compares them with the core, if it answers."""
        await self._core.start()
        await self._meetings.restore()
        try:
            await self._media.reconcile()
        except CoreUnavailable:
            _log.warning("the media core does not answer yet; meetings are compared with it when it does")
        self._tasks = [asyncio.create_task(self._take_reports()), asyncio.create_task(self._tick())]

    async def stop(self) -> None:
        """Ends. Meetings and media go on without control."""
        await end_tasks(self._tasks)
        await self._core.close()

    # The two main loops of control's process beside its servers: what fails in one turn must not end them, or meetings
    # would go on without anybody who hears of the core or takes out who is gone.

    async def _take_reports(self) -> None:
        async for report in self._core.reports():
            try:
                await self._take(report)
            except Exception:
                _log.exception("a report of the media core could not be taken")

    async def _take(self, report: CoreEvent | PresenceChange) -> None:
        match report:
            case CorePresent():
                await self._reconcile()
            case CoreAway():
                _log.warning("the media core is away; media may go on, nothing new can be set up")
            case _:
                await self._media.take(report)

    async def _reconcile(self) -> None:
        # Each try takes up to the request's time-out, so this does not spin; a core that goes is heard of again.
        while self._core.present:
            try:
                await self._media.reconcile()
            except CoreUnavailable:
                continue
            return

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                self._drop_dead()
                self._media.tell_demand()
                await self._meetings.expire()
                await self._probes.expire()
            except Exception:
                _log.exception("those who were away too long could not be taken out; tried again shortly")
