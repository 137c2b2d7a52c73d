"""How many bits a second a way to a receiver bears, by what the receiver tells (draft-ietf-rmcat-gcc-02) (L3).

Queues that grow and losses lower the estimate, what arrives and probes raise it. Sans-IO: feedback and time go in, an
estimate and the wish to probe come out.
"""
from libc.stdint cimport int64_t, uint64_t
from conclave.core.acknowledged cimport Acknowledged
from conclave.core.aimd cimport RateControl
from conclave.core.delay cimport DelayDetector
from conclave.core.losses cimport Losses
from conclave.core.probing cimport Probe
from conclave.core.sent cimport SentLog
from conclave.core.transport_feedback cimport TransportFeedback

cdef enum:
    UNBOUNDED = 0xFFFFFFFF         # the estimate of a way of which nothing is told

cdef struct Estimator:
    bint told                      # arrivals, at least once
    uint64_t told_ns               # when last
    bint referred                  # `reference` is set
    int64_t reference              # of the newest feedback, 64 ms, not wrapped
    DelayDetector delay
    Acknowledged acknowledged
    RateControl control
    Losses losses
    Probe probe
    double estimate                # bits per second
    uint64_t next_probe_ns
    uint64_t probe_pause_ns        # until the one after, longer each time that one shows nothing

cdef void bwe_init(Estimator *bwe) noexcept nogil
cdef void bwe_told(Estimator *bwe, SentLog *log, const TransportFeedback *feedback, uint64_t rtt_ns, uint64_t now_ns) noexcept nogil
# Bits per second; UNBOUNDED while nothing has been told.
cdef double bwe_estimate(const Estimator *bwe) noexcept nogil
# Begins a probe where one is due and a higher estimate would be of use; wanted: bits per second that could be used.
# Returns whether there are probing packets to send; probe_due tells how many bytes.
cdef bint bwe_probes(Estimator *bwe, double wanted, uint64_t now_ns) noexcept nogil
