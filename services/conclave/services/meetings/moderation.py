"""What hosts and administrators decide about others. Rights are checked in the turn in which the act is done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.identifiers import MeetingName
from conclave.services.domain.roles import Role
from conclave.services.meetings.admission import has_seat
from conclave.services.meetings.errors import LastHost, MeetingOver, ParticipantNotFound, RoomFull
from conclave.services.meetings.model import EndReason, Meeting, Participant, SourceKind
from conclave.services.meetings.register import Actor, carried_out
from conclave.services.meetings.service import MeetingService, MeetingStore

__all__ = ["Moderation", "SourceSwitch"]


class SourceSwitch(Protocol):
    """What switches a participant's sources, at the core too; see MediaSessions."""

    async def set_sources(self, participant: Participant, states: dict[SourceKind, bool]) -> None:
        """Says which of the participant's sources are active."""


class Moderation:
    """The acts. Each raises NotHost for a participant who is no host, and MeetingOver for one who is out."""

    def __init__(self, meetings: MeetingService, store: MeetingStore, sources: SourceSwitch) -> None:
        self._meetings = meetings
        self._register = meetings.register
        self._lobbies = meetings.lobbies
        self._store = store
        self._sources = sources

    @carried_out
    async def admit(self, actor: Actor, room_id: str, ids: Iterable[str]) -> list[Participant]:
        """Lets people in who wait; all of them or, with RoomFull or MembersOnly, none."""
        wanted = set(ids)
        async with self._register.turn:
            self._register.require_host(actor, room_id)
            chosen = [waiting for waiting in self._register.waiting_in(room_id) if waiting.id in wanted]
            seated = await self._lobbies.admit(room_id, chosen, actor.identity)
            await self._lobbies.reconsider(room_id)
            return seated

    @carried_out
    async def admit_all(self, actor: Actor, room_id: str) -> list[Participant]:
        """Lets in who waits, longest first, as long as there are seats. Raises RoomFull when there is none."""
        async with self._register.turn:
            self._register.require_host(actor, room_id)
            lobby = self._register.lobbies.get(room_id)
            if lobby is None:
                return []
            room, meeting = lobby.room, self._register.by_room.get(room_id)
            if not has_seat(room, meeting):
                raise RoomFull(f"room {room.name} has no seat left of {room.max_participants}; raise max_participants")
            seats = room.max_participants - (0 if meeting is None else len(meeting.participants))
            chosen = list(lobby.waiting.values())[:seats]
            seated = await self._lobbies.admit(room_id, chosen, actor.identity)
            await self._lobbies.reconsider(room_id)
            return seated

    @carried_out
    async def turn_away(self, actor: Actor, room_id: str, ids: Iterable[str]) -> None:
        """Sends people away who wait."""
        wanted = set(ids)
        async with self._register.turn:
            self._register.require_host(actor, room_id)
            chosen = [waiting for waiting in self._register.waiting_in(room_id) if waiting.id in wanted]
            await self._lobbies.drop(chosen, EndReason.TURNED_AWAY, actor.identity)

    @carried_out
    async def remove(self, actor: Actor, name: MeetingName, participant_id: str) -> None:
        """Takes somebody out for as long as the meeting lasts. Raises ParticipantNotFound, and for oneself
        InvalidArgument."""
        async with self._register.turn:
            self._register.require_host(actor, name.room_id)
            participant = _find(self._going_on(name), participant_id)
        if participant is actor.participant:
            raise InvalidArgument("one does not remove oneself; leave the meeting instead")
        await self._meetings.take_out(participant, actor.identity)

    @carried_out
    async def mute(self, actor: Actor, name: MeetingName, ids: Iterable[str]) -> list[Participant]:
        """Switches microphones off; returns those whose were on."""
        wanted = set(ids)
        self._register.require_host(actor, name.room_id)
        meeting = self._going_on(name)
        return await self._mute(actor, [p for p in meeting.participants.values() if p.id in wanted])

    @carried_out
    async def mute_all(self, actor: Actor, name: MeetingName) -> list[Participant]:
        """Switches the microphones of everybody but the hosts off; returns those whose were on."""
        self._register.require_host(actor, name.room_id)
        meeting = self._going_on(name)
        return await self._mute(actor, [p for p in meeting.participants.values() if not p.role.may_moderate])

    @carried_out
    async def set_lock(self, actor: Actor, name: MeetingName, locked: bool) -> None:
        """Keeps everybody new but hosts out, or lets them in again."""
        async with self._register.turn:
            self._register.require_host(actor, name.room_id)
            meeting = self._going_on(name)
            if meeting.locked == locked:
                return
            await self._store.save_lock(meeting, locked, actor.identity)
            meeting.locked = locked
            for observer in self._register.people_observers:
                observer.lock_changed(meeting)
            await self._lobbies.reconsider(name.room_id)

    @carried_out
    async def set_role(self, actor: Actor, name: MeetingName, participant_id: str, role: Role) -> Participant:
        """Gives somebody another role while they are in the meeting. Raises ParticipantNotFound and LastHost."""
        async with self._register.turn:
            self._register.require_host(actor, name.room_id)
            meeting = self._going_on(name)
            participant = _find(meeting, participant_id)
            if participant.role is role:
                return participant
            if Role.DEVICE in (participant.role, role):
                raise InvalidArgument("a device stays a device, and nobody becomes one")
            hosts = sum(other.role.may_moderate for other in meeting.participants.values())
            if actor.participant is not None and participant.role.may_moderate and hosts == 1:
                raise LastHost("a meeting keeps a host: make somebody else a host first")
            await self._store.save_role(meeting, participant, role, actor.identity)
            participant.role = role
            self._register.tell_changed(participant)
            for observer in self._register.people_observers:
                observer.role_changed(meeting, participant)
            await self._lobbies.reconsider(name.room_id)
            return participant

    @carried_out
    async def lower_hand(self, actor: Actor, name: MeetingName, participant_id: str) -> None:
        """Lowers somebody's hand. Raises ParticipantNotFound and HandsSealed."""
        async with self._register.turn:
            self._register.require_host(actor, name.room_id)
            meeting = self._going_on(name)
            await self._meetings.hands.lower(meeting, _find(meeting, participant_id))

    async def _mute(self, actor: Actor, chosen: list[Participant]) -> list[Participant]:
        speaking = [participant for participant in chosen if SourceKind.MICROPHONE in participant.active]
        for participant in speaking:
            await self._sources.set_sources(participant, {SourceKind.MICROPHONE: False})
            for observer in self._register.people_observers:
                observer.muted(participant, actor.participant)
        return speaking

    def _going_on(self, name: MeetingName) -> Meeting:
        meeting = self._register.meetings.get(name.meeting_id)
        if meeting is None or meeting.room_id != name.room_id:
            raise MeetingOver(f"{name} does not go on; list the meetings with `conclave meeting list`")
        return meeting


def _find(meeting: Meeting, participant_id: str) -> Participant:
    participant = meeting.participants.get(participant_id)
    if participant is None:
        raise ParticipantNotFound("nobody in the meeting has this id; they may have left")
    return participant
