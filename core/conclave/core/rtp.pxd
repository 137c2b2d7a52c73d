"""RTP headers and header extensions (RFC 3550 section 5, RFC 8285) (L1)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, int32_t
from conclave.core.status cimport Status

cdef enum:
    RTP_HEADER_SIZE = 12
    RTP_PACKET_MAX = 1472          # largest RTP packet that the core takes, SRTP overhead included

cpdef enum ExtensionKind:
    EXT_NONE = 0
    EXT_MID = 1
    EXT_RID = 2
    EXT_REPAIRED_RID = 3
    EXT_AUDIO_LEVEL = 4
    EXT_TRANSPORT_CC = 5
    EXT_ABS_SEND_TIME = 6

cdef struct RtpHeader:
    uint32_t ssrc
    uint32_t rtp_timestamp
    uint16_t sequence_number
    uint16_t header_size           # fixed header, CSRCs and extension block, in bytes
    uint16_t extension_offset      # first byte after the extension block's 4-byte head; 0 when there is none
    uint16_t extension_size        # bytes of extension elements
    uint16_t extension_profile     # 0xBEDE or 0x1000 (two-byte form)
    uint8_t payload_type
    uint8_t csrc_count
    bint marker
    bint padding                   # P bit; the count is readable only after decryption

# Extension ids of one transport: kind by id 1 to 14 (index 0 and 15 unused).
cdef struct ExtensionMap:
    uint8_t kind[16]

cdef struct RtpExtensions:
    const uint8_t *mid             # points into the packet; NULL when absent
    const uint8_t *rid
    const uint8_t *repaired_rid
    uint8_t mid_size
    uint8_t rid_size
    uint8_t repaired_rid_size
    uint8_t audio_level            # -dBov, 0 loudest to 127 silence (RFC 6464); 127 when absent
    bint voice                     # RFC 6464 V bit
    bint has_audio_level
    bint has_transport_sequence_number
    uint16_t transport_sequence_number
    bint has_abs_send_time
    uint32_t abs_send_time         # 24 bits, 6.18 fixed point seconds

# Reads the header of an RTP or SRTP packet. Never reads past `size`; `out` is undefined unless OK.
cdef Status rtp_parse(RtpHeader *out, const uint8_t *data, size_t size) noexcept nogil
# Reads the extension elements that `map` knows; unknown ones are skipped, a truncated one is MALFORMED.
cdef Status rtp_read_extensions(RtpExtensions *out, const RtpHeader *header, const uint8_t *data, const ExtensionMap *map) noexcept nogil
# Payload size without padding of a *decrypted* packet (RFC 3550 section 5.1). MALFORMED when the count is 0 or too large.
cdef Status rtp_payload_size(size_t *out, const RtpHeader *header, const uint8_t *data, size_t size) noexcept nogil
# Writes a fixed header without CSRCs; `extension_size` > 0 (a multiple of 4) sets X and writes the RFC 8285 one-byte
# head, the caller fills the elements that follow. Returns the offset of the first byte after what was written.
cdef size_t rtp_write_header(uint8_t *out, uint8_t payload_type, bint marker, bint padding, uint16_t sequence_number,
                             uint32_t rtp_timestamp, uint32_t ssrc, size_t extension_size) noexcept nogil
# abs-send-time of a clock reading: 24 bits, 6.18 fixed point seconds.
cdef uint32_t abs_send_time(unsigned long long now_ns) noexcept nogil
