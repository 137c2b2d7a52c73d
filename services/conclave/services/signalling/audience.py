"""Who is connected, and telling them what happens in their meeting."""

from __future__ import annotations

from conclave.services.meetings.grpc import participant_to_proto
from conclave.services.meetings.model import EndReason, Meeting, Participant
from conclave.services.signalling.outbox import Outbox
from conclave.services.signalling.translate import ended_message
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Audience"]


class Audience:
    """The outboxes of the clients that are connected, by participant. Observes the meetings."""

    def __init__(self) -> None:
        self._outboxes: dict[str, Outbox] = {}

    def attach(self, participant: Participant, outbox: Outbox) -> Outbox | None:
        """Makes this the participant's connection; returns the one that it replaces."""
        replaced = self._outboxes.get(participant.id)
        self._outboxes[participant.id] = outbox
        return replaced

    def detach(self, participant: Participant, outbox: Outbox) -> bool:
        """Forgets the participant's connection; False when another one has replaced it."""
        if self._outboxes.get(participant.id) is not outbox:
            return False
        del self._outboxes[participant.id]
        return True

    def tell(self, participant: Participant, message: pb.ServerMessage) -> None:
        """Sends to one participant, if connected."""
        outbox = self._outboxes.get(participant.id)
        if outbox is not None:
            outbox.put(message)

    def tell_all(self, meeting: Meeting, message: pb.ServerMessage) -> None:
        """Sends to everybody in a meeting."""
        for participant in meeting.participants.values():
            self.tell(participant, message)

    def participant_changed(self, meeting: Meeting, participant: Participant) -> None:
        """Somebody joined, or something about a participant changed."""
        changed = pb.ParticipantChanged(participant=participant_to_proto(participant))
        self.tell_all(meeting, pb.ServerMessage(participant_changed=changed))

    def participant_left(self, meeting: Meeting, participant: Participant, reason: EndReason | None) -> None:
        """Somebody is gone. One who did not choose to go is told why."""
        left = pb.ServerMessage(participant_left=pb.ParticipantLeft(participant_id=participant.id))
        self.tell_all(meeting, left)
        outbox = self._outboxes.pop(participant.id, None)
        if outbox is not None and reason is not None:
            outbox.put(ended_message(reason), close=True)
