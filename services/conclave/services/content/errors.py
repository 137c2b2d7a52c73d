"""What a participant can get wrong about content."""

from __future__ import annotations

from conclave.services.domain.errors import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
)

__all__ = [
    "ContentClosed",
    "ContentGone",
    "ContentInvalid",
    "ContentLimit",
    "NotYours",
    "RecipientGone",
    "RevisionTaken",
]


class ContentInvalid(InvalidArgument):
    """The object makes no sense, or is none for a room of this protection."""


class ContentGone(NotFound):
    """There is no such object for this participant, or it was deleted."""


class RecipientGone(NotFound):
    """The one person whom an object is for is not in the meeting."""


class NotYours(PermissionDenied):
    """Only its author, or in some cases a host, may do this to an object."""


class RevisionTaken(FailedPrecondition):
    """The object has another revision than the change was made for."""


class ContentClosed(FailedPrecondition):
    """Its author has closed the object: neither it nor what belongs to it changes any more."""


class ContentLimit(ResourceExhausted):
    """A participant shares too often, or a meeting holds as much as it may."""
