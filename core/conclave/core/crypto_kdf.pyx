"""Session keys and nonces of SRTP (RFC 3711 sections 4.1.1 and 4.3, RFC 7714 sections 8.1 and 11) (L3)."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset
from conclave.core.crypto_openssl cimport aes_cm_keystream
from conclave.core.status cimport Status

from conclave.core.errors import raise_status

__all__ = ["aes_cm_key_stream", "derive_session_key"]


cdef Status derive_key(uint8_t *out, size_t size, const uint8_t *master_key, size_t key_size, const uint8_t *master_salt,
                       uint8_t label) noexcept nogil:
    cdef uint8_t iv[SALT_ROOM]
    memcpy(iv, master_salt, SALT_ROOM)
    # key_id is the label and a 48-bit zero, aligned with the end of a 14-byte salt: the label meets byte 7. A salt of 12 bytes is
    # padded with zeros on the right before (RFC 7714 section 11).
    iv[7] ^= label
    return aes_cm_keystream(out, size, master_key, key_size, iv)


def derive_session_key(const uint8_t[::1] master_key, const uint8_t[::1] master_salt, uint8_t label, size_t size):
    """Derives `size` bytes under a label of RFC 3711 section 4.3.1, key derivation rate 0."""
    cdef uint8_t salt[SALT_ROOM]
    if master_key.shape[0] not in (16, 32) or master_salt.shape[0] not in (12, 14) or size == 0:
        raise ValueError("a master key has 16 or 32 bytes, a master salt 12 or 14, and a session key at least one")
    memset(salt, 0, SALT_ROOM)
    memcpy(salt, &master_salt[0], master_salt.shape[0])
    out = bytearray(size)
    cdef uint8_t[::1] view = out
    raise_status(derive_key(&view[0], size, &master_key[0], master_key.shape[0], salt, label))
    return bytes(out)


def aes_cm_key_stream(const uint8_t[::1] session_key, const uint8_t[::1] session_salt, uint32_t ssrc, uint64_t index, size_t size):
    """The first `size` bytes of AES-CM key stream of one packet (RFC 3711 section 4.1.1)."""
    cdef uint8_t salt[SALT_ROOM]
    cdef uint8_t iv[SALT_ROOM]
    if session_key.shape[0] not in (16, 32) or session_salt.shape[0] != 14 or size == 0:
        raise ValueError("a session key has 16 or 32 bytes, a session salt 14, and the key stream at least one")
    memset(salt, 0, SALT_ROOM)
    memcpy(salt, &session_salt[0], 14)
    form_iv(iv, salt, 14, ssrc, index)
    out = bytearray(size)
    cdef uint8_t[::1] view = out
    raise_status(aes_cm_keystream(&view[0], size, &session_key[0], session_key.shape[0], iv))
    return bytes(out)
