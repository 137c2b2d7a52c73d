"""Datagrams in a stream of bytes: each follows its length in two bytes (RFC 4571 section 2, RFC 6544 section 3) (L2)."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from conclave.core.status cimport Status

cdef enum:
    FRAME_HEADER_SIZE = 2
    FRAME_RECEIVED_MAX = 1600      # the core takes no larger datagram over UDP either
    FRAME_SENT_MAX = 65535
    SMALL_FRAME_MAX = 400          # audio, reports, checks: they may use the last quarter of a queue

# Cuts a stream into frames. The caller lends the memory.
cdef struct FrameReader:
    uint8_t *data
    uint32_t capacity              # more than FRAME_HEADER_SIZE + FRAME_RECEIVED_MAX
    uint32_t filled
    uint32_t taken

# Frames that wait until the stream takes them: whole ones only, in order. The caller lends the memory.
cdef struct FrameQueue:
    uint8_t *data
    uint64_t mask
    uint64_t written               # bytes, since the start
    uint64_t read

cdef void frame_reader_init(FrameReader *reader, uint8_t *data, size_t capacity) noexcept nogil
# Where the next bytes of the stream may be put, and how many. Frames given before are no longer valid.
cdef uint8_t *frame_reader_room(FrameReader *reader, size_t *size) noexcept nogil
cdef void frame_reader_fill(FrameReader *reader, size_t size) noexcept nogil
# The next frame, which may be empty (a null packet). TRUNCATED: more bytes are needed. TOO_LARGE: the stream cannot go on.
cdef Status frame_reader_next(FrameReader *reader, const uint8_t **frame, size_t *size) noexcept nogil

cdef void frame_queue_init(FrameQueue *queue, uint8_t *data, size_t capacity) noexcept nogil     # a power of two
# Takes a whole frame, or nothing of it and returns false. The last quarter of the room is for small frames.
cdef bint frame_queue_put(FrameQueue *queue, const uint8_t *frame, size_t size) noexcept nogil
# The bytes to write next, as many as lie in one piece; 0 when nothing waits.
cdef size_t frame_queue_front(const FrameQueue *queue, const uint8_t **data) noexcept nogil
cdef void frame_queue_pop(FrameQueue *queue, size_t size) noexcept nogil      # that many bytes were written
