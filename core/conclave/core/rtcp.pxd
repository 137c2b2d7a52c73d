"""RTCP packets (RFC 3550 section 6, RFC 4585, RFC 5104 PLI/NACK use, draft-alvestrand-rmcat-remb) (L1)."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t, int32_t
from conclave.core.status cimport Status

cpdef enum RtcpType:
    RTCP_SR = 200
    RTCP_RR = 201
    RTCP_SDES = 202
    RTCP_BYE = 203
    RTCP_APP = 204
    RTCP_RTPFB = 205               # count 1: NACK; 15: transport-cc
    RTCP_PSFB = 206                # count 1: PLI; 4: FIR; 15: REMB ("application layer feedback")
    RTCP_XR = 207

cdef struct RtcpPacket:            # one packet of a compound
    uint8_t packet_type
    uint8_t count                  # report count or feedback message type
    uint32_t sender_ssrc           # 0 when the packet is too short to have one (an empty BYE)
    uint32_t media_ssrc            # feedback packets only
    const uint8_t *body            # after the 4-byte head
    size_t body_size               # without padding

cdef struct SenderInfo:
    uint64_t ntp_timestamp         # 32.32
    uint32_t rtp_timestamp
    uint32_t packet_count
    uint32_t octet_count

cdef struct ReportBlock:
    uint32_t ssrc
    uint8_t fraction_lost          # of 256
    int32_t cumulative_lost        # 24 bits, signed
    uint32_t highest_sequence_number
    uint32_t jitter
    uint32_t last_sr
    uint32_t delay_since_last_sr   # 1/65536 s

cdef struct Remb:
    uint64_t bitrate               # bits per second
    uint8_t ssrc_count

# Walks a decrypted compound: reads the packet at *offset and moves *offset past it. A lone feedback packet is valid
# (RFC 5506). TRUNCATED when it announces more than there is; the end is *offset == size.
cdef Status rtcp_next(RtcpPacket *out, const uint8_t *data, size_t size, size_t *offset) noexcept nogil
cdef Status rtcp_read_sender_info(SenderInfo *out, const RtcpPacket *packet) noexcept nogil
# Report block `index` of an SR or RR.
cdef Status rtcp_read_report(ReportBlock *out, const RtcpPacket *packet, size_t index) noexcept nogil
# Expands a generic NACK into sequence numbers; writes at most `capacity`, returns how many.
cdef size_t rtcp_read_nack(uint16_t *out, size_t capacity, const RtcpPacket *packet) noexcept nogil
cdef Status rtcp_read_remb(Remb *out, const RtcpPacket *packet) noexcept nogil
# FIR entry's SSRCs (RFC 5104 section 4.3.1.1); returns how many were written.
cdef size_t rtcp_read_fir(uint32_t *out, size_t capacity, const RtcpPacket *packet) noexcept nogil
cdef size_t rtcp_read_bye(uint32_t *out, size_t capacity, const RtcpPacket *packet) noexcept nogil

# The head of a packet of `size` bytes in all, a multiple of 4; count: or the format of feedback.
cdef void rtcp_write_head(uint8_t *out, uint8_t packet_type, size_t count, size_t size) noexcept nogil
# Writers return the bytes written, 0 when `capacity` is too small.
cdef size_t rtcp_write_sr(uint8_t *out, size_t capacity, uint32_t ssrc, const SenderInfo *info,
                          const ReportBlock *reports, size_t report_count) noexcept nogil
cdef size_t rtcp_write_rr(uint8_t *out, size_t capacity, uint32_t ssrc, const ReportBlock *reports, size_t report_count) noexcept nogil
cdef size_t rtcp_write_sdes_cname(uint8_t *out, size_t capacity, uint32_t ssrc, const uint8_t *cname, size_t cname_size) noexcept nogil
cdef size_t rtcp_write_bye(uint8_t *out, size_t capacity, const uint32_t *ssrcs, size_t ssrc_count) noexcept nogil
cdef size_t rtcp_write_pli(uint8_t *out, size_t capacity, uint32_t sender_ssrc, uint32_t media_ssrc) noexcept nogil
# `sequence_numbers` ascending modulo 2**16; packs PID and BLP pairs.
cdef size_t rtcp_write_nack(uint8_t *out, size_t capacity, uint32_t sender_ssrc, uint32_t media_ssrc,
                            const uint16_t *sequence_numbers, size_t count) noexcept nogil
cdef size_t rtcp_write_remb(uint8_t *out, size_t capacity, uint32_t sender_ssrc, uint64_t bitrate,
                            const uint32_t *ssrcs, size_t ssrc_count) noexcept nogil
