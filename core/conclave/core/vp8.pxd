"""The VP8 payload descriptor (RFC 7741 section 4.2) (L1)."""
from libc.stdint cimport uint8_t, uint16_t
from conclave.core.descriptor cimport PayloadDescriptor
from conclave.core.status cimport Status

# Reads the descriptor and, for the first packet of a frame, the P bit (readable under E2EE: one of the clear bytes).
cdef Status vp8_parse(PayloadDescriptor *out, const uint8_t *payload, size_t size) noexcept nogil
# Writes the descriptor into `out` with new values (picture id always in its 15-bit form when present, so the result may
# be one byte longer than the original). `out` holds at least `descriptor.size + 1` bytes. Returns its size.
cdef size_t vp8_rewrite(uint8_t *out, const uint8_t *payload, const PayloadDescriptor *descriptor, uint16_t picture_id,
                        uint8_t tl0_picture_index, uint8_t key_index) noexcept nogil
