"""See router.pxd."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset
from conclave.core.address cimport Address
from conclave.core.addresses cimport address_owner, address_take
from conclave.core.attention cimport attention_poll
from conclave.core.congestion cimport congestion_poll, congestion_tick
from conclave.core.feedback cimport feedback_send_arrivals, feedback_send_reports
from conclave.core.flows cimport flow_release_due, flow_transmit, slot_choose
from conclave.core.ice cimport ice_forget, ice_poll
from conclave.core.leg cimport Layer, Leg, Room, Slot, Source, leg_can_reach, leg_refill
from conclave.core.outbox cimport Outbox, outbox_commit, outbox_reserve
from conclave.core.packet cimport pool_destroy, pool_init
from conclave.core.ring cimport ring_destroy, ring_init
from conclave.core.rooms cimport room_assign_audio, room_update_speakers
from conclave.core.sealing cimport sealing_destroy, sealing_init
from conclave.core.status cimport NO_SPACE
from conclave.core.table cimport table_destroy, table_init
from conclave.core.telling cimport tell_consent, telling_poll

cdef uint64_t TICK_NS = 100_000_000
cdef uint64_t REPORT_NS = 1_000_000_000
cdef int FEEDBACKS_A_TICK = 4              # one tells of 500 packets, unless seconds lie between them
cdef size_t DTLS_DATAGRAMS = 1024


# -- life ----------------------------------------------------------------------------------------------------------

cdef size_t places(size_t entries) noexcept nogil:
    """A power of two that `entries` fill by less than half."""
    cdef size_t size = 16
    while size < 2 * entries:
        size *= 2
    return size


cdef int router_init(Router *router, const RouterSizes *sizes, uint64_t seed, uint64_t wallclock_offset_ns) noexcept nogil:
    cdef size_t i
    cdef size_t layer_count = 2 * sizes.sources + 16
    memset(router, 0, sizeof(Router))
    sealing_init(&router.sealing)
    router.wallclock_offset_ns = wallclock_offset_ns
    router.leg_capacity = sizes.legs
    router.legs = <Leg *>calloc(sizes.legs, sizeof(Leg))
    router.rooms = <Room *>calloc(sizes.legs, sizeof(Room))
    router.sources = <Source *>calloc(sizes.sources, sizeof(Source))
    router.layers = <Layer *>calloc(layer_count, sizeof(Layer))
    router.slots = <Slot *>calloc(sizes.slots, sizeof(Slot))
    if (router.legs == NULL or router.rooms == NULL or router.sources == NULL or router.layers == NULL
            or router.slots == NULL or pool_init(&router.packets, sizes.packets) != 0
            or table_init(&router.by_address, places(4 * sizes.legs), seed) != 0
            or table_init(&router.by_ufrag, places(sizes.legs), seed) != 0
            or ring_init(&router.events, sizeof(Event), sizes.events) != 0
            or ring_init(&router.dtls, sizeof(DtlsDatagram), DTLS_DATAGRAMS) != 0):
        router_destroy(router)
        return -1
    for i in range(sizes.sources):
        router.sources[i].free_next = router.free_sources
        router.free_sources = &router.sources[i]
    router.source_capacity = router.free_source_count = sizes.sources
    for i in range(layer_count):
        router.layers[i].free_next = router.free_layers
        router.free_layers = &router.layers[i]
    router.layer_capacity = router.free_layer_count = layer_count
    for i in range(sizes.slots):
        router.slots[i].free_next = router.free_slots
        router.free_slots = &router.slots[i]
    router.slot_capacity = router.free_slot_count = sizes.slots
    router.next_stream_number = 1
    return 0


cdef void router_destroy(Router *router) noexcept nogil:
    free(router.legs)
    free(router.rooms)
    free(router.sources)
    free(router.layers)
    free(router.slots)
    sealing_destroy(&router.sealing)
    pool_destroy(&router.packets)
    table_destroy(&router.by_address)
    table_destroy(&router.by_ufrag)
    ring_destroy(&router.events)
    ring_destroy(&router.dtls)
    memset(router, 0, sizeof(Router))


cdef Leg *router_leg(Router *router, uint32_t number) noexcept nogil:
    cdef size_t position = number & 0xFFF
    if position >= router.leg_capacity or not router.legs[position].used or router.legs[position].number != number:
        return NULL
    return &router.legs[position]


# -- datagrams -----------------------------------------------------------------------------------------------------

cdef void router_send_dtls(Router *router, const DtlsDatagram *datagram, Outbox *outbox) noexcept nogil:
    cdef Leg *leg = router_leg(router, datagram.leg)
    cdef uint8_t *place
    if leg == NULL or not leg_can_reach(leg):
        return                             # as good as lost on the way: the handshake's timer repeats it
    place = outbox_reserve(outbox, datagram.size)
    if place == NULL:
        router.counters.dropped[<int>NO_SPACE] += 1
        return
    memcpy(place, datagram.data, datagram.size)
    outbox_commit(outbox, &leg.ice.selected, datagram.size)


cdef bint router_knows(const Router *router, const Address *address) noexcept nogil:
    return address_owner(router, address) != NULL


cdef void router_forget(Router *router, const Address *address) noexcept nogil:
    cdef Leg *leg = address_owner(router, address)
    if leg != NULL:
        address_take(router, leg, address)
        ice_forget(&leg.ice, address)


# -- time ----------------------------------------------------------------------------------------------------------

cdef void tick(Router *router, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef Leg *leg
    cdef size_t i
    cdef int j
    for i in range(router.leg_capacity):
        leg = &router.legs[i]
        if not leg.used:
            continue
        leg_refill(leg)
        if ice_poll(&leg.ice, now_ns):
            tell_consent(router, leg)
        congestion_tick(router, leg, now_ns)
        for j in range(leg.slot_count):
            if leg.slots[j].wanted != NULL and leg.slots[j].setup.video:
                slot_choose(router, leg.slots[j], now_ns)
        if now_ns >= leg.next_report_ns and feedback_send_reports(leg, now_ns, now_ns + router.wallclock_offset_ns, outbox):
            leg.next_report_ns = now_ns + REPORT_NS
        for j in range(FEEDBACKS_A_TICK):
            if not feedback_send_arrivals(leg, outbox):
                break
    for i in range(router.leg_capacity):
        if router.rooms[i].used and (router.rooms[i].audio != NULL or router.rooms[i].speaking_count
                                     or router.rooms[i].untold):
            room_update_speakers(router, &router.rooms[i], now_ns)
            room_assign_audio(router, &router.rooms[i], now_ns)


cdef void router_advance(Router *router, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    flow_release_due(router, now_ns)
    attention_poll(router, now_ns, outbox)
    telling_poll(router)
    if now_ns >= router.next_tick_ns:
        router.next_tick_ns = now_ns + TICK_NS
        tick(router, now_ns, outbox)
    congestion_poll(router, now_ns, outbox)


cdef bint router_transmit(Router *router, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    return flow_transmit(router, now_ns, outbox)


cdef uint64_t router_next_timeout(const Router *router) noexcept nogil:
    cdef uint64_t due = router.next_tick_ns
    if router.held_first != NULL and router.held_first.held_until_ns < due:
        due = router.held_first.held_until_ns
    if router.attention != NULL and router.next_attention_ns < due:
        due = router.next_attention_ns
    if router.probing != NULL and router.next_probe_ns < due:
        due = router.next_probe_ns
    return due
