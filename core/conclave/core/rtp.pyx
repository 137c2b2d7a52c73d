"""RTP headers and header extensions (RFC 3550 section 5, RFC 8285) (L1)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memset
from conclave.core.status cimport Status, OK, TRUNCATED, MALFORMED, TOO_LARGE
from conclave.core.wire cimport read_u16, read_u24, read_u32, write_u16, write_u32

from dataclasses import dataclass

from conclave.core.errors import raise_status

__all__ = [
    "ExtensionKind",
    "Extensions",
    "Header",
    "abs_send_time_at",
    "parse_header",
    "read_extensions",
    "read_payload",
    "write_header",
]

cdef enum:
    ONE_BYTE_PROFILE = 0xBEDE      # RFC 8285 section 4.2
    TWO_BYTE_PROFILE = 0x1000      # RFC 8285 section 4.3; the low four bits are the application's
    AUDIO_LEVEL_SILENCE = 127


cdef Status rtp_parse(RtpHeader *out, const uint8_t *data, size_t size) noexcept nogil:
    """Reads the header of an RTP or SRTP packet (RFC 3550 section 5.1). Never reads past `size`; `out` is undefined unless OK.

    TOO_LARGE above RTP_PACKET_MAX, so that every offset fits its 16 bits.
    """
    cdef size_t header_size
    if size < RTP_HEADER_SIZE:
        return TRUNCATED
    if size > RTP_PACKET_MAX:
        return TOO_LARGE
    if data[0] >> 6 != 2:
        return MALFORMED
    out.csrc_count = data[0] & 0x0F
    out.padding = (data[0] & 0x20) != 0
    out.marker = (data[1] & 0x80) != 0
    out.payload_type = data[1] & 0x7F
    out.sequence_number = read_u16(data + 2)
    out.rtp_timestamp = read_u32(data + 4)
    out.ssrc = read_u32(data + 8)
    out.extension_offset = 0
    out.extension_size = 0
    out.extension_profile = 0
    header_size = RTP_HEADER_SIZE + 4 * <size_t>out.csrc_count
    if data[0] & 0x10:
        header_size += 4
        if size < header_size:
            return TRUNCATED
        out.extension_profile = read_u16(data + header_size - 4)
        out.extension_offset = <uint16_t>header_size
        header_size += 4 * <size_t>read_u16(data + header_size - 2)
        if size < header_size:
            return TRUNCATED
        out.extension_size = <uint16_t>(header_size - out.extension_offset)
    elif size < header_size:
        return TRUNCATED
    out.header_size = <uint16_t>header_size
    return OK


cdef void take_element(RtpExtensions *out, uint8_t kind, const uint8_t *element, size_t size) noexcept nogil:
    """Notes one extension element. One of another size than its kind has is skipped, as an unknown one is."""
    if kind == EXT_MID and size > 0:
        out.mid = element
        out.mid_size = <uint8_t>size
    elif kind == EXT_RID and size > 0:
        out.rid = element
        out.rid_size = <uint8_t>size
    elif kind == EXT_REPAIRED_RID and size > 0:
        out.repaired_rid = element
        out.repaired_rid_size = <uint8_t>size
    elif kind == EXT_AUDIO_LEVEL and size == 1:
        out.has_audio_level = True
        out.voice = (element[0] & 0x80) != 0
        out.audio_level = element[0] & 0x7F
    elif kind == EXT_TRANSPORT_CC and size == 2:
        out.has_transport_sequence_number = True
        out.transport_sequence_number = read_u16(element)
    elif kind == EXT_ABS_SEND_TIME and size == 3:
        out.has_abs_send_time = True
        out.abs_send_time = read_u24(element)


cdef Status rtp_read_extensions(RtpExtensions *out, const RtpHeader *header, const uint8_t *data,
                                const ExtensionMap *map) noexcept nogil:
    """Reads the extension elements that `map` knows (RFC 8285 sections 4.2, 4.3). `header` is of the same packet.

    MALFORMED when an element runs past the block. A block of another profile has no elements for us: OK.
    """
    cdef const uint8_t *block = data + header.extension_offset
    cdef size_t size = header.extension_size
    cdef size_t offset = 0
    cdef size_t element_size
    cdef uint8_t element_id
    cdef bint one_byte = header.extension_profile == ONE_BYTE_PROFILE
    memset(out, 0, sizeof(RtpExtensions))
    out.audio_level = AUDIO_LEVEL_SILENCE
    if not one_byte and (header.extension_profile & 0xFFF0) != TWO_BYTE_PROFILE:
        return OK
    while offset < size:
        if one_byte:
            if block[offset] == 0:
                offset += 1
                continue
            element_id = block[offset] >> 4
            # RFC 8285 section 4.2: id 15 ends the walk, and so does id 0 with a length.
            if element_id == 15 or element_id == 0:
                return OK
            element_size = (block[offset] & 0x0F) + 1
            offset += 1
        else:
            element_id = block[offset]
            offset += 1
            if element_id == 0:
                continue
            if offset == size:
                return MALFORMED
            element_size = block[offset]
            offset += 1
        if size - offset < element_size:
            return MALFORMED
        if element_id < 15:
            take_element(out, map.kind[element_id], block + offset, element_size)
        offset += element_size
    return OK


cdef Status rtp_payload_size(size_t *out, const RtpHeader *header, const uint8_t *data, size_t size) noexcept nogil:
    """Payload bytes of a *decrypted* packet without padding (RFC 3550 section 5.1). MALFORMED when the count is 0 or too large."""
    cdef size_t payload_size
    if size < header.header_size:
        return TRUNCATED
    payload_size = size - header.header_size
    if header.padding:
        if payload_size == 0 or data[size - 1] == 0 or data[size - 1] > payload_size:
            return MALFORMED
        payload_size -= data[size - 1]
    out[0] = payload_size
    return OK


cdef size_t rtp_write_header(uint8_t *out, uint8_t payload_type, bint marker, bint padding, uint16_t sequence_number,
                             uint32_t rtp_timestamp, uint32_t ssrc, size_t extension_size) noexcept nogil:
    """Writes a fixed header and, for `extension_size` > 0 (a multiple of 4), the one-byte form's head. Returns 12 or 16."""
    out[0] = 0x80 | (0x20 if padding else 0) | (0x10 if extension_size else 0)
    out[1] = (0x80 if marker else 0) | (payload_type & 0x7F)
    write_u16(out + 2, sequence_number)
    write_u32(out + 4, rtp_timestamp)
    write_u32(out + 8, ssrc)
    if extension_size == 0:
        return RTP_HEADER_SIZE
    write_u16(out + RTP_HEADER_SIZE, ONE_BYTE_PROFILE)
    write_u16(out + RTP_HEADER_SIZE + 2, <uint16_t>(extension_size // 4))
    return RTP_HEADER_SIZE + 4


cdef uint32_t abs_send_time(unsigned long long now_ns) noexcept nogil:
    """abs-send-time of a clock reading in ns: 24 bits, 6.18 fixed point seconds, rounded down."""
    cdef uint32_t seconds = <uint32_t>((now_ns // 1_000_000_000) & 0x3F)
    return (seconds << 18) | <uint32_t>(((now_ns % 1_000_000_000) << 18) // 1_000_000_000)


# The Python face, for tests and tools.

@dataclass(frozen=True, slots=True)
class Header:
    """The fixed header of a packet and where its extension block lies, in bytes from its start."""
    ssrc: int
    rtp_timestamp: int
    sequence_number: int
    payload_type: int
    marker: bool
    padding: bool
    csrc_count: int
    header_size: int
    extension_offset: int
    extension_size: int
    extension_profile: int


@dataclass(frozen=True, slots=True)
class Extensions:
    """The extension elements that the map knew; None for an absent one. abs_send_time: 6.18 fixed point seconds."""
    mid: bytes | None
    rid: bytes | None
    repaired_rid: bytes | None
    audio_level: int | None
    voice: bool
    transport_sequence_number: int | None
    abs_send_time: int | None


cdef RtpHeader parse_or_raise(const uint8_t *data, size_t size) except *:
    cdef RtpHeader header
    cdef Status status
    memset(&header, 0, sizeof(RtpHeader))
    status = rtp_parse(&header, data, size)
    if status != OK:
        raise_status(status)
    return header


def parse_header(bytes packet not None) -> Header:
    """Header of an RTP packet. Raises the error of its Status."""
    cdef RtpHeader header = parse_or_raise(packet, len(packet))
    return Header(
        ssrc=header.ssrc,
        rtp_timestamp=header.rtp_timestamp,
        sequence_number=header.sequence_number,
        payload_type=header.payload_type,
        marker=header.marker,
        padding=header.padding,
        csrc_count=header.csrc_count,
        header_size=header.header_size,
        extension_offset=header.extension_offset,
        extension_size=header.extension_size,
        extension_profile=header.extension_profile,
    )


def read_extensions(bytes packet not None, dict kinds not None) -> Extensions:
    """Extension elements of an RTP packet. kinds: ExtensionKind by id 1 to 14. Raises the error of the Status."""
    cdef const uint8_t *data = packet
    cdef RtpHeader header = parse_or_raise(data, len(packet))
    cdef RtpExtensions found
    cdef ExtensionMap map
    cdef Status status
    memset(&map, 0, sizeof(ExtensionMap))
    for element_id, kind in kinds.items():
        if not 1 <= element_id <= 14:
            raise ValueError(f"extension id {element_id} is outside 1 to 14")
        map.kind[<size_t>element_id] = kind
    status = rtp_read_extensions(&found, &header, data, &map)
    if status != OK:
        raise_status(status)
    return Extensions(
        mid=None if found.mid == NULL else found.mid[:found.mid_size],
        rid=None if found.rid == NULL else found.rid[:found.rid_size],
        repaired_rid=None if found.repaired_rid == NULL else found.repaired_rid[:found.repaired_rid_size],
        audio_level=found.audio_level if found.has_audio_level else None,
        voice=found.voice,
        transport_sequence_number=found.transport_sequence_number if found.has_transport_sequence_number else None,
        abs_send_time=found.abs_send_time if found.has_abs_send_time else None,
    )


def read_payload(bytes packet not None) -> bytes:
    """Payload of a decrypted RTP packet, without padding. Raises the error of the Status."""
    cdef const uint8_t *data = packet
    cdef RtpHeader header = parse_or_raise(data, len(packet))
    cdef size_t size = 0
    cdef Status status = rtp_payload_size(&size, &header, data, len(packet))
    if status != OK:
        raise_status(status)
    return packet[header.header_size:header.header_size + size]


def write_header(*, uint8_t payload_type, bint marker, bint padding, uint16_t sequence_number, uint32_t rtp_timestamp,
                 uint32_t ssrc, bytes extensions = b"") -> bytes:
    """An RTP header. extensions: elements in the one-byte form, padded to a multiple of 4 bytes."""
    cdef uint8_t head[RTP_HEADER_SIZE + 4]
    cdef size_t size
    if len(extensions) % 4:
        raise ValueError(f"{len(extensions)} bytes of extensions are not a multiple of 4")
    size = rtp_write_header(head, payload_type, marker, padding, sequence_number, rtp_timestamp, ssrc, len(extensions))
    return head[:size] + extensions


def abs_send_time_at(unsigned long long now_ns) -> int:
    """abs-send-time of a clock reading in ns: 24 bits, 6.18 fixed point seconds."""
    return abs_send_time(now_ns)
