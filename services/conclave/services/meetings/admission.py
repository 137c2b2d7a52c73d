"""Who comes in, who waits and for what, and who does not come in at all. Pure rules."""

from __future__ import annotations

from typing import Protocol

from conclave.services.domain.invites import Invite
from conclave.services.domain.roles import Role
from conclave.services.domain.rooms import Room
from conclave.services.meetings.errors import MeetingLocked, MembersOnly, RemovedBefore, RoomFull
from conclave.services.meetings.model import Meeting, Waiting, WaitReason

__all__ = ["Comer", "InviteComer", "check_entry", "check_invite", "has_seat", "waits_for"]


class Comer(Protocol):
    """Somebody who wants to come in."""

    @property
    def role(self) -> Role: ...
    @property
    def member(self) -> bool: ...
    @property
    def invite_id(self) -> str: ...
    @property
    def key_is_new(self) -> bool: ...


class InviteComer:
    """The bearer of an invite, before there is a name.

    key_is_new: whether a member comes with another identity key than ever before, and may be somebody else.
    """

    def __init__(self, invite: Invite, key_is_new: bool = False) -> None:
        self.role = invite.role
        self.member = invite.personal
        self.invite_id = invite.invite_id
        self.key_is_new = key_is_new


def check_invite(room: Room, meeting: Meeting | None, invite: Invite) -> None:
    """Raises MembersOnly or RemovedBefore when this invite does not let anybody in, whoever decides.

    Only a personal invite is refused after a removal: who holds a shared one may be somebody else, so a host decides.
    """
    if room.admission.members_only and not invite.personal:
        raise MembersOnly("this room is for its members: ask a host for a personal invite")
    if meeting is not None and invite.personal and invite.invite_id in meeting.barred:
        raise RemovedBefore("you were removed from this meeting; your invite works again in the next one")


def check_entry(room: Room, meeting: Meeting | None, invite: Invite) -> None:
    """Raises what check_invite does, MeetingLocked or RoomFull."""
    check_invite(room, meeting, invite)
    if meeting is None:
        return
    if meeting.locked and not invite.role.may_moderate:
        raise MeetingLocked("the meeting is locked: nobody new comes in; ask a host to unlock it")
    if not has_seat(room, meeting):
        present, limit = len(meeting.participants), room.max_participants
        raise RoomFull(f"room {room.name} is full ({present} of {limit}); raise max_participants")


def has_seat(room: Room, meeting: Meeting | None) -> bool:
    """Whether one more finds a place."""
    return meeting is None or len(meeting.participants) < room.max_participants


def waits_for(room: Room, meeting: Meeting | None, comer: Comer) -> WaitReason | None:
    """What somebody waits for; None for one who comes straight in."""
    host_is_in = meeting is not None and meeting.has_host
    host_decides = comer.key_is_new or (
        meeting is not None
        and (
            comer.invite_id in meeting.barred
            # Somebody came to wait before the meeting was locked; a host who locks it does not thereby let them in.
            or (isinstance(comer, Waiting) and meeting.locked and not comer.role.may_moderate)
        )
    )
    if not comer.role.may_moderate:
        host_decides = host_decides or (room.admission.lobby and not comer.member)
    if host_decides:
        return WaitReason.LOBBY if host_is_in else WaitReason.HOST_ABSENT
    if room.admission.wait_for_host and not comer.role.may_moderate and not host_is_in:
        return WaitReason.HOST_ABSENT
    return None
