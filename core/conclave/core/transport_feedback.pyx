"""See transport_feedback.pxd."""
from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t
from conclave.core.rtcp cimport RTCP_RTPFB, RtcpPacket, rtcp_next
from conclave.core.status cimport MALFORMED, OK, Status, TOO_LARGE, TRUNCATED, UNSUPPORTED
from conclave.core.wire cimport read_u16, read_u24

from conclave.core.errors import raise_status

__all__ = ["read_arrivals"]

cdef enum:
    HEAD_SIZE = 16                 # both SSRCs, base, count, reference time, feedback count
    VECTOR_BIT = 0x8000            # section 3.1.4; without it a run (section 3.1.3)
    LONG_SYMBOLS_BIT = 0x4000
    RUN_MASK = 0x1FFF
    REST_MAX = 3                   # some senders fill the last word with zeros and do not call it padding


cdef Status read_symbols(uint8_t *symbols, size_t count, const RtcpPacket *packet, size_t *offset) noexcept nogil:
    """Reads the status chunks, one symbol a packet."""
    cdef size_t read = 0, run
    cdef uint16_t chunk
    cdef int shift, bits
    while read < count:
        if packet.body_size - offset[0] < 2:
            return TRUNCATED
        chunk = read_u16(packet.body + offset[0])
        offset[0] += 2
        if not chunk & VECTOR_BIT:
            run = chunk & RUN_MASK
            if run == 0 or run > count - read or chunk >> 13 > LARGE:
                return MALFORMED
            while run:
                symbols[read] = <uint8_t>(chunk >> 13)
                read += 1
                run -= 1
            continue
        bits = 2 if chunk & LONG_SYMBOLS_BIT else 1
        shift = 14 - bits
        while shift >= 0 and read < count:
            symbols[read] = <uint8_t>((chunk >> shift) & (3 if bits == 2 else 1))
            if symbols[read] > LARGE:
                return MALFORMED
            read += 1
            shift -= bits
    return OK


cdef Status transport_feedback_read(TransportFeedback *out, const RtcpPacket *packet) noexcept nogil:
    cdef uint8_t symbols[FEEDBACK_PACKETS_MAX]
    cdef size_t offset = HEAD_SIZE, i
    cdef int32_t ticks = 0
    cdef Status status
    if packet.packet_type != RTCP_RTPFB or packet.count != FORMAT_TRANSPORT:
        return UNSUPPORTED
    if packet.body_size < HEAD_SIZE:
        return TRUNCATED
    out.base = read_u16(packet.body + 8)
    out.count = read_u16(packet.body + 10)
    out.reference = <int32_t>read_u24(packet.body + 12)
    if out.reference >= 0x800000:
        out.reference -= 0x1000000
    if out.count == 0:
        return MALFORMED
    if out.count > FEEDBACK_PACKETS_MAX:
        return TOO_LARGE
    status = read_symbols(symbols, out.count, packet, &offset)
    if status != OK:
        return status
    for i in range(out.count):
        out.ticks[i] = NOT_ARRIVED
        if symbols[i] == ABSENT:
            continue
        # Section 3.1.5: one unsigned byte, or two signed ones.
        if packet.body_size - offset < symbols[i]:
            return TRUNCATED
        ticks += packet.body[offset] if symbols[i] == SMALL else <int32_t><int16_t>read_u16(packet.body + offset)
        offset += symbols[i]
        out.ticks[i] = ticks
    return OK if packet.body_size - offset <= REST_MAX else MALFORMED


def read_arrivals(bytes compound not None):
    """What the first packet of a decrypted compound tells: (feedback count, {number: microseconds, None for not arrived}).

    Raises the error of the Status that is not OK.
    """
    cdef RtcpPacket packet
    cdef TransportFeedback feedback
    cdef size_t offset = 0, i
    cdef Status status = rtcp_next(&packet, compound, len(compound), &offset)
    if status == OK:
        status = transport_feedback_read(&feedback, &packet)
    if status != OK:
        raise_status(status)
    arrivals = {}
    for i in range(feedback.count):
        arrivals[(feedback.base + i) & 0xFFFF] = (
            None if feedback.ticks[i] == NOT_ARRIVED else feedback.reference * 64_000 + feedback.ticks[i] * FEEDBACK_TICK_US
        )
    return packet.body[15], arrivals
