"""A client's endpoint as the core keeps it: IPv4 as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2) (L1).

It carries the local address that the endpoint speaks to: an answer must leave from where the question went, or a client
that pairs candidates (RFC 8445 section 7.2.5.2.1) takes it for somebody else's. Over TCP the connection sees to that.
"""
from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcmp

cdef enum:
    ADDRESS_SIZE = 22              # the bytes that tell endpoints apart: ip, connection and port

cdef struct Address:
    uint8_t ip[16]
    uint32_t connection            # 0 for UDP; else the number of a TCP connection, which is no other's meanwhile
    uint16_t port                  # host order
    uint8_t local[16]              # this machine's address on the path; all zero: the kernel chooses

cdef inline bint address_equal(const Address *a, const Address *b) noexcept nogil:
    return a.port == b.port and a.connection == b.connection and memcmp(a.ip, b.ip, 16) == 0

# The same endpoint over the same local address.
cdef inline bint path_equal(const Address *a, const Address *b) noexcept nogil:
    return address_equal(a, b) and memcmp(a.local, b.local, 16) == 0

cdef inline bint address_is_ipv4(const Address *address) noexcept nogil:
    return (memcmp(address.ip, b"\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0)
