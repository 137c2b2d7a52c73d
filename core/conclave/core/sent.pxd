"""What has left a transport under which number, until its receiver tells of it (draft-holmer-rmcat-transport-wide-cc-01) (L3)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    SENT_WINDOW = 1024             # packets remembered; a power of two
    HEADS_SIZE = 28                # IPv4 and UDP: what a datagram costs a way beside its bytes

cdef struct SentPacket:
    uint32_t sent_us               # modulo 2^32
    uint16_t size                  # bytes on the wire, IP and UDP included
    uint8_t cluster                # of the probe that it belongs to; 0 for none
    uint8_t under_way              # whether its receiver has not told of it yet

cdef struct SentLog:
    uint16_t next                  # the number that the next packet bears
    SentPacket packets[SENT_WINDOW]

cdef void sent_init(SentLog *log) noexcept nogil
# Notes that a packet of `size` protected bytes has left under `log.next`.
cdef void sent_note(SentLog *log, size_t size, uint8_t cluster, uint64_t now_ns) noexcept nogil
# The packet of that number; NULL when it never left, or is told of or forgotten already. The caller clears `under_way`.
cdef SentPacket *sent_find(SentLog *log, uint16_t number) noexcept nogil
