"""What a run forwarded, and the search for the most that a server sustains."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Forwarded", "Search"]

FIRST_PER_S = 30_000
STEP = 1.25
HALVINGS = 2
MOST_PER_S = 3_000_000
LOSS, P50_MS = 0.001, 10


@dataclass(frozen=True)
class Forwarded:
    """What one run forwarded. overrun: packets that the generator's own sockets dropped."""

    offered_per_s: float
    forwarded_per_s: float
    loss: float
    p50_ms: float
    p99_ms: float
    cpu_us_per_packet: float
    overrun: int

    @property
    def sustained(self) -> bool:
        """Less than one packet of a thousand lost, and no queue that grows."""
        return self.loss < LOSS and 0 < self.p50_ms < P50_MS


@dataclass
class Search:
    """For the highest load that is sustained: up in steps until one fails, then by halves."""

    best: Forwarded | None = None
    at: float = FIRST_PER_S
    failed_at: float = 0.0
    halvings: int = 0
    generator_limited: bool = False
    restarts: int = 0

    @property
    def over(self) -> bool:
        return self.halvings > HALVINGS or self.at > MOST_PER_S

    def take(self, forwarded: Forwarded) -> None:
        """What came of offering `at`."""
        if forwarded.sustained:
            self.best = forwarded
        else:
            self.failed_at = self.at
            self.generator_limited |= forwarded.overrun > 0
        sustained = self.best.offered_per_s if self.best else 0.0
        if self.failed_at:
            self.halvings += 1
            self.at = (sustained + self.failed_at) / 2
        else:
            self.at *= STEP
