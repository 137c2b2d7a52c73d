"""Those who wait: coming, being let in, being sent away. Every method is called by who holds the register's turn."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Protocol

from conclave.services.domain.identifiers import RANDOM_ID_SIZE, encode_random_id
from conclave.services.domain.rooms import Room
from conclave.services.meetings.admission import has_seat, waits_for
from conclave.services.meetings.errors import MembersOnly, RoomFull
from conclave.services.meetings.model import EndReason, Lobby, Meeting, Participant, Waiting, WaitReason
from conclave.services.meetings.register import Register
from conclave.services.state.clock import Clock

__all__ = ["MAX_WAITING", "Lobbies", "LobbyStore", "random_id"]

MAX_WAITING = 200
# Who lets in those that wait for nobody's decision.
CONTROL = "conclave-control"


class LobbyStore(Protocol):
    """Where those who wait are kept; see SqlMeetingStore."""

    async def load_lobbies(self) -> list[Lobby]: ...
    async def knows_key(self, subject_id: str, identity_key: bytes) -> bool: ...
    async def wait(self, waiting: Waiting) -> None: ...
    async def admit(self, meeting: Meeting, participants: list[Participant], opens: bool, actor: str) -> None: ...
    async def stop_waiting(self, waiting: list[Waiting], turned_away_by: str) -> None: ...


class Lobbies:
    """The lobbies of all rooms."""

    def __init__(self, register: Register, store: LobbyStore, clock: Clock) -> None:
        self._register = register
        self._store = store
        self._clock = clock

    async def restore(self, now_ns: int) -> None:
        """Takes up those who waited when control stopped; everybody has the grace to come back."""
        for lobby in await self._store.load_lobbies():
            meeting = self._register.by_room.get(lobby.room.room_id)
            self._register.lobbies[lobby.room.room_id] = lobby
            for waiting in lobby.waiting.values():
                waiting.attached, waiting.away_since_ns = False, now_ns
                waiting.reason = waits_for(lobby.room, meeting, waiting) or WaitReason.LOBBY
                self._register.by_token[waiting.resume_token_hash] = waiting

    async def enter(self, room: Room, waiting: Waiting) -> None:
        """Lets somebody wait. Raises RoomFull."""
        lobby = self._register.lobbies.get(room.room_id) or Lobby(room)
        if len(lobby.waiting) >= MAX_WAITING:
            raise RoomFull(f"{MAX_WAITING} people wait for {room.name} already; try again later")
        await self._store.wait(waiting)
        lobby.waiting[waiting.id] = waiting
        self._register.lobbies[room.room_id] = lobby
        self._register.by_token[waiting.resume_token_hash] = waiting
        self._register.tell_lobby(room.room_id)

    async def admit(self, room_id: str, chosen: list[Waiting], actor: str) -> list[Participant]:
        """Lets people in together, and opens the meeting when there is none. Raises RoomFull and MembersOnly."""
        lobby = self._register.lobbies.get(room_id)
        if lobby is None or not chosen:
            return []
        room, meeting = lobby.room, self._register.by_room.get(room_id)
        if room.admission.members_only and not all(waiting.member for waiting in chosen):
            raise MembersOnly(f"{room.name} is for its members: a guest cannot be let in; turn them away")
        present = 0 if meeting is None else len(meeting.participants)
        if present + len(chosen) > room.max_participants:
            raise RoomFull(
                f"room {room.name} has no seats for {len(chosen)} more ({present} of {room.max_participants}); "
                "raise max_participants"
            )
        return await self._seat(room_id, meeting, chosen, actor)

    async def reconsider(self, room_id: str) -> None:
        """Lets in who waits for nothing any more, as long as there are seats, and tells the others what they wait for.

        To be called whenever something changed that waiting depends on.
        """
        for waiting in self._register.waiting_in(room_id):
            room, meeting = self._register.lobbies[room_id].room, self._register.by_room.get(room_id)
            reason = waits_for(room, meeting, waiting)
            if reason is None and has_seat(room, meeting):
                await self._seat(room_id, meeting, [waiting], CONTROL)
            elif (reason or WaitReason.LOBBY) is not waiting.reason:
                waiting.reason = reason or WaitReason.LOBBY
                for observer in self._register.people_observers:
                    observer.waiting_changed(waiting)
                self._register.tell_lobby(room_id)

    async def drop(self, chosen: Iterable[Waiting], reason: EndReason | None, turned_away_by: str = "") -> None:
        """Ends people's waiting; turned_away_by: who decided it, for the audit log, empty when nobody did."""
        going = [waiting for waiting in chosen if self._register.lobby_of(waiting) is not None]
        if not going:
            return
        await self._store.stop_waiting(going, turned_away_by)
        for waiting in going:
            self._register.drop_waiting(waiting)
            for observer in self._register.people_observers:
                observer.waiting_ended(waiting, reason)
        for room_id in {waiting.room_id for waiting in going}:
            self._register.tell_lobby(room_id)

    async def _seat(
        self, room_id: str, meeting: Meeting | None, chosen: list[Waiting], actor: str
    ) -> list[Participant]:
        now = self._clock()
        opens = meeting is None
        mode = self._register.lobbies[room_id].room.protection_mode
        joined = meeting or Meeting(random_id(), room_id, now, protection_mode=mode)
        seated = [
            Participant(
                id=waiting.id,
                meeting_id=joined.id,
                subject_id=waiting.subject_id,
                display_name=waiting.display_name,
                role=waiting.role,
                join_time=now,
                resume_token_hash=waiting.resume_token_hash,
                invite_id=waiting.invite_id,
                identity_key=waiting.identity_key,
                attached=waiting.attached,
                away_since_ns=waiting.away_since_ns,
            )
            for waiting in chosen
        ]
        await self._store.admit(joined, seated, opens, actor)
        for waiting, participant in zip(chosen, seated, strict=True):
            # A connection that was lost or came back while this was stored is looked at again here.
            participant.attached, participant.away_since_ns = waiting.attached, waiting.away_since_ns
            self._register.drop_waiting(waiting)
            self._register.add_participant(joined, participant)
            self._register.tell_changed(participant)
            for observer in self._register.people_observers:
                observer.admitted(participant)
        self._register.tell_lobby(room_id)
        return seated


def random_id() -> str:
    """An id of a meeting or a participant."""
    return encode_random_id(secrets.token_bytes(RANDOM_ID_SIZE))
