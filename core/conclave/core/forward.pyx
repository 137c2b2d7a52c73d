"""See forward.pxd."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset
from conclave.core.address cimport Address
from conclave.core.crypto cimport CipherKey
from conclave.core.descriptor cimport VIDEO_H264, VIDEO_VP9
from conclave.core.ice cimport ConsentState
from conclave.core.leg cimport Layer, Leg, PayloadTypes, Slot, SlotLink
from conclave.core.outbox cimport Outbox, outbox_commit, outbox_reserve
from conclave.core.packet cimport Packet
from conclave.core.prefetch cimport prefetch
from conclave.core.rewrite cimport Rewritten, rewriter_again, rewriter_map, rewriter_skip
from conclave.core.rtp cimport abs_send_time, rtp_write_header
from conclave.core.sealing cimport Sealing
from conclave.core.sent cimport HEADS_SIZE, sent_note
from conclave.core.srtp cimport srtp_protect, srtp_protect_together
from conclave.core.srtp_context cimport SrtpContext
from conclave.core.status cimport NO_SPACE, OK, Status, UNSUPPORTED
from conclave.core.vp8 cimport vp8_rewrite
from conclave.core.vp9 cimport vp9_rewrite
from conclave.core.wire cimport write_u16, write_u24

cdef enum:
    EXTENSION_SIZE = 4             # an id and length, and up to three bytes: a whole word
    KEYS_BEHIND = 128              # bytes of an SrtpContext behind its keys: cipher and salts
    LEG_SENDING = 64               # bytes of a Leg from its keys on: its extensions
    PROBE_PADDING = 255            # as much as its last byte counts (RFC 3550 section 5.1)


cdef inline bint is_numbered(const Slot *slot) noexcept nogil:
    """Whether its packets bear a number across the transport."""
    return slot.setup.transport_cc and slot.leg.transport_cc_id != 0


cdef inline size_t extensions_size(const Slot *slot) noexcept nogil:
    return EXTENSION_SIZE if is_numbered(slot) or slot.leg.abs_send_time_id else 0


cdef size_t forward_header_size(const Slot *slot) noexcept nogil:
    # RFC 3550 section 5.1, and the word that says how long the extensions are (RFC 8285 section 4.2).
    cdef size_t size = extensions_size(slot)
    return 12 + 4 + size if size else 12


cdef size_t write_header(const Slot *slot, uint8_t *header, uint8_t payload_type, bint marker, bint padding,
                         uint64_t index, uint32_t rtp_timestamp, uint32_t ssrc, uint64_t now_ns) noexcept nogil:
    """The subscriber's own extensions, never the publisher's: one of a word, so that groups stay even."""
    cdef Leg *leg = slot.leg
    cdef size_t extension_size = extensions_size(slot)
    cdef size_t size = rtp_write_header(header, payload_type, marker, padding, <uint16_t>index, rtp_timestamp, ssrc,
                                        extension_size)
    # RFC 8285 section 4.2: four bits of id, four of length minus one.
    if is_numbered(slot):
        # Who tells of every packet's arrival has no use for the time that it was sent at.
        header[size] = (leg.transport_cc_id << 4) | 1
        write_u16(header + size + 1, leg.sent.next)
        header[size + 3] = 0
    elif leg.abs_send_time_id:
        header[size] = (leg.abs_send_time_id << 4) | 2
        write_u24(header + size + 1, abs_send_time(now_ns))
    return size + extension_size


cdef inline void dispatch(const Slot *slot, size_t protected_size, uint8_t cluster, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    """Sends what was written at the reserved place, and uses its transport-wide number up. cluster: of a probe; 0 for none."""
    cdef Leg *leg = slot.leg
    outbox_commit(outbox, &leg.ice.selected, protected_size)
    if is_numbered(slot):
        sent_note(&leg.sent, protected_size, cluster, now_ns)
    leg.counters.packets_sent += 1


cdef inline const PayloadTypes *payload_types(const Slot *slot, const Packet *packet) noexcept nogil:
    """Of the packet's codec on the slot's transport; what has no descriptor counts as VP8."""
    return &slot.setup.codecs[<int>packet.descriptor.codec]


cdef inline bint is_shown(const Slot *slot, const Packet *packet) noexcept nogil:
    """Whether the slot's receiver knows the packet's codec."""
    return payload_types(slot, packet).media != 0


cdef inline size_t write_numbers(uint8_t *out, const uint8_t *payload, const Packet *packet,
                                 const Rewritten *numbers) noexcept nogil:
    """Writes the part of the payload descriptor that has the slot's numbers, and returns its bytes."""
    if packet.descriptor.codec == VIDEO_H264:
        return 0
    if packet.descriptor.codec == VIDEO_VP9:
        return vp9_rewrite(out, payload, &packet.descriptor, numbers.picture_id, numbers.tl0_picture_index)
    return vp8_rewrite(out, payload, &packet.descriptor, numbers.picture_id, numbers.tl0_picture_index, numbers.key_index)


cdef inline void patch_descriptor(const Slot *slot, Packet *packet, const Rewritten *numbers) noexcept nogil:
    """Writes the slot's numbers over the packet's own, which packet.descriptor keeps."""
    if slot.setup.video and packet.payload_size and packet.descriptor.picture_id_size != 1:
        write_numbers(packet.data + packet.header_size, packet.data + packet.header_size, packet, numbers)


cdef Status send_packet(Slot *slot, Packet *packet, const Rewritten *numbers, size_t padding, uint64_t now_ns,
                        Outbox *outbox, Sealing *sealing) noexcept nogil:
    cdef uint8_t grown[1600]
    cdef uint8_t *payload = packet.data + packet.header_size
    cdef uint8_t *place = outbox_reserve(outbox, DATAGRAM_MAX)
    cdef size_t payload_size = packet.payload_size
    cdef size_t numbers_size, header_size, protected_size
    cdef uint8_t payload_type = payload_types(slot, packet).media
    cdef Status status
    if place == NULL:
        return NO_SPACE
    if slot.setup.video and packet.descriptor.picture_id_size == 1:
        # A 7-bit picture id becomes 15 bits: the payload moves by a byte.
        numbers_size = write_numbers(grown, payload, packet, numbers)
        memcpy(grown + numbers_size, payload + packet.descriptor.numbers_size, payload_size - packet.descriptor.numbers_size)
        payload_size += numbers_size - packet.descriptor.numbers_size
        payload = grown
    else:
        patch_descriptor(slot, packet, numbers)
    if padding:
        # RFC 3550 section 5.1: the last byte counts the padding. The packet's buffer has room behind its payload.
        memset(payload + payload_size, 0, padding - 1)
        payload[payload_size + padding - 1] = <uint8_t>padding
    header_size = write_header(slot, place, payload_type, numbers.marker, padding != 0, numbers.index,
                               numbers.rtp_timestamp, slot.setup.ssrc, now_ns)
    status = srtp_protect_together(slot.leg.send, &slot.media, numbers.index, place, header_size, payload,
                                   payload_size + padding, place, &protected_size, sealing)
    if status != OK:
        return status
    dispatch(slot, protected_size, 0, now_ns, outbox)
    slot.packet_count += 1
    slot.octet_count += payload_size
    slot.counters.frames += numbers.marker
    slot.last_timestamp = numbers.rtp_timestamp
    slot.last_arrival_ns = packet.arrival_ns
    return OK


cdef Status send_rtx(Slot *slot, Packet *packet, const Rewritten *numbers, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef uint8_t header[64]
    cdef uint8_t payload[1600]
    cdef uint8_t *original = packet.data + packet.header_size
    cdef uint8_t *place
    cdef size_t size = 2
    cdef size_t header_size, protected_size, skip = 0
    cdef uint8_t payload_type = payload_types(slot, packet).rtx
    cdef Status status
    if not payload_type:
        return UNSUPPORTED
    payload[0] = <uint8_t>(numbers.index >> 8)
    payload[1] = <uint8_t>numbers.index
    if slot.setup.video and packet.payload_size:
        size += write_numbers(payload + 2, original, packet, numbers)
        skip = packet.descriptor.numbers_size
    memcpy(payload + size, original + skip, packet.payload_size - skip)
    size += packet.payload_size - skip
    header_size = write_header(slot, header, payload_type, numbers.marker, False, slot.next_rtx_index,
                               numbers.rtp_timestamp, slot.setup.rtx_ssrc, now_ns)
    place = outbox_reserve(outbox, DATAGRAM_MAX)
    if place == NULL:
        return NO_SPACE
    status = srtp_protect(slot.leg.send, &slot.rtx, slot.next_rtx_index, header, header_size, payload, size, place,
                          &protected_size)
    if status != OK:
        return status
    slot.next_rtx_index += 1
    dispatch(slot, protected_size, 0, now_ns, outbox)
    slot.leg.counters.retransmissions_sent += 1
    slot.counters.retransmitted_packets += 1
    slot.counters.retransmitted_bytes += packet.payload_size
    return OK


cdef void forward_expect(const SlotLink *following) noexcept nogil:
    cdef const SrtpContext *keys
    # Three slots at once, each a step further: a pointer is read only after what it lies in was fetched.
    if following == NULL:
        return
    keys = following.slot.leg.send
    if keys != NULL:
        prefetch(&keys.rtp, sizeof(CipherKey))
        prefetch(&keys.cipher, KEYS_BEHIND)
    following = following.next
    if following == NULL:
        return
    prefetch(&following.slot.leg.ice.selected, sizeof(Address))
    prefetch(&following.slot.leg.ice.state, sizeof(ConsentState))
    prefetch(&following.slot.leg.send, LEG_SENDING)
    prefetch(&following.slot.leg.counters, sizeof(uint64_t))
    following = following.next
    if following == NULL:
        return
    prefetch(following.slot, sizeof(Slot))


cdef void forward_pending(Slot *slot, Layer *layer, uint64_t now_ns, Outbox *outbox, Sealing *sealing) noexcept nogil:
    cdef Packet *packet = layer.pending_first
    cdef Rewritten numbers
    cdef size_t padding
    cdef Status status
    while packet != NULL:
        if is_shown(slot, packet):
            status = rewriter_map(&slot.rewriter, packet, &numbers)
        else:
            # What follows in a codec that is shown goes on without a gap.
            rewriter_skip(&slot.rewriter, packet)
            status = UNSUPPORTED
        if status == OK and numbers.late:
            # Its index lies below what went out: only RTX may carry it (the nonce guard would refuse it).
            status = send_rtx(slot, packet, &numbers, now_ns, outbox)
        elif status == OK:
            padding = layer.pending_largest - packet.payload_size
            status = send_packet(slot, packet, &numbers, padding if padding <= PADDING_MAX and slot.setup.video else 0, now_ns, outbox,
                                 sealing)
        if status != OK:
            slot.leg.counters.dropped[<int>status] += 1
        packet = packet.next


cdef Status forward_again(Slot *slot, uint32_t stream, Packet *packet, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef Rewritten numbers
    cdef Status status
    if not is_shown(slot, packet):
        return UNSUPPORTED
    status = rewriter_again(&slot.rewriter, stream, packet, &numbers)
    if status != OK:
        return status
    return send_rtx(slot, packet, &numbers, now_ns, outbox)


cdef size_t forward_padding(Slot *slot, uint8_t cluster, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef uint8_t header[64]
    cdef uint8_t padding[PROBE_PADDING]
    cdef uint8_t *place = outbox_reserve(outbox, DATAGRAM_MAX)
    cdef size_t header_size, protected_size
    if place == NULL:
        return 0
    memset(padding, 0, PROBE_PADDING - 1)
    padding[PROBE_PADDING - 1] = PROBE_PADDING
    header_size = write_header(slot, header, slot.setup.codecs[0].rtx, False, True, slot.next_rtx_index,
                               slot.last_timestamp, slot.setup.rtx_ssrc, now_ns)
    if srtp_protect(slot.leg.send, &slot.rtx, slot.next_rtx_index, header, header_size, padding, PROBE_PADDING, place,
                    &protected_size) != OK:
        return 0
    slot.next_rtx_index += 1
    dispatch(slot, protected_size, cluster, now_ns, outbox)
    return protected_size + HEADS_SIZE
