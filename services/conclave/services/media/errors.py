"""How a request to the media core fails."""

from __future__ import annotations

from conclave.services.domain.errors import FailedPrecondition, ResourceExhausted, Unavailable

__all__ = ["CoreExhausted", "CoreRefused", "CoreUnavailable"]


class CoreUnavailable(Unavailable):
    """The core does not answer: it is restarting, or has never started."""


class CoreExhausted(ResourceExhausted):
    """A pool of the core is used up; the core's message says which and how to raise it."""


class CoreRefused(FailedPrecondition):
    """The core refused the request; its message says why."""
