"""The VP8 payload descriptor (RFC 7741 section 4.2) (L1)."""
from libc.stdint cimport uint8_t, uint16_t
from libc.string cimport memset
from conclave.core.descriptor cimport PayloadDescriptor, VIDEO_VP8, read_picture_id
from conclave.core.status cimport Status, OK, TRUNCATED
from conclave.core.wire cimport write_u16

from dataclasses import dataclass

from conclave.core.errors import raise_status

__all__ = [
    "Descriptor",
    "parse_descriptor",
    "rewrite_descriptor",
]

cdef enum:
    BIT_X = 0x80                   # first byte: an extension byte follows
    BIT_S = 0x10                   # first byte: start of a VP8 partition
    PARTITION_MASK = 0x07          # first byte: PID, the partition's index
    BIT_I = 0x80                   # extension byte: picture id
    BIT_L = 0x40                   # extension byte: TL0PICIDX
    BIT_T = 0x20                   # extension byte: TID and Y are meant
    BIT_K = 0x10                   # extension byte: KEYIDX is meant
    BIT_Y = 0x20
    KEY_INDEX_MASK = 0x1F
    BIT_P = 0x01                   # VP8 payload header: set in an interframe (RFC 7741 section 4.3)


cdef Status vp8_parse(PayloadDescriptor *out, const uint8_t *payload, size_t size) noexcept nogil:
    """Reads the descriptor and, for the first packet of a frame, the P bit. Never reads past `size`; `out` is undefined unless OK.

    TRUNCATED when the descriptor, or the first payload byte of a frame, is not there.
    """
    cdef size_t offset = 1
    cdef uint8_t flags = 0
    cdef Status status
    memset(out, 0, sizeof(PayloadDescriptor))
    out.codec = VIDEO_VP8
    if size < 1:
        return TRUNCATED
    if payload[0] & BIT_X:
        if size < 2:
            return TRUNCATED
        flags = payload[1]
        offset = 2
    if flags & BIT_I:
        status = read_picture_id(out, payload, size, &offset)
        if status != OK:
            return status
    if flags & BIT_L:
        if size <= offset:
            return TRUNCATED
        out.tl0_offset = <uint8_t>offset
        out.tl0_picture_index = payload[offset]
        offset += 1
    if flags & (BIT_T | BIT_K):
        if size <= offset:
            return TRUNCATED
        out.layer_offset = <uint8_t>offset
        if flags & BIT_T:
            out.has_tid = True
            out.temporal_layer = payload[offset] >> 6
            out.layer_sync = (payload[offset] & BIT_Y) != 0
        if flags & BIT_K:
            out.has_key_index = True
            out.key_index = payload[offset] & KEY_INDEX_MASK
        offset += 1
    out.size = out.numbers_size = <uint16_t>offset
    out.frame_start = (payload[0] & (BIT_S | PARTITION_MASK)) == BIT_S
    if out.frame_start:
        if size <= offset:
            return TRUNCATED
        out.key_frame = (payload[offset] & BIT_P) == 0
    return OK


cdef size_t vp8_rewrite(uint8_t *out, const uint8_t *payload, const PayloadDescriptor *descriptor, uint16_t picture_id,
                        uint8_t tl0_picture_index, uint8_t key_index) noexcept nogil:
    """Writes the descriptor into `out` with new values, the picture id in its 15-bit form. Values of absent fields are ignored.

    out: at least `descriptor.size + 1` bytes, not the payload itself. Returns the bytes written.
    """
    cdef size_t size = 1
    out[0] = payload[0]
    if payload[0] & BIT_X:
        out[1] = payload[1]
        size = 2
    if descriptor.picture_id_size:
        write_u16(out + size, 0x8000 | picture_id)
        size += 2
    if descriptor.tl0_offset:
        out[size] = tl0_picture_index
        size += 1
    if descriptor.layer_offset:
        out[size] = payload[descriptor.layer_offset]
        if descriptor.has_key_index:
            out[size] = (out[size] & ~KEY_INDEX_MASK) | (key_index & KEY_INDEX_MASK)
        size += 1
    return size


# The Python face, for tests and tools.

@dataclass(frozen=True, slots=True)
class Descriptor:
    """A payload descriptor of `size` bytes; None for an absent field."""
    size: int
    picture_id: int | None
    picture_id_size: int
    tl0_picture_index: int | None
    temporal_layer: int | None
    layer_sync: bool
    key_index: int | None
    frame_start: bool
    key_frame: bool


def parse_descriptor(bytes payload not None) -> Descriptor:
    """Descriptor of a VP8 RTP payload. Raises the error of its Status."""
    cdef PayloadDescriptor found
    cdef Status status = vp8_parse(&found, payload, len(payload))
    if status != OK:
        raise_status(status)
    return Descriptor(
        size=found.size,
        picture_id=found.picture_id if found.picture_id_size else None,
        picture_id_size=found.picture_id_size,
        tl0_picture_index=found.tl0_picture_index if found.tl0_offset else None,
        temporal_layer=found.temporal_layer if found.has_tid else None,
        layer_sync=found.layer_sync,
        key_index=found.key_index if found.has_key_index else None,
        frame_start=found.frame_start,
        key_frame=found.key_frame,
    )


def rewrite_descriptor(bytes payload not None, *, uint16_t picture_id, uint8_t tl0_picture_index, uint8_t key_index) -> bytes:
    """The payload's descriptor alone, with new values. Raises the error of the Status of reading it."""
    cdef uint8_t out[8]
    cdef const uint8_t *data = payload
    cdef PayloadDescriptor found
    cdef size_t size
    cdef Status status = vp8_parse(&found, data, len(payload))
    if status != OK:
        raise_status(status)
    assert <size_t>found.size + 1 <= sizeof(out), "a descriptor has six bytes at most"
    size = vp8_rewrite(out, data, &found, picture_id, tl0_picture_index, key_index)
    return out[:size]
