"""See congestion.pxd."""
from libc.stdint cimport uint8_t, uint64_t
from conclave.core.allocate cimport DEMANDS_MAX, Demand, allocate, lowest_sent
from conclave.core.bwe cimport UNBOUNDED, bwe_estimate, bwe_probes, bwe_told
from conclave.core.flows cimport slot_choose
from conclave.core.forward cimport DATAGRAM_MAX, forward_padding
from conclave.core.layers cimport LAYER_NONE, LAYERS_MAX, layer_sends
from conclave.core.leg cimport Layer, Leg, Slot, Source, leg_can_send
from conclave.core.outbox cimport Outbox, outbox_has_room
from conclave.core.probing cimport probe_due, probe_sends, probe_sent
from conclave.core.router cimport Router
from conclave.core.rtcp cimport RtcpPacket
from conclave.core.status cimport OK, Status
from conclave.core.transport_feedback cimport TransportFeedback, transport_feedback_read

cdef uint64_t PROBE_STEP_NS = 5_000_000
cdef uint64_t HELD_NS = 2_000_000_000          # how long there must be room for more
cdef uint64_t NEXT_NS = 400_000_000            # from one larger picture to the next: one key frame at a time
cdef uint64_t RATE_NS = 500_000_000
cdef double HEADROOM = 1.2                     # before a picture becomes larger
cdef double USED = 0.95                        # of the estimate: repairs and reports need some
cdef double AUDIO_BITRATE = 45_000.0           # of one voice, heads included
# What the layers of our clients take until they are measured.
cdef double[LAYERS_MAX] EXPECTED = [150_000.0, 500_000.0, 1_600_000.0]


cdef Status congestion_told(Leg *leg, const RtcpPacket *packet, uint64_t now_ns) noexcept nogil:
    cdef TransportFeedback feedback
    cdef Status status = transport_feedback_read(&feedback, packet)
    if status == OK and leg.transport_cc_id:
        bwe_told(&leg.bandwidth, &leg.sent, &feedback, leg.rtt_ns, now_ns)
    return status


# -- dividing ------------------------------------------------------------------------------------------------------

cdef void measure(Layer *layer, uint64_t now_ns) noexcept nogil:
    """What a layer takes, over half a second; a fall is followed slowly, since the next key frame is large again."""
    cdef uint64_t octets = layer.counters.payload_bytes + layer.counters.header_bytes
    cdef uint64_t elapsed_ns = now_ns - layer.measured_ns
    cdef double sample
    if layer.measured_ns == 0 or octets < layer.measured_octets:
        layer.measured_ns = now_ns
        layer.measured_octets = octets
        layer.bitrate = 0
    elif elapsed_ns >= RATE_NS:
        sample = (octets - layer.measured_octets) * 8e9 / elapsed_ns
        layer.bitrate = sample if sample > layer.bitrate else 0.8 * layer.bitrate + 0.2 * sample
        layer.measured_ns = now_ns
        layer.measured_octets = octets


cdef bint matters_more(const Slot *first, const Slot *second) noexcept nogil:
    """What has one layer only, as a shared screen, cannot be made smaller; then what is shown larger."""
    cdef bint first_whole = first.wanted.setup.layer_count == 1
    cdef bint second_whole = second.wanted.setup.layer_count == 1
    if first_whole != second_whole:
        return first_whole
    return first.max_layer > second.max_layer


cdef size_t collect(Leg *leg, Slot **slots, double *audio) noexcept nogil:
    """The leg's pictures, most important first, and what its voices take."""
    cdef size_t count = 0, place
    cdef Slot *slot
    cdef int i
    audio[0] = 0
    for i in range(leg.slot_count):
        slot = leg.slots[i]
        if slot.wanted == NULL:
            continue
        if not slot.setup.video:
            audio[0] += AUDIO_BITRATE
            continue
        place = count
        while place > 0 and matters_more(slot, slots[place - 1]):
            slots[place] = slots[place - 1]
            place -= 1
        slots[place] = slot
        count += 1
    return count


cdef void describe(Demand *demand, const Slot *slot, uint64_t now_ns) noexcept nogil:
    cdef Source *source = slot.wanted
    cdef double bitrate
    cdef int i
    demand.layer_count = source.setup.layer_count
    demand.max_layer = slot.max_layer
    for i in range(source.setup.layer_count):
        bitrate = source.layers[i].bitrate
        demand.sent[i] = layer_sends(&source.activity[i], now_ns)
        demand.bitrates[i] = bitrate if demand.sent[i] and bitrate > 0 else EXPECTED[i]


cdef bint is_more(uint8_t layer, uint8_t than) noexcept nogil:
    return layer != LAYER_NONE and (than == LAYER_NONE or layer > than)


cdef void hold_to(Router *router, Slot *slot, uint8_t layer, uint64_t now_ns) noexcept nogil:
    if slot.allowed_layer != layer or slot.undivided:
        slot.allowed_layer = layer
        slot_choose(router, slot, now_ns)


cdef double divide(Router *router, Leg *leg, uint64_t now_ns) noexcept nogil:
    """Gives each picture its layer: less at once, more when there has been room for it. Returns what all would take."""
    cdef Slot *slots[DEMANDS_MAX]
    cdef Demand fitting[DEMANDS_MAX]
    cdef Demand roomy[DEMANDS_MAX]
    cdef double audio, wanted, estimate = bwe_estimate(&leg.bandwidth)
    cdef size_t count = collect(leg, slots, &audio), i
    cdef bint waits = False
    if estimate >= UNBOUNDED:
        for i in range(count):
            hold_to(router, slots[i], LAYERS_MAX - 1, now_ns)
            slots[i].undivided = False
        return 0
    for i in range(count):
        describe(&fitting[i], slots[i], now_ns)
        roomy[i] = fitting[i]
    wanted = allocate(fitting, count, UNBOUNDED) + audio
    allocate(fitting, count, USED * estimate - audio)
    allocate(roomy, count, USED * estimate / HEADROOM - audio)
    for i in range(count):
        if slots[i].undivided:
            # A camera that is off has no layer yet: what it gets is found when it sends.
            hold_to(router, slots[i], fitting[i].layer, now_ns)
            slots[i].undivided = lowest_sent(&fitting[i]) == LAYER_NONE
        elif is_more(slots[i].allowed_layer, fitting[i].layer):
            hold_to(router, slots[i], fitting[i].layer, now_ns)
        elif is_more(roomy[i].layer, slots[i].allowed_layer) and not waits:
            waits = True
            if leg.roomy_since_ns == 0:
                leg.roomy_since_ns = now_ns
            elif now_ns - leg.roomy_since_ns >= HELD_NS:
                leg.roomy_since_ns = now_ns - HELD_NS + NEXT_NS
                hold_to(router, slots[i], roomy[i].layer, now_ns)
    if not waits:
        leg.roomy_since_ns = 0
    return wanted / USED


cdef void congestion_wished(Router *router, Leg *leg, uint64_t now_ns) noexcept nogil:
    divide(router, leg, now_ns)


cdef void congestion_tick(Router *router, Leg *leg, uint64_t now_ns) noexcept nogil:
    cdef double wanted
    cdef int i, j
    for i in range(leg.source_count):
        for j in range(leg.sources[i].setup.layer_count):
            measure(leg.sources[i].layers[j], now_ns)
    wanted = divide(router, leg, now_ns)
    if bwe_probes(&leg.bandwidth, wanted, now_ns) and not leg.probing:
        leg.probing = True
        leg.probing_next = router.probing
        router.probing = leg
        router.next_probe_ns = now_ns


# -- probing -------------------------------------------------------------------------------------------------------

cdef Slot *padded_slot(Leg *leg) noexcept nogil:
    """The first slot whose RTX stream can carry padding; NULL when there is none."""
    cdef int i
    for i in range(leg.slot_count):
        if leg.slots[i].setup.transport_cc and leg.slots[i].setup.codecs[0].rtx and leg.slots[i].packet_count:
            return leg.slots[i]
    return NULL


cdef bint send_probe(Leg *leg, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    """Sends what is due; false when nothing is to follow."""
    cdef Slot *slot = padded_slot(leg)
    cdef size_t due = probe_due(&leg.bandwidth.probe, now_ns), size
    if slot == NULL or not leg_can_send(leg):
        leg.bandwidth.probe.cluster = 0
        return False
    while due > 0 and outbox_has_room(outbox, 1, DATAGRAM_MAX):
        size = forward_padding(slot, leg.bandwidth.probe.cluster, now_ns, outbox)
        if size == 0:
            leg.bandwidth.probe.cluster = 0
            return False
        probe_sent(&leg.bandwidth.probe, size)
        due -= min(due, size)
    return probe_sends(&leg.bandwidth.probe)


cdef void congestion_poll(Router *router, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef Leg **link = &router.probing
    if router.probing == NULL or now_ns < router.next_probe_ns:
        return
    router.next_probe_ns = now_ns + PROBE_STEP_NS
    while link[0] != NULL:
        if send_probe(link[0], now_ns, outbox):
            link = &link[0].probing_next
        else:
            link[0].probing = False
            link[0] = link[0].probing_next


cdef void congestion_forget(Router *router, Leg *leg) noexcept nogil:
    cdef Leg **link = &router.probing
    if not leg.probing:
        return
    while link[0] != leg:
        link = &link[0].probing_next
    link[0] = leg.probing_next
    leg.probing = False
