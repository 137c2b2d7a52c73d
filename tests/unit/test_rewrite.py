from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conclave.core.rewrite import SlotRewriter
from conclave.core.status import Status

if TYPE_CHECKING:
    from conclave.core.rewrite import RewrittenFields

MS = 1_000_000
FIRST_INDEX = 70_000
FIRST_TIMESTAMP = 5_000
REWRITE_SPANS = 16


def video() -> SlotRewriter:
    return SlotRewriter(True, FIRST_INDEX, FIRST_TIMESTAMP)


def audio() -> SlotRewriter:
    return SlotRewriter(False, FIRST_INDEX, FIRST_TIMESTAMP)


def mapped(rewriter: SlotRewriter, **fields: Any) -> RewrittenFields:
    status, out = rewriter.map(**fields)
    assert status == Status.OK
    return out


def begin(rewriter: SlotRewriter, stream: int, **fields: Any) -> RewrittenFields:
    """Switches at a packet and maps it."""
    rewriter.switch(stream, **fields)
    return mapped(rewriter, **fields)


def test_nothing_is_mapped_before_a_switch_or_after_a_stop() -> None:
    rewriter = video()
    assert rewriter.map(index=1)[0] == Status.INACTIVE
    begin(rewriter, 1, index=1)
    rewriter.stop()
    assert rewriter.map(index=2)[0] == Status.INACTIVE


def test_what_is_left_out_takes_no_number() -> None:
    rewriter = video()
    begin(rewriter, 1, index=10)
    for index in (11, 12, 11, 500):
        rewriter.skip(index=index)
    assert mapped(rewriter, index=501)["index"] == FIRST_INDEX + 1
    assert rewriter.map(index=12)[0] == Status.TOO_LATE
    rewriter.stop()
    rewriter.skip(index=502)
    assert begin(rewriter, 2, index=7)["index"] == FIRST_INDEX + 2


@pytest.mark.parametrize("index", [0, 1, 65_535, 2**48 - 2])
def test_the_first_packet_takes_the_first_numbers(index: int) -> None:
    rewriter = video()
    out = begin(rewriter, 1, index=index, rtp_timestamp=2**32 - 1, arrival_ns=77, picture_id=9, tl0_picture_index=8)
    assert (out["index"], out["rtp_timestamp"], out["late"]) == (FIRST_INDEX, FIRST_TIMESTAMP, False)
    out = mapped(rewriter, index=index + 1, rtp_timestamp=2999, picture_id=10, tl0_picture_index=9)
    assert (out["index"], out["rtp_timestamp"]) == (FIRST_INDEX + 1, FIRST_TIMESTAMP + 3000)


@pytest.mark.parametrize(
    ("elapsed_ns", "step"),
    [
        (-5 * MS, 1),  # arrivals of two sources may be read in either order
        (0, 1),
        (5_000, 1),
        (16_666, 1),
        (16_667, 2),  # 1.5 ticks round up
        (33_333_333, 3000),
        (10_000 * MS, 900_000),
        (10 * 3600 * 1000 * MS, 2**30),  # more would look like a step back
    ],
)
def test_a_video_switch_moves_the_timestamp_by_the_elapsed_time(elapsed_ns: int, step: int) -> None:
    rewriter = video()
    begin(rewriter, 1, index=10, rtp_timestamp=123, arrival_ns=1000 * MS)
    mapped(rewriter, index=11, rtp_timestamp=123, arrival_ns=1001 * MS)  # the same frame: it does not count
    out = begin(rewriter, 2, index=5000, rtp_timestamp=99, arrival_ns=1000 * MS + elapsed_ns)
    assert out["index"] == FIRST_INDEX + 2
    assert out["rtp_timestamp"] == FIRST_TIMESTAMP + step


@pytest.mark.parametrize(
    ("elapsed_ns", "step"),
    [(-MS, 960), (0, 960), (29 * MS, 960), (30 * MS, 1920), (43 * MS, 1920), (6000 * MS, 288_000)],
)
def test_an_audio_switch_moves_the_timestamp_by_whole_packets(elapsed_ns: int, step: int) -> None:
    rewriter = audio()
    begin(rewriter, 1, index=10, rtp_timestamp=123, arrival_ns=1000 * MS)
    out = begin(rewriter, 2, index=5000, rtp_timestamp=99, arrival_ns=1000 * MS + elapsed_ns)
    assert (out["index"], out["rtp_timestamp"]) == (FIRST_INDEX + 1, FIRST_TIMESTAMP + step)


def test_a_long_audio_pause_stays_a_multiple_and_forward() -> None:
    rewriter = audio()
    begin(rewriter, 1, index=10, arrival_ns=0)
    out = begin(rewriter, 2, index=10, arrival_ns=48 * 3600 * 1000 * MS)
    step = (out["rtp_timestamp"] - FIRST_TIMESTAMP) % 2**32
    assert step % 960 == 0
    assert 2**29 < step < 2**31


def test_the_audio_marker_is_set_on_the_first_packet_after_a_switch_only() -> None:
    rewriter = audio()
    markers = [begin(rewriter, 1, index=10)["marker"], mapped(rewriter, index=11)["marker"]]
    markers += [mapped(rewriter, index=12, marker=True)["marker"]]
    markers += [begin(rewriter, 2, index=70)["marker"], mapped(rewriter, index=71)["marker"]]
    assert markers == [True, False, True, True, False]


def test_the_video_marker_is_copied() -> None:
    rewriter = video()
    assert not begin(rewriter, 1, index=10)["marker"]
    assert mapped(rewriter, index=11, marker=True)["marker"]


def test_picture_numbers_go_on_over_switches() -> None:
    rewriter = video()
    outs = [
        begin(rewriter, 1, index=10, rtp_timestamp=1, picture_id=32_767, tl0_picture_index=255, key_index=31),
        mapped(rewriter, index=11, rtp_timestamp=2, picture_id=0, tl0_picture_index=0, key_index=31),
        begin(rewriter, 2, index=900, rtp_timestamp=1, picture_id=500, tl0_picture_index=7, key_index=3),
        # Neither picture ids nor layers: what was last stays.
        begin(rewriter, 3, index=900, rtp_timestamp=1),
        begin(rewriter, 4, index=4, rtp_timestamp=1, picture_id=77, tl0_picture_index=9, key_index=0),
    ]
    assert [outs[position]["picture_id"] for position in (0, 1, 2, 4)] == [0, 1, 2, 3]
    assert [outs[position]["tl0_picture_index"] for position in (0, 1, 2, 4)] == [0, 1, 2, 3]
    assert [outs[position]["key_index"] for position in (0, 1, 2, 4)] == [0, 0, 1, 2]


def test_picture_ids_of_seven_bits_become_fifteen() -> None:
    rewriter = video()
    fields = [
        {"index": 10 + frame, "rtp_timestamp": frame, "picture_id": (100 + frame) % 128, "picture_id_size": 1}
        for frame in range(1000)
    ]
    rewriter.switch(1, **fields[0])
    outs = [mapped(rewriter, **packet)["picture_id"] for packet in fields if packet["index"] % 7]
    assert outs == [frame for frame in range(1000) if (10 + frame) % 7]
    late = [rewriter.map(**packet) for packet in fields if packet["index"] % 7 == 0][-60:]
    assert [out["picture_id"] for _, out in late] == [frame for frame in range(1000) if (10 + frame) % 7 == 0][-60:]
    assert all(status == Status.OK and out["late"] for status, out in late)


def test_padding_only_packets_are_closed_up() -> None:
    rewriter = video()
    begin(rewriter, 1, index=10)
    for index in (11, 12, 13):
        assert rewriter.map(index=index, payload_size=0)[0] == Status.INACTIVE
    assert mapped(rewriter, index=14)["index"] == FIRST_INDEX + 1
    assert rewriter.span_count == 2, "a run of dropped packets costs one span"
    assert rewriter.map(index=12)[0] == Status.TOO_LATE
    assert mapped(rewriter, index=10)["late"]


def test_a_switch_at_a_padding_only_packet_loses_no_number() -> None:
    rewriter = audio()
    begin(rewriter, 1, index=10)
    rewriter.switch(2, index=50, arrival_ns=20 * MS)
    assert rewriter.map(index=50, arrival_ns=20 * MS, payload_size=0)[0] == Status.INACTIVE
    out = mapped(rewriter, index=51, arrival_ns=40 * MS)
    assert (out["index"], out["marker"]) == (FIRST_INDEX + 1, True)


def test_a_gap_between_dropped_packets_keeps_its_numbers() -> None:
    rewriter = video()
    begin(rewriter, 1, index=10)
    for index in (13, 15):
        assert rewriter.map(index=index, payload_size=0)[0] == Status.INACTIVE
    # 12 was overtaken by padding only: it still goes out in order. 11 does not.
    first = mapped(rewriter, index=12)
    assert (first["index"], first["late"]) == (FIRST_INDEX + 2, False)
    second = mapped(rewriter, index=11)
    assert (second["index"], second["late"]) == (FIRST_INDEX + 1, True)
    assert mapped(rewriter, index=16)["index"] == FIRST_INDEX + 4
    third = mapped(rewriter, index=14)
    assert (third["index"], third["late"]) == (FIRST_INDEX + 3, True)
    assert [rewriter.find((FIRST_INDEX + step) & 0xFFFF) for step in range(5)] == [
        (1, index) for index in (10, 11, 12, 14, 16)
    ]


def test_packets_from_before_the_switch_are_too_late() -> None:
    rewriter = video()
    begin(rewriter, 1, index=100)
    begin(rewriter, 2, index=200)
    assert rewriter.map(index=199)[0] == Status.TOO_LATE
    begin(rewriter, 1, index=120)
    assert rewriter.map(index=100)[0] == Status.TOO_LATE
    assert rewriter.map(index=119)[0] == Status.TOO_LATE


def test_a_retransmission_takes_the_numbers_of_its_own_time() -> None:
    rewriter = video()
    first = begin(rewriter, 1, index=100, rtp_timestamp=10, picture_id=5)
    begin(rewriter, 2, index=200, rtp_timestamp=20, arrival_ns=33 * MS, picture_id=50)
    begin(rewriter, 1, index=120, rtp_timestamp=30, arrival_ns=66 * MS, picture_id=9)
    status, again = rewriter.again(1, index=100, rtp_timestamp=10, picture_id=5)
    assert status == Status.OK
    assert again == {**first, "late": True}
    for stream, index in ((1, 99), (1, 101), (1, 119), (1, 121), (2, 199), (2, 201), (3, 100)):
        assert rewriter.again(stream, index=index)[0] == Status.TOO_LATE


def test_numbers_never_given_out_are_not_found() -> None:
    rewriter = video()
    assert rewriter.find(FIRST_INDEX & 0xFFFF) is None
    begin(rewriter, 1, index=100)
    assert rewriter.find(FIRST_INDEX & 0xFFFF) == (1, 100)
    assert rewriter.find((FIRST_INDEX + 1) & 0xFFFF) is None
    assert rewriter.find((FIRST_INDEX - 1) & 0xFFFF) is None


def test_the_oldest_spans_are_forgotten() -> None:
    rewriter = video()
    for stream in range(1, REWRITE_SPANS + 3):
        begin(rewriter, stream, index=1000 * stream)
    found = [rewriter.find((FIRST_INDEX + step) & 0xFFFF) for step in range(REWRITE_SPANS + 2)]
    assert found == [None, None, *((stream, 1000 * stream) for stream in range(3, REWRITE_SPANS + 3))]


def test_a_switch_that_forwards_nothing_leaves_no_span() -> None:
    rewriter = video()
    begin(rewriter, 1, index=100)
    for stream in range(2, 50):
        rewriter.switch(stream, index=7)
        rewriter.stop()
    assert begin(rewriter, 50, index=8)["index"] == FIRST_INDEX + 1
    assert rewriter.span_count == 2
