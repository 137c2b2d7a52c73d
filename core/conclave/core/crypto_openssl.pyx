"""Ciphers on OpenSSL's EVP: the portable backend (L2).

A key keeps one EVP_CIPHER_CTX for its life; a packet only sets a new IV. The context lies on OpenSSL's own heap, outside
the locked arena, and is cleansed when it is freed.
"""
from libc.stdint cimport uint8_t
from libc.string cimport memcpy, memset
from conclave.core.crypto cimport Backend, Cipher, CipherKey, TAG_SIZE_MAX
from conclave.core.status cimport Status, OK, AUTHENTICATION_FAILED, NO_KEY, TOO_LARGE

cdef extern from * nogil:
    """
    /* HMAC from SHA-1 states kept per key is a quarter faster than EVP_MAC, and SHA1_* is deprecated, not gone. */
    #define OPENSSL_SUPPRESS_DEPRECATED
    #include <openssl/crypto.h>
    #include <openssl/evp.h>
    #include <openssl/sha.h>
    """
    ctypedef struct EVP_CIPHER_CTX:
        pass
    ctypedef struct EVP_CIPHER:
        pass
    ctypedef struct ENGINE:
        pass
    ctypedef struct SHA_CTX:
        pass
    EVP_CIPHER_CTX *EVP_CIPHER_CTX_new()
    void EVP_CIPHER_CTX_free(EVP_CIPHER_CTX *context)
    int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX *context, int command, int size, void *data)
    const EVP_CIPHER *EVP_aes_128_ctr()
    const EVP_CIPHER *EVP_aes_256_ctr()
    const EVP_CIPHER *EVP_aes_128_gcm()
    const EVP_CIPHER *EVP_aes_256_gcm()
    int EVP_EncryptInit_ex(EVP_CIPHER_CTX *context, const EVP_CIPHER *cipher, ENGINE *engine, const uint8_t *key, const uint8_t *iv)
    int EVP_EncryptUpdate(EVP_CIPHER_CTX *context, uint8_t *out, int *out_size, const uint8_t *data, int size)
    int EVP_EncryptFinal_ex(EVP_CIPHER_CTX *context, uint8_t *out, int *out_size)
    int EVP_DecryptInit_ex(EVP_CIPHER_CTX *context, const EVP_CIPHER *cipher, ENGINE *engine, const uint8_t *key, const uint8_t *iv)
    int EVP_DecryptUpdate(EVP_CIPHER_CTX *context, uint8_t *out, int *out_size, const uint8_t *data, int size)
    int EVP_DecryptFinal_ex(EVP_CIPHER_CTX *context, uint8_t *out, int *out_size)
    int EVP_CTRL_AEAD_GET_TAG, EVP_CTRL_AEAD_SET_TAG
    int SHA1_Init(SHA_CTX *context)
    int SHA1_Update(SHA_CTX *context, const void *data, size_t size)
    int SHA1_Final(uint8_t *digest, SHA_CTX *context)
    int CRYPTO_memcmp(const void *left, const void *right, size_t size)

cdef extern from "<string.h>" nogil:
    void explicit_bzero(void *memory, size_t size)

cdef enum:
    SHA1_DIGEST_SIZE = 20
    SHA1_BLOCK_SIZE = 64
    CM_TAG_SIZE = 10               # HMAC-SHA1-80

cdef struct OpensslKey:            # laid into CipherKey
    EVP_CIPHER_CTX *cipher
    SHA_CTX inner                  # after the block key ^ ipad (RFC 2104)
    SHA_CTX outer                  # after the block key ^ opad

assert sizeof(OpensslKey) <= OPENSSL_KEY_ROOM, "an OpenSSL key fits into the room that every backend has"


cdef Status gcm_init(CipherKey *key, const EVP_CIPHER *cipher, const uint8_t *session_key) noexcept nogil:
    cdef OpensslKey *state = <OpensslKey *> key
    state.cipher = EVP_CIPHER_CTX_new()
    # The IV has EVP's default size for GCM, the 12 bytes of RFC 7714 section 8.1.
    if state.cipher == NULL or EVP_EncryptInit_ex(state.cipher, cipher, NULL, session_key, NULL) != 1:
        return NO_KEY
    return OK


cdef Status gcm_128_init(CipherKey *key, const uint8_t *session_key, const uint8_t *authentication_key) noexcept nogil:
    return gcm_init(key, EVP_aes_128_gcm(), session_key)


cdef Status gcm_256_init(CipherKey *key, const uint8_t *session_key, const uint8_t *authentication_key) noexcept nogil:
    return gcm_init(key, EVP_aes_256_gcm(), session_key)


cdef Status gcm_seal(CipherKey *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, const uint8_t *payload,
                     size_t size, const uint8_t *trailer, uint8_t *out, uint8_t *tag) noexcept nogil:
    cdef EVP_CIPHER_CTX *cipher = (<OpensslKey *> key).cipher
    cdef int written = 0
    if EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, iv) != 1:
        return NO_KEY
    if EVP_EncryptUpdate(cipher, NULL, &written, aad, <int> aad_size) != 1:
        return NO_KEY
    if size > 0 and EVP_EncryptUpdate(cipher, out, &written, payload, <int> size) != 1:
        return NO_KEY
    if EVP_EncryptFinal_ex(cipher, out + size, &written) != 1:
        return NO_KEY
    if EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE_MAX, tag) != 1:
        return NO_KEY
    return OK


cdef Status gcm_open(CipherKey *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, const uint8_t *payload,
                     size_t size, const uint8_t *trailer, const uint8_t *tag, uint8_t *out) noexcept nogil:
    cdef EVP_CIPHER_CTX *cipher = (<OpensslKey *> key).cipher
    cdef uint8_t expected[TAG_SIZE_MAX]
    cdef int written = 0
    memcpy(expected, tag, TAG_SIZE_MAX)
    if EVP_DecryptInit_ex(cipher, NULL, NULL, NULL, iv) != 1:
        return NO_KEY
    if EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE_MAX, expected) != 1:
        return NO_KEY
    if EVP_DecryptUpdate(cipher, NULL, &written, aad, <int> aad_size) != 1:
        return NO_KEY
    if size > 0 and EVP_DecryptUpdate(cipher, out, &written, payload, <int> size) != 1:
        return NO_KEY
    # EVP compares the tag in constant time.
    if EVP_DecryptFinal_ex(cipher, out + size, &written) != 1:
        memset(out, 0, size)
        return AUTHENTICATION_FAILED
    return OK


cdef void wipe(CipherKey *key) noexcept nogil:
    cdef OpensslKey *state = <OpensslKey *> key
    if state.cipher != NULL:
        EVP_CIPHER_CTX_free(state.cipher)
    explicit_bzero(state, sizeof(OpensslKey))


cdef void start_hmac(SHA_CTX *out, const uint8_t *authentication_key, uint8_t pad) noexcept nogil:
    """SHA-1 state after the padded key (RFC 2104 section 2), from which each packet's HMAC starts."""
    cdef uint8_t block[SHA1_BLOCK_SIZE]
    cdef int position
    memset(block, pad, SHA1_BLOCK_SIZE)
    for position in range(SHA1_DIGEST_SIZE):
        block[position] ^= authentication_key[position]
    SHA1_Init(out)
    SHA1_Update(out, block, SHA1_BLOCK_SIZE)
    explicit_bzero(block, SHA1_BLOCK_SIZE)


cdef void cm_tag(const OpensslKey *state, const uint8_t *aad, size_t aad_size, const uint8_t *ciphertext, size_t size,
                 const uint8_t *trailer, uint8_t *digest) noexcept nogil:
    """HMAC-SHA1 over aad, ciphertext and the 4 bytes of the trailer."""
    cdef SHA_CTX running
    memcpy(&running, &state.inner, sizeof(SHA_CTX))
    SHA1_Update(&running, aad, aad_size)
    SHA1_Update(&running, ciphertext, size)
    SHA1_Update(&running, trailer, 4)
    SHA1_Final(digest, &running)
    memcpy(&running, &state.outer, sizeof(SHA_CTX))
    SHA1_Update(&running, digest, SHA1_DIGEST_SIZE)
    SHA1_Final(digest, &running)


cdef Status cm_init(CipherKey *key, const uint8_t *session_key, const uint8_t *authentication_key) noexcept nogil:
    cdef OpensslKey *state = <OpensslKey *> key
    state.cipher = EVP_CIPHER_CTX_new()
    if state.cipher == NULL or EVP_EncryptInit_ex(state.cipher, EVP_aes_128_ctr(), NULL, session_key, NULL) != 1:
        return NO_KEY
    start_hmac(&state.inner, authentication_key, 0x36)
    start_hmac(&state.outer, authentication_key, 0x5c)
    return OK


cdef Status cm_seal(CipherKey *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, const uint8_t *payload,
                    size_t size, const uint8_t *trailer, uint8_t *out, uint8_t *tag) noexcept nogil:
    cdef OpensslKey *state = <OpensslKey *> key
    cdef uint8_t digest[SHA1_DIGEST_SIZE]
    cdef int written = 0
    if EVP_EncryptInit_ex(state.cipher, NULL, NULL, NULL, iv) != 1:
        return NO_KEY
    if size > 0 and EVP_EncryptUpdate(state.cipher, out, &written, payload, <int> size) != 1:
        return NO_KEY
    cm_tag(state, aad, aad_size, out, size, trailer, digest)
    memcpy(tag, digest, CM_TAG_SIZE)
    return OK


cdef Status cm_open(CipherKey *key, const uint8_t *iv, const uint8_t *aad, size_t aad_size, const uint8_t *payload,
                    size_t size, const uint8_t *trailer, const uint8_t *tag, uint8_t *out) noexcept nogil:
    cdef OpensslKey *state = <OpensslKey *> key
    cdef uint8_t digest[SHA1_DIGEST_SIZE]
    cdef int written = 0
    cm_tag(state, aad, aad_size, payload, size, trailer, digest)
    if CRYPTO_memcmp(digest, tag, CM_TAG_SIZE) != 0:
        return AUTHENTICATION_FAILED
    # Counter mode decrypts by encrypting.
    if EVP_EncryptInit_ex(state.cipher, NULL, NULL, NULL, iv) != 1:
        return NO_KEY
    if size > 0 and EVP_EncryptUpdate(state.cipher, out, &written, payload, <int> size) != 1:
        return NO_KEY
    return OK


cdef Status aes_cm_keystream(uint8_t *out, size_t size, const uint8_t *key, size_t key_size, const uint8_t *iv) noexcept nogil:
    cdef EVP_CIPHER_CTX *cipher
    cdef int written = 0
    cdef bint done
    if size > 0x7FFFFFFF:
        return TOO_LARGE
    cipher = EVP_CIPHER_CTX_new()
    if cipher == NULL:
        return NO_KEY
    memset(out, 0, size)
    done = (
        EVP_EncryptInit_ex(cipher, EVP_aes_256_ctr() if key_size == 32 else EVP_aes_128_ctr(), NULL, key, iv) == 1
        and EVP_EncryptUpdate(cipher, out, &written, out, <int> size) == 1
    )
    EVP_CIPHER_CTX_free(cipher)
    return OK if done else NO_KEY


cdef Cipher AES_128_CM = Cipher(16, 14, CM_TAG_SIZE, False, cm_init, cm_seal, cm_open, wipe, NULL)
cdef Cipher AES_128_GCM = Cipher(16, 12, TAG_SIZE_MAX, True, gcm_128_init, gcm_seal, gcm_open, wipe, NULL)
cdef Cipher AES_256_GCM = Cipher(32, 12, TAG_SIZE_MAX, True, gcm_256_init, gcm_seal, gcm_open, wipe, NULL)
cdef Backend BACKEND
BACKEND.name = b"openssl"
BACKEND.aes_128_cm = &AES_128_CM
BACKEND.aes_128_gcm = &AES_128_GCM
BACKEND.aes_256_gcm = &AES_256_GCM


cdef const Backend *openssl_backend() noexcept nogil:
    return &BACKEND
