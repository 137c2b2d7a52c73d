"""See commands.pxd."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memset
from conclave.core.addresses cimport address_take
from conclave.core.attention cimport source_attend, source_neglect
from conclave.core.congestion cimport congestion_forget, congestion_wished
from conclave.core.flows cimport flow_forget, slot_clear, slot_forget_wish, slot_lose, slot_wish
from conclave.core.ice cimport ice_restart
from conclave.core.keyframes cimport keyframes_init, keyframes_want
from conclave.core.layers cimport LAYER_NONE, LAYERS_MAX
from conclave.core.leg cimport Layer, Leg, LegSetup, Room, Slot, Source, layer_reset, leg_announce, leg_init
from conclave.core.packet cimport history_init
from conclave.core.rewrite cimport rewriter_init
from conclave.core.rooms cimport room_add_audio, room_assign_audio, room_enter, room_leave, room_remove_audio
from conclave.core.router cimport Router, router_leg
from conclave.core.speakers cimport speaker_init
from conclave.core.srtp cimport srtp_send_stream_init
from conclave.core.status cimport INDEX_REUSED, NO_SPACE, OK, Status, UNKNOWN_STREAM, UNKNOWN_USER, UNSUPPORTED
from conclave.core.table cimport table_get, table_key, table_put, table_remove


cdef Source *find_source(Router *router, uint32_t number) noexcept nogil:
    cdef Leg *leg = router_leg(router, number >> 3)
    cdef uint32_t position = (number & 7) - 1
    if leg == NULL or position >= leg.source_count:
        return NULL
    return leg.sources[position]


cdef Leg *free_leg(Router *router) noexcept nogil:
    """The free leg that was used longest ago, so that numbers are not reused at once."""
    cdef size_t i, position
    for i in range(router.leg_capacity):
        position = (router.leg_cursor + i) % router.leg_capacity
        if not router.legs[position].used:
            router.leg_cursor = position + 1
            return &router.legs[position]
    return NULL


cdef void add_source(Router *router, Leg *leg, const LegSetup *setup, int position) noexcept nogil:
    cdef Source *source = router.free_sources
    cdef Layer *layer
    cdef int i
    router.free_sources = source.free_next
    router.free_source_count -= 1
    memset(source, 0, sizeof(Source))
    source.setup = setup.sources[position]
    source.leg = leg
    source.number = (leg.number << 3) | (position + 1)
    source.active = source.setup.active
    keyframes_init(&source.keyframes)
    speaker_init(&source.speaker)
    leg.sources[position] = source
    leg.source_count = position + 1
    for i in range(source.setup.layer_count):
        layer = router.free_layers
        router.free_layers = layer.free_next
        router.free_layer_count -= 1
        memset(layer, 0, sizeof(Layer))
        layer.source = source
        layer.index = i
        history_init(&layer.history)
        layer_reset(layer, &router.packets)
        source.layers[i] = layer
        if source.setup.ssrcs[i]:
            leg_announce(leg, source.setup.ssrcs[i], layer, False)
        if source.setup.rtx_ssrcs[i]:
            leg_announce(leg, source.setup.rtx_ssrcs[i], layer, True)
    if not source.setup.video:
        room_add_audio(leg.room, source)


cdef void add_slot(Router *router, Leg *leg, const LegSetup *setup, int position) noexcept nogil:
    cdef Slot *slot = router.free_slots
    router.free_slots = slot.free_next
    router.free_slot_count -= 1
    memset(slot, 0, sizeof(Slot))
    slot.leg = leg
    slot.index = position
    slot.showing.slot = slot.waiting.slot = slot
    slot.setup = setup.slots[position]
    srtp_send_stream_init(&slot.media, slot.setup.ssrc)
    srtp_send_stream_init(&slot.rtx, slot.setup.rtx_ssrc)
    slot.next_rtx_index = slot.setup.first_rtx_index
    rewriter_init(&slot.rewriter, slot.setup.video, slot.setup.first_index, slot.setup.first_timestamp)
    slot.wanted_layer = LAYER_NONE
    slot.allowed_layer = LAYERS_MAX - 1
    leg.slots[position] = slot
    leg.slot_count = position + 1


cdef void create_leg(Router *router, const LegSetup *setup, CommandResult *result, uint64_t now_ns) noexcept nogil:
    cdef Leg *leg = free_leg(router)
    cdef uint32_t generation
    cdef size_t layers = 0
    cdef int i
    for i in range(setup.source_count):
        layers += setup.sources[i].layer_count
    result.status = NO_SPACE
    result.pool = POOL_LEGS
    if leg == NULL:
        return
    result.pool = POOL_SOURCES
    if router.free_source_count < setup.source_count or router.free_layer_count < layers:
        return
    result.pool = POOL_SLOTS
    if router.free_slot_count < setup.slot_count:
        return
    result.status = UNKNOWN_USER
    if table_get(&router.by_ufrag, table_key(&router.by_ufrag, setup.credentials.local_ufrag,
                                             setup.credentials.local_ufrag_size)) != NULL:
        return
    result.status = NO_SPACE
    result.pool = POOL_TABLES
    if not table_put(&router.by_ufrag, table_key(&router.by_ufrag, setup.credentials.local_ufrag,
                                                 setup.credentials.local_ufrag_size), leg):
        return
    # Twelve bits of generation, never 0, above twelve bits of position.
    generation = (leg.number >> 12) % 0xFFF + 1
    leg.number = (generation << 12) | <uint32_t>(leg - router.legs)
    leg_init(leg, setup, now_ns)
    leg.used = True
    room_enter(router, setup.room, leg)
    for i in range(setup.source_count):
        add_source(router, leg, setup, i)
    for i in range(setup.slot_count):
        add_slot(router, leg, setup, i)
    result.status = OK
    result.leg = leg.number


cdef void remove_source(Router *router, Leg *leg, Source *source) noexcept nogil:
    cdef int i
    while source.showing != NULL:
        slot_lose(router, source.showing.slot)
    while source.waiting != NULL:
        slot_forget_wish(source.waiting.slot)
    if not source.setup.video:
        room_remove_audio(leg.room, source)
    source_neglect(router, source)
    for i in range(source.setup.layer_count):
        flow_forget(router, source.layers[i])
        layer_reset(source.layers[i], &router.packets)
        source.layers[i].free_next = router.free_layers
        router.free_layers = source.layers[i]
        router.free_layer_count += 1
    source.free_next = router.free_sources
    router.free_sources = source
    router.free_source_count += 1


cdef void delete_leg(Router *router, Leg *leg, CommandResult *result, uint64_t now_ns) noexcept nogil:
    cdef Room *room = leg.room
    cdef int i
    for i in range(leg.slot_count):
        slot_clear(router, leg.slots[i], False)
        leg.slots[i].free_next = router.free_slots
        router.free_slots = leg.slots[i]
    router.free_slot_count += leg.slot_count
    for i in range(leg.source_count):
        remove_source(router, leg, leg.sources[i])
    for i in range(leg.ice.address_count):
        address_take(router, leg, &leg.ice.addresses[i])
    table_remove(&router.by_ufrag, table_key(&router.by_ufrag, leg.ice.credentials.local_ufrag,
                                             leg.ice.credentials.local_ufrag_size))
    congestion_forget(router, leg)
    room_leave(router, leg)
    result.send = leg.send
    result.receive = leg.receive
    leg.send = leg.receive = NULL
    leg.used = False
    memset(&leg.ice, 0, sizeof(leg.ice))
    if room.used:
        room_assign_audio(router, room, now_ns)


cdef Status restart(Router *router, Leg *leg, const Command *command) noexcept nogil:
    cdef uint64_t key = table_key(&router.by_ufrag, command.credentials.local_ufrag, command.credentials.local_ufrag_size)
    cdef Leg *owner = <Leg *>table_get(&router.by_ufrag, key)
    if owner == NULL:
        if not table_put(&router.by_ufrag, key, leg):
            return NO_SPACE
        table_remove(&router.by_ufrag, table_key(&router.by_ufrag, leg.ice.credentials.local_ufrag,
                                                 leg.ice.credentials.local_ufrag_size))
    elif owner != leg:
        return UNKNOWN_USER
    ice_restart(&leg.ice, command.credentials)
    return OK


cdef Status activate(Router *router, Source *source, bint active, uint64_t now_ns) noexcept nogil:
    if source == NULL:
        return UNKNOWN_STREAM
    if source.active == active:
        return OK
    source.active = active
    if not source.setup.video:
        if not active:
            speaker_init(&source.speaker)
        room_assign_audio(router, source.leg.room, now_ns)
    elif active and (source.showing != NULL or source.waiting != NULL):
        keyframes_want(&source.keyframes, now_ns)
        source_attend(router, source, now_ns)
    return OK


cdef void command_apply(Router *router, const Command *command, uint64_t now_ns) noexcept nogil:
    cdef CommandResult *result = command.result
    cdef Leg *leg
    cdef Source *source = NULL
    if command.command == COMMAND_CREATE_LEG:
        create_leg(router, command.setup, result, now_ns)
        return
    if command.command == COMMAND_SET_SOURCE_ACTIVE:
        result.status = activate(router, find_source(router, command.source), command.value != 0, now_ns)
        return
    leg = router_leg(router, command.leg)
    if leg == NULL:
        result.status = UNKNOWN_USER
        return
    result.status = OK
    if command.command == COMMAND_DELETE_LEG:
        delete_leg(router, leg, result, now_ns)
    elif command.command == COMMAND_RESTART_ICE:
        result.status = restart(router, leg, command)
    elif command.command == COMMAND_SET_KEYS:
        # Once a leg: a second context of the same key would count its SRTCP packets from 0 again and repeat nonces.
        if leg.send != NULL:
            result.status = INDEX_REUSED
            return
        leg.send = command.send
        leg.receive = command.receive
    elif command.command == COMMAND_SET_SLOT:
        if command.source:
            source = find_source(router, command.source)
            if source == NULL or source.leg.room != leg.room:
                result.status = UNKNOWN_STREAM
                return
        if command.slot >= leg.slot_count or (source != NULL and source.setup.video != leg.slots[command.slot].setup.video):
            result.status = UNSUPPORTED
            return
        slot_wish(router, leg.slots[command.slot], source, <uint8_t>command.value)
        congestion_wished(router, leg, now_ns)
