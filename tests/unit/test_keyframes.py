from __future__ import annotations

import pytest

from conclave.core.keyframes import KeyFrames

MS = 1_000_000


def requests(scheduler: KeyFrames, until_ns: int) -> list[int]:
    """When the scheduler asks, driven by its own timeouts, in ms."""
    asked = []
    while (now_ns := scheduler.next_timeout()) is not None and now_ns <= until_ns:
        assert not scheduler.poll(now_ns - 1)
        assert scheduler.poll(now_ns)
        asked.append(now_ns // MS)
    return asked


def test_nobody_waiting_asks_nothing() -> None:
    scheduler = KeyFrames()
    assert scheduler.next_timeout() is None
    assert not scheduler.poll(2**63)


def test_requests_gather_for_20_ms_and_repeat_every_300() -> None:
    scheduler = KeyFrames()
    scheduler.want(1000 * MS)
    scheduler.want(1015 * MS)
    assert requests(scheduler, 2000 * MS) == [1020, 1320, 1620, 1920]


def test_a_wish_at_time_zero_counts() -> None:
    scheduler = KeyFrames()
    scheduler.want(0)
    assert requests(scheduler, 400 * MS) == [20, 320]


@pytest.mark.parametrize(
    ("again_at", "asked"),
    [(1030, 1320), (1290, 1320), (1300, 1320), (1301, 1321), (1320, 1340), (5000, 5020)],
)
def test_the_next_one_waits_out_the_interval(again_at: int, asked: int) -> None:
    scheduler = KeyFrames()
    scheduler.want(1000 * MS)
    assert requests(scheduler, 1020 * MS) == [1020]
    scheduler.satisfied()
    assert scheduler.next_timeout() is None
    assert not scheduler.poll(again_at * MS)
    scheduler.want(again_at * MS)
    assert requests(scheduler, (asked + 299) * MS) == [asked]


def test_a_late_poll_moves_the_next_one() -> None:
    scheduler = KeyFrames()
    scheduler.want(0)
    assert scheduler.poll(100 * MS)
    assert requests(scheduler, 700 * MS) == [400, 700]


def test_a_key_frame_before_the_request_saves_it() -> None:
    scheduler = KeyFrames()
    scheduler.want(0)
    scheduler.satisfied()
    assert not scheduler.poll(1000 * MS)
