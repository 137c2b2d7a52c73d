"""RTCP compounds are walked, read and written as RFC 3550, RFC 4585, RFC 5104 and the REMB draft say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiortc.rtp import (
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    pack_remb_fci,
    unpack_remb_fci,
)
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from conclave.core.errors import PacketRefused
from conclave.core.rtcp import (
    Report,
    RtcpType,
    Sender,
    parse_compound,
    write_bye,
    write_cname,
    write_nack,
    write_pli,
    write_receiver_report,
    write_remb,
    write_sender_report,
)
from conclave.core.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable

u8 = st.integers(0, 0xFF)
u16 = st.integers(0, 0xFFFF)
u32 = st.integers(0, 0xFFFFFFFF)
u64 = st.integers(0, 2**64 - 1)
senders = st.builds(Sender, ntp_timestamp=u64, rtp_timestamp=u32, packet_count=u32, octet_count=u32)
reports = st.builds(
    Report,
    ssrc=u32,
    fraction_lost=u8,
    cumulative_lost=st.integers(-0x800000, 0x7FFFFF),
    highest_sequence_number=u32,
    jitter=u32,
    last_sr=u32,
    delay_since_last_sr=u32,
)


def theirs_of(report: Report) -> RtcpReceiverInfo:
    return RtcpReceiverInfo(
        ssrc=report.ssrc,
        fraction_lost=report.fraction_lost,
        packets_lost=report.cumulative_lost,
        highest_sequence=report.highest_sequence_number,
        jitter=report.jitter,
        lsr=report.last_sr,
        dlsr=report.delay_since_last_sr,
    )


def refused_as(compound: bytes) -> Status:
    with pytest.raises(PacketRefused) as refused:
        parse_compound(compound)
    return refused.value.status


@seed(1)
@given(u32, senders, st.lists(reports, max_size=31))
def test_sender_reports_are_the_same_bytes_as_aiortcs(ssrc: int, sender: Sender, blocks: list[Report]) -> None:
    written = write_sender_report(ssrc, sender, blocks)
    theirs = RtcpSrPacket(
        ssrc=ssrc,
        sender_info=RtcpSenderInfo(
            ntp_timestamp=sender.ntp_timestamp,
            rtp_timestamp=sender.rtp_timestamp,
            packet_count=sender.packet_count,
            octet_count=sender.octet_count,
        ),
        reports=[theirs_of(block) for block in blocks],
    )
    assert written == bytes(theirs)
    [item] = parse_compound(written)
    assert (item.packet_type, item.count, item.sender_ssrc) == (RtcpType.RTCP_SR, len(blocks), ssrc)
    assert item.sender == sender
    assert list(item.reports) == blocks


@seed(2)
@given(u32, st.lists(reports, max_size=31))
def test_receiver_reports_are_the_same_bytes_as_aiortcs(ssrc: int, blocks: list[Report]) -> None:
    written = write_receiver_report(ssrc, blocks)
    assert written == bytes(RtcpRrPacket(ssrc=ssrc, reports=[theirs_of(block) for block in blocks]))
    [item] = parse_compound(written)
    assert (item.packet_type, item.sender_ssrc, item.sender) == (RtcpType.RTCP_RR, ssrc, None)
    assert list(item.reports) == blocks


@pytest.mark.parametrize(("lost", "told"), [(0x7FFFFF, 0x7FFFFF), (0x800000, 0x7FFFFF), (-0x800001, -0x800000)])
def test_cumulative_loss_is_clamped_to_24_bits(lost: int, told: int) -> None:
    # RFC 3550 appendix A.3.
    report = Report(1, 0, lost, 0, 0, 0, 0)
    [item] = parse_compound(write_receiver_report(1, [report]))
    assert item.reports[0].cumulative_lost == told


@seed(3)
@given(u32, st.binary(max_size=255))
def test_aiortc_reads_our_cname(ssrc: int, cname: bytes) -> None:
    written = write_cname(ssrc, cname)
    assert len(written) % 4 == 0
    # RFC 3550 section 6.5: the items end with at least one zero byte.
    assert written[10 : 10 + len(cname)] == cname
    assert 1 <= len(written) - 10 - len(cname) <= 4
    assert set(written[10 + len(cname) :]) == {0}
    [item] = parse_compound(written)
    assert (item.packet_type, item.count, item.sender_ssrc) == (RtcpType.RTCP_SDES, 1, ssrc)
    [theirs] = RtcpPacket.parse(written)
    assert isinstance(theirs, RtcpSdesPacket)
    assert [(chunk.ssrc, chunk.items) for chunk in theirs.chunks] == [(ssrc, [(1, cname)])]


def test_a_cname_above_255_bytes_is_not_written() -> None:
    assert write_cname(1, bytes(256)) == b""


@seed(4)
@given(st.lists(u32, max_size=31))
def test_byes_are_the_same_bytes_as_aiortcs(ssrcs: list[int]) -> None:
    written = write_bye(ssrcs)
    assert written == bytes(RtcpByePacket(sources=ssrcs))
    [item] = parse_compound(written)
    assert list(item.ssrcs) == ssrcs
    assert item.sender_ssrc == (ssrcs[0] if ssrcs else 0)


def test_a_bye_that_counts_more_than_it_holds_names_what_it_holds() -> None:
    [item] = parse_compound(bytes.fromhex("9fcb0001 00000007"))
    assert item.ssrcs == (7,)


@seed(5)
@given(u32, u32)
def test_plis_are_the_same_bytes_as_aiortcs(sender_ssrc: int, media_ssrc: int) -> None:
    written = write_pli(sender_ssrc, media_ssrc)
    assert written == bytes(RtcpPsfbPacket(fmt=1, ssrc=sender_ssrc, media_ssrc=media_ssrc))
    [item] = parse_compound(written)
    assert (item.packet_type, item.count) == (RtcpType.RTCP_PSFB, 1)
    assert (item.sender_ssrc, item.media_ssrc) == (sender_ssrc, media_ssrc)


@st.composite
def losses(draw: st.DrawFn) -> list[int]:
    """Sequence numbers ascending modulo 2**16, in bursts and gaps."""
    number = draw(u16)
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 2, 15, 16, 17, 18, 200]), max_size=60))
    lost = [number]
    for step in steps:
        number += step
        lost.append(number & 0xFFFF)
    return lost


@seed(6)
@given(u32, u32, losses())
def test_what_a_nack_asks_for_is_read_again(sender_ssrc: int, media_ssrc: int, lost: list[int]) -> None:
    written = write_nack(sender_ssrc, media_ssrc, lost)
    [item] = parse_compound(written)
    assert (item.packet_type, item.count) == (RtcpType.RTCP_RTPFB, 1)
    assert (item.sender_ssrc, item.media_ssrc) == (sender_ssrc, media_ssrc)
    assert list(item.lost) == lost
    [theirs] = RtcpPacket.parse(written)
    assert isinstance(theirs, RtcpRtpfbPacket)
    assert [number & 0xFFFF for number in theirs.lost] == lost
    if lost == sorted(lost):
        # Only without a wrap: aiortc does not pack across it.
        assert written == bytes(RtcpRtpfbPacket(fmt=1, ssrc=sender_ssrc, media_ssrc=media_ssrc, lost=lost))


@pytest.mark.parametrize(
    ("lost", "pairs"),
    [
        ([7], "0007 0000"),
        ([7, 8], "0007 0001"),
        ([7, 23], "0007 8000"),
        ([7, 24], "0007 0000 0018 0000"),
        (list(range(7, 24)), "0007 ffff"),
        (list(range(7, 25)), "0007 ffff 0018 0000"),
        ([65535, 0, 1], "ffff 0003"),
        ([65530, 65535, 10, 11], "fffa 8010 000b 0000"),
        ([7, 7, 8], "0007 0001"),
    ],
)
def test_nacks_pack_seventeen_numbers_a_pair(lost: list[int], pairs: str) -> None:
    # RFC 4585 section 6.2.1.
    assert write_nack(1, 2, lost)[12:] == bytes.fromhex(pairs)


def test_a_nack_for_nothing_is_not_written() -> None:
    assert write_nack(1, 2, []) == b""


@seed(7)
@given(u32, u64, st.lists(u32, max_size=255))
def test_rembs_are_the_same_bytes_as_aiortcs(sender_ssrc: int, bitrate: int, ssrcs: list[int]) -> None:
    written = write_remb(sender_ssrc, bitrate, ssrcs)
    fci = pack_remb_fci(bitrate, ssrcs)
    assert written == bytes(RtcpPsfbPacket(fmt=15, ssrc=sender_ssrc, media_ssrc=0, fci=fci))
    [item] = parse_compound(written)
    assert item.remb_bitrate == unpack_remb_fci(fci)[0]
    assert 0 <= bitrate - item.remb_bitrate <= bitrate >> 17


@pytest.mark.parametrize(
    ("fci", "bitrate"),
    [
        ("52454d42 00 000001", 1),
        ("52454d42 00 03ffff", 0x3FFFF),
        ("52454d42 00 07ffff", 0x3FFFF << 1),
        ("52454d42 00 bbffff", 0x3FFFF << 46),
        ("52454d42 00 fc0000", 0),
        ("52454d42 00 fc0001", 1 << 63),
        ("52454d43 00 000001", None),  # another application's feedback
        ("52454d", None),
    ],
)
def test_remb_rates_follow_the_table(fci: str, bitrate: int | None) -> None:
    data = bytes.fromhex(fci)
    [item] = parse_compound(bytes(RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=data + bytes(-len(data) % 4))))
    assert item.remb_bitrate == bitrate


@pytest.mark.parametrize(
    ("fci", "status"),
    [
        ("52454d42 00 bfffff", Status.MALFORMED),  # a rate above 64 bits
        ("52454d42 00 fc0002", Status.MALFORMED),
        ("52454d42", Status.TRUNCATED),
        ("52454d42 02 000001 00000001", Status.TRUNCATED),
    ],
)
def test_a_broken_remb_is_refused(fci: str, status: Status) -> None:
    packet = RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=bytes.fromhex(fci))
    assert refused_as(bytes(packet)) is status


def test_every_entry_of_a_fir_is_read() -> None:
    # RFC 5104 section 4.3.1.1: SSRC, sequence number, 24 reserved bits.
    fci = bytes.fromhex("00000007 01000000 00000008 02000000")
    [item] = parse_compound(bytes(RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=fci)))
    assert item.ssrcs == (7, 8)
    [torn] = parse_compound(bytes(RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=fci[:12])))
    assert torn.ssrcs == (7,)


def compound() -> list[bytes]:
    report = Report(9, 1, -2, 3, 4, 5, 6)
    return [
        write_sender_report(1, Sender(2, 3, 4, 5), [report]),
        write_receiver_report(1, [report, report]),
        write_cname(1, b"cname"),
        write_pli(1, 9),
        write_nack(1, 9, [5, 6, 100]),
        write_remb(1, 1_000_000, [9, 10]),
        write_bye([1]),
    ]


def test_a_compound_is_walked_packet_by_packet() -> None:
    parts = compound()
    items = parse_compound(b"".join(parts))
    assert [item.packet_type for item in items] == [200, 201, 202, 206, 205, 206, 203]
    assert [item.offset for item in items] == [sum(map(len, parts[:i])) for i in range(len(parts))]
    assert [item.body for item in items] == [part[4:] for part in parts]
    assert parse_compound(b"") == []


def test_a_compound_is_whole_only_at_a_packets_end() -> None:
    parts = compound()
    whole = b"".join(parts)
    ends = {sum(map(len, parts[:i])) for i in range(len(parts) + 1)}
    for size in range(len(whole) + 1):
        if size in ends:
            assert len(parse_compound(whole[:size])) == sorted(ends).index(size)
        else:
            assert refused_as(whole[:size]) is Status.TRUNCATED


@pytest.mark.parametrize("part", range(7))
def test_no_writer_goes_beyond_its_capacity(part: int) -> None:
    whole = compound()[part]
    report = Report(9, 1, -2, 3, 4, 5, 6)
    writers: list[Callable[[int], bytes]] = [
        lambda capacity: write_sender_report(1, Sender(2, 3, 4, 5), [report], capacity=capacity),
        lambda capacity: write_receiver_report(1, [report, report], capacity=capacity),
        lambda capacity: write_cname(1, b"cname", capacity=capacity),
        lambda capacity: write_pli(1, 9, capacity=capacity),
        lambda capacity: write_nack(1, 9, [5, 6, 100], capacity=capacity),
        lambda capacity: write_remb(1, 1_000_000, [9, 10], capacity=capacity),
        lambda capacity: write_bye([1], capacity=capacity),
    ]
    write = writers[part]
    assert {write(capacity) for capacity in range(len(whole))} == {b""}
    assert write(len(whole)) == whole


@pytest.mark.parametrize(
    ("packet", "status"),
    [
        ("80c9 0001 00000001", Status.OK),
        ("40c9 0001 00000001", Status.MALFORMED),  # version 1
        ("80c9 0002 00000001", Status.TRUNCATED),
        ("80c9 ffff 00000001", Status.TRUNCATED),
        ("80cb 0000", Status.OK),  # a BYE that names nobody
        ("81c9 0001 00000001", Status.TRUNCATED),  # announces a report that is not there
        ("80c8 0001 00000001", Status.TRUNCATED),  # an SR without sender information
        ("81ce 0001 00000001", Status.MALFORMED),  # feedback without the media's SSRC
        ("81cd 0000", Status.MALFORMED),
        ("a0c9 0002 00000001 00000004", Status.OK),
        ("a0c9 0002 00000001 00000000", Status.MALFORMED),  # padding counts itself
        ("a0c9 0002 00000001 00000003", Status.MALFORMED),  # RFC 3550 section 6.4.1: a multiple of four
        ("a0c9 0002 00000001 0000000c", Status.MALFORMED),
        ("a0cb 0000", Status.MALFORMED),
        ("a1ce 0002 00000001 00000004", Status.MALFORMED),  # padding leaves too little feedback
        ("80ff 0000", Status.OK),  # an unknown type is walked over
    ],
)
def test_packets_follow_the_table(packet: str, status: Status) -> None:
    data = bytes.fromhex(packet)
    if status is Status.OK:
        [item] = parse_compound(data)
        assert item.packet_type == data[1]
    else:
        assert refused_as(data) is status


def test_padding_is_no_part_of_the_body() -> None:
    # A BYE whose second SSRC would be its padding.
    [item] = parse_compound(bytes.fromhex("a2cb 0002 00000001 00000004"))
    assert item.ssrcs == (1,)
    assert item.body == bytes.fromhex("00000001")


@seed(8)
@settings(max_examples=1000)
@given(
    st.lists(
        st.tuples(st.integers(0x80, 0xBF), st.integers(192, 223), st.integers(0, 8), st.binary(max_size=40)), max_size=4
    )
)
def test_arbitrary_packets_are_refused_or_stay_inside(packets: list[tuple[int, int, int, bytes]]) -> None:
    data = b"".join(bytes([first, kind]) + words.to_bytes(2) + body for first, kind, words, body in packets)
    try:
        items = parse_compound(data)
    except PacketRefused:
        return
    end = 0
    for item in items:
        assert item.offset == end
        end += 4 + 4 * int.from_bytes(data[item.offset + 2 : item.offset + 4])
        assert item.body == data[item.offset + 4 :][: len(item.body)]
        assert len(item.lost) <= 17 * len(item.body) // 4
        assert 4 * len(item.ssrcs) <= len(item.body)
    assert end == len(data)


@seed(9)
@settings(max_examples=500)
@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_refused_or_walked(data: bytes) -> None:
    try:
        items = parse_compound(data)
    except PacketRefused:
        return
    assert bool(items) == bool(data)
