"""Invites: the use cases."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from conclave.services.audit.log import Act, AuditSink
from conclave.services.domain.callers import Caller
from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.identifiers import RANDOM_ID_SIZE, InviteName, encode_random_id, room_name
from conclave.services.domain.invites import (
    DIAL_CODE_DIGITS,
    NEVER,
    Invite,
    InviteClaims,
    InviteSigner,
    MalformedToken,
    format_dial_code,
    normal_dial_code,
    read_token,
    validate_ttl,
    write_token,
)
from conclave.services.domain.pages import Page, read_page_request, write_page_token
from conclave.services.domain.protection import ProtectionMode
from conclave.services.domain.roles import Role
from conclave.services.domain.rooms import MAX_PERSON_DISPLAY_NAME, validate_display_name
from conclave.services.invites.errors import (
    DeviceNameNeeded,
    DeviceRoomEndToEnd,
    InviteExpired,
    InviteInvalid,
    InviteNotFound,
    InviteRevoked,
    LinkNotFound,
    NameNeeded,
)
from conclave.services.invites.models import InviteRow
from conclave.services.rooms.service import find_room
from conclave.services.state.clock import Clock
from conclave.services.state.store import Store

__all__ = ["CreatedInvite", "CreatedLink", "InviteObserver", "InviteService"]


@dataclass(frozen=True, slots=True)
class CreatedInvite:
    """A new invite and its link, which is told this once."""

    invite: Invite
    url: str


@dataclass(frozen=True, slots=True)
class CreatedLink:
    """A room's own link. It is told again whenever it is asked for."""

    invite: Invite
    url: str
    dial_code: str


class InviteObserver(Protocol):
    """Who acts on what happened to an invite, after it has; see MeetingService."""

    async def invite_revoked(self, room_id: str, invite_id: str) -> None:
        """The invite lets nobody in any more."""


class InviteService:
    """Makes, tells, revokes and verifies invites."""

    def __init__(self, store: Store, audit: AuditSink, clock: Clock, signer: InviteSigner, public_url: str) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._signer = signer
        self._public_url = public_url.rstrip("/")
        self._observers: list[InviteObserver] = []

    def observe(self, observer: InviteObserver) -> None:
        """Adds somebody who acts on revocations."""
        self._observers.append(observer)

    async def create(
        self, caller: Caller, room_id: str, role: Role, ttl: timedelta | None, display_name: str
    ) -> CreatedInvite:
        """Makes an invite into a room; display_name: the member it is for, empty for an invite that guests use.

        Raises RoomNotFound, InvalidArgument, NameNeeded, DeviceNameNeeded or DeviceRoomEndToEnd.
        """
        now = self._clock()
        if role is Role.DEVICE and not display_name:
            raise DeviceNameNeeded
        member = validate_display_name(display_name, MAX_PERSON_DISPLAY_NAME) if display_name else ""
        # Whole seconds, because the token's expiry is: what is listed is what is verified.
        expire_time = (now + validate_ttl(ttl)).replace(microsecond=0)
        invite = Invite(room_id, encode_random_id(os.urandom(RANDOM_ID_SIZE)), role, now, expire_time, None, member)

        def work(session: Session) -> None:
            room = find_room(session, self._store.tenant_id, room_id)
            if room.admission.members_only and not member:
                raise NameNeeded(room_id)
            if role is Role.DEVICE and room.protection_mode is not ProtectionMode.MANAGED:
                raise DeviceRoomEndToEnd(room_id)
            self._add(session, caller, invite, None)

        await self._store.run(work)
        return CreatedInvite(invite, self._url(invite))

    async def link(self, room_id: str) -> CreatedLink:
        """A room's own link. Raises RoomNotFound or LinkNotFound."""

        def work(session: Session) -> CreatedLink:
            find_room(session, self._store.tenant_id, room_id)
            row = self._link_row(session, room_id)
            if row is None or row.dial_code is None:
                raise LinkNotFound(room_id)
            invite = _to_invite(row)
            return CreatedLink(invite, self._url(invite), row.dial_code)

        return await self._store.run(work)

    async def replace_link(self, caller: Caller, room_id: str) -> CreatedLink:
        """Gives a room a link and a dial code of its own; those before stop working. Raises RoomNotFound."""
        now = self._clock()
        invite = Invite(
            room_id, encode_random_id(os.urandom(RANDOM_ID_SIZE)), Role.PARTICIPANT, now, NEVER, revoke_time=None
        )

        def work(session: Session) -> tuple[str, str | None]:
            find_room(session, self._store.tenant_id, room_id)
            before = self._revoke_link_in(session, caller, room_id, now)
            dial_code = self._free_dial_code(session)
            self._add(session, caller, invite, dial_code)
            return dial_code, before

        dial_code, before = await self._store.run(work)
        await self._tell_revoked(room_id, before)
        return CreatedLink(invite, self._url(invite), dial_code)

    async def revoke_link(self, caller: Caller, room_id: str) -> None:
        """Takes a room's own link and dial code away. Raises RoomNotFound or LinkNotFound."""
        now = self._clock()

        def work(session: Session) -> str:
            find_room(session, self._store.tenant_id, room_id)
            before = self._revoke_link_in(session, caller, room_id, now)
            if before is None:
                raise LinkNotFound(room_id)
            return before

        await self._tell_revoked(room_id, await self._store.run(work))

    async def list(self, room_id: str, page_size: int, page_token: str) -> Page[Invite]:
        """A page of a room's invites, newest first. Raises RoomNotFound or InvalidArgument."""
        listing = f"{room_name(room_id)}/invites"
        page = read_page_request(listing, 2, page_size, page_token)

        def work(session: Session) -> Page[Invite]:
            find_room(session, self._store.tenant_id, room_id)
            query = select(InviteRow).where(InviteRow.tenant_id == self._store.tenant_id, InviteRow.room_id == room_id)
            if page.after:
                create_time, invite_id = _read_sort_key(page.after)
                query = query.where(
                    or_(
                        InviteRow.create_time < create_time,
                        and_(InviteRow.create_time == create_time, InviteRow.id < invite_id),
                    )
                )
            rows = session.scalars(
                query.order_by(InviteRow.create_time.desc(), InviteRow.id.desc()).limit(page.size + 1)
            ).all()
            invites = [_to_invite(row) for row in rows[: page.size]]
            if len(rows) <= page.size:
                return Page(invites, "")
            last = invites[-1]
            return Page(invites, write_page_token(listing, last.create_time.isoformat(), last.invite_id))

        return await self._store.run(work)

    async def revoke(self, caller: Caller, name: InviteName) -> Invite:
        """Stops an invite from working; one revoked already stays as it is. Raises InviteNotFound."""
        now = self._clock()

        def work(session: Session) -> Invite:
            row = session.get(InviteRow, (self._store.tenant_id, name.invite_id))
            if row is None or row.room_id != name.room_id:
                raise InviteNotFound(name)
            if row.revoke_time is None:
                row.revoke_time = now
                self._audit.record(session, Act.INVITE_REVOKED, caller.identity, str(name))
            return _to_invite(row)

        invite = await self._store.run(work)
        await self._tell_revoked(name.room_id, name.invite_id)
        return invite

    async def verify_dial_code(self, typed: str) -> Invite:
        """The invite of a dial code. Raises InviteInvalid."""
        dial_code = normal_dial_code(typed)
        if dial_code is None:
            raise InviteInvalid

        def work(session: Session) -> Invite:
            row = session.scalar(
                select(InviteRow).where(
                    InviteRow.tenant_id == self._store.tenant_id,
                    InviteRow.dial_code == dial_code,
                    InviteRow.revoke_time.is_(None),
                )
            )
            # One that was revoked is told from one that never was only to who holds the whole link.
            if row is None:
                raise InviteInvalid
            return _to_invite(row)

        return await self._store.run(work)

    async def verify(self, token: str) -> Invite:
        """The invite of a token that lets its bearer in now. Raises InviteInvalid, InviteExpired or InviteRevoked."""
        return await self._store.run(lambda session: self.verify_in(session, token))

    def identify(self, token: str) -> str:
        """The invite that a token is of, whether or not it still lets anybody in. Raises InviteInvalid."""
        try:
            return read_token(token, self._signer).invite_id
        except MalformedToken:
            raise InviteInvalid from None

    def verify_in(self, session: Session, token: str) -> Invite:
        """The same, inside a unit of work that goes on to act on it."""
        try:
            claims = read_token(token, self._signer)
        except MalformedToken:
            raise InviteInvalid from None
        row = session.get(InviteRow, (self._store.tenant_id, claims.invite_id))
        if row is None:
            raise InviteInvalid
        if row.revoke_time is not None:
            raise InviteRevoked
        if claims.expire_time <= self._clock():
            raise InviteExpired
        return _to_invite(row)

    def _add(self, session: Session, caller: Caller, invite: Invite, dial_code: str | None) -> None:
        session.add(
            InviteRow(
                tenant_id=self._store.tenant_id,
                id=invite.invite_id,
                room_id=invite.room_id,
                role=invite.role.value,
                create_time=invite.create_time,
                expire_time=invite.expire_time,
                subject_id=invite.subject_id,
                display_name=invite.display_name or None,
                dial_code=dial_code,
            )
        )
        self._audit.record(session, Act.INVITE_CREATED, caller.identity, invite.name)

    def _url(self, invite: Invite) -> str:
        # Signatures are deterministic (RFC 8032 section 5.1), so a lasting link reads the same whenever it is told.
        token = write_token(InviteClaims(invite.invite_id, invite.role, invite.expire_time), self._signer)
        # In the fragment, which browsers send to no server and write to no referrer; a device's is its bearer token.
        path = "whip" if invite.role is Role.DEVICE else "join"
        return f"{self._public_url}/{path}#{token}"

    def _link_row(self, session: Session, room_id: str) -> InviteRow | None:
        return session.scalar(
            select(InviteRow).where(
                InviteRow.tenant_id == self._store.tenant_id,
                InviteRow.room_id == room_id,
                InviteRow.dial_code.is_not(None),
                InviteRow.revoke_time.is_(None),
            )
        )

    def _revoke_link_in(self, session: Session, caller: Caller, room_id: str, now: datetime) -> str | None:
        row = self._link_row(session, room_id)
        if row is None:
            return None
        row.revoke_time = now
        # The new link's row must not meet this one in the index of standing links.
        session.flush()
        self._audit.record(session, Act.INVITE_REVOKED, caller.identity, _to_invite(row).name)
        return row.id

    def _free_dial_code(self, session: Session) -> str:
        while True:
            dial_code = format_dial_code(secrets.randbelow(10**DIAL_CODE_DIGITS))
            taken = select(InviteRow.id).where(
                InviteRow.tenant_id == self._store.tenant_id, InviteRow.dial_code == dial_code
            )
            if session.scalar(taken) is None:
                return dial_code

    async def _tell_revoked(self, room_id: str, invite_id: str | None) -> None:
        if invite_id is not None:
            for observer in self._observers:
                await observer.invite_revoked(room_id, invite_id)


def _read_sort_key(after: tuple[str, ...]) -> tuple[datetime, str]:
    try:
        return datetime.fromisoformat(after[0]).astimezone(UTC), after[1]
    except ValueError:
        raise InvalidArgument("page_token is not one that this listing gave; begin again without a token") from None


def _to_invite(row: InviteRow) -> Invite:
    return Invite(
        row.room_id, row.id, Role(row.role), row.create_time, row.expire_time, row.revoke_time, row.display_name or ""
    )
