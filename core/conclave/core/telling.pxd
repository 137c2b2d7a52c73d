"""Events to the control thread: each says what is, so what finds no room is told as it is when there is room again (L6)."""
from conclave.core.leg cimport Leg, Room, Slot, Source
from conclave.core.router cimport Router

cdef void tell_connected(Router *router, Leg *leg) noexcept nogil
cdef void tell_consent(Router *router, Leg *leg) noexcept nogil
cdef void tell_slot(Router *router, Slot *slot) noexcept nogil
# speaking: loudest first, at most SPEAKERS_TOLD. Without room for it the room stays untold, and the caller tells it again.
cdef void tell_speakers(Router *router, Room *room, Source **speaking, size_t count) noexcept nogil
# Tells what legs and slots could not tell, as far as there is room.
cdef void telling_poll(Router *router) noexcept nogil
