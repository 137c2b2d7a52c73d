"""What the figures are held to, and how far they are from it: ratios of one run, so that they hold on any machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.scenarios import Row

__all__ = ["GOALS", "Goal", "Verdict", "judge"]


@dataclass(frozen=True)
class Goal:
    """A figure of the row of one scenario that has these parameters; bound: at most or at least so much."""

    title: str
    scenario: str
    figure: str
    where: Mapping[str, object]
    bound: float
    at_least: bool = False

    @property
    def wanted(self) -> str:
        """As tables show it."""
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


@dataclass(frozen=True)
class Verdict:
    """A goal beside the figure; measured: none where the run did not measure it, the worst where several rows fit."""

    goal: Goal
    measured: float | None

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        if self.measured is None:
            return False
        return self.measured >= self.goal.bound if self.goal.at_least else self.measured <= self.goal.bound

    @property
    def said(self) -> str:
        """In a word, and how far it is missed."""
        if self.measured is None:
            return "not measured"
        if self.met:
            return "met"
        missed = abs(self.measured - self.goal.bound) / self.goal.bound if self.goal.bound else self.measured
        return f"missed by {missed:.0%}"


_GCM = {"subscribers": 100, "profile": "SRTP_AEAD_AES_128_GCM", "sink": "nic"}
_CM = {**_GCM, "profile": "SRTP_AES128_CM_SHA1_80"}
_FRAMES = {"subscribers": 50, "burst": 5}
_SINGLE = {"subscribers": 50, "burst": 1}
_HALF = {"load_percent": 50}
GOALS = (
    Goal(
        "100 subscribers, bursts of 8, AES-128-GCM: CPU over that of the cipher alone",
        "fanout",
        "ratio_to_raw_gcm",
        {**_GCM, "burst": 8},
        2.7,
    ),
    Goal(
        "the same: times faster than libsrtp with sendto",
        "fanout",
        "speedup_vs_libsrtp_sendto",
        {**_GCM, "burst": 8},
        5.7,
        True,
    ),
    Goal(
        "bursts of 5: times faster than libsrtp with sendto",
        "fanout",
        "speedup_vs_libsrtp_sendto",
        {**_GCM, "burst": 5},
        4.5,
        True,
    ),
    Goal(
        "AES-128-CM with HMAC-SHA1-80, bursts of 8: times faster than libsrtp with sendto",
        "fanout",
        "speedup_vs_libsrtp_sendto",
        {**_CM, "burst": 8},
        5,
        True,
    ),
    Goal(
        "frames of 5, 50 subscribers: best peer's CPU a packet over ours",
        "peers",
        "cpu_of_best_peer_over_ours",
        _FRAMES,
        4,
        True,
    ),
    Goal(
        "single packets, 50 subscribers: best peer's CPU a packet over ours",
        "peers",
        "cpu_of_best_peer_over_ours",
        _SINGLE,
        1.7,
        True,
    ),
    Goal(
        "frames of 5, 50 subscribers: highest load on one CPU, ours over best peer's",
        "peers",
        "highest_of_ours_over_best_peer",
        _FRAMES,
        4,
        True,
    ),
    Goal(
        "after a second of twice that load: seconds to normal forwarding",
        "peers",
        "recovery_s",
        {**_FRAMES, "server": "Conclave"},
        1,
    ),
    *(
        Goal(f"latency at half load, 7 subscribers, {said}: {share}, µs", "latency", figure, {**where, **_HALF}, bound)
        for said, where in (("frames of 5", {"burst": 5}), ("single packets", {"burst": 1}))
        for share, figure, bound in (("half of them", "p50_us", 200), ("99 of 100", "p99_us", 500))
    ),
    Goal("two workers over one: packets forwarded a second", "workers", "two_over_one", {}, 1.7, True),
    Goal("bytes a subscriber of one stream", "memory", "bytes", {"what": "subscriber of one stream"}, 2048),
    Goal("frames complete at 5 % loss, %", "loss", "frames_whole_percent", {"loss_percent": 5.0}, 90, True),
    Goal("longest gap at a switch of layers, ms", "loss", "longest_gap_ms", {"case": "layer switch"}, 200),
)


def judge(results: Mapping[str, Sequence[Row]]) -> list[Verdict]:
    """Every goal of the scenarios that have rows."""
    return [Verdict(goal, _measured(goal, results[goal.scenario])) for goal in GOALS if goal.scenario in results]


def _measured(goal: Goal, rows: Sequence[Row]) -> float | None:
    found = [
        float(value)
        for row in rows
        if all(row.get(name) == wanted for name, wanted in goal.where.items())
        and isinstance(value := row.get(goal.figure), int | float)
    ]
    if not found:
        return None
    return min(found) if goal.at_least else max(found)
