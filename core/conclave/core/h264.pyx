"""What H.264's RTP payload format tells of a packet (RFC 6184) (L1)."""
from libc.stdint cimport uint8_t
from libc.string cimport memset
from conclave.core.descriptor cimport PayloadDescriptor, VIDEO_H264
from conclave.core.status cimport MALFORMED, OK, Status, TRUNCATED
from conclave.core.wire cimport read_u16

from conclave.core.errors import raise_status

__all__ = ["begins_key_frame"]

cdef enum:
    BIT_F = 0x80                   # the NAL unit may have bit errors
    TYPE_MASK = 0x1F
    NAL_SPS = 7                    # sequence parameter set
    NAL_LAST = 23                  # from 1 up to here, the packet is a NAL unit itself
    STAP_A = 24                    # several NAL units, each behind its size
    FU_A = 28                      # a fragment of one
    FU_START = 0x80
    FU_END = 0x40


cdef Status read_aggregate(PayloadDescriptor *out, const uint8_t *payload, size_t size) noexcept nogil:
    """Walks the NAL units of a STAP-A (section 5.7.1)."""
    cdef size_t offset = 1
    cdef size_t unit_size
    if size == 1:
        return TRUNCATED
    while offset < size:
        if size - offset < 3:
            return TRUNCATED
        unit_size = read_u16(payload + offset)
        offset += 2
        if unit_size == 0:
            return MALFORMED
        if unit_size > size - offset:
            return TRUNCATED
        if payload[offset] & TYPE_MASK == NAL_SPS:
            out.key_frame = True
        offset += unit_size
    return OK


cdef Status read_fragment(PayloadDescriptor *out, const uint8_t *payload, size_t size) noexcept nogil:
    """Reads the header of an FU-A (section 5.8)."""
    if size < 3:
        return TRUNCATED
    if payload[1] & FU_START and payload[1] & FU_END:
        return MALFORMED
    out.key_frame = payload[1] & FU_START and payload[1] & TYPE_MASK == NAL_SPS
    return OK


cdef Status h264_parse(PayloadDescriptor *out, const uint8_t *payload, size_t size) noexcept nogil:
    """Reads the NAL unit headers of a payload. Never reads past `size`; `out` is undefined unless OK.

    A key frame begins where its sequence parameter set comes: without that, what follows cannot be decoded by somebody new.
    Where other frames begin, no packet tells. MALFORMED for what packetization mode 1 does not have (section 6.3), and for a
    NAL unit that calls itself damaged.
    """
    cdef uint8_t kind
    cdef Status status = OK
    memset(out, 0, sizeof(PayloadDescriptor))
    out.codec = VIDEO_H264
    if size == 0:
        return TRUNCATED
    kind = payload[0] & TYPE_MASK
    if payload[0] & BIT_F or kind == 0:
        return MALFORMED
    if kind <= NAL_LAST:
        out.key_frame = kind == NAL_SPS
    elif kind == STAP_A:
        status = read_aggregate(out, payload, size)
    elif kind == FU_A:
        status = read_fragment(out, payload, size)
    else:
        return MALFORMED
    out.frame_start = out.key_frame
    return status


# The Python face, for tests and tools.

def begins_key_frame(bytes payload not None) -> bool:
    """Whether a key frame begins in an H.264 RTP payload. Raises the error of its Status."""
    cdef PayloadDescriptor found
    cdef Status status = h264_parse(&found, payload, len(payload))
    if status != OK:
        raise_status(status)
    return found.key_frame
