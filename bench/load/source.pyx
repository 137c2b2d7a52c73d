"""See source.pxd."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset
from conclave.core.rtp cimport rtp_write_header
from conclave.core.rtx cimport rtx_write_osn
from conclave.core.srtp cimport srtp_protect, srtp_send_stream_init
from conclave.core.srtp_context cimport SrtpContext
from conclave.core.status cimport OK

from load.sockets cimport DATAGRAM_MAX, Letters, SEND_BATCH, clock_real
from load.stamp cimport STAMP_SIZE, Stamp, stamp_write

cdef enum:
    FIRST_INDEX = 1000             # RFC 3711 section 3.3.1: below 2**15
    DESCRIPTOR_SIZE = 6
    OSN_SIZE = 2
    VIDEO_RATE = 9                 # 90 kHz: ticks in 100 us
    AUDIO_RATE = 48                # 48 kHz: ticks in 1 ms
    OPUS_TOC = 0x78

cdef uint64_t LATE_MAX_NS = 20_000_000     # a frame that is later than this and its interval is left out


cdef int source_init(Source *source, const SourceSetup *setup, uint32_t leg, uint64_t seed) noexcept nogil:
    memset(source, 0, sizeof(Source))
    source.setup = setup[0]
    source.leg = leg
    source.active = True
    source.key_wanted = True
    source.index = source.rtx_index = FIRST_INDEX
    source.random = seed * 2 + 1
    srtp_send_stream_init(&source.media, setup.ssrc)
    srtp_send_stream_init(&source.rtx, setup.rtx_ssrc)
    if setup.history:
        source.kept = <Kept *>calloc(setup.history, sizeof(Kept))
        if source.kept == NULL:
            return -1
    return 0


cdef void source_destroy(Source *source) noexcept nogil:
    free(source.kept)
    source.kept = NULL


cdef void source_start(Source *source, uint64_t due_ns) noexcept nogil:
    source.due_ns = source.begun_ns = due_ns
    source.packet = 0


cdef uint64_t next_random(Source *source) noexcept nogil:
    """Xorshift (Marsaglia 2003)."""
    source.random ^= source.random << 13
    source.random ^= source.random >> 7
    source.random ^= source.random << 17
    return source.random


cdef uint16_t frame_packets(const Source *source) noexcept nogil:
    return source.setup.key_packets if source.key_frame else source.setup.packets


cdef void begin_frame(Source *source, uint64_t now_ns) noexcept nogil:
    cdef uint64_t late_ns = now_ns - source.due_ns
    cdef uint64_t missed = 0
    if late_ns > LATE_MAX_NS:
        missed = late_ns // source.setup.interval_ns
    source.counters.latest_ns = max(source.counters.latest_ns, late_ns)
    source.counters.skipped += missed
    source.begun_ns = source.due_ns + missed * source.setup.interval_ns
    source.key_frame = source.setup.video and source.key_wanted
    source.key_wanted = False
    source.counters.frames += 1
    source.counters.key_frames += source.key_frame
    source.frame_size = source.setup.size
    if source.setup.size_spread:
        source.frame_size -= <uint16_t>(next_random(source) % (source.setup.size_spread + 1u))


cdef void end_frame(Source *source) noexcept nogil:
    source.packet = 0
    source.frame += 1
    source.picture_id = (source.picture_id + 1) & 0x7FFF
    if source.setup.video:
        source.timestamp += <uint32_t>(source.setup.interval_ns * VIDEO_RATE // 100_000)
    else:
        source.timestamp += <uint32_t>(source.setup.interval_ns * AUDIO_RATE // 1_000_000)
    source.due_ns = source.begun_ns + source.setup.interval_ns


cdef size_t write_vp8(const Source *source, uint8_t *out) noexcept nogil:
    """RFC 7741 section 4.2: the descriptor with all its fields; RFC 6386 section 9.1: what a frame begins with."""
    out[0] = 0x90 if source.packet == 0 else 0x80
    out[1] = 0xF0
    out[2] = 0x80 | <uint8_t>(source.picture_id >> 8)
    out[3] = <uint8_t>source.picture_id
    out[4] = <uint8_t>source.frame
    out[5] = 0x01
    if source.packet:
        return DESCRIPTOR_SIZE
    if source.key_frame:
        memcpy(out + DESCRIPTOR_SIZE, <const char *>b"\x10\x00\x00\x9d\x01\x2a\x40\x01\xb4\x00", 10)
        return DESCRIPTOR_SIZE + 10
    memcpy(out + DESCRIPTOR_SIZE, <const char *>b"\x11\x00\x00", 3)
    return DESCRIPTOR_SIZE + 3


cdef void add(Source *source, SrtpContext *context, bint last, Letters *letters) noexcept nogil:
    """Makes the next packet of the frame."""
    cdef uint8_t plain[PLAIN_MAX]
    cdef SourceSetup *setup = &source.setup
    cdef size_t header, written, size = source.frame_size
    cdef Kept *kept
    cdef Stamp stamp
    header = rtp_write_header(plain, setup.payload_type, last and setup.video, False, <uint16_t>source.index, source.timestamp,
                              setup.ssrc, setup.extension_size)
    memcpy(plain + header, setup.extension, setup.extension_size)
    header += setup.extension_size
    size += source.packet < setup.larger_packets
    memset(plain + header, 0x55, size)
    if setup.video:
        write_vp8(source, plain + header)
    else:
        plain[header] = OPUS_TOC
    stamp.ssrc = setup.ssrc
    stamp.frame = source.frame
    stamp.packet = source.packet
    stamp.packets = frame_packets(source)
    stamp.sent_ns = clock_real()
    stamp_write(&stamp, plain + header + size)
    if srtp_protect(context, &source.media, source.index, plain, header, plain + header, size, letters.data[letters.count],
                    &written) == OK:
        letters.sizes[letters.count] = written
        letters.count += 1
        source.counters.packets += 1
    else:
        source.counters.refused += 1
    if source.kept != NULL:
        kept = &source.kept[source.index & (setup.history - 1)]
        kept.index = source.index
        kept.header_size = <uint16_t>header
        kept.size = <uint16_t>(header + size)
        memcpy(kept.data, plain, header + size)
    source.index += 1
    source.packet += 1


cdef void source_make(Source *source, SrtpContext *context, uint64_t now_ns, Letters *letters) noexcept nogil:
    cdef uint16_t packets
    if source.packet == 0:
        begin_frame(source, now_ns)
    packets = frame_packets(source)
    while source.packet < packets and letters.count < SEND_BATCH:
        add(source, context, source.packet == packets - 1, letters)
        if source.setup.gap_ns:
            break
    if source.packet == packets:
        end_frame(source)
    elif source.setup.gap_ns:
        source.due_ns = source.begun_ns + source.packet * source.setup.gap_ns


cdef void source_repair(Source *source, SrtpContext *context, uint16_t sequence_number, Letters *letters) noexcept nogil:
    cdef uint8_t plain[PLAIN_MAX + OSN_SIZE]
    cdef SourceSetup *setup = &source.setup
    cdef uint64_t index = source.index - <uint16_t>(<uint16_t>source.index - sequence_number)
    cdef size_t header, size, written
    cdef Kept *kept
    source.counters.nacked += 1
    if source.kept == NULL or letters.count == SEND_BATCH:
        return
    kept = &source.kept[index & (setup.history - 1)]
    if kept.index != index or not kept.size:
        return
    header = rtp_write_header(plain, setup.rtx_payload_type, kept.data[1] >> 7, False, <uint16_t>source.rtx_index, 0,
                              setup.rtx_ssrc, setup.rtx_extension_size)
    memcpy(plain + 4, kept.data + 4, 4)            # the timestamp is the original's
    memcpy(plain + header, setup.rtx_extension, setup.rtx_extension_size)
    header += setup.rtx_extension_size
    rtx_write_osn(plain + header, sequence_number)
    size = kept.size - kept.header_size
    if header + OSN_SIZE + size > PLAIN_MAX:
        return
    memcpy(plain + header + OSN_SIZE, kept.data + kept.header_size, size)
    if srtp_protect(context, &source.rtx, source.rtx_index, plain, header, plain + header, size + OSN_SIZE,
                    letters.data[letters.count], &written) == OK:
        letters.sizes[letters.count] = written
        letters.count += 1
        source.counters.repaired += 1
    source.rtx_index += 1
