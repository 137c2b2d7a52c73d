"""Datagrams to send, gathered into groups of equal size that the kernel cuts apart (UDP_SEGMENT) (L2)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t
from conclave.core.address cimport Address

cdef enum:
    GROUP_SEGMENTS_MAX = 40        # what both browsers' paths were tried with
    GROUP_SIZE_MAX = 60000         # below the 65507 bytes that one send may carry

cdef struct Group:
    Address to
    uint32_t offset                # of the first datagram in Outbox.data
    uint32_t size                  # bytes of all its datagrams, one after another
    uint16_t segment_size          # of each datagram; the last one may be shorter
    uint16_t segments

cdef struct Outbox:
    uint8_t *data
    size_t capacity
    size_t used
    Group *groups
    size_t group_capacity
    size_t count

cdef int outbox_init(Outbox *outbox, size_t capacity, size_t group_capacity) noexcept nogil    # 0, or -1
cdef void outbox_destroy(Outbox *outbox) noexcept nogil
cdef void outbox_clear(Outbox *outbox) noexcept nogil
cdef bint outbox_has_room(const Outbox *outbox, size_t datagrams, size_t datagram_size) noexcept nogil
# Where the next datagram of at most `size` bytes may be written; NULL when the outbox is full.
cdef uint8_t *outbox_reserve(Outbox *outbox, size_t size) noexcept nogil
# Sends what was written at the reserved place: with the group before it when that goes to the same address and fits.
cdef void outbox_commit(Outbox *outbox, const Address *to, size_t size) noexcept nogil
