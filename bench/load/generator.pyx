"""See generator.pyi."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t, UINT64_MAX
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy, memset
from posix.stdlib cimport posix_memalign
from conclave.core.srtp_context cimport (SrtpContext, SrtpProfile, srtp_choose_backend, srtp_context_init,
                                         srtp_context_size, srtp_context_wipe)
from conclave.core.status cimport OK
from conclave.core.twcc cimport twcc_init

from load.histogram cimport HISTOGRAM_SIZE, Histogram, histogram_quantile
from load.leg cimport (CREDENTIAL_MAX, LEG_SOURCES, LEG_STREAMS, Leg, PASSWORD_MAX, leg_ask, leg_keep, leg_take)
from load.sockets cimport (DATAGRAM_MAX, Inbox, Letters, RECEIVE_BATCH, clock_cpu, clock_real, clock_steady, inbox_destroy,
                           inbox_init, inbox_receive, letters_send, sleep_exactly, sleep_until, socket_dropped,
                           socket_prepare)
from load.source cimport (EXTENSION_MAX, PLAIN_MAX, Source, SourceCounters, SourceSetup, source_destroy, source_init, source_make,
                          source_start)
from load.stream cimport Stream, StreamSetup, stream_init, stream_lost, stream_reset

import ipaddress
import os

from conclave.core.errors import raise_status

__all__ = ["Generator"]

cdef extern from "<sys/epoll.h>" nogil:
    ctypedef union epoll_data_t:
        void *ptr
    cdef struct epoll_event:
        uint32_t events
        epoll_data_t data
    int epoll_create1(int flags)
    int epoll_ctl(int epoll, int operation, int fd, epoll_event *event)
    int epoll_wait(int epoll, epoll_event *events, int capacity, int timeout_ms)
    enum:
        EPOLLIN
        EPOLL_CTL_ADD
        EPOLL_CLOEXEC

cdef extern from * nogil:
    """
    #define load_flag(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
    #define load_flag_set(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
    """
    uint64_t load_flag(uint64_t *p)
    void load_flag_set(uint64_t *p, uint64_t v)

cdef enum:
    EVENTS = 256
    GROUPS = 16                    # of streams, each with a histogram
    CONTEXT_ALIGNMENT = 128

cdef uint64_t ASK_NS = 5_000_000
cdef uint64_t KEEP_NS = 20_000_000
cdef uint64_t SPIN_NS = 20_000             # waking up takes about as long

KEY_SIZES = {1: (16, 14), 7: (16, 12), 8: (32, 12)}      # of the profiles' master keys and salts, by SrtpProfile

cdef struct Pool:                          # pointers to what lives until the end
    void **items
    size_t count

cdef struct Schedule:                      # active sources, a binary heap by due_ns
    Source **items
    size_t count


cdef int pool_add(Pool *pool, void *item) noexcept nogil:
    cdef void *grown
    if pool.count & (pool.count - 1) == 0:
        grown = realloc(pool.items, (2 * pool.count + 1) * sizeof(void *))
        if grown == NULL:
            return -1
        pool.items = <void **>grown
    pool.items[pool.count] = item
    pool.count += 1
    return 0


cdef void sift_down(Schedule *schedule, size_t place) noexcept nogil:
    cdef Source *moved = schedule.items[place]
    cdef size_t child = 2 * place + 1
    while child < schedule.count:
        if child + 1 < schedule.count and schedule.items[child + 1].due_ns < schedule.items[child].due_ns:
            child += 1
        if moved.due_ns <= schedule.items[child].due_ns:
            break
        schedule.items[place] = schedule.items[child]
        place = child
        child = 2 * place + 1
    schedule.items[place] = moved


cdef struct Engine:
    Pool legs
    Pool sources
    Pool streams
    Schedule schedule
    Inbox inbox
    Letters letters
    uint8_t scratch[DATAGRAM_MAX]
    int epoll
    uint64_t poll_ns
    uint64_t stop
    uint64_t unsent                # datagrams that the kernel would not take
    uint64_t cpu_ns


cdef void send(Engine *engine, Leg *leg) noexcept nogil:
    if engine.letters.count:
        engine.unsent += letters_send(&engine.letters, leg.socket)


cdef void send_due(Engine *engine, uint64_t now_ns) noexcept nogil:
    cdef Schedule *schedule = &engine.schedule
    cdef Source *source
    cdef Leg *leg
    while schedule.count and schedule.items[0].due_ns <= now_ns:
        source = schedule.items[0]
        leg = <Leg *>engine.legs.items[source.leg]
        source_make(source, leg.send, now_ns, &engine.letters)
        send(engine, leg)
        sift_down(schedule, 0)


cdef void receive_all(Engine *engine) noexcept nogil:
    cdef epoll_event events[EVENTS]
    cdef int i, j, ready, count
    cdef Leg *leg
    cdef uint64_t now_ns = clock_steady()
    ready = epoll_wait(engine.epoll, events, EVENTS, 0)
    for i in range(ready):
        leg = <Leg *>events[i].data.ptr
        count = inbox_receive(&engine.inbox, leg.socket)
        for j in range(count):
            leg_take(leg, &engine.inbox.arrivals[j], now_ns, &engine.letters, engine.scratch)
            send(engine, leg)
        # What is left shows at the next poll, so that no leg can keep the others waiting.
        if engine.schedule.count and engine.schedule.items[0].due_ns <= clock_steady():
            send_due(engine, clock_steady())


cdef void keep_legs(Engine *engine, uint64_t now_ns) noexcept nogil:
    cdef size_t i
    cdef Leg *leg
    cdef uint64_t real_ns = clock_real()
    for i in range(engine.legs.count):
        leg = <Leg *>engine.legs.items[i]
        leg_keep(leg, now_ns, real_ns, &engine.letters)
        send(engine, leg)


cdef void ask_all(Engine *engine, uint64_t now_ns) noexcept nogil:
    cdef size_t i
    cdef Leg *leg
    for i in range(engine.legs.count):
        leg = <Leg *>engine.legs.items[i]
        leg_ask(leg, now_ns, &engine.letters)
        send(engine, leg)


cdef void start_schedule(Engine *engine, uint64_t now_ns) noexcept nogil:
    """Begins every active source anew: what was due while nothing ran is left out."""
    cdef Schedule *schedule = &engine.schedule
    cdef Source *source
    cdef size_t i
    schedule.count = 0
    for i in range(engine.sources.count):
        source = <Source *>engine.sources.items[i]
        if source.active:
            if source.due_ns < now_ns:
                source_start(source, now_ns + (now_ns - source.due_ns) % source.setup.interval_ns)
            schedule.items[schedule.count] = source
            schedule.count += 1
    for i in range(schedule.count):
        sift_down(schedule, schedule.count - 1 - i)


cdef void run(Engine *engine, uint64_t duration_ns) noexcept nogil:
    cdef uint64_t now_ns = clock_steady()
    cdef uint64_t end_ns = now_ns + duration_ns, poll_ns = now_ns, keep_ns = now_ns, ask_ns = now_ns, next_ns
    cdef uint64_t cpu_ns = clock_cpu()
    sleep_exactly()
    start_schedule(engine, now_ns)
    while now_ns < end_ns and not load_flag(&engine.stop):
        send_due(engine, now_ns)
        if now_ns >= poll_ns:
            receive_all(engine)
            poll_ns = now_ns + engine.poll_ns
        if now_ns >= ask_ns:
            ask_all(engine, now_ns)
            ask_ns = now_ns + ASK_NS
        if now_ns >= keep_ns:
            keep_legs(engine, now_ns)
            keep_ns = now_ns + KEEP_NS
        next_ns = min(poll_ns, end_ns)
        if engine.schedule.count:
            next_ns = min(next_ns, engine.schedule.items[0].due_ns)
        now_ns = clock_steady()
        if next_ns > now_ns + SPIN_NS:
            sleep_until(next_ns - SPIN_NS // 2)
            now_ns = clock_steady()
    engine.cpu_ns += clock_cpu() - cpu_ns


cdef SrtpContext *new_context(int profile, bytes master) except NULL:
    cdef void *memory = NULL
    cdef bytes key, salt
    key_size, salt_size = KEY_SIZES[profile]
    if len(master) != key_size + salt_size:
        raise ValueError(f"this profile takes a key of {key_size} bytes and a salt of {salt_size} behind it")
    if posix_memalign(&memory, CONTEXT_ALIGNMENT, srtp_context_size()) != 0:
        raise MemoryError("no memory for keys")
    memset(memory, 0, srtp_context_size())
    key, salt = master[:key_size], master[key_size:]
    raise_status(srtp_context_init(<SrtpContext *>memory, <SrtpProfile>profile, <const uint8_t *>key, <const uint8_t *>salt))
    return <SrtpContext *>memory


cdef void forget_context(SrtpContext *context) noexcept:
    srtp_context_wipe(context)
    free(context)


cdef size_t copy_bytes(uint8_t *out, size_t capacity, bytes value) except? 0:
    if <size_t>len(value) > capacity:
        raise ValueError(f"{len(value)} bytes are more than {capacity}")
    memcpy(out, <const char *>value, len(value))
    return len(value)


cdef class Generator:
    cdef Engine engine
    cdef Histogram *histograms
    cdef uint64_t seed
    cdef list sockets

    def __cinit__(self, *, uint64_t seed=1, double poll_us=200.0):
        self.seed = seed
        self.sockets = []
        self.engine.epoll = epoll_create1(EPOLL_CLOEXEC)
        self.engine.poll_ns = <uint64_t>(poll_us * 1000)
        self.histograms = <Histogram *>calloc(GROUPS, sizeof(Histogram))
        if self.engine.epoll < 0 or self.histograms == NULL or inbox_init(&self.engine.inbox) != 0:
            raise MemoryError("no memory for a generator")

    def __dealloc__(self):
        cdef size_t i
        cdef Leg *leg
        for i in range(self.engine.sources.count):
            source_destroy(<Source *>self.engine.sources.items[i])
            free(self.engine.sources.items[i])
        for i in range(self.engine.streams.count):
            free(self.engine.streams.items[i])
        for i in range(self.engine.legs.count):
            leg = <Leg *>self.engine.legs.items[i]
            forget_context(leg.send)
            forget_context(leg.receive)
            free(leg)
        free(self.engine.sources.items)
        free(self.engine.streams.items)
        free(self.engine.legs.items)
        free(self.engine.schedule.items)
        free(self.histograms)
        inbox_destroy(&self.engine.inbox)
        os.close(self.engine.epoll)

    def add_leg(self, socket, *, int profile, bytes send_master, bytes receive_master, bytes username=b"", bytes remote_pwd=b"",
                bytes local_pwd=b"", int transport_cc_id=0):
        cdef epoll_event event
        cdef Leg *leg = <Leg *>calloc(1, sizeof(Leg))
        if leg == NULL:
            raise MemoryError("no memory for a leg")
        host, port = socket.getpeername()[:2]
        leg.socket = socket.fileno()
        leg.number = <uint32_t>self.engine.legs.count
        leg.send = new_context(profile, send_master)
        leg.receive = new_context(profile, receive_master)
        leg.username_size = copy_bytes(leg.username, CREDENTIAL_MAX, username)
        leg.remote_pwd_size = copy_bytes(leg.remote_pwd, PASSWORD_MAX, remote_pwd)
        leg.local_pwd_size = copy_bytes(leg.local_pwd, PASSWORD_MAX, local_pwd)
        copy_bytes(leg.peer_ip, 4, ipaddress.IPv4Address(host).packed)
        leg.peer_port = port
        leg.random = ((self.seed << 20) + leg.number) * 2 + 1
        leg.rtcp_ssrc = 0x10000000 + leg.number
        leg.transport_cc_id = <uint8_t>transport_cc_id
        twcc_init(&leg.arrivals)
        leg.next_check_ns = 0 if username else UINT64_MAX
        leg.next_report_ns = clock_steady() + leg.number * 7_000_000 % 1_000_000_000
        event.events = EPOLLIN
        event.data.ptr = leg
        if (socket_prepare(leg.socket) != 0 or epoll_ctl(self.engine.epoll, EPOLL_CTL_ADD, leg.socket, &event) != 0
                or pool_add(&self.engine.legs, leg) != 0):
            raise OSError("this socket cannot be used: it must be UDP, connected, over IPv4")
        self.sockets.append(socket)        # open as long as the generator
        return leg.number

    cdef Leg *leg_at(self, size_t number) except NULL:
        if number >= self.engine.legs.count:
            raise IndexError(f"there is no leg {number}")
        return <Leg *>self.engine.legs.items[number]

    def add_source(self, size_t leg, *, uint32_t ssrc, int payload_type, bint video, double interval_ms, int packets=1,
                   int key_packets=0, int size=1000, int size_spread=0, int larger_packets=0, double gap_us=0.0,
                   double start_ms=0.0, bytes extension=b"", uint32_t rtx_ssrc=0, int rtx_payload_type=0,
                   bytes rtx_extension=b"", int history=0):
        cdef SourceSetup setup
        cdef Leg *owner = self.leg_at(leg)
        cdef Source *source
        cdef Source **schedule
        memset(&setup, 0, sizeof(setup))
        if owner.source_count == LEG_SOURCES:
            raise ValueError(f"a leg has {LEG_SOURCES} sources at most")
        if not 60 + size_spread <= size <= PLAIN_MAX - 12 - 4 - EXTENSION_MAX - 2:
            raise ValueError("a payload must have room for its stamp and stay within a datagram")
        if history & (history - 1) or packets < 1:
            raise ValueError("history is a power of two, and a frame has a packet at least")
        setup.video = video
        setup.ssrc, setup.rtx_ssrc = ssrc, rtx_ssrc
        setup.payload_type, setup.rtx_payload_type = <uint8_t>payload_type, <uint8_t>rtx_payload_type
        padded = extension + bytes((4 - len(extension) % 4) % 4)
        rtx_padded = rtx_extension + bytes((4 - len(rtx_extension) % 4) % 4)
        setup.extension_size = <uint8_t>copy_bytes(setup.extension, EXTENSION_MAX, padded)
        setup.rtx_extension_size = <uint8_t>copy_bytes(setup.rtx_extension, EXTENSION_MAX, rtx_padded)
        setup.interval_ns, setup.gap_ns = <uint64_t>(interval_ms * 1e6), <uint64_t>(gap_us * 1e3)
        setup.packets, setup.key_packets = <uint16_t>packets, <uint16_t>(key_packets or packets)
        setup.size, setup.size_spread, setup.larger_packets = <uint16_t>size, <uint16_t>size_spread, <uint16_t>larger_packets
        setup.history = history
        source = <Source *>calloc(1, sizeof(Source))
        schedule = <Source **>realloc(self.engine.schedule.items, (self.engine.sources.count + 1) * sizeof(Source *))
        if source == NULL or schedule == NULL:
            raise MemoryError("no memory for a source")
        self.engine.schedule.items = schedule
        if (source_init(source, &setup, leg, (self.seed << 32) + self.engine.sources.count) != 0
                or pool_add(&self.engine.sources, source) != 0):
            raise MemoryError("no memory for a source")
        source_start(source, clock_steady() + <uint64_t>(start_ms * 1e6))
        owner.sources[owner.source_count] = source
        owner.source_count += 1
        return self.engine.sources.count - 1

    def add_stream(self, size_t leg, *, uint32_t ssrc, int payload_type, bint video, uint32_t rtx_ssrc=0, bint nack=False,
                   bint ends_only=False, size_t group=0):
        cdef StreamSetup setup
        cdef Leg *owner = self.leg_at(leg)
        cdef Stream *stream = <Stream *>calloc(1, sizeof(Stream))
        if stream == NULL or group >= GROUPS or owner.stream_count == LEG_STREAMS:
            raise ValueError(f"a leg has {LEG_STREAMS} streams at most, and there are {GROUPS} groups")
        setup.video, setup.ssrc, setup.rtx_ssrc = video, ssrc, rtx_ssrc
        setup.payload_type, setup.nack = <uint8_t>payload_type, nack
        setup.ends_only = ends_only
        stream_init(stream, &setup, &self.histograms[group])
        if pool_add(&self.engine.streams, stream) != 0:
            raise MemoryError("no memory for a stream")
        owner.streams[owner.stream_count] = stream
        owner.stream_count += 1
        return self.engine.streams.count - 1

    cdef Source *source_at(self, size_t number) except NULL:
        if number >= self.engine.sources.count:
            raise IndexError(f"there is no source {number}")
        return <Source *>self.engine.sources.items[number]

    def pace(self, size_t source, double interval_ms):
        self.source_at(source).setup.interval_ns = <uint64_t>(interval_ms * 1e6)

    def activate(self, size_t source, bint active):
        self.source_at(source).active = active

    def lose(self, size_t leg, double share):
        self.leg_at(leg).loss = <uint64_t>(share * 4294967296.0)

    def run(self, double seconds):
        cdef uint64_t duration_ns = <uint64_t>(seconds * 1e9)
        load_flag_set(&self.engine.stop, 0)
        with nogil:
            run(&self.engine, duration_ns)

    def stop(self):
        load_flag_set(&self.engine.stop, 1)

    @property
    def skipped(self):
        cdef size_t i
        cdef uint64_t total = 0
        for i in range(self.engine.sources.count):
            total += (<Source *>self.engine.sources.items[i]).counters.skipped
        return total

    def reset(self):
        cdef size_t i
        for i in range(self.engine.streams.count):
            stream_reset(<Stream *>self.engine.streams.items[i])
        for i in range(self.engine.sources.count):
            memset(&(<Source *>self.engine.sources.items[i]).counters, 0, sizeof(SourceCounters))
        memset(self.histograms, 0, GROUPS * sizeof(Histogram))
        self.engine.cpu_ns = 0

    def close(self):
        for socket in self.sockets:
            socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def source(self, size_t number):
        return self.source_at(number).counters

    def stream(self, size_t number):
        cdef Stream *stream
        if number >= self.engine.streams.count:
            raise IndexError(f"there is no stream {number}")
        stream = <Stream *>self.engine.streams.items[number]
        return {**stream.counters, "lost": stream_lost(stream)}

    def leg(self, size_t number):
        cdef Leg *leg = self.leg_at(number)
        return {**leg.counters, "overrun": socket_dropped(leg.socket)}

    def quantiles(self, size_t group, shares):
        if group >= GROUPS:
            raise IndexError(f"there is no group {group}")
        return [histogram_quantile(&self.histograms[group], share) for share in shares]

    def frames_timed(self, size_t group):
        return self.histograms[group].count

    @property
    def cpu_ns(self):
        return self.engine.cpu_ns

    @property
    def unsent(self):
        return self.engine.unsent
