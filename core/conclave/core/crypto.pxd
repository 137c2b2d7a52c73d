"""Ciphers behind one small table of C functions, one table a backend (L2).

A Cipher encrypts a packet's payload and authenticates all of it, as one SRTP profile wants it. Nonces, indices, replay
and packet layout belong to srtp.pyx; a backend knows none of them.
"""
from libc.stdint cimport uint8_t
from conclave.core.status cimport Status

cdef enum:
    CIPHER_KEY_SIZE = 1024         # bytes of one expanded session key, whichever the backend
    TAG_SIZE_MAX = 16

cdef struct CipherKey:             # lies on a 64-byte boundary; what is in it is the backend's own
    uint8_t state[CIPHER_KEY_SIZE]

# Expands session keys into a zeroed `key`. `authentication_key` (20 bytes) is read by AES-CM only.
ctypedef Status (*cipher_init_t)(CipherKey *key, const uint8_t *session_key, const uint8_t *authentication_key) noexcept nogil
# Encrypts `size` bytes of `payload` into `out` (which may be the same address) and writes `tag_size` bytes of `tag`.
# `trailer` (4 bytes) is authenticated after the payload by AES-CM (RFC 3711 section 4.2) and left alone by AES-GCM, whose `aad`
# holds all that is only authenticated (RFC 7714 section 9). NO_KEY when the library fails.
ctypedef Status (*cipher_seal_t)(CipherKey *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, const uint8_t *payload,
                                 size_t size, const uint8_t *trailer, uint8_t *out, uint8_t *tag) noexcept nogil
# The reverse: verifies `tag` in constant time. AUTHENTICATION_FAILED leaves nothing decrypted in `out`.
ctypedef Status (*cipher_open_t)(CipherKey *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, const uint8_t *payload,
                                 size_t size, const uint8_t *trailer, const uint8_t *tag, uint8_t *out) noexcept nogil

cdef struct SealJob:               # a packet to be sealed where it lies
    CipherKey *key
    uint8_t *packet                # header, payload, and room for the larger of trailer and tag
    size_t header_size             # authenticated only
    size_t payload_size            # not 0
    uint8_t iv[16]
    uint8_t trailer[4]
    uint8_t digest[20]             # the backend's own

# Seals packets of many keys together. lanes: the calling thread's own, of `ipsec_mb_open_lanes`. NO_KEY when one of them could
# not be sealed: then none of them may be used, nor sealed again.
ctypedef Status (*cipher_seal_all_t)(void *lanes, SealJob *jobs, size_t count) noexcept nogil
# Frees what the backend keeps outside `key` and wipes `key`. A zeroed key is left alone.
ctypedef void (*cipher_wipe_t)(CipherKey *key) noexcept nogil

cdef struct Cipher:
    size_t key_size
    size_t salt_size               # 14 with a 16-byte IV (AES-CM), 12 with a 12-byte IV (AES-GCM)
    size_t tag_size
    bint tag_before_index          # SRTCP: the tag lies before the E/index word (RFC 7714 section 9.2) or after it (RFC 3711)
    cipher_init_t init
    cipher_seal_t seal
    cipher_open_t open
    cipher_wipe_t wipe
    cipher_seal_all_t seal_all     # NULL where packets are sealed as fast one by one

cdef struct Backend:
    const char *name
    const Cipher *aes_128_cm
    const Cipher *aes_128_gcm
    const Cipher *aes_256_gcm
