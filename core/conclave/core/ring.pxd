"""A lock-free queue of fixed-size records between exactly one producer and one consumer thread (L2)."""
from libc.stdint cimport uint8_t

cdef struct Ring:
    uint8_t *records
    size_t record_size
    size_t mask
    uint8_t pad0[104]
    size_t head                    # next record to read; written by the consumer only
    uint8_t pad1[120]
    size_t tail                    # next record to write; written by the producer only
    uint8_t pad2[120]

cdef int ring_init(Ring *ring, size_t record_size, size_t capacity) noexcept nogil   # capacity: a power of two; 0 or -1
cdef void ring_destroy(Ring *ring) noexcept nogil
cdef void *ring_reserve(Ring *ring) noexcept nogil      # the record to fill, NULL when the ring is full
cdef void ring_publish(Ring *ring) noexcept nogil       # hands the reserved record over
cdef void *ring_front(Ring *ring) noexcept nogil        # the oldest record, NULL when the ring is empty
cdef void ring_pop(Ring *ring) noexcept nogil           # forgets the oldest record
