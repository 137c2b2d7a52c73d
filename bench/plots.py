"""The pictures of a report: which figures they show, and the same in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.figures import shown
from bench.scenarios import Row

__all__ = ["PLOTS", "Plot", "Series"]


@dataclass(frozen=True)
class Series:
    """A figure of the rows that have these parameters."""

    label: str
    figure: str
    where: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Plot:
    """One picture, `name`.png; x: the column that places a row; lines: of numbers, joined, in place of bars."""

    name: str
    scenario: str
    title: str
    x: str
    y: str
    series: tuple[Series, ...]
    logarithmic: bool = False
    lines: bool = False

    def points(self, rows: Sequence[Row]) -> dict[str, dict[str, float]]:
        """By series and place on the x axis; only what was measured."""
        drawn: dict[str, dict[str, float]] = {}
        for series in self.series:
            points = {
                f"{row[self.x]:g}" if isinstance(row[self.x], float) else str(row[self.x]): float(value)
                for row in rows
                if self.x in row
                and all(row.get(name) == wanted for name, wanted in series.where.items())
                and isinstance(value := row.get(series.figure), int | float)
            }
            if points:
                drawn[series.label] = points
        return drawn

    def alternative(self, rows: Sequence[Row]) -> str:
        """The picture in words."""
        said = [
            f"{label}: " + ", ".join(f"{shown(value)} at {place}" for place, value in points.items())
            for label, points in self.points(rows).items()
        ]
        return f"{self.title}. {self.y}, by {self.x.replace('_', ' ')}. " + "; ".join(said) + "."


_NIC = {"sink": "nic", "profile": "SRTP_AEAD_AES_128_GCM"}
PLOTS = (
    Plot(
        "fanout",
        "fanout",
        "CPU to forward one packet of 1200 bytes, AES-128-GCM",
        "subscribers",
        "ns per forwarded packet",
        (
            Series("Conclave, single packets", "ns_per_packet", {**_NIC, "burst": 1}),
            Series("Conclave, bursts of 5", "ns_per_packet", {**_NIC, "burst": 5}),
            Series("Conclave, bursts of 8", "ns_per_packet", {**_NIC, "burst": 8}),
            Series("libsrtp and one sendto a packet", "libsrtp_sendto_ns", {**_NIC, "burst": 8}),
            Series("the cipher alone", "raw_gcm_ns", {**_NIC, "burst": 8}),
        ),
        logarithmic=True,
    ),
    Plot(
        "peers-cpu",
        "peers",
        "CPU to forward a packet: 50 subscribers, 25,000 packets/s, AES-128-GCM",
        "server",
        "µs per forwarded packet",
        (
            Series("frames of 5 packets", "cpu_us_per_packet", {"case": "steady", "burst": 5}),
            Series("single packets", "cpu_us_per_packet", {"case": "steady", "burst": 1}),
        ),
    ),
    Plot(
        "peers-latency",
        "peers",
        "Latency of a frame of 5 packets to 50 subscribers, 25,000 packets/s",
        "server",
        "ms from publisher to subscriber, last packet",
        (
            Series("half of them", "p50_ms", {"case": "steady", "burst": 5}),
            Series("99 of 100", "p99_ms", {"case": "steady", "burst": 5}),
        ),
    ),
    Plot(
        "peers-highest",
        "peers",
        "Highest load on one CPU, frames of 5 packets, 50 subscribers",
        "server",
        "packets/s with < 0.1 % loss, median < 10 ms",
        (Series("frames of 5 packets", "packets_per_s", {"case": "highest", "burst": 5}),),
    ),
    Plot(
        "latency",
        "latency",
        "What the core adds to the way of a frame of 5 packets, 7 subscribers",
        "load_percent",
        "µs to the last packet",
        (
            Series("half of them", "p50_us", {"burst": 5}),
            Series("99 of 100", "p99_us", {"burst": 5}),
            Series("999 of 1000", "p999_us", {"burst": 5}),
        ),
        logarithmic=True,
    ),
    Plot(
        "meeting",
        "meeting",
        "CPU of the core in meetings, cameras in three layers",
        "people",
        "% of a CPU",
        (Series("the worker", "cpu_percent"),),
    ),
)
