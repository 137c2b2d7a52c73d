"""One locked, non-dumpable block of memory for keys, wiped on release (L2)."""
from libc.stdint cimport uint8_t

cdef struct KeyArena:
    uint8_t *base
    size_t size                    # bytes mapped, whole pages
    size_t used                    # bytes ever handed out: the next new block starts here
    size_t block_size              # every block has the same size, a multiple of 128 (false sharing)
    size_t capacity                # blocks
    void *free_list
    bint locked                    # mlock succeeded; when false the keys may reach swap and the process has to say so

# Maps `count` blocks of `block_size` bytes (rounded up to a multiple of 128): mlock, MADV_DONTDUMP, MADV_WIPEONFORK. Returns 0, or -1 when
# memory is short or the kernel cannot keep the mapping out of core dumps and forks. A refused mlock is told by `locked`.
cdef int arena_init(KeyArena *arena, size_t block_size, size_t count) noexcept nogil
cdef void *arena_take(KeyArena *arena) noexcept nogil          # zeroed; NULL when used up
cdef void arena_give(KeyArena *arena, void *block) noexcept nogil  # wipes the block first
cdef void arena_destroy(KeyArena *arena) noexcept nogil        # wipes everything
