"""See framing.pxd."""
from libc.stdint cimport uint8_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memmove
from conclave.core.status cimport OK, Status, TOO_LARGE, TRUNCATED
from conclave.core.wire cimport read_u16, write_u16

from conclave.core.errors import raise_status

__all__ = ["Backlog", "Deframer"]


cdef void frame_reader_init(FrameReader *reader, uint8_t *data, size_t capacity) noexcept nogil:
    reader.data = data
    reader.capacity = capacity
    reader.filled = reader.taken = 0


cdef uint8_t *frame_reader_room(FrameReader *reader, size_t *size) noexcept nogil:
    if reader.taken:
        memmove(reader.data, reader.data + reader.taken, reader.filled - reader.taken)
        reader.filled -= reader.taken
        reader.taken = 0
    size[0] = reader.capacity - reader.filled
    return reader.data + reader.filled


cdef void frame_reader_fill(FrameReader *reader, size_t size) noexcept nogil:
    reader.filled += size


cdef Status frame_reader_next(FrameReader *reader, const uint8_t **frame, size_t *size) noexcept nogil:
    cdef size_t waiting = reader.filled - reader.taken
    cdef size_t announced
    if waiting < FRAME_HEADER_SIZE:
        return TRUNCATED
    announced = read_u16(reader.data + reader.taken)
    if announced > FRAME_RECEIVED_MAX:
        return TOO_LARGE
    if waiting < FRAME_HEADER_SIZE + announced:
        return TRUNCATED
    frame[0] = reader.data + reader.taken + FRAME_HEADER_SIZE
    size[0] = announced
    reader.taken += FRAME_HEADER_SIZE + announced
    return OK


cdef void frame_queue_init(FrameQueue *queue, uint8_t *data, size_t capacity) noexcept nogil:
    queue.data = data
    queue.mask = capacity - 1
    queue.written = queue.read = 0


cdef void copy_in(FrameQueue *queue, const uint8_t *data, size_t size) noexcept nogil:
    cdef uint64_t place = queue.written & queue.mask
    cdef size_t first = min(size, <size_t>(queue.mask + 1 - place))
    memcpy(queue.data + place, data, first)
    memcpy(queue.data, data + first, size - first)
    queue.written += size


cdef bint frame_queue_put(FrameQueue *queue, const uint8_t *frame, size_t size) noexcept nogil:
    cdef uint8_t header[FRAME_HEADER_SIZE]
    cdef uint64_t capacity = queue.mask + 1
    cdef uint64_t limit = capacity if size <= SMALL_FRAME_MAX else capacity - capacity // 4
    if size > FRAME_SENT_MAX or queue.written - queue.read + FRAME_HEADER_SIZE + size > limit:
        return False
    write_u16(header, size)
    copy_in(queue, header, FRAME_HEADER_SIZE)
    copy_in(queue, frame, size)
    return True


cdef size_t frame_queue_front(const FrameQueue *queue, const uint8_t **data) noexcept nogil:
    cdef uint64_t place = queue.read & queue.mask
    data[0] = queue.data + place
    return min(queue.written - queue.read, queue.mask + 1 - place)


cdef void frame_queue_pop(FrameQueue *queue, size_t size) noexcept nogil:
    queue.read += size
    if queue.read == queue.written:
        # From the start again: a connection that keeps up touches only the first pages of its memory.
        queue.read = queue.written = 0


cdef class Deframer:
    """A reader with its own memory, for tests."""

    cdef FrameReader reader
    cdef uint8_t *memory

    def __cinit__(self, size_t capacity=4096):
        self.memory = <uint8_t *>calloc(1, capacity)
        if self.memory == NULL:
            raise MemoryError
        frame_reader_init(&self.reader, self.memory, capacity)

    def __dealloc__(self):
        free(self.memory)

    def feed(self, bytes stream not None):
        """The frames that these bytes complete. Raises PacketRefused when a frame is too large."""
        cdef uint8_t *room
        cdef const uint8_t *frame
        cdef size_t size, offset = 0
        cdef Status status
        frames = []
        while offset < <size_t>len(stream):
            room = frame_reader_room(&self.reader, &size)
            assert size, "a frame that is not complete leaves room"
            size = min(size, len(stream) - offset)
            memcpy(room, <const uint8_t *>stream + offset, size)
            frame_reader_fill(&self.reader, size)
            offset += size
            status = frame_reader_next(&self.reader, &frame, &size)
            while status == OK:
                frames.append(<bytes>frame[:size])
                status = frame_reader_next(&self.reader, &frame, &size)
            if status != TRUNCATED:
                raise_status(status)
        return frames


cdef class Backlog:
    """A queue with its own memory, for tests. capacity: a power of two."""

    cdef FrameQueue queue
    cdef uint8_t *memory

    def __cinit__(self, size_t capacity):
        self.memory = <uint8_t *>calloc(1, capacity)
        if self.memory == NULL:
            raise MemoryError
        frame_queue_init(&self.queue, self.memory, capacity)

    def __dealloc__(self):
        free(self.memory)

    def put(self, bytes frame not None):
        """False when there is no room for the whole of it."""
        return bool(frame_queue_put(&self.queue, frame, len(frame)))

    def take(self, size_t limit):
        """At most so many bytes of the stream, as a socket would take them; empty when nothing waits."""
        cdef const uint8_t *data
        cdef size_t size = min(frame_queue_front(&self.queue, &data), limit)
        taken = <bytes>data[:size]
        frame_queue_pop(&self.queue, size)
        return taken
