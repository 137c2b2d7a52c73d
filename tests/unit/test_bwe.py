"""The estimate of a way's bandwidth over simulated ones: with queues, steps of their rate, losses and reordering."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

import pytest

from conclave.core.bwe import Bandwidth
from conclave.core.errors import CoreError
from conclave.core.twcc import Arrivals

MS = 1_000_000
SECOND = 1000 * MS
STEP = 5 * MS
HEADS = 28


class Way:
    """A sender that sends frames 30 times a second over a queue of `rate`, and a receiver that tells arrivals.

    rate: bits per second at a time; loss: of random packets; jitter_ns: by which some packets are late, and overtaken;
    wanted: bits per second of what there is to send, of which `share` of the estimate is sent.
    """

    def __init__(
        self,
        rate: Callable[[int], float],
        *,
        loss: float = 0.0,
        jitter_ns: int = 0,
        wanted: float = 4e6,
        share: float = 0.9,
        queue_ns: int = 400 * MS,
        seed: int = 7,
    ) -> None:
        self.rate, self.loss, self.jitter_ns, self.wanted, self.share = rate, loss, jitter_ns, wanted, share
        self.queue_ns = queue_ns
        self.random = random.Random(seed)
        self.bandwidth, self.arrivals = Bandwidth(), Arrivals()
        self.now_ns = SECOND
        self.free_ns = 0
        self.under_way: list[tuple[int, int]] = []
        self.answers: list[tuple[int, bytes]] = []
        self.estimates: list[tuple[float, int]] = []
        self.idle = False
        self.carry = 0.0

    def _put(self, number: int, size: int) -> None:
        start_ns = max(self.now_ns, self.free_ns)
        if self.random.random() < self.loss or start_ns - self.now_ns > self.queue_ns:
            return
        self.free_ns = start_ns + int((size + HEADS) * 8 * SECOND / self.rate(self.now_ns))
        late_ns = self.random.randint(0, self.jitter_ns)
        heapq.heappush(self.under_way, (self.free_ns + 20 * MS + late_ns, number))

    def _frame(self) -> None:
        estimate = self.bandwidth.estimate() or 1e6
        self.carry += min(self.wanted, self.share * estimate) / 30 / 8
        while self.carry > 0:
            size = min(1200, max(200, int(self.carry)))
            self._put(self.bandwidth.send(size, self.now_ns), size)
            self.carry -= size + HEADS

    def run(self, seconds: float) -> None:
        end_ns = self.now_ns + int(seconds * SECOND)
        while self.now_ns < end_ns:
            step = self.now_ns // STEP
            if step % 7 == 0 and not self.idle:
                self._frame()
            for number in self.bandwidth.probe(self.wanted, self.now_ns):
                self._put(number, 292)
            while self.under_way and self.under_way[0][0] <= self.now_ns:
                arrived_ns, number = heapq.heappop(self.under_way)
                self.arrivals.received(number, arrived_ns)
            if step % 12 == 0:
                told = self.arrivals.write(1, 2)
                if told:
                    self.answers.append((self.now_ns + 20 * MS, told))
            while self.answers and self.answers[0][0] <= self.now_ns:
                self.bandwidth.told(self.answers.pop(0)[1], 40 * MS, self.now_ns)
            estimate = self.bandwidth.estimate()
            if estimate is not None:
                self.estimates.append((self.now_ns / SECOND, estimate))
            self.now_ns += STEP

    def mean(self, seconds: float) -> float:
        """Of the estimates of the last seconds."""
        since = self.now_ns / SECOND - seconds
        last = [estimate for at, estimate in self.estimates if at >= since]
        return sum(last) / len(last)

    def queued_ns(self) -> int:
        return max(0, self.free_ns - self.now_ns)


def test_nothing_is_estimated_before_anything_is_told() -> None:
    bandwidth = Bandwidth()
    assert bandwidth.estimate() is None
    assert bandwidth.probe(1e7, SECOND) == []


@pytest.mark.parametrize("capacity", [300_000, 500_000, 1_000_000, 3_000_000])
def test_the_estimate_settles_at_what_the_way_bears(capacity: int) -> None:
    way = Way(lambda _: capacity)
    way.run(20)
    assert 0.5 * capacity < way.mean(8) < 1.1 * capacity
    assert way.queued_ns() < 200 * MS


def test_a_step_down_is_followed_in_seconds_and_up_again_in_ten() -> None:
    way = Way(lambda at: 500_000 if 20 * SECOND <= at < 40 * SECOND else 3_000_000)
    way.run(18.9)
    assert way.mean(3) > 1_800_000
    way.run(4)
    assert way.mean(0.5) < 650_000
    way.run(16)
    assert 250_000 < way.mean(5) < 550_000
    assert way.queued_ns() < 200 * MS
    way.run(11)
    assert way.mean(1) > 1_800_000


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.09])
def test_random_losses_do_not_starve(loss: float) -> None:
    way = Way(lambda _: 3_000_000, loss=loss)
    way.run(40)
    assert way.mean(10) > 1_200_000


def test_losses_of_a_way_with_a_short_queue_are_given_way_to() -> None:
    way = Way(lambda _: 500_000, queue_ns=60 * MS, wanted=2e6)
    way.run(30)
    assert way.mean(8) < 900_000


def test_packets_that_overtake_each_other_are_no_queue() -> None:
    way = Way(lambda _: 3_000_000, jitter_ns=8 * MS)
    way.run(25)
    assert way.mean(8) > 1_500_000


def test_a_pause_leaves_the_estimate() -> None:
    way = Way(lambda _: 3_000_000)
    way.run(15)
    before = way.mean(2)
    way.idle, way.wanted = True, 0.0
    way.run(10)
    way.idle, way.wanted = False, 4e6
    way.run(3)
    assert way.mean(2) > 0.7 * before


def test_a_fast_way_is_found_within_a_second_and_not_beyond_what_is_wanted() -> None:
    way = Way(lambda _: 1e9, wanted=12e6)
    way.run(1.5)
    assert way.mean(0.1) > 10e6
    way.run(10)
    assert way.mean(1) < 30e6


def test_nothing_is_probed_when_nothing_is_to_gain() -> None:
    way = Way(lambda _: 1e8, wanted=500_000)
    way.run(10)
    assert way.bandwidth.probe(500_000, way.now_ns) == []
    assert all(estimate >= 1_000_000 for _, estimate in way.estimates)


def test_hostile_feedback_changes_nothing() -> None:
    way = Way(lambda _: 3_000_000)
    way.run(5)
    before = way.bandwidth.estimate()
    # Of packets that were never sent, and once more of those that were told of already.
    for number in (40_000, 50_000, 0):
        arrivals = Arrivals()
        for i in range(300):
            arrivals.received((number + i) & 0xFFFF, 3 * SECOND + i * 40 * MS)
        while told := arrivals.write(1, 2):
            way.bandwidth.told(told, 40 * MS, way.now_ns)
    with pytest.raises(CoreError):
        way.bandwidth.told(b"\x8f\xcd\x00\x03" + bytes(12), 40 * MS, way.now_ns)
    after = way.bandwidth.estimate()
    assert before is not None
    assert after is not None
    assert abs(after - before) < 0.1 * before


def test_the_same_way_gives_the_same_estimates() -> None:
    first, second = Way(lambda _: 1_000_000, loss=0.03), Way(lambda _: 1_000_000, loss=0.03)
    for way in (first, second):
        way.run(5)
    assert first.estimates == second.estimates
