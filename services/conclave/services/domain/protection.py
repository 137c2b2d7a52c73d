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
    if mode is ProtectionMode.END_TO_END_SEALED:
        raise FailedPrecondition(
            "protection mode END_TO_END_SEALED is not available in this version, which has no sealed recordings yet: "
            "nothing was created. What exists is END_TO_END (encrypted between the participants, nothing recorded) and "
            "MANAGED (encrypted between each participant and this appliance); choose one if that is enough"
        )
