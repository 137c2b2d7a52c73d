"""See delay.pxd."""
from libc.math cimport fabs
from libc.stdint cimport int64_t
from libc.string cimport memset

cdef enum:
    GROUP_US = 5_000                           # packets sent within this time are one group
    BURST_US = 100_000                         # a burst that a queue lets go at once is one, too, up to this
    PAUSE_US = 2_000_000                       # after it, what the delay was before says nothing
    COUNT_MAX = 60                             # groups that add to the trend's weight

cdef double SMOOTHING = 0.9
cdef double GAIN = 4.0
cdef double THRESHOLD_FIRST = 12.5             # section 5.4, milliseconds
cdef double THRESHOLD_LEAST = 6.0
cdef double THRESHOLD_MOST = 600.0
cdef double THRESHOLD_REACH = 15.0             # a trend so far above is an outlier, which the threshold does not follow
cdef double THRESHOLD_UP = 0.0087              # per millisecond
cdef double THRESHOLD_DOWN = 0.039
cdef double OVER_MS = 10.0
# Frames leave in one burst each: what the last of its packets waits for the others is no queue that grows, nor is a hiccup of
# the receiver's scheduler.
cdef double QUEUE_LEAST_MS = 40.0


cdef void delay_init(DelayDetector *detector) noexcept nogil:
    memset(detector, 0, sizeof(DelayDetector))
    detector.threshold = THRESHOLD_FIRST
    detector.over_ms = -1


cdef double slope(const DelayDetector *detector) noexcept nogil:
    """Of the line through the ring's points, by least squares: milliseconds of delay a millisecond."""
    cdef double mean_time = 0, mean_delay = 0, above = 0, below = 0
    cdef int i
    for i in range(TREND_WINDOW):
        mean_time += detector.times_ms[i] / TREND_WINDOW
        mean_delay += detector.delays_ms[i] / TREND_WINDOW
    for i in range(TREND_WINDOW):
        above += (detector.times_ms[i] - mean_time) * (detector.delays_ms[i] - mean_delay)
        below += (detector.times_ms[i] - mean_time) * (detector.times_ms[i] - mean_time)
    return above / below if below > 0 else detector.trend


cdef void adapt_threshold(DelayDetector *detector, double weighed, int64_t now_us) noexcept nogil:
    """Section 5.4: follows the trend slowly, so that flows of other kinds do not starve this one."""
    cdef double elapsed_ms = min((now_us - detector.threshold_set_us) / 1000.0, 100.0)
    cdef double rate = THRESHOLD_DOWN if fabs(weighed) < detector.threshold else THRESHOLD_UP
    detector.threshold_set_us = now_us
    if fabs(weighed) > detector.threshold + THRESHOLD_REACH:
        return
    detector.threshold += rate * (fabs(weighed) - detector.threshold) * elapsed_ms
    detector.threshold = max(THRESHOLD_LEAST, min(THRESHOLD_MOST, detector.threshold))


cdef void judge(DelayDetector *detector, double trend, double sent_ms, int64_t now_us) noexcept nogil:
    cdef double weighed = min(detector.group_count, <int>COUNT_MAX) * trend * GAIN
    if weighed > detector.threshold:
        detector.over_ms = detector.over_ms + sent_ms if detector.over_ms >= 0 else sent_ms / 2
        detector.over_count += 1
        if (detector.over_ms > OVER_MS and detector.over_count > 1 and trend >= detector.trend
                and detector.smoothed_ms - detector.lowest_ms > QUEUE_LEAST_MS):
            detector.over_ms = 0
            detector.over_count = 0
            detector.usage = USAGE_OVER
    else:
        detector.over_ms = -1
        detector.over_count = 0
        detector.usage = USAGE_UNDER if weighed < -detector.threshold else USAGE_NORMAL
    detector.trend = trend
    adapt_threshold(detector, weighed, now_us)


cdef void compare(DelayDetector *detector) noexcept nogil:
    """Takes the delay of the group that is complete against the one before it."""
    cdef PacketGroup *group = &detector.current
    cdef double sent_ms = (group.last_sent_us - detector.before.last_sent_us) / 1000.0
    cdef double arrived_ms = (group.last_arrived_us - detector.before.last_arrived_us) / 1000.0
    cdef int place = detector.group_count % TREND_WINDOW
    if detector.group_count == 0:
        detector.first_arrived_us = group.last_arrived_us
        detector.threshold_set_us = group.last_arrived_us
    detector.accumulated_ms += arrived_ms - sent_ms
    detector.smoothed_ms = SMOOTHING * detector.smoothed_ms + (1 - SMOOTHING) * detector.accumulated_ms
    detector.lowest_ms = min(detector.lowest_ms, detector.smoothed_ms)
    detector.times_ms[place] = (group.last_arrived_us - detector.first_arrived_us) / 1000.0
    detector.delays_ms[place] = detector.smoothed_ms
    # Counted past COUNT_MAX by whole windows only, so that the ring goes on where it was.
    detector.group_count += 1
    if detector.group_count == COUNT_MAX + TREND_WINDOW:
        detector.group_count = COUNT_MAX
    if detector.group_count >= TREND_WINDOW:
        judge(detector, slope(detector), sent_ms, group.last_arrived_us)


cdef bint belongs(const PacketGroup *group, int64_t sent_us, int64_t arrived_us) noexcept nogil:
    """Whether a packet is one of the group, or of a burst that waited and came at once."""
    cdef int64_t delay = (arrived_us - group.last_arrived_us) - (sent_us - group.last_sent_us)
    if sent_us - group.first_sent_us <= GROUP_US:
        return True
    return delay < 0 and arrived_us - group.last_arrived_us <= GROUP_US and arrived_us - group.first_arrived_us < BURST_US


cdef void begin(PacketGroup *group, int64_t sent_us, int64_t arrived_us) noexcept nogil:
    group.begun = True
    group.first_sent_us = group.last_sent_us = sent_us
    group.first_arrived_us = group.last_arrived_us = arrived_us


cdef void delay_arrived(DelayDetector *detector, int64_t sent_us, int64_t arrived_us) noexcept nogil:
    cdef PacketGroup *group = &detector.current
    if not group.begun:
        begin(group, sent_us, arrived_us)
    elif sent_us - group.last_sent_us > PAUSE_US or arrived_us < group.first_arrived_us - PAUSE_US:
        delay_init(detector)
        begin(group, sent_us, arrived_us)
    elif sent_us < group.first_sent_us:
        return                                 # overtaken: its group is complete
    elif belongs(group, sent_us, arrived_us):
        group.last_sent_us = max(group.last_sent_us, sent_us)
        group.last_arrived_us = max(group.last_arrived_us, arrived_us)
    else:
        if detector.before.begun:
            compare(detector)
        detector.before = group[0]
        begin(group, sent_us, arrived_us)
