"""H.264 packets are read as RFC 6184 draws them; what aiortc packs of a film is told apart as the encoder meant it."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from aiortc.codecs.h264 import H264Encoder
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from conclave.core.errors import PacketRefused
from conclave.core.h264 import begins_key_frame
from conclave.core.status import Status

SLICE, IDR, SPS, PPS, DELIMITER = 1, 5, 7, 8, 9
NRI = 0x60


def unit(kind: int, size: int = 4) -> bytes:
    return bytes([NRI | kind]) + bytes(range(size))


def aggregate(*units: bytes) -> bytes:
    return bytes([NRI | 24]) + b"".join(len(each).to_bytes(2, "big") + each for each in units)


def fragment(kind: int, *, start: bool = False, end: bool = False) -> bytes:
    return bytes([NRI | 28, start << 7 | end << 6 | kind]) + b"data"


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        (unit(SPS), True),
        (unit(IDR), False),  # its parameter sets have come, or it cannot be decoded
        (unit(SLICE), False),
        (unit(SLICE, size=0), False),
        (aggregate(unit(SPS), unit(PPS)), True),
        (aggregate(unit(DELIMITER), unit(SPS), unit(PPS), unit(IDR)), True),
        (aggregate(unit(PPS), unit(IDR)), False),
        (fragment(SPS, start=True), True),
        (fragment(SPS, end=True), False),
        (fragment(IDR, start=True), False),
        (fragment(SLICE), False),
    ],
)
def test_a_key_frame_begins_with_its_parameter_set(payload: bytes, key: bool) -> None:
    assert begins_key_frame(payload) is key


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        (b"", Status.TRUNCATED),
        (bytes([0x80 | SPS, 1]), Status.MALFORMED),  # section 5.3: F, it may have bit errors
        *((bytes([kind]) + b"data", Status.MALFORMED) for kind in (0, 25, 26, 27, 29, 30, 31)),
        (bytes([24]), Status.TRUNCATED),
        (aggregate(unit(SPS))[:-1], Status.TRUNCATED),
        (aggregate(unit(SPS)) + b"\0", Status.TRUNCATED),
        (aggregate(unit(SPS)) + b"\0\0\0", Status.MALFORMED),  # a NAL unit of no bytes
        (bytes([28]), Status.TRUNCATED),
        (bytes([28, 0x87]), Status.TRUNCATED),
        (fragment(SPS, start=True, end=True), Status.MALFORMED),  # section 5.8: such a unit is sent whole
    ],
)
def test_what_mode_1_does_not_have_is_refused(payload: bytes, status: Status) -> None:
    with pytest.raises(PacketRefused) as refused:
        begins_key_frame(payload)
    assert refused.value.status is status


def test_every_truncation_of_an_aggregate_is_refused_or_ends_with_a_unit() -> None:
    units = unit(DELIMITER), unit(SPS), unit(PPS)
    whole = aggregate(*units)
    ends = {len(aggregate(*units[:count])) for count in (1, 2, 3)}
    for size in range(1, len(whole)):
        if size in ends:
            assert begins_key_frame(whole[:size]) is (size > min(ends))
        else:
            with pytest.raises(PacketRefused):
                begins_key_frame(whole[:size])


@seed(5)
@settings(max_examples=500)
@given(st.lists(st.tuples(st.integers(1, 23), st.binary(max_size=40)), min_size=1, max_size=6))
def test_any_aggregate_has_a_key_frame_if_one_of_its_units_is_a_parameter_set(units: list[tuple[int, bytes]]) -> None:
    written = [bytes([NRI | kind]) + body for kind, body in units]
    assert begins_key_frame(aggregate(*written)) is any(kind == SPS for kind, _ in units)
    assert [begins_key_frame(each) for each in written] == [kind == SPS for kind, _ in units]


@seed(6)
@settings(max_examples=500)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    try:
        key = begins_key_frame(payload)
    except PacketRefused:
        return
    assert not key or SPS in {byte & 0x1F for byte in payload}


def test_of_a_film_the_first_packets_of_key_frames_are_found_and_no_others() -> None:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 640, 480, "yuv420p"
    encoder.time_base = Fraction(1, 30)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "g": "5"}
    random = np.random.default_rng(7)
    packer = H264Encoder()
    keys = 0
    for number in range(16):
        frame = av.VideoFrame.from_ndarray(random.integers(0, 256, (480, 640, 3), np.uint8), format="rgb24")
        frame.pts, frame.time_base = number, encoder.time_base
        for packet in encoder.encode(frame):
            payloads, _ = packer.pack(packet)
            assert len(payloads) > 3  # fragments too
            assert [begins_key_frame(payload) for payload in payloads].count(True) == packet.is_keyframe
            assert begins_key_frame(payloads[0]) is packet.is_keyframe
            keys += packet.is_keyframe
    assert keys == 4
