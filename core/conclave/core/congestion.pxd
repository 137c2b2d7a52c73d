"""Fits what a leg is sent to what its way bears: estimates, probes, layers that pictures are held to (L6)."""
from libc.stdint cimport uint64_t
from conclave.core.leg cimport Leg
from conclave.core.outbox cimport Outbox
from conclave.core.router cimport Router
from conclave.core.rtcp cimport RtcpPacket
from conclave.core.status cimport Status

# Takes transport-wide feedback. Anything but OK is a hostile or broken packet, of which nothing was taken.
cdef Status congestion_told(Leg *leg, const RtcpPacket *packet, uint64_t now_ns) noexcept nogil
# Every 100 ms: divides anew what the way bears, and begins to probe where that may gain something.
cdef void congestion_tick(Router *router, Leg *leg, uint64_t now_ns) noexcept nogil
# A slot has another wish: it need not wait for the next tick.
cdef void congestion_wished(Router *router, Leg *leg, uint64_t now_ns) noexcept nogil
# Sends what the probes of all legs are due.
cdef void congestion_poll(Router *router, uint64_t now_ns, Outbox *outbox) noexcept nogil
cdef void congestion_forget(Router *router, Leg *leg) noexcept nogil       # the leg is gone
