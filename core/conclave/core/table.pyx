"""See table.pxd. Open addressing with linear probing; removal shifts back, so that no tombstones gather."""
from libc.stdint cimport uint8_t, uint64_t
from libc.stdlib cimport calloc, free


cdef int table_init(Table *table, size_t places, uint64_t seed) noexcept nogil:
    table.entries = <TableEntry *>calloc(places, sizeof(TableEntry))
    table.mask = places - 1
    table.count = 0
    table.limit = places - places // 4
    table.seed = seed
    return 0 if table.entries != NULL else -1


cdef void table_destroy(Table *table) noexcept nogil:
    free(table.entries)
    table.entries = NULL


cdef inline uint64_t mix(uint64_t value) noexcept nogil:
    # The finaliser of MurmurHash3: every input bit reaches every output bit.
    value ^= value >> 33
    value *= <uint64_t>0xFF51AFD7ED558CCD
    value ^= value >> 33
    value *= <uint64_t>0xC4CEB9FE1A85EC53
    return value ^ (value >> 33)


cdef uint64_t table_key(const Table *table, const uint8_t *data, size_t size) noexcept nogil:
    cdef uint64_t key = table.seed ^ size
    cdef uint64_t word = 0
    cdef size_t i
    for i in range(size):
        word = (word << 8) | data[i]
        if i & 7 == 7:
            key = mix(key ^ word) + table.seed
            word = 0
    key = mix(key ^ word ^ (table.seed >> 7))
    return key if key else 1


cdef void *table_get(const Table *table, uint64_t key) noexcept nogil:
    cdef size_t place = key & table.mask
    while table.entries[place].key:
        if table.entries[place].key == key:
            return table.entries[place].value
        place = (place + 1) & table.mask
    return NULL


cdef bint table_put(Table *table, uint64_t key, void *value) noexcept nogil:
    cdef size_t place = key & table.mask
    while table.entries[place].key:
        if table.entries[place].key == key:
            table.entries[place].value = value
            return True
        place = (place + 1) & table.mask
    if table.count >= table.limit:
        return False
    table.entries[place].key = key
    table.entries[place].value = value
    table.count += 1
    return True


cdef void table_remove(Table *table, uint64_t key) noexcept nogil:
    cdef size_t place = key & table.mask
    cdef size_t probe, home
    while table.entries[place].key != key:
        if not table.entries[place].key:
            return
        place = (place + 1) & table.mask
    probe = place
    while True:
        probe = (probe + 1) & table.mask
        if not table.entries[probe].key:
            break
        home = table.entries[probe].key & table.mask
        # An entry may move back only to a place that its own probe sequence passes.
        if ((probe - home) & table.mask) >= ((probe - place) & table.mask):
            table.entries[place] = table.entries[probe]
            place = probe
    table.entries[place].key = 0
    table.entries[place].value = NULL
    table.count -= 1


cdef class HashTable:
    """A table of numbers, for tests."""

    cdef Table table

    def __cinit__(self, size_t places, uint64_t seed):
        if table_init(&self.table, places, seed) != 0:
            raise MemoryError

    def __dealloc__(self):
        table_destroy(&self.table)

    def __len__(self):
        return self.table.count

    def put(self, uint64_t key, size_t value):
        return bool(table_put(&self.table, key, <void *>value))

    def get(self, uint64_t key):
        """The value, 0 when the key is absent."""
        return <size_t>table_get(&self.table, key)

    def remove(self, uint64_t key):
        table_remove(&self.table, key)

    def key(self, bytes data):
        return table_key(&self.table, data, len(data))
