"""What a participant or an administrator can get wrong about a meeting."""

from __future__ import annotations

from conclave.services.domain.errors import NotFound, PermissionDenied, ResourceExhausted

__all__ = ["MeetingNotFound", "MeetingOver", "NotHost", "RoomFull", "SessionLost"]


class RoomFull(ResourceExhausted):
    """The meeting has as many participants as the room allows."""


class SessionLost(NotFound):
    """A resume token belongs to nobody who is in a meeting."""


class MeetingNotFound(NotFound):
    """No meeting has this name."""


class MeetingOver(NotFound):
    """The meeting or the presence in it ended while the request was on its way."""


class NotHost(PermissionDenied):
    """Only a host may do this."""
