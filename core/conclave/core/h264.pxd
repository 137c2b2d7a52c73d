"""What H.264's RTP payload format tells of a packet (RFC 6184) (L1)."""
from libc.stdint cimport uint8_t
from conclave.core.descriptor cimport PayloadDescriptor
from conclave.core.status cimport Status

# Reads the NAL unit headers of a payload. There is no descriptor and no number that rewriting could replace: both sizes are 0.
cdef Status h264_parse(PayloadDescriptor *out, const uint8_t *payload, size_t size) noexcept nogil
