"""What a video payload descriptor tells, whichever codec it belongs to (L1)."""
from libc.stdint cimport uint8_t, uint16_t
from conclave.core.status cimport Status, OK, TRUNCATED
from conclave.core.wire cimport read_u16

cdef enum VideoCodec:
    VIDEO_VP8
    VIDEO_VP9
    VIDEO_H264

cdef enum:
    VIDEO_CODECS = 3

cdef struct PayloadDescriptor:
    VideoCodec codec
    uint16_t picture_id            # 15 bits
    uint16_t size                  # bytes of the descriptor
    uint16_t numbers_size          # bytes of the part that rewriting replaces: all of VP8's, of VP9's what comes before P_DIFF, none of H.264's
    uint8_t picture_id_size        # 0 absent, 1 (7 bits) or 2 (15 bits)
    uint8_t picture_id_offset      # from the start of the payload
    uint8_t tl0_picture_index
    uint8_t tl0_offset             # 0 when absent
    uint8_t temporal_layer         # TID
    uint8_t spatial_layer          # SID; VP9 only
    uint8_t key_index              # KEYIDX, 5 bits; VP8 only
    uint8_t layer_offset           # of the byte with TID: VP8's TID/Y/KEYIDX, VP9's TID/U/SID/D; 0 when absent
    bint has_tid
    bint has_key_index
    bint layer_sync                # VP8's Y, VP9's U
    bint frame_start               # first packet of a frame: of the lowest spatial layer
    bint key_frame                 # frame_start of a frame that needs no other

# The picture id at *offset, of 7 bits or, after a set first bit, of 15; moves the offset behind it.
cdef inline Status read_picture_id(PayloadDescriptor *out, const uint8_t *payload, size_t size, size_t *offset) noexcept nogil:
    if size <= offset[0]:
        return TRUNCATED
    out.picture_id_offset = <uint8_t>offset[0]
    if payload[offset[0]] & 0x80:
        if size < offset[0] + 2:
            return TRUNCATED
        out.picture_id_size = 2
        out.picture_id = read_u16(payload + offset[0]) & 0x7FFF
    else:
        out.picture_id_size = 1
        out.picture_id = payload[offset[0]]
    offset[0] += out.picture_id_size
    return OK
