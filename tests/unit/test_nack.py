from __future__ import annotations

import pytest

from conclave.core.nack import MissingPackets

MS = 1_000_000
CAPACITY = 128
ATTEMPTS = 8


@pytest.mark.parametrize(
    ("arrivals", "asked"),
    [
        ([10, 11, 12], []),
        ([10, 12], [11]),
        ([10, 14], [11, 12, 13]),
        ([10, 14, 12], [11, 13]),
        ([10, 12, 12, 11, 11], []),
        ([10, 9, 8], []),
        ([65534, 65537], [65535, 0]),  # extended indices: the numbers asked for wrap
        ([65535, 65536, 65538], [1]),
        ([2 * 65536 - 1, 2 * 65536 + 2], [0, 1]),
        ([0, 2], [1]),
    ],
)
def test_what_is_missing_is_asked_for(arrivals: list[int], asked: list[int]) -> None:
    nack = MissingPackets()
    for index in arrivals:
        nack.received(index, 0)
    assert nack.poll(5 * MS) == asked


def test_a_gap_that_reordering_fills_is_never_asked_for() -> None:
    nack = MissingPackets()
    nack.received(1, 0)
    nack.received(3, 100)
    assert nack.next_timeout() == 100 + 5 * MS
    assert nack.poll(100 + 5 * MS - 1) == []
    nack.received(2, 5 * MS)
    assert nack.next_timeout() is None
    assert nack.poll(1000 * MS) == []


@pytest.mark.parametrize(("rtt_ns", "interval_ns"), [(0, 20 * MS), (19 * MS, 20 * MS), (80 * MS, 80 * MS)])
def test_it_asks_again_after_a_round_trip_and_then_gives_up(rtt_ns: int, interval_ns: int) -> None:
    nack = MissingPackets()
    nack.received(1, 0)
    nack.received(3, 0)
    asked_at = []
    while (now_ns := nack.next_timeout()) is not None:
        assert nack.poll(now_ns - 1, rtt_ns) == []
        assert nack.poll(now_ns, rtt_ns) == [2]
        assert nack.poll(now_ns, rtt_ns) == []
        asked_at.append(now_ns)
    assert asked_at == [5 * MS + attempt * interval_ns for attempt in range(ATTEMPTS)]
    assert len(nack) == 0


def test_one_that_arrives_between_repeats_is_not_asked_for_again() -> None:
    nack = MissingPackets()
    nack.received(1, 0)
    nack.received(4, 0)
    assert nack.poll(5 * MS) == [2, 3]
    nack.received(2, 6 * MS)
    assert nack.poll(25 * MS) == [3]


def test_each_gap_has_its_own_time() -> None:
    nack = MissingPackets()
    nack.received(1, 0)
    nack.received(3, 0)
    nack.received(5, 3 * MS)
    assert nack.poll(5 * MS) == [2]
    assert nack.next_timeout() == 8 * MS
    assert nack.poll(8 * MS) == [4]
    assert nack.poll(28 * MS) == [2, 4]


def test_what_does_not_fit_stays_due() -> None:
    nack = MissingPackets()
    nack.received(1, 0)
    nack.received(7, 0)
    assert nack.poll(5 * MS, capacity=2) == [2, 3]
    assert nack.next_timeout() == 5 * MS
    assert nack.poll(5 * MS, capacity=2) == [4, 5]
    assert nack.poll(5 * MS, capacity=2) == [6]


@pytest.mark.parametrize(("missing", "overflow"), [(CAPACITY, False), (CAPACITY + 1, True), (1_000_000, True)])
def test_too_large_a_gap_asks_for_a_key_frame_instead(missing: int, overflow: bool) -> None:
    nack = MissingPackets()
    nack.received(10, 0)
    nack.received(10 + missing + 1, 0)
    assert len(nack.poll(5 * MS)) == (0 if overflow else CAPACITY)
    assert nack.take_overflow() is overflow
    assert not nack.take_overflow()
    nack.received(10 + missing + 3, 10 * MS)
    assert nack.take_overflow() is not overflow
    if overflow:
        assert nack.poll(15 * MS) == [(10 + missing + 2) & 0xFFFF]


def test_many_small_gaps_overflow_as_well() -> None:
    nack = MissingPackets()
    for index in range(0, 2 * CAPACITY + 1, 2):
        nack.received(index, 0)
    assert not nack.take_overflow()
    assert len(nack) == CAPACITY
    nack.received(2 * CAPACITY + 2, 0)
    assert nack.take_overflow()
    assert len(nack) == 0


@pytest.mark.parametrize(("index", "left"), [(0, [2, 3, 5]), (3, [3, 5]), (4, [5]), (5, [5]), (6, []), (100, [])])
def test_a_key_frame_makes_the_older_ones_useless(index: int, left: list[int]) -> None:
    nack = MissingPackets()
    for arrived in (1, 4, 6):
        nack.received(arrived, 0)
    nack.forget_before(index)
    assert nack.poll(5 * MS) == left
