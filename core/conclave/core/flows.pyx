"""See flows.pxd."""
from libc.stdint cimport uint8_t, uint64_t
from conclave.core.attention cimport source_attend
from conclave.core.forward cimport DATAGRAM_MAX, forward_expect, forward_pending
from conclave.core.keyframes cimport keyframes_satisfied, keyframes_want
from conclave.core.layers cimport LAYER_NONE, layer_choose
from conclave.core.leg cimport Layer, PENDING_MAX, Received, Slot, SlotLink, Source, leg_can_send
from conclave.core.outbox cimport Outbox, outbox_has_room
from conclave.core.packet cimport Packet, packets_let_go
from conclave.core.rewrite cimport rewriter_stop, rewriter_switch
from conclave.core.router cimport Router
from conclave.core.sealing cimport sealing_finish
from conclave.core.status cimport NO_KEY
from conclave.core.telling cimport tell_slot

cdef uint64_t HOLD_NS = 1_000_000


# -- links ---------------------------------------------------------------------------------------------------------

cdef void enter(SlotLink *link, SlotLink **first) noexcept nogil:
    """Puts a slot at the head of a list, out of where it was."""
    leave(link)
    link.next = first[0]
    if link.next != NULL:
        link.next.place = &link.next
    link.place = first
    first[0] = link


cdef void leave(SlotLink *link) noexcept nogil:
    if link.place == NULL:
        return
    link.place[0] = link.next
    if link.next != NULL:
        link.next.place = link.place
    link.place = NULL
    link.next = NULL


# -- what a slot shows ---------------------------------------------------------------------------------------------

cdef void slot_clear(Router *router, Slot *slot, bint tell) noexcept nogil:
    cdef bint shown = slot.current != NULL
    leave(&slot.waiting)
    leave(&slot.showing)
    slot.current = slot.wanted = NULL
    slot.wanted_layer = LAYER_NONE
    if shown:
        rewriter_stop(&slot.rewriter)
        if tell:
            tell_slot(router, slot)


cdef void slot_lose(Router *router, Slot *slot) noexcept nogil:
    leave(&slot.showing)
    if slot.wanted == slot.current:
        leave(&slot.waiting)
        slot.wanted = NULL
        slot.wanted_layer = LAYER_NONE
    slot.current = NULL
    rewriter_stop(&slot.rewriter)
    tell_slot(router, slot)


cdef void slot_forget_wish(Slot *slot) noexcept nogil:
    leave(&slot.waiting)
    slot.wanted = slot.current             # what it still shows stays
    slot.wanted_layer = LAYER_NONE


cdef void slot_pause(Router *router, Slot *slot) noexcept nogil:
    """Shows nothing while the way does not bear it; the wish stays."""
    if slot.current != NULL:
        leave(&slot.showing)
        slot.current = NULL
        rewriter_stop(&slot.rewriter)
        tell_slot(router, slot)
    slot.wanted_layer = LAYER_NONE
    # Among those that wait, though for no layer: so the wish is forgotten when its source goes.
    if slot.waiting.place == NULL:
        enter(&slot.waiting, &slot.wanted.waiting)


cdef void slot_choose(Router *router, Slot *slot, uint64_t now_ns) noexcept nogil:
    cdef Source *source = slot.wanted
    cdef uint8_t target
    if source == NULL:
        return
    if slot.allowed_layer == LAYER_NONE:
        slot_pause(router, slot)
        return
    target = layer_choose(source.activity, source.setup.layer_count, min(slot.max_layer, slot.allowed_layer), now_ns)
    if slot.current == source and (target == slot.current_layer or target == LAYER_NONE):
        leave(&slot.waiting)
        slot.wanted_layer = LAYER_NONE
        return
    if slot.waiting.place != NULL and target == slot.wanted_layer:
        return
    slot.wanted_layer = target
    enter(&slot.waiting, &source.waiting)
    if source.setup.video and target != LAYER_NONE:
        keyframes_want(&source.keyframes, now_ns)
        source_attend(router, source, now_ns)


cdef void slot_wish(Router *router, Slot *slot, Source *source, uint8_t max_layer) noexcept nogil:
    if source == NULL:
        slot_clear(router, slot, True)
        return
    slot.undivided = slot.undivided or slot.wanted != source or slot.max_layer != max_layer
    slot.max_layer = max_layer
    if slot.wanted != source:
        leave(&slot.waiting)
        slot.wanted = source
        slot.wanted_layer = LAYER_NONE


cdef void slot_set(Router *router, Slot *slot, Source *source, uint8_t max_layer, uint64_t now_ns) noexcept nogil:
    slot_wish(router, slot, source, max_layer)
    slot_choose(router, slot, now_ns)


cdef void show(Router *router, Slot *slot, Layer *layer, const Packet *first) noexcept nogil:
    """The switch itself: from `first` on the slot shows the layer."""
    leave(&slot.waiting)
    if slot.current != layer.source:
        enter(&slot.showing, &layer.source.showing)
    slot.current = layer.source
    slot.current_layer = layer.index
    slot.wanted_layer = LAYER_NONE
    rewriter_switch(&slot.rewriter, layer.number, first)
    tell_slot(router, slot)


cdef bint someone_waits(const Source *source) noexcept nogil:
    cdef SlotLink *link = source.waiting
    while link != NULL:
        if link.slot.wanted_layer != LAYER_NONE:
            return True
        link = link.next
    return False


cdef void switch_slots(Router *router, Layer *layer, uint64_t now_ns) noexcept nogil:
    """Switches the slots that waited for what this flow has gathered."""
    cdef Source *source = layer.source
    cdef Packet *first = layer.pending_first
    cdef SlotLink *link = source.showing
    cdef SlotLink *following
    cdef Slot *slot
    # A stream that began anew under another SSRC: who showed the old one waits for a key frame of the new one.
    while link != NULL:
        slot = link.slot
        if slot.current_layer == layer.index and slot.rewriter.stream != layer.number and slot.waiting.place == NULL:
            slot.wanted_layer = layer.index
            enter(&slot.waiting, &source.waiting)
            if source.setup.video:
                keyframes_want(&source.keyframes, now_ns)
                source_attend(router, source, now_ns)
        link = link.next
    while first != NULL and (first.late or first.payload_size == 0 or (source.setup.video and not first.key_frame)):
        first = first.next
    if first == NULL:
        return
    link = source.waiting
    while link != NULL:
        following = link.next
        if link.slot.wanted_layer == layer.index:
            show(router, link.slot, layer, first)
        link = following
    if source.setup.video and not someone_waits(source):
        keyframes_satisfied(&source.keyframes)


# -- flows ---------------------------------------------------------------------------------------------------------

cdef void unhold(Router *router, Layer *layer) noexcept nogil:
    if not layer.held:
        return
    if layer.queue_prev != NULL:
        layer.queue_prev.queue_next = layer.queue_next
    else:
        router.held_first = layer.queue_next
    if layer.queue_next != NULL:
        layer.queue_next.queue_prev = layer.queue_prev
    else:
        router.held_last = layer.queue_prev
    layer.queue_prev = layer.queue_next = NULL
    layer.held = False


cdef void hold(Router *router, Layer *layer, uint64_t now_ns) noexcept nogil:
    layer.held = True
    layer.held_until_ns = now_ns + HOLD_NS
    layer.queue_prev = router.held_last
    layer.queue_next = NULL
    if router.held_last != NULL:
        router.held_last.queue_next = layer
    else:
        router.held_first = layer
    router.held_last = layer


cdef void make_ready(Router *router, Layer *layer) noexcept nogil:
    unhold(router, layer)
    layer.ready = True
    layer.queue_next = NULL
    if router.ready_last != NULL:
        router.ready_last.queue_next = layer
    else:
        router.ready_first = layer
    router.ready_last = layer


cdef void flow_forget(Router *router, Layer *layer) noexcept nogil:
    cdef Layer **link = &router.ready_first
    cdef Layer *before = NULL
    unhold(router, layer)
    if layer.ready:
        while link[0] != layer:
            before = link[0]
            link = &before.queue_next
        link[0] = layer.queue_next
        if router.ready_last == layer:
            router.ready_last = before
        layer.ready = False
    if router.sending == layer:
        router.sending = NULL
        router.cursor = NULL
    packets_let_go(layer.pending_first, &router.packets)
    layer.pending_first = layer.pending_last = NULL
    layer.pending_count = 0


cdef void flow_take(Router *router, const Received *received, uint64_t now_ns) noexcept nogil:
    cdef Layer *layer = received.layer
    cdef Packet *packet = received.packet
    packet.next = NULL
    packet.pending = True
    if layer.pending_last != NULL:
        layer.pending_last.next = packet
    else:
        layer.pending_first = packet
    layer.pending_last = packet
    layer.pending_count += 1
    layer.pending_largest = max(layer.pending_largest, packet.payload_size)
    if layer.ready:
        router.urgent = router.urgent or layer.pending_count >= PENDING_MAX
    elif packet.marker or not layer.source.setup.video or layer.pending_count >= PENDING_MAX:
        make_ready(router, layer)
        router.urgent = router.urgent or layer.pending_count >= PENDING_MAX
    elif not layer.held:
        hold(router, layer, now_ns)


cdef void flow_release_due(Router *router, uint64_t now_ns) noexcept nogil:
    while router.held_first != NULL and router.held_first.held_until_ns <= now_ns:
        make_ready(router, router.held_first)


cdef bint transmit(Router *router, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef Layer *layer
    cdef Slot *slot
    cdef uint64_t sent
    while True:
        if router.sending == NULL:
            layer = router.ready_first
            if layer == NULL:
                router.urgent = False
                return False
            router.ready_first = layer.queue_next
            if router.ready_first == NULL:
                router.ready_last = NULL
            layer.queue_next = NULL
            layer.ready = False
            router.sending = layer
            switch_slots(router, layer, now_ns)
            router.cursor = layer.source.showing
        layer = router.sending
        while router.cursor != NULL:
            forward_expect(router.cursor.next)
            slot = router.cursor.slot
            if slot.current_layer == layer.index and slot.rewriter.stream == layer.number and leg_can_send(slot.leg):
                if not outbox_has_room(outbox, layer.pending_count, DATAGRAM_MAX):
                    return True
                sent = slot.leg.counters.packets_sent
                forward_pending(slot, layer, now_ns, outbox, &router.sealing)
                router.counters.packets_forwarded += slot.leg.counters.packets_sent - sent
            router.cursor = router.cursor.next
        packets_let_go(layer.pending_first, &router.packets)
        layer.pending_first = layer.pending_last = NULL
        layer.pending_count = layer.pending_largest = 0
        router.sending = NULL


cdef bint flow_transmit(Router *router, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef bint more = transmit(router, now_ns, outbox)
    sealing_finish(&router.sealing)
    router.counters.dropped[<int>NO_KEY] += router.sealing.failed
    router.sealing.failed = 0
    return more
