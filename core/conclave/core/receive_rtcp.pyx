"""See receive_rtcp.pxd."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from conclave.core.address cimport Address
from conclave.core.attention cimport source_attend
from conclave.core.congestion cimport congestion_told
from conclave.core.feedback cimport feedback_take_report
from conclave.core.forward cimport forward_again
from conclave.core.ice cimport ice_heard
from conclave.core.keyframes cimport keyframes_want
from conclave.core.leg cimport Layer, Leg, Slot, leg_can_send, leg_find_slot
from conclave.core.outbox cimport Outbox
from conclave.core.packet cimport Packet, history_get
from conclave.core.rewrite cimport rewriter_find
from conclave.core.router cimport Router
from conclave.core.rtcp cimport (RTCP_PSFB, RTCP_RR, RTCP_RTPFB, RTCP_SR, Remb, ReportBlock, RtcpPacket, SenderInfo,
                                 rtcp_next, rtcp_read_fir, rtcp_read_nack, rtcp_read_remb, rtcp_read_report,
                                 rtcp_read_sender_info)
from conclave.core.srtcp cimport srtcp_unprotect
from conclave.core.status cimport NO_KEY, NO_SPACE, OK, Status, TOO_LARGE

cdef size_t RTCP_MAX = 1500


cdef void answer_nack(Router *router, Leg *leg, const RtcpPacket *packet, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef uint16_t sequence_numbers[256]
    cdef size_t count = rtcp_read_nack(sequence_numbers, 256, packet)
    cdef Slot *slot = leg_find_slot(leg, packet.media_ssrc)
    cdef Layer *layer
    cdef Packet *lost
    cdef uint32_t stream
    cdef uint64_t index
    cdef size_t i
    cdef int j
    leg.counters.nacks_received += count
    router.counters.nacks_received += count
    if slot == NULL:
        return
    slot.counters.nacks += 1
    if slot.current == NULL or not leg_can_send(leg):
        return
    for i in range(count):
        if rewriter_find(&slot.rewriter, sequence_numbers[i], &stream, &index) != OK:
            continue
        layer = NULL
        for j in range(slot.current.setup.layer_count):
            if slot.current.layers[j].number == stream:
                layer = slot.current.layers[j]
        if layer == NULL:
            continue                       # from before a switch to another participant: a key frame has replaced it
        lost = history_get(&layer.history, index)
        if lost != NULL and leg.retransmissions_left:
            leg.retransmissions_left -= 1
            if forward_again(slot, stream, lost, now_ns, outbox) == OK:
                router.counters.packets_forwarded += 1
                router.counters.retransmissions += 1


cdef void want_key_frame(Router *router, Slot *slot, uint64_t now_ns) noexcept nogil:
    # Browsers ask for key frames of empty slots after 3 s of silence.
    if slot.current == NULL or not slot.setup.video or not slot.current.active:
        return
    router.counters.key_frames_wanted += 1
    keyframes_want(&slot.current.keyframes, now_ns)
    source_attend(router, slot.current, now_ns)


cdef void take_sender_report(Leg *leg, const RtcpPacket *packet, uint64_t now_ns) noexcept nogil:
    cdef SenderInfo info
    cdef int i
    if rtcp_read_sender_info(&info, packet) != OK:
        return
    for i in range(leg.route_count):
        if leg.routes[i].ssrc == packet.sender_ssrc and not leg.routes[i].rtx:
            leg.routes[i].layer.last_sr = <uint32_t>(info.ntp_timestamp >> 16)
            leg.routes[i].layer.last_sr_ns = now_ns


cdef Status receive_rtcp(Router *router, Leg *leg, const Address *source, const uint8_t *data, size_t size,
                         uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef uint8_t plain[1536]
    cdef uint32_t ssrcs[32]
    cdef RtcpPacket packet
    cdef ReportBlock report
    cdef Remb remb
    cdef Slot *slot
    cdef size_t plain_size, count, i, offset = 0
    cdef Status status
    if leg.receive == NULL:
        return NO_KEY
    if size > RTCP_MAX:
        return TOO_LARGE
    status = srtcp_unprotect(leg.receive, data, size, plain, &plain_size)
    if status != OK:
        return status
    ice_heard(&leg.ice, source, now_ns)
    while offset < plain_size:
        status = rtcp_next(&packet, plain, plain_size, &offset)
        if status != OK:
            return status
        if packet.packet_type == RTCP_SR or packet.packet_type == RTCP_RR:
            if packet.packet_type == RTCP_SR:
                take_sender_report(leg, &packet, now_ns)
            for i in range(packet.count):
                if rtcp_read_report(&report, &packet, i) != OK:
                    break
                slot = leg_find_slot(leg, report.ssrc)
                if slot != NULL:
                    feedback_take_report(slot, &report, now_ns + router.wallclock_offset_ns)
        elif packet.packet_type == RTCP_RTPFB and packet.count == 1:
            answer_nack(router, leg, &packet, now_ns, outbox)
        elif packet.packet_type == RTCP_RTPFB and packet.count == 15:
            if not leg.feedbacks_left:
                leg.counters.dropped[<int>NO_SPACE] += 1
                router.counters.dropped[<int>NO_SPACE] += 1
                continue
            leg.feedbacks_left -= 1
            status = congestion_told(leg, &packet, now_ns)
            if status != OK:
                return status
        elif packet.packet_type == RTCP_PSFB and packet.count == 1:
            slot = leg_find_slot(leg, packet.media_ssrc)
            if slot != NULL:
                slot.counters.plis += 1
                want_key_frame(router, slot, now_ns)
        elif packet.packet_type == RTCP_PSFB and packet.count == 4:
            count = rtcp_read_fir(ssrcs, 32, &packet)
            for i in range(count):
                slot = leg_find_slot(leg, ssrcs[i])
                if slot != NULL:
                    slot.counters.firs += 1
                    want_key_frame(router, slot, now_ns)
        elif packet.packet_type == RTCP_PSFB and packet.count == 15:
            if rtcp_read_remb(&remb, &packet) == OK:
                leg.counters.remb_bitrate = remb.bitrate
    return OK
