"""See stream.pxd."""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset
from conclave.core.nack cimport nack_init, nack_received
from conclave.core.rtcp cimport ReportBlock
from conclave.core.srtp cimport srtp_guess_index, srtp_receive_stream_init

from load.histogram cimport Histogram, histogram_add
from load.stamp cimport Stamp, stamp_read

cdef uint64_t WHOLE_NS = 200_000_000       # a frame that takes longer is of no use to a decoder
cdef int32_t FRAME_LEAP = 10_000


cdef void stream_init(Stream *stream, const StreamSetup *setup, Histogram *latency) noexcept nogil:
    memset(stream, 0, sizeof(Stream))
    stream.setup = setup[0]
    stream.latency = latency
    nack_init(&stream.missing)
    srtp_receive_stream_init(&stream.media, setup.ssrc)
    srtp_receive_stream_init(&stream.rtx, setup.rtx_ssrc)


cdef bint note(Stream *stream, uint64_t index) noexcept nogil:
    """Enters a packet; false when it has come before, or is too old to tell."""
    cdef uint64_t skipped, word
    if not stream.started:
        stream.started = True
        stream.base = stream.highest = index
    elif index + WINDOW_BITS <= stream.highest:
        return False
    elif index > stream.highest:
        if index - stream.highest >= WINDOW_BITS:
            memset(stream.window, 0, sizeof(stream.window))
        else:
            for skipped in range(stream.highest + 1, index + 1):
                stream.window[(skipped % WINDOW_BITS) >> 6] &= ~(<uint64_t>1 << (skipped & 63))
        stream.highest = index
    word = <uint64_t>1 << (index & 63)
    if stream.window[(index % WINDOW_BITS) >> 6] & word:
        return False
    stream.window[(index % WINDOW_BITS) >> 6] |= word
    return True


cdef void take_frame(Stream *stream, const Stamp *stamp, bint late, bint repair, uint64_t arrived_ns) noexcept nogil:
    cdef FrameSeen *seen = &stream.seen[stamp.frame % FRAMES]
    cdef StreamCounters *counters = &stream.counters
    cdef int32_t ahead = <int32_t>(stamp.frame - stream.shown_frame)
    if stamp.ssrc != stream.shown_ssrc and not late:
        counters.switches += stream.shown_ssrc != 0
        counters.frames += 1
        stream.shown_ssrc = stamp.ssrc
        stream.shown_frame = stamp.frame
    elif stamp.ssrc == stream.shown_ssrc and ahead > 0:
        counters.frames += <uint64_t>ahead if ahead < FRAME_LEAP else 1
        stream.shown_frame = stamp.frame
    if seen.ssrc != stamp.ssrc or seen.frame != stamp.frame or not seen.came:
        memset(seen, 0, sizeof(FrameSeen))
        seen.ssrc = stamp.ssrc
        seen.frame = stamp.frame
        seen.begun_ns = arrived_ns
    seen.came += 1
    # Repair is a matter of loss, not of how long forwarding takes.
    if stamp.packet == stamp.packets - 1 and not repair:
        histogram_add(stream.latency, arrived_ns - stamp.sent_ns if arrived_ns > stamp.sent_ns else 0)
    if seen.came != stamp.packets or arrived_ns > seen.begun_ns + WHOLE_NS:
        return
    counters.frames_whole += 1
    if counters.newest_ns:
        counters.longest_gap_ns = max(counters.longest_gap_ns,
                                      arrived_ns - counters.newest_ns if arrived_ns > counters.newest_ns else 0)
    counters.newest_ns = max(counters.newest_ns, arrived_ns)


cdef void note_jitter(Stream *stream, uint32_t rtp_timestamp, uint64_t arrived_ns) noexcept nogil:
    """RFC 3550 section 6.4.1."""
    cdef uint64_t ticks = arrived_ns // 100_000 * 9 if stream.setup.video else arrived_ns // 1_000_000 * 48
    cdef uint32_t transit = <uint32_t>ticks - rtp_timestamp
    cdef int32_t difference = <int32_t>(transit - stream.transit)
    if stream.has_transit:
        stream.jitter += ((difference if difference >= 0 else -difference) - stream.jitter) / 16
    stream.transit = transit
    stream.has_transit = True


cdef void stream_take(Stream *stream, uint64_t index, uint32_t rtp_timestamp, const uint8_t *payload, size_t size, bint repair,
                      uint64_t arrived_ns, uint64_t now_ns) noexcept nogil:
    cdef StreamCounters *counters = &stream.counters
    cdef bint late = stream.started and index < stream.highest
    cdef Stamp stamp
    if not note(stream, index):
        counters.duplicates += 1
        return
    if stream.setup.nack:
        nack_received(&stream.missing, index, now_ns)
    counters.packets += 1
    counters.octets += size
    counters.repaired += repair
    counters.reordered += late and not repair
    if not counters.first_ns:
        counters.first_ns = arrived_ns
    if not repair:
        note_jitter(stream, rtp_timestamp, arrived_ns)
    if stamp_read(&stamp, payload, size):
        take_frame(stream, &stamp, late, repair, arrived_ns)
    else:
        counters.unstamped += 1


cdef void stream_count(Stream *stream, uint16_t sequence_number) noexcept nogil:
    if note(stream, srtp_guess_index(stream.started, stream.highest, sequence_number)):
        stream.counters.packets += 1
    else:
        stream.counters.duplicates += 1


cdef uint64_t stream_lost(const Stream *stream) noexcept nogil:
    cdef uint64_t expected = stream.highest - stream.base + 1 if stream.started else 0
    return expected - stream.counters.packets if expected > stream.counters.packets else 0


cdef bint stream_report(Stream *stream, ReportBlock *report, uint64_t now_ns) noexcept nogil:
    cdef uint64_t expected = stream.highest - stream.base + 1
    cdef int64_t interval_expected, interval_lost
    if not stream.started:
        return False
    interval_expected = <int64_t>(expected - stream.reported_expected)
    interval_lost = interval_expected - <int64_t>(stream.counters.packets - stream.reported_received)
    stream.reported_expected = expected
    stream.reported_received = stream.counters.packets
    memset(report, 0, sizeof(ReportBlock))
    report.ssrc = stream.setup.ssrc
    if interval_lost > 0 and interval_expected > 0:
        report.fraction_lost = <uint8_t>min((interval_lost << 8) // interval_expected, <int64_t>255)
    report.cumulative_lost = <int32_t>min(stream_lost(stream), <uint64_t>0x7FFFFF)
    report.highest_sequence_number = <uint32_t>stream.highest
    report.jitter = <uint32_t>stream.jitter
    if stream.last_sr:
        report.last_sr = stream.last_sr
        report.delay_since_last_sr = <uint32_t>((now_ns - stream.last_sr_ns) * 65536 // 1_000_000_000)
    return True


cdef void stream_reset(Stream *stream) noexcept nogil:
    memset(&stream.counters, 0, sizeof(StreamCounters))
    if stream.started:
        stream.base = stream.highest + 1
    stream.reported_expected = stream.reported_received = 0
    stream.shown_ssrc = 0
    memset(stream.seen, 0, sizeof(stream.seen))
