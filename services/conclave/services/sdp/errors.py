"""What can be wrong with an SDP offer."""

from __future__ import annotations

from conclave.services.domain.errors import InvalidArgument

__all__ = ["SdpInvalid"]


class SdpInvalid(InvalidArgument):
    """The description is malformed or lacks something that is needed; the message says what, and where."""
