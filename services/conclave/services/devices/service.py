"""The rules of devices' sessions. Each session is a participant of its meeting, whom the others see as a device.

What a session is, the meeting and the core know: it outlives a restart of control, and its URL ends in what finds it.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from conclave.services.devices.errors import (
    DescriptionMalformed,
    EndToEndRoom,
    NoDevice,
    NotLetIn,
    RestartImpossible,
    SessionOver,
    StaleIce,
    TokenRefused,
    TooManySessions,
)
from conclave.services.devices.offers import Direction, read_offer, sources_of
from conclave.services.devices.showing import pictures_of, shown_next
from conclave.services.domain.errors import ServiceError
from conclave.services.domain.invites import Invite
from conclave.services.domain.protection import ProtectionMode
from conclave.services.domain.roles import Role
from conclave.services.domain.rooms import Room
from conclave.services.invites.errors import InviteExpired, InviteInvalid, InviteRevoked
from conclave.services.meetings.errors import SessionLost
from conclave.services.meetings.model import EndReason, MediaState, Meeting, Participant, Waiting
from conclave.services.meetings.register import carried_out
from conclave.services.meetings.service import MeetingService
from conclave.services.sdp.answer import FOR_DEVICES
from conclave.services.sdp.errors import SdpInvalid
from conclave.services.sdp.fragment import parse_fragment, write_fragment
from conclave.services.signalling.media import ANY_HEIGHT, MediaSessions
from conclave.services.signalling.negotiation import local_transport, write_transport_answer
from conclave.services.signalling.slots import Wish

__all__ = ["CONNECT_NS", "MAX_SESSIONS", "DeviceInvites", "DeviceRooms", "DeviceService", "Opened", "Restarted"]

MAX_SESSIONS = 4
"""Of one token at once."""
CONNECT_NS = 30_000_000_000
"""From the answer to the first media."""


class DeviceInvites(Protocol):
    """Reads tokens; see InviteService."""

    async def verify(self, token: str) -> Invite:
        """The invite of a token. Raises InviteInvalid, InviteExpired, InviteRevoked."""

    def identify(self, token: str) -> str:
        """The invite that a token is of, whether or not it still lets anybody in. Raises InviteInvalid."""


class DeviceRooms(Protocol):
    """Tells rooms; see RoomService."""

    async def get(self, room_id: str) -> Room:
        """Returns one room."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session: the end of its URL, which is secret, the name of its ICE session and the SDP answer."""

    session_id: str
    entity_tag: str
    answer: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """What a restart of ICE has changed."""

    entity_tag: str
    fragment: str


@dataclass(frozen=True, slots=True)
class _Ice:
    """An ICE session: its name over HTTP, and the device's user name in it."""

    entity_tag: str
    remote_ufrag: str
    # Its answer, if a restart began it: given again to a device that it has not reached.
    restarted: Restarted | None = None


class DeviceService:
    """Opens, restarts and ends sessions, and looks after those that stand."""

    def __init__(
        self,
        meetings: MeetingService,
        media: MediaSessions,
        invites: DeviceInvites,
        rooms: DeviceRooms,
        monotonic_ns: Callable[[], int],
    ) -> None:
        self._meetings = meetings
        self._media = media
        self._invites = invites
        self._rooms = rooms
        self._monotonic_ns = monotonic_ns
        self._opening: Counter[str] = Counter()
        # By participant. Forgotten when control restarts: a device that trickles after that is told to restart ICE.
        self._ice: dict[str, _Ice] = {}
        self._silent_since_ns: dict[str, int] = {}
        self._shown: dict[str, dict[str, str]] = {}

    @carried_out
    async def open(self, token: str, direction: Direction, sdp: str) -> Opened:
        """Brings a device into its room's meeting. Raises what `errors` names, and what joining and the core do."""
        invite = await self._verify(token)
        room = await self._rooms.get(invite.room_id)
        if room.protection_mode is not ProtectionMode.MANAGED:
            raise EndToEndRoom
        if invite.role is not Role.DEVICE:
            raise NoDevice("this token is of an invite for people; make one with `conclave invite ROOM --role device`")
        offer = read_offer(sdp, direction)
        await self._drop_lost(invite, direction)
        person, session_id = await self._join(room, invite)
        kinds = sources_of(offer)
        try:
            # A revocation ends the sessions that it finds: this one, from here on.
            await self._verify(token)
            if kinds:
                await self._media.set_sources(person, dict.fromkeys(kinds.values(), True))
            transport, info = await self._media.make(person, offer, kinds)
        except BaseException:
            await self._meetings.leave(person)
            raise
        answer = write_transport_answer(offer, transport, info, secrets.randbits(62), FOR_DEVICES)
        ice = self._know(person, _Ice(secrets.token_hex(8), offer.ice_ufrag))
        return Opened(session_id, ice.entity_tag, answer)

    async def patch(
        self, token: str, session_id: str, direction: Direction, entity_tags: list[str], fragment: str
    ) -> Restarted | None:
        """Takes candidates, or restarts ICE; None for candidates, for which a lite agent has no use.

        entity_tags: the ICE sessions that the device means; none for whichever it is.
        Raises TokenRefused, SessionOver, DescriptionMalformed, StaleIce, RestartImpossible, and what the core does.
        """
        participant = self._session(token, session_id, direction)
        try:
            told = parse_fragment(fragment)
        except SdpInvalid as error:
            raise DescriptionMalformed(str(error)) from None
        ice = self._ice.get(participant.id)
        if entity_tags:
            if ice is None or ice.entity_tag not in entity_tags:
                raise StaleIce("this is not the ICE session that goes on; restart ICE with If-Match: *")
            if told.ice_ufrag not in ("", ice.remote_ufrag):
                raise RestartImpossible("other ICE credentials are a restart, which needs If-Match: *")
            return None
        if not told.ice_ufrag:
            raise DescriptionMalformed("a restart of ICE needs a=ice-ufrag and a=ice-pwd")
        if ice is not None and told.ice_ufrag == ice.remote_ufrag:
            return ice.restarted
        transport, info = await self._media.restart(participant, told.ice_ufrag)
        restarted = Restarted(secrets.token_hex(8), write_fragment(local_transport(transport, info)))
        self._know(participant, _Ice(restarted.entity_tag, told.ice_ufrag, restarted))
        return restarted

    async def close(self, token: str, session_id: str, direction: Direction) -> None:
        """Takes a device out of the meeting. Raises TokenRefused and SessionOver."""
        await self._meetings.leave(self._session(token, session_id, direction))

    async def invite_revoked(self, room_id: str, invite_id: str) -> None:
        """Ends the sessions of a token that works no more."""
        for participant in self._sessions_of(invite_id):
            await self._meetings.take_out(participant, "conclave-control")

    def participant_changed(self, meeting: Meeting, participant: Participant) -> None:
        """Nothing to do: what a session needs is looked at in `tick`."""

    def participant_left(self, meeting: Meeting, participant: Participant, reason: EndReason | None) -> None:
        """Drops what is known of a session that has ended."""
        self._ice.pop(participant.id, None)
        self._silent_since_ns.pop(participant.id, None)
        self._shown.pop(participant.id, None)

    async def tick(self) -> None:
        """Ends sessions without media, and shows those that play what is to be seen."""
        for meeting in self._meetings.meetings():
            for participant in list(meeting.participants.values()):
                if participant.role is not Role.DEVICE or not self._meetings.register.stays(participant):
                    continue
                if self._is_over(participant):
                    await self._meetings.time_out(participant)
                elif participant.media is MediaState.CONNECTED and not participant.attached:
                    # Control has restarted: there is no signalling that could come back, and the media goes on.
                    participant.attached = True
                    self._meetings.tell_changed(participant)
                if not participant.published and self._media.stands(participant):
                    await self._show(meeting, participant)

    async def _verify(self, token: str) -> Invite:
        try:
            return await self._invites.verify(token)
        except (InviteInvalid, InviteExpired, InviteRevoked) as error:
            raise TokenRefused(str(error)) from None

    async def _join(self, room: Room, invite: Invite) -> tuple[Participant, str]:
        if len(self._sessions_of(invite.invite_id)) + self._opening[invite.invite_id] >= MAX_SESSIONS:
            raise TooManySessions(f"this token has {MAX_SESSIONS} sessions already; end one with DELETE")
        cannot_wait = "no host is there to let the device in; try again when one is"
        if self._meetings.reason_to_wait(room, invite) is not None:
            raise NotLetIn(cannot_wait)
        # Until it is among the sessions, where it would be counted twice.
        self._opening[invite.invite_id] += 1
        try:
            person, session_id = await self._meetings.join(room, invite, "")
        finally:
            self._opening[invite.invite_id] -= 1
            if not self._opening[invite.invite_id]:
                del self._opening[invite.invite_id]
        if isinstance(person, Waiting):
            await self._meetings.leave(person)
            raise NotLetIn(cannot_wait)
        return person, session_id

    async def _drop_lost(self, invite: Invite, direction: Direction) -> None:
        """A device that comes back takes the place of the presence that it has lost."""
        for participant in self._sessions_of(invite.invite_id):
            if participant.media is MediaState.INTERRUPTED and _direction_of(participant) is direction:
                await self._meetings.leave(participant)

    def _session(self, token: str, session_id: str, direction: Direction) -> Participant:
        try:
            invite_id = self._invites.identify(token)
        except InviteInvalid as error:
            raise TokenRefused(str(error)) from None
        over = _over()
        try:
            person = self._meetings.owner_of(session_id)
        except SessionLost:
            raise over from None
        if not isinstance(person, Participant) or person.role is not Role.DEVICE or person.invite_id != invite_id:
            raise over
        if direction is not _direction_of(person):
            raise over
        return person

    def _sessions_of(self, invite_id: str) -> list[Participant]:
        return [
            participant
            for meeting in self._meetings.meetings()
            for participant in meeting.participants.values()
            if participant.role is Role.DEVICE and participant.invite_id == invite_id
        ]

    def _know(self, participant: Participant, ice: _Ice) -> _Ice:
        """Keeps the ICE session that goes on. Raises SessionOver: it may have ended while the core was asked."""
        if not self._meetings.register.stays(participant):
            raise _over()
        self._ice[participant.id] = ice
        return ice

    def _is_over(self, participant: Participant) -> bool:
        """Whether the session has lost its transport, or never connected one."""
        if participant.media is not MediaState.NONE:
            self._silent_since_ns.pop(participant.id, None)
            return participant.media is MediaState.INTERRUPTED and not participant.transport_id
        now_ns = self._monotonic_ns()
        return now_ns >= self._silent_since_ns.setdefault(participant.id, now_ns) + CONNECT_NS

    async def _show(self, meeting: Meeting, player: Participant) -> None:
        slots = {slot.mid: slot.source_id for slot in self._media.slots_of(player) if not slot.audio}
        shown = self._shown.get(player.id, slots)
        pictures = pictures_of(meeting.participants.values(), self._media.speakers_of(meeting), shown.values())
        wanted = shown_next(shown, pictures)
        wishes = [Wish(mid, source, ANY_HEIGHT) for mid, source in wanted.items() if source != shown[mid]]
        if not wishes:
            return
        try:
            await self._media.set_slots(player, wishes)
        except ServiceError:
            # The core is away, or the session has ended meanwhile; looked at again in the next turn.
            return
        if self._meetings.register.stays(player):
            self._shown[player.id] = wanted


def _direction_of(participant: Participant) -> Direction:
    return Direction.SEND if participant.published else Direction.PLAY


def _over() -> SessionOver:
    return SessionOver("there is no such session of this token, or no more; open one with POST")
