"""The VP9 payload descriptor is read as RFC 9628 section 4.2 draws it, and rewritten without touching the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from conclave.core.errors import PacketRefused
from conclave.core.status import Status
from conclave.core.vp9 import parse_descriptor, rewrite_descriptor

FRAME = b"\x82\x49\x83\x42"


@dataclass(frozen=True)
class Written:
    """A descriptor, bit for bit as the RFC's figures 2 to 4 have it."""

    inter_predicted: bool
    flexible: bool
    begins: bool
    ends: bool
    # Value and whether it has its 15-bit form.
    picture_id: tuple[int, bool] | None
    # TID, U, SID, D and, in non-flexible mode, TL0PICIDX.
    layers: tuple[int, int, int, int] | None
    tl0_picture_index: int
    references: tuple[int, ...]
    # Sizes, then the pictures of a group, each with its references.
    structure: tuple[tuple[tuple[int, int], ...], tuple[tuple[int, ...], ...]] | None

    def __bytes__(self) -> bytes:
        flags = (
            (self.picture_id is not None) << 7
            | self.inter_predicted << 6
            | (self.layers is not None) << 5
            | self.flexible << 4
            | self.begins << 3
            | self.ends << 2
            | (self.structure is not None) << 1
        )
        out = bytes([flags])
        if self.picture_id is not None:
            value, long = self.picture_id
            out += (0x8000 | value).to_bytes(2, "big") if long else bytes([value])
        if self.layers is not None:
            tid, up, sid, dependent = self.layers
            out += bytes([tid << 5 | up << 4 | sid << 1 | dependent])
            if not self.flexible:
                out += bytes([self.tl0_picture_index])
        if self.flexible and self.inter_predicted:
            last = len(self.references) - 1
            out += bytes(difference << 1 | (i < last) for i, difference in enumerate(self.references))
        if self.structure is not None:
            sizes, pictures = self.structure
            out += bytes([max(len(sizes) - 1, 0) << 5 | bool(sizes) << 4 | bool(pictures) << 3])
            out += b"".join(number.to_bytes(2, "big") for size in sizes for number in size)
            if pictures:
                out += bytes([len(pictures)])
                out += b"".join(bytes([len(each) << 2, *each]) for each in pictures)
        return out


def descriptors() -> st.SearchStrategy[Written]:
    short = st.tuples(st.integers(0, 0x7F), st.just(False))
    long = st.tuples(st.integers(0, 0x7FFF), st.just(True))
    numbers = st.integers(0, 0xFFFF)
    written = st.builds(
        Written,
        inter_predicted=st.booleans(),
        flexible=st.booleans(),
        begins=st.booleans(),
        ends=st.booleans(),
        picture_id=st.none() | short | long,
        layers=st.none() | st.tuples(st.integers(0, 7), st.integers(0, 1), st.integers(0, 7), st.integers(0, 1)),
        tl0_picture_index=st.integers(0, 255),
        references=st.lists(st.integers(1, 127), min_size=1, max_size=3).map(tuple),
        structure=st.none()
        | st.tuples(
            st.lists(st.tuples(numbers, numbers), max_size=8).map(tuple),
            st.lists(st.lists(st.integers(0, 255), max_size=3).map(tuple), max_size=12).map(tuple),
        ),
    )
    # Flexible mode counts its references from the picture id.
    return written.map(lambda one: replace(one, picture_id=one.picture_id or (1, True)) if one.flexible else one)


# Fields by RFC 9628 section 4.2.
@pytest.mark.parametrize(
    ("descriptor", "size", "numbers_size", "picture_id", "tl0", "tid", "sid", "frame_start", "key_frame"),
    [
        ("08", 1, 1, None, None, None, None, True, True),
        ("00", 1, 1, None, None, None, None, False, False),
        ("48", 1, 1, None, None, None, None, True, False),  # P: needs another picture
        ("88 11", 2, 2, 0x11, None, None, None, True, True),
        ("88 9234", 3, 3, 0x1234, None, None, None, True, True),
        ("ac 9234 00 07", 5, 5, 0x1234, 7, 0, 0, True, True),
        ("ec 9234 50 07", 5, 5, 0x1234, 7, 2, 0, True, False),
        ("ac 9234 03 07", 5, 5, 0x1234, 7, 0, 1, False, False),  # a higher spatial layer begins inside a picture
        ("f8 9234 20 03 04", 6, 4, 0x1234, None, 1, 0, True, False),  # flexible: two references, no TL0PICIDX
        ("b8 9234 00", 4, 4, 0x1234, None, 0, 0, True, True),
        ("ae 9234 00 07 18 02800168 01 04 01", 13, 5, 0x1234, 7, 0, 0, True, True),
        ("0a 00", 2, 1, None, None, None, None, True, True),  # a structure that says nothing
        ("09", 1, 1, None, None, None, None, True, True),  # Z
    ],
)
def test_fields_are_read_where_they_lie(
    descriptor: str,
    size: int,
    numbers_size: int,
    picture_id: int | None,
    tl0: int | None,
    tid: int | None,
    sid: int | None,
    frame_start: bool,
    key_frame: bool,
) -> None:
    found = parse_descriptor(bytes.fromhex(descriptor) + FRAME)
    assert (found.size, found.numbers_size) == (size, numbers_size)
    assert (found.picture_id, found.tl0_picture_index) == (picture_id, tl0)
    assert (found.temporal_layer, found.spatial_layer) == (tid, sid)
    assert (found.frame_start, found.key_frame) == (frame_start, key_frame)


@pytest.mark.parametrize(
    "descriptor",
    [
        "08",
        "88 11",
        "88 9234",
        "ac 9234 00 07",
        "f8 9234 20 03 05 06",
        "ae 9234 00 07 38 0280016805000240 02 04 01 08 01 02",
    ],
)
def test_every_truncation_is_refused(descriptor: str) -> None:
    whole = bytes.fromhex(descriptor)
    assert parse_descriptor(whole + FRAME).size == len(whole)
    for size in range(len(whole) + 1):
        with pytest.raises(PacketRefused) as refused:
            parse_descriptor(whole[:size])
        assert refused.value.status is Status.TRUNCATED


@pytest.mark.parametrize("descriptor", ["d8 9234 03 03 03 02", "58 02", "18"])
def test_references_without_end_or_without_picture_id_are_malformed(descriptor: str) -> None:
    with pytest.raises(PacketRefused) as refused:
        parse_descriptor(bytes.fromhex(descriptor) + FRAME)
    assert refused.value.status is Status.MALFORMED


@seed(1)
@given(descriptors(), st.binary(min_size=1, max_size=4))
def test_what_is_written_is_read_the_same(written: Written, frame: bytes) -> None:
    found = parse_descriptor(bytes(written) + frame)
    assert found.size == len(bytes(written))
    assert found.picture_id == (None if written.picture_id is None else written.picture_id[0])
    tid, up, sid, _ = written.layers or (None, 0, None, 0)
    assert (found.temporal_layer, found.spatial_layer, found.switching_up) == (tid, sid, up == 1)
    has_tl0 = written.layers is not None and not written.flexible
    assert found.tl0_picture_index == (written.tl0_picture_index if has_tl0 else None)
    assert found.frame_start == (written.begins and not sid)
    assert found.key_frame == (found.frame_start and not written.inter_predicted)


@seed(2)
@given(descriptors(), st.integers(0, 0x7FFF), st.integers(0, 255))
def test_rewriting_changes_the_numbers_and_nothing_else(written: Written, picture_id: int, tl0: int) -> None:
    rewritten = rewrite_descriptor(bytes(written) + FRAME, picture_id=picture_id, tl0_picture_index=tl0)
    grown = None if written.picture_id is None else (picture_id, True)
    assert rewritten == bytes(replace(written, picture_id=grown, tl0_picture_index=tl0))


@seed(3)
@settings(max_examples=1000)
@given(st.binary(max_size=40))
def test_arbitrary_bytes_read_again_as_what_was_written(payload: bytes) -> None:
    try:
        before = parse_descriptor(payload)
    except PacketRefused:
        return
    rewritten = rewrite_descriptor(payload, picture_id=7, tl0_picture_index=8)
    after = parse_descriptor(rewritten + payload[before.size :])
    grown = before.picture_id_size == 1
    assert (after.size, after.numbers_size) == (before.size + grown, before.numbers_size + grown)
    assert after.picture_id == (None if before.picture_id is None else 7)
    assert after.tl0_picture_index == (None if before.tl0_picture_index is None else 8)
    assert (after.temporal_layer, after.spatial_layer) == (before.temporal_layer, before.spatial_layer)
    assert (after.frame_start, after.key_frame) == (before.frame_start, before.key_frame)
