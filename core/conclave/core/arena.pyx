"""One locked, non-dumpable block of memory for keys, wiped on release (L2)."""
from libc.stdint cimport uint8_t, uintptr_t
from libc.string cimport memset

cdef extern from "<string.h>" nogil:
    void explicit_bzero(void *memory, size_t size)

cdef extern from "<sys/mman.h>" nogil:
    void *mmap(void *address, size_t length, int protection, int flags, int descriptor, long offset)
    int munmap(void *address, size_t length)
    int mlock(const void *address, size_t length)
    int madvise(void *address, size_t length, int advice)
    int PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS, MADV_DONTDUMP, MADV_WIPEONFORK
    void *MAP_FAILED

cdef extern from "<unistd.h>" nogil:
    long sysconf(int name)
    int _SC_PAGESIZE

__all__ = ["Arena"]

cdef enum:
    BLOCK_ALIGNMENT = 128          # two cache lines: neighbours fetched together are never two workers'


cdef int arena_init(KeyArena *arena, size_t block_size, size_t count) noexcept nogil:
    cdef size_t page = <size_t> sysconf(_SC_PAGESIZE)
    cdef size_t rounded = (block_size + BLOCK_ALIGNMENT - 1) & ~<size_t> (BLOCK_ALIGNMENT - 1)
    cdef void *base
    memset(arena, 0, sizeof(KeyArena))
    if rounded < sizeof(void *) or count == 0 or count > (<size_t> -1 - page) // rounded:
        return -1
    arena.block_size = rounded
    arena.capacity = count
    arena.size = (rounded * count + page - 1) // page * page
    base = mmap(NULL, arena.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    if base == MAP_FAILED:
        arena.size = 0
        return -1
    if madvise(base, arena.size, MADV_DONTDUMP) != 0 or madvise(base, arena.size, MADV_WIPEONFORK) != 0:
        munmap(base, arena.size)
        arena.size = 0
        return -1
    arena.base = <uint8_t *> base
    arena.locked = mlock(base, arena.size) == 0
    return 0


cdef void *arena_take(KeyArena *arena) noexcept nogil:
    cdef void *block = arena.free_list
    if block != NULL:
        arena.free_list = (<void **> block)[0]
        # The rest of a given block is zero already; only the link is left in it.
        (<void **> block)[0] = NULL
        return block
    if arena.base == NULL or arena.used + arena.block_size > arena.block_size * arena.capacity:
        return NULL
    block = arena.base + arena.used
    arena.used += arena.block_size
    return block


cdef void arena_give(KeyArena *arena, void *block) noexcept nogil:
    if block == NULL:
        return
    explicit_bzero(block, arena.block_size)
    (<void **> block)[0] = arena.free_list
    arena.free_list = block


cdef void arena_destroy(KeyArena *arena) noexcept nogil:
    if arena.base != NULL:
        explicit_bzero(arena.base, arena.size)
        munmap(arena.base, arena.size)
    memset(arena, 0, sizeof(KeyArena))


cdef class Arena:
    """A KeyArena for tests and tools: blocks are told by their address."""
    cdef KeyArena _arena

    def __init__(self, size_t block_size, size_t count):
        arena_destroy(&self._arena)
        if arena_init(&self._arena, block_size, count) != 0:
            raise MemoryError(f"no protected memory for {count} blocks of {block_size} bytes")

    def __dealloc__(self):
        arena_destroy(&self._arena)

    @property
    def base(self):
        """Address of the mapping."""
        return <uintptr_t> self._arena.base

    @property
    def size(self):
        """Bytes mapped, whole pages."""
        return self._arena.size

    @property
    def block_size(self):
        """Bytes of one block, a multiple of 128."""
        return self._arena.block_size

    @property
    def locked(self):
        """Whether the memory is kept out of swap."""
        return bool(self._arena.locked)

    def take(self):
        """Address of a zeroed block, None when all are taken."""
        cdef void *block = arena_take(&self._arena)
        return None if block == NULL else <uintptr_t> block

    def give(self, uintptr_t block):
        """Wipes a block and takes it back. ValueError when it is none of this arena's."""
        cdef uintptr_t offset = block - <uintptr_t> self._arena.base
        if block < <uintptr_t> self._arena.base or offset >= self._arena.used or offset % self._arena.block_size:
            raise ValueError("no block of this arena")
        arena_give(&self._arena, <void *> block)
