"""The keys of one direction of one transport, for SRTP and SRTCP (RFC 3711 section 4.3, RFC 7714 section 11) (L3).

Session keys do not depend on the SSRC. The transforms run over primitives behind one table of C functions chosen at start
(crypto.pxd).
"""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from conclave.core.crypto cimport Backend, Cipher, CipherKey
from conclave.core.crypto_kdf cimport SALT_ROOM
from conclave.core.crypto_libsrtp cimport LibsrtpSessions
from conclave.core.status cimport Status

cpdef enum SrtpProfile:            # values of RFC 5764 section 4.1.2 and RFC 7714 section 14.2
    SRTP_NONE = 0
    SRTP_AES128_CM_HMAC_SHA1_80 = 1
    SRTP_AEAD_AES_128_GCM = 7
    SRTP_AEAD_AES_256_GCM = 8

cdef enum:
    PACKET_MAX = 65535
    SRTCP_STREAMS = 64             # SRTCP senders of one transport whose replay windows are kept

cdef struct SrtcpSender:
    uint32_t ssrc
    uint32_t highest
    uint64_t window                # bit n: index `highest - n` was authenticated

# A block of the key arena, srtp_context_size() bytes.
cdef struct SrtpContext:
    CipherKey rtp                  # first, so that both keys lie on 64-byte boundaries
    CipherKey rtcp
    const Cipher *cipher           # NULL when libsrtp takes whole packets
    LibsrtpSessions libsrtp
    size_t tag_size
    bint tag_before_index          # as in Cipher
    uint8_t rtp_salt[SALT_ROOM]
    uint8_t rtcp_salt[SALT_ROOM]
    uint32_t next_srtcp_index
    uint32_t sender_count
    SrtcpSender senders[SRTCP_STREAMS]

cdef size_t srtp_context_size() noexcept nogil
# Derives the session keys. master_key 16 or 32 bytes, master_salt 14 or 12. Called with a zeroed block. UNSUPPORTED for an
# unknown profile. A context with a key that another context had would use nonces again: its SRTCP index starts at 0.
cdef Status srtp_context_init(SrtpContext *context, SrtpProfile profile, const uint8_t *master_key, const uint8_t *master_salt) noexcept nogil
cdef Status srtp_context_init_with(SrtpContext *context, const Backend *backend, SrtpProfile profile, const uint8_t *master_key,
                                   const uint8_t *master_salt) noexcept nogil
cdef void srtp_context_wipe(SrtpContext *context) noexcept nogil
cdef size_t srtp_overhead(const SrtpContext *context) noexcept nogil
# Expands session keys; the salts are in the context already.
cdef Status srtp_install_keys(SrtpContext *context, const Cipher *cipher, const uint8_t *rtp_key, const uint8_t *rtp_authentication,
                              const uint8_t *rtcp_key, const uint8_t *rtcp_authentication) noexcept nogil
cdef const Cipher *srtp_find_cipher(const Backend *backend, SrtpProfile profile) noexcept nogil
# Chooses the table for the process before any context exists: "auto" (ipsec-mb, then OpenSSL, then libsrtp) or a name.
cdef Status srtp_choose_backend(const char *name) noexcept nogil
cdef const char *srtp_backend_name() noexcept nogil


cdef inline bint srtp_has_key(const SrtpContext *context) noexcept nogil:
    return context.cipher != NULL or context.libsrtp.outgoing != NULL
