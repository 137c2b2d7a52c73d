"""What a worker tells of one leg: each stream that it receives, each slot that it sends, and the path they take (L5).

Counters begin with the stream's SSRC; nothing is reset in between. Times are in seconds or, where the name says so,
nanoseconds of the worker's clock; 0 where nothing has been measured.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["LegMeasures", "ProcessUsage", "ReceivedStream", "RemoteReport", "SentStream"]


class ReceivedStream(NamedTuple):
    """One incoming stream; source, layer: positions in the leg's configuration; rtx_ssrc: 0 for none.

    bytes_received: payloads without padding, repairs included; packets_lost: as receiver reports tell it (RFC 3550
    section 6.4.1); nacks_sent, plis_sent: RTCP packets.
    """

    source: int
    layer: int
    ssrc: int
    rtx_ssrc: int
    packets_received: int
    bytes_received: int
    header_bytes_received: int
    retransmitted_packets_received: int
    retransmitted_bytes_received: int
    packets_lost: int
    jitter_s: float
    frames_received: int
    nacks_sent: int
    plis_sent: int
    last_packet_ns: int


class RemoteReport(NamedTuple):
    """What a slot's receiver says of it; rtt_count: how often the round trip was measured."""

    packets_lost: int
    fraction_lost: float
    jitter_s: float
    rtt_s: float
    rtt_total_s: float
    rtt_count: int


class SentStream(NamedTuple):
    """One slot that has sent; packets and bytes include retransmissions.

    remote: None until its receiver has reported.
    """

    slot: int
    packets_sent: int
    bytes_sent: int
    header_bytes_sent: int
    retransmitted_packets_sent: int
    retransmitted_bytes_sent: int
    frames_sent: int
    nacks_received: int
    plis_received: int
    firs_received: int
    remote: RemoteReport | None


class LegMeasures(NamedTuple):
    """One leg; consent: one of CONSENT_*; reachable: it has a nominated address; tcp: over TCP.

    rtt_s: 0 until measured; available_bitrate: towards the client, bits per second, 0 while unknown.
    """

    consent: int
    reachable: bool
    tcp: bool
    rtt_s: float
    available_bitrate: int
    last_packet_ns: int
    received: tuple[ReceivedStream, ...]
    sent: tuple[SentStream, ...]


class ProcessUsage(NamedTuple):
    """What a process has used since its start (seconds since 1970): CPU time of all threads, peak resident memory."""

    start_time_s: float
    cpu_time_s: float
    peak_resident_bytes: int
