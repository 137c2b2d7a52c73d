"""Fetches memory into the processor's cache before it is needed (L0). Any address may be given: nothing is read."""

cdef extern from * nogil:
    """
    #define CONCLAVE_CACHE_LINE 64
    static inline void conclave_prefetch(const void *memory, size_t size) {
        for (size_t offset = 0; offset < size; offset += CONCLAVE_CACHE_LINE)
            __builtin_prefetch((const char *)memory + offset);
    }
    """
    void prefetch "conclave_prefetch"(const void *memory, size_t size)
