"""A rate that rises while a way bears it and falls when its queue grows (draft-ietf-rmcat-gcc-02 section 5.5) (L3)."""
from libc.math cimport pow
from libc.stdint cimport int64_t
from conclave.core.delay cimport Usage

cdef enum:
    BITRATE_LEAST = 30_000         # bits per second: voices alone

cdef struct RateControl:
    double bitrate                 # bits per second
    bint holds                     # since the queue grew, until it has drained
    double capacity                # where the queue grew of late; 0 while unknown
    double deviation               # of it, relative
    int64_t updated_us
    int64_t fell_us                # when it fell last; 0 for never

# What a rate is multiplied by in so many seconds in which nothing speaks against more: 8 % a second.
cdef inline double aimd_growth(double elapsed_s) noexcept nogil:
    return pow(1.08, elapsed_s)

cdef void aimd_init(RateControl *control, double bitrate) noexcept nogil
# Takes what the queue does; acknowledged: bits per second that arrive, 0 while unknown. Returns whether it fell.
cdef bint aimd_update(RateControl *control, Usage usage, double acknowledged, int64_t rtt_us, int64_t now_us) noexcept nogil
# A probe has shown how much the way bears.
cdef void aimd_set(RateControl *control, double bitrate, int64_t now_us) noexcept nogil
