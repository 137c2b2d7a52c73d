"""Who is connected, and telling them what happens in their meeting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from conclave.services.domain.rooms import Room
from conclave.services.meetings.grpc import participant_to_proto, quality_to_proto, waiting_to_proto
from conclave.services.meetings.model import EndReason, Meeting, Participant, Waiting
from conclave.services.rooms.grpc import room_to_proto
from conclave.services.signalling.outbox import Outbox
from conclave.services.signalling.translate import ended_message
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Audience", "Listener"]


class Listener(Protocol):
    """The connection of somebody who waits; see Connection."""

    @property
    def outbox(self) -> Outbox: ...

    def admitted(self, participant: Participant) -> None:
        """The client is in the meeting."""

    def waits_for_something_else(self, waiting: Waiting) -> None:
        """What the client waits for is another."""


class Audience:
    """The outboxes of the clients that are connected, by participant. Observes the meetings."""

    def __init__(
        self,
        meeting_in: Callable[[str], Meeting | None],
        waiting_in: Callable[[str], list[Waiting]],
    ) -> None:
        self._meeting_in = meeting_in
        self._waiting_in = waiting_in
        self._outboxes: dict[str, Outbox] = {}
        self._listeners: dict[str, Listener] = {}

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

    def attach_waiting(self, waiting: Waiting, listener: Listener) -> Listener | None:
        """Makes this the connection of somebody who waits; returns the one that it replaces."""
        replaced = self._listeners.get(waiting.id)
        self._listeners[waiting.id] = listener
        return replaced

    def detach_waiting(self, waiting: Waiting, listener: Listener) -> bool:
        """Forgets the connection of somebody who waits; False when another one has replaced it."""
        if self._listeners.get(waiting.id) is not listener:
            return False
        del self._listeners[waiting.id]
        return True

    def tell(self, participant: Participant, message: pb.ServerMessage) -> None:
        """Sends to one participant, if connected."""
        self.tell_of(participant.id, message)

    def tell_of(self, participant_id: str, message: pb.ServerMessage) -> None:
        """Sends to the participant of an id, if connected."""
        outbox = self._outboxes.get(participant_id)
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

    def admitted(self, participant: Participant) -> None:
        """Somebody who waited is in."""
        listener = self._listeners.pop(participant.id, None)
        if listener is not None:
            self.attach(participant, listener.outbox)
            listener.admitted(participant)

    def waiting_changed(self, waiting: Waiting) -> None:
        """Somebody waits for something else."""
        listener = self._listeners.get(waiting.id)
        if listener is not None:
            listener.waits_for_something_else(waiting)

    def waiting_ended(self, waiting: Waiting, reason: EndReason | None) -> None:
        """Somebody waits no more. One who did not choose to go is told why."""
        listener = self._listeners.pop(waiting.id, None)
        if listener is not None and reason is not None:
            listener.outbox.put(ended_message(reason), close=True)

    def lobby_changed(self, room_id: str) -> None:
        """Who waits has changed; hosts are told."""
        meeting = self._meeting_in(room_id)
        for participant in () if meeting is None else meeting.participants.values():
            if participant.role.may_moderate:
                self._tell_lobby(participant, self._waiting_in(room_id))

    def lock_changed(self, meeting: Meeting) -> None:
        """The meeting was locked or unlocked."""
        self.tell_all(meeting, pb.ServerMessage(lock_changed=pb.LockChanged(locked=meeting.locked)))

    def role_changed(self, meeting: Meeting, participant: Participant) -> None:
        """A new host learns who waits; one who is no host any more forgets it."""
        self._tell_lobby(participant, self._waiting_in(meeting.room_id) if participant.role.may_moderate else [])

    def muted(self, participant: Participant, by: Participant | None) -> None:
        """Somebody's microphone was switched off."""
        request = pb.MuteRequested(participant_id="" if by is None else by.id)
        self.tell(participant, pb.ServerMessage(mute_requested=request))

    def quality_changed(self, meeting: Meeting, participant: Participant) -> None:
        """Somebody's connection became better or worse."""
        quality = quality_to_proto(participant.quality)
        changed = pb.QualityChanged(participant_id=participant.id, quality=quality)
        self.tell_all(meeting, pb.ServerMessage(quality_changed=changed))

    def room_changed(self, room: Room) -> None:
        """The room is another."""
        meeting = self._meeting_in(room.room_id)
        if meeting is not None:
            self.tell_all(meeting, pb.ServerMessage(room_changed=room_to_proto(room)))

    def _tell_lobby(self, participant: Participant, waiting: list[Waiting]) -> None:
        lobby = pb.LobbyChanged(waiting=[waiting_to_proto(person) for person in waiting])
        self.tell(participant, pb.ServerMessage(lobby_changed=lobby))
