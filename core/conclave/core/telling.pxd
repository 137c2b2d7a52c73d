"""Events to the control thread (L6)."""
from conclave.core.leg cimport Leg, Room, Slot, Source
from conclave.core.router cimport Router

cdef void tell_connected(Router *router, Leg *leg) noexcept nogil
cdef void tell_consent(Router *router, Leg *leg) noexcept nogil
cdef void tell_slot(Router *router, Slot *slot) noexcept nogil
# speaking: loudest first, at most SPEAKERS_TOLD.
cdef void tell_speakers(Router *router, Room *room, Source **speaking, size_t count) noexcept nogil
