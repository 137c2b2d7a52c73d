"""How much a way's losses leave of a rate (draft-ietf-rmcat-gcc-02 section 6) (L3)."""
from libc.stdint cimport int64_t

cdef struct Losses:
    int told                       # packets since the last look
    int lost
    double fraction                # smoothed
    bint known
    double tolerated               # losses up to this are the way's own
    double bound                   # bits per second
    double gave_from               # the rate at which losses began to be too many; 0 while they are not
    double gave_fraction           # and what they were
    int64_t looked_us

cdef void losses_init(Losses *losses) noexcept nogil
cdef void losses_told(Losses *losses, bint arrived) noexcept nogil
# A probe has shown that the way bears as much, in bits per second.
cdef void losses_raise(Losses *losses, double bitrate) noexcept nogil
# Looks at what has been told; bitrate: bits per second, the rate otherwise. Returns the lower of it and the bound.
cdef double losses_bound(Losses *losses, double bitrate, int64_t rtt_us, int64_t now_us) noexcept nogil
