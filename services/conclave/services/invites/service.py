"""Invites: the use cases."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from conclave.services.audit.log import Act, AuditSink
from conclave.services.domain.callers import Caller
from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.identifiers import RANDOM_ID_SIZE, InviteName, encode_random_id, room_name
from conclave.services.domain.invites import (
    Invite,
    InviteClaims,
    InviteSigner,
    MalformedToken,
    read_token,
    validate_ttl,
    write_token,
)
from conclave.services.domain.pages import Page, read_page_request, write_page_token
from conclave.services.domain.roles import Role
from conclave.services.invites.errors import InviteExpired, InviteInvalid, InviteNotFound, InviteRevoked
from conclave.services.invites.models import InviteRow
from conclave.services.rooms.service import find_room
from conclave.services.state.clock import Clock
from conclave.services.state.store import Store

__all__ = ["CreatedInvite", "InviteService"]


@dataclass(frozen=True, slots=True)
class CreatedInvite:
    """A new invite and its link, which is told this once."""

    invite: Invite
    url: str


class InviteService:
    """Makes, tells, revokes and verifies invites."""

    def __init__(self, store: Store, audit: AuditSink, clock: Clock, signer: InviteSigner, public_url: str) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._signer = signer
        self._public_url = public_url.rstrip("/")

    async def create(self, caller: Caller, room_id: str, role: Role, ttl: timedelta | None) -> CreatedInvite:
        """Makes an invite into a room. Raises RoomNotFound or InvalidArgument."""
        now = self._clock()
        # Whole seconds, because the token's expiry is: what is listed is what is verified.
        expire_time = (now + validate_ttl(ttl)).replace(microsecond=0)
        invite = Invite(room_id, encode_random_id(os.urandom(RANDOM_ID_SIZE)), role, now, expire_time, None)

        def work(session: Session) -> None:
            find_room(session, self._store.tenant_id, room_id)
            session.add(
                InviteRow(
                    tenant_id=self._store.tenant_id,
                    id=invite.invite_id,
                    room_id=room_id,
                    role=role.value,
                    create_time=now,
                    expire_time=expire_time,
                )
            )
            self._audit.record(session, Act.INVITE_CREATED, caller.identity, invite.name)

        await self._store.run(work)
        token = write_token(InviteClaims(invite.invite_id, role, expire_time), self._signer)
        # In the fragment, which browsers send to no server and write to no referrer.
        return CreatedInvite(invite, f"{self._public_url}/join#{token}")

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

        return await self._store.run(work)

    async def verify(self, token: str) -> Invite:
        """The invite of a token that lets its bearer in now. Raises InviteInvalid, InviteExpired or InviteRevoked."""
        return await self._store.run(lambda session: self.verify_in(session, token))

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


def _read_sort_key(after: tuple[str, ...]) -> tuple[datetime, str]:
    try:
        return datetime.fromisoformat(after[0]).astimezone(UTC), after[1]
    except ValueError:
        raise InvalidArgument("page_token is not one that this listing gave; begin again without a token") from None


def _to_invite(row: InviteRow) -> Invite:
    return Invite(row.room_id, row.id, Role(row.role), row.create_time, row.expire_time, row.revoke_time)
