"""Finds what an incoming stream lacks and when to ask for it (RFC 4585 section 6.2.1) (L3)."""
from libc.stdint cimport uint16_t, uint64_t, UINT64_MAX
from libc.string cimport memmove, memset

__all__ = ["MissingPackets"]

cdef uint64_t REORDERING_NS = 5_000_000        # how long a packet may be overtaken before it counts as lost
cdef uint64_t REPEAT_MIN_NS = 20_000_000


cdef void nack_init(NackGenerator *nack) noexcept nogil:
    memset(nack, 0, sizeof(NackGenerator))


cdef size_t first_at_or_above(const NackGenerator *nack, uint64_t index) noexcept nogil:
    """Position of the first entry not below `index`."""
    cdef size_t low = 0, high = nack.count, middle
    while low < high:
        middle = (low + high) // 2
        if nack.entries[middle].index < index:
            low = middle + 1
        else:
            high = middle
    return low


cdef void open_gap(NackGenerator *nack, uint64_t index, uint64_t now_ns) noexcept nogil:
    """Enters what lies between the highest index and `index`."""
    cdef uint64_t missing
    cdef NackEntry *entry
    if index - nack.highest - 1 > <uint64_t>(NACK_CAPACITY - nack.count):
        nack.count = 0
        nack.overflowed = True
        return
    for missing in range(nack.highest + 1, index):
        entry = &nack.entries[nack.count]
        entry.index = missing
        entry.due_ns = now_ns + REORDERING_NS
        entry.attempts = 0
        nack.count += 1


cdef void nack_received(NackGenerator *nack, uint64_t index, uint64_t now_ns) noexcept nogil:
    cdef size_t position
    if not nack.started:
        nack.started = True
        nack.highest = index
    elif index > nack.highest:
        open_gap(nack, index, now_ns)
        nack.highest = index
    else:
        position = first_at_or_above(nack, index)
        if position < nack.count and nack.entries[position].index == index:
            nack.count -= 1
            memmove(&nack.entries[position], &nack.entries[position + 1], (nack.count - position) * sizeof(NackEntry))


cdef size_t nack_poll(NackGenerator *nack, uint64_t now_ns, uint64_t rtt_ns, uint16_t *out, size_t capacity) noexcept nogil:
    cdef size_t position, kept = 0, written = 0
    cdef NackEntry *entry
    for position in range(nack.count):
        entry = &nack.entries[position]
        if entry.due_ns <= now_ns and written < capacity:
            out[written] = <uint16_t>(entry.index & 0xFFFF)
            written += 1
            entry.attempts += 1
            if entry.attempts == NACK_ATTEMPTS:
                continue
            entry.due_ns = now_ns + max(rtt_ns, REPEAT_MIN_NS)
        if kept != position:
            nack.entries[kept] = entry[0]
        kept += 1
    nack.count = <uint16_t>kept
    return written


cdef uint64_t nack_next_timeout(const NackGenerator *nack) noexcept nogil:
    cdef uint64_t earliest = UINT64_MAX
    cdef size_t position
    for position in range(nack.count):
        earliest = min(earliest, nack.entries[position].due_ns)
    return earliest


cdef bint nack_take_overflow(NackGenerator *nack) noexcept nogil:
    cdef bint overflowed = nack.overflowed
    nack.overflowed = False
    return overflowed


cdef void nack_forget_before(NackGenerator *nack, uint64_t index) noexcept nogil:
    cdef size_t position = first_at_or_above(nack, index)
    nack.count -= <uint16_t>position
    memmove(&nack.entries[0], &nack.entries[position], nack.count * sizeof(NackEntry))


cdef class MissingPackets:
    """A NackGenerator, for tests."""

    cdef NackGenerator nack

    def __cinit__(self):
        nack_init(&self.nack)

    def received(self, uint64_t index, uint64_t now_ns) -> None:
        nack_received(&self.nack, index, now_ns)

    def poll(self, uint64_t now_ns, uint64_t rtt_ns=0, size_t capacity=NACK_CAPACITY) -> list:
        cdef uint16_t out[NACK_CAPACITY]
        cdef size_t written = nack_poll(&self.nack, now_ns, rtt_ns, out, min(capacity, <size_t>NACK_CAPACITY))
        return [out[position] for position in range(written)]

    def next_timeout(self):
        cdef uint64_t timeout_ns = nack_next_timeout(&self.nack)
        return None if timeout_ns == UINT64_MAX else timeout_ns

    def take_overflow(self) -> bool:
        return nack_take_overflow(&self.nack)

    def forget_before(self, uint64_t index) -> None:
        nack_forget_before(&self.nack, index)

    def __len__(self) -> int:
        return self.nack.count
