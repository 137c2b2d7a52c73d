"""What control and the media core tell each other, without the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

__all__ = [
    "CoreEvent",
    "CoreInfo",
    "CoreProcess",
    "CoreStatistics",
    "ExtensionKind",
    "MediaKind",
    "Slot",
    "SlotChanged",
    "SlotWish",
    "SourceSpec",
    "SpeakersChanged",
    "Transport",
    "TransportSpec",
    "TransportState",
    "TransportStateChanged",
    "WorkerCounters",
]


class MediaKind(IntEnum):
    """Values are those of `conclave.media.v1.MediaKind`."""

    AUDIO = 1
    VIDEO = 2


class ExtensionKind(IntEnum):
    """Values are those of `conclave.media.v1.HeaderExtension.Kind`."""

    MID = 1
    RID = 2
    REPAIRED_RID = 3
    AUDIO_LEVEL = 4
    TRANSPORT_CC = 5
    ABS_SEND_TIME = 6


class TransportState(Enum):
    """Values are those of `conclave.media.v1.TransportState`."""

    NEW = 1
    CONNECTED = 2
    DISCONNECTED = 3
    FAILED = 4


@dataclass(frozen=True, slots=True)
class CoreInfo:
    """What the core is."""

    instance_id: str
    # As in SDP.
    dtls_fingerprint: str
    udp_ports: tuple[int, ...]
    addresses: tuple[IPv4Address | IPv6Address, ...]
    crypto_backend: str
    segmentation_offload: bool


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """What a client may send on one m-line."""

    source_id: str
    mid: str
    kind: MediaKind
    payload_type: int
    # 0 for none.
    rtx_payload_type: int
    # Smallest layer first.
    rids: tuple[str, ...]
    ssrcs: tuple[int, ...]
    rtx_ssrcs: tuple[int, ...]
    active: bool
    # Whether its frames are end-to-end encrypted, as the client says.
    end_to_end: bool = False
    # 0 for none; a source may change to and from VP9 at any time.
    vp9_payload_type: int = 0
    vp9_rtx_payload_type: int = 0
    # 0 for none; of a source that sends neither VP8 nor VP9.
    h264_payload_type: int = 0
    h264_rtx_payload_type: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """One outgoing stream of a transport; the SSRCs are the core's choice, 0 in a request."""

    mid: str
    kind: MediaKind
    payload_type: int
    rtx_payload_type: int
    ssrc: int = 0
    rtx_ssrc: int = 0
    # What it shows; empty for nothing.
    source_id: str = ""
    layer: int = 0
    # 0 when the client does not show VP9.
    vp9_payload_type: int = 0
    vp9_rtx_payload_type: int = 0
    # Whether its packets are numbered across the transport, because the client tells when they came.
    transport_cc: bool = False
    # 0 when the client does not show H.264.
    h264_payload_type: int = 0
    h264_rtx_payload_type: int = 0


@dataclass(frozen=True, slots=True)
class TransportSpec:
    """A transport to be made."""

    transport_id: str
    room_id: str
    remote_ice_ufrag: str
    remote_dtls_fingerprint: str
    dtls_client: bool
    header_extensions: dict[ExtensionKind, int]
    sources: tuple[SourceSpec, ...]
    slots: tuple[Slot, ...]
    # Whether the room is end-to-end encrypted.
    end_to_end: bool = False


@dataclass(frozen=True, slots=True)
class Transport:
    """A transport as it stands."""

    transport_id: str
    room_id: str
    ice_ufrag: str
    # Secret; empty in listings.
    ice_pwd: str = field(repr=False)
    udp_port: int
    slots: tuple[Slot, ...]
    state: TransportState
    source_ids: tuple[str, ...]
    # Of them, those that send nothing but H.264.
    h264_source_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlotWish:
    """What one video slot shall show, up to which layer."""

    mid: str
    source_id: str
    max_layer: int


@dataclass(frozen=True, slots=True)
class WorkerCounters:
    """One worker's counters since the core's start, as `conclave.media.v1.WorkerStatistics` explains them."""

    packets_received: int
    packets_sent: int
    packets_forwarded: int
    groups_sent: int
    bytes_received: int
    bytes_sent: int
    retransmissions_sent: int
    nacks_received: int
    key_frames_wanted: int
    cpu_time_s: float
    packets_dropped: dict[str, int]
    connections: int
    connections_ended: dict[str, int]
    pools_used: dict[str, int]
    pools_size: dict[str, int]


@dataclass(frozen=True, slots=True)
class CoreProcess:
    """What the core's process has used since its start, which is in seconds since 1970."""

    start_time_s: float
    cpu_time_s: float
    peak_resident_bytes: int


@dataclass(frozen=True, slots=True)
class CoreStatistics:
    """The counters of every worker, and of the process that they are in."""

    workers: tuple[WorkerCounters, ...]
    process: CoreProcess


@dataclass(frozen=True, slots=True)
class TransportStateChanged:
    """A transport's state changed."""

    transport_id: str
    state: TransportState


@dataclass(frozen=True, slots=True)
class SlotChanged:
    """What a slot shows changed."""

    transport_id: str
    mid: str
    source_id: str
    layer: int


@dataclass(frozen=True, slots=True)
class SpeakersChanged:
    """Who speaks in a room changed, loudest first."""

    room_id: str
    source_ids: tuple[str, ...]
    # Of them, those that send nothing but H.264.
    h264_source_ids: tuple[str, ...] = ()


CoreEvent = TransportStateChanged | SlotChanged | SpeakersChanged
