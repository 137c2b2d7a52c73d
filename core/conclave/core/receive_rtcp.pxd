"""Takes a leg's RTCP: answers NACKs, passes on wishes for key frames, notes reports (RFC 3550 section 6, RFC 4585) (L6)."""
from libc.stdint cimport uint8_t, uint64_t
from conclave.core.address cimport Address
from conclave.core.leg cimport Leg
from conclave.core.outbox cimport Outbox
from conclave.core.router cimport Router
from conclave.core.status cimport Status

cdef Status receive_rtcp(Router *router, Leg *leg, const Address *source, const uint8_t *data, size_t size,
                         uint64_t now_ns, Outbox *outbox) noexcept nogil
