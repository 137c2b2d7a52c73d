"""What a sender is told of its packets' arrivals: transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-01) (L3)."""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

cdef enum:
    TWCC_WINDOW = 512              # packets remembered; a power of two

cdef struct ArrivalLog:
    bint started
    uint8_t feedback_count         # of the packets written
    int64_t next                   # extended sequence number of the first packet that is to be told
    int64_t highest                # of the newest packet
    uint32_t ticks[TWCC_WINDOW]    # arrival in 250 µs, modulo 2^32; 0 for not arrived

cdef void twcc_init(ArrivalLog *log) noexcept nogil
# Notes the arrival of one authenticated packet.
cdef void twcc_received(ArrivalLog *log, uint32_t sequence_number, uint64_t now_ns) noexcept nogil
# Writes one feedback packet about what has not been told yet, oldest first; the rest, if any, is for the next one.
# Returns its bytes; 0 when there is nothing to tell or the capacity is under 64 bytes.
cdef size_t twcc_write(ArrivalLog *log, uint8_t *out, size_t capacity, uint32_t sender_ssrc,
                       uint32_t media_ssrc) noexcept nogil
