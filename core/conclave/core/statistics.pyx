"""See statistics.pxd."""
from libc.stdint cimport int64_t, uint64_t
from conclave.core.forward cimport forward_header_size
from conclave.core.leg cimport Layer, Leg, Slot
from conclave.core.router cimport Router

from conclave.core.measures import LegMeasures, ReceivedStream, RemoteReport, SentStream

cdef double clock_rate(bint video):
    return 90_000.0 if video else 48_000.0


cdef object measure_layer(const Layer *layer, int source, int index):
    cdef bint video = layer.source.setup.video
    cdef int64_t expected = <int64_t>(layer.highest_index - layer.base_index) + 1
    return ReceivedStream(
        source, index, layer.media.ssrc, layer.rtx.ssrc if layer.rtx_bound else 0, layer.counters.packets,
        layer.counters.payload_bytes, layer.counters.header_bytes, layer.counters.retransmitted_packets,
        layer.counters.retransmitted_bytes, expected - <int64_t>layer.received, layer.jitter / clock_rate(video),
        layer.counters.frames if video else 0, layer.counters.nacks, layer.counters.plis, layer.counters.last_packet_ns)


cdef object measure_slot(const Slot *slot, int index):
    cdef bint video = slot.setup.video
    cdef uint64_t packets = slot.packet_count + slot.counters.retransmitted_packets
    remote = None
    if slot.remote.heard:
        remote = RemoteReport(slot.remote.packets_lost, slot.remote.fraction_lost / 256.0,
                              slot.remote.jitter / clock_rate(video), slot.remote.rtt_ns / 1e9,
                              slot.remote.rtt_total_ns / 1e9, slot.remote.rtt_count)
    return SentStream(
        index, packets, slot.octet_count + slot.counters.retransmitted_bytes,
        packets * forward_header_size(slot), slot.counters.retransmitted_packets,
        slot.counters.retransmitted_bytes, slot.counters.frames if video else 0, slot.counters.nacks, slot.counters.plis,
        slot.counters.firs, remote)


cdef object measure_leg(const Leg *leg):
    cdef uint64_t last_packet_ns = 0
    cdef bint measured = False
    cdef int i, j
    received = []
    sent = []
    for i in range(leg.source_count):
        for j in range(leg.sources[i].setup.layer_count):
            if leg.sources[i].layers[j].bound and leg.sources[i].layers[j].received:
                received.append(measure_layer(leg.sources[i].layers[j], i, j))
                last_packet_ns = max(last_packet_ns, leg.sources[i].layers[j].counters.last_packet_ns)
    for i in range(leg.slot_count):
        measured = measured or leg.slots[i].remote.rtt_count != 0
        if leg.slots[i].packet_count:
            sent.append(measure_slot(leg.slots[i], i))
    return LegMeasures(leg.ice.state, bool(leg.ice.has_selected), leg.ice.selected.connection != 0,
                       leg.rtt_ns / 1e9 if measured else 0.0, leg.counters.remb_bitrate, last_packet_ns,
                       tuple(received), tuple(sent))


cdef dict measure_pools(const Router *router):
    cdef size_t legs = 0, i
    for i in range(router.leg_capacity):
        legs += router.legs[i].used
    return {
        "legs": (legs, router.leg_capacity),
        "sources": (router.source_capacity - router.free_source_count, router.source_capacity),
        "layers": (router.layer_capacity - router.free_layer_count, router.layer_capacity),
        "slots": (router.slot_capacity - router.free_slot_count, router.slot_capacity),
        "packets": (router.packets.capacity - router.packets.available, router.packets.capacity),
    }
