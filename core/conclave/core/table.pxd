"""A hash table from 64-bit keyed hashes to pointers, of fixed capacity, without allocation after its start (L2)."""
from libc.stdint cimport uint8_t, uint64_t

cdef struct TableEntry:
    uint64_t key                   # 0 for an empty place
    void *value

cdef struct Table:
    TableEntry *entries
    size_t mask
    size_t count
    size_t limit                   # entries at most: three quarters of the places
    uint64_t seed

cdef int table_init(Table *table, size_t places, uint64_t seed) noexcept nogil   # places: a power of two; 0 or -1
cdef void table_destroy(Table *table) noexcept nogil
# The key of some bytes: keyed, so that who chooses the bytes cannot aim for collisions. Never 0.
cdef uint64_t table_key(const Table *table, const uint8_t *data, size_t size) noexcept nogil
cdef void *table_get(const Table *table, uint64_t key) noexcept nogil             # NULL when absent
cdef bint table_put(Table *table, uint64_t key, void *value) noexcept nogil       # false when full
cdef void table_remove(Table *table, uint64_t key) noexcept nogil
