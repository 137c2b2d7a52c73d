"""When to ask a publisher for a key frame: one scheduler a source, not a layer (L3)."""
from libc.stdint cimport uint64_t, UINT64_MAX
from libc.string cimport memset

__all__ = ["KeyFrames"]

cdef uint64_t GATHER_NS = 20_000_000           # requests that come close together become one
cdef uint64_t INTERVAL_NS = 300_000_000        # encoders ignore what comes sooner


cdef void keyframes_init(KeyFrameScheduler *scheduler) noexcept nogil:
    memset(scheduler, 0, sizeof(KeyFrameScheduler))


cdef void keyframes_want(KeyFrameScheduler *scheduler, uint64_t now_ns) noexcept nogil:
    if not scheduler.wanted:
        scheduler.wanted = True
        scheduler.first_wanted_ns = now_ns


cdef void keyframes_satisfied(KeyFrameScheduler *scheduler) noexcept nogil:
    scheduler.wanted = False
    scheduler.first_wanted_ns = 0


cdef bint keyframes_poll(KeyFrameScheduler *scheduler, uint64_t now_ns) noexcept nogil:
    if now_ns < keyframes_next_timeout(scheduler):
        return False
    scheduler.last_request_ns = now_ns
    scheduler.requested_before = True
    return True


cdef uint64_t keyframes_next_timeout(const KeyFrameScheduler *scheduler) noexcept nogil:
    cdef uint64_t due_ns
    if not scheduler.wanted:
        return UINT64_MAX
    due_ns = scheduler.first_wanted_ns + GATHER_NS
    if scheduler.requested_before:
        due_ns = max(due_ns, scheduler.last_request_ns + INTERVAL_NS)
    return due_ns


cdef class KeyFrames:
    """A KeyFrameScheduler, for tests."""

    cdef KeyFrameScheduler scheduler

    def __cinit__(self):
        keyframes_init(&self.scheduler)

    def want(self, uint64_t now_ns) -> None:
        keyframes_want(&self.scheduler, now_ns)

    def satisfied(self) -> None:
        keyframes_satisfied(&self.scheduler)

    def poll(self, uint64_t now_ns) -> bool:
        return keyframes_poll(&self.scheduler, now_ns)

    def next_timeout(self):
        cdef uint64_t timeout_ns = keyframes_next_timeout(&self.scheduler)
        return None if timeout_ns == UINT64_MAX else timeout_ns
