"""Reads what a receiver tells of packets' arrivals (RTCP 205, format 15; draft-holmer-rmcat-transport-wide-cc-01) (L1)."""
from libc.stdint cimport int32_t, uint16_t
from conclave.core.rtcp cimport RtcpPacket
from conclave.core.status cimport Status

cdef enum:
    FORMAT_TRANSPORT = 15          # of RTCP 205
    ABSENT = 0                     # packet status symbols (section 3.1.1)
    SMALL = 1
    LARGE = 2
    FEEDBACK_PACKETS_MAX = 1024    # told of at once; a power of two
    NOT_ARRIVED = -0x80000000
    FEEDBACK_TICK_US = 250

cdef struct TransportFeedback:
    uint16_t base                  # number of the first packet told of
    uint16_t count
    int32_t reference              # signed 24 bits, of 64 ms; the receiver's clock
    int32_t ticks[FEEDBACK_PACKETS_MAX]    # of 250 µs since the reference, by packet; NOT_ARRIVED for one that did not come

# Reads a whole feedback packet; `out` is undefined unless OK. UNSUPPORTED for another type or format, TRUNCATED when chunks or deltas
# are missing, MALFORMED for a reserved symbol, a run that is empty or passes the end, and for bytes left over, TOO_LARGE for more
# packets than FEEDBACK_PACKETS_MAX.
cdef Status transport_feedback_read(TransportFeedback *out, const RtcpPacket *packet) noexcept nogil
