"""See telling.pxd."""
from libc.stdint cimport uint32_t
from conclave.core.leg cimport Leg, Room, Slot, Source
from conclave.core.ring cimport ring_publish, ring_reserve
from conclave.core.router cimport (EVENT_CONSENT_CHANGED, EVENT_ICE_CONNECTED, EVENT_SLOT_CHANGED, EVENT_SPEAKERS_CHANGED,
                                   Event, EventType, Router)
from conclave.core.status cimport NO_SPACE


cdef Event *reserve(Router *router) noexcept nogil:
    cdef Event *event = <Event *>ring_reserve(&router.events)
    if event == NULL:
        router.counters.dropped[<int>NO_SPACE] += 1
        router.untold = True
    return event


cdef bint tell_leg(Router *router, EventType event_type, const Leg *leg, uint32_t value) noexcept nogil:
    cdef Event *event = reserve(router)
    if event == NULL:
        return False
    event.event = event_type
    event.leg = leg.number
    event.value = value
    ring_publish(&router.events)
    return True


cdef void tell_connected(Router *router, Leg *leg) noexcept nogil:
    leg.connected_untold = not tell_leg(router, EVENT_ICE_CONNECTED, leg, 0)


cdef void tell_consent(Router *router, Leg *leg) noexcept nogil:
    leg.consent_untold = not tell_leg(router, EVENT_CONSENT_CHANGED, leg, leg.ice.state)


cdef void tell_slot(Router *router, Slot *slot) noexcept nogil:
    cdef Event *event = reserve(router)
    slot.untold = event == NULL
    if event == NULL:
        return
    event.event = EVENT_SLOT_CHANGED
    event.leg = slot.leg.number
    event.slot = slot.index
    event.source = slot.current.number if slot.current != NULL else 0
    event.value = slot.current_layer if slot.current != NULL else 0
    ring_publish(&router.events)


cdef void tell_speakers(Router *router, Room *room, Source **speaking, size_t count) noexcept nogil:
    cdef Event *event = reserve(router)
    cdef size_t place
    room.untold = event == NULL
    if event == NULL:
        return
    event.event = EVENT_SPEAKERS_CHANGED
    event.room = room.number
    event.value = count
    room.speaking_count = count
    for place in range(count):
        event.speakers[place] = speaking[place].number
    ring_publish(&router.events)


cdef void telling_poll(Router *router) noexcept nogil:
    cdef Leg *leg
    cdef size_t i
    cdef int j
    if not router.untold or ring_reserve(&router.events) == NULL:
        return
    router.untold = False
    for i in range(router.leg_capacity):
        leg = &router.legs[i]
        if not leg.used:
            continue
        if leg.connected_untold:
            tell_connected(router, leg)
        if leg.consent_untold:
            tell_consent(router, leg)
        for j in range(leg.slot_count):
            if leg.slots[j].untold:
                tell_slot(router, leg.slots[j])
            if router.untold:
                return
