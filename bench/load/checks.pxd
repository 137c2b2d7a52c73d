"""Binding requests as a controlling agent sends them (RFC 8445 section 7.2.2), for consent (RFC 7675)."""
from libc.stdint cimport uint8_t

cdef enum:
    CHECK_MAX = 800

# Writes a request with FINGERPRINT into `out` (CHECK_MAX bytes) and returns its size. transaction_id: 12 bytes.
cdef size_t check_write(uint8_t *out, const uint8_t *username, size_t username_size, const uint8_t *password,
                        size_t password_size, const uint8_t *transaction_id) noexcept nogil
