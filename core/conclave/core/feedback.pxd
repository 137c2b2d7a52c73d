"""The RTCP that a leg sends: reports, key frame requests, NACKs, arrivals (RFC 3550 section 6, RFC 4585) (L5)."""
from libc.stdint cimport uint16_t, uint64_t
from conclave.core.leg cimport Layer, Leg, Slot, Source
from conclave.core.outbox cimport Outbox
from conclave.core.rtcp cimport ReportBlock

cdef enum:
    RTCP_SIZE_MAX = 1200           # of a compound before protection

# Each returns false, with nothing sent, when the leg cannot send or the outbox is full.
# Sender reports of what its slots send; a receiver report and a REMB for what its sources send.
cdef bint feedback_send_reports(Leg *leg, uint64_t now_ns, uint64_t wallclock_ns, Outbox *outbox) noexcept nogil
# One packet of transport-wide feedback on what has come; false too when there is nothing new.
cdef bint feedback_send_arrivals(Leg *leg, Outbox *outbox) noexcept nogil
cdef bint feedback_request_key_frame(Source *source, Outbox *outbox) noexcept nogil
cdef bint feedback_send_nack(Layer *layer, const uint16_t *sequence_numbers, size_t count, Outbox *outbox) noexcept nogil
# Takes what a report block about one of our slots tells: what is lost of it, and the round-trip time.
cdef void feedback_take_report(Slot *slot, const ReportBlock *report, uint64_t wallclock_ns) noexcept nogil
