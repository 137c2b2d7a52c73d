"""Transport-wide feedback is read as its draft says, and nothing else is."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from conclave.core.errors import CoreError
from conclave.core.transport_feedback import read_arrivals
from conclave.core.twcc import Arrivals

from .transport_feedback import read

MS = 1_000_000


def feedback(body: bytes, *, base: int = 1, count: int = 1, reference: int = 0) -> bytes:
    head = struct.pack("!HHI", base, count, (reference & 0xFFFFFF) << 8 | 9)
    words = 2 + (8 + len(body) + 3) // 4
    return struct.pack("!BBHII", 0x8F, 205, words, 1, 2) + (head + body).ljust(4 * (words - 2), b"\0")


def test_a_run_a_vector_of_bits_and_one_of_pairs() -> None:
    # Three lost; then 01 over 14 bits; then small, large, lost over pairs.
    chunks = struct.pack("!HHH", 3, 0x8000 | 0b01 << 12, 0xC000 | 0b011000 << 8)
    deltas = struct.pack("!BBh", 4, 8, -400)
    told = read_arrivals(feedback(chunks + deltas, base=65534, count=3 + 14 + 3, reference=-1))
    arrivals = dict.fromkeys([number & 0xFFFF for number in range(65534, 65554)])
    assert told == (9, arrivals | {2: -63_000, 15: -61_000, 16: -161_000})


@pytest.mark.parametrize(
    ("name", "packet"),
    [
        ("truncated", struct.pack("!BBHIIHHI", 0x8F, 205, 4, 1, 2, 1, 1, 0)[:20]),
        ("truncated", struct.pack("!BBHIII", 0x8F, 205, 3, 1, 2, 0)),
        ("truncated", feedback(struct.pack("!HH", 0x2001, 0x2001), count=1000)[:28]),
        ("truncated", feedback(struct.pack("!H", 0x4001) + b"\1", count=1)[:-4] + b"\1"),
        ("malformed", feedback(struct.pack("!H", 0), count=0)),
        ("malformed", feedback(struct.pack("!H", 0), count=1)),
        ("malformed", feedback(struct.pack("!H", 2), count=1)),
        ("malformed", feedback(struct.pack("!H", 0x6001), count=1)),
        ("malformed", feedback(struct.pack("!H", 0xF000), count=7)),
        ("malformed", feedback(struct.pack("!H", 1) + bytes(6), count=1)),
        ("too_large", feedback(struct.pack("!H", 1025), count=1025)),
        ("unsupported", b"\x81" + feedback(struct.pack("!H", 1))[1:]),
    ],
)
def test_hostile_feedback_is_refused(name: str, packet: bytes) -> None:
    with pytest.raises(CoreError) as refused:
        read_arrivals(packet)
    assert refused.value.status.name.lower() == name


@seed(1)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    count = int.from_bytes(body[:2], "big") % 100
    try:
        _, told = read_arrivals(feedback(body, count=count))
    except CoreError:
        return
    assert len(told) == count


@seed(1)
@given(
    steps=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 300 * MS) | st.integers(0, 3 * MS)), max_size=60),
    capacity=st.sampled_from([64, 200, 1200]),
)
def test_what_our_writer_tells_is_what_an_independent_reader_reads(steps: list[tuple[int, int]], capacity: int) -> None:
    arrivals, number, now_ns = Arrivals(), 65_500, 77 * MS
    for gap, pause_ns in steps:
        number, now_ns = (number + gap) & 0xFFFF, now_ns + pause_ns
        arrivals.received(number, now_ns)
    packets = list(iter(lambda: arrivals.write(1, 2, capacity), b""))
    assert bool(packets) == bool(steps)
    for packet in packets:
        expected = read(packet)
        assert read_arrivals(packet) == (expected.count, expected.arrivals)
        # As it does a packet that a word is missing of, if the head says so.
        shorter = packet[:2] + struct.pack("!H", len(packet) // 4 - 2) + packet[4:-4]
        try:
            read_arrivals(shorter)
        except CoreError:
            continue
        raise AssertionError("a word less was read all the same")
