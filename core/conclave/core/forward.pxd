"""Sends one stream's packets through one slot: new header, new numbers, hop protection (L5)."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from conclave.core.leg cimport Layer, Slot, SlotLink
from conclave.core.outbox cimport Outbox
from conclave.core.packet cimport Packet
from conclave.core.sealing cimport Sealing
from conclave.core.status cimport Status

cdef enum:
    DATAGRAM_MAX = 1536            # what one packet may need in the outbox
    PADDING_MAX = 4                # bytes added to even out the packets of a frame

# Sends everything that `layer` has gathered. The caller has made sure of the room in the outbox.
# It may wait in `sealing`, too.
cdef void forward_pending(Slot *slot, Layer *layer, uint64_t now_ns, Outbox *outbox, Sealing *sealing) noexcept nogil
# Fetches what the next slots of a list will need into the cache, while another one is served.
cdef void forward_expect(const SlotLink *following) noexcept nogil
# Sends a packet of nothing but padding on the slot's RTX stream, as part of a probe. Returns its bytes on the wire; 0 when it could not
# be sent.
cdef size_t forward_padding(Slot *slot, uint8_t cluster, uint64_t now_ns, Outbox *outbox) noexcept nogil
# Answers a NACK: sends a packet again on the slot's RTX stream (RFC 4588), never under its old index.
cdef Status forward_again(Slot *slot, uint32_t stream, Packet *packet, uint64_t now_ns, Outbox *outbox) noexcept nogil
# Bytes of the RTP header of whatever the slot sends.
cdef size_t forward_header_size(const Slot *slot) noexcept nogil
