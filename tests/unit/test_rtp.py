"""RTP headers and header extensions are read as RFC 3550 section 5.1 and RFC 8285 draw them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import pytest
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensions, HeaderExtensionsMap, RtpPacket
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from conclave.core.errors import PacketRefused
from conclave.core.rtp import (
    ExtensionKind,
    abs_send_time_at,
    parse_header,
    read_extensions,
    read_payload,
    write_header,
)
from conclave.core.status import Status

KINDS = {
    1: ExtensionKind.EXT_AUDIO_LEVEL,
    2: ExtensionKind.EXT_ABS_SEND_TIME,
    3: ExtensionKind.EXT_TRANSPORT_CC,
    4: ExtensionKind.EXT_MID,
    10: ExtensionKind.EXT_RID,
    11: ExtensionKind.EXT_REPAIRED_RID,
}
URIS = {
    1: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    2: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    3: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    4: "urn:ietf:params:rtp-hdrext:sdes:mid",
    10: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    11: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
}
FIXED = bytes.fromhex("80 e0 1234 01020304 a1a2a3a4")
ONE_BYTE = 0xBEDE
TWO_BYTE = 0x1000

tokens = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=20)


def with_block(profile: int, elements: bytes, payload: bytes = b"payload") -> bytes:
    """A packet with an extension block, which is padded to 32 bits with zeros."""
    elements += bytes(-len(elements) % 4)
    head = bytes([FIXED[0] | 0x10]) + FIXED[1:]
    return head + profile.to_bytes(2) + (len(elements) // 4).to_bytes(2) + elements + payload


def peers_map() -> HeaderExtensionsMap:
    extensions = HeaderExtensionsMap()
    extensions.configure(
        RTCRtpParameters(headerExtensions=[RTCRtpHeaderExtensionParameters(id=i, uri=uri) for i, uri in URIS.items()])
    )
    return extensions


@dataclass
class Sample:
    """A packet as aiortc builds it, and its bytes."""

    packet: RtpPacket
    data: bytes


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    packet = RtpPacket(
        payload_type=draw(st.integers(0, 127)),
        marker=draw(st.integers(0, 1)),
        sequence_number=draw(st.integers(0, 0xFFFF)),
        timestamp=draw(st.integers(0, 0xFFFFFFFF)),
        ssrc=draw(st.integers(0, 0xFFFFFFFF)),
        payload=draw(st.binary(max_size=64)),
    )
    packet.csrc = draw(st.lists(st.integers(0, 0xFFFFFFFF), max_size=15))
    packet.padding_size = draw(st.sampled_from([0, 1, 4, 255]))
    packet.extensions = HeaderExtensions(
        abs_send_time=draw(st.none() | st.integers(0, 0xFFFFFF)),
        audio_level=draw(st.none() | st.tuples(st.booleans(), st.integers(0, 127))),
        mid=draw(st.none() | tokens),
        repaired_rtp_stream_id=draw(st.none() | tokens),
        rtp_stream_id=draw(st.none() | tokens),
        transport_sequence_number=draw(st.none() | st.integers(0, 0xFFFF)),
    )
    return Sample(packet, packet.serialize(peers_map()))


def text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


@seed(1)
@given(samples())
def test_what_aiortc_writes_is_read_the_same(sample: Sample) -> None:
    theirs = sample.packet
    header = parse_header(sample.data)
    assert header.payload_type == theirs.payload_type
    assert header.marker == bool(theirs.marker)
    assert header.sequence_number == theirs.sequence_number
    assert header.rtp_timestamp == theirs.timestamp
    assert header.ssrc == theirs.ssrc
    assert header.csrc_count == len(theirs.csrc)
    assert header.padding == (theirs.padding_size > 0)
    assert header.header_size == len(sample.data) - len(theirs.payload) - theirs.padding_size
    assert read_payload(sample.data) == theirs.payload
    found = read_extensions(sample.data, KINDS)
    assert text(found.mid) == theirs.extensions.mid
    assert text(found.rid) == theirs.extensions.rtp_stream_id
    assert text(found.repaired_rid) == theirs.extensions.repaired_rtp_stream_id
    assert found.abs_send_time == theirs.extensions.abs_send_time
    assert found.transport_sequence_number == theirs.extensions.transport_sequence_number
    if theirs.extensions.audio_level is None:
        assert (found.audio_level, found.voice) == (None, False)
    else:
        assert (found.voice, found.audio_level) == theirs.extensions.audio_level


@seed(2)
@given(samples())
def test_every_truncation_of_the_header_is_refused(sample: Sample) -> None:
    header_size = parse_header(sample.data).header_size
    for size in range(header_size):
        with pytest.raises(PacketRefused) as refused:
            parse_header(sample.data[:size])
        assert refused.value.status is Status.TRUNCATED
    assert parse_header(sample.data[:header_size]).header_size == header_size


@seed(3)
@given(
    st.integers(0, 127),
    st.booleans(),
    st.booleans(),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFFFFFF),
    st.integers(0, 0xFFFFFFFF),
    st.sampled_from(["", "413a0000", "1085510141403a00"]),
)
def test_what_is_written_is_read_the_same_by_both(
    payload_type: int, marker: bool, padding: bool, sequence_number: int, rtp_timestamp: int, ssrc: int, elements: str
) -> None:
    extensions = bytes.fromhex(elements)
    written = write_header(
        payload_type=payload_type,
        marker=marker,
        padding=padding,
        sequence_number=sequence_number,
        rtp_timestamp=rtp_timestamp,
        ssrc=ssrc,
        extensions=extensions,
    )
    packet = written + b"\x01"
    header = parse_header(packet)
    assert header.header_size == len(written) == 12 + (4 + len(extensions) if extensions else 0)
    assert (header.payload_type, header.marker, header.padding) == (payload_type, marker, padding)
    assert (header.sequence_number, header.rtp_timestamp, header.ssrc) == (sequence_number, rtp_timestamp, ssrc)
    assert (header.extension_size, header.extension_profile) == (len(extensions), ONE_BYTE if extensions else 0)
    theirs = RtpPacket.parse(packet)
    assert (theirs.payload_type, bool(theirs.marker)) == (payload_type, marker)
    assert (theirs.sequence_number, theirs.timestamp, theirs.ssrc) == (sequence_number, rtp_timestamp, ssrc)
    assert theirs.payload == (b"" if padding else b"\x01")


@pytest.mark.parametrize("version", [0, 1, 3])
def test_other_versions_are_refused(version: int) -> None:
    with pytest.raises(PacketRefused) as refused:
        parse_header(bytes([version << 6]) + FIXED[1:])
    assert refused.value.status is Status.MALFORMED


@pytest.mark.parametrize(("size", "taken"), [(1472, True), (1473, False)])
def test_a_packet_above_the_maximum_is_too_large(size: int, taken: bool) -> None:
    packet = FIXED + bytes(size - len(FIXED))
    if taken:
        assert parse_header(packet).header_size == 12
    else:
        with pytest.raises(PacketRefused) as refused:
            parse_header(packet)
        assert refused.value.status is Status.TOO_LARGE


# RFC 3550 section 5.1: the last byte counts the padding, itself included.
@pytest.mark.parametrize(
    ("after_header", "payload"),
    [
        ("aabbcc01", "aabbcc"),
        ("aabb0002", "aabb"),
        ("00000004", ""),
        ("aabbcc00", None),
        ("aabbcc05", None),
        ("aabbccff", None),
        ("", None),
    ],
)
def test_padding_is_counted_by_the_last_byte(after_header: str, payload: str | None) -> None:
    packet = bytes([FIXED[0] | 0x20]) + FIXED[1:] + bytes.fromhex(after_header)
    if payload is None:
        with pytest.raises(PacketRefused) as refused:
            read_payload(packet)
        assert refused.value.status is Status.MALFORMED
    else:
        assert read_payload(packet) == bytes.fromhex(payload)


# RFC 8285 section 4.2, the one-byte form: mid is id 4 here, the audio level id 1.
@pytest.mark.parametrize(
    ("elements", "mid", "audio_level"),
    [
        ("40 61 10 85", b"a", 5),
        ("00 40 61 00 00 10 85", b"a", 5),  # padding anywhere
        ("10 85 f0 00 40 61", None, 5),  # id 15 ends the walk
        ("10 85 ff", None, 5),  # whatever its length says
        ("10 85 03 40 61 00", None, 5),  # id 0 with a length ends it too
        ("90 ff 40 61", b"a", None),  # unknown ids are skipped
        ("40 61 40 62", b"b", None),  # the last one counts
        ("11 8585 40 61", b"a", None),  # an audio level of two bytes is none
        ("", None, None),
        ("4f" + "61" * 16, b"a" * 16, None),
    ],
)
def test_one_byte_elements_follow_the_table(elements: str, mid: bytes | None, audio_level: int | None) -> None:
    found = read_extensions(with_block(ONE_BYTE, bytes.fromhex(elements)), KINDS)
    assert (found.mid, found.audio_level) == (mid, audio_level)


# RFC 8285 section 4.3, the two-byte form; its low four bits are the application's.
@pytest.mark.parametrize("profile", [0x1000, 0x1001, 0x100F])
@pytest.mark.parametrize(
    ("elements", "mid", "audio_level"),
    [
        ("0401 61 0101 85", b"a", 5),
        ("00 0401 61 0000 0101 85", b"a", 5),
        ("0400 0101 85", None, 5),  # an empty mid is none
        ("0f01 ff 0101 85", None, 5),  # id 15 is an id like others
        ("ff02 ffff 0101 85", None, 5),  # ids above 14 are never ours
        ("1401 61", None, None),  # id 20 is not id 4
        ("0411" + "61" * 17, b"a" * 17, None),
    ],
)
def test_two_byte_elements_follow_the_table(
    profile: int, elements: str, mid: bytes | None, audio_level: int | None
) -> None:
    found = read_extensions(with_block(profile, bytes.fromhex(elements)), KINDS)
    assert (found.mid, found.audio_level) == (mid, audio_level)


@pytest.mark.parametrize(
    ("profile", "elements"),
    [
        (ONE_BYTE, "43 6162 63"),  # announces four bytes, three are there
        (ONE_BYTE, "00 00 00 40"),
        (ONE_BYTE, "9f 00 00 00"),  # an unknown one too
        (TWO_BYTE, "0403 6162"),
        (TWO_BYTE, "00 00 00 04"),  # an id without its length
        (TWO_BYTE, "00 00 0401"),
        (TWO_BYTE, "ffff 0000"),
    ],
)
def test_an_element_that_runs_past_the_block_is_malformed(profile: int, elements: str) -> None:
    # The payload that follows would satisfy the element: the block's end counts, not the packet's.
    packet = with_block(profile, bytes.fromhex(elements), payload=bytes(300))
    with pytest.raises(PacketRefused) as refused:
        read_extensions(packet, KINDS)
    assert refused.value.status is Status.MALFORMED


@pytest.mark.parametrize("profile", [0x0000, 0x2000, 0xBEDF, 0x1010])
def test_a_block_of_another_profile_has_no_elements(profile: int) -> None:
    packet = with_block(profile, bytes.fromhex("40611085"))
    assert read_extensions(packet, KINDS).mid is None
    assert read_payload(packet) == b"payload"


def test_only_mapped_ids_are_read() -> None:
    packet = with_block(ONE_BYTE, bytes.fromhex("40611085"))
    assert read_extensions(packet, {}).mid is None
    assert read_extensions(packet, {4: ExtensionKind.EXT_RID}).rid == b"a"


@seed(4)
@settings(max_examples=1000)
@given(st.binary(max_size=80), st.booleans(), st.sampled_from([ONE_BYTE, TWO_BYTE]))
def test_arbitrary_bytes_never_lead_outside_the_packet(data: bytes, shaped: bool, profile: int) -> None:
    packet = with_block(profile, data[:40], data[40:]) if shaped else data
    try:
        header = parse_header(packet)
    except PacketRefused:
        return
    assert 12 <= header.header_size <= len(packet)
    if header.extension_offset:
        assert header.extension_offset + header.extension_size == header.header_size
    block = packet[header.extension_offset : header.header_size]
    with contextlib.suppress(PacketRefused):
        found = read_extensions(packet, KINDS)
        values = [value for value in (found.mid, found.rid, found.repaired_rid) if value is not None]
        assert all(value in block for value in values)
    with contextlib.suppress(PacketRefused):
        assert packet[header.header_size :].startswith(read_payload(packet))


@pytest.mark.parametrize(
    ("now_ns", "value"),
    [
        (0, 0),
        (1_000_000_000, 1 << 18),
        (500_000_000, 1 << 17),
        (3_815, 1),  # one step is 3.8 microseconds
        (3_814, 0),
        (63_999_999_999, 0xFFFFFF),
        (64_000_000_000, 0),  # it wraps every 64 s
        (1_800_000_000_250_000_000, 1 << 16),  # today's clocks: 1.8e9 s is a multiple of 64 s
    ],
)
def test_abs_send_time_is_6_18_fixed_point(now_ns: int, value: int) -> None:
    assert abs_send_time_at(now_ns) == value
