"""How often something may happen, and the buckets that measure it. Time is an argument, in nanoseconds."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Rate", "TokenBucket"]

_SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """Up to `burst` at once, refilled by `per_second`."""

    per_second: float
    burst: int


class TokenBucket:
    """Measures one rate."""

    def __init__(self, rate: Rate, now_ns: int) -> None:
        self._rate = rate
        self._tokens = float(rate.burst)
        self._filled_ns = now_ns

    def take(self, now_ns: int) -> bool:
        """Takes one, if there is one."""
        if not self.has_any(now_ns):
            return False
        self._tokens -= 1
        return True

    def has_any(self, now_ns: int) -> bool:
        """Whether there is one to take."""
        gained = (now_ns - self._filled_ns) / _SECOND_NS * self._rate.per_second
        self._tokens = min(float(self._rate.burst), self._tokens + gained)
        self._filled_ns = now_ns
        return self._tokens >= 1
