"""See leg.pxd."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from conclave.core.nack cimport NACK_CAPACITY, nack_poll, nack_take_overflow
from conclave.core.rtcp cimport (RTCP_PSFB, RTCP_RTPFB, RTCP_SR, Remb, ReportBlock, RtcpPacket, SenderInfo, rtcp_next,
                                 rtcp_read_fir, rtcp_read_nack, rtcp_read_remb, rtcp_read_sender_info, rtcp_write_nack,
                                 rtcp_write_pli, rtcp_write_rr, rtcp_write_sr)
from conclave.core.rtp cimport (EXT_TRANSPORT_CC, ExtensionMap, RTP_HEADER_SIZE, RtpExtensions, RtpHeader, rtp_parse,
                                rtp_payload_size, rtp_read_extensions)
from conclave.core.rtx cimport rtx_read_osn
from conclave.core.srtcp cimport srtcp_protect, srtcp_unprotect
from conclave.core.srtp cimport srtp_guess_index, srtp_unprotect
from conclave.core.status cimport OK
from conclave.core.stun cimport (STUN_BINDING_REQUEST, STUN_BINDING_SUCCESS, STUN_RESPONSE_MAX, StunMessage, stun_parse,
                                 stun_verify, stun_write_success)
from conclave.core.twcc cimport twcc_received, twcc_write

from libc.string cimport memset

from load.checks cimport check_write
from load.sockets cimport Arrival, DATAGRAM_MAX, Letters, SEND_BATCH
from load.source cimport Source, source_repair
from load.stream cimport Stream, stream_count, stream_report, stream_take

cdef enum:
    RTCP_FIRST = 192               # RFC 5761 section 4
    RTCP_LAST = 223
    FORMAT_NACK = 1
    FORMAT_PLI = 1
    FORMAT_FIR = 4
    FORMAT_REMB = 15
    REPORTS_MAX = 31               # RFC 3550 section 6.4.1
    COMPOUND_MAX = 1200
    NACKED_MAX = 256

cdef uint64_t CHECK_NS = 2_500_000_000         # RFC 7675 section 5.1: every 5 s, sooner at random
cdef uint64_t REPORT_NS = 1_000_000_000
cdef uint64_t FEEDBACK_NS = 50_000_000
cdef uint64_t NTP_EPOCH_S = 2_208_988_800      # 1900 to 1970 (RFC 3550 section 4)


cdef uint32_t next_random(Leg *leg) noexcept nogil:
    """Xorshift (Marsaglia 2003)."""
    leg.random ^= leg.random << 13
    leg.random ^= leg.random >> 7
    leg.random ^= leg.random << 17
    return <uint32_t>(leg.random >> 32)


cdef void answer_check(Leg *leg, const uint8_t *data, size_t size, Letters *letters) noexcept nogil:
    cdef StunMessage message
    if stun_parse(&message, data, size) != OK:
        leg.counters.refused += 1
    elif message.message_type == STUN_BINDING_SUCCESS:
        if stun_verify(&message, leg.remote_pwd, leg.remote_pwd_size) == OK:
            leg.counters.checks_answered += 1
    elif message.message_type == STUN_BINDING_REQUEST and letters.count < SEND_BATCH:
        if stun_verify(&message, leg.local_pwd, leg.local_pwd_size) == OK:
            leg.counters.checks_received += 1
            letters.sizes[letters.count] = stun_write_success(
                letters.data[letters.count], STUN_RESPONSE_MAX, message.transaction_id, leg.peer_ip, 4, leg.peer_port,
                leg.local_pwd, leg.local_pwd_size)
            letters.count += 1


cdef Stream *find_stream(Leg *leg, uint32_t ssrc, bint *repair) noexcept nogil:
    cdef int i
    for i in range(leg.stream_count):
        if leg.streams[i].setup.ssrc == ssrc or leg.streams[i].setup.rtx_ssrc == ssrc:
            repair[0] = leg.streams[i].setup.ssrc != ssrc
            return leg.streams[i]
    return NULL


cdef void note_arrival(Leg *leg, const RtpHeader *header, const uint8_t *data, uint64_t now_ns) noexcept nogil:
    cdef ExtensionMap map
    cdef RtpExtensions extensions
    memset(&map, 0, sizeof(map))
    map.kind[leg.transport_cc_id] = EXT_TRANSPORT_CC
    if (rtp_read_extensions(&extensions, header, data, &map) == OK
            and extensions.has_transport_sequence_number):
        twcc_received(&leg.arrivals, extensions.transport_sequence_number, now_ns)
        leg.arrived_ssrc = header.ssrc


cdef void take_rtp(Leg *leg, const uint8_t *data, size_t size, uint64_t arrived_ns, uint64_t now_ns,
                   uint8_t *scratch) noexcept nogil:
    cdef RtpHeader header
    cdef bint repair = False
    cdef Stream *stream
    cdef size_t plain_size, payload_size
    cdef uint64_t index
    cdef uint16_t osn
    cdef const uint8_t *payload
    if leg.loss and next_random(leg) < leg.loss:
        leg.counters.dropped += 1
        return
    if rtp_parse(&header, data, size) != OK:
        leg.counters.refused += 1
        return
    stream = find_stream(leg, header.ssrc, &repair)
    if stream == NULL:
        leg.counters.unknown += 1
        return
    if stream.setup.ends_only and not header.marker and not repair:
        stream_count(stream, header.sequence_number)
        return
    if srtp_unprotect(leg.receive, &stream.rtx if repair else &stream.media, data, size, header.header_size, scratch,
                      &plain_size, &index) != OK:
        stream.counters.refused += 1
        return
    if leg.transport_cc_id:
        note_arrival(leg, &header, scratch, now_ns)
    if rtp_payload_size(&payload_size, &header, scratch, plain_size) != OK or payload_size == 0:
        return                             # padding only: a probe
    payload = scratch + header.header_size
    if repair:
        if rtx_read_osn(&osn, payload, payload_size) != OK or not stream.started:
            return
        payload += 2
        payload_size -= 2
        index = srtp_guess_index(True, stream.highest, osn)
    stream_take(stream, index, header.rtp_timestamp, payload, payload_size, repair, arrived_ns, now_ns)


cdef Source *find_source(Leg *leg, uint32_t ssrc) noexcept nogil:
    cdef int i
    for i in range(leg.source_count):
        if leg.sources[i].setup.ssrc == ssrc:
            return leg.sources[i]
    return NULL


cdef void want_key_frame(Leg *leg, uint32_t ssrc) noexcept nogil:
    """As in browsers, a request for one layer makes all layers of the camera send a key frame."""
    cdef Source *source = find_source(leg, ssrc)
    cdef int i
    if source == NULL or not source.setup.video:
        return
    source.counters.plis += 1
    for i in range(leg.source_count):
        if leg.sources[i].setup.video:
            leg.sources[i].key_wanted = True


cdef void take_feedback(Leg *leg, const RtcpPacket *packet, Letters *letters) noexcept nogil:
    cdef uint16_t numbers[NACKED_MAX]
    cdef uint32_t ssrcs[8]
    cdef Source *source
    cdef Remb remb
    cdef size_t i
    if packet.packet_type == RTCP_RTPFB and packet.count == FORMAT_NACK:
        source = find_source(leg, packet.media_ssrc)
        if source != NULL:
            for i in range(rtcp_read_nack(numbers, NACKED_MAX, packet)):
                source_repair(source, leg.send, numbers[i], letters)
    elif packet.packet_type == RTCP_PSFB and packet.count == FORMAT_PLI:
        want_key_frame(leg, packet.media_ssrc)
    elif packet.packet_type == RTCP_PSFB and packet.count == FORMAT_FIR:
        for i in range(rtcp_read_fir(ssrcs, 8, packet)):
            want_key_frame(leg, ssrcs[i])
    elif packet.packet_type == RTCP_PSFB and packet.count == FORMAT_REMB:
        if rtcp_read_remb(&remb, packet) == OK:
            leg.counters.remb_bitrate = remb.bitrate


cdef void take_sender_report(Leg *leg, const RtcpPacket *packet, uint64_t now_ns) noexcept nogil:
    cdef SenderInfo info
    cdef bint repair
    cdef Stream *stream = find_stream(leg, packet.sender_ssrc, &repair)
    if stream != NULL and rtcp_read_sender_info(&info, packet) == OK:
        stream.last_sr = <uint32_t>(info.ntp_timestamp >> 16)
        stream.last_sr_ns = now_ns


cdef void take_rtcp(Leg *leg, const uint8_t *data, size_t size, uint64_t now_ns, Letters *letters,
                    uint8_t *scratch) noexcept nogil:
    cdef RtcpPacket packet
    cdef size_t plain_size, offset = 0
    if srtcp_unprotect(leg.receive, data, size, scratch, &plain_size) != OK:
        leg.counters.refused += 1
        return
    while offset < plain_size:
        if rtcp_next(&packet, scratch, plain_size, &offset) != OK:
            leg.counters.refused += 1
            return
        if packet.packet_type == RTCP_SR:
            take_sender_report(leg, &packet, now_ns)
        else:
            take_feedback(leg, &packet, letters)


cdef void leg_take(Leg *leg, const Arrival *arrival, uint64_t now_ns, Letters *letters, uint8_t *scratch) noexcept nogil:
    cdef size_t offset = 0, size
    cdef const uint8_t *data
    while offset < arrival.size:
        data = arrival.data + offset
        size = min(<size_t>arrival.segment_size, <size_t>arrival.size - offset)
        offset += arrival.segment_size
        if size > DATAGRAM_MAX or size < 2:
            leg.counters.refused += 1
        elif data[0] < 4:
            answer_check(leg, data, size, letters)
        elif data[0] >= 128 and RTCP_FIRST <= data[1] <= RTCP_LAST:
            take_rtcp(leg, data, size, now_ns, letters, scratch)
        elif data[0] >= 128:
            take_rtp(leg, data, size, arrival.arrived_ns, now_ns, scratch)


cdef void put_rtcp(Leg *leg, const uint8_t *compound, size_t size, Letters *letters) noexcept nogil:
    cdef size_t written
    if not size or letters.count == SEND_BATCH:
        return
    if srtcp_protect(leg.send, compound, size, letters.data[letters.count], &written) == OK:
        letters.sizes[letters.count] = written
        letters.count += 1


cdef void report(Leg *leg, uint64_t now_ns, uint64_t real_ns, Letters *letters) noexcept nogil:
    """Sender reports of what it sends, and a receiver report of what it receives."""
    cdef uint8_t compound[COMPOUND_MAX]
    cdef ReportBlock blocks[REPORTS_MAX]
    cdef SenderInfo info
    cdef Source *source
    cdef size_t size = 0, count = 0
    cdef int i
    for i in range(leg.source_count):
        source = leg.sources[i]
        info.ntp_timestamp = ((real_ns // 1_000_000_000 + NTP_EPOCH_S) << 32) | (
            ((real_ns % 1_000_000_000) << 32) // 1_000_000_000)
        info.rtp_timestamp = source.timestamp
        info.packet_count = <uint32_t>source.counters.packets
        info.octet_count = <uint32_t>(source.counters.packets * source.setup.size)
        size += rtcp_write_sr(compound + size, COMPOUND_MAX - size, source.setup.ssrc, &info, NULL, 0)
    for i in range(leg.stream_count):
        if count < REPORTS_MAX and stream_report(leg.streams[i], &blocks[count], now_ns):
            count += 1
    size += rtcp_write_rr(compound + size, COMPOUND_MAX - size, leg.rtcp_ssrc, blocks, count)
    put_rtcp(leg, compound, size, letters)


cdef void leg_keep(Leg *leg, uint64_t now_ns, uint64_t real_ns, Letters *letters) noexcept nogil:
    cdef uint8_t compound[COMPOUND_MAX]
    cdef uint8_t transaction_id[12]
    cdef int i
    if now_ns >= leg.next_check_ns and letters.count < SEND_BATCH:
        leg.next_check_ns = now_ns + CHECK_NS + next_random(leg) % CHECK_NS
        for i in range(12):
            transaction_id[i] = <uint8_t>next_random(leg)
        letters.sizes[letters.count] = check_write(letters.data[letters.count], leg.username, leg.username_size,
                                                   leg.remote_pwd, leg.remote_pwd_size, transaction_id)
        letters.count += 1
        leg.counters.checks_sent += 1
    if now_ns >= leg.next_report_ns:
        leg.next_report_ns = now_ns + REPORT_NS
        report(leg, now_ns, real_ns, letters)
    if leg.transport_cc_id and now_ns >= leg.next_feedback_ns:
        leg.next_feedback_ns = now_ns + FEEDBACK_NS
        put_rtcp(leg, compound, twcc_write(&leg.arrivals, compound, COMPOUND_MAX, leg.rtcp_ssrc, leg.arrived_ssrc), letters)


cdef void leg_ask(Leg *leg, uint64_t now_ns, Letters *letters) noexcept nogil:
    cdef uint8_t compound[COMPOUND_MAX]
    cdef uint16_t numbers[NACK_CAPACITY]
    cdef Stream *stream
    cdef size_t count
    cdef int i
    for i in range(leg.stream_count):
        stream = leg.streams[i]
        if nack_take_overflow(&stream.missing):
            put_rtcp(leg, compound, rtcp_write_pli(compound, COMPOUND_MAX, leg.rtcp_ssrc, stream.setup.ssrc), letters)
        if stream.missing.count == 0:
            continue
        count = nack_poll(&stream.missing, now_ns, 0, numbers, NACK_CAPACITY)
        if count:
            stream.counters.nacked += count
            put_rtcp(leg, compound, rtcp_write_nack(compound, COMPOUND_MAX, leg.rtcp_ssrc, stream.setup.ssrc, numbers, count),
                     letters)
