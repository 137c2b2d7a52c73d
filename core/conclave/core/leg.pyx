"""See leg.pxd."""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcmp, memset
from conclave.core.address cimport Address
from conclave.core.bwe cimport bwe_init
from conclave.core.descriptor cimport VIDEO_CODECS, VIDEO_H264, VIDEO_VP9, VideoCodec
from conclave.core.h264 cimport h264_parse
from conclave.core.ice cimport CONSENT_FAILED, ice_heard, ice_init
from conclave.core.nack cimport nack_init, nack_received
from conclave.core.packet cimport (Packet, PacketPool, history_clear, history_init, history_put,
                                   packets_let_go, pool_give, pool_take)
from conclave.core.rtp cimport (EXT_ABS_SEND_TIME, EXT_TRANSPORT_CC, RTP_PACKET_MAX, RtpExtensions, RtpHeader, rtp_parse,
                                rtp_payload_size, rtp_read_extensions)
from conclave.core.rtx cimport rtx_unwrap
from conclave.core.sent cimport sent_init
from conclave.core.srtp cimport ReceiveStream, srtp_receive_stream_init, srtp_unprotect
from conclave.core.status cimport (INACTIVE, NO_KEY, NO_SPACE, OK, REPLAYED, Status, TOO_LARGE, UNKNOWN_STREAM,
                                   UNSUPPORTED)
from conclave.core.twcc cimport twcc_init, twcc_received
from conclave.core.vp8 cimport vp8_parse
from conclave.core.vp9 cimport vp9_parse

cdef uint64_t AWAKE_NS = 1_000_000_000
cdef uint64_t DEFAULT_RTT_NS = 100_000_000
cdef uint16_t RETRANSMISSIONS_A_TICK = 256             # as much as the largest stream has packets in that time
cdef uint16_t HANDSHAKES_A_TICK = 64                   # several times what a whole handshake takes
cdef uint16_t FEEDBACKS_A_TICK = 16                    # browsers send two at most


cdef void leg_refill(Leg *leg) noexcept nogil:
    leg.retransmissions_left = RETRANSMISSIONS_A_TICK
    leg.handshakes_left = HANDSHAKES_A_TICK
    leg.feedbacks_left = FEEDBACKS_A_TICK


cdef void leg_init(Leg *leg, const LegSetup *setup, uint64_t now_ns) noexcept nogil:
    cdef int i
    ice_init(&leg.ice, &setup.credentials, now_ns)
    leg.extensions = setup.extensions
    leg.abs_send_time_id = 0
    leg.transport_cc_id = 0
    twcc_init(&leg.arrivals)
    sent_init(&leg.sent)
    bwe_init(&leg.bandwidth)
    leg.roomy_since_ns = 0
    leg.probing = False
    for i in range(1, 15):
        if leg.extensions.kind[i] == EXT_ABS_SEND_TIME:
            leg.abs_send_time_id = i
        elif leg.extensions.kind[i] == EXT_TRANSPORT_CC:
            leg.transport_cc_id = i
    leg.rtcp_ssrc = setup.rtcp_ssrc
    leg.rtt_ns = DEFAULT_RTT_NS
    leg.send = NULL
    leg.receive = NULL
    leg.source_count = leg.slot_count = leg.route_count = leg.retired_count = 0
    leg.connected_untold = leg.consent_untold = False
    leg.next_report_ns = now_ns
    leg_refill(leg)
    memset(&leg.counters, 0, sizeof(LegCounters))


cdef bint leg_can_reach(const Leg *leg) noexcept nogil:
    return leg.ice.has_selected and leg.ice.state != CONSENT_FAILED


cdef bint leg_can_send(const Leg *leg) noexcept nogil:
    return leg.send != NULL and leg_can_reach(leg)


cdef Slot *leg_find_slot(Leg *leg, uint32_t ssrc) noexcept nogil:
    cdef int i
    for i in range(leg.slot_count):
        if leg.slots[i].setup.ssrc == ssrc:
            return leg.slots[i]
    return NULL


cdef void layer_reset(Layer *layer, PacketPool *pool) noexcept nogil:
    packets_let_go(layer.pending_first, pool)
    history_clear(&layer.history, pool)
    history_init(&layer.history)
    nack_init(&layer.nack)
    layer.number = 0
    layer.bound = False
    layer.pending_first = layer.pending_last = NULL
    layer.pending_count = layer.pending_largest = 0
    layer.highest_index = layer.base_index = 0
    layer.received = layer.reported_expected = layer.reported_received = 0
    layer.jitter = 0
    layer.transit = layer.last_sr = 0
    layer.last_sr_ns = 0
    memset(&layer.counters, 0, sizeof(ReceiveCounters))


cdef StreamRoute *find_route(Leg *leg, uint32_t ssrc) noexcept nogil:
    cdef int i
    for i in range(leg.route_count):
        if leg.routes[i].ssrc == ssrc:
            return &leg.routes[i]
    return NULL


cdef Status set_route(Leg *leg, uint32_t ssrc, Layer *layer, bint rtx) noexcept nogil:
    """One media and one RTX SSRC a layer: a new one takes the place of the old, which is never taken again."""
    cdef int i
    for i in range(leg.retired_count):
        if leg.retired[i] == ssrc:
            return REPLAYED
    for i in range(leg.route_count):
        if leg.routes[i].layer == layer and leg.routes[i].rtx == rtx:
            if leg.retired_count == LEG_RETIRED_MAX:
                return UNKNOWN_STREAM
            leg.retired[leg.retired_count] = leg.routes[i].ssrc
            leg.retired_count += 1
            leg.routes[i].ssrc = ssrc
            return OK
    leg.routes[leg.route_count].ssrc = ssrc
    leg.routes[leg.route_count].layer = layer
    leg.routes[leg.route_count].rtx = rtx
    leg.route_count += 1
    return OK


cdef void leg_announce(Leg *leg, uint32_t ssrc, Layer *layer, bint rtx) noexcept nogil:
    if set_route(leg, ssrc, layer, rtx) == OK:
        srtp_receive_stream_init(&layer.rtx if rtx else &layer.media, ssrc)
        layer.rtx_bound = layer.rtx_bound or rtx


cdef bint is_rtx(const SourceSetup *setup, uint8_t payload_type) noexcept nogil:
    cdef int codec
    for codec in range(VIDEO_CODECS):
        if payload_type != 0 and payload_type == setup.codecs[codec].rtx:
            return True
    return False


cdef Status read_payload_type(VideoCodec *codec, const SourceSetup *setup, uint8_t payload_type, bint rtx) noexcept nogil:
    """What a packet of a source, or of its RTX, carries; audio is told as VP8. UNSUPPORTED for what was not negotiated."""
    cdef int known
    for known in range(VIDEO_CODECS):
        if payload_type != 0 and payload_type == (setup.codecs[known].rtx if rtx else setup.codecs[known].media):
            codec[0] = <VideoCodec>known
            return OK
    return UNSUPPORTED


cdef Layer *find_layer(Leg *leg, const RtpExtensions *extensions, uint8_t payload_type, bint *rtx) noexcept nogil:
    """The layer that MID and RID of an authenticated packet name; NULL when they name none."""
    cdef Source *source = NULL
    cdef const uint8_t *rid
    cdef uint8_t rid_size
    cdef int i
    if extensions.mid == NULL:
        return NULL
    for i in range(leg.source_count):
        if (leg.sources[i].setup.mid_size == extensions.mid_size
                and memcmp(leg.sources[i].setup.mid, extensions.mid, extensions.mid_size) == 0):
            source = leg.sources[i]
            break
    if source == NULL:
        return NULL
    rtx[0] = is_rtx(&source.setup, payload_type)
    if source.setup.layer_count == 1 and source.setup.rid_sizes[0] == 0:
        return source.layers[0]
    rid = extensions.repaired_rid if rtx[0] else extensions.rid
    rid_size = extensions.repaired_rid_size if rtx[0] else extensions.rid_size
    if rid == NULL:
        return NULL
    for i in range(source.setup.layer_count):
        if source.setup.rid_sizes[i] == rid_size and memcmp(source.setup.rids[i], rid, rid_size) == 0:
            return source.layers[i]
    return NULL


cdef uint64_t nearest_index(uint64_t reference, uint16_t sequence_number) noexcept nogil:
    """The extended sequence number nearest to `reference` (RFC 3711 appendix A)."""
    cdef int64_t index = <int64_t>((reference & ~<uint64_t>0xFFFF) | sequence_number)
    cdef int64_t difference = index - <int64_t>reference
    if difference > 0x8000 and index >= 0x10000:
        index -= 0x10000
    elif difference < -0x8000:
        index += 0x10000
    return <uint64_t>index


cdef void note_arrival(Layer *layer, const Packet *packet, bint video) noexcept nogil:
    """Keeps what a receiver report tells (RFC 3550 appendix A.8) of a packet that came by itself.

    One that came as RTX was lost all the same (RFC 4588 counts the two streams apart): a sender that was told otherwise
    would take a way for free on which all it sends is sent twice, and its delay is none of the way's.
    """
    # Reduced fractions of 90 and 48 kHz: the product does not overflow within 60 years of uptime.
    cdef uint32_t arrival = <uint32_t>(packet.arrival_ns * 9 // 100_000 if video else packet.arrival_ns * 6 // 125_000)
    cdef uint32_t transit = arrival - packet.rtp_timestamp
    cdef int64_t difference                # 64 bits: the sender chooses it, and -2**31 has no counterpart in 32
    if layer.received == 0:
        layer.base_index = layer.highest_index = packet.index
    else:
        difference = <int64_t><int32_t>(transit - layer.transit)
        if difference < 0:
            difference = -difference
        layer.jitter += (difference - layer.jitter) / 16.0
    layer.transit = transit
    layer.received += 1


cdef void count_received(Layer *layer, const Packet *packet, bint repaired) noexcept nogil:
    layer.counters.packets += 1
    layer.counters.header_bytes += packet.header_size
    layer.counters.payload_bytes += packet.payload_size
    layer.counters.last_packet_ns = packet.arrival_ns
    if repaired:
        layer.counters.retransmitted_packets += 1
        layer.counters.retransmitted_bytes += packet.payload_size
    layer.counters.frames += packet.marker


cdef void note_transport(Leg *leg, const RtpHeader *header, const Packet *packet, uint64_t now_ns) noexcept nogil:
    """Notes when an authenticated packet came, also one of padding that only measures the way."""
    cdef RtpExtensions extensions
    if rtp_read_extensions(&extensions, header, packet.data, &leg.extensions) != OK:
        return
    if extensions.has_transport_sequence_number:
        twcc_received(&leg.arrivals, extensions.transport_sequence_number, now_ns)
        leg.arrived_ssrc = header.ssrc


cdef Status fill_packet(Packet *packet, const Source *source, Leg *leg, const RtpHeader *header, VideoCodec codec,
                        size_t size, uint64_t index, uint64_t now_ns) noexcept nogil:
    """Describes a decrypted packet whose padding is off already."""
    cdef RtpExtensions extensions
    cdef Status status
    packet.index = index
    packet.arrival_ns = now_ns
    packet.rtp_timestamp = header.rtp_timestamp
    packet.size = size
    packet.header_size = header.header_size
    packet.payload_size = size - header.header_size
    packet.marker = header.marker
    packet.key_frame = packet.frame_start = packet.voice = False
    packet.audio_level = 127
    packet.next = NULL
    if source.setup.video:
        if packet.payload_size:
            if codec == VIDEO_H264:
                status = h264_parse(&packet.descriptor, packet.data + packet.header_size, packet.payload_size)
            elif codec == VIDEO_VP9:
                status = vp9_parse(&packet.descriptor, packet.data + packet.header_size, packet.payload_size)
            else:
                status = vp8_parse(&packet.descriptor, packet.data + packet.header_size, packet.payload_size)
            if status != OK:
                return status
            packet.key_frame = packet.descriptor.key_frame
            packet.frame_start = packet.descriptor.frame_start
        return OK
    status = rtp_read_extensions(&extensions, header, packet.data, &leg.extensions)
    if status != OK:
        return status
    packet.audio_level = extensions.audio_level
    packet.voice = extensions.voice
    return OK


cdef Status bind(Leg *leg, PacketPool *pool, const RtpHeader *header, const Packet *packet, const ReceiveStream *fresh,
                 Layer **layer_out, bint *rtx_out, uint32_t *next_stream_number) noexcept nogil:
    """Gives an unknown SSRC, whose packet has just been authenticated, to the layer that it names."""
    cdef RtpExtensions extensions
    cdef Layer *layer
    cdef VideoCodec codec
    cdef bint rtx = False
    cdef Status status = rtp_read_extensions(&extensions, header, packet.data, &leg.extensions)
    if status != OK:
        return status
    layer = find_layer(leg, &extensions, header.payload_type, &rtx)
    if layer == NULL:
        return UNKNOWN_STREAM
    status = read_payload_type(&codec, &layer.source.setup, header.payload_type, rtx)
    if status != OK:
        return status
    status = set_route(leg, header.ssrc, layer, rtx)
    if status != OK:
        return status
    if rtx:
        layer.rtx = fresh[0]
        layer.rtx_bound = True
    else:
        layer_reset(layer, pool)
        layer.media = fresh[0]
        start_layer(layer, next_stream_number)
    layer_out[0] = layer
    rtx_out[0] = rtx
    return OK


cdef void start_layer(Layer *layer, uint32_t *next_stream_number) noexcept nogil:
    layer.bound = True
    layer.number = next_stream_number[0]
    next_stream_number[0] += 1
    if next_stream_number[0] == 0:
        next_stream_number[0] = 1


cdef Status take_in(Leg *leg, PacketPool *pool, uint32_t *next_stream_number, const Address *source, const uint8_t *data,
                    size_t size, uint64_t now_ns, Packet *packet, Received *out) noexcept nogil:
    """The part of leg_receive that may fail with a packet in hand."""
    cdef RtpHeader header
    cdef ReceiveStream fresh
    cdef ReceiveStream *stream = &fresh
    cdef StreamRoute *route
    cdef Layer *layer = NULL
    cdef VideoCodec codec
    cdef const SourceSetup *setup
    cdef bint rtx = False
    cdef size_t plain_size, payload_size
    cdef uint64_t index
    cdef Status status = rtp_parse(&header, data, size)
    if status != OK:
        return status
    route = find_route(leg, header.ssrc)
    if route != NULL:
        layer = route.layer
        rtx = route.rtx
        stream = &layer.rtx if rtx else &layer.media
    else:
        srtp_receive_stream_init(&fresh, header.ssrc)
    status = srtp_unprotect(leg.receive, stream, data, size, header.header_size, packet.data, &plain_size, &index)
    if status != OK:
        return status
    # An older one may have been caught on its way and sent on by somebody else.
    ice_heard(&leg.ice, source if index == stream.highest else NULL, now_ns)
    if route == NULL:
        status = bind(leg, pool, &header, packet, &fresh, &layer, &rtx, next_stream_number)
        if status != OK:
            return status
    elif not rtx and not layer.bound:
        # Its SSRC was told in the SDP.
        start_layer(layer, next_stream_number)
    # Not before its stream is known: of one that is not, an old packet may have been sent again by somebody else.
    if leg.transport_cc_id:
        note_transport(leg, &header, packet, now_ns)
    status = rtp_payload_size(&payload_size, &header, packet.data, plain_size)
    if status != OK:
        return status
    plain_size = header.header_size + payload_size
    setup = &layer.source.setup
    status = read_payload_type(&codec, setup, header.payload_type, rtx)
    if status != OK:
        return status
    if rtx:
        if layer.received == 0:
            return UNKNOWN_STREAM          # nothing has come that could have a hole
        status = rtx_unwrap(packet.data, &plain_size, header.header_size, setup.codecs[<int>codec].media, layer.media.ssrc)
        if status != OK:
            return status
        index = nearest_index(layer.highest_index, (<uint16_t>packet.data[2] << 8) | packet.data[3])
    if not layer.source.active:
        return INACTIVE
    status = fill_packet(packet, layer.source, leg, &header, codec, plain_size, index, now_ns)
    if status != OK:
        return status
    packet.late = layer.received > 0 and index < layer.highest_index
    out.layer = layer
    out.repaired = rtx
    return OK


cdef Status leg_receive(Leg *leg, PacketPool *pool, uint32_t *next_stream_number, const Address *source,
                        const uint8_t *data, size_t size, uint64_t now_ns, Received *out) noexcept nogil:
    cdef Packet *packet
    cdef Layer *layer
    cdef Status status
    out.layer = NULL
    out.packet = NULL
    out.awakened = False
    if leg.receive == NULL:
        return NO_KEY
    if size > RTP_PACKET_MAX:
        return TOO_LARGE
    packet = pool_take(pool)
    if packet == NULL:
        return NO_SPACE
    status = take_in(leg, pool, next_stream_number, source, data, size, now_ns, packet, out)
    if status != OK:
        pool_give(pool, packet)
        return status
    layer = out.layer
    if not history_put(&layer.history, pool, packet):
        return REPLAYED                    # a retransmission of what has arrived by itself
    out.packet = packet
    if not out.repaired:
        note_arrival(layer, packet, layer.source.setup.video)
    if packet.index > layer.highest_index:
        layer.highest_index = packet.index
    if layer.source.setup.video and layer.source.setup.repaired:
        nack_received(&layer.nack, packet.index, now_ns)
    if packet.payload_size:
        out.awakened = (not layer.source.activity[layer.index].seen
                        or now_ns - layer.source.activity[layer.index].last_packet_ns > AWAKE_NS)
        layer.source.activity[layer.index].seen = True
        layer.source.activity[layer.index].last_packet_ns = now_ns
    leg.counters.packets_received += 1
    count_received(layer, packet, out.repaired)
    return OK
