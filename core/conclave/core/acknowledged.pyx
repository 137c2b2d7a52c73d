"""See acknowledged.pxd."""
from libc.math cimport fabs
from libc.stdint cimport int64_t
from libc.string cimport memset

cdef enum:
    FIRST_WINDOW_US = 500_000
    WINDOW_US = 150_000

cdef double VARIANCE_FIRST = 50.0
cdef double VARIANCE_GROWTH = 5.0              # a window
cdef double UNCERTAINTY = 10.0                 # of a sample, by its distance from what is believed


cdef void acknowledged_init(Acknowledged *rate) noexcept nogil:
    memset(rate, 0, sizeof(Acknowledged))
    rate.variance = VARIANCE_FIRST


cdef void learn(Acknowledged *rate, double sample) noexcept nogil:
    """Bayes: the further a sample is from what is believed, the less it moves it."""
    cdef double uncertainty, sample_variance, variance
    if rate.bitrate <= 0:
        rate.bitrate = sample
        return
    uncertainty = UNCERTAINTY * fabs(rate.bitrate - sample) / rate.bitrate
    sample_variance = uncertainty * uncertainty
    variance = rate.variance + VARIANCE_GROWTH
    rate.bitrate = (sample_variance * rate.bitrate + variance * sample) / (sample_variance + variance)
    rate.variance = sample_variance * variance / (sample_variance + variance)


cdef void acknowledged_arrived(Acknowledged *rate, int64_t arrived_us, size_t size) noexcept nogil:
    cdef int64_t window_us = WINDOW_US if rate.bitrate > 0 else FIRST_WINDOW_US
    cdef int64_t passed_us = arrived_us - rate.last_us
    if not rate.begun or passed_us < -FIRST_WINDOW_US or passed_us > window_us:
        # The first one, or the first after a pause.
        rate.begun = True
        rate.window_us = 0
        rate.bytes = 0
        rate.last_us = arrived_us
    elif passed_us > 0:
        rate.window_us += passed_us
        rate.last_us = arrived_us
    if rate.window_us >= window_us:
        learn(rate, rate.bytes * 8_000_000.0 / rate.window_us)
        rate.window_us = 0
        rate.bytes = 0
    rate.bytes += size
