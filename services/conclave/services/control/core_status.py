"""What the appliance's status tells of the media core."""

from __future__ import annotations

from conclave.services.domain.errors import ServiceError
from conclave.services.media.client import CoreClient
from conclave.services.system.service import CoreStatus

__all__ = ["CoreStatusOfClient"]


class CoreStatusOfClient:
    """Asks the core through its client."""

    def __init__(self, core: CoreClient) -> None:
        self._core = core

    async def core_status(self) -> CoreStatus | None:
        """The core's account; None while it cannot be reached."""
        # One that has not been heard for seconds is not asked: the answer would take the request's whole time-out.
        if not self._core.present:
            return None
        try:
            info, counters = await self._core.info(), await self._core.counters()
        except ServiceError:
            return None
        return CoreStatus(
            info.instance_id,
            info.crypto_backend,
            info.segmentation_offload,
            info.udp_ports,
            counters.packets_received,
            counters.packets_sent,
            counters.packets_dropped,
        )
