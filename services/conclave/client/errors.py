"""What can go wrong, one class for each thing that a caller does differently. The texts are for people."""

from __future__ import annotations

from conclave.client.people import EndReason
from conclave.v1 import signalling_pb2 as pb

__all__ = [
    "ClientError",
    "EndToEndRoom",
    "FileDamaged",
    "FileRefused",
    "InviteExpired",
    "InviteInvalid",
    "InviteRevoked",
    "LimitExceeded",
    "LinkInvalid",
    "MeetingLocked",
    "MeetingOver",
    "MembersOnly",
    "NameNeeded",
    "NotAllowed",
    "NotTrusted",
    "Refused",
    "Removed",
    "Replaced",
    "RoomFull",
    "Unavailable",
    "Unreachable",
    "refusal",
]


class ClientError(Exception):
    """Everything that this package raises for reasons outside the program that uses it."""


class LinkInvalid(ClientError, ValueError):
    """The link or the dial code is none: nothing was sent."""


class Unreachable(ClientError):
    """The appliance does not answer."""


class NotTrusted(Unreachable):
    """Something answers whose certificate is not trusted: nothing was sent to it."""


class NameNeeded(ClientError):
    """The invite names nobody, and no name was given."""


class EndToEndRoom(ClientError):
    """The room is end-to-end encrypted, which this client cannot be part of."""


class FileRefused(ClientError):
    """The appliance does not take or does not give a file; the text says why."""


class FileDamaged(ClientError):
    """A file is not what its author sent, or is not any more what it was when it began to be sent."""


class MeetingOver(ClientError):
    """The meeting is over for this client. reason: why, for programs."""

    def __init__(self, reason: EndReason) -> None:
        super().__init__(f"the meeting is over: {reason.value}")
        self.reason = reason


class Refused(ClientError):
    """The appliance refused. code: why, for programs."""

    def __init__(self, error: pb.Error) -> None:
        super().__init__(error.message)
        self.code = error.code


class InviteInvalid(Refused):
    """The link or the dial code is not, or not any more, one of this appliance."""


class InviteExpired(Refused):
    """The link's time is over."""


class InviteRevoked(Refused):
    """The link was revoked."""


class RoomFull(Refused):
    """As many people are in the meeting as the room allows."""


class MeetingLocked(Refused):
    """A host has locked the meeting."""


class MembersOnly(Refused):
    """The room is for people with a personal invite."""


class Removed(Refused):
    """The link's bearer was removed from this meeting; it works again in the next one."""


class Replaced(Refused):
    """The same session was opened by another connection."""


class NotAllowed(Refused):
    """The role does not allow it."""


class LimitExceeded(Refused):
    """Too much, or too often."""


class Unavailable(Refused):
    """A part of the appliance is restarting: try again shortly."""


_CLASSES: dict[int, type[Refused]] = {
    pb.ERROR_CODE_INVITE_INVALID: InviteInvalid,
    pb.ERROR_CODE_INVITE_EXPIRED: InviteExpired,
    pb.ERROR_CODE_INVITE_REVOKED: InviteRevoked,
    pb.ERROR_CODE_ROOM_FULL: RoomFull,
    pb.ERROR_CODE_MEETING_LOCKED: MeetingLocked,
    pb.ERROR_CODE_MEMBERS_ONLY: MembersOnly,
    pb.ERROR_CODE_REMOVED: Removed,
    pb.ERROR_CODE_REPLACED: Replaced,
    pb.ERROR_CODE_PERMISSION_DENIED: NotAllowed,
    pb.ERROR_CODE_LIMIT_EXCEEDED: LimitExceeded,
    pb.ERROR_CODE_UNAVAILABLE: Unavailable,
}


def refusal(error: pb.Error) -> Refused:
    """The exception that an answer stands for."""
    return _CLASSES.get(error.code, Refused)(error)
