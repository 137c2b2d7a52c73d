"""One worker: a thread without the interpreter lock that owns a UDP port, the same TCP port, a router and the clock (L7).

Commands and the handshakes' datagrams come in through single-producer rings, events leave through the router's rings;
event descriptors wake the sides. Nothing else is shared: only this thread touches the sockets.
"""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy
import errno
import os
import socket
import threading
import time

from conclave.core.commands cimport Command, command_apply
from conclave.core.connections cimport (Connection, Connections, ENDED_CLOSED, ENDED_MALFORMED, ENDED_UNCLAIMED,
                                        Ending, connection_end, connection_receive, connections_accept,
                                        connections_destroy, connections_init, connections_listen, connections_poll,
                                        connections_send)
from conclave.core.datagrams cimport (Arrival, Datagrams, datagrams_destroy, datagrams_init, datagrams_receive,
                                      datagrams_send)
from conclave.core.demux cimport PROTOCOL_STUN, PROTOCOL_UNKNOWN, Protocol, demux
from conclave.core.framing cimport frame_reader_next
from conclave.core.outbox cimport Outbox, outbox_destroy, outbox_has_room, outbox_init
from conclave.core.receive cimport receive_datagram
from conclave.core.ring cimport Ring, ring_destroy, ring_front, ring_init, ring_pop, ring_publish, ring_reserve
from conclave.core.router cimport (DTLS_DATAGRAM_MAX, DtlsDatagram, Router, router_advance, router_forget, router_knows,
                                   router_next_timeout, router_send_dtls, router_transmit)
from conclave.core.status cimport OK, Status, TRUNCATED
from conclave.core.switchboard cimport Switchboard, fill_dtls

from conclave.core.events import WorkerStatistics

__all__ = ["Worker"]

cdef extern from * nogil:
    """
    #include <poll.h>
    #include <time.h>
    #include <unistd.h>

    static uint64_t conclave_clock(clockid_t id) {
        struct timespec now;
        clock_gettime(id, &now);
        return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
    }
    static uint64_t conclave_now(void) { return conclave_clock(CLOCK_MONOTONIC); }
    static uint64_t conclave_cpu(void) { return conclave_clock(CLOCK_THREAD_CPUTIME_ID); }
    static void conclave_signal(int fd) {
        uint64_t one = 1;
        (void)!write(fd, &one, sizeof(one));
    }
    static void conclave_unsignal(int fd) {
        uint64_t count;
        (void)!read(fd, &count, sizeof(count));
    }
    /* Waits for any of the descriptors or the time; bits 0, 1 and 2 say which are readable. */
    static int conclave_wait(int first, int second, int third, uint64_t nanoseconds) {
        struct pollfd entries[3] = {{ .fd = first, .events = POLLIN }, { .fd = second, .events = POLLIN },
                                    { .fd = third, .events = POLLIN }};
        struct timespec timeout = { nanoseconds / 1000000000ull, nanoseconds % 1000000000ull };
        if (ppoll(entries, 3, &timeout, NULL) <= 0)
            return 0;
        return (entries[0].revents != 0) | (entries[1].revents != 0) << 1 | (entries[2].revents != 0) << 2;
    }
    #define flag_load(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
    #define flag_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
    """
    uint64_t conclave_now()
    uint64_t conclave_cpu()
    void conclave_signal(int fd)
    void conclave_unsignal(int fd)
    int conclave_wait(int first, int second, int third, uint64_t nanoseconds)
    uint64_t flag_load(uint64_t *p)
    void flag_store(uint64_t *p, uint64_t v)

cdef uint64_t IDLE_NS = 100_000_000
cdef uint64_t SWEEP_NS = 1_000_000_000
cdef uint64_t UNCLAIMED_NS = 10_000_000_000     # a browser's first check comes at once
cdef size_t COMMANDS = 1024
cdef size_t DTLS_DATAGRAMS = 512
cdef size_t OUTBOX_SIZE = 1 << 20
cdef size_t OUTBOX_GROUPS = 1024
cdef size_t ROOM_DATAGRAMS = 300           # a NACK may ask for 256 packets at once
cdef size_t ROOM_SIZE = 1600


cdef enum:
    WAKE = 2                       # what conclave_wait tells
    STREAMS = 4

PORT_ATTEMPTS = 16
LISTEN_BACKLOG = 128

# What ended connections are counted as, by Ending.
ENDINGS = ("closed", "malformed", "unclaimed", "displaced", "refused")

cdef struct Thread:
    Router *router
    Datagrams datagrams
    Connections connections
    Outbox outbox
    Ring commands
    Ring dtls                      # datagrams of handshakes, from the control thread
    uint64_t next_sweep_ns
    int wake                       # signalled when a command or a datagram waits
    int done                       # signalled when commands have been applied
    int told                       # signalled when events wait
    uint64_t applied               # commands, since the start
    uint64_t stop
    uint64_t ended                 # no command will be looked at any more
    uint64_t cpu_time_ns
    uint64_t bytes_sent


cdef void send(Thread *thread) noexcept nogil:
    thread.bytes_sent += thread.outbox.used
    connections_send(&thread.connections, &thread.outbox)
    datagrams_send(&thread.datagrams, &thread.outbox)      # empties the outbox


cdef void take_dtls(Thread *thread) noexcept nogil:
    cdef DtlsDatagram *datagram = <DtlsDatagram *>ring_front(&thread.dtls)
    while datagram != NULL:
        if not outbox_has_room(&thread.outbox, 1, DTLS_DATAGRAM_MAX):
            send(thread)
        router_send_dtls(thread.router, datagram, &thread.outbox)
        ring_pop(&thread.dtls)
        datagram = <DtlsDatagram *>ring_front(&thread.dtls)


cdef void apply_commands(Thread *thread) noexcept nogil:
    cdef Command *command = <Command *>ring_front(&thread.commands)
    cdef uint64_t applied = thread.applied
    # What was handed over before a command goes out before it: a handshake's last word must not lose its leg.
    take_dtls(thread)
    if command == NULL:
        return
    while command != NULL:
        take_dtls(thread)
        command_apply(thread.router, command, conclave_now())
        ring_pop(&thread.commands)
        applied += 1
        command = <Command *>ring_front(&thread.commands)
    flag_store(&thread.applied, applied)
    conclave_signal(thread.done)


cdef void forward(Thread *thread, uint64_t now_ns) noexcept nogil:
    """Sends all that is ready."""
    cdef bint more = True
    while more:
        more = router_transmit(thread.router, now_ns, &thread.outbox)
        if thread.outbox.count:
            send(thread)


cdef void take_arrival(Thread *thread, const Arrival *arrival, uint64_t now_ns) noexcept nogil:
    cdef uint32_t offset = 0
    cdef uint32_t size
    while offset < arrival.size:
        size = min(<uint32_t>arrival.segment_size, arrival.size - offset)
        if thread.router.urgent or not outbox_has_room(&thread.outbox, ROOM_DATAGRAMS, ROOM_SIZE):
            forward(thread, now_ns)
        receive_datagram(thread.router, &arrival.source, arrival.data + offset, size, now_ns, &thread.outbox)
        offset += size


cdef void end(Thread *thread, Connection *connection, Ending reason) noexcept nogil:
    router_forget(thread.router, &connection.peer)
    connection_end(&thread.connections, connection, reason)


cdef void read_connection(Thread *thread, Connection *connection, uint64_t now_ns) noexcept nogil:
    cdef const uint8_t *frame
    cdef size_t size
    cdef Protocol protocol
    cdef bint open = connection_receive(connection)
    cdef Status status = frame_reader_next(&connection.reader, &frame, &size)
    while status == OK:
        if size:                           # RFC 4571 section 2 knows null packets
            protocol = demux(frame, size)
            # Before its first authenticated check a connection has nothing to say but checks.
            if protocol == PROTOCOL_UNKNOWN or (protocol != PROTOCOL_STUN and not connection.claimed):
                end(thread, connection, ENDED_MALFORMED)
                return
            if thread.router.urgent or not outbox_has_room(&thread.outbox, ROOM_DATAGRAMS, ROOM_SIZE):
                forward(thread, now_ns)
            receive_datagram(thread.router, &connection.peer, frame, size, now_ns, &thread.outbox)
            if not connection.claimed:
                connection.claimed = router_knows(thread.router, &connection.peer)
        status = frame_reader_next(&connection.reader, &frame, &size)
    if status != TRUNCATED:
        end(thread, connection, ENDED_MALFORMED)
    elif not open:
        end(thread, connection, ENDED_CLOSED)


cdef void serve_connections(Thread *thread, uint64_t now_ns) noexcept nogil:
    cdef int i, count = connections_poll(&thread.connections)
    for i in range(count):
        read_connection(thread, thread.connections.ready[i], now_ns)
    if thread.connections.knocked:
        connections_accept(&thread.connections, now_ns + UNCLAIMED_NS)


cdef void sweep_connections(Thread *thread, uint64_t now_ns) noexcept nogil:
    """Closes the connections that have belonged to no transport for too long."""
    cdef Connection *connection
    cdef size_t i
    thread.next_sweep_ns = now_ns + SWEEP_NS
    connections_listen(&thread.connections)
    if not thread.connections.count:
        return
    for i in range(thread.connections.capacity):
        connection = &thread.connections.places[i]
        if connection.socket < 0:
            continue
        connection.claimed = router_knows(thread.router, &connection.peer)
        if connection.claimed:
            connection.unclaimed_until_ns = now_ns + UNCLAIMED_NS
        elif now_ns >= connection.unclaimed_until_ns:
            end(thread, connection, ENDED_UNCLAIMED)


cdef void run(Thread *thread) noexcept nogil:
    cdef uint64_t now_ns, due_ns
    cdef int count, i, ready
    while not flag_load(&thread.stop):
        now_ns = conclave_now()
        due_ns = router_next_timeout(thread.router)
        ready = STREAMS                    # without waiting nobody has said that there is nothing
        if due_ns > now_ns:
            ready = conclave_wait(thread.datagrams.socket, thread.wake, thread.connections.poll,
                                  min(due_ns - now_ns, IDLE_NS))
        if ready & WAKE:
            conclave_unsignal(thread.wake)
        apply_commands(thread)
        count = datagrams_receive(&thread.datagrams)
        now_ns = conclave_now()
        for i in range(count):
            take_arrival(thread, &thread.datagrams.arrivals[i], now_ns)
        if ready & STREAMS:
            serve_connections(thread, now_ns)
        if now_ns >= thread.next_sweep_ns:
            sweep_connections(thread, now_ns)
        router_advance(thread.router, now_ns, &thread.outbox)
        forward(thread, now_ns)
        if ring_front(&thread.router.events) != NULL or ring_front(&thread.router.dtls) != NULL:
            conclave_signal(thread.told)
        thread.cpu_time_ns = conclave_cpu()
    apply_commands(thread)
    send(thread)
    flag_store(&thread.ended, 1)
    conclave_signal(thread.done)


def open_ports(bind, port):
    """A UDP socket and a listening TCP socket of the same port."""
    for remaining in range(PORT_ATTEMPTS if port == 0 else 1, 0, -1):
        datagrams = bound(bind, port, socket.SOCK_DGRAM)
        try:
            listener = bound(bind, datagrams.getsockname()[1], socket.SOCK_STREAM)
        except OSError as error:
            datagrams.close()
            # The system chose the UDP port without looking at TCP.
            if remaining == 1 or error.errno != errno.EADDRINUSE:
                raise
            continue
        listener.listen(LISTEN_BACKLOG)
        return datagrams, listener


def bound(bind, port, kind):
    ipv6 = ":" in bind
    opened = socket.socket(socket.AF_INET6 if ipv6 else socket.AF_INET, kind | socket.SOCK_NONBLOCK)
    try:
        if ipv6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if kind == socket.SOCK_STREAM:
            # Connections of before that are still closing do not hold the port.
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((bind, port))
    except OSError:
        opened.close()
        raise
    return opened


cdef class Worker(Switchboard):
    """See `conclave.core.events.Engine`.

    bind: the address to receive on, "0.0.0.0" or "::" for all (IPv4 and IPv6). port: UDP and TCP, 0 for any that is free.
    cpu: the core that the thread is pinned to, None for no pinning. connections: over TCP at most; connections_per_host:
    of them from one IPv4 address or IPv6 /64.
    """

    cdef Thread thread
    cdef object socket
    cdef object listener
    cdef object python_thread
    cdef object cpu
    cdef uint64_t submitted
    cdef bint has_descriptors

    def __cinit__(self, *, bind, port, cpu=None, size_t connections=512, size_t connections_per_host=128, **_):
        self.router.wallclock_offset_ns = time.time_ns() - time.monotonic_ns()
        ipv6 = ":" in bind
        self.socket, self.listener = open_ports(bind, port)
        for option, forced in ((socket.SO_RCVBUF, 33), (socket.SO_SNDBUF, 32)):
            try:
                self.socket.setsockopt(socket.SOL_SOCKET, forced, 8 << 20)     # SO_RCVBUFFORCE, SO_SNDBUFFORCE: needs a privilege
            except PermissionError:
                self.socket.setsockopt(socket.SOL_SOCKET, option, 8 << 20)
        self.cpu = cpu
        self.thread.router = &self.router
        self.thread.wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.thread.done = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.thread.told = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.has_descriptors = True
        if (datagrams_init(&self.thread.datagrams, self.socket.fileno(), ipv6) != 0
                or outbox_init(&self.thread.outbox, OUTBOX_SIZE, OUTBOX_GROUPS) != 0
                or connections_init(&self.thread.connections, self.listener.fileno(), connections,
                                    connections_per_host) != 0
                or ring_init(&self.thread.dtls, sizeof(DtlsDatagram), DTLS_DATAGRAMS) != 0
                or ring_init(&self.thread.commands, sizeof(Command), COMMANDS) != 0):
            raise MemoryError("a worker's buffers do not fit into memory")

    def __dealloc__(self):
        datagrams_destroy(&self.thread.datagrams)
        connections_destroy(&self.thread.connections)
        ring_destroy(&self.thread.dtls)
        outbox_destroy(&self.thread.outbox)
        ring_destroy(&self.thread.commands)
        if self.has_descriptors:           # not when __init__ failed before: 0 would be somebody else's
            for fd in (self.thread.wake, self.thread.done, self.thread.told):
                os.close(fd)

    @property
    def port(self):
        return self.socket.getsockname()[1]

    @property
    def segmentation_offload(self):
        return bool(self.thread.datagrams.segmentation)

    def start(self):
        if self.python_thread is not None or flag_load(&self.thread.stop):
            raise RuntimeError("a worker is started once")
        self.python_thread = threading.Thread(target=self._run, name="conclave-worker", daemon=True)
        self.python_thread.start()

    def _run(self):
        if self.cpu is not None:
            os.sched_setaffinity(0, {self.cpu})
        with nogil:
            run(&self.thread)

    def stop(self):
        flag_store(&self.thread.stop, 1)
        conclave_signal(self.thread.wake)
        if self.python_thread is not None:
            self.python_thread.join()
            self.python_thread = None
        connections_destroy(&self.thread.connections)
        self.socket.close()
        self.listener.close()

    def fileno(self):
        return self.thread.told

    def events(self):
        conclave_unsignal(self.thread.told)
        return Switchboard.events(self)

    cdef int submit(self, Command *command) except -1:
        cdef Command *place
        if self.python_thread is None or flag_load(&self.thread.stop):
            raise RuntimeError("the worker does not run: start() it first")
        place = <Command *>ring_reserve(&self.thread.commands)
        # One caller that waits for each command: the ring is never full.
        assert place != NULL
        memcpy(place, command, sizeof(Command))
        ring_publish(&self.thread.commands)
        self.submitted += 1
        conclave_signal(self.thread.wake)
        with nogil:
            # Not only until `stop` is asked for: the thread may be about to write into this call's result.
            while flag_load(&self.thread.applied) < self.submitted and not flag_load(&self.thread.ended):
                conclave_wait(self.thread.done, -1, -1, IDLE_NS)
                conclave_unsignal(self.thread.done)
        if flag_load(&self.thread.applied) < self.submitted:
            raise RuntimeError("the worker was stopped while a command waited")
        return 0

    def send_dtls(self, uint32_t leg, list datagrams):
        cdef DtlsDatagram *place
        for datagram in datagrams:
            place = <DtlsDatagram *>ring_reserve(&self.thread.dtls)
            if place == NULL:
                break                      # as good as lost on the way: the handshake's timer repeats it
            fill_dtls(place, leg, datagram)
            ring_publish(&self.thread.dtls)
        conclave_signal(self.thread.wake)

    def statistics(self):
        cdef Connections *connections = &self.thread.connections
        dropped = self.dropped
        if connections.dropped:
            dropped["backlog"] = connections.dropped
        ended = {name: connections.ended[<int>i] for i, name in enumerate(ENDINGS) if connections.ended[<int>i]}
        return WorkerStatistics(self.router.counters.packets_received, self.thread.datagrams.sent + connections.sent,
                                self.thread.datagrams.groups + connections.writes, self.thread.cpu_time_ns, dropped,
                                connections.count, ended, self.router.counters.bytes_received, self.thread.bytes_sent,
                                self.router.counters.packets_forwarded, self.router.counters.retransmissions,
                                self.router.counters.nacks_received, self.router.counters.key_frames_wanted, self.pools)
