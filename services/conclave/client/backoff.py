"""How long to wait before another try."""

from __future__ import annotations

__all__ = ["wait_before"]

FIRST_SECONDS = 0.1
LONGEST_SECONDS = 1.0


def wait_before(attempt: int, chance: float) -> float:
    """Seconds before an attempt: none before the first, then twice as long each time, up to a second.

    attempt: 0 for the first after a loss; chance: uniform in [0, 1). Half of the wait is by chance, so that a room full
    of clients does not come back in one burst.
    """
    if attempt == 0:
        return 0.0
    ceiling = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** (attempt - 1))
    return ceiling * (0.5 + 0.5 * chance)
