"""Ciphers on OpenSSL's EVP: the portable backend (L2)."""
from libc.stdint cimport uint8_t
from conclave.core.crypto cimport Backend
from conclave.core.status cimport Status

cdef enum:
    OPENSSL_KEY_ROOM = 512         # bytes of a CipherKey that this backend uses at most

cdef const Backend *openssl_backend() noexcept nogil
# AES in counter mode over zeros (RFC 3711 section 4.1.1): the key derivation's pseudo-random function. `key_size` is 16 or 32; `iv` has 16
# bytes. NO_KEY when OpenSSL fails. Allocates: not for the packet path.
cdef Status aes_cm_keystream(uint8_t *out, size_t size, const uint8_t *key, size_t key_size, const uint8_t *iv) noexcept nogil
