"""What a participant or an administrator can get wrong about a meeting."""

from __future__ import annotations

from conclave.services.domain.errors import FailedPrecondition, NotFound, PermissionDenied, ResourceExhausted

__all__ = [
    "HandsSealed",
    "LastHost",
    "MeetingLocked",
    "MeetingNotFound",
    "MeetingOver",
    "MembersOnly",
    "NotHost",
    "ParticipantNotFound",
    "RemovedBefore",
    "RoomFull",
    "SessionLost",
    "TooManyReports",
]


class RoomFull(ResourceExhausted):
    """The meeting has as many participants as the room allows, or its lobby as many as it can hold."""


class SessionLost(NotFound):
    """A resume token belongs to nobody who is in a meeting."""


class MeetingNotFound(NotFound):
    """No meeting has this name."""


class ParticipantNotFound(NotFound):
    """Nobody in the meeting has this id."""


class MeetingOver(NotFound):
    """The meeting or the presence in it ended while the request was on its way."""


class NotHost(PermissionDenied):
    """Only a host may do this."""


class HandsSealed(FailedPrecondition):
    """In an end-to-end room the clients tell each other of hands, and nobody tells the appliance."""


class LastHost(FailedPrecondition):
    """A meeting is not left without a host by a host who stays."""


class MeetingLocked(FailedPrecondition):
    """Nobody new comes in."""


class MembersOnly(PermissionDenied):
    """The room is for people whom a personal invite names."""


class RemovedBefore(PermissionDenied):
    """Somebody who came through this personal invite was removed from this meeting."""


class TooManyReports(ResourceExhausted):
    """A client tells of its connection more often than everybody shall hear of it."""
