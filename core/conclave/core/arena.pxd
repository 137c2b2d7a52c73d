"""One locked, non-dumpable block of memory for keys, wiped on release (L2)."""
from libc.stdint cimport uint8_t

cdef struct KeyArena:
    uint8_t *base
    size_t size
    size_t used
    size_t block_size              # every block has the same size, a multiple of 128 (false sharing)
    void *free_list
    bint locked                    # mlock succeeded

# Maps `count` blocks of `block_size` bytes: mlock, MADV_DONTDUMP, MADV_WIPEONFORK. Returns 0, or -1 when memory is short.
cdef int arena_init(KeyArena *arena, size_t block_size, size_t count) noexcept nogil
cdef void *arena_take(KeyArena *arena) noexcept nogil          # zeroed; NULL when used up
cdef void arena_give(KeyArena *arena, void *block) noexcept nogil  # wipes the block first
cdef void arena_destroy(KeyArena *arena) noexcept nogil        # wipes everything
