"""Errors that a caller is told of. One class for each thing a caller does differently; each names its gRPC status."""

from __future__ import annotations

from typing import ClassVar

import grpc

__all__ = [
    "AlreadyExists",
    "FailedPrecondition",
    "InvalidArgument",
    "NotFound",
    "PermissionDenied",
    "ResourceExhausted",
    "ServiceError",
    "Unavailable",
]


class ServiceError(Exception):
    """A request that failed. The message says what is wrong and what to do, and holds no personal data."""

    status_code: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL


class InvalidArgument(ServiceError):
    """The request makes no sense, whatever the state."""

    status_code = grpc.StatusCode.INVALID_ARGUMENT


class NotFound(ServiceError):
    """What the request names does not exist."""

    status_code = grpc.StatusCode.NOT_FOUND


class AlreadyExists(ServiceError):
    """What the request would create exists."""

    status_code = grpc.StatusCode.ALREADY_EXISTS


class FailedPrecondition(ServiceError):
    """The state does not allow the request now; repeating it unchanged does not help."""

    status_code = grpc.StatusCode.FAILED_PRECONDITION


class PermissionDenied(ServiceError):
    """The caller is known, and may not do this."""

    status_code = grpc.StatusCode.PERMISSION_DENIED


class ResourceExhausted(ServiceError):
    """A limit is reached; the message says which."""

    status_code = grpc.StatusCode.RESOURCE_EXHAUSTED


class Unavailable(ServiceError):
    """A part of the appliance is away for the moment; the same request may succeed shortly."""

    status_code = grpc.StatusCode.UNAVAILABLE
