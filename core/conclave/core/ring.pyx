"""See ring.pxd."""
from libc.stdint cimport uint8_t
from libc.stdlib cimport calloc, free

cdef extern from *:
    """
    #define ring_load(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
    #define ring_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
    """
    size_t ring_load(size_t *p) nogil
    void ring_store(size_t *p, size_t v) nogil


cdef int ring_init(Ring *ring, size_t record_size, size_t capacity) noexcept nogil:
    ring.records = <uint8_t *>calloc(capacity, record_size)
    ring.record_size = record_size
    ring.mask = capacity - 1
    ring.head = ring.tail = 0
    return 0 if ring.records != NULL else -1


cdef void ring_destroy(Ring *ring) noexcept nogil:
    free(ring.records)
    ring.records = NULL


cdef void *ring_reserve(Ring *ring) noexcept nogil:
    cdef size_t tail = ring.tail
    if tail - ring_load(&ring.head) > ring.mask:
        return NULL
    return ring.records + (tail & ring.mask) * ring.record_size


cdef void ring_publish(Ring *ring) noexcept nogil:
    ring_store(&ring.tail, ring.tail + 1)


cdef void *ring_front(Ring *ring) noexcept nogil:
    cdef size_t head = ring.head
    if head == ring_load(&ring.tail):
        return NULL
    return ring.records + (head & ring.mask) * ring.record_size


cdef void ring_pop(Ring *ring) noexcept nogil:
    ring_store(&ring.head, ring.head + 1)


cdef class Queue:
    """A ring of single bytes, for tests."""

    cdef Ring ring

    def __cinit__(self, size_t capacity):
        if ring_init(&self.ring, 1, capacity) != 0:
            raise MemoryError

    def __dealloc__(self):
        ring_destroy(&self.ring)

    def put(self, uint8_t value):
        """False when the ring is full."""
        cdef uint8_t *place = <uint8_t *>ring_reserve(&self.ring)
        if place == NULL:
            return False
        place[0] = value
        ring_publish(&self.ring)
        return True

    def take(self):
        """None when the ring is empty."""
        cdef uint8_t *place = <uint8_t *>ring_front(&self.ring)
        if place == NULL:
            return None
        value = place[0]
        ring_pop(&self.ring)
        return value
