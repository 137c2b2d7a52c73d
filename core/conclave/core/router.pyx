"""See router.pxd."""
from libc.stdint cimport UINT64_MAX, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset
from conclave.core.address cimport ADDRESS_SIZE, Address, address_equal
from conclave.core.demux cimport (PROTOCOL_DTLS, PROTOCOL_RTCP, PROTOCOL_RTP, PROTOCOL_STUN, Protocol, demux)
from conclave.core.feedback cimport (feedback_request_key_frame, feedback_send_nack, feedback_send_reports,
                                     feedback_take_report)
from conclave.core.flows cimport (flow_forget, flow_release_due, flow_take, flow_transmit, slot_choose, slot_clear,
                                  slot_forget_wish, slot_lose, slot_set, source_attend)
from conclave.core.forward cimport forward_again
from conclave.core.ice cimport (ICE_REPLY_MAX, IceOutcome, ice_forget, ice_heard, ice_init, ice_knows, ice_poll, ice_receive,
                                ice_restart)
from conclave.core.keyframes cimport keyframes_init, keyframes_poll, keyframes_want
from conclave.core.leg cimport (LAYERS_MAX, Layer, Leg, LegSetup, Received, Room, Slot, Source, layer_reset, leg_announce,
                                leg_can_reach, leg_can_send, leg_find_slot, leg_init, leg_receive, leg_refill)
from conclave.core.nack cimport NACK_CAPACITY, nack_poll, nack_take_overflow
from conclave.core.outbox cimport Outbox, outbox_commit, outbox_reserve
from conclave.core.packet cimport Packet, history_drop_oldest, history_get, history_init, pool_destroy, pool_init
from conclave.core.rewrite cimport rewriter_find, rewriter_init
from conclave.core.ring cimport ring_destroy, ring_init, ring_publish, ring_reserve
from conclave.core.rooms cimport (room_add_audio, room_assign_audio, room_enter, room_leave, room_remove_audio,
                                  room_update_speakers)
from conclave.core.rtcp cimport (RTCP_PSFB, RTCP_RR, RTCP_RTPFB, RTCP_SR, Remb, ReportBlock, RtcpPacket, SenderInfo,
                                 rtcp_next, rtcp_read_fir, rtcp_read_nack, rtcp_read_remb, rtcp_read_report,
                                 rtcp_read_sender_info)
from conclave.core.speakers cimport speaker_heard, speaker_init
from conclave.core.srtcp cimport srtcp_unprotect
from conclave.core.srtp cimport srtp_send_stream_init
from conclave.core.status cimport (INDEX_REUSED, NO_KEY, NO_SPACE, OK, Status, TOO_LARGE, UNKNOWN_SENDER, UNKNOWN_STREAM,
                                   UNKNOWN_USER, UNSUPPORTED)
from conclave.core.stun cimport StunMessage, stun_parse
from conclave.core.table cimport table_destroy, table_get, table_init, table_key, table_put, table_remove

cdef uint64_t ATTENTION_NS = 5_000_000
cdef uint64_t TICK_NS = 100_000_000
cdef uint64_t REPORT_NS = 1_000_000_000
cdef uint64_t EARLY_REPORT_NS = 200_000_000
cdef size_t EVENTS = 8192
cdef size_t DTLS_DATAGRAMS = 1024
cdef size_t RTCP_MAX = 1500
cdef uint64_t OWNED_NS = 5_000_000_000
cdef size_t RECLAIMED = 16


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
            or ring_init(&router.events, sizeof(Event), EVENTS) != 0
            or ring_init(&router.dtls, sizeof(DtlsDatagram), DTLS_DATAGRAMS) != 0):
        router_destroy(router)
        return -1
    for i in range(sizes.sources):
        router.sources[i].free_next = router.free_sources
        router.free_sources = &router.sources[i]
    router.free_source_count = sizes.sources
    for i in range(layer_count):
        router.layers[i].free_next = router.free_layers
        router.free_layers = &router.layers[i]
    router.layer_capacity = router.free_layer_count = layer_count
    for i in range(sizes.slots):
        router.slots[i].free_next = router.free_slots
        router.free_slots = &router.slots[i]
    router.free_slot_count = sizes.slots
    router.next_stream_number = 1
    return 0


cdef void router_destroy(Router *router) noexcept nogil:
    free(router.legs)
    free(router.rooms)
    free(router.sources)
    free(router.layers)
    free(router.slots)
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


cdef Source *find_source(Router *router, uint32_t number) noexcept nogil:
    cdef Leg *leg = router_leg(router, number >> 3)
    cdef uint32_t position = (number & 7) - 1
    if leg == NULL or position >= leg.source_count:
        return NULL
    return leg.sources[position]


# -- commands ------------------------------------------------------------------------------------------------------

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
    slot.setup = setup.slots[position]
    srtp_send_stream_init(&slot.media, slot.setup.ssrc)
    srtp_send_stream_init(&slot.rtx, slot.setup.rtx_ssrc)
    slot.next_rtx_index = slot.setup.first_rtx_index
    rewriter_init(&slot.rewriter, slot.setup.video, slot.setup.first_index, slot.setup.first_timestamp)
    slot.wanted_layer = 255
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
    cdef Source **link = &router.attention
    cdef int i
    while source.showing != NULL:
        slot_lose(router, source.showing)
    while source.waiting != NULL:
        slot_forget_wish(source.waiting)
    if not source.setup.video:
        room_remove_audio(leg.room, source)
    if source.attention:
        while link[0] != source:
            link = &link[0].attention_next
        link[0] = source.attention_next
    for i in range(source.setup.layer_count):
        flow_forget(router, source.layers[i])
        layer_reset(source.layers[i], &router.packets)
        source.layers[i].free_next = router.free_layers
        router.free_layers = source.layers[i]
        router.free_layer_count += 1
    source.free_next = router.free_sources
    router.free_sources = source
    router.free_source_count += 1


cdef uint64_t address_key(const Router *router, const Address *address) noexcept nogil:
    return table_key(&router.by_address, <const uint8_t *>address, ADDRESS_SIZE)


cdef Leg *find_by_address(const Router *router, const Address *address) noexcept nogil:
    return <Leg *>table_get(&router.by_address, address_key(router, address))


cdef void unroute(Router *router, const Leg *leg, const Address *address) noexcept nogil:
    if find_by_address(router, address) == leg:        # it may be somebody else's by now
        table_remove(&router.by_address, address_key(router, address))


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
        unroute(router, leg, &leg.ice.addresses[i])
    table_remove(&router.by_ufrag, table_key(&router.by_ufrag, leg.ice.credentials.local_ufrag,
                                             leg.ice.credentials.local_ufrag_size))
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


cdef void router_apply(Router *router, const Command *command, uint64_t now_ns) noexcept nogil:
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
        slot_set(router, leg.slots[command.slot], source, <uint8_t>command.value, now_ns)


# -- datagrams -----------------------------------------------------------------------------------------------------

cdef void tell_leg(Router *router, EventType event_type, const Leg *leg, uint32_t value) noexcept nogil:
    cdef Event *event = <Event *>ring_reserve(&router.events)
    if event == NULL:
        router.counters.dropped[<int>NO_SPACE] += 1
        return
    event.event = event_type
    event.leg = leg.number
    event.value = value
    ring_publish(&router.events)


cdef Status receive_stun(Router *router, const Address *source, const uint8_t *data, size_t size, uint64_t now_ns,
                         Outbox *outbox) noexcept nogil:
    cdef StunMessage message
    cdef IceOutcome outcome
    cdef uint8_t *reply
    cdef Leg *leg
    cdef Leg *owner
    cdef Status status = stun_parse(&message, data, size)
    if status != OK:
        return status
    if message.username == NULL or not message.local_ufrag_size:
        return UNKNOWN_USER
    leg = <Leg *>table_get(&router.by_ufrag, table_key(&router.by_ufrag, message.username, message.local_ufrag_size))
    if leg == NULL:
        return UNKNOWN_USER
    # Nobody takes an address over from who is heard from there, not even a participant that can forge its source.
    owner = find_by_address(router, source)
    if (owner != NULL and owner != leg and address_equal(&owner.ice.selected, source)
            and now_ns < owner.ice.last_heard_ns + OWNED_NS):
        return UNKNOWN_SENDER
    reply = outbox_reserve(outbox, ICE_REPLY_MAX)
    if reply == NULL:
        return NO_SPACE
    status = ice_receive(&leg.ice, &message, source, now_ns, reply, &outcome)
    if status != OK:
        leg.counters.dropped[<int>status] += 1
        return status
    if outcome.displaced:
        unroute(router, leg, &outcome.displaced_address)
    if (owner != leg and ice_knows(&leg.ice, source)
            and not table_put(&router.by_address, address_key(router, source), leg)):
        return NO_SPACE
    if outcome.reply_size:
        outbox_commit(outbox, source, outcome.reply_size)
    if outcome.connected:
        tell_leg(router, EVENT_ICE_CONNECTED, leg, 0)
    return OK


cdef Status receive_dtls(Router *router, Leg *leg, const uint8_t *data, size_t size) noexcept nogil:
    cdef DtlsDatagram *record
    if size > DTLS_DATAGRAM_MAX:
        return TOO_LARGE
    if not leg.handshakes_left:
        return NO_SPACE
    leg.handshakes_left -= 1
    record = <DtlsDatagram *>ring_reserve(&router.dtls)
    if record == NULL:
        return NO_SPACE                    # the peer's handshake timer sends it again
    record.leg = leg.number
    record.size = size
    memcpy(record.data, data, size)
    ring_publish(&router.dtls)
    return OK


cdef void reclaim(Router *router) noexcept nogil:
    """The pool is used up: a stream that keeps more than its fair share gives up its oldest packets.

    So who comes late has a history too, and whoever sends a lot pays for it.
    """
    cdef size_t share = router.packets.capacity // (router.layer_capacity - router.free_layer_count + 1)
    cdef size_t passed, dropped
    cdef Layer *layer
    for passed in range(router.layer_capacity):
        layer = &router.layers[router.reclaim_cursor]
        router.reclaim_cursor = (router.reclaim_cursor + 1) % router.layer_capacity
        dropped = 0
        while layer.history.count > share and dropped < RECLAIMED:
            history_drop_oldest(&layer.history, &router.packets)
            dropped += 1
        if router.packets.available:
            return


cdef Status receive_rtp(Router *router, Leg *leg, const uint8_t *data, size_t size, uint64_t now_ns) noexcept nogil:
    cdef Received received
    cdef Source *source
    cdef Slot *slot
    cdef Slot *following
    cdef Status status
    if not router.packets.available:
        reclaim(router)
    status = leg_receive(leg, &router.packets, &router.next_stream_number, data, size, now_ns, &received)
    if status != OK:
        return status
    source = received.layer.source
    if received.awakened:
        slot = source.showing
        while slot != NULL:
            slot_choose(router, slot, now_ns)
            slot = slot.showing_next
        slot = source.waiting
        while slot != NULL:
            following = slot.waiting_next
            slot_choose(router, slot, now_ns)
            slot = following
        if leg.next_report_ns > now_ns + EARLY_REPORT_NS:
            leg.next_report_ns = now_ns + EARLY_REPORT_NS
    if not source.setup.video:
        speaker_heard(&source.speaker, received.packet.audio_level, received.packet.voice, now_ns)
        if received.awakened:
            room_assign_audio(router, leg.room, now_ns)
    elif received.layer.nack.count or received.layer.nack.overflowed:
        source_attend(router, source, now_ns)
    flow_take(router, &received, now_ns)
    return OK


cdef void answer_nack(Router *router, Leg *leg, const RtcpPacket *packet, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef uint16_t sequence_numbers[256]
    cdef size_t count = rtcp_read_nack(sequence_numbers, 256, packet)
    cdef Slot *slot = leg_find_slot(leg, packet.media_ssrc)
    cdef Layer *layer
    cdef Packet *lost
    cdef uint32_t stream
    cdef uint64_t index
    cdef size_t i
    cdef int j
    leg.counters.nacks_received += count
    if slot == NULL or slot.current == NULL or not leg_can_send(leg):
        return
    for i in range(count):
        if rewriter_find(&slot.rewriter, sequence_numbers[i], &stream, &index) != OK:
            continue
        layer = NULL
        for j in range(slot.current.setup.layer_count):
            if slot.current.layers[j].number == stream:
                layer = slot.current.layers[j]
        if layer == NULL:
            continue                       # from before a switch to another participant: a key frame has replaced it
        lost = history_get(&layer.history, index)
        if lost != NULL and leg.retransmissions_left:
            leg.retransmissions_left -= 1
            forward_again(slot, stream, lost, now_ns, outbox)


cdef void want_key_frame(Router *router, Leg *leg, uint32_t ssrc, uint64_t now_ns) noexcept nogil:
    cdef Slot *slot = leg_find_slot(leg, ssrc)
    # Browsers ask for key frames of empty slots after 3 s of silence.
    if slot == NULL or slot.current == NULL or not slot.setup.video or not slot.current.active:
        return
    keyframes_want(&slot.current.keyframes, now_ns)
    source_attend(router, slot.current, now_ns)


cdef void take_sender_report(Leg *leg, const RtcpPacket *packet, uint64_t now_ns) noexcept nogil:
    cdef SenderInfo info
    cdef int i
    if rtcp_read_sender_info(&info, packet) != OK:
        return
    for i in range(leg.route_count):
        if leg.routes[i].ssrc == packet.sender_ssrc and not leg.routes[i].rtx:
            leg.routes[i].layer.last_sr = <uint32_t>(info.ntp_timestamp >> 16)
            leg.routes[i].layer.last_sr_ns = now_ns


cdef Status receive_rtcp(Router *router, Leg *leg, const uint8_t *data, size_t size, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef uint8_t plain[1536]
    cdef uint32_t ssrcs[32]
    cdef RtcpPacket packet
    cdef ReportBlock report
    cdef Remb remb
    cdef size_t plain_size, count, i, offset = 0
    cdef Status status
    if leg.receive == NULL:
        return NO_KEY
    if size > RTCP_MAX:
        return TOO_LARGE
    status = srtcp_unprotect(leg.receive, data, size, plain, &plain_size)
    if status != OK:
        return status
    ice_heard(&leg.ice, now_ns)
    while offset < plain_size:
        status = rtcp_next(&packet, plain, plain_size, &offset)
        if status != OK:
            return status
        if packet.packet_type == RTCP_SR or packet.packet_type == RTCP_RR:
            if packet.packet_type == RTCP_SR:
                take_sender_report(leg, &packet, now_ns)
            for i in range(packet.count):
                if rtcp_read_report(&report, &packet, i) != OK:
                    break
                if leg_find_slot(leg, report.ssrc) != NULL:
                    feedback_take_report(leg, &report, now_ns + router.wallclock_offset_ns)
        elif packet.packet_type == RTCP_RTPFB and packet.count == 1:
            answer_nack(router, leg, &packet, now_ns, outbox)
        elif packet.packet_type == RTCP_PSFB and packet.count == 1:
            want_key_frame(router, leg, packet.media_ssrc, now_ns)
        elif packet.packet_type == RTCP_PSFB and packet.count == 4:
            count = rtcp_read_fir(ssrcs, 32, &packet)
            for i in range(count):
                want_key_frame(router, leg, ssrcs[i], now_ns)
        elif packet.packet_type == RTCP_PSFB and packet.count == 15:
            if rtcp_read_remb(&remb, &packet) == OK:
                leg.counters.remb_bitrate = remb.bitrate
    return OK


cdef void router_receive(Router *router, const Address *source, const uint8_t *data, size_t size, uint64_t now_ns,
                         Outbox *outbox) noexcept nogil:
    cdef Protocol protocol = demux(data, size)
    cdef Leg *leg
    cdef Status status
    router.counters.packets_received += 1
    if protocol == PROTOCOL_STUN:
        status = receive_stun(router, source, data, size, now_ns, outbox)
        if status != OK:
            router.counters.dropped[<int>status] += 1
        return
    leg = find_by_address(router, source)
    if leg == NULL:
        router.counters.dropped[<int>UNKNOWN_SENDER] += 1
        return
    if protocol == PROTOCOL_RTP:
        status = receive_rtp(router, leg, data, size, now_ns)
    elif protocol == PROTOCOL_RTCP:
        status = receive_rtcp(router, leg, data, size, now_ns, outbox)
    elif protocol == PROTOCOL_DTLS:
        status = receive_dtls(router, leg, data, size)
    else:
        status = UNSUPPORTED
    if status != OK:
        leg.counters.dropped[<int>status] += 1
        router.counters.dropped[<int>status] += 1


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
    return find_by_address(router, address) != NULL


cdef void router_forget(Router *router, const Address *address) noexcept nogil:
    cdef Leg *leg = find_by_address(router, address)
    if leg != NULL:
        unroute(router, leg, address)
        ice_forget(&leg.ice, address)


# -- time ----------------------------------------------------------------------------------------------------------

cdef bint attend(Source *source, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    """Sends what is due for one source; false when nothing will be due any more."""
    cdef uint16_t lost[NACK_CAPACITY]
    cdef Layer *layer
    cdef bint pending = False
    cdef size_t count
    cdef int i
    if not source.active:
        return False
    for i in range(source.setup.layer_count):
        layer = source.layers[i]
        if not layer.bound:
            continue
        if nack_take_overflow(&layer.nack):
            keyframes_want(&source.keyframes, now_ns)
        if layer.nack.count:
            count = nack_poll(&layer.nack, now_ns, source.leg.rtt_ns, lost, NACK_CAPACITY)
            if count:
                feedback_send_nack(layer, lost, count, outbox)
            pending = pending or layer.nack.count != 0
    if keyframes_poll(&source.keyframes, now_ns):
        feedback_request_key_frame(source, outbox)
    return pending or source.keyframes.wanted


cdef void attend_all(Router *router, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef Source **link = &router.attention
    cdef Source *source
    while link[0] != NULL:
        source = link[0]
        if attend(source, now_ns, outbox):
            link = &source.attention_next
        else:
            source.attention = False
            link[0] = source.attention_next
    router.next_attention_ns = now_ns + ATTENTION_NS


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
            tell_leg(router, EVENT_CONSENT_CHANGED, leg, leg.ice.state)
        for j in range(leg.slot_count):
            if leg.slots[j].wanted != NULL and leg.slots[j].setup.video:
                slot_choose(router, leg.slots[j], now_ns)
        if now_ns >= leg.next_report_ns and feedback_send_reports(leg, now_ns, now_ns + router.wallclock_offset_ns, outbox):
            leg.next_report_ns = now_ns + REPORT_NS
    for i in range(router.leg_capacity):
        if router.rooms[i].used and (router.rooms[i].audio != NULL or router.rooms[i].speaking_count):
            room_update_speakers(router, &router.rooms[i], now_ns)
            room_assign_audio(router, &router.rooms[i], now_ns)


cdef void router_advance(Router *router, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    flow_release_due(router, now_ns)
    if router.attention != NULL and now_ns >= router.next_attention_ns:
        attend_all(router, now_ns, outbox)
    if now_ns >= router.next_tick_ns:
        router.next_tick_ns = now_ns + TICK_NS
        tick(router, now_ns, outbox)


cdef bint router_transmit(Router *router, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    return flow_transmit(router, now_ns, outbox)


cdef uint64_t router_next_timeout(const Router *router) noexcept nogil:
    cdef uint64_t due = router.next_tick_ns
    if router.held_first != NULL and router.held_first.held_until_ns < due:
        due = router.held_first.held_until_ns
    if router.attention != NULL and router.next_attention_ns < due:
        due = router.next_attention_ns
    return due
