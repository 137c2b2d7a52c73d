"""Durations counted in classes that are 3 % wide, from 0 ns to days."""
from libc.stdint cimport uint64_t

cdef enum:
    HISTOGRAM_STEPS = 32           # classes from one power of two to the next
    HISTOGRAM_SIZE = 44 * HISTOGRAM_STEPS

cdef extern from *:
    int __builtin_clzll(unsigned long long value) nogil

cdef struct Histogram:
    uint64_t count
    uint64_t largest_ns
    uint64_t classes[HISTOGRAM_SIZE]


cdef inline size_t histogram_class(uint64_t ns) noexcept nogil:
    cdef int shift
    if ns < HISTOGRAM_STEPS:
        return <size_t>ns
    shift = 58 - __builtin_clzll(ns)
    return min(<size_t>(<uint64_t>shift * HISTOGRAM_STEPS + (ns >> shift)), <size_t>(HISTOGRAM_SIZE - 1))


cdef inline uint64_t histogram_upper(size_t number) noexcept nogil:
    """The largest duration of a class, in ns."""
    cdef size_t shift
    if number < HISTOGRAM_STEPS:
        return number
    shift = number // HISTOGRAM_STEPS - 1
    return ((<uint64_t>(number - shift * HISTOGRAM_STEPS) + 1) << shift) - 1


cdef inline void histogram_add(Histogram *histogram, uint64_t ns) noexcept nogil:
    histogram.count += 1
    histogram.largest_ns = max(histogram.largest_ns, ns)
    histogram.classes[histogram_class(ns)] += 1


cdef inline uint64_t histogram_quantile(const Histogram *histogram, double share) noexcept nogil:
    """The duration that `share` of all stay at or below, in ns; 0 when there is none."""
    cdef uint64_t passed = 0
    cdef size_t i
    for i in range(<size_t>HISTOGRAM_SIZE):
        passed += histogram.classes[i]
        if passed and passed >= share * histogram.count:
            return min(histogram_upper(i), histogram.largest_ns)
    return histogram.largest_ns
