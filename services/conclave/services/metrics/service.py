"""What control exposes: its own metrics and those that the media core tells it."""

from __future__ import annotations

from typing import Protocol

from conclave.services.domain.errors import ServiceError
from conclave.services.media.model import CoreInfo, CoreStatistics
from conclave.services.metrics.core import CoreMetrics
from conclave.services.openmetrics.exposition import Collector, expose

__all__ = ["CoreReadings", "MetricsService"]


class CoreReadings(Protocol):
    """What is asked of the core; see CoreClient."""

    @property
    def present(self) -> bool:
        """Whether it has been heard within the last seconds."""

    async def info(self) -> CoreInfo:
        """What the core is."""

    async def statistics(self) -> CoreStatistics:
        """What it has counted."""


class MetricsService:
    """Exposes; own: what this process measures itself."""

    def __init__(self, core: CoreReadings, own: Collector) -> None:
        self._core = core
        self._own = own

    async def exposition(self) -> bytes:
        """The text, without its end."""
        return expose([self._own, CoreMetrics(await self._read_core())])

    async def _read_core(self) -> tuple[CoreInfo, CoreStatistics] | None:
        # One that has not been heard for seconds is not asked: the answer would take the request's whole time-out.
        if not self._core.present:
            return None
        try:
            return await self._core.info(), await self._core.statistics()
        except ServiceError:
            return None
