"""Who calls, and what each kind of caller may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from conclave.services.domain.errors import PermissionDenied

__all__ = ["Caller", "CallerRole", "Permission", "require_permission"]


class CallerRole(Enum):
    """What a caller of the API is, as its connection proves."""

    ADMINISTRATOR = "administrator"
    """May do everything."""
    VIEWER = "viewer"
    """May look, and change nothing."""
    GATEWAY = "gateway"
    """Carries participants' signalling."""
    NOBODY = "nobody"
    """Proved nothing."""


class Permission(Enum):
    """What an RPC needs."""

    CHECK_HEALTH = "health.check"
    READ_API = "api.read"
    READ_STATUS = "status.read"
    READ_METRICS = "metrics.read"
    READ_ROOMS = "rooms.read"
    WRITE_ROOMS = "rooms.write"
    READ_INVITES = "invites.read"
    WRITE_INVITES = "invites.write"
    READ_MEETINGS = "meetings.read"
    END_MEETINGS = "meetings.end"
    MODERATE_MEETINGS = "meetings.moderate"
    READ_ROOM_LINKS = "room_links.read"
    WRITE_ROOM_LINKS = "room_links.write"
    CARRY_SIGNALLING = "signalling.carry"


_READING = frozenset(
    {
        Permission.CHECK_HEALTH,
        Permission.READ_API,
        Permission.READ_STATUS,
        Permission.READ_METRICS,
        Permission.READ_ROOMS,
        Permission.READ_INVITES,
        Permission.READ_MEETINGS,
    }
)

_GRANTED: dict[CallerRole, frozenset[Permission]] = {
    # Signalling is the gateway's alone: an administrator who could carry it could speak for a participant.
    CallerRole.ADMINISTRATOR: frozenset(Permission) - {Permission.CARRY_SIGNALLING},
    CallerRole.VIEWER: _READING,
    # The gateway hands the metrics out: they name nobody.
    CallerRole.GATEWAY: frozenset(
        {Permission.CHECK_HEALTH, Permission.READ_API, Permission.READ_METRICS, Permission.CARRY_SIGNALLING}
    ),
    CallerRole.NOBODY: frozenset({Permission.CHECK_HEALTH}),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `identity` goes into the audit log as the actor, such as "administrator:local"."""

    role: CallerRole
    identity: str


def require_permission(caller: Caller, permission: Permission) -> None:
    """Raises PermissionDenied unless the caller's role has the permission."""
    if permission not in _GRANTED[caller.role]:
        raise PermissionDenied(
            f"{caller.role.value} may not do this, it needs {permission.value}; "
            "call on the administrator's socket, or with a client certificate of a role that may"
        )
