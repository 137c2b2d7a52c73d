"""How many calls a server answers, with what outcome, and how long they take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

import grpc
from prometheus_client import CollectorRegistry, Counter, Histogram

__all__ = ["UNMEASURED", "CallMetrics", "CallObserver"]

# Streams last as long as a meeting: only calls that are answered once are timed.
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# What somebody calls who knows no method of ours is one label, not theirs.
_OTHER = "other"


class CallObserver(Protocol):
    """Is told of each call that has ended."""

    def call_ended(self, method: str, status: grpc.StatusCode, duration_s: float | None) -> None:
        """method: "/service/Method"; duration_s: None for a stream."""


class _Unmeasured:
    """Counts nothing."""

    def call_ended(self, method: str, status: grpc.StatusCode, duration_s: float | None) -> None:
        """Nothing."""


UNMEASURED: Final = _Unmeasured()


class CallMetrics:
    """Counts calls by method and status; methods: the names that become labels."""

    def __init__(self, methods: Iterable[str], registry: CollectorRegistry) -> None:
        self._methods = frozenset(methods)
        self._calls = Counter(
            "conclave_control_calls", "gRPC calls that have ended", ["method", "code"], registry=registry
        )
        self._duration = Histogram(
            "conclave_control_call_duration_seconds",
            "Time that calls took which are answered once",
            ["method"],
            buckets=_BUCKETS_S,
            unit="seconds",
            registry=registry,
        )

    def call_ended(self, method: str, status: grpc.StatusCode, duration_s: float | None) -> None:
        """Counts one call."""
        known = method.lstrip("/") if method in self._methods else _OTHER
        self._calls.labels(known, status.name).inc()
        if duration_s is not None:
            self._duration.labels(known).observe(duration_s)
