"""See twcc.pxd."""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset
from conclave.core.rtcp cimport RTCP_RTPFB, rtcp_write_head
from conclave.core.transport_feedback cimport ABSENT, FORMAT_TRANSPORT, LARGE, SMALL
from conclave.core.wire cimport write_u16, write_u24, write_u32

__all__ = ["Arrivals"]

cdef enum:
    PADDING_BIT = 0x20
    HEAD_SIZE = 20                 # common head, two SSRCs, base, count, reference time, feedback count
    CAPACITY_MIN = 64
    SHORT_VECTOR = 14              # symbols of one bit in a chunk
    LONG_VECTOR = 7                # symbols of two bits
    RUN_MAX = 8191
    FACE_CAPACITY = 1200

cdef uint64_t TICK_NS = 250_000


cdef void twcc_init(ArrivalLog *log) noexcept nogil:
    memset(log, 0, sizeof(ArrivalLog))


cdef void twcc_received(ArrivalLog *log, uint32_t sequence_number, uint64_t now_ns) noexcept nogil:
    cdef uint32_t ticks = <uint32_t>(now_ns // TICK_NS)
    cdef int64_t extended
    if not log.started:
        log.started = True
        log.next = log.highest = extended = sequence_number
    else:
        extended = log.highest + <uint16_t>(sequence_number - log.highest)
        if extended - log.highest >= 0x8000:
            extended -= 0x10000
        if extended <= log.highest - TWCC_WINDOW:
            return
        if extended - log.highest >= TWCC_WINDOW:
            memset(log.ticks, 0, sizeof(log.ticks))
            log.highest = extended
        while log.highest < extended:
            log.highest += 1
            log.ticks[log.highest & (TWCC_WINDOW - 1)] = 0
        if log.next <= log.highest - TWCC_WINDOW:
            log.next = log.highest - TWCC_WINDOW + 1
        if extended < log.next:
            # It was told to be lost, and is told anew with what came after it.
            log.next = extended
    if log.ticks[extended & (TWCC_WINDOW - 1)] == 0:
        log.ticks[extended & (TWCC_WINDOW - 1)] = ticks if ticks else 1


cdef size_t write_chunk(uint8_t *out, const uint8_t *symbols, size_t count) noexcept nogil:
    """Writes one packet status chunk (sections 3.1.3, 3.1.4); returns how many symbols are in it."""
    cdef size_t run = 1, taken, bits
    cdef size_t i
    cdef uint16_t chunk
    cdef bint long_symbols = False
    while run < count and run < RUN_MAX and symbols[run] == symbols[0]:
        run += 1
    for i in range(min(count, <size_t>SHORT_VECTOR)):
        if symbols[i] == LARGE:
            long_symbols = True
    bits = 2 if long_symbols else 1
    taken = LONG_VECTOR if long_symbols else SHORT_VECTOR
    if run >= taken or run == count:
        write_u16(out, <uint16_t>((symbols[0] << 13) | run))
        return run
    chunk = 0xC000 if long_symbols else 0x8000
    taken = min(taken, count)
    for i in range(taken):
        chunk |= <uint16_t>(symbols[i] << (14 - bits * (i + 1)))
    write_u16(out, chunk)
    return taken


cdef size_t twcc_write(ArrivalLog *log, uint8_t *out, size_t capacity, uint32_t sender_ssrc,
                       uint32_t media_ssrc) noexcept nogil:
    cdef uint8_t symbols[TWCC_WINDOW]
    cdef uint8_t deltas[2 * TWCC_WINDOW]
    cdef size_t count = 0, delta_size = 0, size = HEAD_SIZE, told = 0, padding
    cdef int64_t sequence = log.next
    cdef uint32_t ticks, reference = 0, before = 0
    cdef int32_t delta
    cdef bint any_arrived = False
    if not log.started or log.next > log.highest or capacity < CAPACITY_MIN:
        return 0
    # A chunk holds seven symbols at least, but for the last; a delta takes two bytes at most, the padding three.
    while sequence <= log.highest and HEAD_SIZE + 2 * (count // LONG_VECTOR + 2) + delta_size + 2 + 3 <= capacity:
        ticks = log.ticks[sequence & (TWCC_WINDOW - 1)]
        if ticks == 0:
            symbols[count] = ABSENT
        else:
            if not any_arrived:
                any_arrived = True
                reference = ticks >> 8             # 64 ms
                before = reference << 8
            delta = <int32_t>(ticks - before)
            if delta < -0x8000 or delta > 0x7FFF:
                break                              # too far from the one before: told with a time of its own
            before = ticks
            if 0 <= delta <= 0xFF:
                symbols[count] = SMALL
                deltas[delta_size] = <uint8_t>delta
                delta_size += 1
            else:
                symbols[count] = LARGE
                write_u16(deltas + delta_size, <uint16_t>delta)
                delta_size += 2
        count += 1
        sequence += 1
    while told < count:
        told += write_chunk(out + size, symbols + told, count - told)
        size += 2
    memcpy(out + size, deltas, delta_size)
    size += delta_size
    padding = (4 - size % 4) % 4
    memset(out + size, 0, padding)
    if padding:
        out[size + padding - 1] = <uint8_t>padding
    size += padding
    rtcp_write_head(out, RTCP_RTPFB, FORMAT_TRANSPORT, size)
    if padding:
        out[0] |= PADDING_BIT
    write_u32(out + 4, sender_ssrc)
    write_u32(out + 8, media_ssrc)
    write_u16(out + 12, <uint16_t>log.next)
    write_u16(out + 14, <uint16_t>count)
    write_u24(out + 16, reference & 0xFFFFFF)
    out[19] = log.feedback_count
    log.feedback_count += 1
    log.next = sequence
    return size


cdef class Arrivals:
    """An ArrivalLog, for tests."""

    cdef ArrivalLog log

    def __cinit__(self):
        twcc_init(&self.log)

    def received(self, uint16_t sequence_number, uint64_t now_ns) -> None:
        twcc_received(&self.log, sequence_number, now_ns)

    def write(self, uint32_t sender_ssrc, uint32_t media_ssrc, size_t capacity=FACE_CAPACITY) -> bytes:
        cdef uint8_t out[FACE_CAPACITY]
        return <bytes>out[:twcc_write(&self.log, out, min(capacity, <size_t>FACE_CAPACITY), sender_ssrc, media_ssrc)]
