"""RTCP packets (RFC 3550 section 6, RFC 4585, RFC 5104, draft-alvestrand-rmcat-remb) (L1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

__all__ = [
    "Item",
    "Report",
    "RtcpType",
    "Sender",
    "parse_compound",
    "write_bye",
    "write_cname",
    "write_nack",
    "write_pli",
    "write_receiver_report",
    "write_remb",
    "write_sender_report",
]

class RtcpType(IntEnum):
    RTCP_SR = 200
    RTCP_RR = 201
    RTCP_SDES = 202
    RTCP_BYE = 203
    RTCP_APP = 204
    RTCP_RTPFB = 205
    RTCP_PSFB = 206
    RTCP_XR = 207

@dataclass(frozen=True, slots=True)
class Sender:
    ntp_timestamp: int
    rtp_timestamp: int
    packet_count: int
    octet_count: int

@dataclass(frozen=True, slots=True)
class Report:
    ssrc: int
    fraction_lost: int
    cumulative_lost: int
    highest_sequence_number: int
    jitter: int
    last_sr: int
    delay_since_last_sr: int

@dataclass(frozen=True, slots=True)
class Item:
    offset: int
    packet_type: int
    count: int
    sender_ssrc: int
    media_ssrc: int
    body: bytes
    sender: Sender | None
    reports: tuple[Report, ...]
    lost: tuple[int, ...]
    remb_bitrate: int | None
    ssrcs: tuple[int, ...]

def parse_compound(compound: bytes) -> list[Item]: ...
def write_sender_report(ssrc: int, sender: Sender, reports: Sequence[Report] = (), capacity: int = 2048) -> bytes: ...
def write_receiver_report(ssrc: int, reports: Sequence[Report] = (), capacity: int = 2048) -> bytes: ...
def write_cname(ssrc: int, cname: bytes, capacity: int = 2048) -> bytes: ...
def write_bye(ssrcs: Sequence[int], capacity: int = 2048) -> bytes: ...
def write_pli(sender_ssrc: int, media_ssrc: int, capacity: int = 2048) -> bytes: ...
def write_nack(sender_ssrc: int, media_ssrc: int, sequence_numbers: Sequence[int], capacity: int = 2048) -> bytes: ...
def write_remb(sender_ssrc: int, bitrate: int, ssrcs: Sequence[int] = (), capacity: int = 2048) -> bytes: ...
