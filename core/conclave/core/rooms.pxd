"""Who is in a room, who speaks, and whom each leg hears (L6)."""
from libc.stdint cimport uint32_t, uint64_t
from conclave.core.leg cimport Leg, Room, Source
from conclave.core.router cimport Router

cdef Room *room_enter(Router *router, uint32_t number, Leg *leg) noexcept nogil    # NULL when every room is taken
cdef void room_leave(Router *router, Leg *leg) noexcept nogil
cdef void room_add_audio(Room *room, Source *source) noexcept nogil
cdef void room_remove_audio(Room *room, Source *source) noexcept nogil
# Gives every leg's audio slots to the loudest of the others.
cdef void room_assign_audio(Router *router, Room *room, uint64_t now_ns) noexcept nogil
# Decides who speaks, and tells it when it changed.
cdef void room_update_speakers(Router *router, Room *room, uint64_t now_ns) noexcept nogil
