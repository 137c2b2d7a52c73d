"""How the appliance is: the use case, and what it asks of the media core's client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from conclave.services.meetings.models import MeetingRow, ParticipantRow
from conclave.services.state.store import Store

__all__ = ["ApplianceStatus", "CoreAway", "CoreInfo", "CoreStatus", "ProcessStatus", "SystemService"]


@dataclass(frozen=True, slots=True)
class CoreStatus:
    """What the media core says of itself."""

    instance_id: str
    crypto_backend: str
    segmentation_offload: bool
    udp_ports: Sequence[int]
    packets_received: int
    packets_sent: int
    packets_dropped: Mapping[str, int]


class CoreInfo(Protocol):
    """Asks the media core how it is."""

    async def core_status(self) -> CoreStatus | None:
        """The core's account; None while it cannot be reached. Answers within 2 s either way."""


class CoreAway:
    """The core's account while control has no client of the core."""

    async def core_status(self) -> CoreStatus | None:
        """Never reachable."""
        return None


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """Whether a process answers, and if not, what to do."""

    name: str
    healthy: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ApplianceStatus:
    """How the appliance is."""

    deployment_id: str
    identity_fingerprint: str
    identity_key: bytes
    version: str
    processes: Sequence[ProcessStatus]
    meetings: int
    participants: int
    core: CoreStatus | None


class SystemService:
    """Tells how the appliance is."""

    def __init__(
        self, store: Store, core: CoreInfo, identity_fingerprint: str, identity_key: bytes, version: str
    ) -> None:
        self._store = store
        self._core = core
        self._identity_fingerprint = identity_fingerprint
        self._identity_key = identity_key
        self._version = version

    async def status(self) -> ApplianceStatus:
        """The processes that control knows of, the meetings going on, and the core's own account."""
        core = await self._core.core_status()
        meetings, participants = await self._store.run(self._count)
        detail = "" if core else "the media core does not answer; see its log, the supervisor restarts it"
        return ApplianceStatus(
            deployment_id=self._store.tenant_id,
            identity_fingerprint=self._identity_fingerprint,
            identity_key=self._identity_key,
            version=self._version,
            processes=[
                ProcessStatus("conclave-control", healthy=True, detail=""),
                ProcessStatus("conclave-core", healthy=core is not None, detail=detail),
            ],
            meetings=meetings,
            participants=participants,
            core=core,
        )

    def _count(self, session: Session) -> tuple[int, int]:
        meetings = select(func.count()).where(
            MeetingRow.tenant_id == self._store.tenant_id, MeetingRow.end_time.is_(None)
        )
        participants = select(func.count()).where(
            ParticipantRow.tenant_id == self._store.tenant_id, ParticipantRow.leave_time.is_(None)
        )
        return session.scalar(meetings) or 0, session.scalar(participants) or 0
