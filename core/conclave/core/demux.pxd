"""Tells the protocols on one port apart by the first byte (RFC 7983) (L1)."""
from libc.stdint cimport uint8_t

cpdef enum Protocol:
    PROTOCOL_UNKNOWN = 0
    PROTOCOL_STUN = 1
    PROTOCOL_DTLS = 2
    PROTOCOL_RTP = 3
    PROTOCOL_RTCP = 4              # payload types 192 to 223 (RFC 5761 section 4)

cdef Protocol demux(const uint8_t *data, size_t size) noexcept nogil
