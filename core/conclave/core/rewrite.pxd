"""What one slot does to the packets it forwards: continuous numbers over any switch of source (L3).

Rules and the trials behind them: out = in + offset; at a switch the first packet goes on at last + 1, the timestamp
by the elapsed arrival time (audio: whole multiples of 960), picture ids at last + 1; what is dropped is closed up.
Offsets are kept as spans, so that a late packet or a NACK finds the offsets that were in force at its place.
"""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t, int64_t
from conclave.core.status cimport Status
from conclave.core.packet cimport Packet

cdef enum:
    REWRITE_SPANS = 16

cdef struct Span:                  # from first_out on, until the next span
    uint64_t first_in              # index of the stream
    uint64_t first_out             # index of the slot
    int64_t index_offset           # out - in
    uint32_t timestamp_offset
    uint16_t picture_offset
    uint16_t picture_base          # out; 7-bit picture ids are read as the value nearest to it
    uint8_t tl0_offset
    uint8_t key_index_offset
    bint switched                  # the first span since a switch
    uint32_t stream                # the caller's number of the incoming stream (never 0)

cdef struct Rewriter:
    bint video
    bint started
    uint32_t stream                # current incoming stream; 0 for none
    uint64_t highest_in
    uint64_t last_out              # highest index given out
    uint32_t last_timestamp        # of the frame last begun, out
    uint64_t last_frame_ns         # arrival of that frame's first packet
    uint16_t last_picture_id       # out
    uint8_t last_tl0
    uint8_t last_key_index
    uint16_t span_count
    uint16_t span_next
    Span spans[REWRITE_SPANS]      # a ring, newest at span_next - 1

cdef struct Rewritten:
    uint64_t index                 # extended sequence number out
    uint32_t rtp_timestamp
    uint16_t picture_id
    uint8_t tl0_picture_index
    uint8_t key_index
    bint marker
    bint late                      # not above last_out: only RTX may carry it

# `first_index`: the first index given out, random below 2**15 (RFC 3711 section 3.3.1: receivers take the first packet's
# rollover count for 0). `first_timestamp`: random.
cdef void rewriter_init(Rewriter *rewriter, bint video, uint64_t first_index, uint32_t first_timestamp) noexcept nogil
# Takes the switch to another stream at `packet`, which starts a key frame (video) or is any packet (audio); map it next.
cdef void rewriter_switch(Rewriter *rewriter, uint32_t stream, const Packet *packet) noexcept nogil
# Nothing is shown any more; the next switch goes on from the last numbers.
cdef void rewriter_stop(Rewriter *rewriter) noexcept nogil
# Numbers for a packet of the current stream. INACTIVE for a padding-only packet (it is closed up, unless it comes after a higher
# index), TOO_LATE for one from before the switch or before the spans reach. A late one may still be asked for by a NACK.
cdef Status rewriter_map(Rewriter *rewriter, const Packet *packet, Rewritten *out) noexcept nogil
# Leaves out a packet of the current stream: it is closed up, unless it comes after a higher index.
cdef void rewriter_skip(Rewriter *rewriter, const Packet *packet) noexcept nogil
# For a NACK: which stream's packet has this number, sent or still missing. TOO_LATE when it was never given out or is forgotten.
cdef Status rewriter_find(const Rewriter *rewriter, uint16_t sequence_number, uint32_t *stream, uint64_t *index_in) noexcept nogil
# The numbers that a packet of `stream` went out under, by the spans; for retransmission. TOO_LATE when it never had any.
cdef Status rewriter_again(const Rewriter *rewriter, uint32_t stream, const Packet *packet, Rewritten *out) noexcept nogil
