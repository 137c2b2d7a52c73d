"""See outbox.pxd."""
from libc.stdint cimport uint8_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset
from conclave.core.address cimport Address, path_equal


cdef int outbox_init(Outbox *outbox, size_t capacity, size_t group_capacity) noexcept nogil:
    outbox.data = <uint8_t *>calloc(1, capacity)
    outbox.groups = <Group *>calloc(group_capacity, sizeof(Group))
    outbox.capacity = capacity
    outbox.group_capacity = group_capacity
    outbox.used = outbox.count = 0
    return 0 if outbox.data != NULL and outbox.groups != NULL else -1


cdef void outbox_destroy(Outbox *outbox) noexcept nogil:
    free(outbox.data)
    free(outbox.groups)
    outbox.data = NULL
    outbox.groups = NULL


cdef void outbox_clear(Outbox *outbox) noexcept nogil:
    outbox.used = outbox.count = 0


cdef bint outbox_has_room(const Outbox *outbox, size_t datagrams, size_t datagram_size) noexcept nogil:
    return (outbox.used + datagrams * datagram_size <= outbox.capacity
            and outbox.count + datagrams <= outbox.group_capacity)


cdef uint8_t *outbox_reserve(Outbox *outbox, size_t size) noexcept nogil:
    if outbox.used + size > outbox.capacity or outbox.count >= outbox.group_capacity:
        return NULL
    return outbox.data + outbox.used


cdef void outbox_commit(Outbox *outbox, const Address *to, size_t size) noexcept nogil:
    cdef Group *group
    if outbox.count:
        group = &outbox.groups[outbox.count - 1]
        # Only the last datagram of a group may be shorter: a group that has one is closed.
        if (size <= group.segment_size and group.size == <size_t>group.segment_size * group.segments
                and group.segments < GROUP_SEGMENTS_MAX and group.size + size <= GROUP_SIZE_MAX
                and path_equal(&group.to, to)):
            group.size += size
            group.segments += 1
            outbox.used += size
            return
    group = &outbox.groups[outbox.count]
    group.to = to[0]
    group.offset = outbox.used
    group.size = size
    group.segment_size = size
    group.segments = 1
    outbox.count += 1
    outbox.used += size


cdef class Post:
    """An outbox, for tests: datagrams go to 10.0.0.1 and a port."""

    cdef Outbox outbox

    def __cinit__(self, size_t capacity, size_t group_capacity):
        if outbox_init(&self.outbox, capacity, group_capacity) != 0:
            raise MemoryError

    def __dealloc__(self):
        outbox_destroy(&self.outbox)

    def send(self, port, bytes datagram):
        """False when there is no room."""
        cdef Address address
        cdef uint8_t *place = outbox_reserve(&self.outbox, len(datagram))
        if place == NULL:
            return False
        memset(&address, 0, sizeof(address))
        address.port = port
        memcpy(place, <const uint8_t *>datagram, len(datagram))
        outbox_commit(&self.outbox, &address, len(datagram))
        return True

    def groups(self):
        """[(port, segment size, segments, bytes), ...]"""
        found = []
        for i in range(self.outbox.count):
            group = self.outbox.groups[i]
            found.append((group.to.port, group.segment_size, group.segments,
                          <bytes>self.outbox.data[group.offset:group.offset + group.size]))
        return found

    def clear(self):
        outbox_clear(&self.outbox)
