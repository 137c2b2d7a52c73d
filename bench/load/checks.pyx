"""See checks.pxd."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset
from conclave.core.stun cimport STUN_BINDING_REQUEST
from conclave.core.wire cimport write_u16, write_u32, write_u64

cdef extern from "<openssl/hmac.h>" nogil:
    ctypedef struct EVP_MD:
        pass
    const EVP_MD *EVP_sha1()
    unsigned char *HMAC(const EVP_MD *digest, const void *key, int key_size, const unsigned char *data, size_t size,
                        unsigned char *out, unsigned int *out_size)

cdef extern from "<zlib.h>" nogil:
    unsigned long crc32(unsigned long crc, const unsigned char *data, unsigned int size)

cdef enum:
    HEADER_SIZE = 20
    MAGIC_COOKIE = 0x2112A442
    ATTRIBUTE_USERNAME = 0x0006
    ATTRIBUTE_MESSAGE_INTEGRITY = 0x0008
    ATTRIBUTE_PRIORITY = 0x0024
    ATTRIBUTE_USE_CANDIDATE = 0x0025
    ATTRIBUTE_FINGERPRINT = 0x8028
    ATTRIBUTE_ICE_CONTROLLING = 0x802A
    FINGERPRINT_XOR = 0x5354554E
    PRIORITY = 1_853_817_087       # of a peer-reflexive candidate of a host (RFC 8445 section 5.1.2)
    SHA1_SIZE = 20


cdef size_t put(uint8_t *out, size_t size, unsigned int kind, const uint8_t *value, size_t value_size) noexcept nogil:
    """Adds an attribute to a message of `size` bytes, padded to whole words; returns its new size."""
    cdef size_t padded = (value_size + 3) & ~<size_t>3
    write_u16(out + size, <unsigned short>kind)
    write_u16(out + size + 2, <unsigned short>value_size)
    memset(out + size + 4, 0, padded)
    memcpy(out + size + 4, value, value_size)
    return size + 4 + padded


cdef size_t check_write(uint8_t *out, const uint8_t *username, size_t username_size, const uint8_t *password,
                        size_t password_size, const uint8_t *transaction_id) noexcept nogil:
    cdef uint8_t value[SHA1_SIZE]
    cdef unsigned int written
    cdef size_t size = HEADER_SIZE
    write_u16(out, STUN_BINDING_REQUEST)
    write_u32(out + 4, MAGIC_COOKIE)
    memcpy(out + 8, transaction_id, 12)
    size = put(out, size, ATTRIBUTE_USERNAME, username, username_size)
    write_u32(value, PRIORITY)
    size = put(out, size, ATTRIBUTE_PRIORITY, value, 4)
    write_u64(value, 1)
    size = put(out, size, ATTRIBUTE_ICE_CONTROLLING, value, 8)
    size = put(out, size, ATTRIBUTE_USE_CANDIDATE, value, 0)
    # RFC 8489 section 14.5: the length in the header counts MESSAGE-INTEGRITY, and section 14.7: then FINGERPRINT.
    write_u16(out + 2, <unsigned short>(size + 4 + SHA1_SIZE - HEADER_SIZE))
    HMAC(EVP_sha1(), password, <int>password_size, out, size, value, &written)
    size = put(out, size, ATTRIBUTE_MESSAGE_INTEGRITY, value, SHA1_SIZE)
    write_u16(out + 2, <unsigned short>(size + 8 - HEADER_SIZE))
    write_u32(value, <uint32_t>crc32(0, out, <unsigned int>size) ^ <uint32_t>FINGERPRINT_XOR)
    return put(out, size, ATTRIBUTE_FINGERPRINT, value, 4)
