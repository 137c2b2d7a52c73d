"""Tries a higher rate for some milliseconds, with packets that are missed by nobody (L3)."""
from libc.stdint cimport int64_t, uint8_t, uint64_t
from conclave.core.sent cimport SentPacket

cdef struct Probe:
    uint8_t cluster                # names the one that is sent or waited for; 0 for none
    uint8_t last_cluster
    double bitrate                 # that is tried, bits per second
    size_t bytes_wanted
    size_t bytes_sent              # on the wire
    int packets_sent
    uint64_t began_ns
    # Of its packets that have arrived; microseconds of the sender's and the receiver's clock.
    int packets_told
    size_t bytes_told
    size_t first_size
    size_t last_size
    int64_t first_sent_us
    int64_t last_sent_us
    int64_t first_arrived_us
    int64_t last_arrived_us

cdef void probe_init(Probe *probe) noexcept nogil
cdef void probe_begin(Probe *probe, double bitrate, uint64_t now_ns) noexcept nogil
# Whether it has packets to send, and how many bytes of them now.
cdef bint probe_sends(const Probe *probe) noexcept nogil
cdef size_t probe_due(const Probe *probe, uint64_t now_ns) noexcept nogil
cdef void probe_sent(Probe *probe, size_t size) noexcept nogil
# Takes that a packet has arrived. Returns what the way bears, in bits per second, once enough of a probe has; else 0.
cdef double probe_told(Probe *probe, const SentPacket *packet, int64_t sent_us, int64_t arrived_us) noexcept nogil
# Gives up a probe of which too little came back.
cdef bint probe_expired(Probe *probe, uint64_t now_ns) noexcept nogil
