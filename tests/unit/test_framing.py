"""Datagrams in a stream: every way to cut it gives the same frames, and a queue never takes half of one."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conclave.core.errors import PacketRefused
from conclave.core.framing import Backlog, Deframer

LARGEST = 1600
frames = st.lists(st.binary(max_size=LARGEST), max_size=12)


def framed(*datagrams: bytes) -> bytes:
    return b"".join(struct.pack("!H", len(datagram)) + datagram for datagram in datagrams)


# RFC 4571 section 2: LENGTH, 16 bits in network order, counts the bytes that follow it.
def test_a_frame_is_its_length_and_its_bytes() -> None:
    assert Deframer().feed(b"\x00\x03abc\x01\x00" + b"x" * 256) == [b"abc", b"x" * 256]


def test_a_null_packet_is_an_empty_frame() -> None:
    assert Deframer().feed(b"\x00\x00\x00\x01a\x00\x00") == [b"", b"a", b""]


def test_a_stream_cut_anywhere_gives_the_same_frames() -> None:
    datagrams = [b"a" * 5, b"", b"b" * 300, b"c"]
    stream = framed(*datagrams)
    for cut in range(len(stream) + 1):
        deframer = Deframer()
        assert deframer.feed(stream[:cut]) + deframer.feed(stream[cut:]) == datagrams


def test_a_truncated_frame_never_comes() -> None:
    stream = framed(b"x" * 40)
    for size in range(len(stream)):
        assert Deframer().feed(stream[:size]) == []


@given(frames, st.lists(st.integers(min_value=1, max_value=4000), min_size=1, max_size=30))
def test_pieces_of_any_sizes_give_the_frames_that_were_sent(datagrams: list[bytes], sizes: list[int]) -> None:
    deframer, stream, received = Deframer(), framed(*datagrams), []
    while stream:
        for size in sizes:
            received += deframer.feed(stream[:size])
            stream = stream[size:]
    assert received == datagrams


@pytest.mark.parametrize("length", [LARGEST + 1, 0x4745, 0xFFFF])  # "GE", as a request for a page begins
def test_a_frame_that_is_too_large_ends_the_stream(length: int) -> None:
    deframer = Deframer()
    assert deframer.feed(framed(b"before")) == [b"before"]
    with pytest.raises(PacketRefused):
        deframer.feed(struct.pack("!H", length))


def test_the_largest_frame_passes() -> None:
    largest = b"x" * LARGEST
    assert Deframer().feed(framed(largest, largest, largest)) == [largest] * 3


def drain(backlog: Backlog, limit: int = 1000) -> bytes:
    stream = b""
    while piece := backlog.take(limit):
        stream += piece
    return stream


def test_an_empty_queue_gives_nothing() -> None:
    assert Backlog(64).take(100) == b""


def test_a_full_queue_takes_no_part_of_a_frame() -> None:
    backlog = Backlog(1024)
    taken = [datagram for datagram in (bytes([i]) * 100 for i in range(20)) if backlog.put(datagram)]
    assert len(taken) == 1024 // 102
    assert drain(backlog) == framed(*taken)


def test_the_last_quarter_is_for_small_frames() -> None:
    backlog = Backlog(4096)
    assert [backlog.put(b"v" * 1000) for _ in range(4)] == [True, True, True, False]
    assert [backlog.put(b"a" * 398) for _ in range(3)] == [True, True, False]
    assert drain(backlog) == framed(*[b"v" * 1000] * 3, *[b"a" * 398] * 2)


def test_a_datagram_beyond_the_length_field_is_not_taken() -> None:
    backlog = Backlog(1 << 18)
    assert not backlog.put(bytes(65536))
    assert backlog.put(bytes(65535))


@given(st.lists(st.one_of(st.binary(max_size=300), st.integers(min_value=1, max_value=500)), max_size=80))
def test_the_stream_is_what_was_put_however_it_is_taken(steps: list[bytes | int]) -> None:
    backlog, expected, stream = Backlog(1024), b"", b""
    for step in steps:
        if isinstance(step, int):
            stream += backlog.take(step)
        elif backlog.put(step):
            expected += framed(step)
        else:
            assert len(expected) - len(stream) + 2 + len(step) > 768  # a small frame is refused only by a full queue
    assert stream + drain(backlog, 7) == expected
