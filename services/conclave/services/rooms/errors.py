"""What may go wrong with rooms."""

from __future__ import annotations

from conclave.services.domain.errors import AlreadyExists, FailedPrecondition, NotFound
from conclave.services.domain.identifiers import room_name

__all__ = ["RoomExists", "RoomInUse", "RoomNotFound"]


class RoomExists(AlreadyExists):
    """The id is taken."""

    def __init__(self, room_id: str) -> None:
        super().__init__(f"{room_name(room_id)} exists already; choose another id, or use that room")


class RoomNotFound(NotFound):
    """There is no such room."""

    def __init__(self, room_id: str) -> None:
        super().__init__(f"{room_name(room_id)} does not exist; list the rooms to see which do")


class RoomInUse(FailedPrecondition):
    """A meeting is going on in the room."""

    def __init__(self, room_id: str) -> None:
        super().__init__(f"a meeting is going on in {room_name(room_id)}; end the meeting, then delete the room")
