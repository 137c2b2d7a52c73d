"""Who of those who are there speaks when: one after the other, with pauses. No clock of its own."""

from __future__ import annotations

import random
from collections.abc import Sequence

__all__ = ["Turns"]

TURN_SECONDS = (4.0, 9.0)
PAUSE_SECONDS = (0.4, 1.2)


class Turns:
    """The order of a conversation, from a seed."""

    def __init__(self, seed: int) -> None:
        # Only for show.
        self._chance = random.Random(seed)  # noqa: S311
        self._speaker, self._begins_s, self._ends_s = "", 0.0, 0.0

    def speaker(self, now_s: float, able: Sequence[str]) -> str:
        """Who speaks at a moment, of those who can; empty in a pause, and when nobody can. Time never goes back."""
        if now_s >= self._ends_s or self._speaker not in able:
            others = [name for name in able if name != self._speaker] or list(able)
            self._speaker = self._chance.choice(others) if others else ""
            self._begins_s = now_s + self._chance.uniform(*PAUSE_SECONDS)
            self._ends_s = self._begins_s + self._chance.uniform(*TURN_SECONDS)
        return self._speaker if now_s >= self._begins_s else ""
