"""A UDP endpoint as the core keeps it: IPv4 as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2) (L1)."""
from libc.stdint cimport uint8_t, uint16_t
from libc.string cimport memcmp

cdef struct Address:
    uint8_t ip[16]
    uint16_t port                  # host order

cdef inline bint address_equal(const Address *a, const Address *b) noexcept nogil:
    return a.port == b.port and memcmp(a.ip, b.ip, 16) == 0

cdef inline bint address_is_ipv4(const Address *address) noexcept nogil:
    return (memcmp(address.ip, b"\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0)
