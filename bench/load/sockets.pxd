"""Batches of datagrams on connected sockets, and the clocks.

What the kernel coalesced stays together until it is read (UDP_GRO). The time of arrival is the kernel's
(SO_TIMESTAMPNS), so that it does not matter when the generator gets round to reading.
"""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    RECEIVE_BATCH = 32
    RECEIVE_SIZE = 65536
    SEND_BATCH = 64
    DATAGRAM_MAX = 1600

cdef struct Arrival:
    const uint8_t *data
    uint32_t size
    uint32_t segment_size          # each datagram's; the last may be shorter
    uint64_t arrived_ns            # CLOCK_REALTIME

cdef struct Inbox:
    Arrival arrivals[RECEIVE_BATCH]
    void *batch

cdef struct Letters:               # datagrams to one peer, sent together
    uint8_t data[SEND_BATCH][DATAGRAM_MAX]
    size_t sizes[SEND_BATCH]
    int count

cdef int inbox_init(Inbox *inbox) noexcept nogil               # 0, or -1 when memory is short
cdef void inbox_destroy(Inbox *inbox) noexcept nogil
cdef int inbox_receive(Inbox *inbox, int socket) noexcept nogil    # how many arrivals there are
# Sends all and empties `letters`. Returns how many datagrams the kernel would not take.
cdef int letters_send(Letters *letters, int socket) noexcept nogil
# Switches a socket to what inbox_receive reads. 0, or -1 when the kernel cannot.
cdef int socket_prepare(int socket) noexcept nogil
cdef uint32_t socket_dropped(int socket) noexcept nogil        # datagrams its full buffer has cost, since it was made

cdef uint64_t clock_real() noexcept nogil                      # ns of CLOCK_REALTIME
cdef uint64_t clock_steady() noexcept nogil                    # ns of CLOCK_MONOTONIC
cdef uint64_t clock_cpu() noexcept nogil                       # ns of this thread's CPU
cdef void sleep_until(uint64_t steady_ns) noexcept nogil
cdef void sleep_exactly() noexcept nogil                       # this thread's timers are no longer coalesced
