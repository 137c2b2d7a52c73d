"""See srtp_context.pxd."""
from libc.stdint cimport uint8_t
from libc.string cimport memcpy, memset
from conclave.core.crypto cimport Backend, Cipher
from conclave.core.crypto_backends cimport find_backend
from conclave.core.crypto_kdf cimport (
    LABEL_RTCP_AUTHENTICATION, LABEL_RTCP_KEY, LABEL_RTCP_SALT, LABEL_RTP_AUTHENTICATION, LABEL_RTP_KEY, LABEL_RTP_SALT, SALT_ROOM,
    derive_key,
)
from conclave.core.crypto_libsrtp cimport libsrtp_close, libsrtp_open
from conclave.core.crypto_openssl cimport openssl_backend
from conclave.core.status cimport OK, Status, UNSUPPORTED

from conclave.core.errors import raise_status

__all__ = ["SrtpProfile", "choose_backend", "chosen_backend"]

cdef extern from "<string.h>" nogil:
    void explicit_bzero(void *memory, size_t size)

cdef enum:
    AUTHENTICATION_KEY_SIZE = 20
    MASTER_KEY_MAX = 32

cdef const Backend *CHOSEN = NULL


# --- Backend -------------------------------------------------------------------------------------------------------

cdef Status srtp_choose_backend(const char *name) noexcept nogil:
    """Later contexts use the named backend; each context keeps the one that it was made with."""
    global CHOSEN
    cdef const Backend *backend = find_backend(name)
    if backend == NULL:
        return UNSUPPORTED
    CHOSEN = backend
    return OK


cdef const char *srtp_backend_name() noexcept nogil:
    if CHOSEN == NULL:
        return b""
    return CHOSEN.name


# --- Keys ----------------------------------------------------------------------------------------------------------

cdef const Cipher *srtp_find_cipher(const Backend *backend, SrtpProfile profile) noexcept nogil:
    if profile == SRTP_AES128_CM_HMAC_SHA1_80:
        return backend.aes_128_cm
    if profile == SRTP_AEAD_AES_128_GCM:
        return backend.aes_128_gcm
    if profile == SRTP_AEAD_AES_256_GCM:
        return backend.aes_256_gcm
    return NULL


cdef Status srtp_install_keys(SrtpContext *context, const Cipher *cipher, const uint8_t *rtp_key, const uint8_t *rtp_authentication,
                    const uint8_t *rtcp_key, const uint8_t *rtcp_authentication) noexcept nogil:
    cdef Status status
    context.cipher = cipher
    context.tag_size = cipher.tag_size
    context.tag_before_index = cipher.tag_before_index
    status = cipher.init(&context.rtp, rtp_key, rtp_authentication)
    if status == OK:
        status = cipher.init(&context.rtcp, rtcp_key, rtcp_authentication)
    return status


cdef Status init_with_cipher(SrtpContext *context, const Cipher *cipher, const uint8_t *master_key,
                             const uint8_t *master_salt) noexcept nogil:
    cdef uint8_t salt[SALT_ROOM]
    cdef uint8_t keys[2][MASTER_KEY_MAX]
    cdef uint8_t authentication[2][AUTHENTICATION_KEY_SIZE]
    cdef size_t key_size = cipher.key_size
    cdef Status status
    memset(salt, 0, SALT_ROOM)
    memcpy(salt, master_salt, cipher.salt_size)
    status = derive_key(keys[0], key_size, master_key, key_size, salt, LABEL_RTP_KEY)
    if status == OK:
        status = derive_key(authentication[0], AUTHENTICATION_KEY_SIZE, master_key, key_size, salt, LABEL_RTP_AUTHENTICATION)
    if status == OK:
        status = derive_key(context.rtp_salt, cipher.salt_size, master_key, key_size, salt, LABEL_RTP_SALT)
    if status == OK:
        status = derive_key(keys[1], key_size, master_key, key_size, salt, LABEL_RTCP_KEY)
    if status == OK:
        status = derive_key(authentication[1], AUTHENTICATION_KEY_SIZE, master_key, key_size, salt, LABEL_RTCP_AUTHENTICATION)
    if status == OK:
        status = derive_key(context.rtcp_salt, cipher.salt_size, master_key, key_size, salt, LABEL_RTCP_SALT)
    if status == OK:
        status = srtp_install_keys(context, cipher, keys[0], authentication[0], keys[1], authentication[1])
    explicit_bzero(salt, sizeof(salt))
    explicit_bzero(keys, sizeof(keys))
    explicit_bzero(authentication, sizeof(authentication))
    return status


cdef Status init_with_libsrtp(SrtpContext *context, SrtpProfile profile, const uint8_t *master_key,
                              const uint8_t *master_salt) noexcept nogil:
    # Sizes of keys, salts and tags belong to the profile; OpenSSL's table tells them.
    cdef const Cipher *shape = srtp_find_cipher(openssl_backend(), profile)
    context.tag_size = shape.tag_size
    context.tag_before_index = shape.tag_before_index
    return libsrtp_open(&context.libsrtp, <int> profile, master_key, shape.key_size, master_salt, shape.salt_size)


cdef Status srtp_context_init_with(SrtpContext *context, const Backend *backend, SrtpProfile profile, const uint8_t *master_key,
                              const uint8_t *master_salt) noexcept nogil:
    cdef const Cipher *cipher = srtp_find_cipher(backend, profile)
    cdef Status status
    if srtp_find_cipher(openssl_backend(), profile) == NULL:
        return UNSUPPORTED
    if cipher == NULL:
        status = init_with_libsrtp(context, profile, master_key, master_salt)
    else:
        status = init_with_cipher(context, cipher, master_key, master_salt)
    if status != OK:
        srtp_context_wipe(context)
    return status


cdef size_t srtp_context_size() noexcept nogil:
    return sizeof(SrtpContext)


cdef Status srtp_context_init(SrtpContext *context, SrtpProfile profile, const uint8_t *master_key,
                              const uint8_t *master_salt) noexcept nogil:
    cdef Status status
    if CHOSEN == NULL:
        status = srtp_choose_backend(b"auto")
        if status != OK:
            return status
    return srtp_context_init_with(context, CHOSEN, profile, master_key, master_salt)


cdef void srtp_context_wipe(SrtpContext *context) noexcept nogil:
    if context.cipher != NULL:
        context.cipher.wipe(&context.rtp)
        context.cipher.wipe(&context.rtcp)
    libsrtp_close(&context.libsrtp)
    explicit_bzero(context, sizeof(SrtpContext))


cdef size_t srtp_overhead(const SrtpContext *context) noexcept nogil:
    return context.tag_size


# --- Face ----------------------------------------------------------------------------------------------------------

def choose_backend(str name):
    """Chooses the backend of later contexts: "auto" or a name of `crypto_backends.backends()`. PacketRefused for one that does not work here."""
    encoded = name.encode("ascii")
    raise_status(srtp_choose_backend(encoded))


def chosen_backend():
    """Name of the process's backend; empty before the first choice."""
    return srtp_backend_name().decode("ascii")
