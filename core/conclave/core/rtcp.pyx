"""RTCP packets (RFC 3550 section 6, RFC 4585, RFC 5104, draft-alvestrand-rmcat-remb) (L1)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t, int32_t
from libc.string cimport memcpy, memset
from conclave.core.status cimport Status, OK, TRUNCATED, MALFORMED, UNSUPPORTED
from conclave.core.wire cimport read_u16, read_u24, read_u32, read_u64, write_u16, write_u24, write_u32, write_u64

from dataclasses import dataclass

from conclave.core.errors import raise_status

__all__ = [
    "Item",
    "Report",
    "RtcpType",
    "Sender",
    "parse_compound",
    "write_bye",
    "write_cname",
    "write_nack",
    "write_pli",
    "write_receiver_report",
    "write_remb",
    "write_sender_report",
]

cdef enum:
    HEAD_SIZE = 4
    SENDER_INFO_SIZE = 20
    REPORT_SIZE = 24
    COUNT_MAX = 31                 # the five bits of the count field
    FEEDBACK_SIZE = 8              # both SSRCs, before the feedback control information
    FORMAT_NACK = 1
    FORMAT_PLI = 1
    FORMAT_FIR = 4
    FORMAT_APPLICATION = 15
    REMB_IDENTIFIER = 0x52454D42   # "REMB"
    REMB_MANTISSA_MAX = 0x3FFFF    # 18 bits


cdef Status rtcp_next(RtcpPacket *out, const uint8_t *data, size_t size, size_t *offset) noexcept nogil:
    """Reads the packet at *offset of a decrypted compound and moves *offset past it, unless it fails (RFC 3550 section 6.1).

    TRUNCATED when it announces more than there is; MALFORMED for a wrong version, a padding count that is 0, too
    large or, but in transport feedback, no multiple of 4, and a feedback packet without both SSRCs. `out` is undefined unless OK.
    """
    cdef size_t start = offset[0]
    cdef size_t packet_size
    if start > size or size - start < HEAD_SIZE:
        return TRUNCATED
    if data[start] >> 6 != 2:
        return MALFORMED
    packet_size = HEAD_SIZE + 4 * <size_t>read_u16(data + start + 2)
    if size - start < packet_size:
        return TRUNCATED
    out.count = data[start] & 0x1F
    out.packet_type = data[start + 1]
    out.body = data + start + HEAD_SIZE
    out.body_size = packet_size - HEAD_SIZE
    if data[start] & 0x20:
        # RFC 3550 section 6.4.1: the last byte counts the padding, itself included, and it is a multiple of four. Browsers end
        # transport-wide feedback with one to three bytes.
        if out.body_size == 0 or out.body[out.body_size - 1] == 0:
            return MALFORMED
        if out.body[out.body_size - 1] % 4 and out.packet_type != RTCP_RTPFB:
            return MALFORMED
        if out.body[out.body_size - 1] > out.body_size:
            return MALFORMED
        out.body_size -= out.body[out.body_size - 1]
    out.sender_ssrc = read_u32(out.body) if out.body_size >= 4 else 0
    out.media_ssrc = 0
    if out.packet_type == RTCP_RTPFB or out.packet_type == RTCP_PSFB:
        if out.body_size < FEEDBACK_SIZE:
            return MALFORMED
        out.media_ssrc = read_u32(out.body + 4)
    offset[0] = start + packet_size
    return OK


cdef Status rtcp_read_sender_info(SenderInfo *out, const RtcpPacket *packet) noexcept nogil:
    """Sender information of an SR (RFC 3550 section 6.4.1). UNSUPPORTED for another type."""
    if packet.packet_type != RTCP_SR:
        return UNSUPPORTED
    if packet.body_size < 4 + SENDER_INFO_SIZE:
        return TRUNCATED
    out.ntp_timestamp = read_u64(packet.body + 4)
    out.rtp_timestamp = read_u32(packet.body + 12)
    out.packet_count = read_u32(packet.body + 16)
    out.octet_count = read_u32(packet.body + 20)
    return OK


cdef Status rtcp_read_report(ReportBlock *out, const RtcpPacket *packet, size_t index) noexcept nogil:
    """Report block `index` of an SR or RR. UNSUPPORTED for another type, TRUNCATED when there is no such block."""
    cdef size_t offset
    cdef const uint8_t *block
    if packet.packet_type == RTCP_SR:
        offset = 4 + SENDER_INFO_SIZE
    elif packet.packet_type == RTCP_RR:
        offset = 4
    else:
        return UNSUPPORTED
    if index >= packet.count:
        return TRUNCATED
    offset += index * REPORT_SIZE
    if packet.body_size < offset + REPORT_SIZE:
        return TRUNCATED
    block = packet.body + offset
    out.ssrc = read_u32(block)
    out.fraction_lost = block[4]
    out.cumulative_lost = <int32_t>read_u24(block + 5)
    if out.cumulative_lost >= 0x800000:
        out.cumulative_lost -= 0x1000000
    out.highest_sequence_number = read_u32(block + 8)
    out.jitter = read_u32(block + 12)
    out.last_sr = read_u32(block + 16)
    out.delay_since_last_sr = read_u32(block + 20)
    return OK


cdef size_t rtcp_read_nack(uint16_t *out, size_t capacity, const RtcpPacket *packet) noexcept nogil:
    """Expands a generic NACK into sequence numbers (RFC 4585 section 6.2.1); writes at most `capacity`, returns how many."""
    cdef size_t offset = FEEDBACK_SIZE
    cdef size_t count = 0
    cdef uint16_t packet_id
    cdef uint16_t following
    cdef uint16_t bit
    if packet.packet_type != RTCP_RTPFB or packet.count != FORMAT_NACK:
        return 0
    while offset + 4 <= packet.body_size:
        packet_id = read_u16(packet.body + offset)
        following = read_u16(packet.body + offset + 2)
        offset += 4
        if count == capacity:
            return count
        out[count] = packet_id
        count += 1
        for bit in range(16):
            if (following >> bit) & 1:
                if count == capacity:
                    return count
                out[count] = <uint16_t>(packet_id + bit + 1)
                count += 1
    return count


cdef Status rtcp_read_remb(Remb *out, const RtcpPacket *packet) noexcept nogil:
    """REMB's bit rate in bits per second (draft-alvestrand-rmcat-remb-03 section 2.2).

    UNSUPPORTED for other feedback, MALFORMED for a rate above 64 bits.
    """
    cdef uint32_t mantissa
    cdef uint8_t exponent
    if packet.packet_type != RTCP_PSFB or packet.count != FORMAT_APPLICATION:
        return UNSUPPORTED
    if packet.body_size < FEEDBACK_SIZE + 4 or read_u32(packet.body + FEEDBACK_SIZE) != REMB_IDENTIFIER:
        return UNSUPPORTED
    if packet.body_size < FEEDBACK_SIZE + 8:
        return TRUNCATED
    out.ssrc_count = packet.body[FEEDBACK_SIZE + 4]
    if packet.body_size < FEEDBACK_SIZE + 8 + 4 * <size_t>out.ssrc_count:
        return TRUNCATED
    exponent = packet.body[FEEDBACK_SIZE + 5] >> 2
    mantissa = read_u24(packet.body + FEEDBACK_SIZE + 5) & REMB_MANTISSA_MAX
    out.bitrate = <uint64_t>mantissa << exponent
    if out.bitrate >> exponent != mantissa:
        return MALFORMED
    return OK


cdef size_t rtcp_read_fir(uint32_t *out, size_t capacity, const RtcpPacket *packet) noexcept nogil:
    """SSRCs of a FIR's entries (RFC 5104 section 4.3.1.1); returns how many were written."""
    cdef size_t offset = FEEDBACK_SIZE
    cdef size_t count = 0
    if packet.packet_type != RTCP_PSFB or packet.count != FORMAT_FIR:
        return 0
    while offset + 8 <= packet.body_size and count < capacity:
        out[count] = read_u32(packet.body + offset)
        count += 1
        offset += 8
    return count


cdef size_t rtcp_read_bye(uint32_t *out, size_t capacity, const RtcpPacket *packet) noexcept nogil:
    """SSRCs that a BYE names (RFC 3550 section 6.6); returns how many were written."""
    cdef size_t count = 0
    if packet.packet_type != RTCP_BYE:
        return 0
    while count < packet.count and count < capacity and 4 * count + 4 <= packet.body_size:
        out[count] = read_u32(packet.body + 4 * count)
        count += 1
    return count


cdef void rtcp_write_head(uint8_t *out, uint8_t packet_type, size_t count, size_t size) noexcept nogil:
    out[0] = <uint8_t>(0x80 | count)
    out[1] = packet_type
    write_u16(out + 2, <uint16_t>(size // 4 - 1))


cdef void write_reports(uint8_t *out, const ReportBlock *reports, size_t report_count) noexcept nogil:
    cdef size_t i
    cdef int32_t lost
    for i in range(report_count):
        write_u32(out, reports[i].ssrc)
        out[4] = reports[i].fraction_lost
        # RFC 3550 appendix A.3: clamped to what 24 bits hold.
        lost = reports[i].cumulative_lost
        lost = 0x7FFFFF if lost > 0x7FFFFF else (-0x800000 if lost < -0x800000 else lost)
        write_u24(out + 5, <uint32_t>lost & 0xFFFFFF)
        write_u32(out + 8, reports[i].highest_sequence_number)
        write_u32(out + 12, reports[i].jitter)
        write_u32(out + 16, reports[i].last_sr)
        write_u32(out + 20, reports[i].delay_since_last_sr)
        out += REPORT_SIZE


cdef size_t rtcp_write_sr(uint8_t *out, size_t capacity, uint32_t ssrc, const SenderInfo *info,
                          const ReportBlock *reports, size_t report_count) noexcept nogil:
    """Writes an SR (RFC 3550 section 6.4.1). Returns its bytes, 0 when it does not fit or has more than 31 reports."""
    cdef size_t size
    if report_count > COUNT_MAX:
        return 0
    size = HEAD_SIZE + 4 + SENDER_INFO_SIZE + REPORT_SIZE * report_count
    if size > capacity:
        return 0
    rtcp_write_head(out, RTCP_SR, report_count, size)
    write_u32(out + 4, ssrc)
    write_u64(out + 8, info.ntp_timestamp)
    write_u32(out + 16, info.rtp_timestamp)
    write_u32(out + 20, info.packet_count)
    write_u32(out + 24, info.octet_count)
    write_reports(out + 28, reports, report_count)
    return size


cdef size_t rtcp_write_rr(uint8_t *out, size_t capacity, uint32_t ssrc, const ReportBlock *reports, size_t report_count) noexcept nogil:
    """Writes an RR (RFC 3550 section 6.4.2). Returns its bytes, 0 when it does not fit or has more than 31 reports."""
    cdef size_t size
    if report_count > COUNT_MAX:
        return 0
    size = HEAD_SIZE + 4 + REPORT_SIZE * report_count
    if size > capacity:
        return 0
    rtcp_write_head(out, RTCP_RR, report_count, size)
    write_u32(out + 4, ssrc)
    write_reports(out + 8, reports, report_count)
    return size


cdef size_t rtcp_write_sdes_cname(uint8_t *out, size_t capacity, uint32_t ssrc, const uint8_t *cname, size_t cname_size) noexcept nogil:
    """Writes an SDES with one chunk and its CNAME (RFC 3550 section 6.5), 255 bytes at most. Returns its bytes, 0 when it does not fit."""
    cdef size_t end = HEAD_SIZE + 6 + cname_size
    cdef size_t size
    if cname_size > 255:
        return 0
    # The list of items ends with one to four zero bytes, up to the next 32-bit boundary.
    size = (end + 4) & ~<size_t>3
    if size > capacity:
        return 0
    rtcp_write_head(out, RTCP_SDES, 1, size)
    write_u32(out + 4, ssrc)
    out[8] = 1
    out[9] = <uint8_t>cname_size
    memcpy(out + 10, cname, cname_size)
    memset(out + end, 0, size - end)
    return size


cdef size_t rtcp_write_bye(uint8_t *out, size_t capacity, const uint32_t *ssrcs, size_t ssrc_count) noexcept nogil:
    """Writes a BYE without a reason. Returns its bytes, 0 when it does not fit or names more than 31 SSRCs."""
    cdef size_t i
    cdef size_t size
    if ssrc_count > COUNT_MAX:
        return 0
    size = HEAD_SIZE + 4 * ssrc_count
    if size > capacity:
        return 0
    rtcp_write_head(out, RTCP_BYE, ssrc_count, size)
    for i in range(ssrc_count):
        write_u32(out + HEAD_SIZE + 4 * i, ssrcs[i])
    return size


cdef size_t rtcp_write_pli(uint8_t *out, size_t capacity, uint32_t sender_ssrc, uint32_t media_ssrc) noexcept nogil:
    """Writes a picture loss indication (RFC 4585 section 6.3.1): 12 bytes, 0 when it does not fit."""
    if capacity < HEAD_SIZE + FEEDBACK_SIZE:
        return 0
    rtcp_write_head(out, RTCP_PSFB, FORMAT_PLI, HEAD_SIZE + FEEDBACK_SIZE)
    write_u32(out + 4, sender_ssrc)
    write_u32(out + 8, media_ssrc)
    return HEAD_SIZE + FEEDBACK_SIZE


cdef size_t rtcp_write_nack(uint8_t *out, size_t capacity, uint32_t sender_ssrc, uint32_t media_ssrc,
                            const uint16_t *sequence_numbers, size_t count) noexcept nogil:
    """Writes a generic NACK (RFC 4585 section 6.2.1) of numbers ascending modulo 2**16, packed in PID and BLP pairs.

    Returns its bytes; 0 when it does not fit or there are no numbers.
    """
    cdef size_t size = HEAD_SIZE + FEEDBACK_SIZE
    cdef size_t i = 0
    cdef uint16_t packet_id
    cdef uint16_t following
    cdef uint16_t distance
    if count == 0 or capacity < size:
        return 0
    while i < count:
        # 65536 words in a packet are more than its length field counts.
        if capacity - size < 4 or size > 4 * 65535:
            return 0
        packet_id = sequence_numbers[i]
        following = 0
        i += 1
        while i < count:
            distance = <uint16_t>(sequence_numbers[i] - packet_id)
            if distance > 16:
                break
            if distance > 0:
                following |= <uint16_t>(1 << (distance - 1))
            i += 1
        write_u16(out + size, packet_id)
        write_u16(out + size + 2, following)
        size += 4
    rtcp_write_head(out, RTCP_RTPFB, FORMAT_NACK, size)
    write_u32(out + 4, sender_ssrc)
    write_u32(out + 8, media_ssrc)
    return size


cdef size_t rtcp_write_remb(uint8_t *out, size_t capacity, uint32_t sender_ssrc, uint64_t bitrate,
                            const uint32_t *ssrcs, size_t ssrc_count) noexcept nogil:
    """Writes a REMB (draft-alvestrand-rmcat-remb-03 section 2.2), its bit rate rounded down to 18 significant bits.

    Returns its bytes, 0 when it does not fit or names more than 255 SSRCs.
    """
    cdef uint8_t exponent = 0
    cdef size_t i
    cdef size_t size
    if ssrc_count > 255:
        return 0
    size = HEAD_SIZE + FEEDBACK_SIZE + 8 + 4 * ssrc_count
    if size > capacity:
        return 0
    while bitrate >> exponent > REMB_MANTISSA_MAX:
        exponent += 1
    rtcp_write_head(out, RTCP_PSFB, FORMAT_APPLICATION, size)
    write_u32(out + 4, sender_ssrc)
    write_u32(out + 8, 0)
    write_u32(out + 12, REMB_IDENTIFIER)
    out[16] = <uint8_t>ssrc_count
    write_u24(out + 17, (<uint32_t>exponent << 18) | <uint32_t>(bitrate >> exponent))
    for i in range(ssrc_count):
        write_u32(out + 20 + 4 * i, ssrcs[i])
    return size


# The Python face, for tests and tools.

cdef enum:
    FACE_CAPACITY = 2048           # bytes that a writer below may fill
    FACE_ITEMS = 2048              # entries that a reader below may give


@dataclass(frozen=True, slots=True)
class Sender:
    """Sender information of an SR. ntp_timestamp: 32.32 fixed point seconds."""
    ntp_timestamp: int
    rtp_timestamp: int
    packet_count: int
    octet_count: int


@dataclass(frozen=True, slots=True)
class Report:
    """One report block. fraction_lost: of 256; delay_since_last_sr: 1/65536 s."""
    ssrc: int
    fraction_lost: int
    cumulative_lost: int
    highest_sequence_number: int
    jitter: int
    last_sr: int
    delay_since_last_sr: int


@dataclass(frozen=True, slots=True)
class Item:
    """One packet of a compound with what its type has: empty or None for the rest. offset: bytes from the compound's start."""
    offset: int
    packet_type: int
    count: int
    sender_ssrc: int
    media_ssrc: int
    body: bytes
    sender: Sender | None
    reports: tuple[Report, ...]
    lost: tuple[int, ...]
    remb_bitrate: int | None
    ssrcs: tuple[int, ...]


cdef object sender_of(const RtcpPacket *packet):
    cdef SenderInfo info
    cdef Status status
    memset(&info, 0, sizeof(SenderInfo))
    status = rtcp_read_sender_info(&info, packet)
    if status == UNSUPPORTED:
        return None
    if status != OK:
        raise_status(status)
    return Sender(info.ntp_timestamp, info.rtp_timestamp, info.packet_count, info.octet_count)


cdef tuple reports_of(const RtcpPacket *packet):
    cdef ReportBlock block
    cdef Status status
    cdef size_t index
    if packet.packet_type != RTCP_SR and packet.packet_type != RTCP_RR:
        return ()
    reports = []
    for index in range(packet.count):
        status = rtcp_read_report(&block, packet, index)
        if status != OK:
            raise_status(status)
        reports.append(
            Report(block.ssrc, block.fraction_lost, block.cumulative_lost, block.highest_sequence_number, block.jitter,
                   block.last_sr, block.delay_since_last_sr)
        )
    return tuple(reports)


cdef object bitrate_of(const RtcpPacket *packet):
    cdef Remb remb
    cdef Status status = rtcp_read_remb(&remb, packet)
    if status == UNSUPPORTED:
        return None
    if status != OK:
        raise_status(status)
    return remb.bitrate


cdef object item_of(const RtcpPacket *packet, size_t offset):
    cdef uint16_t lost[FACE_ITEMS]
    cdef uint32_t ssrcs[FACE_ITEMS]
    cdef size_t lost_count = rtcp_read_nack(lost, FACE_ITEMS, packet)
    cdef size_t ssrc_count = rtcp_read_bye(ssrcs, FACE_ITEMS, packet) + rtcp_read_fir(ssrcs, FACE_ITEMS, packet)
    cdef size_t i
    return Item(
        offset=offset,
        packet_type=packet.packet_type,
        count=packet.count,
        sender_ssrc=packet.sender_ssrc,
        media_ssrc=packet.media_ssrc,
        body=packet.body[:packet.body_size],
        sender=sender_of(packet),
        reports=reports_of(packet),
        lost=tuple([lost[i] for i in range(lost_count)]),
        remb_bitrate=bitrate_of(packet),
        ssrcs=tuple([ssrcs[i] for i in range(ssrc_count)]),
    )


def parse_compound(bytes compound not None) -> list[Item]:
    """All packets of a decrypted compound. Raises the error of the first Status that is not OK."""
    cdef const uint8_t *data = compound
    cdef RtcpPacket packet
    cdef size_t size = len(compound)
    cdef size_t offset = 0
    cdef size_t start
    cdef Status status
    items = []
    while offset < size:
        start = offset
        status = rtcp_next(&packet, data, size, &offset)
        if status != OK:
            raise_status(status)
        items.append(item_of(&packet, start))
    return items


cdef size_t fill_reports(ReportBlock *out, reports) except? 0:
    cdef size_t count = 0
    if len(reports) > COUNT_MAX:
        raise ValueError(f"{len(reports)} reports; one packet holds 31")
    for report in reports:
        out[count].ssrc = report.ssrc
        out[count].fraction_lost = report.fraction_lost
        out[count].cumulative_lost = report.cumulative_lost
        out[count].highest_sequence_number = report.highest_sequence_number
        out[count].jitter = report.jitter
        out[count].last_sr = report.last_sr
        out[count].delay_since_last_sr = report.delay_since_last_sr
        count += 1
    return count


cdef size_t fill_ssrcs(uint32_t *out, ssrcs, Py_ssize_t most) except? 0:
    cdef size_t count = 0
    if len(ssrcs) > most:
        raise ValueError(f"{len(ssrcs)} SSRCs; one packet holds {most}")
    for ssrc in ssrcs:
        out[count] = ssrc
        count += 1
    return count


def write_sender_report(uint32_t ssrc, sender not None, reports=(), size_t capacity=FACE_CAPACITY) -> bytes:
    """An SR with up to 31 reports; empty when `capacity` (2048 bytes at most) is too small."""
    cdef uint8_t out[FACE_CAPACITY]
    cdef ReportBlock blocks[COUNT_MAX]
    cdef SenderInfo info
    cdef size_t count = fill_reports(blocks, reports)
    info.ntp_timestamp = sender.ntp_timestamp
    info.rtp_timestamp = sender.rtp_timestamp
    info.packet_count = sender.packet_count
    info.octet_count = sender.octet_count
    return out[:rtcp_write_sr(out, min(capacity, sizeof(out)), ssrc, &info, blocks, count)]


def write_receiver_report(uint32_t ssrc, reports=(), size_t capacity=FACE_CAPACITY) -> bytes:
    """An RR with up to 31 reports; empty when `capacity` (2048 bytes at most) is too small."""
    cdef uint8_t out[FACE_CAPACITY]
    cdef ReportBlock blocks[COUNT_MAX]
    cdef size_t count = fill_reports(blocks, reports)
    return out[:rtcp_write_rr(out, min(capacity, sizeof(out)), ssrc, blocks, count)]


def write_cname(uint32_t ssrc, bytes cname not None, size_t capacity=FACE_CAPACITY) -> bytes:
    """An SDES with a CNAME of up to 255 bytes; empty when `capacity` (2048 bytes at most) is too small."""
    cdef uint8_t out[FACE_CAPACITY]
    return out[:rtcp_write_sdes_cname(out, min(capacity, sizeof(out)), ssrc, cname, len(cname))]


def write_bye(ssrcs, size_t capacity=FACE_CAPACITY) -> bytes:
    """A BYE of up to 31 SSRCs; empty when `capacity` (2048 bytes at most) is too small."""
    cdef uint8_t out[FACE_CAPACITY]
    cdef uint32_t values[COUNT_MAX]
    cdef size_t count = fill_ssrcs(values, ssrcs, COUNT_MAX)
    return out[:rtcp_write_bye(out, min(capacity, sizeof(out)), values, count)]


def write_pli(uint32_t sender_ssrc, uint32_t media_ssrc, size_t capacity=FACE_CAPACITY) -> bytes:
    """A picture loss indication; empty when `capacity` (2048 bytes at most) is too small."""
    cdef uint8_t out[FACE_CAPACITY]
    return out[:rtcp_write_pli(out, min(capacity, sizeof(out)), sender_ssrc, media_ssrc)]


def write_nack(uint32_t sender_ssrc, uint32_t media_ssrc, sequence_numbers, size_t capacity=FACE_CAPACITY) -> bytes:
    """A generic NACK of up to 2048 numbers ascending modulo 2**16; empty when there are none or `capacity` is too small."""
    cdef uint8_t out[FACE_CAPACITY]
    cdef uint16_t numbers[FACE_ITEMS]
    cdef size_t count = 0
    if len(sequence_numbers) > FACE_ITEMS:
        raise ValueError(f"{len(sequence_numbers)} sequence numbers; pass at most 2048")
    for number in sequence_numbers:
        numbers[count] = number
        count += 1
    return out[:rtcp_write_nack(out, min(capacity, sizeof(out)), sender_ssrc, media_ssrc, numbers, count)]


def write_remb(uint32_t sender_ssrc, uint64_t bitrate, ssrcs=(), size_t capacity=FACE_CAPACITY) -> bytes:
    """A REMB in bits per second for up to 255 SSRCs; empty when `capacity` (2048 bytes at most) is too small."""
    cdef uint8_t out[FACE_CAPACITY]
    cdef uint32_t values[255]
    cdef size_t count = fill_ssrcs(values, ssrcs, 255)
    return out[:rtcp_write_remb(out, min(capacity, sizeof(out)), sender_ssrc, bitrate, values, count)]
