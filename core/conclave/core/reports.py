"""Counters and measures of the engines as the messages that control reads (L8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conclave.core.dtls import DtlsState
from conclave.core.events import CONSENT_DISCONNECTED, CONSENT_FAILED
from conclave.media.v1 import control_pb2 as pb
from conclave.v1 import webrtc_stats_pb2 as stats_pb

if TYPE_CHECKING:
    from conclave.core.events import LegStatistics, WorkerStatistics
    from conclave.core.measures import LegMeasures, ProcessUsage, ReceivedStream, SentStream
    from conclave.core.transports import Transport

__all__ = ["measured_transport", "process_statistics", "transport_statistics", "worker_statistics"]

# IANA, DTLS-SRTP protection profiles, by the value that is negotiated.
_SRTP_CIPHERS: Final = {1: "SRTP_AES128_CM_HMAC_SHA1_80", 7: "SRTP_AEAD_AES_128_GCM", 8: "SRTP_AEAD_AES_256_GCM"}
_DTLS_STATES: Final = {DtlsState.CONNECTED: "connected", DtlsState.FAILED: "failed", DtlsState.CLOSED: "closed"}


def process_statistics(usage: ProcessUsage) -> pb.ProcessStatistics:
    """What the process uses."""
    return pb.ProcessStatistics(
        start_time_s=usage.start_time_s, cpu_time_s=usage.cpu_time_s, peak_resident_bytes=usage.peak_resident_bytes
    )


def worker_statistics(worker: WorkerStatistics) -> pb.WorkerStatistics:
    """One worker's counters."""
    return pb.WorkerStatistics(
        packets_received=worker.packets_received,
        packets_sent=worker.packets_sent,
        groups_sent=worker.groups_sent,
        cpu_time_ns=worker.cpu_time_ns,
        packets_dropped=worker.dropped,
        connections=worker.connections,
        connections_ended=worker.connections_ended,
        bytes_received=worker.bytes_received,
        bytes_sent=worker.bytes_sent,
        packets_forwarded=worker.packets_forwarded,
        retransmissions_sent=worker.retransmissions,
        nacks_received=worker.nacks_received,
        key_frames_wanted=worker.key_frames_wanted,
        pools_used={name: used for name, (used, _) in worker.pools.items()},
        pools_size={name: size for name, (_, size) in worker.pools.items()},
    )


def transport_statistics(transport_id: str, leg: LegStatistics | None) -> pb.TransportStatistics:
    """One transport's counters; leg: None for one that was cut."""
    if leg is None:
        return pb.TransportStatistics(transport_id=transport_id)
    return pb.TransportStatistics(
        transport_id=transport_id,
        packets_received=leg.packets_received,
        packets_sent=leg.packets_sent,
        retransmissions_sent=leg.retransmissions_sent,
        plis_sent=leg.plis_sent,
        nacks_received=leg.nacks_received,
        remb_bitrate=leg.remb_bitrate,
        packets_dropped=leg.dropped,
    )


def measured_transport(
    transport: Transport, measures: LegMeasures | None, now_ns: int, wallclock_offset_ns: int
) -> pb.MeasuredTransport:
    """One transport in W3C's names; measures: None for one that was cut.

    wallclock_offset_ns: what added to the workers' time gives nanoseconds since 1970.
    """
    told = pb.MeasuredTransport(
        transport_id=transport.transport_id,
        timestamp=_timestamp(now_ns, wallclock_offset_ns),
        transport=_association(transport, measures),
    )
    if measures is None:
        return told
    told.candidate_pair.CopyFrom(_path(measures, wallclock_offset_ns))
    for received in measures.received:
        told.inbound_rtp.append(_inbound(transport, received, wallclock_offset_ns))
    for sent in measures.sent:
        told.outbound_rtp.append(_outbound(transport, sent))
        if sent.remote is not None:
            told.remote_inbound_rtp.append(_remote_inbound(transport, sent))
    return told


def _timestamp(now_ns: int, wallclock_offset_ns: int) -> float:
    return (now_ns + wallclock_offset_ns) / 1e6 if now_ns else 0.0


def _association(transport: Transport, measures: LegMeasures | None) -> stats_pb.TransportStats:
    endpoint = transport.endpoint
    keys = endpoint.keys() if endpoint is not None else None
    dtls_state = "new" if endpoint is None else _DTLS_STATES.get(endpoint.state, "connecting")
    told = stats_pb.TransportStats(
        dtls_state="failed" if transport.failed else dtls_state,
        ice_state="failed",
        ice_role="controlled",
        dtls_role="client" if transport.dtls_client else "server",
        srtp_cipher=_SRTP_CIPHERS.get(keys.profile, "") if keys is not None else "",
    )
    if measures is not None:
        told.ice_state = _ice_state(measures)
        told.packets_sent = sum(sent.packets_sent for sent in measures.sent)
        told.bytes_sent = sum(sent.bytes_sent for sent in measures.sent)
        told.packets_received = sum(received.packets_received for received in measures.received)
        told.bytes_received = sum(received.bytes_received for received in measures.received)
    return told


def _ice_state(measures: LegMeasures) -> str:
    if measures.consent == CONSENT_FAILED:
        return "failed"
    if measures.consent == CONSENT_DISCONNECTED:
        return "disconnected"
    return "connected" if measures.reachable else "checking"


def _path(measures: LegMeasures, wallclock_offset_ns: int) -> stats_pb.CandidatePairStats:
    state = "succeeded" if measures.reachable else "in-progress"
    return stats_pb.CandidatePairStats(
        state="failed" if measures.consent == CONSENT_FAILED else state,
        nominated=measures.reachable,
        current_round_trip_time=measures.rtt_s,
        available_outgoing_bitrate=measures.available_bitrate,
        last_packet_received_timestamp=_timestamp(measures.last_packet_ns, wallclock_offset_ns),
        protocol=("tcp" if measures.tcp else "udp") if measures.reachable else "",
    )


def _inbound(transport: Transport, stream: ReceivedStream, wallclock_offset_ns: int) -> stats_pb.InboundRtpStats:
    source = transport.sources[stream.source]
    return stats_pb.InboundRtpStats(
        ssrc=stream.ssrc,
        kind="video" if source.video else "audio",
        mid=source.mid.decode(),
        rid=source.rids[stream.layer].decode() if source.rids else "",
        source_id=transport.source_ids[stream.source],
        packets_received=stream.packets_received,
        bytes_received=stream.bytes_received,
        header_bytes_received=stream.header_bytes_received,
        packets_lost=stream.packets_lost,
        jitter=stream.jitter_s,
        retransmitted_packets_received=stream.retransmitted_packets_received,
        retransmitted_bytes_received=stream.retransmitted_bytes_received,
        rtx_ssrc=stream.rtx_ssrc,
        frames_received=stream.frames_received,
        nack_count=stream.nacks_sent,
        pli_count=stream.plis_sent,
        last_packet_received_timestamp=_timestamp(stream.last_packet_ns, wallclock_offset_ns),
    )


def _outbound(transport: Transport, stream: SentStream) -> stats_pb.OutboundRtpStats:
    slot = transport.slots[stream.slot]
    source_id, layer = transport.shown[stream.slot]
    return stats_pb.OutboundRtpStats(
        ssrc=slot.ssrc,
        kind="video" if slot.video else "audio",
        mid=slot.mid.decode(),
        source_id=source_id,
        layer=layer,
        packets_sent=stream.packets_sent,
        bytes_sent=stream.bytes_sent,
        header_bytes_sent=stream.header_bytes_sent,
        retransmitted_packets_sent=stream.retransmitted_packets_sent,
        retransmitted_bytes_sent=stream.retransmitted_bytes_sent,
        rtx_ssrc=slot.rtx_ssrc,
        frames_sent=stream.frames_sent,
        nack_count=stream.nacks_received,
        pli_count=stream.plis_received,
        fir_count=stream.firs_received,
    )


def _remote_inbound(transport: Transport, stream: SentStream) -> stats_pb.RemoteInboundRtpStats:
    slot, remote = transport.slots[stream.slot], stream.remote
    assert remote is not None, "asked for only when the receiver has reported"
    return stats_pb.RemoteInboundRtpStats(
        ssrc=slot.ssrc,
        kind="video" if slot.video else "audio",
        packets_lost=remote.packets_lost,
        jitter=remote.jitter_s,
        fraction_lost=remote.fraction_lost,
        round_trip_time=remote.rtt_s,
        total_round_trip_time=remote.rtt_total_s,
        round_trip_time_measurements=remote.rtt_count,
    )
