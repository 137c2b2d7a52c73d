"""The VP8 payload descriptor (RFC 7741 section 4.2) (L1)."""
from libc.stdint cimport uint8_t, uint16_t
from conclave.core.status cimport Status

cdef struct Vp8Descriptor:
    uint16_t picture_id            # 15 bits
    uint16_t size                  # bytes of the descriptor
    uint8_t picture_id_size        # 0 absent, 1 (7 bits) or 2 (15 bits)
    uint8_t picture_id_offset      # from the start of the payload
    uint8_t tl0_picture_index
    uint8_t tl0_offset             # 0 when absent
    uint8_t temporal_layer         # TID
    uint8_t key_index              # KEYIDX, 5 bits
    uint8_t key_index_offset       # of the TID/Y/KEYIDX byte; 0 when absent
    bint has_tid
    bint has_key_index
    bint layer_sync                # Y
    bint frame_start               # S = 1 and PID = 0
    bint key_frame                 # frame_start and the P bit of the first payload byte is 0

# Reads the descriptor and, for the first packet of a frame, the P bit (readable under E2EE: one of the clear bytes).
cdef Status vp8_parse(Vp8Descriptor *out, const uint8_t *payload, size_t size) noexcept nogil
# Writes the descriptor into `out` with new values (picture id always in its 15-bit form when present, so the result may
# be one byte longer than the original). `out` holds at least `descriptor.size + 1` bytes. Returns its size.
cdef size_t vp8_rewrite(uint8_t *out, const uint8_t *payload, const Vp8Descriptor *descriptor, uint16_t picture_id,
                        uint8_t tl0_picture_index, uint8_t key_index) noexcept nogil
