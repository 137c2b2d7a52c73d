"""How good everybody's connection is, as their clients say, and that the others hear of it."""

from __future__ import annotations

from collections.abc import Callable

from conclave.services.meetings.errors import MeetingOver, TooManyReports
from conclave.services.meetings.model import Participant, Quality
from conclave.services.meetings.register import Register

__all__ = ["Qualities"]

# What is told of one person's connection goes to everybody in the meeting.
LEAST_INTERVAL_NS = 1_000_000_000


class Qualities:
    """The connections of everybody in a meeting."""

    def __init__(self, register: Register, monotonic_ns: Callable[[], int]) -> None:
        self._register = register
        self._monotonic_ns = monotonic_ns

    def report(self, participant: Participant, quality: Quality) -> None:
        """Takes what a client says of its own connection. Raises MeetingOver and TooManyReports."""
        meeting = self._register.meeting_of(participant)
        if meeting is None:
            raise MeetingOver("the meeting is over for you")
        if quality == participant.quality:
            return
        now_ns = self._monotonic_ns()
        told_ns = participant.quality_told_ns
        if told_ns is not None and now_ns < told_ns + LEAST_INTERVAL_NS:
            raise TooManyReports("a connection's quality may change once a second; report it again later")
        participant.quality, participant.quality_told_ns = quality, now_ns
        for observer in self._register.people_observers:
            observer.quality_changed(meeting, participant)
