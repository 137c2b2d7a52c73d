"""The VP8 payload descriptor is read as RFC 7741 section 4.2 draws it, and rewritten without touching the rest."""

from __future__ import annotations

import contextlib

import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from conclave.core.errors import PacketRefused
from conclave.core.status import Status
from conclave.core.vp8 import Descriptor, parse_descriptor, rewrite_descriptor

KEY_FRAME = b"\x10"  # P bit clear
DELTA_FRAME = b"\x11"


def descriptors() -> st.SearchStrategy[VpxPayloadDescriptor]:
    return st.builds(
        VpxPayloadDescriptor,
        partition_start=st.integers(0, 1),
        partition_id=st.integers(0, 7),
        picture_id=st.none() | st.integers(0, 0x7FFF),
        tl0picidx=st.none() | st.integers(0, 255),
        tid=st.none() | st.tuples(st.integers(0, 3), st.integers(0, 1)),
        keyidx=st.none() | st.integers(0, 31),
    )


# Sizes and fields by RFC 7741 section 4.2.
@pytest.mark.parametrize(
    ("descriptor", "size", "picture_id", "tl0", "tid", "key_index", "frame_start"),
    [
        ("9080 11", 3, 0x11, None, None, None, True),
        ("8080 11", 3, 0x11, None, None, None, False),
        ("9080 9234", 4, 0x1234, None, None, None, True),
        ("90e0 9234 07 80", 6, 0x1234, 0x07, 2, None, True),
        ("00", 1, None, None, None, None, False),
        ("10", 1, None, None, None, None, True),
        ("11", 1, None, None, None, None, False),  # PID 1: a later partition
        ("9000", 2, None, None, None, None, True),  # X without any field
        ("9010 1f", 3, None, None, None, 31, True),
        ("9020 60", 3, None, None, 1, None, True),
        ("90f0 ffff ff ff", 6, 0x7FFF, 255, 3, 31, True),
    ],
)
def test_fields_are_read_where_they_lie(
    descriptor: str,
    size: int,
    picture_id: int | None,
    tl0: int | None,
    tid: int | None,
    key_index: int | None,
    frame_start: bool,
) -> None:
    found = parse_descriptor(bytes.fromhex(descriptor) + DELTA_FRAME)
    assert found.size == size
    assert found.picture_id == picture_id
    assert (found.tl0_picture_index, found.temporal_layer, found.key_index) == (tl0, tid, key_index)
    assert found.frame_start is frame_start
    assert found.key_frame is False


@pytest.mark.parametrize(
    ("payload", "key_frame"),
    [
        (b"\x10" + KEY_FRAME, True),
        (b"\x10" + DELTA_FRAME, False),
        (b"\x00" + KEY_FRAME, False),  # S = 0: the byte is in the middle of a partition
        (b"\x11" + KEY_FRAME, False),  # PID = 1: not the first partition
        (b"\x30" + KEY_FRAME, True),  # N, a droppable frame
        (b"\x18" + KEY_FRAME, True),  # the reserved bit beside PID is no part of it
    ],
)
def test_only_the_first_packet_of_a_frame_tells_a_key_frame(payload: bytes, key_frame: bool) -> None:
    assert parse_descriptor(payload).key_frame is key_frame


@pytest.mark.parametrize("descriptor", ["10", "9080 11", "9080 9234", "90f0 9234 07 9f", "9050 07 9f", "9000"])
def test_every_truncation_is_refused(descriptor: str) -> None:
    whole = bytes.fromhex(descriptor) + KEY_FRAME
    assert parse_descriptor(whole).key_frame
    for size in range(len(whole)):
        with pytest.raises(PacketRefused) as refused:
            parse_descriptor(whole[:size])
        assert refused.value.status is Status.TRUNCATED


@seed(1)
@given(descriptors(), st.binary(min_size=1, max_size=4))
def test_what_aiortc_writes_is_read_the_same(theirs: VpxPayloadDescriptor, frame: bytes) -> None:
    ours = parse_descriptor(bytes(theirs) + frame)
    assert ours.size == len(bytes(theirs))
    assert ours.picture_id == theirs.picture_id
    assert ours.tl0_picture_index == theirs.tl0picidx
    assert ours.temporal_layer == (None if theirs.tid is None else theirs.tid[0])
    assert ours.layer_sync == (theirs.tid is not None and theirs.tid[1] == 1)
    assert ours.key_index == theirs.keyidx
    assert ours.frame_start == (theirs.partition_start == 1 and theirs.partition_id == 0)
    assert ours.key_frame == (ours.frame_start and frame[0] & 1 == 0)


@seed(2)
@settings(max_examples=500)
@given(st.binary(max_size=12))
def test_aiortc_agrees_on_arbitrary_bytes(payload: bytes) -> None:
    ours: Descriptor | None = None
    with contextlib.suppress(PacketRefused):
        ours = parse_descriptor(payload)
    try:
        theirs, rest = VpxPayloadDescriptor.parse(payload)
    except ValueError:
        assert ours is None
        return
    if ours is None:
        # Only we insist on a first payload byte, whose P bit we need.
        assert (theirs.partition_start, rest) == (1, b"")
        return
    assert ours.size == len(payload) - len(rest)
    assert (ours.picture_id, ours.tl0_picture_index) == (theirs.picture_id, theirs.tl0picidx)


@seed(3)
@given(
    descriptors(),
    st.integers(0, 0x7FFF),
    st.integers(0, 255),
    st.integers(0, 31),
)
def test_rewriting_changes_the_numbers_and_nothing_else(
    theirs: VpxPayloadDescriptor, picture_id: int, tl0_picture_index: int, key_index: int
) -> None:
    rewritten = rewrite_descriptor(
        bytes(theirs) + KEY_FRAME, picture_id=picture_id, tl0_picture_index=tl0_picture_index, key_index=key_index
    )
    wanted = VpxPayloadDescriptor(
        partition_start=theirs.partition_start,
        partition_id=theirs.partition_id,
        picture_id=None if theirs.picture_id is None else picture_id,
        tl0picidx=None if theirs.tl0picidx is None else tl0_picture_index,
        tid=theirs.tid,
        keyidx=None if theirs.keyidx is None else key_index,
    )
    assert rewritten == bytes(wanted)


@pytest.mark.parametrize(
    ("descriptor", "rewritten"),
    [
        ("9080 11", "9080 8123"),  # the picture id grows to its 15-bit form
        ("b080 11", "b080 8123"),  # N stays
        ("90c0 11 05", "90c0 8123 44"),
        ("90f0 9234 05 e2", "90f0 8123 44 e9"),
        ("9020 7f", "9020 7f"),  # KEYIDX is not meant (K = 0): its bits stay
        ("10", "10"),
    ],
)
def test_rewriting_follows_the_table(descriptor: str, rewritten: str) -> None:
    payload = bytes.fromhex(descriptor) + KEY_FRAME
    assert rewrite_descriptor(payload, picture_id=0x0123, tl0_picture_index=0x44, key_index=9) == bytes.fromhex(
        rewritten
    )


@seed(4)
@settings(max_examples=500)
@given(st.binary(max_size=12))
def test_a_rewritten_descriptor_reads_as_what_was_written(payload: bytes) -> None:
    try:
        before = parse_descriptor(payload)
    except PacketRefused:
        return
    rewritten = rewrite_descriptor(payload, picture_id=7, tl0_picture_index=8, key_index=9)
    after = parse_descriptor(rewritten + payload[before.size :])
    assert after.size == len(rewritten) == before.size + (before.picture_id_size == 1)
    assert after.picture_id == (None if before.picture_id is None else 7)
    assert after.tl0_picture_index == (None if before.tl0_picture_index is None else 8)
    assert after.key_index == (None if before.key_index is None else 9)
    assert (after.temporal_layer, after.layer_sync) == (before.temporal_layer, before.layer_sync)
    assert (after.frame_start, after.key_frame) == (before.frame_start, before.key_frame)
