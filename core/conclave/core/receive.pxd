"""Takes what arrives: checks, handshakes, media and reports, to the leg that they belong to (L6)."""
from libc.stdint cimport uint8_t, uint64_t
from conclave.core.address cimport Address
from conclave.core.outbox cimport Outbox
from conclave.core.router cimport Router

# Takes one datagram. Answers (STUN, RTX) go to the outbox, which should have room for 128 datagrams.
cdef void receive_datagram(Router *router, const Address *source, const uint8_t *data, size_t size, uint64_t now_ns,
                           Outbox *outbox) noexcept nogil
