"""Why a handshake goes no further."""

from __future__ import annotations

from conclave.services.domain.errors import FailedPrecondition, InvalidArgument, PermissionDenied, ResourceExhausted

__all__ = ["EntersTooOften", "GroupRetired", "HandshakeInvalid", "HandshakeRefused", "NotYourLeaf", "WrongEpoch"]


class HandshakeInvalid(InvalidArgument):
    """The message is malformed, or does what groups of ours never do; the message says what."""


class WrongEpoch(FailedPrecondition):
    """The group is in another epoch: somebody else's commit came first, and is on its way to the sender."""


class NotYourLeaf(PermissionDenied):
    """The handshake is in the name of a leaf that the sender's session does not have."""


class HandshakeRefused(FailedPrecondition):
    """The group's members and the pending removals do not allow the handshake; the message says why."""


class GroupRetired(FailedPrecondition):
    """The group is over; the first participant who asks founds another one."""


class EntersTooOften(ResourceExhausted):
    """A participant asks for new leaves faster than anybody loses them."""
