"""Rooms: which datagram belongs to whom, who is shown what, and when something is due (L6).

Sans-IO. Mutate (`command_apply`, `receive_datagram`, `router_advance`), drain (`router_transmit` until it returns false,
emptying the outbox in between; `Router.events` and `Router.dtls`), wait until `router_next_timeout`.
"""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from conclave.core.address cimport Address
from conclave.core.leg cimport Layer, Leg, Room, Slot, SlotLink, Source
from conclave.core.outbox cimport Outbox
from conclave.core.packet cimport PacketPool
from conclave.core.ring cimport Ring
from conclave.core.sealing cimport Sealing
from conclave.core.status cimport STATUS_COUNT
from conclave.core.table cimport Table

cdef enum:
    DTLS_DATAGRAM_MAX = 1500
    SPEAKERS_TOLD = 8

cdef enum EventType:
    EVENT_ICE_CONNECTED
    EVENT_CONSENT_CHANGED
    EVENT_SLOT_CHANGED
    EVENT_SPEAKERS_CHANGED

cdef struct Event:
    EventType event
    uint32_t leg
    uint32_t slot
    uint32_t source
    uint32_t value                 # consent state, layer, or how many speak
    uint32_t room
    uint32_t speakers[SPEAKERS_TOLD]

cdef struct DtlsDatagram:          # of a leg's handshake, on its way to control or from there
    uint32_t leg
    uint16_t size
    uint8_t data[DTLS_DATAGRAM_MAX]

cdef struct RouterSizes:
    size_t legs
    size_t sources
    size_t slots
    size_t packets
    size_t events                  # a power of two

cdef struct RouterCounters:
    uint64_t packets_received      # datagrams
    uint64_t bytes_received
    uint64_t packets_forwarded     # media packets that went out to a subscriber, retransmissions included
    uint64_t retransmissions       # of them
    uint64_t nacks_received        # sequence numbers asked for
    uint64_t key_frames_wanted     # by subscribers
    uint64_t dropped[STATUS_COUNT]

cdef struct Router:
    uint64_t wallclock_offset_ns   # added to now_ns gives nanoseconds since 1970
    Leg *legs
    size_t leg_capacity
    size_t leg_cursor              # where the search for a free leg goes on
    Source *sources
    size_t source_capacity
    Source *free_sources
    size_t free_source_count
    Layer *layers
    Layer *free_layers
    size_t layer_capacity
    size_t free_layer_count
    size_t reclaim_cursor          # where the search for a stream with too many packets goes on
    Slot *slots
    size_t slot_capacity
    Slot *free_slots
    size_t free_slot_count
    Room *rooms
    PacketPool packets
    Table by_address
    Table by_ufrag
    uint32_t next_stream_number
    Layer *ready_first             # flows to forward
    Layer *ready_last
    Layer *held_first              # flows that gather, soonest due first
    Layer *held_last
    Layer *sending                 # the flow being forwarded
    SlotLink *cursor               # and the slot where it goes on
    Sealing sealing                # empty but while router_transmit runs
    bint urgent                    # a flow has gathered so much that it must be forwarded before more is received
    Leg *probing                   # legs that probe their way
    uint64_t next_probe_ns
    Source *attention
    uint64_t next_attention_ns
    uint64_t next_tick_ns
    Ring events
    bint untold                    # a leg or a slot has something to tell that found no room
    Ring dtls
    RouterCounters counters

cdef int router_init(Router *router, const RouterSizes *sizes, uint64_t seed, uint64_t wallclock_offset_ns) noexcept nogil
cdef void router_destroy(Router *router) noexcept nogil
# Sends a datagram of a leg's handshake; it is dropped when the leg is gone or has no address. Room in the outbox for one.
cdef void router_send_dtls(Router *router, const DtlsDatagram *datagram, Outbox *outbox) noexcept nogil
# Whether the address belongs to a leg: an authenticated check came from it.
cdef bint router_knows(const Router *router, const Address *address) noexcept nogil
# The address is gone: its connection was closed.
cdef void router_forget(Router *router, const Address *address) noexcept nogil
# Applies the passage of time: gathered flows, NACKs, key frame requests, reports, speakers, consent.
cdef void router_advance(Router *router, uint64_t now_ns, Outbox *outbox) noexcept nogil
# Forwards what is ready until the outbox is full; true when there is more.
cdef bint router_transmit(Router *router, uint64_t now_ns, Outbox *outbox) noexcept nogil
cdef uint64_t router_next_timeout(const Router *router) noexcept nogil
cdef Leg *router_leg(Router *router, uint32_t number) noexcept nogil       # NULL when there is none
