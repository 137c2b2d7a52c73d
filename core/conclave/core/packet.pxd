"""A received packet without its hop protection, the pool it comes from and a stream's history (L2)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from conclave.core.descriptor cimport PayloadDescriptor

cdef enum:
    PACKET_DATA_SIZE = 1536
    HISTORY_SIZE = 512             # packets a stream keeps for retransmission; a power of two

cdef struct Packet:
    uint64_t index                 # extended sequence number (48 bits)
    uint64_t arrival_ns
    uint32_t rtp_timestamp
    uint16_t size                  # bytes in data, publisher's padding stripped
    uint16_t header_size
    uint16_t payload_size          # size - header_size; 0 for a padding-only packet
    bint marker
    bint late                      # arrived after a higher index was already forwarded
    bint key_frame                 # first packet of a key frame
    bint frame_start               # first packet of a frame
    uint8_t audio_level
    bint voice
    PayloadDescriptor descriptor   # video only
    bint pending                   # in the caller's list: it does not go back to the pool before packets_let_go
    bint displaced                 # the history has let go of it meanwhile
    Packet *next                   # free list, or the caller's pending list
    uint8_t data[PACKET_DATA_SIZE] # RTP header as received, then the payload

cdef struct PacketPool:
    Packet *packets
    Packet *free_list
    size_t capacity
    size_t available

cdef struct History:               # the newest packets of one incoming stream, by index
    Packet *ring[HISTORY_SIZE]
    uint64_t highest
    uint64_t lowest                # nothing is kept below it
    uint16_t count
    bint started

cdef int pool_init(PacketPool *pool, size_t capacity) noexcept nogil      # 0, or -1 when memory is short
cdef Packet *pool_take(PacketPool *pool) noexcept nogil                   # all but `data` zeroed; NULL when used up
cdef void pool_give(PacketPool *pool, Packet *packet) noexcept nogil
# Ends the caller's list that begins with `first`: clears `pending`, and gives back what was displaced in the meantime.
cdef void packets_let_go(Packet *first, PacketPool *pool) noexcept nogil
cdef void pool_destroy(PacketPool *pool) noexcept nogil

cdef void history_init(History *history) noexcept nogil
# Keeps `packet`, which belongs to the history from then on; what it displaces goes back to the pool, unless it is `pending`. A
# packet older than the ring reaches, or one whose index is there already, is given back at once and false is returned.
cdef bint history_put(History *history, PacketPool *pool, Packet *packet) noexcept nogil
cdef Packet *history_get(const History *history, uint64_t index) noexcept nogil   # NULL when it is not there
# Lets go of the oldest packet; false when the history is empty. Used when the pool runs short.
cdef bint history_drop_oldest(History *history, PacketPool *pool) noexcept nogil
cdef void history_clear(History *history, PacketPool *pool) noexcept nogil
