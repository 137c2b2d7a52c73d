"""See switchboard.pxd."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset
import ipaddress
import secrets

from conclave.core.address cimport Address, address_is_ipv4
from conclave.core.arena cimport arena_destroy, arena_give, arena_init, arena_take
from conclave.core.commands cimport (COMMAND_CREATE_LEG, COMMAND_DELETE_LEG, COMMAND_RESTART_ICE, COMMAND_SET_KEYS,
                                     COMMAND_SET_SLOT, COMMAND_SET_SOURCE_ACTIVE, Command, CommandResult, command_apply)
from conclave.core.descriptor cimport VIDEO_CODECS, VIDEO_H264, VIDEO_VP8, VIDEO_VP9
from conclave.core.ice cimport ICE_PWD_MAX, ICE_UFRAG_MAX, IceCredentials
from conclave.core.layers cimport LAYERS_MAX
from conclave.core.leg cimport (LEG_SLOTS_MAX, LEG_SOURCES_MAX, Leg, LegSetup, MID_MAX, PayloadTypes, SlotSetup,
                                SourceSetup)
from conclave.core.outbox cimport Group, Outbox, outbox_clear, outbox_destroy, outbox_init
from conclave.core.receive cimport receive_datagram
from conclave.core.ring cimport ring_front, ring_pop
from conclave.core.router cimport (DTLS_DATAGRAM_MAX, DtlsDatagram, EVENT_CONSENT_CHANGED, EVENT_ICE_CONNECTED,
                                   EVENT_SLOT_CHANGED, EVENT_SPEAKERS_CHANGED, Event, RouterSizes, router_advance,
                                   router_destroy, router_forget, router_init, router_knows, router_leg,
                                   router_next_timeout, router_send_dtls, router_transmit)
from conclave.core.srtp_context cimport (SrtpContext, SrtpProfile, srtp_context_init, srtp_context_size,
                                         srtp_context_wipe)
from conclave.core.statistics cimport measure_leg, measure_pools
from conclave.core.status cimport NO_SPACE, OK, STATUS_COUNT, Status, UNKNOWN_USER, status_name

from conclave.core.config import PoolExhausted
from conclave.core.errors import raise_status
from conclave.core.events import (ConsentChanged, DtlsReceived, IceConnected, LegStatistics, SlotChanged, SpeakersChanged)

__all__ = ["Simulation", "Switchboard"]

POOLS = ("legs", "sources", "slots", "legs")           # by PoolName; the tables are sized by the legs


cdef object address_to_python(const Address *address):
    """(host, port), and the connection's number over TCP; an IPv4-mapped address is told as IPv4."""
    if address_is_ipv4(address):
        host = str(ipaddress.IPv4Address(<bytes>address.ip[12:16]))
    else:
        host = str(ipaddress.IPv6Address(<bytes>address.ip[:16]))
    return (host, address.port, address.connection) if address.connection else (host, address.port)


cdef int address_from_python(Address *out, object address) except -1:
    parsed = ipaddress.ip_address(address[0])
    packed = parsed.packed if parsed.version == 6 else b"\0" * 10 + b"\xff\xff" + parsed.packed
    memcpy(out.ip, <const uint8_t *>packed, 16)
    out.port = address[1]
    out.connection = address[2] if len(address) > 2 else 0
    return 0


cdef int fill_dtls(DtlsDatagram *out, uint32_t leg, bytes datagram) except -1:
    if len(datagram) > DTLS_DATAGRAM_MAX:
        raise ValueError(f"a DTLS datagram has at most {DTLS_DATAGRAM_MAX} bytes")
    out.leg = leg
    out.size = len(datagram)
    memcpy(out.data, <const uint8_t *>datagram, len(datagram))
    return 0


cdef int fill_credentials(IceCredentials *out, bytes local_ufrag, bytes local_pwd, bytes remote_ufrag) except -1:
    if not (0 < len(local_ufrag) <= ICE_UFRAG_MAX and 0 < len(local_pwd) <= ICE_PWD_MAX
            and 0 < len(remote_ufrag) <= ICE_UFRAG_MAX):
        raise ValueError(f"ICE fragments and passwords have 1 to {ICE_UFRAG_MAX} bytes")
    memcpy(out.local_ufrag, <const uint8_t *>local_ufrag, len(local_ufrag))
    memcpy(out.local_pwd, <const uint8_t *>local_pwd, len(local_pwd))
    memcpy(out.remote_ufrag, <const uint8_t *>remote_ufrag, len(remote_ufrag))
    out.local_ufrag_size = len(local_ufrag)
    out.local_pwd_size = len(local_pwd)
    out.remote_ufrag_size = len(remote_ufrag)
    return 0


cdef int fill_name(uint8_t *out, uint8_t *size, bytes name) except -1:
    if len(name) > MID_MAX:
        raise ValueError(f"MID and RID have at most {MID_MAX} bytes")
    memcpy(out, <const uint8_t *>name, len(name))
    size[0] = len(name)
    return 0


cdef int fill_payload_types(PayloadTypes *out, object config) except -1:
    out[<int>VIDEO_VP8].media, out[<int>VIDEO_VP8].rtx = config.payload_type, config.rtx_payload_type
    out[<int>VIDEO_VP9].media, out[<int>VIDEO_VP9].rtx = config.vp9_payload_type, config.vp9_rtx_payload_type
    out[<int>VIDEO_H264].media, out[<int>VIDEO_H264].rtx = config.h264_payload_type, config.h264_rtx_payload_type
    return 0


cdef int fill_source(SourceSetup *out, object config) except -1:
    layer_count = max(1, len(config.rids))
    if layer_count > LAYERS_MAX or len(config.ssrcs) > layer_count or len(config.rtx_ssrcs) > len(config.ssrcs):
        raise ValueError(f"a source has at most {LAYERS_MAX} layers, and an SSRC or two for each")
    fill_name(out.mid, &out.mid_size, config.mid)
    out.video = config.video
    fill_payload_types(out.codecs, config)
    for i in range(VIDEO_CODECS):
        out.repaired = out.repaired or out.codecs[<int>i].rtx != 0
    out.layer_count = layer_count
    for i, rid in enumerate(config.rids):
        fill_name(out.rids[<int>i], &out.rid_sizes[<int>i], rid)
    for i, ssrc in enumerate(config.ssrcs):
        out.ssrcs[<int>i] = ssrc
    for i, ssrc in enumerate(config.rtx_ssrcs):
        out.rtx_ssrcs[<int>i] = ssrc
    out.active = config.active
    out.max_bitrate = config.max_bitrate
    return 0


cdef int fill_slot(SlotSetup *out, object config) except -1:
    out.video = config.video
    fill_payload_types(out.codecs, config)
    out.transport_cc = config.transport_cc
    out.ssrc = config.ssrc
    out.rtx_ssrc = config.rtx_ssrc
    # RFC 3550 asks for random first numbers; below 2**15, because receivers take the first packet's rollover count for 0
    # (RFC 3711 section 3.3.1) and a loss of the first packets must not hide a rollover.
    out.first_index = secrets.randbelow(0x7FFF) + 1
    out.first_rtx_index = secrets.randbelow(0x7FFF) + 1
    out.first_timestamp = secrets.randbits(32)
    return 0


cdef dict dropped_to_python(const uint64_t *dropped):
    return {status_name(<Status>i).decode(): dropped[i] for i in range(1, STATUS_COUNT) if dropped[i]}


cdef class Switchboard:
    """A router with its pools and key arena.

    legs, sources, slots, packets: sizes of the pools, fixed for its life. events: how many may wait, a power of two.
    wallclock_offset_ns: what added to the router's time gives nanoseconds since 1970, for sender reports.
    """

    def __cinit__(self, *, size_t legs=1024, size_t sources=1024, size_t slots=16384, size_t packets=32768,
                  size_t events=8192, uint64_t wallclock_offset_ns=0, **_):
        cdef RouterSizes sizes
        if not 0 < legs <= 4096:
            raise ValueError("legs is 1 to 4096: a leg's number has twelve bits for its place")
        if events == 0 or events & (events - 1):
            raise ValueError("events is a power of two")
        sizes.legs = legs
        sizes.sources = sources
        sizes.slots = slots
        sizes.packets = packets
        sizes.events = events
        if router_init(&self.router, &sizes, secrets.randbits(64), wallclock_offset_ns) != 0:
            raise MemoryError("the core's pools do not fit into memory; lower legs, sources, slots or packets")
        if arena_init(&self.keys, srtp_context_size(), 2 * legs + 2) != 0:
            raise MemoryError("the key arena does not fit into memory; lower legs")

    def __dealloc__(self):
        router_destroy(&self.router)
        arena_destroy(&self.keys)

    cdef int submit(self, Command *command) except -1:
        raise TypeError("a Switchboard is not used by itself: take a Simulation or a Worker")

    @property
    def keys_locked(self):
        """Whether the key arena is locked in memory (mlock)."""
        return bool(self.keys.locked)

    def create_leg(self, config):
        cdef LegSetup setup
        cdef Command command
        cdef CommandResult result
        if len(config.sources) > LEG_SOURCES_MAX or len(config.slots) > LEG_SLOTS_MAX:
            raise ValueError(f"a leg has at most {LEG_SOURCES_MAX} sources and {LEG_SLOTS_MAX} slots")
        memset(&setup, 0, sizeof(setup))
        memset(&command, 0, sizeof(command))
        memset(&result, 0, sizeof(result))
        setup.room = config.room
        setup.rtcp_ssrc = secrets.randbits(32) or 1
        fill_credentials(&setup.credentials, config.local_ufrag, config.local_pwd, config.remote_ufrag)
        for extension_id, kind in config.extensions:
            if not 1 <= extension_id <= 14:
                raise ValueError("a header extension's id is 1 to 14 (RFC 8285 section 4.2)")
            setup.extensions.kind[<int>extension_id] = kind
        for i, source in enumerate(config.sources):
            fill_source(&setup.sources[<int>i], source)
        setup.source_count = len(config.sources)
        for i, slot in enumerate(config.slots):
            fill_slot(&setup.slots[<int>i], slot)
        setup.slot_count = len(config.slots)
        command.command = COMMAND_CREATE_LEG
        command.setup = &setup
        command.result = &result
        self.submit(&command)
        if result.status == UNKNOWN_USER:
            raise ValueError("the local ufrag names another leg; draw a new one")
        if result.status == NO_SPACE:
            raise PoolExhausted(POOLS[result.pool])
        raise_status(result.status)
        return result.leg

    def delete_leg(self, uint32_t leg):
        cdef Command command
        cdef CommandResult result
        memset(&command, 0, sizeof(command))
        memset(&result, 0, sizeof(result))
        command.command = COMMAND_DELETE_LEG
        command.leg = leg
        command.result = &result
        self.submit(&command)
        self.release(result.send)
        self.release(result.receive)

    cdef void release(self, SrtpContext *context):
        if context != NULL:
            srtp_context_wipe(context)
            arena_give(&self.keys, context)

    cdef SrtpContext *context(self, int profile, bytes key, bytes salt) except NULL:
        cdef SrtpContext *context = <SrtpContext *>arena_take(&self.keys)
        cdef Status status
        if context == NULL:
            raise PoolExhausted("legs")
        status = srtp_context_init(context, <SrtpProfile>profile, key, salt)
        if status != OK:
            arena_give(&self.keys, context)
            raise_status(status)
        return context

    def set_keys(self, uint32_t leg, int profile, bytes send_key, bytes send_salt, bytes receive_key, bytes receive_salt):
        cdef Command command
        cdef CommandResult result
        sizes = {1: (16, 14), 7: (16, 12), 8: (32, 12)}.get(profile)
        if sizes != (len(send_key), len(send_salt)) or sizes != (len(receive_key), len(receive_salt)):
            raise ValueError("the profile is unknown, or a key or salt has not the size that it asks for")
        memset(&command, 0, sizeof(command))
        memset(&result, 0, sizeof(result))
        command.command = COMMAND_SET_KEYS
        command.leg = leg
        command.send = self.context(profile, send_key, send_salt)
        command.receive = self.context(profile, receive_key, receive_salt)
        command.result = &result
        self.submit(&command)
        if result.status != OK:
            self.release(command.send)
            self.release(command.receive)
        raise_status(result.status)

    def restart_ice(self, uint32_t leg, bytes local_ufrag, bytes local_pwd, bytes remote_ufrag):
        cdef Command command
        cdef CommandResult result
        cdef IceCredentials credentials
        memset(&command, 0, sizeof(command))
        memset(&result, 0, sizeof(result))
        memset(&credentials, 0, sizeof(credentials))
        fill_credentials(&credentials, local_ufrag, local_pwd, remote_ufrag)
        command.command = COMMAND_RESTART_ICE
        command.leg = leg
        command.credentials = &credentials
        command.result = &result
        self.submit(&command)
        raise_status(result.status)

    def set_slot(self, uint32_t leg, uint32_t slot, uint32_t source, uint32_t max_layer):
        cdef Command command
        cdef CommandResult result
        memset(&command, 0, sizeof(command))
        memset(&result, 0, sizeof(result))
        command.command = COMMAND_SET_SLOT
        command.leg = leg
        command.slot = slot
        command.source = source
        command.value = min(max_layer, LAYERS_MAX - 1)
        command.result = &result
        self.submit(&command)
        raise_status(result.status)

    def set_source_active(self, uint32_t source, bint active):
        cdef Command command
        cdef CommandResult result
        memset(&command, 0, sizeof(command))
        memset(&result, 0, sizeof(result))
        command.command = COMMAND_SET_SOURCE_ACTIVE
        command.source = source
        command.value = active
        command.result = &result
        self.submit(&command)
        raise_status(result.status)

    def events(self):
        """Takes what has happened, oldest first; DTLS datagrams come last."""
        cdef DtlsDatagram *datagram
        cdef Event *event
        events = []
        datagrams = []
        # DTLS first: what was told before a datagram came is then found among the events.
        datagram = <DtlsDatagram *>ring_front(&self.router.dtls)
        while datagram != NULL:
            datagrams.append(DtlsReceived(datagram.leg, <bytes>datagram.data[:datagram.size]))
            ring_pop(&self.router.dtls)
            datagram = <DtlsDatagram *>ring_front(&self.router.dtls)
        event = <Event *>ring_front(&self.router.events)
        while event != NULL:
            if event.event == EVENT_ICE_CONNECTED:
                events.append(IceConnected(event.leg))
            elif event.event == EVENT_CONSENT_CHANGED:
                events.append(ConsentChanged(event.leg, event.value))
            elif event.event == EVENT_SLOT_CHANGED:
                events.append(SlotChanged(event.leg, event.slot, event.source, event.value))
            elif event.event == EVENT_SPEAKERS_CHANGED:
                events.append(SpeakersChanged(event.room, tuple([event.speakers[i] for i in range(event.value)])))
            ring_pop(&self.router.events)
            event = <Event *>ring_front(&self.router.events)
        return events + datagrams

    def leg_statistics(self, uint32_t leg):
        cdef Leg *found = router_leg(&self.router, leg)
        if found == NULL:
            raise KeyError(leg)
        return LegStatistics(found.counters.packets_received, found.counters.packets_sent,
                             found.counters.retransmissions_sent, found.counters.plis_sent, found.counters.nacks_received,
                             found.counters.remb_bitrate, dropped_to_python(found.counters.dropped))

    def leg_measures(self, uint32_t leg):
        cdef Leg *found = router_leg(&self.router, leg)
        if found == NULL:
            raise KeyError(leg)
        return measure_leg(found)

    @property
    def pools(self):
        """The pools by name: entries in use, entries in all."""
        return measure_pools(&self.router)

    @property
    def dropped(self):
        """Dropped datagrams by status name."""
        return dropped_to_python(self.router.counters.dropped)

    @property
    def packets_available(self):
        """Free places in the packet pool."""
        return self.router.packets.available


cdef class Simulation(Switchboard):
    """A router without socket, clock or thread: time and datagrams are arguments. For tests and tools."""

    cdef Outbox outbox
    cdef uint64_t now_ns

    def __cinit__(self, *, size_t outbox_size=1 << 20, size_t outbox_groups=1024, **_):
        if outbox_init(&self.outbox, outbox_size, outbox_groups) != 0:
            raise MemoryError("the outbox does not fit into memory")

    def __dealloc__(self):
        outbox_destroy(&self.outbox)

    cdef int submit(self, Command *command) except -1:
        command_apply(&self.router, command, self.now_ns)
        return 0

    def receive(self, uint64_t now_ns, address, bytes datagram):
        """Takes a datagram that arrived from `address`: (host, port), over TCP (host, port, connection)."""
        cdef Address source
        memset(&source, 0, sizeof(source))
        address_from_python(&source, address)
        self.now_ns = now_ns
        receive_datagram(&self.router, &source, datagram, len(datagram), now_ns, &self.outbox)

    def send_dtls(self, uint32_t leg, list datagrams):
        """Sends datagrams of the leg's handshake."""
        cdef DtlsDatagram record
        for datagram in datagrams:
            fill_dtls(&record, leg, datagram)
            router_send_dtls(&self.router, &record, &self.outbox)

    def knows(self, address):
        """Whether an authenticated check came from the address."""
        cdef Address source
        address_from_python(&source, address)
        return bool(router_knows(&self.router, &source))

    def forget(self, address):
        """The connection of that address was closed."""
        cdef Address source
        address_from_python(&source, address)
        router_forget(&self.router, &source)

    def advance(self, uint64_t now_ns):
        """Applies the passage of time."""
        self.now_ns = now_ns
        router_advance(&self.router, now_ns, &self.outbox)

    def next_timeout(self):
        """When advance() is due, in nanoseconds of the caller's clock."""
        return router_next_timeout(&self.router)

    def transmit(self):
        """Everything there is to send: [(address, [datagram, ...]), ...], one entry a group."""
        groups = []
        more = True
        while more:
            more = router_transmit(&self.router, self.now_ns, &self.outbox)
            self.drain(groups)
        return groups

    cdef void drain(self, list groups):
        cdef Group *group
        cdef size_t i, offset, end
        for i in range(self.outbox.count):
            group = &self.outbox.groups[i]
            datagrams = []
            offset = group.offset
            end = group.offset + group.size
            while offset < end:
                datagrams.append(<bytes>self.outbox.data[offset:min(offset + group.segment_size, end)])
                offset += group.segment_size
            groups.append((address_to_python(&group.to), datagrams))
        outbox_clear(&self.outbox)
