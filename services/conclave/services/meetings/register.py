"""What goes on now: meetings, who waits, and who is told of changes. Rules are elsewhere."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, ParamSpec, Protocol, TypeVar

from conclave.services.domain.rooms import Room
from conclave.services.meetings.errors import MeetingOver, NotHost
from conclave.services.meetings.model import EndReason, Lobby, Meeting, Participant, Waiting

__all__ = ["Actor", "MeetingObserver", "PeopleObserver", "Register", "carried_out"]

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def carried_out(
    act: Callable[Arguments, Coroutine[Any, Any, Result]],
) -> Callable[Arguments, Coroutine[Any, Any, Result]]:
    """An act that is carried out whole, even if its caller gives up.

    Otherwise the database and what is known here would part.
    """

    @functools.wraps(act)
    async def whole(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        return await asyncio.shield(asyncio.ensure_future(act(*arguments, **named)))

    return whole


class MeetingObserver(Protocol):
    """Who is told what changed, after it has."""

    def participant_changed(self, meeting: Meeting, participant: Participant) -> None:
        """Somebody joined, or something about a participant changed."""

    def participant_left(self, meeting: Meeting, participant: Participant, reason: EndReason | None) -> None:
        """Somebody is gone; reason: None for one who left by choice."""


class PeopleObserver(Protocol):
    """Who is told of waiting, locks, roles, muting, connections and the room's policy, after it has changed."""

    def admitted(self, participant: Participant) -> None:
        """Somebody who waited is in the meeting; everybody else has been told."""

    def waiting_changed(self, waiting: Waiting) -> None:
        """Somebody waits for something else."""

    def waiting_ended(self, waiting: Waiting, reason: EndReason | None) -> None:
        """Somebody waits no more and is not in the meeting; reason: None for one who left by choice."""

    def lobby_changed(self, room_id: str) -> None:
        """Who waits for a room has changed."""

    def lock_changed(self, meeting: Meeting) -> None:
        """A meeting was locked or unlocked."""

    def role_changed(self, meeting: Meeting, participant: Participant) -> None:
        """Somebody became a host or is one no more; everybody has been told."""

    def muted(self, participant: Participant, by: Participant | None) -> None:
        """Somebody's microphone was switched off; by: None for an administrator."""

    def quality_changed(self, meeting: Meeting, participant: Participant) -> None:
        """Somebody's connection became better or worse."""

    def room_changed(self, room: Room) -> None:
        """A room's name, limit or policy is another."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who decides about others: a participant, or an administrator whose permission was checked before."""

    # For the audit log, such as "administrator:local".
    identity: str
    participant: Participant | None = None

    @classmethod
    def of(cls, participant: Participant) -> Actor:
        """A participant."""
        return cls(f"participant:{participant.id}", participant)


class Register:
    """The meetings that go on and the lobbies that are not empty."""

    def __init__(self) -> None:
        self.meetings: dict[str, Meeting] = {}
        self.by_room: dict[str, Meeting] = {}
        self.lobbies: dict[str, Lobby] = {}
        self.by_token: dict[bytes, Participant | Waiting] = {}
        # Rules are checked and stored as one step: whatever changes who is in or waits takes turns.
        self.turn = asyncio.Lock()
        self.observers: list[MeetingObserver] = []
        self.people_observers: list[PeopleObserver] = []

    def meeting_of(self, participant: Participant) -> Meeting | None:
        """The meeting that a participant is in; None for one who has left."""
        meeting = self.meetings.get(participant.meeting_id)
        return meeting if meeting is not None and participant.id in meeting.participants else None

    def stays(self, participant: Participant) -> bool:
        """Whether a participant is in a meeting and not being taken out."""
        return self.meeting_of(participant) is not None and not participant.leaving

    def lobby_of(self, waiting: Waiting) -> Lobby | None:
        """The lobby that somebody waits in; None for one who waits no more."""
        lobby = self.lobbies.get(waiting.room_id)
        return lobby if lobby is not None and lobby.waiting.get(waiting.id) is waiting else None

    def waiting_in(self, room_id: str) -> list[Waiting]:
        """Who waits for a room's meeting, longest first."""
        lobby = self.lobbies.get(room_id)
        return [] if lobby is None else list(lobby.waiting.values())

    def add_participant(self, meeting: Meeting, participant: Participant) -> None:
        """Enters somebody, and the meeting with its first one."""
        self.meetings[meeting.id] = self.by_room[meeting.room_id] = meeting
        meeting.participants[participant.id] = participant
        self.by_token[participant.resume_token_hash] = participant

    def drop_waiting(self, waiting: Waiting) -> None:
        """Takes somebody out of the lobby, and an empty lobby with the last one."""
        lobby = self.lobbies[waiting.room_id]
        del lobby.waiting[waiting.id]
        if not lobby.waiting:
            del self.lobbies[waiting.room_id]
        if self.by_token.get(waiting.resume_token_hash) is waiting:
            del self.by_token[waiting.resume_token_hash]

    def require_host(self, actor: Actor, room_id: str) -> None:
        """Raises NotHost unless the actor is a host of the room's meeting or an administrator, and MeetingOver."""
        if actor.participant is None:
            return
        meeting = self.meeting_of(actor.participant)
        if meeting is None:
            raise MeetingOver("the meeting is over for you")
        if meeting.room_id != room_id or not actor.participant.role.may_moderate:
            raise NotHost("only a host may do this; ask one of them")

    def tell_changed(self, participant: Participant) -> None:
        """Tells everybody what a participant is like now."""
        meeting = self.meeting_of(participant)
        if meeting is not None:
            for observer in self.observers:
                observer.participant_changed(meeting, participant)

    def tell_lobby(self, room_id: str) -> None:
        """Tells who waits."""
        for observer in self.people_observers:
            observer.lobby_changed(room_id)
