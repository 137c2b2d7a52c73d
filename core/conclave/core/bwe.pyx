"""See bwe.pxd."""
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memset
from conclave.core.acknowledged cimport acknowledged_arrived, acknowledged_init
from conclave.core.aimd cimport aimd_init, aimd_set, aimd_update
from conclave.core.delay cimport USAGE_NORMAL, Usage, delay_arrived, delay_init
from conclave.core.losses cimport losses_bound, losses_init, losses_raise, losses_told
from conclave.core.probing cimport (probe_begin, probe_due, probe_expired, probe_init, probe_sends, probe_sent,
                                    probe_told)
from conclave.core.rtcp cimport RtcpPacket, rtcp_next
from conclave.core.sent cimport SentLog, SentPacket, sent_find, sent_init, sent_note
from conclave.core.status cimport OK, Status
from conclave.core.transport_feedback cimport (FEEDBACK_TICK_US, NOT_ARRIVED, TransportFeedback,
                                               transport_feedback_read)

from conclave.core.errors import raise_status

__all__ = ["Bandwidth"]

cdef double FIRST = 2_000_000.0
cdef double HEADROOM = 1.25                    # over what is wanted: nothing beyond is probed for
cdef double FIRST_FACTOR = 3.0
cdef double FACTOR = 2.0
cdef double SHOWN = 0.7                        # of a probe's rate: what came was worth it, and more may be there
cdef uint64_t PAUSE_LEAST_NS = 2_000_000_000
cdef uint64_t PAUSE_MOST_NS = 16_000_000_000
cdef uint64_t AFTER_FALL_NS = 3_000_000_000
cdef uint64_t USAGE_LASTS_NS = 2_000_000_000   # of a queue of which nothing more is told
cdef int64_t REFERENCE_US = 64_000


cdef void bwe_init(Estimator *bwe) noexcept nogil:
    memset(bwe, 0, sizeof(Estimator))
    delay_init(&bwe.delay)
    acknowledged_init(&bwe.acknowledged)
    aimd_init(&bwe.control, FIRST)
    losses_init(&bwe.losses)
    probe_init(&bwe.probe)
    bwe.estimate = FIRST
    bwe.probe_pause_ns = PAUSE_LEAST_NS


cdef int64_t follow_reference(Estimator *bwe, int64_t reference) noexcept nogil:
    """The receiver's clock at a feedback's reference, microseconds; its 24 bits wrap after 12 days."""
    cdef int64_t step
    if not bwe.referred:
        bwe.referred = True
        bwe.reference = reference
        return reference * REFERENCE_US
    step = (reference - bwe.reference) & 0xFFFFFF
    if step >= 0x800000:
        step -= 0x1000000
    bwe.reference += step
    return bwe.reference * REFERENCE_US


cdef void take_probe(Estimator *bwe, double result, uint64_t now_ns) noexcept nogil:
    cdef double tried = bwe.probe.bitrate
    if result <= bwe.estimate:
        return
    if result > bwe.control.bitrate:
        aimd_set(&bwe.control, result, <int64_t>(now_ns // 1000))
    losses_raise(&bwe.losses, result)
    if result > SHOWN * tried:
        bwe.next_probe_ns = now_ns
        bwe.probe_pause_ns = PAUSE_LEAST_NS


cdef void bwe_told(Estimator *bwe, SentLog *log, const TransportFeedback *feedback, uint64_t rtt_ns, uint64_t now_ns) noexcept nogil:
    cdef int64_t reference_us = follow_reference(bwe, feedback.reference)
    cdef int64_t now_us = <int64_t>(now_ns // 1000)
    cdef int64_t sent_us, arrived_us
    cdef SentPacket *packet
    cdef size_t i
    cdef Usage usage
    bwe.told = True
    bwe.told_ns = now_ns
    for i in range(feedback.count):
        packet = sent_find(log, <unsigned short>(feedback.base + i))
        if packet == NULL:
            continue
        losses_told(&bwe.losses, feedback.ticks[i] != NOT_ARRIVED)
        if feedback.ticks[i] == NOT_ARRIVED:
            continue                           # it may be told of anew, when it was only overtaken
        packet.under_way = False
        sent_us = now_us - <int64_t><uint32_t>(<uint32_t>now_us - packet.sent_us)
        arrived_us = reference_us + <int64_t>feedback.ticks[i] * FEEDBACK_TICK_US
        delay_arrived(&bwe.delay, sent_us, arrived_us)
        acknowledged_arrived(&bwe.acknowledged, arrived_us, packet.size)
        take_probe(bwe, probe_told(&bwe.probe, packet, sent_us, arrived_us), now_ns)
    usage = bwe.delay.usage
    if aimd_update(&bwe.control, usage, bwe.acknowledged.bitrate, <int64_t>(rtt_ns // 1000), now_us):
        bwe.next_probe_ns = now_ns + AFTER_FALL_NS
    bwe.estimate = losses_bound(&bwe.losses, bwe.control.bitrate, <int64_t>(rtt_ns // 1000), now_us)


cdef double bwe_estimate(const Estimator *bwe) noexcept nogil:
    return bwe.estimate if bwe.told else <double>UNBOUNDED


cdef bint bwe_probes(Estimator *bwe, double wanted, uint64_t now_ns) noexcept nogil:
    cdef bint first = bwe.probe.last_cluster == 0
    cdef double most = wanted * HEADROOM
    if not bwe.told:
        return False
    if probe_expired(&bwe.probe, now_ns):
        bwe.next_probe_ns = now_ns + bwe.probe_pause_ns
    if bwe.probe.cluster:
        return probe_sends(&bwe.probe)
    if now_ns < bwe.next_probe_ns or bwe.estimate >= most:
        return False
    # Where nothing is sent, nothing is told: the last that was told would forbid the probe that could refute it.
    if bwe.delay.usage != USAGE_NORMAL and now_ns < bwe.told_ns + USAGE_LASTS_NS:
        return False
    bwe.next_probe_ns = now_ns + bwe.probe_pause_ns
    bwe.probe_pause_ns = min(2 * bwe.probe_pause_ns, PAUSE_MOST_NS)
    probe_begin(&bwe.probe, min(bwe.estimate * (FIRST_FACTOR if first else FACTOR), most), now_ns)
    return True


cdef class Bandwidth:
    """An Estimator with a SentLog, for tests."""

    cdef Estimator estimator
    cdef SentLog log

    def __cinit__(self):
        bwe_init(&self.estimator)
        sent_init(&self.log)

    def send(self, size_t size, uint64_t now_ns) -> int:
        """The number of a packet of so many protected bytes that leaves now."""
        cdef int number = self.log.next
        sent_note(&self.log, size, 0, now_ns)
        return number

    def probe(self, double wanted, uint64_t now_ns, size_t size=292) -> list:
        """The numbers of the probing packets that leave now."""
        cdef size_t due, heads = 28
        numbers = []
        if bwe_probes(&self.estimator, wanted, now_ns):
            due = probe_due(&self.estimator.probe, now_ns)
            while due > 0:
                numbers.append(self.log.next)
                sent_note(&self.log, size, self.estimator.probe.cluster, now_ns)
                probe_sent(&self.estimator.probe, size + heads)
                due -= min(due, size + heads)
        return numbers

    def told(self, bytes compound not None, uint64_t rtt_ns, uint64_t now_ns) -> None:
        """Takes a feedback packet. Raises the error of the Status that is not OK."""
        cdef RtcpPacket packet
        cdef TransportFeedback feedback
        cdef size_t offset = 0
        cdef Status status = rtcp_next(&packet, compound, len(compound), &offset)
        if status == OK:
            status = transport_feedback_read(&feedback, &packet)
        if status != OK:
            raise_status(status)
        bwe_told(&self.estimator, &self.log, &feedback, rtt_ns, now_ns)

    def estimate(self):
        """Bits per second, None while nothing is known."""
        cdef double estimate = bwe_estimate(&self.estimator)
        return None if estimate >= UNBOUNDED else int(estimate)

    @property
    def acknowledged(self) -> int:
        return int(self.estimator.acknowledged.bitrate)
