"""What control tells the engine about one transport: its credentials, its sources and its slots (L5).

Numbers, not names: a leg is a transport's number (1 to 2**24 - 1, never reused at once), a source number is
`source_number(leg, index)`, and a slot is an index into `LegConfig.slots`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "SOURCES_MAX",
    "LegConfig",
    "PoolExhausted",
    "SlotConfig",
    "SourceConfig",
    "source_index",
    "source_leg",
    "source_number",
]

SOURCES_MAX = 7  # sources of one leg: three bits of the source number, 0 means none


class PoolExhausted(Exception):
    """A preallocated pool of the core is used up.

    pool: the constructor argument of `Worker` that bounds it, as "legs" or "slots".
    """

    def __init__(self, pool: str) -> None:
        super().__init__(pool)
        self.pool = pool


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """What a client may send on one m-line.

    rids: smallest layer first, at most three; empty for a single layer. ssrcs: in the order of rids, or a single one;
    empty when only MID and RID tell. rtx_ssrcs: in the order of ssrcs. max_bitrate: bits per second of all layers
    together, 0 for the core's default. Payload types are those of Opus or VP8, of VP9 and of H.264, each 0 for none; a
    source may change between them at any key frame.
    """

    mid: bytes
    video: bool
    payload_type: int
    rtx_payload_type: int
    rids: tuple[bytes, ...] = ()
    ssrcs: tuple[int, ...] = ()
    rtx_ssrcs: tuple[int, ...] = ()
    active: bool = True
    max_bitrate: int = 0
    vp9_payload_type: int = 0
    vp9_rtx_payload_type: int = 0
    h264_payload_type: int = 0
    h264_rtx_payload_type: int = 0


@dataclass(frozen=True, slots=True)
class SlotConfig:
    """One outgoing stream. rtx_payload_type and rtx_ssrc are both 0 when it has no RTX.

    vp9_payload_type and h264_payload_type: 0 when its receiver cannot show that codec. transport_cc: whether its
    packets are numbered across the transport, because the client tells when they came; the leg's extensions then have
    an id for the numbers.
    """

    mid: bytes
    video: bool
    payload_type: int
    rtx_payload_type: int
    ssrc: int
    rtx_ssrc: int
    vp9_payload_type: int = 0
    vp9_rtx_payload_type: int = 0
    transport_cc: bool = False
    h264_payload_type: int = 0
    h264_rtx_payload_type: int = 0


@dataclass(frozen=True, slots=True)
class LegConfig:
    """One transport as the engine needs it.

    extensions: pairs of (id 1 to 14, ExtensionKind). sources: at most SOURCES_MAX.
    """

    room: int
    local_ufrag: bytes
    local_pwd: bytes = field(repr=False)
    remote_ufrag: bytes
    extensions: tuple[tuple[int, int], ...] = ()
    sources: tuple[SourceConfig, ...] = ()
    slots: tuple[SlotConfig, ...] = ()


def source_number(leg: int, index: int) -> int:
    """The number of a leg's source; index: its position in `LegConfig.sources`."""
    return (leg << 3) | (index + 1)


def source_leg(source: int) -> int:
    """The leg that a source number belongs to."""
    return source >> 3


def source_index(source: int) -> int:
    """The position in `LegConfig.sources` that a source number names; -1 for none."""
    return (source & 7) - 1
