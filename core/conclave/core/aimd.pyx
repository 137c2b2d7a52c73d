"""See aimd.pxd."""
from libc.math cimport sqrt
from libc.stdint cimport int64_t
from libc.string cimport memset
from conclave.core.delay cimport USAGE_OVER, USAGE_UNDER, Usage

cdef double MOST = 100_000_000.0
cdef double BACK_OFF = 0.85
cdef double PACKET_BITS = 1200.0 * 8
cdef double SLOWEST_GROWTH = 4_000.0           # bits per second, a second
cdef double CAPACITY_WEIGHT = 0.05             # of a new sample
cdef double DEVIATION_LEAST = 0.4
cdef double DEVIATION_MOST = 2.5


cdef void aimd_init(RateControl *control, double bitrate) noexcept nogil:
    memset(control, 0, sizeof(RateControl))
    control.bitrate = bitrate
    control.deviation = DEVIATION_LEAST


cdef double reach(const RateControl *control) noexcept nogil:
    """How far a rate may lie from the known capacity and still be it, bits per second."""
    return 3 * sqrt(control.deviation * control.capacity / 1000) * 1000


cdef void learn_capacity(RateControl *control, double acknowledged) noexcept nogil:
    cdef double error
    if control.capacity <= 0 or acknowledged < control.capacity - reach(control):
        control.capacity = acknowledged
        return
    error = (control.capacity - acknowledged) / 1000
    control.capacity += CAPACITY_WEIGHT * (acknowledged - control.capacity)
    control.deviation += CAPACITY_WEIGHT * (error * error / max(control.capacity / 1000, 1.0) - control.deviation)
    control.deviation = max(DEVIATION_LEAST, min(DEVIATION_MOST, control.deviation))


cdef void grow(RateControl *control, double acknowledged, int64_t rtt_us, double elapsed_s) noexcept nogil:
    cdef double most = 1.5 * acknowledged + 10_000 if acknowledged > 0 else MOST
    cdef double grown
    # What is not used is not known to be there.
    if control.bitrate >= most:
        return
    if control.capacity > 0 and acknowledged > control.capacity + reach(control):
        control.capacity = 0
    if control.capacity > 0:
        # Near to where it fell: about a packet in each time that an answer takes.
        grown = control.bitrate + max(PACKET_BITS / ((rtt_us + 100_000) / 1e6), SLOWEST_GROWTH) * elapsed_s
    else:
        grown = control.bitrate * aimd_growth(elapsed_s) + 1000 * elapsed_s
    control.bitrate = min(min(grown, most), MOST)


cdef bint aimd_update(RateControl *control, Usage usage, double acknowledged, int64_t rtt_us, int64_t now_us) noexcept nogil:
    cdef double elapsed_s = min((now_us - control.updated_us) / 1e6, 1.0) if control.updated_us else 0.0
    cdef double fallen
    control.updated_us = now_us
    if usage == USAGE_UNDER:
        control.holds = True                   # the queue drains: not so fast that it grows again
        return False
    if usage != USAGE_OVER:
        if control.holds:
            control.holds = False
        else:
            grow(control, acknowledged, rtt_us, elapsed_s)
        return False
    control.holds = True
    # One fall an answer: what is on its way shows nothing yet of the one before.
    if control.fell_us and now_us - control.fell_us < rtt_us + 100_000:
        return False
    fallen = BACK_OFF * (acknowledged if acknowledged > 0 else control.bitrate)
    if acknowledged > 0:
        learn_capacity(control, acknowledged)
    if fallen < control.bitrate:
        control.bitrate = max(fallen, <double>BITRATE_LEAST)
    control.fell_us = now_us
    return True


cdef void aimd_set(RateControl *control, double bitrate, int64_t now_us) noexcept nogil:
    control.bitrate = max(<double>BITRATE_LEAST, min(MOST, bitrate))
    control.updated_us = now_us
    control.capacity = 0
