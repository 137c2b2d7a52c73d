"""When to ask a publisher for a key frame: one scheduler a source, not a layer (L3).

Both browsers answer at most one request a 300 ms and ignore the others silently; a request for one layer makes all
layers send a key frame.
"""
from libc.stdint cimport uint64_t

cdef struct KeyFrameScheduler:
    uint64_t last_request_ns
    uint64_t first_wanted_ns       # start of the 20 ms in which requests gather; 0 when nobody waits
    bint requested_before
    bint wanted

cdef void keyframes_init(KeyFrameScheduler *scheduler) noexcept nogil
cdef void keyframes_want(KeyFrameScheduler *scheduler, uint64_t now_ns) noexcept nogil    # somebody waits for a key frame
cdef void keyframes_satisfied(KeyFrameScheduler *scheduler) noexcept nogil                # nobody waits any more
# True when a PLI is to be sent now: 20 ms after the first wish, then at most one a 300 ms, repeated while wanted.
cdef bint keyframes_poll(KeyFrameScheduler *scheduler, uint64_t now_ns) noexcept nogil
cdef uint64_t keyframes_next_timeout(const KeyFrameScheduler *scheduler) noexcept nogil
