"""Each datagram on the one port goes to the protocol that its first bytes name (RFC 7983, RFC 5761)."""

from __future__ import annotations

import pytest

from conclave.core.demux import Protocol, protocol_of


def expected(first: int, second: int) -> Protocol:
    """RFC 7983 section 7, read as a table; RFC 5761 section 4 for the second byte."""
    table = [
        (range(4), Protocol.PROTOCOL_STUN),
        (range(20, 64), Protocol.PROTOCOL_DTLS),
        (range(128, 192), Protocol.PROTOCOL_RTCP if second in range(192, 224) else Protocol.PROTOCOL_RTP),
    ]
    return next((protocol for bytes_, protocol in table if first in bytes_), Protocol.PROTOCOL_UNKNOWN)


def test_every_pair_of_first_bytes_goes_where_the_rfcs_say() -> None:
    wrong = [
        (first, second)
        for first in range(256)
        for second in range(256)
        if protocol_of(bytes([first, second])) is not expected(first, second)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("datagram", "protocol"),
    [
        ("0001", Protocol.PROTOCOL_STUN),  # binding request
        ("16fe", Protocol.PROTOCOL_DTLS),  # handshake
        ("80ef", Protocol.PROTOCOL_RTP),  # payload type 111 with the marker bit
        ("807f", Protocol.PROTOCOL_RTP),
        ("80c8", Protocol.PROTOCOL_RTCP),  # sender report
        ("81ce", Protocol.PROTOCOL_RTCP),  # payload-specific feedback
        ("4000", Protocol.PROTOCOL_UNKNOWN),  # TURN channel data: no TURN here
    ],
)
def test_what_browsers_send_is_told_apart(datagram: str, protocol: Protocol) -> None:
    assert protocol_of(bytes.fromhex(datagram)) is protocol


@pytest.mark.parametrize("datagram", [b"", b"\x00", b"\x16", b"\x80"])
def test_a_datagram_too_short_to_tell_is_unknown(datagram: bytes) -> None:
    assert protocol_of(datagram) is Protocol.PROTOCOL_UNKNOWN
