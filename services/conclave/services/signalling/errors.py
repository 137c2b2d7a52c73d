"""How a client breaks the signalling protocol."""

from __future__ import annotations

from conclave.services.domain.errors import FailedPrecondition, InvalidArgument, PermissionDenied, ResourceExhausted

__all__ = ["DeviceOnly", "MediaGone", "OutOfOrder", "RequestInvalid", "TooManyProbes", "VersionMismatch"]


class RequestInvalid(InvalidArgument):
    """The request makes no sense here; the connection goes on."""


class OutOfOrder(InvalidArgument):
    """The client does not speak the protocol; the connection is closed."""


class VersionMismatch(FailedPrecondition):
    """The page and the appliance have no version of the signalling in common."""


class DeviceOnly(PermissionDenied):
    """A device's invite is shown where people come in."""


class MediaGone(FailedPrecondition):
    """The request is about a media transport that does not stand any more."""


class TooManyProbes(ResourceExhausted):
    """As many clients try the network as may at once."""
