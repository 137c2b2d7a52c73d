"""What can be wrong with an SDP offer."""

from __future__ import annotations

__all__ = ["SdpInvalid"]


class SdpInvalid(ValueError):
    """The description is malformed or lacks something that is needed; the message says what, and where."""
