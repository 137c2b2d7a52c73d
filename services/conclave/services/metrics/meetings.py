"""Meetings in numbers: how many go on, with how many people, and who came and went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client import Counter as CounterMetric
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from conclave.services.meetings.model import ConnectionState, EndReason, Meeting, Participant
from conclave.services.meetings.register import Register

__all__ = ["MeetingMetrics"]

LEFT = "left"


class MeetingMetrics:
    """Observes the meetings; gauges are read from the register when they are collected."""

    def __init__(self, register: Register, registry: CollectorRegistry) -> None:
        self._register = register
        self._meetings: set[str] = set()
        self._people: set[str] = set()
        self._started = CounterMetric(
            "conclave_control_meetings_started", "Meetings that began or were taken up", registry=registry
        )
        self._joined = CounterMetric(
            "conclave_control_participants_joined", "People who came in or were taken up", registry=registry
        )
        self._gone = CounterMetric(
            "conclave_control_participants_left", "People who are gone, by reason", ["reason"], registry=registry
        )
        for reason in (LEFT, *(reason.name.lower() for reason in EndReason)):
            self._gone.labels(reason)
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """The gauges."""
        meetings = list(self._register.by_room.values())
        yield GaugeMetricFamily("conclave_control_meetings", "Meetings that go on", value=len(meetings))
        states = Counter(person.connection_state for meeting in meetings for person in meeting.participants.values())
        people = GaugeMetricFamily("conclave_control_participants", "People in meetings, by state", labels=["state"])
        for state in ConnectionState:
            people.add_metric([state.name.lower()], states[state])
        yield people

    def participant_changed(self, meeting: Meeting, participant: Participant) -> None:
        """Counts whom it has not seen."""
        if meeting.id not in self._meetings:
            self._meetings.add(meeting.id)
            self._started.inc()
        if participant.id not in self._people:
            self._people.add(participant.id)
            self._joined.inc()

    def participant_left(self, meeting: Meeting, participant: Participant, reason: EndReason | None) -> None:
        """Counts who is gone."""
        self._people.discard(participant.id)
        self._gone.labels(LEFT if reason is None else reason.name.lower()).inc()
        if not meeting.participants:
            self._meetings.discard(meeting.id)
