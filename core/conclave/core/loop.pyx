"""One worker: a thread without the interpreter lock that owns a UDP socket, a router and the clock (L7).

Commands come in through a single-producer ring, events leave through the router's rings; two event descriptors wake
the sides. Nothing else is shared.
"""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset
import os
import socket
import threading
import time

from conclave.core.datagrams cimport (Arrival, Datagrams, datagrams_destroy, datagrams_init, datagrams_receive,
                                      datagrams_send)
from conclave.core.outbox cimport Outbox, outbox_destroy, outbox_has_room, outbox_init
from conclave.core.ring cimport Ring, ring_destroy, ring_front, ring_init, ring_pop, ring_publish, ring_reserve
from conclave.core.router cimport (Command, Router, router_advance, router_apply, router_next_timeout, router_receive,
                                   router_transmit)
from conclave.core.switchboard cimport Switchboard

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
    /* Waits for either descriptor or the time; true when the second one is readable. */
    static int conclave_wait(int first, int second, uint64_t nanoseconds) {
        struct pollfd entries[2] = {{ .fd = first, .events = POLLIN }, { .fd = second, .events = POLLIN }};
        struct timespec timeout = { nanoseconds / 1000000000ull, nanoseconds % 1000000000ull };
        if (ppoll(entries, 2, &timeout, NULL) <= 0)
            return 0;
        return entries[1].revents != 0;
    }
    #define flag_load(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
    #define flag_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
    """
    uint64_t conclave_now()
    uint64_t conclave_cpu()
    void conclave_signal(int fd)
    void conclave_unsignal(int fd)
    int conclave_wait(int first, int second, uint64_t nanoseconds)
    uint64_t flag_load(uint64_t *p)
    void flag_store(uint64_t *p, uint64_t v)

IP_PKTINFO = 8                             # <linux/in.h>; Python 3.11 has no name for it

cdef uint64_t IDLE_NS = 100_000_000
cdef size_t COMMANDS = 1024
cdef size_t OUTBOX_SIZE = 1 << 20
cdef size_t OUTBOX_GROUPS = 1024
cdef size_t ROOM_DATAGRAMS = 300           # a NACK may ask for 256 packets at once
cdef size_t ROOM_SIZE = 1600


cdef struct Thread:
    Router *router
    Datagrams datagrams
    Outbox outbox
    Ring commands
    int wake                       # signalled when a command waits
    int done                       # signalled when commands have been applied
    int told                       # signalled when events wait
    uint64_t applied               # commands, since the start
    uint64_t stop
    uint64_t ended                 # no command will be looked at any more
    uint64_t cpu_time_ns


cdef void apply_commands(Thread *thread) noexcept nogil:
    cdef Command *command = <Command *>ring_front(&thread.commands)
    cdef uint64_t applied = thread.applied
    if command == NULL:
        return
    while command != NULL:
        router_apply(thread.router, command, conclave_now())
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
            datagrams_send(&thread.datagrams, &thread.outbox)


cdef void take_arrival(Thread *thread, const Arrival *arrival, uint64_t now_ns) noexcept nogil:
    cdef uint32_t offset = 0
    cdef uint32_t size
    while offset < arrival.size:
        size = min(<uint32_t>arrival.segment_size, arrival.size - offset)
        if thread.router.urgent or not outbox_has_room(&thread.outbox, ROOM_DATAGRAMS, ROOM_SIZE):
            forward(thread, now_ns)
        router_receive(thread.router, &arrival.source, arrival.data + offset, size, now_ns, &thread.outbox)
        offset += size


cdef void run(Thread *thread) noexcept nogil:
    cdef uint64_t now_ns, due_ns
    cdef int count, i
    while not flag_load(&thread.stop):
        now_ns = conclave_now()
        due_ns = router_next_timeout(thread.router)
        if due_ns > now_ns and conclave_wait(thread.datagrams.socket, thread.wake, min(due_ns - now_ns, IDLE_NS)):
            conclave_unsignal(thread.wake)
        apply_commands(thread)
        count = datagrams_receive(&thread.datagrams)
        now_ns = conclave_now()
        for i in range(count):
            take_arrival(thread, &thread.datagrams.arrivals[i], now_ns)
        router_advance(thread.router, now_ns, &thread.outbox)
        forward(thread, now_ns)
        if ring_front(&thread.router.events) != NULL or ring_front(&thread.router.dtls) != NULL:
            conclave_signal(thread.told)
        thread.cpu_time_ns = conclave_cpu()
    apply_commands(thread)
    flag_store(&thread.ended, 1)
    conclave_signal(thread.done)


cdef class Worker(Switchboard):
    """See `conclave.core.events.Engine`.

    bind: the address to receive on, "0.0.0.0" or "::" for all (IPv4 and IPv6). port: UDP, 0 for any free one. cpu: the
    core that the thread is pinned to, None for no pinning.
    """

    cdef Thread thread
    cdef object socket
    cdef object python_thread
    cdef object cpu
    cdef uint64_t submitted
    cdef bint has_descriptors

    def __cinit__(self, *, bind, port, cpu=None, **_):
        self.router.wallclock_offset_ns = time.time_ns() - time.monotonic_ns()
        ipv6 = ":" in bind
        self.socket = socket.socket(socket.AF_INET6 if ipv6 else socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        if ipv6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        for option, forced in ((socket.SO_RCVBUF, 33), (socket.SO_SNDBUF, 32)):
            try:
                self.socket.setsockopt(socket.SOL_SOCKET, forced, 8 << 20)     # SO_RCVBUFFORCE, SO_SNDBUFFORCE: needs a privilege
            except PermissionError:
                self.socket.setsockopt(socket.SOL_SOCKET, option, 8 << 20)
        self.socket.bind((bind, port))
        self.cpu = cpu
        self.thread.router = &self.router
        self.thread.wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.thread.done = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.thread.told = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.has_descriptors = True
        if (datagrams_init(&self.thread.datagrams, self.socket.fileno(), ipv6) != 0
                or outbox_init(&self.thread.outbox, OUTBOX_SIZE, OUTBOX_GROUPS) != 0
                or ring_init(&self.thread.commands, sizeof(Command), COMMANDS) != 0):
            raise MemoryError("a worker's buffers do not fit into memory")

    def __dealloc__(self):
        datagrams_destroy(&self.thread.datagrams)
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
        self.socket.close()

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
                conclave_wait(self.thread.done, self.thread.done, IDLE_NS)
                conclave_unsignal(self.thread.done)
        if flag_load(&self.thread.applied) < self.submitted:
            raise RuntimeError("the worker was stopped while a command waited")
        return 0

    def send_dtls(self, uint32_t leg, list datagrams):
        address = self.addresses.get(leg)
        if address is None:
            return
        host, port, local = address
        if self.socket.family == socket.AF_INET6:
            # struct in6_pktinfo: the address and no interface.
            control = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, local + bytes(4))
            host = host if ":" in host else "::ffff:" + host
        else:
            # struct in_pktinfo: no interface, the local address, and a field that only received ones fill.
            control = (socket.IPPROTO_IP, IP_PKTINFO, bytes(4) + local[12:] + bytes(4))
        for datagram in datagrams:
            try:
                self.socket.sendmsg([datagram], [control], 0, (host, port))
            except OSError:
                return                     # as good as lost on the way: the handshake's timer repeats it

    def statistics(self):
        return WorkerStatistics(self.router.counters.packets_received, self.thread.datagrams.sent, self.thread.datagrams.groups,
                                self.thread.cpu_time_ns, self.dropped)
