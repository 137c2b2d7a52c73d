"""What one slot does to the packets it forwards: continuous numbers over any switch of source (L3)."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset

from conclave.core.packet cimport Packet
from conclave.core.status cimport Status, INACTIVE, OK, TOO_LATE

__all__ = ["SlotRewriter"]

cdef enum:
    PICTURE_ID_MASK = 0x7FFF                   # RFC 7741 section 4.2: 15 bits
    SHORT_PICTURE_ID_MASK = 0x7F               # or 7
    SHORT_PICTURE_ID_HALF = 0x40
    PICTURE_BASE_REACH = 32                    # frames after which a 7-bit source gets a new base, well under half its range
    KEY_INDEX_MASK = 0x1F
    AUDIO_STEP = 960                           # 20 ms at 48 kHz
    GAP_MAX = 128                              # numbers left out at once; nobody asks for more again (NACK_CAPACITY)

cdef uint64_t AUDIO_STEP_NS = 20_000_000
# A receiver takes a step of 2**31 or more for one backwards; a pause of hours stays well below.
cdef uint64_t STEP_MAX = 1 << 30


cdef void rewriter_init(Rewriter *rewriter, bint video, uint64_t first_index, uint32_t first_timestamp) noexcept nogil:
    memset(rewriter, 0, sizeof(Rewriter))
    rewriter.video = video
    rewriter.last_out = first_index - 1
    rewriter.last_timestamp = first_timestamp
    # "last + 1" then starts each at 0.
    rewriter.last_picture_id = PICTURE_ID_MASK
    rewriter.last_tl0 = 0xFF
    rewriter.last_key_index = KEY_INDEX_MASK


cdef inline Span *newest_span(Rewriter *rewriter) noexcept nogil:
    return &rewriter.spans[(rewriter.span_next + REWRITE_SPANS - 1) % REWRITE_SPANS]


cdef inline const Span *span_by_age(const Rewriter *rewriter, uint16_t age) noexcept nogil:
    """Span `age`, 0 being the newest."""
    return &rewriter.spans[(rewriter.span_next + REWRITE_SPANS - 1 - age) % REWRITE_SPANS]


cdef Span *push_span(Rewriter *rewriter) noexcept nogil:
    """Makes room for a newest span; the oldest is forgotten when all are taken."""
    rewriter.span_next = <uint16_t>((rewriter.span_next + 1) % REWRITE_SPANS)
    if rewriter.span_count < REWRITE_SPANS:
        rewriter.span_count += 1
    return newest_span(rewriter)


cdef void drop_unused_spans(Rewriter *rewriter) noexcept nogil:
    """Takes back the newest spans of which no number was given out."""
    while rewriter.span_count > 0 and newest_span(rewriter).first_out > rewriter.last_out:
        rewriter.span_next = <uint16_t>((rewriter.span_next + REWRITE_SPANS - 1) % REWRITE_SPANS)
        rewriter.span_count -= 1


cdef uint32_t timestamp_step(const Rewriter *rewriter, uint64_t arrival_ns) noexcept nogil:
    """How far a switch at `arrival_ns` moves the timestamp on: the time since the last frame began, never less than one step."""
    cdef uint64_t elapsed_ns = 0
    if arrival_ns > rewriter.last_frame_ns:
        elapsed_ns = arrival_ns - rewriter.last_frame_ns
    if rewriter.video:
        # 90 kHz: 9 ticks a 100 us, rounded.
        return <uint32_t>min(max((elapsed_ns * 9 + 50_000) // 100_000, <uint64_t>1), STEP_MAX)
    return <uint32_t>min(max((elapsed_ns + AUDIO_STEP_NS // 2) // AUDIO_STEP_NS, <uint64_t>1), STEP_MAX // AUDIO_STEP) * AUDIO_STEP


cdef void rewriter_switch(Rewriter *rewriter, uint32_t stream, const Packet *packet) noexcept nogil:
    cdef Span *span
    cdef uint32_t first_timestamp = rewriter.last_timestamp
    if rewriter.started:
        first_timestamp += timestamp_step(rewriter, packet.arrival_ns)
    drop_unused_spans(rewriter)
    span = push_span(rewriter)
    memset(span, 0, sizeof(Span))
    span.stream = stream
    span.switched = True
    span.first_in = packet.index
    span.first_out = rewriter.last_out + 1
    span.index_offset = <int64_t>(span.first_out - span.first_in)
    span.timestamp_offset = first_timestamp - packet.rtp_timestamp
    if packet.descriptor.picture_id_size != 0:
        span.picture_base = <uint16_t>((rewriter.last_picture_id + 1) & PICTURE_ID_MASK)
        span.picture_offset = <uint16_t>((span.picture_base - packet.descriptor.picture_id) & PICTURE_ID_MASK)
    if packet.descriptor.tl0_offset != 0:
        span.tl0_offset = <uint8_t>((rewriter.last_tl0 + 1 - packet.descriptor.tl0_picture_index) & 0xFF)
    if packet.descriptor.has_key_index:
        span.key_index_offset = <uint8_t>((rewriter.last_key_index + 1 - packet.descriptor.key_index) & KEY_INDEX_MASK)
    rewriter.stream = stream
    rewriter.highest_in = packet.index - 1     # may be -1: compared as a signed distance only


cdef void rewriter_stop(Rewriter *rewriter) noexcept nogil:
    rewriter.stream = 0


cdef void close_up(Rewriter *rewriter, uint64_t index) noexcept nogil:
    """Leaves `index` without a number: what follows moves down by one."""
    cdef Span *newest = newest_span(rewriter)
    cdef Span *span
    if newest.first_in == index:
        # Nothing of this span was given out yet, nor can be: a run of dropped packets costs one span.
        newest.first_in += 1
        newest.index_offset -= 1
        return
    span = push_span(rewriter)
    span[0] = newest[0]
    span.switched = False
    span.first_in = index + 1
    span.index_offset -= 1
    span.first_out = span.first_in + <uint64_t>span.index_offset


cdef void close_gap(Rewriter *rewriter, uint64_t index) noexcept nogil:
    """Lets `index` follow the highest one at once.

    A receiver takes the rollover count that is nearest (RFC 3711 appendix A): a slot that leaps by 2**15, because of what a
    publisher does or because nothing was forwarded for long, could not be read any more.
    """
    cdef Span *span = newest_span(rewriter)
    cdef Span *before = span
    cdef uint64_t gap = index - rewriter.highest_in - 1
    if span.first_in != rewriter.highest_in + 1:
        span = push_span(rewriter)
        span[0] = before[0]
        span.switched = False
    span.first_in = index
    span.index_offset -= <int64_t>gap
    span.first_out = index + <uint64_t>span.index_offset


cdef uint16_t picture_id_out(const Span *span, const Packet *packet) noexcept nogil:
    """15 bits; a 7-bit picture id is taken as the one nearest to the span's base."""
    cdef uint16_t picture_id = <uint16_t>(packet.descriptor.picture_id + span.picture_offset)
    cdef int distance
    if packet.descriptor.picture_id_size != 1:
        return picture_id & PICTURE_ID_MASK
    distance = (picture_id - span.picture_base) & SHORT_PICTURE_ID_MASK
    if distance >= SHORT_PICTURE_ID_HALF:
        distance -= SHORT_PICTURE_ID_MASK + 1
    return <uint16_t>((span.picture_base + distance) & PICTURE_ID_MASK)


cdef void fill(const Span *span, const Packet *packet, bint video, Rewritten *out) noexcept nogil:
    """All numbers but `late`, by the offsets of `span`."""
    out.index = packet.index + <uint64_t>span.index_offset
    out.rtp_timestamp = packet.rtp_timestamp + span.timestamp_offset
    out.picture_id = picture_id_out(span, packet)
    out.tl0_picture_index = <uint8_t>((packet.descriptor.tl0_picture_index + span.tl0_offset) & 0xFF)
    out.key_index = <uint8_t>((packet.descriptor.key_index + span.key_index_offset) & KEY_INDEX_MASK)
    # RFC 3551 section 4.1: the marker begins a talkspurt, which lets the jitter buffer adapt to the new source.
    out.marker = packet.marker or (not video and span.switched and out.index == span.first_out)


cdef void rebase_picture_id(Rewriter *rewriter, const Packet *packet, uint16_t picture_id) noexcept nogil:
    """Gives a 7-bit source a span with a new base before its picture ids become ambiguous; the offsets stay."""
    cdef Span *newest = newest_span(rewriter)
    cdef Span *span
    if ((picture_id - newest.picture_base) & PICTURE_ID_MASK) < PICTURE_BASE_REACH:
        return
    span = push_span(rewriter)
    span[0] = newest[0]
    span.switched = False
    span.first_in = packet.index
    span.first_out = packet.index + <uint64_t>span.index_offset
    span.picture_base = picture_id


cdef void note_frame(Rewriter *rewriter, const Packet *packet, const Rewritten *out) noexcept nogil:
    """Remembers the numbers of the frame that begins with `packet`, for the next switch."""
    rewriter.last_timestamp = out.rtp_timestamp
    rewriter.last_frame_ns = packet.arrival_ns
    if packet.descriptor.picture_id_size != 0:
        rewriter.last_picture_id = out.picture_id
    if packet.descriptor.tl0_offset != 0:
        rewriter.last_tl0 = out.tl0_picture_index
    if packet.descriptor.has_key_index:
        rewriter.last_key_index = out.key_index


cdef const Span *span_of(const Rewriter *rewriter, uint32_t stream, uint64_t index, bint current) noexcept nogil:
    """The span that gives `index` of `stream` a number; NULL when none is kept that does.

    current: looks no further back than the last switch.
    """
    cdef const Span *span
    cdef uint64_t next_out = 0                 # where the next newer span begins; 0 for the newest
    cdef uint16_t age
    for age in range(rewriter.span_count):
        span = span_by_age(rewriter, age)
        # A number at or above `next_out` is another packet's: this one was closed up, or came when another stream was shown.
        if span.stream == stream and index >= span.first_in and (next_out == 0 or index + <uint64_t>span.index_offset < next_out):
            return span
        if current and span.switched:
            return NULL
        next_out = span.first_out
    return NULL


cdef inline bint is_ahead(const Rewriter *rewriter, const Packet *packet) noexcept nogil:
    return <int64_t>(packet.index - rewriter.highest_in) > 0


cdef void rewriter_skip(Rewriter *rewriter, const Packet *packet) noexcept nogil:
    if rewriter.stream == 0 or not is_ahead(rewriter, packet):
        return
    if packet.index - rewriter.highest_in > GAP_MAX:
        close_gap(rewriter, packet.index)
    close_up(rewriter, packet.index)
    rewriter.highest_in = packet.index


cdef Status rewriter_map(Rewriter *rewriter, const Packet *packet, Rewritten *out) noexcept nogil:
    cdef bint ahead = is_ahead(rewriter, packet)
    cdef const Span *span
    if rewriter.stream == 0:
        return INACTIVE
    if packet.payload_size == 0:
        rewriter_skip(rewriter, packet)
        return INACTIVE
    if ahead and packet.index - rewriter.highest_in > GAP_MAX:
        close_gap(rewriter, packet.index)
    if ahead:
        rewriter.highest_in = packet.index
        span = newest_span(rewriter)
    else:
        span = span_of(rewriter, rewriter.stream, packet.index, True)
        if span == NULL:
            return TOO_LATE
    fill(span, packet, rewriter.video, out)
    out.late = out.index <= rewriter.last_out
    if out.late:
        return OK
    rewriter.last_out = out.index
    if not rewriter.started or out.rtp_timestamp != rewriter.last_timestamp:
        note_frame(rewriter, packet, out)
        if packet.descriptor.picture_id_size == 1 and ahead:
            rebase_picture_id(rewriter, packet, out.picture_id)
    rewriter.started = True
    return OK


cdef Status rewriter_find(const Rewriter *rewriter, uint16_t sequence_number, uint32_t *stream, uint64_t *index_in) noexcept nogil:
    cdef uint64_t distance = (rewriter.last_out - sequence_number) & 0xFFFF
    cdef uint64_t index
    cdef const Span *span
    cdef uint16_t age
    if not rewriter.started or distance > rewriter.last_out:
        return TOO_LATE
    index = rewriter.last_out - distance
    for age in range(rewriter.span_count):
        span = span_by_age(rewriter, age)
        if index >= span.first_out:
            stream[0] = span.stream
            index_in[0] = index - <uint64_t>span.index_offset
            return OK
    return TOO_LATE


cdef Status rewriter_again(const Rewriter *rewriter, uint32_t stream, const Packet *packet, Rewritten *out) noexcept nogil:
    cdef const Span *span = span_of(rewriter, stream, packet.index, False)
    if span == NULL or packet.index + <uint64_t>span.index_offset > rewriter.last_out:
        return TOO_LATE
    fill(span, packet, rewriter.video, out)
    out.late = True
    return OK


cdef class SlotRewriter:
    """A Rewriter, for tests. Packets are described by keyword."""

    cdef Rewriter rewriter
    cdef Packet packet

    def __cinit__(self, bint video, uint64_t first_index, uint32_t first_timestamp):
        rewriter_init(&self.rewriter, video, first_index, first_timestamp)

    cdef void describe(self, dict fields) except *:
        memset(&self.packet, 0, sizeof(Packet))
        self.packet.index = fields["index"]
        self.packet.rtp_timestamp = fields.get("rtp_timestamp", 0)
        self.packet.arrival_ns = fields.get("arrival_ns", 0)
        self.packet.payload_size = fields.get("payload_size", 100)
        self.packet.marker = fields.get("marker", False)
        if "picture_id" in fields:
            self.packet.descriptor.picture_id = fields["picture_id"]
            self.packet.descriptor.picture_id_size = fields.get("picture_id_size", 2)
        if "tl0_picture_index" in fields:
            self.packet.descriptor.tl0_picture_index = fields["tl0_picture_index"]
            self.packet.descriptor.tl0_offset = 4
        if "key_index" in fields:
            self.packet.descriptor.key_index = fields["key_index"]
            self.packet.descriptor.has_key_index = True

    def switch(self, uint32_t stream, **fields) -> None:
        self.describe(fields)
        rewriter_switch(&self.rewriter, stream, &self.packet)

    def stop(self) -> None:
        rewriter_stop(&self.rewriter)

    def map(self, **fields):
        cdef Rewritten out
        cdef Status status
        self.describe(fields)
        memset(&out, 0, sizeof(Rewritten))
        status = rewriter_map(&self.rewriter, &self.packet, &out)
        return <int>status, out

    def skip(self, **fields) -> None:
        self.describe(fields)
        rewriter_skip(&self.rewriter, &self.packet)

    def again(self, uint32_t stream, **fields):
        cdef Rewritten out
        cdef Status status
        self.describe(fields)
        memset(&out, 0, sizeof(Rewritten))
        status = rewriter_again(&self.rewriter, stream, &self.packet, &out)
        return <int>status, out

    def find(self, uint16_t sequence_number):
        cdef uint32_t stream = 0
        cdef uint64_t index = 0
        cdef Status status = rewriter_find(&self.rewriter, sequence_number, &stream, &index)
        return (stream, index) if status == OK else None

    @property
    def span_count(self) -> int:
        return self.rewriter.span_count
