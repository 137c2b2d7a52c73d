"""One stream that a leg receives: what came, what is missing, which frames are whole, and how long they took."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from conclave.core.nack cimport NackGenerator
from conclave.core.rtcp cimport ReportBlock
from conclave.core.srtp cimport ReceiveStream
from load.histogram cimport Histogram
from load.stamp cimport Stamp

cdef enum:
    WINDOW_BITS = 4096             # newest packets of which is known whether they came
    WINDOW_WORDS = 64              # of 64 bits
    FRAMES = 256                   # newest frames that may become whole

cdef struct StreamSetup:
    bint video
    uint32_t ssrc
    uint32_t rtx_ssrc              # 0 for none
    uint8_t payload_type           # what repaired packets turn into
    bint ends_only                 # decrypts the last packet of each frame, and only counts the others
    bint nack                      # asks for what is missing (RFC 4585)

cdef struct StreamCounters:
    uint64_t packets               # different ones, repaired ones included
    uint64_t octets                # of their payloads, without padding
    uint64_t duplicates
    uint64_t reordered             # came after one with a higher number, not as repair
    uint64_t repaired              # came as RTX
    uint64_t refused               # failed authentication, or were replays
    uint64_t unstamped
    uint64_t nacked                # sequence numbers asked for, repeats included
    uint64_t frames                # that the sender made while the stream showed it
    uint64_t frames_whole          # of which every packet came in time
    uint64_t switches              # to another of the sender's streams
    uint64_t longest_gap_ns        # between the ends of whole frames
    uint64_t first_ns              # CLOCK_REALTIME of the first packet
    uint64_t newest_ns             # of the newest whole frame's end

cdef struct FrameSeen:
    uint32_t ssrc
    uint32_t frame
    uint16_t came
    uint64_t begun_ns

cdef struct Stream:
    StreamSetup setup
    ReceiveStream media
    ReceiveStream rtx
    NackGenerator missing
    bint started
    uint64_t base
    uint64_t highest
    uint64_t window[WINDOW_WORDS]
    uint64_t reported_expected
    uint64_t reported_received
    uint32_t transit
    bint has_transit
    double jitter
    uint32_t last_sr               # middle 32 bits of its NTP timestamp
    uint64_t last_sr_ns            # CLOCK_MONOTONIC
    uint32_t shown_ssrc            # of the sender, as its stamps say
    uint32_t shown_frame
    FrameSeen seen[FRAMES]
    StreamCounters counters
    Histogram *latency             # of whole frames: their last packet's departure to its arrival

cdef void stream_init(Stream *stream, const StreamSetup *setup, Histogram *latency) noexcept nogil
# Takes one authentic packet. index: 48 bits; arrived_ns, sent by the kernel, and now_ns: CLOCK_REALTIME and CLOCK_MONOTONIC.
cdef void stream_take(Stream *stream, uint64_t index, uint32_t rtp_timestamp, const uint8_t *payload, size_t size, bint repair,
                      uint64_t arrived_ns, uint64_t now_ns) noexcept nogil
# Counts one packet that nobody has decrypted.
cdef void stream_count(Stream *stream, uint16_t sequence_number) noexcept nogil
# What a receiver report says of it (RFC 3550 appendix A.3). False while there is nothing to say.
cdef bint stream_report(Stream *stream, ReportBlock *report, uint64_t now_ns) noexcept nogil
# Forgets the counters, not the sequence numbers: what comes later is counted from 0.
cdef void stream_reset(Stream *stream) noexcept nogil
# Packets that have not come, by the highest number that has.
cdef uint64_t stream_lost(const Stream *stream) noexcept nogil
