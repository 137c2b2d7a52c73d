"""The VP9 payload descriptor (RFC 9628 section 4.2) (L1)."""
from libc.stdint cimport uint8_t, uint16_t
from conclave.core.descriptor cimport PayloadDescriptor
from conclave.core.status cimport Status

# Reads the whole descriptor. It says by itself what begins a key frame: nothing of the frame has to be readable (E2EE).
cdef Status vp9_parse(PayloadDescriptor *out, const uint8_t *payload, size_t size) noexcept nogil
# Writes the descriptor's first part, up to TL0PICIDX, into `out` with new values (picture id always in its 15-bit form when
# present, so the result may be one byte longer than the original); what follows differs relative to the picture id and
# stays. `out` may be the payload itself unless the picture id grows, or holds at least `descriptor.numbers_size + 1` bytes.
# Returns the bytes written.
cdef size_t vp9_rewrite(uint8_t *out, const uint8_t *payload, const PayloadDescriptor *descriptor, uint16_t picture_id,
                        uint8_t tl0_picture_index) noexcept nogil
