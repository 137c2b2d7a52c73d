"""How a room protects what is said in it, and which of the ways this version can keep."""

from __future__ import annotations

from enum import IntEnum

from conclave.services.domain.errors import FailedPrecondition

__all__ = ["ProtectionMode", "require_available"]


class ProtectionMode(IntEnum):
    """Values are those of `conclave.v1.ProtectionMode`."""

    END_TO_END = 1
    END_TO_END_SEALED = 2
    MANAGED = 3


def require_available(mode: ProtectionMode) -> None:
    """Raises FailedPrecondition for a mode that this version cannot keep: it is refused, never silently weakened."""
    if mode is not ProtectionMode.MANAGED:
        raise FailedPrecondition(
            f"protection mode {mode.name} is not available in this version, which has no end-to-end encryption yet: "
            "nothing was created. What exists is MANAGED (encrypted between each participant and this appliance); "
            "choose MANAGED if that is enough for this room"
        )
