"""One stream that a leg sends: made-up VP8 or Opus on a schedule, and what it repairs."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from conclave.core.srtp cimport SendStream
from conclave.core.srtp_context cimport SrtpContext

from load.sockets cimport Letters

cdef enum:
    EXTENSION_MAX = 64             # bytes of header extension elements
    PLAIN_MAX = 1472

# What a source is made from.
cdef struct SourceSetup:
    bint video                     # VP8, else Opus
    uint32_t ssrc
    uint32_t rtx_ssrc              # 0 for no repair
    uint8_t payload_type
    uint8_t rtx_payload_type
    uint8_t extension[EXTENSION_MAX]
    uint8_t extension_size         # a multiple of 4; 0 for none
    uint8_t rtx_extension[EXTENSION_MAX]
    uint8_t rtx_extension_size
    uint64_t interval_ns           # from frame to frame
    uint64_t gap_ns                # from packet to packet of a frame; 0 sends a frame at once
    uint16_t packets               # of a frame
    uint16_t key_packets           # of a key frame
    uint16_t size                  # payload bytes of a packet, its descriptor and stamp included
    uint16_t size_spread           # a frame's packets are smaller by 0 to so many bytes, at random
    uint16_t larger_packets        # of a frame's packets so many are a byte larger, as libwebrtc cuts frames
    uint32_t history               # packets kept for repair, a power of two; 0 for none

cdef struct SourceCounters:
    uint64_t packets
    uint64_t frames
    uint64_t key_frames
    uint64_t skipped               # frames that were left out because the generator was too late
    uint64_t refused               # packets that the kernel or SRTP would not take
    uint64_t plis
    uint64_t nacked                # packets that were asked for again
    uint64_t repaired              # and sent again
    uint64_t latest_ns             # the most that a frame was late

cdef struct Kept:                  # a packet as it was before protection
    uint64_t index
    uint16_t header_size
    uint16_t size                  # header included
    uint8_t data[PLAIN_MAX]

cdef struct Source:
    SourceSetup setup
    uint32_t leg
    bint active
    bint key_wanted
    bint key_frame                 # the frame that is being sent is one
    uint16_t packet                # of it, that comes next
    uint16_t frame_size            # payload bytes of its packets
    uint32_t frame
    uint32_t timestamp
    uint16_t picture_id
    uint64_t index
    uint64_t rtx_index
    uint64_t begun_ns              # when the frame was due
    uint64_t due_ns                # CLOCK_MONOTONIC of the next packet
    uint64_t random
    SendStream media
    SendStream rtx
    SourceCounters counters
    Kept *kept

cdef int source_init(Source *source, const SourceSetup *setup, uint32_t leg, uint64_t seed) noexcept nogil
cdef void source_destroy(Source *source) noexcept nogil
# Begins its schedule so long from now.
cdef void source_start(Source *source, uint64_t due_ns) noexcept nogil
# Puts what is due into `letters`, protected and stamped with `real_ns`, and moves `due_ns` on. `letters` is empty before.
cdef void source_make(Source *source, SrtpContext *context, uint64_t now_ns, Letters *letters) noexcept nogil
# Puts the packet of that number into `letters` as RTX (RFC 4588), if it is kept and there is room.
cdef void source_repair(Source *source, SrtpContext *context, uint16_t sequence_number, Letters *letters) noexcept nogil
