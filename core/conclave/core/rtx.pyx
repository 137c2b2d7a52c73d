"""Retransmission payloads (RFC 4588) (L3)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memmove

from conclave.core.status cimport Status, OK, TRUNCATED, INACTIVE

__all__ = ["unwrap", "write_osn"]

cdef enum:
    OSN_SIZE = 2
    FIXED_HEADER_SIZE = 12
    PADDING_BIT = 0x20
    MARKER_BIT = 0x80


cdef Status rtx_read_osn(uint16_t *osn, const uint8_t *payload, size_t size) noexcept nogil:
    if size < OSN_SIZE:
        return TRUNCATED
    osn[0] = <uint16_t>((payload[0] << 8) | payload[1])
    return OK


cdef void rtx_write_osn(uint8_t *payload, uint16_t osn) noexcept nogil:
    payload[0] = <uint8_t>(osn >> 8)
    payload[1] = <uint8_t>(osn & 0xFF)


cdef Status rtx_unwrap(uint8_t *packet, size_t *size, size_t header_size, uint8_t payload_type, unsigned int ssrc) noexcept nogil:
    cdef uint16_t osn
    cdef uint32_t original_ssrc = ssrc
    if header_size < FIXED_HEADER_SIZE or size[0] < header_size:
        return TRUNCATED
    if size[0] == header_size:
        return INACTIVE
    if rtx_read_osn(&osn, packet + header_size, size[0] - header_size) != OK:
        return TRUNCATED
    packet[0] &= <uint8_t>(0xFF ^ PADDING_BIT)
    packet[1] = <uint8_t>((packet[1] & MARKER_BIT) | (payload_type & 0x7F))
    packet[2] = <uint8_t>(osn >> 8)
    packet[3] = <uint8_t>(osn & 0xFF)
    packet[8] = <uint8_t>(original_ssrc >> 24)
    packet[9] = <uint8_t>((original_ssrc >> 16) & 0xFF)
    packet[10] = <uint8_t>((original_ssrc >> 8) & 0xFF)
    packet[11] = <uint8_t>(original_ssrc & 0xFF)
    size[0] -= OSN_SIZE
    memmove(packet + header_size, packet + header_size + OSN_SIZE, size[0] - header_size)
    return OK


def write_osn(uint16_t osn) -> bytes:
    cdef uint8_t payload[OSN_SIZE]
    rtx_write_osn(payload, osn)
    return <bytes>payload[:OSN_SIZE]


def unwrap(bytes packet, size_t header_size, uint8_t payload_type, unsigned int ssrc):
    cdef bytearray original = bytearray(packet)
    cdef size_t size = len(original)
    cdef Status status = rtx_unwrap(original, &size, header_size, payload_type, ssrc)
    return <int>status, (bytes(original[:size]) if status == OK else None)
