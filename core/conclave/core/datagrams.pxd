"""Batched UDP: receive with coalescing (UDP_GRO), send in groups that the kernel cuts apart (UDP_SEGMENT) (L7)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from conclave.core.address cimport Address
from conclave.core.outbox cimport Outbox

cdef enum:
    RECEIVE_BATCH = 32
    RECEIVE_SIZE = 65536           # what the kernel may coalesce
    SEND_BATCH = 512

cdef struct Arrival:
    Address source
    uint8_t *data
    uint32_t size
    uint16_t segment_size          # each datagram's; the last may be shorter

cdef struct Datagrams:             # opaque but for these
    int socket
    bint ipv6
    bint segmentation              # UDP_SEGMENT works here
    uint64_t sent                  # datagrams
    uint64_t groups                # trips through the kernel
    uint64_t failed                # datagrams that the kernel would not take
    Arrival arrivals[RECEIVE_BATCH]
    void *buffers

cdef int datagrams_init(Datagrams *datagrams, int socket, bint ipv6) noexcept nogil      # 0, or -1 when memory is short
cdef void datagrams_destroy(Datagrams *datagrams) noexcept nogil
cdef int datagrams_receive(Datagrams *datagrams) noexcept nogil        # how many entries of `arrivals` are filled; 0 for none
# Sends everything and empties the outbox. A partly failed send repeats the same bytes, never a new encryption.
cdef void datagrams_send(Datagrams *datagrams, Outbox *outbox) noexcept nogil
