"""A meeting as its client knows it: each message changes it and tells what happened."""

from __future__ import annotations

from conclave.client.events import (
    Event,
    HandLowered,
    HandRaised,
    LobbyChanged,
    LockChanged,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    RoomChanged,
    SpeakersChanged,
)
from conclave.client.people import Participant, Room, WaitingPerson
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Roster"]


class Roster:
    """Who is there, who speaks, who waits. No input or output."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.own_id = ""
        self.participants: dict[str, Participant] = {}
        self.speaker_ids: tuple[str, ...] = ()
        self.waiting: tuple[WaitingPerson, ...] = ()
        self.locked = False
        self.start_time_ms = 0

    def enter(self, joined: pb.Joined) -> list[Event]:
        """Takes the meeting as it is now; what was known of it is compared with it."""
        before, old_id = self.participants, self.own_id
        self.own_id = joined.participant_id
        self.participants = {person.id: Participant.read(person) for person in joined.participants}
        self.waiting = tuple(WaitingPerson.read(person) for person in joined.waiting)
        self.locked, self.start_time_ms = joined.locked, joined.meeting_start_time_ms
        self.speaker_ids = ()
        if not old_id:
            return []
        happened: list[Event] = []
        for person_id, person in before.items():
            if person_id not in self.participants and person_id != old_id:
                happened.append(ParticipantLeft(person))
        for person_id, person in self.participants.items():
            if person_id != self.own_id:
                happened += _changes(before.get(person_id), person)
        return happened

    def take(self, message: pb.ServerMessage) -> list[Event]:
        """What a message tells of the meeting; nothing for messages about something else."""
        match message.WhichOneof("body"):
            case "participant_changed":
                person = Participant.read(message.participant_changed.participant)
                before = self.participants.get(person.id)
                self.participants[person.id] = person
                return _changes(before, person)
            case "participant_left":
                gone = self.participants.pop(message.participant_left.participant_id, None)
                return [] if gone is None else [ParticipantLeft(gone)]
            case "speakers_changed":
                self.speaker_ids = tuple(message.speakers_changed.participant_ids)
                return [SpeakersChanged(self.speakers)]
            case "lobby_changed":
                self.waiting = tuple(WaitingPerson.read(person) for person in message.lobby_changed.waiting)
                return [LobbyChanged(self.waiting)]
            case "lock_changed":
                self.locked = message.lock_changed.locked
                return [LockChanged(self.locked)]
            case "room_changed":
                self.room = Room.read(message.room_changed)
                return [RoomChanged(self.room)]
        return []

    @property
    def speakers(self) -> tuple[Participant, ...]:
        """Who speaks now, loudest first."""
        return tuple(self.participants[each] for each in self.speaker_ids if each in self.participants)


def _changes(before: Participant | None, now: Participant) -> list[Event]:
    if before is None:
        return [ParticipantJoined(now)]
    if before == now:
        return []
    happened: list[Event] = [ParticipantChanged(now, before)]
    if before.hand_raised_at is None and now.hand_raised_at is not None:
        happened.append(HandRaised(now))
    if before.hand_raised_at is not None and now.hand_raised_at is None:
        happened.append(HandLowered(now))
    return happened
