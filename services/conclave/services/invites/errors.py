"""Why an invite does not let somebody in: a client treats each differently."""

from __future__ import annotations

from conclave.services.domain.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied
from conclave.services.domain.identifiers import InviteName, room_name

__all__ = [
    "DeviceNameNeeded",
    "DeviceRoomEndToEnd",
    "InviteExpired",
    "InviteInvalid",
    "InviteNotFound",
    "InviteRevoked",
    "LinkNotFound",
    "NameNeeded",
]


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


class LinkNotFound(NotFound):
    """The room has no link of its own."""

    def __init__(self, room_id: str) -> None:
        super().__init__(f"{room_name(room_id)} has no link of its own; make one with `conclave room link --new`")


class NameNeeded(FailedPrecondition):
    """An invite that names nobody would let nobody in."""

    def __init__(self, room_id: str) -> None:
        super().__init__(f"{room_name(room_id)} is for members only; name the person whom the invite is for")


class DeviceNameNeeded(InvalidArgument):
    """A device cannot tell its name itself."""

    def __init__(self) -> None:
        super().__init__("name the device that the invite is for: people read it in the meeting")


class DeviceRoomEndToEnd(FailedPrecondition):
    """An invite that would let no device in."""

    def __init__(self, room_id: str) -> None:
        super().__init__(
            f"{room_name(room_id)} is end-to-end encrypted: its keys are in the participants' browsers alone, so that "
            "a device could neither be seen nor see; make the invite into a managed room"
        )
