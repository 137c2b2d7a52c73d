"""Tells the protocols on one port apart by the first byte (RFC 7983) (L1)."""
from libc.stdint cimport uint8_t

__all__ = ["Protocol", "protocol_of"]


cdef Protocol demux(const uint8_t *data, size_t size) noexcept nogil:
    """Protocol of a datagram by RFC 7983 section 7; RTCP by RFC 5761 section 4. Says nothing about its validity."""
    if size < 2:
        return PROTOCOL_UNKNOWN
    if data[0] <= 3:
        return PROTOCOL_STUN
    if 20 <= data[0] <= 63:
        return PROTOCOL_DTLS
    if 128 <= data[0] <= 191:
        return PROTOCOL_RTCP if 192 <= data[1] <= 223 else PROTOCOL_RTP
    return PROTOCOL_UNKNOWN


def protocol_of(bytes datagram not None) -> Protocol:
    """Protocol of a datagram; PROTOCOL_UNKNOWN for an empty one."""
    return demux(datagram, len(datagram))
