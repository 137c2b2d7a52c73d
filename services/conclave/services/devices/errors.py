"""How a device's request fails. Each has a gRPC status of its own, which the gateway turns into one of HTTP."""

from __future__ import annotations

import grpc

from conclave.services.domain.errors import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    ServiceError,
)

__all__ = [
    "DescriptionMalformed",
    "EndToEndRoom",
    "NoDevice",
    "NotLetIn",
    "OfferNotAcceptable",
    "RestartImpossible",
    "SessionOver",
    "StaleIce",
    "TokenRefused",
    "TooManySessions",
]


class TokenRefused(ServiceError):
    """The bearer token is none, or works no more."""

    status_code = grpc.StatusCode.UNAUTHENTICATED


class EndToEndRoom(PermissionDenied):
    """The room's keys are the participants' alone."""

    def __init__(self) -> None:
        super().__init__(
            "this room is end-to-end encrypted: its keys are in the participants' browsers alone, so that a device "
            "could neither be seen nor see; use one's invite into a managed room"
        )


class NoDevice(PermissionDenied):
    """The token is of an invite for people."""


class NotLetIn(FailedPrecondition):
    """The device would have to wait, which it cannot."""


class DescriptionMalformed(InvalidArgument):
    """What was sent is no SDP, or no fragment of it."""


class OfferNotAcceptable(ServiceError):
    """The offer asks for what the appliance does not do."""

    status_code = grpc.StatusCode.UNIMPLEMENTED


class SessionOver(NotFound):
    """There is no such session, or it is another token's."""


class StaleIce(ServiceError):
    """The request is about another ICE session than the one that goes on."""

    status_code = grpc.StatusCode.ABORTED


class RestartImpossible(FailedPrecondition):
    """The request cannot restart ICE; the session goes on as it is."""


class TooManySessions(ResourceExhausted):
    """The token has as many sessions as it may."""
