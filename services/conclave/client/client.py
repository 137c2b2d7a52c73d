"""How one comes in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from conclave.client.invitation import read_invitation
from conclave.client.meeting import Meeting
from conclave.client.people import WaitReason
from conclave.client.trust import trust_in
from conclave.client.visit import Visit

__all__ = ["Client"]


def _nothing(_: WaitReason) -> None:
    """Nobody wants to know."""


class Client:
    """The door."""

    @staticmethod
    async def join(
        link: str,
        *,
        name: str = "",
        dial_code: str = "",
        authority: str | Path | None = None,
        fingerprint: str = "",
        pictures: int = 4,
        sounds: int = 3,
        patience_seconds: float = 60.0,
        when_waiting: Callable[[WaitReason], object] = _nothing,
    ) -> Meeting:
        """Comes into a meeting, and returns when the client is in it: in a room with a lobby, once a host lets it in.

        link: an invite or a room's own link, "https://host/join#TOKEN"; beside a dial code, the appliance's address
        alone. name: what the others read, 1 to 64 characters; a personal invite has its own, which counts. authority:
        the PEM file of the certificate authority to trust, such as the one that `appliance/up` names; fingerprint:
        instead, SHA-256 of the gateway's certificate. Without either, the system's authorities are trusted; nothing
        makes it trust anybody. pictures, sounds: how many of others are received at once at most; 0 for none.
        patience_seconds: how long the connection may be lost before the meeting is given up. when_waiting: told while
        the client waits, and again when it waits for something else; limit the whole with `asyncio.timeout`.

        Raises LinkInvalid, NotTrusted, Unreachable, NameNeeded, EndToEndRoom, the kinds of Refused (InviteInvalid,
        InviteExpired, InviteRevoked, RoomFull, MeetingLocked, MembersOnly, Removed, Unavailable), MeetingOver when a
        host turns the client away, OSError for an authority that cannot be read.
        """
        trust = trust_in(authority, fingerprint)
        invitation = read_invitation(link, dial_code)
        visit = Visit(invitation, name, trust, patience_seconds, sounds, pictures, when_waiting)
        await visit.begin()
        return Meeting(visit)
