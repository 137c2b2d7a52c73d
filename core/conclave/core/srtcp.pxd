"""SRTCP (RFC 3711 section 3.4, RFC 7714 section 9) (L3)."""
from libc.stdint cimport uint8_t
from conclave.core.srtp_context cimport SrtpContext
from conclave.core.status cimport Status

cdef enum:
    SRTCP_OVERHEAD_MAX = 20        # tag and the E/index word

# The context counts its own sending index (from 0, one over all SSRCs; KEY_EXHAUSTED after 2**31) and keeps a replay window of 64
# packets a sender SSRC; NO_SPACE when another sender comes after SRTCP_STREAMS. `out` of srtcp_protect has room for `size` +
# SRTCP_OVERHEAD_MAX; of srtcp_unprotect for `size`, and may equal `packet`. An unencrypted SRTCP packet (E flag 0) is UNSUPPORTED.
cdef Status srtcp_protect(SrtpContext *context, const uint8_t *packet, size_t size, uint8_t *out, size_t *out_size) noexcept nogil
cdef Status srtcp_unprotect(SrtpContext *context, const uint8_t *packet, size_t size, uint8_t *out, size_t *out_size) noexcept nogil
