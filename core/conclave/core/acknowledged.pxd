"""How many bits a second arrive, by what a receiver tells (draft-ietf-rmcat-gcc-02 section 5.5) (L3)."""
from libc.stdint cimport int64_t

cdef struct Acknowledged:
    bint begun
    int64_t last_us                # of the receiver's clock
    int64_t window_us              # how much of the window has passed
    double bytes                   # in it
    double bitrate                 # bits per second; 0 until it is known
    double variance

cdef void acknowledged_init(Acknowledged *rate) noexcept nogil
cdef void acknowledged_arrived(Acknowledged *rate, int64_t arrived_us, size_t size) noexcept nogil
