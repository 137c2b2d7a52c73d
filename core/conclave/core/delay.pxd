"""Whether a way's queue grows: packets' delays, as their receiver tells them (draft-ietf-rmcat-gcc-02 sections 5.1 to 5.4) (L3)."""
from libc.stdint cimport int64_t

cdef enum:
    TREND_WINDOW = 20              # groups that the trend is drawn through

cdef enum Usage:
    USAGE_NORMAL
    USAGE_OVER                     # the queue grows
    USAGE_UNDER                    # it drains

cdef struct PacketGroup:           # packets that left within 5 ms; microseconds of the sender's and the receiver's clock
    bint begun
    int64_t first_sent_us
    int64_t last_sent_us
    int64_t first_arrived_us
    int64_t last_arrived_us

cdef struct DelayDetector:
    PacketGroup current
    PacketGroup before
    double accumulated_ms          # delay since the first group
    double smoothed_ms
    double lowest_ms               # of `smoothed_ms`: with an empty queue
    double times_ms[TREND_WINDOW]  # a ring: when groups came
    double delays_ms[TREND_WINDOW] # and the smoothed delay then
    int group_count                # since the start, up to a bound
    int64_t first_arrived_us
    double threshold
    double trend
    double over_ms                 # for how long the trend has been above the threshold; below 0 while it is not
    int over_count
    int64_t threshold_set_us
    Usage usage

cdef void delay_init(DelayDetector *detector) noexcept nogil
# Takes one packet's times, in the order of arrival; `usage` is then up to date.
cdef void delay_arrived(DelayDetector *detector, int64_t sent_us, int64_t arrived_us) noexcept nogil
