"""What the last bytes of every made-up payload say: which packet of which frame it is, and when it left."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from conclave.core.wire cimport read_u16, read_u32, read_u64, write_u16, write_u32, write_u64

cdef enum:
    STAMP_SIZE = 28
    STAMP_MAGIC = 0xC0DEC1AE

cdef struct Stamp:
    uint32_t ssrc                  # of the sender
    uint32_t frame
    uint16_t packet                # its place in the frame
    uint16_t packets               # of the frame
    uint64_t sent_ns               # CLOCK_REALTIME, right before the packet is sent


cdef inline void stamp_write(const Stamp *stamp, uint8_t *end) noexcept nogil:
    """Writes the STAMP_SIZE bytes before `end`."""
    cdef uint8_t *out = end - STAMP_SIZE
    write_u32(out, STAMP_MAGIC)
    write_u32(out + 4, stamp.ssrc)
    write_u32(out + 8, stamp.frame)
    write_u16(out + 12, stamp.packet)
    write_u16(out + 14, stamp.packets)
    write_u64(out + 16, stamp.sent_ns)
    write_u32(out + 24, STAMP_MAGIC)


cdef inline bint stamp_read(Stamp *out, const uint8_t *payload, size_t size) noexcept nogil:
    """False when the payload, without padding, does not end with a stamp."""
    cdef const uint8_t *data = payload + size - STAMP_SIZE
    if size < STAMP_SIZE or read_u32(data) != STAMP_MAGIC or read_u32(data + 24) != STAMP_MAGIC:
        return False
    out.ssrc = read_u32(data + 4)
    out.frame = read_u32(data + 8)
    out.packet = read_u16(data + 12)
    out.packets = read_u16(data + 14)
    out.sent_ns = read_u64(data + 16)
    return True
