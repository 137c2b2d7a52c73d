"""Transport-wide feedback is written as its draft says."""

from __future__ import annotations

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from conclave.core.twcc import Arrivals

from .transport_feedback import Feedback, read

MS = 1_000_000
SENDER, MEDIA = 0x01020304, 0x0A0B0C0D
WINDOW = 512


def read_all(arrivals: Arrivals, capacity: int = 1200) -> list[Feedback]:
    packets = iter(lambda: arrivals.write(SENDER, MEDIA, capacity), b"")
    return [read(packet) for packet in packets]


def test_nothing_came_nothing_is_told() -> None:
    arrivals = Arrivals()
    assert arrivals.write(SENDER, MEDIA) == b""
    arrivals.received(7, MS)
    assert arrivals.write(SENDER, MEDIA) != b""
    assert arrivals.write(SENDER, MEDIA) == b""


def test_a_packet_as_the_draft_has_it() -> None:
    arrivals = Arrivals()
    for number, at_ms in ((100, 128), (101, 129), (103, 130)):
        arrivals.received(number, at_ms * MS)
    # One vector of one-bit symbols 1101; 128 ms are twice 64; a millisecond is four times 250 microseconds.
    expected = bytes.fromhex("8fcd0006 01020304 0a0b0c0d 0064 0004 000002 00 b400 00 04 04 000000".replace(" ", ""))
    told = arrivals.write(SENDER, MEDIA)
    assert told[2:23] == expected[2:23]
    assert read(told).arrivals == {100: 128_000, 101: 129_000, 102: None, 103: 130_000}


def test_numbers_wrap_and_feedback_is_counted() -> None:
    arrivals = Arrivals()
    for number in (65534, 65535, 1):
        arrivals.received(number, 64 * MS)
    (first,) = read_all(arrivals)
    assert first == Feedback(SENDER, MEDIA, 0, {65534: 64_000, 65535: 64_000, 0: None, 1: 64_000})
    arrivals.received(2, 70 * MS)
    assert read_all(arrivals) == [Feedback(SENDER, MEDIA, 1, {2: 70_000})]


def test_one_that_comes_late_is_told_anew_and_one_too_late_is_not() -> None:
    arrivals = Arrivals()
    arrivals.received(10, 64 * MS)
    arrivals.received(12, 65 * MS)
    assert read_all(arrivals)[0].arrivals == {10: 64_000, 11: None, 12: 65_000}
    arrivals.received(11, 80 * MS)
    assert read_all(arrivals)[0].arrivals == {11: 80_000, 12: 65_000}
    arrivals.received(10 + 2 * WINDOW, 90 * MS)
    read_all(arrivals)
    arrivals.received(10, 91 * MS)
    assert read_all(arrivals) == []


def test_numbers_before_the_first_one_and_before_zero_are_told_in_their_order() -> None:
    arrivals = Arrivals()
    for number, at_ms in ((5, 64), (65534, 65), (1, 66), (1, 67)):
        arrivals.received(number, at_ms * MS)
    (told,) = read_all(arrivals)
    assert list(told.arrivals) == [65534, 65535, 0, 1, 2, 3, 4, 5]
    assert {number: at for number, at in told.arrivals.items() if at} == {65534: 65_000, 1: 66_000, 5: 64_000}


def test_the_clock_may_pass_the_end_of_its_24_bits() -> None:
    arrivals = Arrivals()
    end_ns = 64 * MS << 24
    arrivals.received(1, end_ns - MS)
    arrivals.received(2, end_ns + MS)
    (told,) = read_all(arrivals)
    assert told.arrivals == {1: -1000, 2: 1000}


def test_a_leap_leaves_the_window_behind() -> None:
    arrivals = Arrivals()
    arrivals.received(0, 64 * MS)
    arrivals.received(5000, 65 * MS)
    (told,) = read_all(arrivals)
    assert list(told.arrivals) == list(range(5000 - WINDOW + 1, 5001))
    assert [number for number, at in told.arrivals.items() if at is not None] == [5000]


def test_a_pause_of_seconds_is_two_packets() -> None:
    arrivals = Arrivals()
    arrivals.received(1, 64 * MS)
    arrivals.received(2, 20_000 * MS)
    assert [told.arrivals for told in read_all(arrivals)] == [{1: 64_000}, {2: 20_000_000}]


@pytest.mark.parametrize("capacity", [64, 100, 300, 1200])
@seed(1)
@given(data=st.data())
def test_every_arrival_is_told_once_to_a_quarter_of_a_millisecond(capacity: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, 65535))
    # A clock that has run for up to 12 days: as long as 24 bits of 64 ms have room.
    now_ns = data.draw(st.integers(1, 8_000_000)) * 64 * MS
    steps = st.tuples(st.integers(1, 20), st.integers(0, 300 * MS) | st.integers(0, 3 * MS))
    arrivals, came, number = Arrivals(), {}, start
    for gap, pause_ns in data.draw(st.lists(steps, max_size=25)):
        number, now_ns = (number + gap) & 0xFFFF, now_ns + pause_ns
        arrivals.received(number, now_ns)
        came[number] = now_ns // 250_000 * 250
        if data.draw(st.booleans()):
            told = read_all(arrivals, capacity)
            seen = {number: at for each in told for number, at in each.arrivals.items() if at is not None}
            assert seen == came
            came = {}
    seen = {number: at for each in read_all(arrivals, capacity) for number, at in each.arrivals.items()}
    assert {number: at for number, at in seen.items() if at is not None} == came
