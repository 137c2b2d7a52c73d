"""Passive ICE-TCP (RFC 6544): connections from clients that carry datagrams in frames (L7).

All memory is taken at the start. A connection that does not keep up loses whole frames; nothing ever waits for it.
"""
from libc.stdint cimport uint32_t, uint64_t
from conclave.core.address cimport Address
from conclave.core.framing cimport FrameQueue, FrameReader
from conclave.core.outbox cimport Outbox

cdef enum:
    CONNECTIONS_MAX = 65536        # the lower half of a connection's number is its place
    CONNECTIONS_READY = 64         # looked at in one go

cdef enum Ending:
    ENDED_CLOSED                   # by the client, or by the network
    ENDED_MALFORMED                # a frame that is too large, or holds nothing the core knows
    ENDED_UNCLAIMED                # no authenticated check in time, or none after its transport was deleted
    ENDED_DISPLACED                # an unclaimed one made room for a newer one
    ENDED_REFUSED                  # never taken: all places belong to transports
    ENDING_COUNT

cdef struct Connection:
    int socket                     # -1: the place is free
    Address peer
    bint claimed                   # it belongs to a transport
    uint64_t unclaimed_until_ns    # when it is closed, unless a transport owns it
    bint blocked                   # the kernel took no more; it will say when it does
    bint touched                   # frames were queued since the last flush
    uint32_t generation
    FrameReader reader
    FrameQueue queue

cdef struct Connections:
    int listener
    int poll                       # readable when any of the connections, or the listener, has something to do
    size_t capacity
    size_t per_host
    size_t count
    bint listening                 # false while the system has no descriptors left
    bint knocked                   # somebody waits to be accepted
    Connection *places
    void *memory
    Connection *ready[CONNECTIONS_READY]
    uint32_t touched[CONNECTIONS_READY]
    uint64_t sent                  # frames handed over whole to a queue
    uint64_t dropped               # frames that did not fit
    uint64_t writes                # trips through the kernel
    uint64_t ended[ENDING_COUNT]

# listener: a listening, non-blocking TCP socket. capacity: connections in total; per_host: from one IPv4 address or one IPv6
# network of 64 bits. 0, or -1 when memory or descriptors are short.
cdef int connections_init(Connections *connections, int listener, size_t capacity, size_t per_host) noexcept nogil
cdef void connections_destroy(Connections *connections) noexcept nogil
# Writes what can be written, and fills `ready` with the connections that have something to read; how many. Never waits.
cdef int connections_poll(Connections *connections) noexcept nogil
# Takes in who waits, until `unclaimed_until_ns`.
cdef void connections_accept(Connections *connections, uint64_t unclaimed_until_ns) noexcept nogil
# Listens again, after the system had no descriptors left.
cdef void connections_listen(Connections *connections) noexcept nogil
# Reads once into the connection's reader; false when the client or the network has ended it.
cdef bint connection_receive(Connection *connection) noexcept nogil
cdef void connection_end(Connections *connections, Connection *connection, Ending reason) noexcept nogil
# Frames and sends what goes to connections; leaves the outbox as it is.
cdef void connections_send(Connections *connections, const Outbox *outbox) noexcept nogil
