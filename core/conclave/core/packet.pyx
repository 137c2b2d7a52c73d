"""A received packet without its hop protection, the pool it comes from and a stream's history (L2)."""
from libc.stdint cimport uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset
from posix.stdlib cimport posix_memalign

__all__ = ["StreamHistory"]

cdef enum:
    CACHE_LINE = 64
    HISTORY_MASK = HISTORY_SIZE - 1
    CAPACITY_MAX = 1 << 24                     # 26 GB of packets: more is a mistake of the caller


cdef int pool_init(PacketPool *pool, size_t capacity) noexcept nogil:
    cdef void *memory = NULL
    cdef size_t position
    memset(pool, 0, sizeof(PacketPool))
    if capacity > CAPACITY_MAX or posix_memalign(&memory, CACHE_LINE, capacity * sizeof(Packet)) != 0:
        return -1
    # Touches every page now, so that no packet pays for a page fault later.
    memset(memory, 0, capacity * sizeof(Packet))
    pool.packets = <Packet *>memory
    pool.capacity = capacity
    for position in range(capacity):
        pool_give(pool, &pool.packets[capacity - 1 - position])
    return 0


cdef Packet *pool_take(PacketPool *pool) noexcept nogil:
    cdef Packet *packet = pool.free_list
    if packet == NULL:
        return NULL
    pool.free_list = packet.next
    pool.available -= 1
    memset(packet, 0, sizeof(Packet) - PACKET_DATA_SIZE)
    return packet


cdef void pool_give(PacketPool *pool, Packet *packet) noexcept nogil:
    packet.next = pool.free_list
    pool.free_list = packet
    pool.available += 1


cdef void pool_destroy(PacketPool *pool) noexcept nogil:
    free(pool.packets)
    memset(pool, 0, sizeof(PacketPool))


cdef void packets_let_go(Packet *first, PacketPool *pool) noexcept nogil:
    cdef Packet *following
    while first != NULL:
        following = first.next
        first.next = NULL
        first.pending = False
        if first.displaced:
            pool_give(pool, first)
        first = following


cdef void history_init(History *history) noexcept nogil:
    memset(history, 0, sizeof(History))


cdef inline void release(History *history, PacketPool *pool, uint64_t index) noexcept nogil:
    """Lets go of whatever packet lies in the ring where `index` belongs."""
    cdef Packet *packet = history.ring[index & HISTORY_MASK]
    if packet != NULL:
        history.ring[index & HISTORY_MASK] = NULL
        history.count -= 1
        if packet.pending:
            packet.displaced = True
        else:
            pool_give(pool, packet)


cdef void advance(History *history, PacketPool *pool, uint64_t index) noexcept nogil:
    """Moves the reach of the ring up to `index` and gives back what falls out of it."""
    cdef uint64_t passed
    if index - history.highest >= HISTORY_SIZE:
        for passed in range(<uint64_t>HISTORY_SIZE):
            release(history, pool, passed)
    else:
        for passed in range(history.highest + 1, index + 1):
            release(history, pool, passed)
    history.highest = index
    if history.lowest + HISTORY_SIZE <= index:
        history.lowest = index - HISTORY_SIZE + 1


cdef bint history_put(History *history, PacketPool *pool, Packet *packet) noexcept nogil:
    cdef uint64_t index = packet.index
    if not history.started:
        history.started = True
        history.highest = index
        history.lowest = index
    elif index > history.highest:
        advance(history, pool, index)
    elif index + HISTORY_SIZE <= history.highest or history.ring[index & HISTORY_MASK] != NULL:
        # `advance` keeps the ring free of packets below its reach: what lies there is this very index.
        pool_give(pool, packet)
        return False
    elif index < history.lowest:
        history.lowest = index
    history.ring[index & HISTORY_MASK] = packet
    history.count += 1
    return True


cdef Packet *history_get(const History *history, uint64_t index) noexcept nogil:
    cdef Packet *packet = history.ring[index & HISTORY_MASK]
    if packet == NULL or packet.index != index:
        return NULL
    return packet


cdef bint history_drop_oldest(History *history, PacketPool *pool) noexcept nogil:
    if history.count == 0:
        return False
    while history.ring[history.lowest & HISTORY_MASK] == NULL:
        history.lowest += 1
    release(history, pool, history.lowest)
    history.lowest += 1
    return True


cdef void history_clear(History *history, PacketPool *pool) noexcept nogil:
    cdef uint64_t position
    for position in range(<uint64_t>HISTORY_SIZE):
        release(history, pool, position)
    history_init(history)


cdef class StreamHistory:
    """A history over a pool of its own, for tests."""

    cdef PacketPool pool
    cdef History history
    cdef Packet *pending

    def __cinit__(self, size_t capacity):
        history_init(&self.history)
        if pool_init(&self.pool, capacity) != 0:
            raise MemoryError(capacity)

    def __dealloc__(self):
        pool_destroy(&self.pool)

    def put(self, uint64_t index, bytes data=b"") -> bool:
        cdef Packet *packet
        assert len(data) <= PACKET_DATA_SIZE, "a received packet is never larger than its buffer"
        packet = pool_take(&self.pool)
        if packet == NULL:
            raise BufferError("the packet pool is used up")
        packet.index = index
        packet.size = <unsigned short>len(data)
        memcpy(packet.data, <const char *>data, len(data))
        return history_put(&self.history, &self.pool, packet)

    def get(self, uint64_t index):
        cdef const Packet *packet = history_get(&self.history, index)
        if packet == NULL:
            return None
        return <bytes>packet.data[:packet.size]

    def hold(self, uint64_t index) -> None:
        cdef Packet *packet = history_get(&self.history, index)
        assert packet != NULL, "only what is kept can be held"
        packet.pending = True
        packet.next = self.pending
        self.pending = packet

    def let_go(self):
        cdef Packet *packet = self.pending
        cdef list held = []
        while packet != NULL:
            held.append((packet.index, <bytes>packet.data[:packet.size]))
            packet = packet.next
        packets_let_go(self.pending, &self.pool)
        self.pending = NULL
        return held

    def drop_oldest(self) -> bool:
        return history_drop_oldest(&self.history, &self.pool)

    def clear(self) -> None:
        history_clear(&self.history, &self.pool)

    @property
    def available(self) -> int:
        return self.pool.available

    def __len__(self) -> int:
        return self.history.count
