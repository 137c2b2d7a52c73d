"""What has left a transport is found by its number, once, while it is not forgotten."""

from __future__ import annotations

from conclave.core.sent import Sent

MS = 1_000_000
WINDOW = 1024


def test_a_packet_is_taken_once_by_its_number() -> None:
    sent = Sent()
    for size in (100, 200):
        sent.note(size, 5 * MS)
    assert sent.next == 2
    # With the heads of IPv4 and UDP.
    assert sent.take(1) == (228, 5000, 0)
    assert sent.take(1) is None
    assert sent.take(0) == (128, 5000, 0)


def test_what_never_left_is_not_found() -> None:
    sent = Sent()
    assert sent.take(0) is None
    sent.note(100, MS)
    assert [sent.take(number) for number in (1, 65535, WINDOW)] == [None] * 3
    assert sent.take(0) is not None


def test_numbers_wrap_and_the_oldest_are_forgotten() -> None:
    sent = Sent()
    for number in range(65536 + 10):
        sent.note(number % 1000, number * MS, cluster=number % 3)
    assert sent.next == 10
    assert sent.take(9) == (65545 % 1000 + 28, 65_545_000, 65545 % 3)
    oldest = 65546 - WINDOW
    assert sent.take((oldest - 1) & 0xFFFF) is None
    assert sent.take(oldest & 0xFFFF) == (oldest % 1000 + 28, oldest * 1000, oldest % 3)
