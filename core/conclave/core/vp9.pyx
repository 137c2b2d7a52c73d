"""The VP9 payload descriptor (RFC 9628 section 4.2) (L1)."""
from libc.stdint cimport uint8_t, uint16_t
from libc.string cimport memset
from conclave.core.descriptor cimport PayloadDescriptor, VIDEO_VP9, read_picture_id
from conclave.core.status cimport MALFORMED, Status, OK, TRUNCATED
from conclave.core.wire cimport write_u16

from dataclasses import dataclass

from conclave.core.errors import raise_status

__all__ = [
    "Descriptor",
    "parse_descriptor",
    "rewrite_descriptor",
]

cdef enum:
    BIT_I = 0x80                   # picture id
    BIT_P = 0x40                   # inter-picture predicted
    BIT_L = 0x20                   # layer indices
    BIT_F = 0x10                   # flexible mode
    BIT_B = 0x08                   # start of a frame
    BIT_V = 0x02                   # scalability structure
    BIT_U = 0x10                   # layer byte: switching up point
    BIT_N = 0x01                   # P_DIFF: another one follows
    REFERENCES_MAX = 3             # P_DIFF in one descriptor
    BIT_Y = 0x10                   # scalability structure: each layer's size
    BIT_G = 0x08                   # scalability structure: the pictures of a group
    NUMBERS_MAX = 5                # flags, picture id, layer indices, TL0PICIDX


cdef Status read_references(const uint8_t *payload, size_t size, size_t *offset) noexcept nogil:
    """Passes over P_DIFF. MALFORMED when there are more than three."""
    cdef int count
    for count in range(REFERENCES_MAX):
        if size <= offset[0]:
            return TRUNCATED
        offset[0] += 1
        if not payload[offset[0] - 1] & BIT_N:
            return OK
    return MALFORMED


cdef Status read_structure(const uint8_t *payload, size_t size, size_t *offset) noexcept nogil:
    """Passes over the scalability structure (section 4.2.1)."""
    cdef uint8_t head, pictures
    cdef int picture
    if size <= offset[0]:
        return TRUNCATED
    head = payload[offset[0]]
    offset[0] += 1
    if head & BIT_Y:
        # N_S is one less than the spatial layers; each has a width and a height of 16 bits.
        offset[0] += 4 * ((head >> 5) + 1)
    if not head & BIT_G:
        return OK if offset[0] <= size else TRUNCATED
    if size <= offset[0]:
        return TRUNCATED
    pictures = payload[offset[0]]
    offset[0] += 1
    for picture in range(pictures):
        if size <= offset[0]:
            return TRUNCATED
        # R: how many P_DIFF of a byte follow.
        offset[0] += 1 + ((payload[offset[0]] >> 2) & 3)
    return OK if offset[0] <= size else TRUNCATED


cdef Status vp9_parse(PayloadDescriptor *out, const uint8_t *payload, size_t size) noexcept nogil:
    """Reads the whole descriptor. Never reads past `size`; `out` is undefined unless OK.

    TRUNCATED when the descriptor is not whole or nothing follows it; MALFORMED when it has references without a picture id
    to count from, or more than three.
    """
    cdef size_t offset = 1
    cdef uint8_t flags
    cdef Status status
    memset(out, 0, sizeof(PayloadDescriptor))
    out.codec = VIDEO_VP9
    if size < 1:
        return TRUNCATED
    flags = payload[0]
    if flags & BIT_I:
        status = read_picture_id(out, payload, size, &offset)
        if status != OK:
            return status
    elif flags & BIT_F:
        return MALFORMED
    if flags & BIT_L:
        if size <= offset:
            return TRUNCATED
        out.layer_offset = <uint8_t>offset
        out.has_tid = True
        out.temporal_layer = payload[offset] >> 5
        out.layer_sync = (payload[offset] & BIT_U) != 0
        out.spatial_layer = (payload[offset] >> 1) & 7
        offset += 1
        if not flags & BIT_F:
            if size <= offset:
                return TRUNCATED
            out.tl0_offset = <uint8_t>offset
            out.tl0_picture_index = payload[offset]
            offset += 1
    out.numbers_size = <uint16_t>offset
    if flags & BIT_F and flags & BIT_P:
        status = read_references(payload, size, &offset)
        if status != OK:
            return status
    if flags & BIT_V:
        status = read_structure(payload, size, &offset)
        if status != OK:
            return status
    if size <= offset:
        return TRUNCATED
    out.size = <uint16_t>offset
    out.frame_start = flags & BIT_B and out.spatial_layer == 0
    out.key_frame = out.frame_start and not flags & BIT_P
    return OK


cdef size_t vp9_rewrite(uint8_t *out, const uint8_t *payload, const PayloadDescriptor *descriptor, uint16_t picture_id,
                        uint8_t tl0_picture_index) noexcept nogil:
    cdef size_t size = 1
    out[0] = payload[0]
    if descriptor.picture_id_size:
        write_u16(out + size, 0x8000 | picture_id)
        size += 2
    if descriptor.layer_offset:
        out[size] = payload[descriptor.layer_offset]
        size += 1
    if descriptor.tl0_offset:
        out[size] = tl0_picture_index
        size += 1
    return size


# The Python face, for tests and tools.

@dataclass(frozen=True, slots=True)
class Descriptor:
    """A payload descriptor of `size` bytes, of which rewriting replaces `numbers_size`; None for an absent field."""
    size: int
    numbers_size: int
    picture_id: int | None
    picture_id_size: int
    tl0_picture_index: int | None
    temporal_layer: int | None
    spatial_layer: int | None
    switching_up: bool
    frame_start: bool
    key_frame: bool


def parse_descriptor(bytes payload not None) -> Descriptor:
    """Descriptor of a VP9 RTP payload. Raises the error of its Status."""
    cdef PayloadDescriptor found
    cdef Status status = vp9_parse(&found, payload, len(payload))
    if status != OK:
        raise_status(status)
    return Descriptor(
        size=found.size,
        numbers_size=found.numbers_size,
        picture_id=found.picture_id if found.picture_id_size else None,
        picture_id_size=found.picture_id_size,
        tl0_picture_index=found.tl0_picture_index if found.tl0_offset else None,
        temporal_layer=found.temporal_layer if found.has_tid else None,
        spatial_layer=found.spatial_layer if found.has_tid else None,
        switching_up=found.layer_sync,
        frame_start=found.frame_start,
        key_frame=found.key_frame,
    )


def rewrite_descriptor(bytes payload not None, *, uint16_t picture_id, uint8_t tl0_picture_index) -> bytes:
    """The payload's whole descriptor with new values. Raises the error of the Status of reading it."""
    cdef uint8_t out[NUMBERS_MAX]
    cdef const uint8_t *data = payload
    cdef PayloadDescriptor found
    cdef size_t size
    cdef Status status = vp9_parse(&found, data, len(payload))
    if status != OK:
        raise_status(status)
    size = vp9_rewrite(out, data, &found, picture_id, tl0_picture_index)
    return out[:size] + payload[found.numbers_size:found.size]
