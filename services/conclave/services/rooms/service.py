"""Rooms: the use cases."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from conclave.services.audit.log import Act, AuditSink
from conclave.services.domain.callers import Caller
from conclave.services.domain.identifiers import room_name, validate_room_id
from conclave.services.domain.pages import Page, read_page_request, write_page_token
from conclave.services.domain.protection import ProtectionMode
from conclave.services.domain.rooms import Admission, Room, RoomChanges, changed_room, new_room
from conclave.services.meetings.models import MeetingRow
from conclave.services.rooms.errors import RoomExists, RoomInUse, RoomNotFound
from conclave.services.rooms.models import RoomRow
from conclave.services.state.clock import Clock
from conclave.services.state.store import Store

__all__ = ["RoomObserver", "RoomService", "find_room", "room_of"]

LISTING = "rooms"


class RoomObserver(Protocol):
    """Who acts on what happened to a room, after it has; see MeetingService."""

    async def room_changed(self, room: Room) -> None:
        """The room's name, limit or policy is another now."""

    async def room_deleted(self, room_id: str) -> None:
        """The room is gone."""


class RoomService:
    """Creates, tells and deletes rooms. Who may do what was decided before."""

    def __init__(self, store: Store, audit: AuditSink, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._observers: list[RoomObserver] = []

    def observe(self, observer: RoomObserver) -> None:
        """Adds somebody who acts on changes."""
        self._observers.append(observer)

    async def create(
        self,
        caller: Caller,
        room_id: str,
        display_name: str,
        protection_mode: ProtectionMode | None,
        max_participants: int,
        admission: Admission,
    ) -> Room:
        """Creates a room. Raises RoomExists, InvalidArgument, or FailedPrecondition for a mode that cannot be kept."""
        room = new_room(room_id, display_name, protection_mode, max_participants, self._clock(), admission)

        def work(session: Session) -> None:
            if session.get(RoomRow, (self._store.tenant_id, room_id)) is not None:
                raise RoomExists(room_id)
            session.add(
                RoomRow(
                    tenant_id=self._store.tenant_id,
                    id=room.room_id,
                    display_name=room.display_name,
                    protection_mode=room.protection_mode.value,
                    max_participants=room.max_participants,
                    create_time=room.create_time,
                    lobby=room.admission.lobby,
                    members_only=room.admission.members_only,
                    wait_for_host=room.admission.wait_for_host,
                )
            )
            self._audit.record(session, Act.ROOM_CREATED, caller.identity, room.name)

        await self._store.run(work)
        return room

    async def get(self, room_id: str) -> Room:
        """Returns one room. Raises RoomNotFound."""
        return await self._store.run(lambda session: find_room(session, self._store.tenant_id, room_id))

    async def list(self, page_size: int, page_token: str) -> Page[Room]:
        """A page of rooms, by id. Raises InvalidArgument."""
        page = read_page_request(LISTING, 1, page_size, page_token)

        def work(session: Session) -> Page[Room]:
            query = select(RoomRow).where(RoomRow.tenant_id == self._store.tenant_id)
            if page.after:
                query = query.where(RoomRow.id > page.after[0])
            rows = session.scalars(query.order_by(RoomRow.id).limit(page.size + 1)).all()
            rooms = [room_of(row) for row in rows[: page.size]]
            more = len(rows) > page.size
            return Page(rooms, write_page_token(LISTING, rooms[-1].room_id) if more else "")

        return await self._store.run(work)

    async def update(self, caller: Caller, room_id: str, changes: RoomChanges) -> Room:
        """Changes a room. Raises RoomNotFound or InvalidArgument."""

        def work(session: Session) -> Room:
            row = session.get(RoomRow, (self._store.tenant_id, validate_room_id(room_id)))
            if row is None:
                raise RoomNotFound(room_id)
            room = changed_room(room_of(row), changes)
            row.display_name, row.max_participants = room.display_name, room.max_participants
            row.lobby, row.members_only = room.admission.lobby, room.admission.members_only
            row.wait_for_host = room.admission.wait_for_host
            self._audit.record(session, Act.ROOM_UPDATED, caller.identity, room.name)
            return room

        room = await self._store.run(work)
        for observer in self._observers:
            await observer.room_changed(room)
        return room

    async def delete(self, caller: Caller, room_id: str) -> None:
        """Deletes a room, its invites and its past meetings' records. Raises RoomNotFound or RoomInUse."""

        def work(session: Session) -> None:
            row = session.get(RoomRow, (self._store.tenant_id, validate_room_id(room_id)))
            if row is None:
                raise RoomNotFound(room_id)
            going_on = select(MeetingRow.id).where(
                MeetingRow.tenant_id == self._store.tenant_id,
                MeetingRow.room_id == room_id,
                MeetingRow.end_time.is_(None),
            )
            if session.scalars(going_on).first() is not None:
                raise RoomInUse(room_id)
            session.delete(row)
            self._audit.record(session, Act.ROOM_DELETED, caller.identity, room_name(room_id))

        await self._store.run(work)
        for observer in self._observers:
            await observer.room_deleted(room_id)


def find_room(session: Session, tenant_id: str, room_id: str) -> Room:
    """Reads one room inside a unit of work. Raises RoomNotFound."""
    row = session.get(RoomRow, (tenant_id, validate_room_id(room_id)))
    if row is None:
        raise RoomNotFound(room_id)
    return room_of(row)


def room_of(row: RoomRow) -> Room:
    """The room of a row."""
    return Room(
        room_id=row.id,
        display_name=row.display_name,
        protection_mode=ProtectionMode(row.protection_mode),
        max_participants=row.max_participants,
        create_time=row.create_time,
        admission=Admission(row.lobby, row.members_only, row.wait_for_host),
    )
