"""Ciphers on intel-ipsec-mb: the fastest backend, on amd64 with AES-NI (L2).

Only the direct AES-GCM calls are used: they keep no state but the key and a context on the stack, so all worker threads
share one IMB_MGR as a table of the functions that suit the processor. AES-CM with HMAC-SHA1 is OpenSSL's: a lone
ipsec-mb job costs three times as much, since seven of its eight lanes run empty.
"""
from libc.stdint cimport uint8_t
from libc.string cimport memset
from conclave.core.crypto cimport Backend, Cipher, CipherKey, CIPHER_KEY_SIZE, TAG_SIZE_MAX
from conclave.core.crypto_openssl cimport openssl_backend
from conclave.core.status cimport Status, OK, AUTHENTICATION_FAILED

cdef extern from * nogil:
    """
    #include <stddef.h>
    #include <stdint.h>
    #include <openssl/crypto.h>
    #ifdef CONCLAVE_HAVE_IPSEC_MB
    #include <intel-ipsec-mb.h>
    static IMB_MGR *conclave_imb;

    static int conclave_imb_start(void)
    {
        const uint64_t needed = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;
        IMB_ARCH arch;
        conclave_imb = alloc_mb_mgr(0);
        if (conclave_imb == NULL)
            return 0;
        init_mb_mgr_auto(conclave_imb, &arch);
        if (imb_get_errno(conclave_imb) != 0 || arch == IMB_ARCH_NONE || arch == IMB_ARCH_NOAESNI
            || (conclave_imb->features & needed) != needed) {
            free_mb_mgr(conclave_imb);
            conclave_imb = NULL;
            return 0;
        }
        return 1;
    }
    #define CONCLAVE_IMB_KEY_SIZE sizeof(struct gcm_key_data)
    #define CONCLAVE_IMB_GCM(BITS) \\
        static inline void conclave_imb_key_##BITS(void *key, const uint8_t *session_key) \\
        { IMB_AES##BITS##_GCM_PRE(conclave_imb, session_key, (struct gcm_key_data *) key); } \\
        static inline void conclave_imb_seal_##BITS(void *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, \\
                                                    const uint8_t *payload, size_t size, uint8_t *out, uint8_t *tag) \\
        { struct gcm_context_data context; \\
          IMB_AES##BITS##_GCM_ENC(conclave_imb, (struct gcm_key_data *) key, &context, out, payload, size, iv, aad, aad_size, tag, 16); } \\
        static inline void conclave_imb_open_##BITS(void *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, \\
                                                    const uint8_t *payload, size_t size, uint8_t *out, uint8_t *tag) \\
        { struct gcm_context_data context; \\
          IMB_AES##BITS##_GCM_DEC(conclave_imb, (struct gcm_key_data *) key, &context, out, payload, size, iv, aad, aad_size, tag, 16); }
    #else
    static int conclave_imb_start(void) { return 0; }
    #define CONCLAVE_IMB_KEY_SIZE 0
    /* Never reached: the backend is not offered. */
    #define CONCLAVE_IMB_GCM(BITS) \\
        static inline void conclave_imb_key_##BITS(void *key, const uint8_t *session_key) {} \\
        static inline void conclave_imb_seal_##BITS(void *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, \\
                                                    const uint8_t *payload, size_t size, uint8_t *out, uint8_t *tag) {} \\
        static inline void conclave_imb_open_##BITS(void *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, \\
                                                    const uint8_t *payload, size_t size, uint8_t *out, uint8_t *tag) {}
    #endif
    CONCLAVE_IMB_GCM(128)
    CONCLAVE_IMB_GCM(256)
    """
    const size_t CONCLAVE_IMB_KEY_SIZE
    int conclave_imb_start()
    void conclave_imb_key_128(void *key, const uint8_t *session_key)
    void conclave_imb_key_256(void *key, const uint8_t *session_key)
    void conclave_imb_seal_128(void *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, const uint8_t *payload,
                               size_t size, uint8_t *out, uint8_t *tag)
    void conclave_imb_seal_256(void *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, const uint8_t *payload,
                               size_t size, uint8_t *out, uint8_t *tag)
    void conclave_imb_open_128(void *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, const uint8_t *payload,
                               size_t size, uint8_t *out, uint8_t *tag)
    void conclave_imb_open_256(void *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, const uint8_t *payload,
                               size_t size, uint8_t *out, uint8_t *tag)
    int CRYPTO_memcmp(const void *left, const void *right, size_t size)

cdef extern from "<string.h>" nogil:
    void explicit_bzero(void *memory, size_t size)

assert CONCLAVE_IMB_KEY_SIZE <= CIPHER_KEY_SIZE, "an ipsec-mb key fits into the room that every backend has"


cdef Status gcm_128_init(CipherKey *key, const uint8_t *session_key, const uint8_t *authentication_key) noexcept nogil:
    conclave_imb_key_128(key, session_key)
    return OK


cdef Status gcm_256_init(CipherKey *key, const uint8_t *session_key, const uint8_t *authentication_key) noexcept nogil:
    conclave_imb_key_256(key, session_key)
    return OK


cdef Status gcm_128_seal(CipherKey *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, const uint8_t *payload,
                         size_t size, const uint8_t *trailer, uint8_t *out, uint8_t *tag) noexcept nogil:
    conclave_imb_seal_128(key, iv, aad, aad_size, payload, size, out, tag)
    return OK


cdef Status gcm_256_seal(CipherKey *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, const uint8_t *payload,
                         size_t size, const uint8_t *trailer, uint8_t *out, uint8_t *tag) noexcept nogil:
    conclave_imb_seal_256(key, iv, aad, aad_size, payload, size, out, tag)
    return OK


cdef inline Status compare(const uint8_t *computed, const uint8_t *tag, uint8_t *out, size_t size) noexcept nogil:
    # The library decrypts while it authenticates: what a forged packet decrypted to must not be seen by anyone.
    if CRYPTO_memcmp(computed, tag, TAG_SIZE_MAX) != 0:
        memset(out, 0, size)
        return AUTHENTICATION_FAILED
    return OK


cdef Status gcm_128_open(CipherKey *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, const uint8_t *payload,
                         size_t size, const uint8_t *trailer, const uint8_t *tag, uint8_t *out) noexcept nogil:
    cdef uint8_t computed[TAG_SIZE_MAX]
    conclave_imb_open_128(key, iv, aad, aad_size, payload, size, out, computed)
    return compare(computed, tag, out, size)


cdef Status gcm_256_open(CipherKey *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, const uint8_t *payload,
                         size_t size, const uint8_t *trailer, const uint8_t *tag, uint8_t *out) noexcept nogil:
    cdef uint8_t computed[TAG_SIZE_MAX]
    conclave_imb_open_256(key, iv, aad, aad_size, payload, size, out, computed)
    return compare(computed, tag, out, size)


cdef void wipe(CipherKey *key) noexcept nogil:
    explicit_bzero(key, sizeof(CipherKey))


cdef Cipher AES_128_GCM = Cipher(16, 12, TAG_SIZE_MAX, True, gcm_128_init, gcm_128_seal, gcm_128_open, wipe)
cdef Cipher AES_256_GCM = Cipher(32, 12, TAG_SIZE_MAX, True, gcm_256_init, gcm_256_seal, gcm_256_open, wipe)
cdef Backend BACKEND
BACKEND.name = b"ipsec-mb"
BACKEND.aes_128_cm = openssl_backend().aes_128_cm
BACKEND.aes_128_gcm = &AES_128_GCM
BACKEND.aes_256_gcm = &AES_256_GCM
cdef bint AVAILABLE = conclave_imb_start()


cdef const Backend *ipsec_mb_backend() noexcept nogil:
    return &BACKEND if AVAILABLE else NULL
