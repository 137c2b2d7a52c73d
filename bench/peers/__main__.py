"""Our core beside servers that do the same work, taking turns in one run: one publisher, many subscribers, loopback.

Every packet of 1200 bytes is decrypted once and encrypted anew for every subscriber with AES-128-GCM. Each server runs
on one CPU; the generator on another, where it never sleeps in a receive call, so that nobody pays for waking it. CPU is
that of the whole process. The kernel's delivery to the receivers is on the sender's bill, as always on loopback.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.peers.conclave import Conclave
from bench.peers.janus import Janus
from bench.peers.lane import GENERATOR_CPU, Lane, on_cpu
from bench.peers.rtpengine import Rtpengine
from bench.peers.search import Forwarded, Search
from bench.peers.server import isolate
from bench.scenarios import Row, write_rows

PROGRAMS = ("janus", "rtpengine")
SERVERS = (Conclave, Janus, Rtpengine)  # ours first
BURSTS = (5, 1)
STEADY_PER_S = 25_000  # packets to all subscribers: 500 come in
PATIENCE_S = 5.0


def main() -> int:
    """Measures and writes the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subscribers", type=int, default=50, help="of one publisher (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="in which all take turns (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of one measurement (default %(default)s)")
    parser.add_argument(
        "--quick", action="store_true", help="two rounds of a second, and no search for the highest load"
    )
    parser.add_argument("--json", type=Path, help="file for the rows")
    options = parser.parse_args()
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        parser.error(f"{' and '.join(missing)} missing: run `appliance/setup bench`")
    if (os.cpu_count() or 1) < 2:
        parser.error("one CPU is not enough: server and generator need one each")
    if options.quick:
        options.rounds, options.seconds = 2, 1.0
    isolate()
    rows = []
    for burst in BURSTS:
        with ExitStack() as started:
            # All stand ready at once, and one works at a time.
            lanes = [started.enter_context(Lane(kind, options.subscribers, burst)) for kind in SERVERS]
            started.enter_context(on_cpu(GENERATOR_CPU))
            contest = Contest(lanes, options.subscribers, burst)
            rows += contest.steady(options.rounds, options.seconds)
            if burst == max(BURSTS):
                rows += contest.memory()
                if not options.quick:
                    rows += contest.highest(options.seconds)
                    rows += contest.recovery()
    for row in rows:
        print(
            "  ".join(f"{name} {f'{value:.3g}' if isinstance(value, float) else value}" for name, value in row.items())
        )
    if options.json:
        write_rows("peers", rows, options.json)
    return 0


@dataclass
class Contest:
    """What is compared. Ratios are medians over rounds, of ratios within a round."""

    lanes: Sequence[Lane]
    subscribers: int
    burst: int
    highest_per_s: dict[str, float] = field(default_factory=dict)

    def steady(self, rounds: int, seconds: float) -> list[Row]:
        """CPU and latency at a load that all bear."""
        taken: dict[str, list[Forwarded]] = {lane.server.name: [] for lane in self.lanes}
        for _ in range(rounds):
            for lane in self.lanes:
                taken[lane.server.name].append(lane.forward(STEADY_PER_S, seconds))
        rows = [
            self._row(lane, "steady")
            | {
                name: statistics.median(getattr(forwarded, name) for forwarded in taken[lane.server.name])
                for name in ("cpu_us_per_packet", "forwarded_per_s", "loss", "p50_ms", "p99_ms")
            }
            | {"rounds": rounds, "load_average": os.getloadavg()[0]}
            for lane in self.lanes
        ]
        ours, *peers = taken.values()
        ratios = [
            min(peer[number].cpu_us_per_packet for peer in peers) / ours[number].cpu_us_per_packet
            for number in range(rounds)
        ]
        return [*rows, self._comparison("cpu_of_best_peer_over_ours", statistics.median(ratios))]

    def memory(self) -> list[Row]:
        """Resident memory that one more subscriber takes, of the whole process."""
        return [self._row(lane, "memory") | {"bytes_per_subscriber": lane.bytes_per_subscriber} for lane in self.lanes]

    def highest(self, seconds: float) -> list[Row]:
        """The highest load on one CPU with less than 0.1 % loss and a median latency below 10 ms."""
        searches = {lane.server.name: Search() for lane in self.lanes}
        while not all(search.over for search in searches.values()):
            for lane in self.lanes:
                search = searches[lane.server.name]
                if search.over:
                    continue
                forwarded = lane.forward(search.at, seconds)
                search.take(forwarded)
                # A server that an overrun has stopped for good gets another chance, as a new process.
                if not forwarded.sustained and lane.recovers(STEADY_PER_S / 5, PATIENCE_S) is None:
                    lane.restart()
                    search.restarts += 1
        rows = []
        for lane in self.lanes:
            search = searches[lane.server.name]
            self.highest_per_s[lane.server.name] = search.best.forwarded_per_s if search.best else 0.0
            rows.append(
                self._row(lane, "highest")
                | {
                    "packets_per_s": self.highest_per_s[lane.server.name],
                    "p50_ms": search.best.p50_ms if search.best else None,
                    "p99_ms": search.best.p99_ms if search.best else None,
                    "cpu_us_per_packet": search.best.cpu_us_per_packet if search.best else None,
                    "generator_limited": search.generator_limited,
                    "restarts": search.restarts,
                }
            )
        ours, *peers = self.highest_per_s.values()
        return [*rows, self._comparison("highest_of_ours_over_best_peer", ours / max(peers))]

    def recovery(self) -> list[Row]:
        """After a second of twice the highest load: until a quarter of it passes as before."""
        rows = []
        for lane in self.lanes:
            highest = self.highest_per_s[lane.server.name]
            lane.forward(2 * highest, 1.0, warm_seconds=0.0)
            took = lane.recovers(highest / 4, PATIENCE_S)
            rows.append(self._row(lane, "recovery") | {"recovered": took is not None, "recovery_s": took})
        return rows

    def _row(self, lane: Lane, figure: str) -> Row:
        return {
            "server": lane.server.name,
            "case": figure,
            "subscribers": self.subscribers,
            "burst": self.burst,
            "profile": "AEAD_AES_128_GCM",
            "version": lane.server.version,
        }

    def _comparison(self, figure: str, ratio: float) -> Row:
        return {"case": "comparison", "subscribers": self.subscribers, "burst": self.burst, figure: ratio}


if __name__ == "__main__":
    sys.exit(main())
