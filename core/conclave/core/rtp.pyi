"""RTP headers and header extensions (RFC 3550 section 5, RFC 8285) (L1)."""

from dataclasses import dataclass
from enum import IntEnum

__all__ = [
    "ExtensionKind",
    "Extensions",
    "Header",
    "abs_send_time_at",
    "parse_header",
    "read_extensions",
    "read_payload",
    "write_header",
]

class ExtensionKind(IntEnum):
    EXT_NONE = 0
    EXT_MID = 1
    EXT_RID = 2
    EXT_REPAIRED_RID = 3
    EXT_AUDIO_LEVEL = 4
    EXT_TRANSPORT_CC = 5
    EXT_ABS_SEND_TIME = 6

@dataclass(frozen=True, slots=True)
class Header:
    ssrc: int
    rtp_timestamp: int
    sequence_number: int
    payload_type: int
    marker: bool
    padding: bool
    csrc_count: int
    header_size: int
    extension_offset: int
    extension_size: int
    extension_profile: int

@dataclass(frozen=True, slots=True)
class Extensions:
    mid: bytes | None
    rid: bytes | None
    repaired_rid: bytes | None
    audio_level: int | None
    voice: bool
    transport_sequence_number: int | None
    abs_send_time: int | None

def parse_header(packet: bytes) -> Header: ...
def read_extensions(packet: bytes, kinds: dict[int, ExtensionKind]) -> Extensions: ...
def read_payload(packet: bytes) -> bytes: ...
def write_header(
    *,
    payload_type: int,
    marker: bool,
    padding: bool,
    sequence_number: int,
    rtp_timestamp: int,
    ssrc: int,
    extensions: bytes = b"",
) -> bytes: ...
def abs_send_time_at(now_ns: int) -> int: ...
