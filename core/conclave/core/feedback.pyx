"""See feedback.pxd."""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from conclave.core.leg cimport LEG_STREAMS_MAX, Layer, Leg, Slot, Source, leg_can_send
from conclave.core.outbox cimport Outbox, outbox_commit, outbox_reserve
from conclave.core.rtcp cimport (ReportBlock, SenderInfo, rtcp_write_nack, rtcp_write_pli, rtcp_write_remb, rtcp_write_rr,
                                 rtcp_write_sdes_cname, rtcp_write_sr)
from conclave.core.srtcp cimport SRTCP_OVERHEAD_MAX, srtcp_protect
from conclave.core.status cimport OK
from conclave.core.twcc cimport twcc_write

cdef uint64_t NTP_EPOCH_S = 2_208_988_800              # 1900 to 1970 (RFC 3550 section 4)
cdef uint64_t DEFAULT_BITRATE = 3_000_000              # three VP8 layers of a 720p camera
cdef uint64_t AUDIO_BITRATE = 128_000
cdef size_t SR_SIZE = 28
cdef size_t SDES_SIZE_MAX = 32


cdef uint64_t ntp_time(uint64_t wallclock_ns) noexcept nogil:
    cdef uint64_t seconds = wallclock_ns // 1_000_000_000
    cdef uint64_t rest = wallclock_ns - seconds * 1_000_000_000
    return ((seconds + NTP_EPOCH_S) << 32) | ((rest << 32) // 1_000_000_000)


cdef bint send(Leg *leg, const uint8_t *compound, size_t size, Outbox *outbox) noexcept nogil:
    cdef uint8_t *place
    cdef size_t protected_size
    if not size or not leg_can_send(leg):
        return False
    place = outbox_reserve(outbox, size + SRTCP_OVERHEAD_MAX)
    if place == NULL:
        return False
    if srtcp_protect(leg.send, compound, size, place, &protected_size) != OK:
        return False
    outbox_commit(outbox, &leg.ice.selected, protected_size)
    return True


cdef void fill_report(ReportBlock *report, Layer *layer, uint64_t now_ns) noexcept nogil:
    """RFC 3550 appendix A.3."""
    cdef uint64_t expected = layer.highest_index - layer.base_index + 1 if layer.received else 0
    cdef int64_t lost = <int64_t>expected - <int64_t>layer.received
    cdef uint64_t interval_expected = expected - layer.reported_expected
    cdef uint64_t interval_received = layer.received - layer.reported_received
    cdef int64_t interval_lost = <int64_t>interval_expected - <int64_t>interval_received
    layer.reported_expected = expected
    layer.reported_received = layer.received
    report.ssrc = layer.media.ssrc
    # All lost would be 256, which 8 bits hold no more.
    report.fraction_lost = (<uint8_t>min(<int64_t>255, (interval_lost << 8) // <int64_t>interval_expected)
                            if interval_lost > 0 else 0)
    report.cumulative_lost = <int32_t>max(<int64_t>-0x800000, min(<int64_t>0x7FFFFF, lost))
    report.highest_sequence_number = <uint32_t>layer.highest_index
    report.jitter = <uint32_t>layer.jitter
    report.last_sr = layer.last_sr
    report.delay_since_last_sr = (<uint32_t>((now_ns - layer.last_sr_ns) * 65536 // 1_000_000_000)
                                  if layer.last_sr else 0)


cdef bint send_with_name(Leg *leg, uint8_t *compound, size_t size, Outbox *outbox) noexcept nogil:
    """Ends a compound of reports with the CNAME that it must have (RFC 3550 section 6.1), and sends it."""
    size += rtcp_write_sdes_cname(compound + size, RTCP_SIZE_MAX - size, leg.rtcp_ssrc, <const uint8_t *>b"conclave", 8)
    return send(leg, compound, size, outbox)


cdef bint send_sender_reports(Leg *leg, uint64_t now_ns, uint64_t wallclock_ns, Outbox *outbox) noexcept nogil:
    cdef uint8_t compound[RTCP_SIZE_MAX]
    cdef size_t size = 0
    cdef SenderInfo info
    cdef Slot *slot
    cdef uint64_t clock_rate
    cdef int i
    for i in range(leg.slot_count):
        slot = leg.slots[i]
        if slot.current == NULL or slot.packet_count == 0:
            continue
        if size + SR_SIZE + SDES_SIZE_MAX > RTCP_SIZE_MAX:
            if not send_with_name(leg, compound, size, outbox):
                return False
            size = 0
        clock_rate = 90000 if slot.setup.video else 48000
        info.ntp_timestamp = ntp_time(wallclock_ns)
        info.rtp_timestamp = slot.last_timestamp + <uint32_t>((now_ns - slot.last_arrival_ns) * clock_rate // 1_000_000_000)
        info.packet_count = <uint32_t>slot.packet_count
        info.octet_count = <uint32_t>slot.octet_count
        size += rtcp_write_sr(compound + size, RTCP_SIZE_MAX - size, slot.setup.ssrc, &info, NULL, 0)
    return not size or send_with_name(leg, compound, size, outbox)


cdef bint send_receiver_report(Leg *leg, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef uint8_t compound[RTCP_SIZE_MAX]
    cdef ReportBlock reports[LEG_STREAMS_MAX]
    cdef uint32_t ssrcs[LEG_STREAMS_MAX]
    cdef size_t report_count = 0, ssrc_count = 0, size
    cdef uint64_t bitrate = AUDIO_BITRATE
    cdef Source *source
    cdef int i, j
    for i in range(leg.source_count):
        source = leg.sources[i]
        for j in range(source.setup.layer_count):
            if not source.layers[j].bound or source.layers[j].received == 0:
                continue
            if source.setup.video:
                ssrcs[ssrc_count] = source.layers[j].media.ssrc
                ssrc_count += 1
            fill_report(&reports[report_count], source.layers[j], now_ns)
            report_count += 1
        if source.setup.video and source.active:
            bitrate += source.setup.max_bitrate if source.setup.max_bitrate else DEFAULT_BITRATE
    if not report_count:
        return True
    size = rtcp_write_rr(compound, RTCP_SIZE_MAX, leg.rtcp_ssrc, reports, min(report_count, <size_t>31))
    size += rtcp_write_sdes_cname(compound + size, RTCP_SIZE_MAX - size, leg.rtcp_ssrc, <const uint8_t *>b"conclave", 8)
    if ssrc_count:
        # Near what is wanted, not above: Firefox pads its RTX stream up to the estimate.
        size += rtcp_write_remb(compound + size, RTCP_SIZE_MAX - size, leg.rtcp_ssrc, bitrate, ssrcs, ssrc_count)
    return send(leg, compound, size, outbox)


cdef bint feedback_send_reports(Leg *leg, uint64_t now_ns, uint64_t wallclock_ns, Outbox *outbox) noexcept nogil:
    if not leg_can_send(leg):
        return False
    return send_receiver_report(leg, now_ns, outbox) and send_sender_reports(leg, now_ns, wallclock_ns, outbox)


cdef bint feedback_send_arrivals(Leg *leg, Outbox *outbox) noexcept nogil:
    cdef uint8_t packet[RTCP_SIZE_MAX]
    cdef int64_t untold = leg.arrivals.next
    cdef uint8_t feedback_count = leg.arrivals.feedback_count
    if not leg_can_send(leg):
        return False
    if send(leg, packet, twcc_write(&leg.arrivals, packet, RTCP_SIZE_MAX, leg.rtcp_ssrc, leg.arrived_ssrc), outbox):
        return True
    leg.arrivals.next, leg.arrivals.feedback_count = untold, feedback_count
    return False


cdef bint feedback_request_key_frame(Source *source, Outbox *outbox) noexcept nogil:
    cdef uint8_t packet[16]
    cdef size_t size
    cdef int i
    for i in range(source.setup.layer_count):
        if source.layers[i].bound:
            # One layer is enough: both browsers answer with a key frame of every layer.
            size = rtcp_write_pli(packet, sizeof(packet), source.leg.rtcp_ssrc, source.layers[i].media.ssrc)
            if not send(source.leg, packet, size, outbox):
                return False
            source.leg.counters.plis_sent += 1
            source.layers[i].counters.plis += 1
            return True
    return False


cdef bint feedback_send_nack(Layer *layer, const uint16_t *sequence_numbers, size_t count, Outbox *outbox) noexcept nogil:
    cdef uint8_t packet[12 + 4 * 128]
    cdef Leg *leg = layer.source.leg
    cdef size_t size = rtcp_write_nack(packet, sizeof(packet), leg.rtcp_ssrc, layer.media.ssrc, sequence_numbers, count)
    if not send(leg, packet, size, outbox):
        return False
    layer.counters.nacks += 1
    return True


cdef void feedback_take_report(Slot *slot, const ReportBlock *report, uint64_t wallclock_ns) noexcept nogil:
    cdef uint32_t now = <uint32_t>(ntp_time(wallclock_ns) >> 16)
    cdef uint32_t rtt
    slot.remote.heard = True
    slot.remote.fraction_lost = report.fraction_lost
    slot.remote.packets_lost = report.cumulative_lost
    slot.remote.jitter = report.jitter
    if not report.last_sr:
        return
    rtt = now - report.last_sr - report.delay_since_last_sr
    if rtt < 65536 * 5:                    # more than 5 s, or negative: not ours
        slot.remote.rtt_ns = slot.leg.rtt_ns = <uint64_t>rtt * 1_000_000_000 // 65536
        slot.remote.rtt_total_ns += slot.remote.rtt_ns
        slot.remote.rtt_count += 1
