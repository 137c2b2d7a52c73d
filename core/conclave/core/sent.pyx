"""See sent.pxd."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset

__all__ = ["Sent"]


cdef void sent_init(SentLog *log) noexcept nogil:
    memset(log, 0, sizeof(SentLog))


cdef void sent_note(SentLog *log, size_t size, uint8_t cluster, uint64_t now_ns) noexcept nogil:
    cdef SentPacket *packet = &log.packets[log.next & (SENT_WINDOW - 1)]
    packet.sent_us = <uint32_t>(now_ns // 1000)
    packet.size = <uint16_t>(size + HEADS_SIZE)
    packet.cluster = cluster
    packet.under_way = True
    log.next += 1


cdef SentPacket *sent_find(SentLog *log, uint16_t number) noexcept nogil:
    cdef SentPacket *packet = &log.packets[number & (SENT_WINDOW - 1)]
    # Of two numbers that share a place, the one that is less than a window old has it.
    if <uint16_t>(log.next - 1 - number) >= SENT_WINDOW or not packet.under_way:
        return NULL
    return packet


cdef class Sent:
    """A SentLog, for tests."""

    cdef SentLog log

    def __cinit__(self):
        sent_init(&self.log)

    @property
    def next(self) -> int:
        return self.log.next

    def note(self, size_t size, uint64_t now_ns, uint8_t cluster=0) -> None:
        sent_note(&self.log, size, cluster, now_ns)

    def take(self, uint16_t number):
        cdef SentPacket *packet = sent_find(&self.log, number)
        if packet == NULL:
            return None
        packet.under_way = False
        return packet.size, packet.sent_us, packet.cluster
