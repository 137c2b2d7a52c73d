"""Ciphers on intel-ipsec-mb: the fastest backend, on amd64 with AES-NI (L2).

AES-GCM is called directly: that keeps no state but the key and a context on the stack, so all worker threads share one
IMB_MGR as a table of the functions that suit the processor. AES-CM with HMAC-SHA1 is OpenSSL's for a single packet, since
a lone ipsec-mb job costs three times as much, its other lanes running empty; many packets together go through jobs, in an
IMB_MGR of each thread's own (lanes). A key of that profile is expanded for both.
"""
from libc.stdint cimport uint8_t
from libc.string cimport memcpy, memset
from conclave.core.crypto cimport Backend, Cipher, CipherKey, CIPHER_KEY_SIZE, SealJob, TAG_SIZE_MAX
from conclave.core.crypto_openssl cimport OPENSSL_KEY_ROOM, openssl_backend
from conclave.core.status cimport Status, OK, AUTHENTICATION_FAILED, NO_KEY

cdef extern from * nogil:
    """
    #include <stddef.h>
    #include <stdint.h>
    #include <string.h>
    #include <openssl/crypto.h>
    #ifdef CONCLAVE_HAVE_IPSEC_MB
    #include <intel-ipsec-mb.h>
    static IMB_MGR *conclave_imb;

    static void *conclave_imb_open(void)
    {
        const uint64_t needed = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;
        IMB_ARCH arch;
        IMB_MGR *manager = alloc_mb_mgr(0);
        if (manager == NULL)
            return NULL;
        init_mb_mgr_auto(manager, &arch);
        if (imb_get_errno(manager) != 0 || arch == IMB_ARCH_NONE || arch == IMB_ARCH_NOAESNI
            || (manager->features & needed) != needed) {
            free_mb_mgr(manager);
            return NULL;
        }
        return manager;
    }
    static int conclave_imb_start(void)
    {
        conclave_imb = conclave_imb_open();
        return conclave_imb != NULL;
    }
    static void conclave_imb_close(void *lanes)
    {
        /* Lanes hold pieces of the last packets' keys and states; the library knows the size of the whole alone. */
        explicit_bzero(lanes, imb_get_mb_mgr_size());
        free_mb_mgr(lanes);
    }
    typedef struct {
        DECLARE_ALIGNED(uint8_t round_keys[16 * 11], 16);
        DECLARE_ALIGNED(uint8_t inner[20], 16);       /* SHA-1 state after the block key ^ ipad (RFC 2104) */
        DECLARE_ALIGNED(uint8_t outer[20], 16);       /* after key ^ opad */
    } conclave_imb_lane_key;
    static void conclave_imb_lane_state(uint8_t *out, const uint8_t *authentication_key, uint8_t pad)
    {
        uint8_t block[64];
        memset(block, pad, sizeof(block));
        for (int i = 0; i < 20; i++)
            block[i] ^= authentication_key[i];
        IMB_SHA1_ONE_BLOCK(conclave_imb, block, out);
        explicit_bzero(block, sizeof(block));
    }
    static void conclave_imb_lane_key_init(conclave_imb_lane_key *key, const uint8_t *session_key, const uint8_t *authentication_key)
    {
        uint8_t decryption[16 * 11] __attribute__((aligned(16)));
        IMB_AES_KEYEXP_128(conclave_imb, session_key, key->round_keys, decryption);
        explicit_bzero(decryption, sizeof(decryption));
        conclave_imb_lane_state(key->inner, authentication_key, 0x36);
        conclave_imb_lane_state(key->outer, authentication_key, 0x5c);
    }
    static inline size_t conclave_imb_completed(const IMB_JOB *job) { return job != NULL && job->status == IMB_STATUS_COMPLETED; }
    /* AES-CM over `size` bytes behind the header, then HMAC-SHA1 over all of it and the 4 bytes behind, into `digest` (20
     * bytes). Tells how many jobs, of those handed over so far, it completed: 0 or 1. */
    static inline size_t conclave_imb_submit(void *lanes, conclave_imb_lane_key *key, const uint8_t *iv, uint8_t *packet,
                                             size_t header_size, size_t size, uint8_t *digest)
    {
        IMB_JOB *job = IMB_GET_NEXT_JOB((IMB_MGR *) lanes);
        memset(job, 0, sizeof(*job));
        job->cipher_mode = IMB_CIPHER_CNTR;
        job->cipher_direction = IMB_DIR_ENCRYPT;
        job->chain_order = IMB_ORDER_CIPHER_HASH;
        job->hash_alg = IMB_AUTH_HMAC_SHA_1;
        job->enc_keys = key->round_keys;
        job->dec_keys = key->round_keys;
        job->key_len_in_bytes = 16;
        job->iv = iv;
        job->iv_len_in_bytes = 16;
        job->src = packet;
        job->dst = packet + header_size;
        job->cipher_start_src_offset_in_bytes = header_size;
        job->msg_len_to_cipher_in_bytes = size;
        job->msg_len_to_hash_in_bytes = header_size + size + 4;
        job->u.HMAC._hashed_auth_key_xor_ipad = key->inner;
        job->u.HMAC._hashed_auth_key_xor_opad = key->outer;
        job->auth_tag_output = digest;
        job->auth_tag_output_len_in_bytes = 20;
        return conclave_imb_completed(IMB_SUBMIT_JOB((IMB_MGR *) lanes));
    }
    static size_t conclave_imb_flush(void *lanes)
    {
        size_t completed = 0;
        IMB_JOB *job;
        while ((job = IMB_FLUSH_JOB((IMB_MGR *) lanes)) != NULL)
            completed += conclave_imb_completed(job);
        return completed;
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
    static void *conclave_imb_open(void) { return NULL; }
    static int conclave_imb_start(void) { return 0; }
    static void conclave_imb_close(void *lanes) {}
    typedef struct { uint8_t none; } conclave_imb_lane_key;
    static void conclave_imb_lane_key_init(conclave_imb_lane_key *key, const uint8_t *session_key, const uint8_t *authentication_key) {}
    static inline size_t conclave_imb_submit(void *lanes, conclave_imb_lane_key *key, const uint8_t *iv, uint8_t *packet,
                                             size_t header_size, size_t size, uint8_t *digest) { return 0; }
    static size_t conclave_imb_flush(void *lanes) { return 0; }
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
    ctypedef struct LaneKey "conclave_imb_lane_key":
        pass
    void *conclave_imb_open()
    int conclave_imb_start()
    void conclave_imb_close(void *lanes)
    void conclave_imb_lane_key_init(LaneKey *key, const uint8_t *session_key, const uint8_t *authentication_key)
    size_t conclave_imb_submit(void *lanes, LaneKey *key, const uint8_t *iv, uint8_t *packet, size_t header_size, size_t size,
                               uint8_t *digest)
    size_t conclave_imb_flush(void *lanes)
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

cdef enum:
    CM_TAG_SIZE = 10               # HMAC-SHA1-80

assert CONCLAVE_IMB_KEY_SIZE <= CIPHER_KEY_SIZE, "an ipsec-mb key fits into the room that every backend has"
assert OPENSSL_KEY_ROOM + sizeof(LaneKey) <= CIPHER_KEY_SIZE, "so does a key for lanes, behind OpenSSL's"


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


cdef inline LaneKey *lane_key(CipherKey *key) noexcept nogil:
    return <LaneKey *> (key.state + OPENSSL_KEY_ROOM)


cdef Status cm_init(CipherKey *key, const uint8_t *session_key, const uint8_t *authentication_key) noexcept nogil:
    conclave_imb_lane_key_init(lane_key(key), session_key, authentication_key)
    return openssl_backend().aes_128_cm.init(key, session_key, authentication_key)


cdef void cm_wipe(CipherKey *key) noexcept nogil:
    openssl_backend().aes_128_cm.wipe(key)
    wipe(key)


cdef Status cm_seal_all(void *lanes, SealJob *jobs, size_t count) noexcept nogil:
    cdef SealJob *job
    cdef size_t completed = 0, i
    for i in range(count):
        job = &jobs[i]
        memcpy(job.packet + job.header_size + job.payload_size, job.trailer, sizeof(job.trailer))
        completed += conclave_imb_submit(lanes, lane_key(job.key), job.iv, job.packet, job.header_size, job.payload_size,
                                         job.digest)
    completed += conclave_imb_flush(lanes)
    if completed != count:
        return NO_KEY
    # Not written by the lanes, whose tags are longer: another packet may lie behind.
    for i in range(count):
        job = &jobs[i]
        memcpy(job.packet + job.header_size + job.payload_size, job.digest, CM_TAG_SIZE)
    return OK


cdef const Cipher *CM = openssl_backend().aes_128_cm
cdef Cipher AES_128_CM = Cipher(16, 14, CM_TAG_SIZE, False, cm_init, CM.seal, CM.open, cm_wipe, cm_seal_all)
cdef Cipher AES_128_GCM = Cipher(16, 12, TAG_SIZE_MAX, True, gcm_128_init, gcm_128_seal, gcm_128_open, wipe, NULL)
cdef Cipher AES_256_GCM = Cipher(32, 12, TAG_SIZE_MAX, True, gcm_256_init, gcm_256_seal, gcm_256_open, wipe, NULL)
cdef Backend BACKEND
BACKEND.name = b"ipsec-mb"
BACKEND.aes_128_cm = &AES_128_CM
BACKEND.aes_128_gcm = &AES_128_GCM
BACKEND.aes_256_gcm = &AES_256_GCM
cdef bint AVAILABLE = conclave_imb_start()


cdef void *ipsec_mb_open_lanes() noexcept nogil:
    return conclave_imb_open()


cdef void ipsec_mb_close_lanes(void *lanes) noexcept nogil:
    if lanes != NULL:
        conclave_imb_close(lanes)


cdef const Backend *ipsec_mb_backend() noexcept nogil:
    return &BACKEND if AVAILABLE else NULL
