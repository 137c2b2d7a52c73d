"""SRTP (RFC 3711, RFC 7714): transforms, replay windows and the nonce guard (L3).

The transforms are ours. What belongs to one SSRC (highest index, replay window, guard) lives in SendStream and ReceiveStream,
which the caller embeds where the stream lives; the keys are in an SrtpContext.
"""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from conclave.core.sealing cimport Sealing
from conclave.core.srtp_context cimport SrtpContext
from conclave.core.status cimport Status

cdef enum:
    SRTP_OVERHEAD_MAX = 16         # GCM tag; AES-CM has 10
    REPLAY_WINDOW_BITS = 1024
    REPLAY_WINDOW_WORDS = 16       # of 64 bits

cdef struct SendStream:
    uint32_t ssrc
    bint started
    uint64_t highest               # highest 48-bit index protected so far

cdef struct ReceiveStream:
    uint32_t ssrc
    bint started
    uint64_t highest               # highest 48-bit index authenticated so far
    uint64_t window[REPLAY_WINDOW_WORDS]

# A stream lives as long as the context that it is used with: a SendStream begun anew under the same key would use its indices, and so its
# nonces, again, and a ReceiveStream begun anew would take replays.
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
# As srtp_protect, but `out` may hold what it should only after sealing_finish(&sealing).
cdef Status srtp_protect_together(SrtpContext *context, SendStream *stream, uint64_t index, const uint8_t *header,
                                  size_t header_size, const uint8_t *payload, size_t payload_size, uint8_t *out,
                                  size_t *out_size, Sealing *sealing) noexcept nogil
# Unprotects one SRTP packet out of place into `out` (at least `size` bytes; may equal `packet`). Order: index guess (RFC 3711
# appendix A), replay check, authentication, and only then the window moves. A failed packet leaves no trace in `stream`, and nothing
# decrypted in `out`. A stream that has not started takes rollover count 0, and starts with its first authentic packet. UNKNOWN_STREAM when
# the packet has another SSRC.
cdef Status srtp_unprotect(SrtpContext *context, ReceiveStream *stream, const uint8_t *packet, size_t size, size_t header_size,
                           uint8_t *out, size_t *out_size, uint64_t *index) noexcept nogil
# The index that is nearest to `highest` (RFC 3711 appendix A); above 2**48 - 1 when the rollover counter is used up.
cdef uint64_t srtp_guess_index(bint started, uint64_t highest, uint16_t sequence_number) noexcept nogil
