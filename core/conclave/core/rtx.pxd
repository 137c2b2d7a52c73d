"""Retransmission payloads (RFC 4588) (L3)."""
from libc.stdint cimport uint8_t, uint16_t
from conclave.core.status cimport Status

# Reads the original sequence number (OSN) of a decrypted RTX payload; TRUNCATED when there is none.
cdef Status rtx_read_osn(uint16_t *osn, const uint8_t *payload, size_t size) noexcept nogil
cdef void rtx_write_osn(uint8_t *payload, uint16_t osn) noexcept nogil    # two bytes; the original payload follows
# Turns a decrypted RTX packet in place into the original: payload type, sequence number, SSRC, OSN and P bit removed. `size`,
# padding already taken off, is updated. A padding-only RTX packet (a probe) is INACTIVE.
cdef Status rtx_unwrap(uint8_t *packet, size_t *size, size_t header_size, uint8_t payload_type, unsigned int ssrc) noexcept nogil
