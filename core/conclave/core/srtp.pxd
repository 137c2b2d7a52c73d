"""SRTP and SRTCP (RFC 3711, RFC 7714): transforms, replay windows and the nonce guard (L3).

The transforms are ours, over primitives behind one table of C functions chosen at start (crypto.pxd). One SrtpContext
is one direction of one transport: session keys do not depend on the SSRC. What belongs to one SSRC (highest index,
replay window, guard) lives in SendStream and ReceiveStream, which the caller embeds where the stream lives.
"""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from conclave.core.status cimport Status

cpdef enum SrtpProfile:            # values of RFC 5764 section 4.1.2 and RFC 7714 section 14.2
    SRTP_NONE = 0
    SRTP_AES128_CM_HMAC_SHA1_80 = 1
    SRTP_AEAD_AES_128_GCM = 7
    SRTP_AEAD_AES_256_GCM = 8

cdef enum:
    SRTP_OVERHEAD_MAX = 16         # RTP: GCM tag; AES-CM has 10
    SRTCP_OVERHEAD_MAX = 20        # RTCP: tag and the E/index word
    REPLAY_WINDOW_BITS = 1024
    REPLAY_WINDOW_WORDS = 16       # of 64 bits
    SRTCP_STREAMS = 64             # SRTCP senders of one transport whose replay windows are kept

cdef struct SrtpContext            # opaque: a block of the key arena, srtp_context_size() bytes

cdef struct SendStream:
    uint32_t ssrc
    bint started
    uint64_t highest               # highest 48-bit index protected so far

cdef struct ReceiveStream:
    uint32_t ssrc
    bint started
    uint64_t highest               # highest 48-bit index authenticated so far
    uint64_t window[REPLAY_WINDOW_WORDS]

cdef size_t srtp_context_size() noexcept nogil
# Derives the session keys (RFC 3711 section 4.3, RFC 7714 section 11). master_key 16 or 32 bytes, master_salt 14 or 12.
# Called with a zeroed block. UNSUPPORTED for an unknown profile.
cdef Status srtp_context_init(SrtpContext *context, SrtpProfile profile, const uint8_t *master_key, const uint8_t *master_salt) noexcept nogil
cdef void srtp_context_wipe(SrtpContext *context) noexcept nogil
cdef size_t srtp_overhead(const SrtpContext *context) noexcept nogil

# A stream lives as long as the context that it is used with: a SendStream begun anew under the same key would use its indices, and so its
# nonces, again, and a ReceiveStream begun anew would take replays. A context with a key that another context had is the same mistake: its
# SRTCP index starts at 0.
cdef void srtp_send_stream_init(SendStream *stream, uint32_t ssrc) noexcept nogil
cdef void srtp_receive_stream_init(ReceiveStream *stream, uint32_t ssrc) noexcept nogil

# Protects one RTP packet out of place: `header` (authenticated) then `payload` (encrypted), each where it lies, into
# `out` (header_size + payload_size + 16 writable bytes). The header's sequence number must equal index & 0xFFFF.
# INDEX_REUSED unless index > stream.highest: an index is protected at most once (GCM nonce reuse gives the key away). KEY_EXHAUSTED from
# 2**48 on; MALFORMED when the header has another sequence number or SSRC. An error after the guard (NO_KEY) has used the index up. The
# first index should be below 2**15 (RFC 3711 section 3.3.1: receivers begin with rollover count 0); with the libsrtp backend a first index
# above 2**16 - 1, or a leap of 2**15 or more, is UNSUPPORTED.
cdef Status srtp_protect(SrtpContext *context, SendStream *stream, uint64_t index, const uint8_t *header, size_t header_size,
                         const uint8_t *payload, size_t payload_size, uint8_t *out, size_t *out_size) noexcept nogil
# Unprotects one SRTP packet out of place into `out` (at least `size` bytes; may equal `packet`). Order: index guess (RFC 3711
# appendix A), replay check, authentication, and only then the window moves. A failed packet leaves no trace in `stream`, and nothing
# decrypted in `out`. A stream that has not started takes rollover count 0, and starts with its first authentic packet. UNKNOWN_STREAM when
# the packet has another SSRC.
cdef Status srtp_unprotect(SrtpContext *context, ReceiveStream *stream, const uint8_t *packet, size_t size, size_t header_size,
                           uint8_t *out, size_t *out_size, uint64_t *index) noexcept nogil
# SRTCP. The context counts its own sending index (from 0, one over all SSRCs; KEY_EXHAUSTED after 2**31) and keeps a replay window of 64
# packets a sender SSRC; NO_SPACE when another sender comes after SRTCP_STREAMS. `out` of srtcp_protect has room for `size` +
# SRTCP_OVERHEAD_MAX; of srtcp_unprotect for `size`, and may equal `packet`. An unencrypted SRTCP packet (E flag 0) is UNSUPPORTED.
cdef Status srtcp_protect(SrtpContext *context, const uint8_t *packet, size_t size, uint8_t *out, size_t *out_size) noexcept nogil
cdef Status srtcp_unprotect(SrtpContext *context, const uint8_t *packet, size_t size, uint8_t *out, size_t *out_size) noexcept nogil
# Chooses the table for the process before any context exists: "auto" (ipsec-mb, then OpenSSL, then libsrtp) or a name.
cdef Status srtp_choose_backend(const char *name) noexcept nogil
cdef const char *srtp_backend_name() noexcept nogil
