"""Finds what an incoming stream lacks and when to ask for it (RFC 4585 section 6.2.1) (L3)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    NACK_CAPACITY = 128            # missing packets tracked; more at once means a break: ask for a key frame instead
    NACK_ATTEMPTS = 8

cdef struct NackEntry:
    uint64_t index
    uint64_t due_ns                # when to ask (again)
    uint8_t attempts

cdef struct NackGenerator:
    bint started
    bint overflowed                # too much is missing; cleared by nack_take_overflow
    uint64_t highest
    uint16_t count
    NackEntry entries[NACK_CAPACITY]   # ascending by index

cdef void nack_init(NackGenerator *nack) noexcept nogil
# Notes an arrival: fills a gap, or opens one up to `index`. The first ask waits 5 ms for reordering.
cdef void nack_received(NackGenerator *nack, uint64_t index, uint64_t now_ns) noexcept nogil
# Writes the sequence numbers due now, ascending, and schedules their repeats after max(rtt_ns, 20 ms); gives up after NACK_ATTEMPTS.
cdef size_t nack_poll(NackGenerator *nack, uint64_t now_ns, uint64_t rtt_ns, uint16_t *out, size_t capacity) noexcept nogil
cdef uint64_t nack_next_timeout(const NackGenerator *nack) noexcept nogil      # UINT64_MAX for never
cdef bint nack_take_overflow(NackGenerator *nack) noexcept nogil
cdef void nack_forget_before(NackGenerator *nack, uint64_t index) noexcept nogil  # a key frame made the older ones useless
