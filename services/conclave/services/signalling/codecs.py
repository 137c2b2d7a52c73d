"""In what a meeting's screens are sent. No input or output; time is an argument, in nanoseconds."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ScreenCodecs", "VideoCodec"]

# Who makes its transport anew lacks VP9 again shortly: its encoders are not to change twice for that.
LINGER_NS = 5_000_000_000


class VideoCodec(IntEnum):
    """Values are those of `conclave.v1.VideoCodec`."""

    VP8 = 1
    VP9 = 2


class ScreenCodecs:
    """VP9, which keeps text sharper for the same bits; VP8 for as long as anybody in the meeting cannot decode VP9."""

    def __init__(self) -> None:
        # By meeting: who cannot decode VP9.
        self._lacking: dict[str, set[str]] = {}
        # Meetings that send VP8, and until when once nobody lacks VP9 any more.
        self._fallen_back: dict[str, int] = {}
        self._told: set[str] = set()

    def receives(self, meeting: str, participant: str, vp9: bool) -> None:
        """The participant can receive pictures from now on. vp9: in VP9 too."""
        if not vp9:
            self._lacking.setdefault(meeting, set()).add(participant)
            self._fallen_back[meeting] = 0

    def receives_no_more(self, meeting: str, participant: str, now_ns: int) -> None:
        """The participant has left, or lost its transport."""
        lacking = self._lacking.get(meeting, set())
        if participant in lacking:
            lacking.remove(participant)
            if not lacking:
                del self._lacking[meeting]
                self._fallen_back[meeting] = now_ns + LINGER_NS

    def poll(self, now_ns: int) -> set[str]:
        """The meetings whose screens are sent in another codec than when last asked."""
        for meeting, lapse_ns in list(self._fallen_back.items()):
            if meeting not in self._lacking and now_ns >= lapse_ns:
                del self._fallen_back[meeting]
        changed = self._told ^ self._fallen_back.keys()
        self._told = set(self._fallen_back)
        return changed

    def of(self, meeting: str) -> VideoCodec:
        """The codec of a meeting's screens, as of the last poll."""
        return VideoCodec.VP8 if meeting in self._told else VideoCodec.VP9
