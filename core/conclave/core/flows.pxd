"""Gathers a stream's packets into frames before they are forwarded, and switches slots between streams (L6).

A frame's packets arrive spread over 0.1 to 1 ms: a flow is held until its marker bit or 1 ms after its first packet,
so that it leaves in one group. Single-packet frames and audio do not wait.
"""
from libc.stdint cimport uint8_t, uint64_t
from conclave.core.leg cimport Layer, Received, Slot, Source
from conclave.core.outbox cimport Outbox
from conclave.core.router cimport Router

cdef void flow_take(Router *router, const Received *received, uint64_t now_ns) noexcept nogil
cdef void flow_release_due(Router *router, uint64_t now_ns) noexcept nogil
cdef void flow_forget(Router *router, Layer *layer) noexcept nogil         # takes it out of every list
cdef bint flow_transmit(Router *router, uint64_t now_ns, Outbox *outbox) noexcept nogil

# What a slot shall show, which `slot_choose` then sees to: NULL for nothing.
cdef void slot_wish(Router *router, Slot *slot, Source *source, uint8_t max_layer) noexcept nogil
# What a slot shows: NULL for nothing. The old source stays until the new one's key frame.
cdef void slot_set(Router *router, Slot *slot, Source *source, uint8_t max_layer, uint64_t now_ns) noexcept nogil
cdef void slot_choose(Router *router, Slot *slot, uint64_t now_ns) noexcept nogil   # looks again which layer is best
cdef void slot_clear(Router *router, Slot *slot, bint tell) noexcept nogil          # shows nothing, at once
cdef void slot_lose(Router *router, Slot *slot) noexcept nogil                      # its current source is gone
cdef void slot_forget_wish(Slot *slot) noexcept nogil                               # its wanted source is gone
