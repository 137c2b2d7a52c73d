"""See receive.pxd."""
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy
from conclave.core.address cimport Address
from conclave.core.addresses cimport address_give, address_owner, address_take
from conclave.core.attention cimport source_attend
from conclave.core.demux cimport (PROTOCOL_DTLS, PROTOCOL_RTCP, PROTOCOL_RTP, PROTOCOL_STUN, Protocol, demux)
from conclave.core.flows cimport flow_take, slot_choose
from conclave.core.ice cimport ICE_REPLY_MAX, IceOutcome, ice_knows, ice_receive, ice_uses
from conclave.core.leg cimport Layer, Leg, Received, SlotLink, Source, leg_receive
from conclave.core.outbox cimport Outbox, outbox_commit, outbox_reserve
from conclave.core.packet cimport history_drop_oldest
from conclave.core.receive_rtcp cimport receive_rtcp
from conclave.core.ring cimport ring_publish, ring_reserve
from conclave.core.rooms cimport room_assign_audio
from conclave.core.router cimport DTLS_DATAGRAM_MAX, DtlsDatagram, Router
from conclave.core.speakers cimport speaker_heard
from conclave.core.status cimport NO_SPACE, OK, Status, TOO_LARGE, UNKNOWN_SENDER, UNKNOWN_USER, UNSUPPORTED
from conclave.core.stun cimport StunMessage, stun_parse
from conclave.core.table cimport table_get, table_key
from conclave.core.telling cimport tell_connected

cdef uint64_t EARLY_REPORT_NS = 200_000_000
cdef uint64_t OWNED_NS = 5_000_000_000
cdef size_t RECLAIMED = 16


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
    owner = address_owner(router, source)
    if (owner != NULL and owner != leg and ice_uses(&owner.ice, source)
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
        address_take(router, leg, &outcome.displaced_address)
    if (owner != leg and ice_knows(&leg.ice, source)
            and not address_give(router, leg, source)):
        return NO_SPACE
    if outcome.reply_size:
        outbox_commit(outbox, source, outcome.reply_size)
    if outcome.connected:
        tell_connected(router, leg)
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


cdef Status receive_rtp(Router *router, Leg *leg, const Address *address, const uint8_t *data, size_t size,
                        uint64_t now_ns) noexcept nogil:
    cdef Received received
    cdef Source *source
    cdef SlotLink *link
    cdef SlotLink *following
    cdef Status status
    if not router.packets.available:
        reclaim(router)
    status = leg_receive(leg, &router.packets, &router.next_stream_number, address, data, size, now_ns, &received)
    if status != OK:
        return status
    source = received.layer.source
    if received.awakened:
        link = source.showing
        while link != NULL:
            slot_choose(router, link.slot, now_ns)
            link = link.next
        link = source.waiting
        while link != NULL:
            following = link.next
            slot_choose(router, link.slot, now_ns)
            link = following
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


cdef void receive_datagram(Router *router, const Address *source, const uint8_t *data, size_t size, uint64_t now_ns,
                           Outbox *outbox) noexcept nogil:
    cdef Protocol protocol = demux(data, size)
    cdef Leg *leg
    cdef Status status
    router.counters.packets_received += 1
    router.counters.bytes_received += size
    if protocol == PROTOCOL_STUN:
        status = receive_stun(router, source, data, size, now_ns, outbox)
        if status != OK:
            router.counters.dropped[<int>status] += 1
        return
    leg = address_owner(router, source)
    if leg == NULL:
        router.counters.dropped[<int>UNKNOWN_SENDER] += 1
        return
    if protocol == PROTOCOL_RTP:
        status = receive_rtp(router, leg, source, data, size, now_ns)
    elif protocol == PROTOCOL_RTCP:
        status = receive_rtcp(router, leg, source, data, size, now_ns, outbox)
    elif protocol == PROTOCOL_DTLS:
        status = receive_dtls(router, leg, data, size)
    else:
        status = UNSUPPORTED
    if status != OK:
        leg.counters.dropped[<int>status] += 1
        router.counters.dropped[<int>status] += 1
