"""Big-endian access to bytes of a packet (L0).

Nothing here checks a length: the caller compares it once with what it is about to read, then indexes.
"""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef extern from "<endian.h>" nogil:
    uint16_t be16toh(uint16_t value)
    uint32_t be32toh(uint32_t value)
    uint64_t be64toh(uint64_t value)
    uint16_t htobe16(uint16_t value)
    uint32_t htobe32(uint32_t value)
    uint64_t htobe64(uint64_t value)


cdef inline uint16_t read_u16(const uint8_t *data) noexcept nogil:
    cdef uint16_t value
    memcpy(&value, data, 2)
    return be16toh(value)


cdef inline uint32_t read_u24(const uint8_t *data) noexcept nogil:
    return (<uint32_t>data[0] << 16) | (<uint32_t>data[1] << 8) | data[2]


cdef inline uint32_t read_u32(const uint8_t *data) noexcept nogil:
    cdef uint32_t value
    memcpy(&value, data, 4)
    return be32toh(value)


cdef inline uint64_t read_u64(const uint8_t *data) noexcept nogil:
    cdef uint64_t value
    memcpy(&value, data, 8)
    return be64toh(value)


cdef inline void write_u16(uint8_t *out, uint16_t value) noexcept nogil:
    value = htobe16(value)
    memcpy(out, &value, 2)


cdef inline void write_u24(uint8_t *out, uint32_t value) noexcept nogil:
    out[0] = <uint8_t>(value >> 16)
    out[1] = <uint8_t>(value >> 8)
    out[2] = <uint8_t>value


cdef inline void write_u32(uint8_t *out, uint32_t value) noexcept nogil:
    value = htobe32(value)
    memcpy(out, &value, 4)


cdef inline void write_u64(uint8_t *out, uint64_t value) noexcept nogil:
    value = htobe64(value)
    memcpy(out, &value, 8)
