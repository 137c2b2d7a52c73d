"""Why a handshake goes no further."""

from __future__ import annotations

from conclave.services.domain.errors import InvalidArgument

__all__ = ["HandshakeInvalid"]


class HandshakeInvalid(InvalidArgument):
    """The message is malformed, or does what groups of ours never do; the message says what."""
