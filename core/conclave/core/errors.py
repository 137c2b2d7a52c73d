"""The one place where a Status of the core becomes an exception.

The core's workers count statuses and never raise. The `def` faces of its modules, which tests, tools and the control
thread use, raise through `raise_status`: one class for each thing that a caller does differently.
"""

from __future__ import annotations

from conclave.core.status import Status

__all__ = [
    "AuthenticationFailed",
    "CoreError",
    "IndexReused",
    "KeyExhausted",
    "NoKey",
    "NoSpace",
    "PacketRefused",
    "PacketReplayed",
    "UnknownTarget",
    "raise_status",
]


class CoreError(Exception):
    """A function of the core did not succeed; `status` says why."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


class PacketRefused(CoreError):
    """The packet is broken, too large or of no kind the core takes: drop it."""


class UnknownTarget(CoreError):
    """No transport, stream or user answers to what the packet names: drop it, or set that target up first."""


class AuthenticationFailed(CoreError):
    """The packet was not made with this key: never use a byte of it."""


class PacketReplayed(CoreError):
    """The packet came before, or is older than what is kept: drop it; this is normal on a bad network."""


class IndexReused(CoreError):
    """The caller asked to protect a packet index again. This is a fault of the caller, not of a packet."""


class KeyExhausted(CoreError):
    """The master key has protected all it may: negotiate a new one."""


class NoKey(CoreError):
    """There is no key yet, or the cryptographic library refused to work with it."""


class NoSpace(CoreError):
    """A preallocated pool or buffer is full: configure a larger one, or give something back."""


_ERRORS: dict[Status, type[CoreError]] = {
    Status.TRUNCATED: PacketRefused,
    Status.MALFORMED: PacketRefused,
    Status.UNSUPPORTED: PacketRefused,
    Status.TOO_LARGE: PacketRefused,
    Status.INACTIVE: PacketRefused,
    Status.UNKNOWN_SENDER: UnknownTarget,
    Status.UNKNOWN_STREAM: UnknownTarget,
    Status.UNKNOWN_USER: UnknownTarget,
    Status.AUTHENTICATION_FAILED: AuthenticationFailed,
    Status.REPLAYED: PacketReplayed,
    Status.TOO_LATE: PacketReplayed,
    Status.INDEX_REUSED: IndexReused,
    Status.KEY_EXHAUSTED: KeyExhausted,
    Status.NO_KEY: NoKey,
    Status.NO_SPACE: NoSpace,
}


def raise_status(status: int) -> None:
    """Returns for OK and raises the CoreError of any other status. ValueError for a number that is no status."""
    if status == Status.OK:
        return
    error = _ERRORS.get(Status(status))
    if error is None:
        raise ValueError(f"{status} is no status of the core")
    raise error(Status(status))
