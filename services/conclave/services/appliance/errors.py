"""What can be wrong with a start."""

from __future__ import annotations

__all__ = ["NotRunning", "StartFailed"]


class StartFailed(Exception):
    """The appliance cannot start, or did not become healthy; the message says what to do."""


class NotRunning(Exception):
    """No appliance runs on this state directory."""
