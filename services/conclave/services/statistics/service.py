"""Whose measures are whose: the core knows transports, administrators know participants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Generic, Protocol, TypeVar

from conclave.services.domain.identifiers import MeetingName
from conclave.services.meetings.errors import MeetingNotFound
from conclave.services.meetings.model import Meeting
from conclave.services.meetings.register import Register

__all__ = ["CoreMeasures", "Measured", "MeetingStatistics"]


class Measured(Protocol):
    """What the core tells of one transport; its figures mean nothing to the rules."""

    @property
    def transport_id(self) -> str:
        """Which."""


Report = TypeVar("Report", bound=Measured)
Report_co = TypeVar("Report_co", bound=Measured, covariant=True)


class CoreMeasures(Protocol[Report_co]):
    """What is asked of the core; see CoreClient."""

    async def room_statistics(self, room_id: str) -> Sequence[Report_co]:
        """What is measured of a room's transports. Raises CoreUnavailable."""


class MeetingStatistics(Generic[Report]):
    """Tells a meeting's measures by participant."""

    def __init__(self, register: Register, core: CoreMeasures[Report]) -> None:
        self._register = register
        self._core = core

    async def of(self, name: MeetingName) -> list[tuple[str, Report]]:
        """Pairs of a participant's id and what is measured of the standing connection, in order of joining.

        Raises MeetingNotFound for one that is over, and CoreUnavailable.
        """
        self._find(name)
        reports = {report.transport_id: report for report in await self._core.room_statistics(name.meeting_id)}
        people = self._find(name).participants.values()
        return [(person.id, reports[person.transport_id]) for person in people if person.transport_id in reports]

    async def watch(self, name: MeetingName, interval_s: float) -> AsyncIterator[list[tuple[str, Report]]]:
        """The same every `interval_s` until the meeting is over. Raises MeetingNotFound when it is from the start."""
        self._find(name)
        while True:
            try:
                measured = await self.of(name)
            except MeetingNotFound:
                return
            yield measured
            await asyncio.sleep(interval_s)

    def _find(self, name: MeetingName) -> Meeting:
        meeting = self._register.by_room.get(name.room_id)
        if meeting is None or meeting.id != name.meeting_id:
            raise MeetingNotFound(f"{name} does not go on; list those that do")
        return meeting
