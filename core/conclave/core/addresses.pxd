"""Which leg an address belongs to: whose authenticated check came from there last (L6)."""
from libc.stdint cimport uint8_t, uint64_t
from conclave.core.address cimport ADDRESS_SIZE, Address
from conclave.core.leg cimport Leg
from conclave.core.router cimport Router
from conclave.core.table cimport table_get, table_key, table_put, table_remove


cdef inline uint64_t address_key(const Router *router, const Address *address) noexcept nogil:
    return table_key(&router.by_address, <const uint8_t *>address, ADDRESS_SIZE)


cdef inline Leg *address_owner(const Router *router, const Address *address) noexcept nogil:
    """NULL when it is nobody's."""
    return <Leg *>table_get(&router.by_address, address_key(router, address))


cdef inline bint address_give(Router *router, Leg *leg, const Address *address) noexcept nogil:
    """False when the table is full."""
    return table_put(&router.by_address, address_key(router, address), leg)


cdef inline void address_take(Router *router, const Leg *leg, const Address *address) noexcept nogil:
    """Takes it from the leg, unless it is somebody else's by now."""
    if address_owner(router, address) == leg:
        table_remove(&router.by_address, address_key(router, address))
