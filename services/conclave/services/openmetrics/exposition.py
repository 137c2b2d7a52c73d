"""OpenMetrics text, and how expositions of several processes become one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest

__all__ = ["CONTENT_TYPE", "Collector", "expose", "join"]

CONTENT_TYPE = CONTENT_TYPE_LATEST
# OpenMetrics 1.0.0, "Overall Structure": what an exposition ends with.
_END = b"# EOF\n"


class Collector(Protocol):
    """Tells metric families."""

    def collect(self) -> Iterable[Metric]:
        """The families now."""


class _Together:
    def __init__(self, collectors: Iterable[Collector]) -> None:
        self._collectors = collectors

    def collect(self) -> Iterator[Metric]:
        for collector in self._collectors:
            yield from collector.collect()


def expose(collectors: Iterable[Collector]) -> bytes:
    """The text of all of them, without its end."""
    text: bytes = generate_latest(_Together(collectors))  # type: ignore[no-untyped-call]
    return text.removesuffix(_END)


def join(parts: Iterable[bytes]) -> bytes:
    """One exposition of texts without their ends, which have no family in common."""
    return b"".join([*parts, _END])
