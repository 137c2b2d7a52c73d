"""See forward.pxd."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset
from conclave.core.leg cimport Layer, Leg, Slot
from conclave.core.outbox cimport Outbox, outbox_commit, outbox_reserve
from conclave.core.packet cimport Packet
from conclave.core.rewrite cimport Rewritten, rewriter_again, rewriter_map
from conclave.core.rtp cimport abs_send_time, rtp_write_header
from conclave.core.srtp cimport srtp_protect
from conclave.core.status cimport NO_SPACE, OK, Status, UNSUPPORTED
from conclave.core.vp8 cimport vp8_rewrite

cdef size_t write_header(const Slot *slot, uint8_t *header, uint8_t payload_type, bint marker, bint padding,
                         uint64_t index, uint32_t rtp_timestamp, uint32_t ssrc, uint64_t now_ns) noexcept nogil:
    """The subscriber's own extensions, never the publisher's."""
    cdef Leg *leg = slot.leg
    cdef uint32_t sent
    cdef size_t size = rtp_write_header(header, payload_type, marker, padding, <uint16_t>index, rtp_timestamp, ssrc,
                                        leg.extension_size)
    if leg.abs_send_time_id:
        # RFC 8285 section 4.2: four bits of id, four of length minus one.
        sent = abs_send_time(now_ns)
        header[size] = (leg.abs_send_time_id << 4) | 2
        header[size + 1] = <uint8_t>(sent >> 16)
        header[size + 2] = <uint8_t>(sent >> 8)
        header[size + 3] = <uint8_t>sent
    return size + leg.extension_size


cdef inline void patch_descriptor(const Slot *slot, Packet *packet, const Rewritten *numbers) noexcept nogil:
    """Writes the slot's VP8 numbers over the packet's own, which packet.vp8 keeps."""
    if slot.setup.video and packet.payload_size and packet.vp8.picture_id_size != 1:
        vp8_rewrite(packet.data + packet.header_size, packet.data + packet.header_size, &packet.vp8, numbers.picture_id,
                    numbers.tl0_picture_index, numbers.key_index)


cdef Status send_packet(Slot *slot, Packet *packet, const Rewritten *numbers, size_t padding, uint64_t now_ns,
                        Outbox *outbox) noexcept nogil:
    cdef uint8_t header[64]
    cdef uint8_t grown[1600]
    cdef uint8_t *payload = packet.data + packet.header_size
    cdef uint8_t *place
    cdef size_t payload_size = packet.payload_size
    cdef size_t descriptor_size, header_size, protected_size
    cdef Status status
    if slot.setup.video and packet.vp8.picture_id_size == 1:
        # A 7-bit picture id becomes 15 bits: the payload moves by a byte.
        descriptor_size = vp8_rewrite(grown, payload, &packet.vp8, numbers.picture_id, numbers.tl0_picture_index,
                                      numbers.key_index)
        memcpy(grown + descriptor_size, payload + packet.vp8.size, payload_size - packet.vp8.size)
        payload_size += descriptor_size - packet.vp8.size
        payload = grown
    else:
        patch_descriptor(slot, packet, numbers)
    if padding:
        # RFC 3550 section 5.1: the last byte counts the padding. The packet's buffer has room behind its payload.
        memset(payload + payload_size, 0, padding - 1)
        payload[payload_size + padding - 1] = <uint8_t>padding
    header_size = write_header(slot, header, slot.setup.payload_type, numbers.marker, padding != 0, numbers.index,
                               numbers.rtp_timestamp, slot.setup.ssrc, now_ns)
    place = outbox_reserve(outbox, DATAGRAM_MAX)
    if place == NULL:
        return NO_SPACE
    status = srtp_protect(slot.leg.send, &slot.media, numbers.index, header, header_size, payload, payload_size + padding,
                          place, &protected_size)
    if status != OK:
        return status
    outbox_commit(outbox, &slot.leg.ice.selected, protected_size)
    slot.packet_count += 1
    slot.octet_count += <uint32_t>payload_size
    slot.last_timestamp = numbers.rtp_timestamp
    slot.last_arrival_ns = packet.arrival_ns
    slot.leg.counters.packets_sent += 1
    return OK


cdef Status send_rtx(Slot *slot, Packet *packet, const Rewritten *numbers, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef uint8_t header[64]
    cdef uint8_t payload[1600]
    cdef uint8_t *original = packet.data + packet.header_size
    cdef uint8_t *place
    cdef size_t size = 2
    cdef size_t header_size, protected_size, skip = 0
    cdef Status status
    if not slot.setup.rtx_payload_type:
        return UNSUPPORTED
    payload[0] = <uint8_t>(numbers.index >> 8)
    payload[1] = <uint8_t>numbers.index
    if slot.setup.video and packet.payload_size:
        size += vp8_rewrite(payload + 2, original, &packet.vp8, numbers.picture_id, numbers.tl0_picture_index,
                            numbers.key_index)
        skip = packet.vp8.size
    memcpy(payload + size, original + skip, packet.payload_size - skip)
    size += packet.payload_size - skip
    header_size = write_header(slot, header, slot.setup.rtx_payload_type, numbers.marker, False, slot.next_rtx_index,
                               numbers.rtp_timestamp, slot.setup.rtx_ssrc, now_ns)
    place = outbox_reserve(outbox, DATAGRAM_MAX)
    if place == NULL:
        return NO_SPACE
    status = srtp_protect(slot.leg.send, &slot.rtx, slot.next_rtx_index, header, header_size, payload, size, place,
                          &protected_size)
    if status != OK:
        return status
    slot.next_rtx_index += 1
    outbox_commit(outbox, &slot.leg.ice.selected, protected_size)
    slot.leg.counters.packets_sent += 1
    slot.leg.counters.retransmissions_sent += 1
    return OK


cdef void forward_pending(Slot *slot, Layer *layer, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef Packet *packet = layer.pending_first
    cdef Rewritten numbers
    cdef size_t padding
    cdef Status status
    while packet != NULL:
        status = rewriter_map(&slot.rewriter, packet, &numbers)
        if status == OK and numbers.late:
            # Its index lies below what went out: only RTX may carry it (the nonce guard would refuse it).
            status = send_rtx(slot, packet, &numbers, now_ns, outbox)
        elif status == OK:
            padding = layer.pending_largest - packet.payload_size
            status = send_packet(slot, packet, &numbers, padding if padding <= PADDING_MAX and slot.setup.video else 0, now_ns, outbox)
        if status != OK:
            slot.leg.counters.dropped[<int>status] += 1
        packet = packet.next


cdef Status forward_again(Slot *slot, uint32_t stream, Packet *packet, uint64_t now_ns, Outbox *outbox) noexcept nogil:
    cdef Rewritten numbers
    cdef Status status = rewriter_again(&slot.rewriter, stream, packet, &numbers)
    if status != OK:
        return status
    return send_rtx(slot, packet, &numbers, now_ns, outbox)
