"""Why an invite does not let somebody in: a client treats each differently."""

from __future__ import annotations

from conclave.services.domain.errors import FailedPrecondition, NotFound, PermissionDenied
from conclave.services.domain.identifiers import InviteName

__all__ = ["InviteExpired", "InviteInvalid", "InviteNotFound", "InviteRevoked"]


class InviteNotFound(NotFound):
    """There is no such invite."""

    def __init__(self, name: InviteName) -> None:
        super().__init__(f"{name} does not exist; list the room's invites to see which do")


class InviteInvalid(PermissionDenied):
    """Not an invite of this appliance, or its room is gone."""

    def __init__(self) -> None:
        super().__init__("this invite is not valid here; check that the whole link was copied, or ask for a new one")


class InviteExpired(FailedPrecondition):
    """The invite's time is over."""

    def __init__(self) -> None:
        super().__init__("this invite has expired; ask for a new one")


class InviteRevoked(FailedPrecondition):
    """The invite was revoked."""

    def __init__(self) -> None:
        super().__init__("this invite was revoked; ask for a new one")
