"""See probing.pxd."""
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memset
from conclave.core.sent cimport SentPacket

cdef enum:
    DURATION_MS = 20
    PACKETS_LEAST = 6
    PACKET_SIZE = 320                          # of one that is all padding, on the wire
    BYTES_MOST = 40_000                        # at once, whatever the rate

cdef uint64_t STEP_NS = 5_000_000
cdef uint64_t PATIENCE_NS = 1_500_000_000
cdef double ENOUGH = 0.8                       # of the packets, when some are lost
cdef double KEPT_UP = 0.9                      # of the sent rate: so much must come, or the way is full
cdef double FULL = 0.95                        # of what comes through a full way


cdef void probe_init(Probe *probe) noexcept nogil:
    memset(probe, 0, sizeof(Probe))


cdef void probe_begin(Probe *probe, double bitrate, uint64_t now_ns) noexcept nogil:
    cdef int last = probe.last_cluster
    memset(probe, 0, sizeof(Probe))
    probe.cluster = probe.last_cluster = last % 255 + 1
    probe.bitrate = bitrate
    probe.began_ns = now_ns
    probe.bytes_wanted = max(min(<size_t>(bitrate * DURATION_MS / 8000), <size_t>BYTES_MOST),
                             <size_t>(PACKETS_LEAST * PACKET_SIZE))


cdef bint probe_sends(const Probe *probe) noexcept nogil:
    return probe.cluster != 0 and probe.bytes_sent < probe.bytes_wanted


cdef size_t probe_due(const Probe *probe, uint64_t now_ns) noexcept nogil:
    # A step ahead, so that the first packets leave at once.
    cdef double due = probe.bitrate * <double>(now_ns - probe.began_ns + STEP_NS) / 8e9
    if not probe_sends(probe) or due <= probe.bytes_sent:
        return 0
    return min(<size_t>due, probe.bytes_wanted) - probe.bytes_sent


cdef void probe_sent(Probe *probe, size_t size) noexcept nogil:
    probe.bytes_sent += size
    probe.packets_sent += 1


cdef double measured(const Probe *probe) noexcept nogil:
    """The lower of the rates at which it was sent and came; 0 when its times say nothing."""
    cdef int64_t sent_us = probe.last_sent_us - probe.first_sent_us
    cdef int64_t arrived_us = probe.last_arrived_us - probe.first_arrived_us
    cdef double sent, arrived
    if sent_us <= 0 or arrived_us <= 0:
        return 0
    # Between the first and the last one lie all bytes but one packet's.
    sent = (probe.bytes_told - probe.last_size) * 8e6 / sent_us
    arrived = (probe.bytes_told - probe.first_size) * 8e6 / arrived_us
    if arrived > 2 * sent:
        return 0                               # held up on the way and let go at once
    return FULL * arrived if arrived < KEPT_UP * sent else min(sent, arrived)


cdef double probe_told(Probe *probe, const SentPacket *packet, int64_t sent_us, int64_t arrived_us) noexcept nogil:
    cdef double result
    if packet.cluster == 0 or packet.cluster != probe.cluster:
        return 0
    if probe.packets_told == 0:
        probe.first_sent_us = sent_us
        probe.first_arrived_us = arrived_us
        probe.first_size = packet.size
    probe.last_sent_us = sent_us
    probe.last_arrived_us = max(arrived_us, probe.last_arrived_us)
    probe.last_size = packet.size
    probe.packets_told += 1
    probe.bytes_told += packet.size
    if probe_sends(probe) or probe.packets_told < ENOUGH * probe.packets_sent:
        return 0
    result = measured(probe)
    if probe.packets_told == probe.packets_sent:
        probe.cluster = 0
    return result


cdef bint probe_expired(Probe *probe, uint64_t now_ns) noexcept nogil:
    if probe.cluster == 0 or now_ns < probe.began_ns + PATIENCE_NS:
        return False
    probe.cluster = 0
    return True
