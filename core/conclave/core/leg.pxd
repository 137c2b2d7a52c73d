"""One participant in the core: a leg with its sources, their layers and its slots (L5).

A leg receives what its client sends (sources, each of one to three layers) and sends what the client shows (slots).
All of it lies in pools of fixed size; numbers, not pointers, leave this process.
"""
from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t
from conclave.core.address cimport Address
from conclave.core.bwe cimport Estimator
from conclave.core.descriptor cimport VIDEO_CODECS
from conclave.core.ice cimport IceCredentials, IceTransport
from conclave.core.keyframes cimport KeyFrameScheduler
from conclave.core.layers cimport LAYERS_MAX, LayerActivity
from conclave.core.nack cimport NackGenerator
from conclave.core.packet cimport History, Packet, PacketPool
from conclave.core.rewrite cimport Rewriter
from conclave.core.rtp cimport ExtensionMap
from conclave.core.sent cimport SentLog
from conclave.core.speakers cimport SpeakerLevel
from conclave.core.srtp cimport ReceiveStream, SendStream
from conclave.core.srtp_context cimport SrtpContext
from conclave.core.status cimport Status, STATUS_COUNT
from conclave.core.twcc cimport ArrivalLog

cdef enum:
    LEG_SOURCES_MAX = 7
    LEG_SLOTS_MAX = 52
    LEG_STREAMS_MAX = 2 * LEG_SOURCES_MAX * LAYERS_MAX
    MID_MAX = 16
    LEG_RETIRED_MAX = 8            # SSRCs given up for another one a leg; never taken again (they could be replayed)
    PENDING_MAX = 64               # packets of one stream gathered before they are forwarded

cdef struct Layer
cdef struct Source
cdef struct Slot
cdef struct Leg
cdef struct Room

cdef struct PayloadTypes:
    uint8_t media                  # 0 for a codec that was not negotiated
    uint8_t rtx                    # 0 for none

# What a leg is made from; filled by the control thread, read by the worker once.
cdef struct SourceSetup:
    uint8_t mid[MID_MAX]
    uint8_t mid_size
    bint video
    PayloadTypes codecs[VIDEO_CODECS]  # Opus in the place of VP8; a source may change its codec at any key frame
    bint repaired                  # whether any of them has an RTX
    uint8_t layer_count            # 1 to 3, smallest first
    uint8_t rids[LAYERS_MAX][MID_MAX]
    uint8_t rid_sizes[LAYERS_MAX]  # 0 when the layer has no RID
    uint32_t ssrcs[LAYERS_MAX]     # 0 when only MID and RID tell
    uint32_t rtx_ssrcs[LAYERS_MAX]
    bint active
    uint32_t max_bitrate

cdef struct SlotSetup:
    bint video
    PayloadTypes codecs[VIDEO_CODECS]  # Opus in the place of VP8; what its receiver cannot show has none
    bint transport_cc              # its packets are numbered across the transport; the leg's extensions say how
    uint32_t ssrc
    uint32_t rtx_ssrc
    uint64_t first_index           # random
    uint64_t first_rtx_index       # random
    uint32_t first_timestamp       # random

cdef struct LegSetup:
    uint32_t room
    IceCredentials credentials
    ExtensionMap extensions
    uint32_t rtcp_ssrc             # random: the sender of our reports and requests
    uint8_t source_count
    SourceSetup sources[LEG_SOURCES_MAX]
    uint8_t slot_count
    SlotSetup slots[LEG_SLOTS_MAX]

cdef struct ReceiveCounters:       # of one incoming stream, since its SSRC was bound
    uint64_t packets               # of either SSRC
    uint64_t header_bytes
    uint64_t payload_bytes         # without padding
    uint64_t retransmitted_bytes
    uint32_t retransmitted_packets
    uint32_t frames                # of video: markers
    uint32_t nacks                 # packets that asked for what was lost
    uint32_t plis
    uint64_t last_packet_ns

cdef struct SendCounters:          # of one slot
    uint64_t retransmitted_bytes
    uint32_t retransmitted_packets
    uint32_t frames                # of video: markers
    uint32_t nacks                 # packets received that asked for what was lost
    uint32_t plis
    uint32_t firs

cdef struct RemoteReport:          # what a slot's receiver says of it (RFC 3550 section 6.4.1)
    bint heard
    uint8_t fraction_lost          # of 256
    int32_t packets_lost
    uint32_t jitter                # in units of the RTP timestamp
    uint32_t rtt_count
    uint64_t rtt_ns
    uint64_t rtt_total_ns

cdef struct Layer:                 # one incoming stream
    Source *source
    uint8_t index
    uint32_t number                # names the stream to rewriters; new with every SSRC; 0 while unbound
    ReceiveStream media
    ReceiveStream rtx
    bint bound
    bint rtx_bound
    uint64_t highest_index         # highest index taken in
    History history
    NackGenerator nack
    Packet *pending_first          # gathered, not forwarded yet
    Packet *pending_last
    uint16_t pending_count
    uint16_t pending_largest       # payload bytes of the largest
    bint ready                     # in the router's list of flows to forward
    bint held                      # in the router's list of flows that gather
    uint64_t held_until_ns
    Layer *queue_next
    Layer *queue_prev
    # Receiver report state (RFC 3550 appendix A).
    uint64_t base_index
    uint64_t received
    uint64_t reported_expected
    uint64_t reported_received
    uint32_t transit
    double jitter
    uint32_t last_sr               # middle 32 bits of its NTP timestamp
    uint64_t last_sr_ns
    ReceiveCounters counters
    double bitrate                 # bits per second, as last measured; 0 while unknown
    uint64_t measured_ns
    uint64_t measured_octets
    Layer *free_next

cdef struct SlotLink:              # a slot's place in one of a source's lists
    Slot *slot
    SlotLink *next
    SlotLink **place               # what points here; NULL when it is in no list

cdef struct Source:
    uint32_t number                # (leg number << 3) | (position + 1)
    Leg *leg
    SourceSetup setup
    Layer *layers[LAYERS_MAX]
    LayerActivity activity[LAYERS_MAX]
    bint active
    KeyFrameScheduler keyframes
    SpeakerLevel speaker
    SlotLink *showing              # slots that forward this source
    SlotLink *waiting              # slots that will, at its next key frame
    Source *room_next
    bint attention                 # in the router's list of sources with a NACK or key frame to ask for
    Source *attention_next
    Source *free_next

cdef struct Slot:
    Leg *leg
    uint8_t index
    SlotSetup setup
    SendStream media
    SendStream rtx
    uint64_t next_rtx_index
    Rewriter rewriter
    Source *current                # shown now
    uint8_t current_layer
    Source *wanted                 # to be shown; the same as current when only the layer differs or nothing waits
    uint8_t wanted_layer           # LAYER_NONE when nothing is to be waited for
    uint8_t max_layer              # as wished
    uint8_t allowed_layer          # what the way bears; LAYER_NONE for nothing
    bint undivided                 # what the way bears is not divided yet since its wish
    SlotLink showing               # in Source.showing
    SlotLink waiting               # in Source.waiting
    uint64_t packet_count          # for sender reports: without retransmissions
    uint64_t octet_count
    SendCounters counters
    RemoteReport remote
    uint32_t last_timestamp        # out, of the newest packet
    uint64_t last_arrival_ns
    bint untold                    # what it shows could not be told yet
    Slot *free_next

cdef struct StreamRoute:           # which layer an SSRC belongs to
    uint32_t ssrc
    bint rtx
    Layer *layer

cdef struct LegCounters:
    uint64_t packets_received
    uint64_t packets_sent
    uint64_t retransmissions_sent
    uint64_t plis_sent
    uint64_t nacks_received
    uint64_t remb_bitrate
    uint64_t dropped[STATUS_COUNT]

cdef struct Leg:
    uint32_t number                # (generation << 12) | position; never 0
    bint used
    Room *room
    Leg *room_next
    IceTransport ice
    SrtpContext *send              # from the control thread's key arena; NULL before the handshake is done
    SrtpContext *receive
    ExtensionMap extensions
    uint8_t abs_send_time_id       # 0 when not negotiated
    uint8_t transport_cc_id        # 0 when not negotiated: nothing is numbered across its streams, either way
    ArrivalLog arrivals            # of what is received
    uint32_t arrived_ssrc          # the stream of the newest
    SentLog sent
    Estimator bandwidth            # of the way to the client
    uint64_t roomy_since_ns        # since when a picture might be larger; 0 while none might
    bint probing                   # in the router's list of legs that probe
    Leg *probing_next
    uint32_t rtcp_ssrc
    uint64_t rtt_ns
    uint8_t source_count
    Source *sources[LEG_SOURCES_MAX]
    uint8_t slot_count
    Slot *slots[LEG_SLOTS_MAX]
    uint8_t route_count
    StreamRoute routes[LEG_STREAMS_MAX]
    uint8_t retired_count
    uint32_t retired[LEG_RETIRED_MAX]
    bint connected_untold          # these could not be told yet
    bint consent_untold
    uint64_t next_report_ns
    uint16_t retransmissions_left  # until the next tick
    uint16_t handshakes_left       # DTLS datagrams until the next tick
    uint16_t feedbacks_left        # transport-wide ones until the next tick
    LegCounters counters

cdef struct Room:
    uint32_t number
    bint used
    Leg *legs
    Source *audio                  # every audio source of the room, by room_next
    uint8_t speaking_count         # as last told
    bint untold                    # who speaks could not be told yet

# What receiving one media packet led to.
cdef struct Received:
    Layer *layer
    Packet *packet
    bint repaired                  # it came as RTX, in the place of one that was lost
    bint awakened                  # the layer had been silent for a second or more

# What one leg may cause in a tick: a NACK makes the core send, a DTLS datagram makes the control thread work, a feedback
# of a few bytes tells of a thousand packets.
cdef void leg_refill(Leg *leg) noexcept nogil
cdef void leg_init(Leg *leg, const LegSetup *setup, uint64_t now_ns) noexcept nogil
# Authenticates one RTP datagram of the leg, finds its stream (SSRC, else MID and RID after authentication), unwraps RTX and
# keeps the packet in its stream's history. Only OK leaves something in `out`.
cdef Status leg_receive(Leg *leg, PacketPool *pool, uint32_t *next_stream_number, const Address *source,
                        const uint8_t *data, size_t size, uint64_t now_ns, Received *out) noexcept nogil
cdef Slot *leg_find_slot(Leg *leg, uint32_t ssrc) noexcept nogil
cdef void leg_announce(Leg *leg, uint32_t ssrc, Layer *layer, bint rtx) noexcept nogil     # an SSRC told in the SDP
cdef void layer_reset(Layer *layer, PacketPool *pool) noexcept nogil
cdef bint leg_can_reach(const Leg *leg) noexcept nogil     # it has an address and its consent
cdef bint leg_can_send(const Leg *leg) noexcept nogil      # and keys
