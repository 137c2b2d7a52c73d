"""Between the model and the messages of `conclave.media.v1`."""

from __future__ import annotations

from ipaddress import ip_address

from conclave.media.v1 import control_pb2 as pb
from conclave.services.media.model import (
    CoreEvent,
    CoreInfo,
    CoreProcess,
    CoreStatistics,
    MediaKind,
    Slot,
    SlotChanged,
    SlotWish,
    SpeakersChanged,
    Transport,
    TransportSpec,
    TransportState,
    TransportStateChanged,
    WorkerCounters,
)

__all__ = [
    "create_transport_to_proto",
    "event_from_proto",
    "info_from_proto",
    "set_slots_to_proto",
    "statistics_from_proto",
    "transport_from_proto",
]


def _slot_to_proto(slot: Slot) -> pb.Slot:
    return pb.Slot(
        mid=slot.mid,
        kind=pb.MediaKind.ValueType(slot.kind),
        payload_type=slot.payload_type,
        rtx_payload_type=slot.rtx_payload_type,
        vp9_payload_type=slot.vp9_payload_type,
        vp9_rtx_payload_type=slot.vp9_rtx_payload_type,
        transport_cc=slot.transport_cc,
        h264_payload_type=slot.h264_payload_type,
        h264_rtx_payload_type=slot.h264_rtx_payload_type,
    )


def _slot_from_proto(slot: pb.Slot) -> Slot:
    return Slot(
        slot.mid,
        MediaKind(slot.kind),
        slot.payload_type,
        slot.rtx_payload_type,
        slot.ssrc,
        slot.rtx_ssrc,
        slot.source_id,
        slot.layer,
        slot.vp9_payload_type,
        slot.vp9_rtx_payload_type,
        slot.transport_cc,
        slot.h264_payload_type,
        slot.h264_rtx_payload_type,
    )


def create_transport_to_proto(spec: TransportSpec) -> pb.CreateTransport:
    """The request for a transport."""
    return pb.CreateTransport(
        transport_id=spec.transport_id,
        room_id=spec.room_id,
        remote_ice_ufrag=spec.remote_ice_ufrag,
        remote_dtls_fingerprint=spec.remote_dtls_fingerprint,
        dtls_client=spec.dtls_client,
        header_extensions=[
            pb.HeaderExtension(kind=pb.HeaderExtension.Kind.ValueType(kind), id=number)
            for kind, number in spec.header_extensions.items()
        ],
        sources=[
            pb.Source(
                source_id=source.source_id,
                mid=source.mid,
                kind=pb.MediaKind.ValueType(source.kind),
                payload_type=source.payload_type,
                rtx_payload_type=source.rtx_payload_type,
                rids=source.rids,
                ssrcs=source.ssrcs,
                rtx_ssrcs=source.rtx_ssrcs,
                active=source.active,
                end_to_end=source.end_to_end,
                vp9_payload_type=source.vp9_payload_type,
                vp9_rtx_payload_type=source.vp9_rtx_payload_type,
                h264_payload_type=source.h264_payload_type,
                h264_rtx_payload_type=source.h264_rtx_payload_type,
            )
            for source in spec.sources
        ],
        slots=[_slot_to_proto(slot) for slot in spec.slots],
        end_to_end=spec.end_to_end,
    )


def set_slots_to_proto(transport_id: str, wishes: list[SlotWish]) -> pb.SetSlots:
    """The request to show sources in slots."""
    slots = [pb.SlotWish(mid=wish.mid, source_id=wish.source_id, max_layer=wish.max_layer) for wish in wishes]
    return pb.SetSlots(transport_id=transport_id, slots=slots)


def transport_from_proto(transport: pb.Transport) -> Transport:
    """A transport as the core tells it."""
    return Transport(
        transport.transport_id,
        transport.room_id,
        transport.ice_ufrag,
        transport.ice_pwd,
        transport.udp_port,
        tuple(_slot_from_proto(slot) for slot in transport.slots),
        TransportState(transport.state),
        tuple(transport.source_ids),
        tuple(transport.h264_source_ids),
    )


def info_from_proto(info: pb.Info) -> CoreInfo:
    """What the core is."""
    return CoreInfo(
        info.instance_id,
        info.dtls_fingerprint,
        tuple(info.udp_ports),
        tuple(ip_address(address) for address in info.addresses),
        info.crypto_backend,
        info.segmentation_offload,
    )


def statistics_from_proto(statistics: pb.Statistics) -> CoreStatistics:
    """The counters, a worker after the other."""
    process = statistics.process
    return CoreStatistics(
        tuple(_worker_from_proto(worker) for worker in statistics.workers),
        CoreProcess(process.start_time_s, process.cpu_time_s, process.peak_resident_bytes),
    )


def _worker_from_proto(worker: pb.WorkerStatistics) -> WorkerCounters:
    return WorkerCounters(
        packets_received=worker.packets_received,
        packets_sent=worker.packets_sent,
        packets_forwarded=worker.packets_forwarded,
        groups_sent=worker.groups_sent,
        bytes_received=worker.bytes_received,
        bytes_sent=worker.bytes_sent,
        retransmissions_sent=worker.retransmissions_sent,
        nacks_received=worker.nacks_received,
        key_frames_wanted=worker.key_frames_wanted,
        cpu_time_s=worker.cpu_time_ns / 1e9,
        packets_dropped=dict(worker.packets_dropped),
        connections=worker.connections,
        connections_ended=dict(worker.connections_ended),
        pools_used=dict(worker.pools_used),
        pools_size=dict(worker.pools_size),
    )


def event_from_proto(event: pb.Event) -> CoreEvent | None:
    """What happened; None for a heartbeat and for what this version does not know."""
    match event.WhichOneof("body"):
        case "transport_state_changed":
            state = event.transport_state_changed
            return TransportStateChanged(state.transport_id, TransportState(state.state))
        case "slot_changed":
            slot = event.slot_changed
            return SlotChanged(slot.transport_id, slot.mid, slot.source_id, slot.layer)
        case "speakers_changed":
            speakers = event.speakers_changed
            return SpeakersChanged(speakers.room_id, tuple(speakers.source_ids))
    return None
