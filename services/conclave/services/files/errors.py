"""What a participant, or who says to be one, can get wrong about files."""

from __future__ import annotations

from typing import ClassVar

import grpc

from conclave.services.domain.errors import (
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    ServiceError,
)

__all__ = [
    "FileGone",
    "FileInvalid",
    "FileTaken",
    "FileTooLarge",
    "Interrupted",
    "PartTooLarge",
    "StorageFull",
    "TokenInvalid",
    "TokenOfAnother",
    "TooManyTransfers",
    "TooManyUploads",
]


class FileInvalid(InvalidArgument):
    """The request makes no sense for this file."""


class FileGone(NotFound):
    """There is no such file for this participant, or no more."""


class FileTaken(PermissionDenied):
    """The id is of somebody else's file."""


class FileTooLarge(ResourceExhausted):
    """The file has more bytes than this appliance takes."""


class StorageFull(ResourceExhausted):
    """The meeting's files or the disk have no room for it."""


class TooManyUploads(ResourceExhausted):
    """The person sends as many files as they may at once."""


class TooManyTransfers(ServiceError):
    """The participant has as many requests open as they may, or asks too often."""

    status_code: ClassVar[grpc.StatusCode] = grpc.StatusCode.FAILED_PRECONDITION


class PartTooLarge(ServiceError):
    """A part has more bytes than it may."""

    status_code: ClassVar[grpc.StatusCode] = grpc.StatusCode.OUT_OF_RANGE


class TokenInvalid(ServiceError):
    """The token is none, or none any more."""

    status_code: ClassVar[grpc.StatusCode] = grpc.StatusCode.UNAUTHENTICATED


class TokenOfAnother(PermissionDenied):
    """The token is for another file, or for the other direction."""


class Interrupted(ServiceError):
    """A transfer was ended by another one, or by the end of what allowed it."""

    status_code: ClassVar[grpc.StatusCode] = grpc.StatusCode.ABORTED
