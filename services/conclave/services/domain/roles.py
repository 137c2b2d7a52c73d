"""What somebody may do in a room."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Role"]


class Role(IntEnum):
    """Values are those of `conclave.v1.Role`."""

    HOST = 1
    PARTICIPANT = 2
    DEVICE = 3
    """Comes in over WHIP or WHEP only: it sends or plays, and takes no other part."""

    @property
    def may_end_meeting(self) -> bool:
        """Whether the role may end the meeting for everybody."""
        return self is Role.HOST

    @property
    def may_moderate(self) -> bool:
        """Whether the role may decide who comes in, mute and remove others, lock the meeting and give roles."""
        return self is Role.HOST
