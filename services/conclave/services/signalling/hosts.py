"""What hosts ask about others, from the messages to the rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from conclave.services.invites.errors import LinkNotFound
from conclave.services.invites.service import CreatedLink
from conclave.services.meetings.errors import MeetingOver
from conclave.services.meetings.model import Meeting, Participant
from conclave.services.meetings.moderation import Moderation
from conclave.services.meetings.register import Actor
from conclave.services.meetings.service import MeetingService
from conclave.services.rooms.grpc import link_to_proto
from conclave.services.signalling.errors import RequestInvalid
from conclave.services.signalling.translate import role_from_proto
from conclave.v1 import rooms_pb2
from conclave.v1 import signalling_pb2 as pb

__all__ = ["REQUESTS", "HostRequests", "LinkDesk"]

REQUESTS = ("admit", "admit_all", "turn_away", "remove", "mute", "mute_all", "set_lock", "set_role", "lower_hand")
MAX_IDS = 500


class LinkDesk(Protocol):
    """Tells a room's own link; see InviteService."""

    async def link(self, room_id: str) -> CreatedLink:
        """The link. Raises LinkNotFound."""


class HostRequests:
    """Carries out what a connection's participant asks. The rules refuse who is no host."""

    def __init__(self, meetings: MeetingService, moderation: Moderation, links: LinkDesk) -> None:
        self._meetings = meetings
        self._moderation = moderation
        self._links = links

    async def carry_out(self, participant: Participant, message: pb.ClientMessage) -> None:
        """Carries out one of REQUESTS. Raises NotHost, MeetingOver and what the rule in question does."""
        actor, meeting, rules = Actor.of(participant), self._meeting_of(participant), self._moderation
        match message.WhichOneof("body"):
            case "admit":
                await rules.admit(actor, meeting.room_id, _ids(message.admit.participant_ids))
            case "admit_all":
                await rules.admit_all(actor, meeting.room_id)
            case "turn_away":
                await rules.turn_away(actor, meeting.room_id, _ids(message.turn_away.participant_ids))
            case "remove":
                await rules.remove(actor, meeting.name, message.remove.participant_id)
            case "mute":
                await rules.mute(actor, meeting.name, _ids(message.mute.participant_ids))
            case "mute_all":
                await rules.mute_all(actor, meeting.name)
            case "set_lock":
                await rules.set_lock(actor, meeting.name, message.set_lock.locked)
            case "set_role":
                role = role_from_proto(message.set_role.role)
                await rules.set_role(actor, meeting.name, message.set_role.participant_id, role)
            case "lower_hand":
                await rules.lower_hand(actor, meeting.name, message.lower_hand.participant_id)

    async def link(self, participant: Participant) -> rooms_pb2.RoomLink:
        """The room's own link, without a url when there is none. Raises NotHost."""
        meeting = self._meeting_of(participant)
        self._meetings.register.require_host(Actor.of(participant), meeting.room_id)
        try:
            return link_to_proto(await self._links.link(meeting.room_id))
        except LinkNotFound:
            return rooms_pb2.RoomLink(room=f"rooms/{meeting.room_id}")

    def _meeting_of(self, participant: Participant) -> Meeting:
        meeting = self._meetings.meeting_of(participant)
        if meeting is None:
            raise MeetingOver("the meeting is over for you")
        return meeting


def _ids(participant_ids: Iterable[str]) -> list[str]:
    ids = list(participant_ids)
    if not 1 <= len(ids) <= MAX_IDS:
        raise RequestInvalid(f"name 1 to {MAX_IDS} participants")
    return ids
