"""What the appliance's status tells of the media core."""

from __future__ import annotations

from collections import Counter

from conclave.services.domain.errors import ServiceError
from conclave.services.metrics.service import CoreReadings
from conclave.services.system.service import CoreStatus

__all__ = ["CoreStatusOfClient"]


class CoreStatusOfClient:
    """Asks the core through its client."""

    def __init__(self, core: CoreReadings) -> None:
        self._core = core

    async def core_status(self) -> CoreStatus | None:
        """The core's account; None while it cannot be reached."""
        # One that has not been heard for seconds is not asked: the answer would take the request's whole time-out.
        if not self._core.present:
            return None
        try:
            info, statistics = await self._core.info(), await self._core.statistics()
        except ServiceError:
            return None
        dropped = Counter[str]()
        for worker in statistics.workers:
            dropped.update(worker.packets_dropped)
        return CoreStatus(
            info.instance_id,
            info.crypto_backend,
            info.segmentation_offload,
            info.udp_ports,
            sum(worker.packets_received for worker in statistics.workers),
            sum(worker.packets_sent for worker in statistics.workers),
            dropped,
        )
