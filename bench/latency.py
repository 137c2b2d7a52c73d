"""What the core adds to a packet's way: latency at shares of the load that one worker bears.

One publisher, seven subscribers. A frame's latency is from when its last packet leaves the publisher to when its last
packet reaches a subscriber's socket, both ways through the loopback included; of a frame of one packet, its own. The
load that the worker bears is found first: the highest at which less than 0.1 % is lost and half of the frames take less
than 10 ms. Where the generator cannot offer more, the row says so. A latency is the median over turns of a second, and
a rate has two chances, so that one stall of a busy machine does not decide.
"""

from __future__ import annotations

import math
import os
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in (".", "bench", "core", "services", "proto", "tests/integration")]

from bench.scenarios import Row  # noqa: E402
from load.stage import SETTLE_SECONDS, Stage, Worked, program  # noqa: E402

SUBSCRIBERS = 7
SIZE = 1170  # bytes of payload: datagrams of about 1200
SHARES = (0.1, 0.5, 0.9)
QUANTILES = (0.5, 0.99, 0.999)
NAMES = ("p50_us", "p99_us", "p999_us")
LOST_MAX = 0.001
MEDIAN_MAX_NS = 10e6
LATE_MAX = 0.01  # of the frames, that the generator may leave out
FIRST_RATE = 2000.0  # frames a second
TURN_SECONDS = 1.0
RATE_MIN = 100.0
CLOSE = 1.08  # how near the highest rate is looked for


@dataclass(frozen=True)
class Trial:
    """One rate; lost, left_out: shares. latencies: by QUANTILES, in ns."""

    frames_per_s: float
    lost: float
    left_out: float
    latencies: list[int]
    worked: Worked

    @property
    def offered(self) -> bool:
        """Whether the generator kept to the rate."""
        return self.left_out < LATE_MAX

    @property
    def borne(self) -> bool:
        """Whether the core did."""
        return self.offered and self.lost < LOST_MAX and self.latencies[0] < MEDIAN_MAX_NS


class Lane:
    """One publisher and its subscribers in a room of a running core."""

    def __init__(self, stage: Stage, burst: int, subscribers: int = SUBSCRIBERS) -> None:
        self._stage = stage
        self._publisher = stage.join("publisher", audio_slots=0, video_slots=0)
        self._subscribers = stage.join(*(f"s{number}" for number in range(subscribers)), audio_slots=0)
        self._source = self._publisher[0].send_video(interval_ms=10, packets=burst, size=SIZE)
        for subscriber in self._subscribers:
            subscriber.watch("rv0", nack=False, ends_only=burst > 1)
            subscriber.show("rv0", f"{self._publisher[0].name}/v")
        stage.run_until(lambda: all(one.arrived("rv0")["packets"] for one in self._subscribers), "the first frames")

    def trial(self, frames_per_s: float, seconds: float) -> Trial:
        """Sends at a rate and counts what came."""
        generator = self._stage.generator
        generator.pace(self._source, 1000 / frames_per_s)
        self._stage.silence(self._publisher, silent=False)
        worked = self._stage.work(seconds)
        self._stage.silence(self._publisher)
        generator.run(SETTLE_SECONDS)
        sent = generator.source(self._source)
        came = sum(subscriber.arrived("rv0")["packets"] for subscriber in self._subscribers)
        return Trial(
            frames_per_s,
            max(0.0, 1 - came / (sent["packets"] * len(self._subscribers))),
            sent["skipped"] / (sent["frames"] + sent["skipped"]),
            generator.quantiles(0, QUANTILES),
            worked,
        )

    def highest(self, seconds: float) -> tuple[Trial, bool]:
        """The highest rate that is borne, and whether it is the core that bears no more."""
        low = self._try(FIRST_RATE, seconds)
        while not low.borne:
            if low.frames_per_s < RATE_MIN:
                raise RuntimeError(f"this machine is too busy: not even {low.frames_per_s:.0f} frames a second pass")
            low = self._try(low.frames_per_s / 2, seconds)
        high = self._try(2 * low.frames_per_s, seconds)
        while high.borne:
            low, high = high, self._try(2 * high.frames_per_s, seconds)
        while high.frames_per_s / low.frames_per_s > CLOSE:
            middle = self._try(math.sqrt(low.frames_per_s * high.frames_per_s), seconds)
            if middle.borne:
                low = middle
            else:
                high = middle
        return low, high.offered

    def _try(self, frames_per_s: float, seconds: float) -> Trial:
        first = self.trial(frames_per_s, seconds)
        return first if first.borne else self.trial(frames_per_s, seconds)


def measure(quick: bool) -> list[Row]:
    """A row a burst and share of the load."""
    rows: list[Row] = []
    for burst in (5, 1):
        with Stage() as stage:
            lane = Lane(stage, burst)
            highest, by_core = lane.highest(0.5 if quick else 1.0)
            for share in SHARES:
                trials = [lane.trial(highest.frames_per_s * share, TURN_SECONDS) for _ in range(3 if quick else 9)]
                rows.append(row_of(trials, burst, share, highest, by_core))
    return rows


def row_of(trials: list[Trial], burst: int, share: float, highest: Trial, by_core: bool) -> Row:
    """The medians of several turns at one rate."""
    lost = statistics.median(trial.lost for trial in trials)
    of_turns = zip(*(trial.latencies for trial in trials), strict=True)
    latencies: Row = {name: statistics.median(turns) / 1000 for name, turns in zip(NAMES, of_turns, strict=True)}
    return {
        "subscribers": SUBSCRIBERS,
        "burst": burst,
        "load_percent": round(100 * share),
        # What has not come has no latency. Who misses 2**15 packets in a trial cannot read on (RFC 3711 section 3.3.1).
        **(latencies if lost < LOST_MAX else {}),
        "frames_per_s": trials[0].frames_per_s,
        "packets_sent_per_s": statistics.median(one.worked.packets_sent / one.worked.seconds for one in trials),
        "cpu_percent": statistics.median(one.worked.cpu_percent for one in trials),
        "lost_percent": 100 * lost,
        "highest_frames_per_s": highest.frames_per_s,
        "highest_is_the_cores": by_core,
        "load_average": os.getloadavg()[0],
    }


if __name__ == "__main__":
    sys.exit(program("latency", str(__doc__), measure))
