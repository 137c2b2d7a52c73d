"""Raised hands: who wants to speak, in the order in which they said so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from conclave.services.domain.protection import ProtectionMode
from conclave.services.meetings.errors import HandsSealed, MeetingOver
from conclave.services.meetings.model import Meeting, Participant
from conclave.services.meetings.register import Register, carried_out
from conclave.services.state.clock import Clock

__all__ = ["HandStore", "Hands"]

MICROSECOND = timedelta(microseconds=1)


class HandStore(Protocol):
    """Where hands are kept; see SqlMeetingStore."""

    async def save_hand(self, participant: Participant, raise_time: datetime | None) -> None: ...


class Hands:
    """The hands of everybody in a managed meeting."""

    def __init__(self, register: Register, store: HandStore, clock: Clock) -> None:
        self._register = register
        self._store = store
        self._clock = clock

    @carried_out
    async def set(self, participant: Participant, raised: bool) -> None:
        """Raises or lowers a participant's own hand. Raises MeetingOver and HandsSealed."""
        async with self._register.turn:
            meeting = self._register.meeting_of(participant)
            if meeting is None or participant.leaving:
                raise MeetingOver("the meeting is over for you")
            _require_managed(meeting)
            if not raised:
                await self.lower(meeting, participant)
            elif participant.hand_raise_time is None:
                up = [p.hand_raise_time for p in meeting.participants.values() if p.hand_raise_time is not None]
                # The order holds even if the clock was set back meanwhile.
                await self._save(participant, max([self._clock(), *(time + MICROSECOND for time in up)]))

    async def lower(self, meeting: Meeting, participant: Participant) -> None:
        """Lowers somebody's hand. To be called by who holds the register's turn. Raises HandsSealed."""
        _require_managed(meeting)
        if participant.hand_raise_time is not None:
            await self._save(participant, None)

    async def _save(self, participant: Participant, raise_time: datetime | None) -> None:
        await self._store.save_hand(participant, raise_time)
        participant.hand_raise_time = raise_time
        self._register.tell_changed(participant)


def _require_managed(meeting: Meeting) -> None:
    if meeting.protection_mode is not ProtectionMode.MANAGED:
        raise HandsSealed("in this room hands are raised and lowered as sealed content; reload the page")
