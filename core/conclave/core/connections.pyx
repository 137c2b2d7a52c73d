"""See connections.pxd."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memset
from conclave.core.address cimport Address, address_equal, address_is_ipv4
from conclave.core.framing cimport (frame_queue_front, frame_queue_init, frame_queue_pop, frame_queue_put,
                                    frame_reader_fill, frame_reader_init, frame_reader_room)
from conclave.core.outbox cimport Group, Outbox

cdef extern from * nogil:
    """
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE
    #endif
    #include <errno.h>
    #include <netinet/tcp.h>
    #include <sys/epoll.h>
    #include <sys/socket.h>
    #include <unistd.h>
    #include "endpoint.h"
    #ifndef TCP_NOTSENT_LOWAT
    #define TCP_NOTSENT_LOWAT 25
    #endif

    typedef struct epoll_event conclave_event;

    static int conclave_poll_new(void) { return epoll_create1(EPOLL_CLOEXEC); }
    static int conclave_watch(int poll, int operation, int fd, uint32_t events, uint32_t value) {
        struct epoll_event event = { .events = events, .data = { .u32 = value } };
        return epoll_ctl(poll, operation, fd, &event);
    }
    /* A new connection, or a negative errno. Its options only make it better: none of them is needed. */
    static int conclave_accept(int listener, uint8_t *ip, uint16_t *port) {
        struct sockaddr_in6 name;
        socklen_t length = sizeof(name);
        int one = 1, unsent = 32768, silence_ms = 30000;
        int fd = accept4(listener, (struct sockaddr *)&name, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return -errno;
        conclave_endpoint_read(&name, ip, port);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        /* What waits should wait here, where it can be dropped, and not in the kernel. */
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms, sizeof(silence_ms));
        return fd;
    }
    static int conclave_read_some(int fd, void *data, size_t size) {
        ssize_t got = recv(fd, data, size, MSG_DONTWAIT);
        return got < 0 ? -errno : (int)got;
    }
    static int conclave_write_some(int fd, const void *data, size_t size) {
        ssize_t done = send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        return done < 0 ? -errno : (int)done;
    }
    static void conclave_hang_up(int fd) { (void)shutdown(fd, SHUT_RDWR); }
    """
    ctypedef union EpollData "epoll_data_t":
        uint32_t u32
    ctypedef struct EpollEvent "conclave_event":
        uint32_t events
        EpollData data
    int conclave_poll_new()
    int conclave_watch(int poll, int operation, int fd, uint32_t events, uint32_t value)
    int conclave_accept(int listener, uint8_t *ip, uint16_t *port)
    int conclave_read_some(int fd, void *data, size_t size)
    int conclave_write_some(int fd, const void *data, size_t size)
    void conclave_hang_up(int fd)
    int epoll_wait(int poll, EpollEvent *events, int count, int timeout_ms)
    int close(int fd)
    int EAGAIN, EINTR, ECONNABORTED, EPERM, EPROTO
    int EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD
    uint32_t EPOLLIN, EPOLLOUT

cdef enum:
    RECEIVE_SIZE = 16384
    SEND_SIZE = 131072             # half a second of 2 Mbit/s
    ACCEPT_BATCH = 16
    LISTENER = 0xFFFFFFFF          # the place that the listener has in events


cdef int connections_init(Connections *connections, int listener, size_t capacity, size_t per_host) noexcept nogil:
    cdef uint8_t *memory
    cdef size_t i
    memset(connections, 0, sizeof(Connections))
    connections.listener = listener
    connections.poll = conclave_poll_new()
    if connections.poll < 0:
        return -1
    connections.capacity = min(capacity, <size_t>CONNECTIONS_MAX)
    connections.per_host = per_host
    connections.places = <Connection *>calloc(connections.capacity, sizeof(Connection))
    # The system hands out the pages as they are touched.
    connections.memory = calloc(connections.capacity, RECEIVE_SIZE + SEND_SIZE)
    if connections.places == NULL or connections.memory == NULL:
        free(connections.places)
        free(connections.memory)
        connections.places = NULL
        close(connections.poll)
        return -1
    memory = <uint8_t *>connections.memory
    for i in range(connections.capacity):
        connections.places[i].socket = -1
        frame_queue_init(&connections.places[i].queue, memory + i * (RECEIVE_SIZE + SEND_SIZE), SEND_SIZE)
        frame_reader_init(&connections.places[i].reader, memory + i * (RECEIVE_SIZE + SEND_SIZE) + SEND_SIZE, RECEIVE_SIZE)
    connections_listen(connections)
    return 0


cdef void connections_destroy(Connections *connections) noexcept nogil:
    cdef size_t i
    if connections.places != NULL:
        for i in range(connections.capacity):
            if connections.places[i].socket >= 0:
                close(connections.places[i].socket)
        close(connections.poll)
    free(connections.places)
    free(connections.memory)
    connections.places = NULL
    connections.memory = NULL


cdef void connections_listen(Connections *connections) noexcept nogil:
    if not connections.listening:
        connections.listening = conclave_watch(connections.poll, EPOLL_CTL_ADD, connections.listener, EPOLLIN, LISTENER) == 0


cdef void flush(Connections *connections, Connection *connection) noexcept nogil:
    cdef const uint8_t *data
    cdef size_t size = frame_queue_front(&connection.queue, &data)
    cdef int done
    while size:
        done = conclave_write_some(connection.socket, data, size)
        connections.writes += 1
        if done == -EINTR:
            continue
        if done == -EAGAIN:
            if not connection.blocked:
                connection.blocked = True
                conclave_watch(connections.poll, EPOLL_CTL_MOD, connection.socket, EPOLLIN | EPOLLOUT,
                               <uint32_t>(connection - connections.places))
            return
        if done < 0:
            # The end shows at the next look at it, where it is taken from the router too.
            conclave_hang_up(connection.socket)
            done = <int>size
        frame_queue_pop(&connection.queue, done)
        size = frame_queue_front(&connection.queue, &data)
    if connection.blocked:
        connection.blocked = False
        conclave_watch(connections.poll, EPOLL_CTL_MOD, connection.socket, EPOLLIN,
                       <uint32_t>(connection - connections.places))


cdef int connections_poll(Connections *connections) noexcept nogil:
    cdef EpollEvent events[CONNECTIONS_READY]
    cdef Connection *connection
    cdef int i, count = epoll_wait(connections.poll, events, CONNECTIONS_READY, 0), filled = 0
    for i in range(count):
        if events[i].data.u32 == LISTENER:
            connections.knocked = True
            continue
        connection = &connections.places[events[i].data.u32]
        if events[i].events & EPOLLOUT:
            flush(connections, connection)
        # Everything else is a reason to read: data, the end, an error.
        if events[i].events & ~EPOLLOUT:
            connections.ready[filled] = connection
            filled += 1
    return filled


cdef bint same_host(const Address *a, const Address *b) noexcept nogil:
    return memcmp(a.ip, b.ip, 16 if address_is_ipv4(a) else 8) == 0


cdef Connection *find_place(Connections *connections, const Address *peer) noexcept nogil:
    """A free place, or that of the unclaimed connection that has been here longest; NULL when there is neither."""
    cdef Connection *free_place = NULL
    cdef Connection *oldest = NULL
    cdef Connection *oldest_of_host = NULL
    cdef Connection *connection
    cdef size_t i, of_host = 0
    for i in range(connections.capacity):
        connection = &connections.places[i]
        if connection.socket < 0:
            if free_place == NULL:
                free_place = connection
            continue
        if not connection.claimed and (oldest == NULL or connection.unclaimed_until_ns < oldest.unclaimed_until_ns):
            oldest = connection
        if same_host(&connection.peer, peer):
            of_host += 1
            if not connection.claimed and (oldest_of_host == NULL
                                           or connection.unclaimed_until_ns < oldest_of_host.unclaimed_until_ns):
                oldest_of_host = connection
    if of_host >= connections.per_host:
        free_place = NULL
        oldest = oldest_of_host
    if free_place == NULL and oldest != NULL:
        connection_end(connections, oldest, ENDED_DISPLACED)
        return oldest
    return free_place


cdef void connections_accept(Connections *connections, uint64_t unclaimed_until_ns) noexcept nogil:
    cdef Connection *connection
    cdef Address peer
    cdef int fd, i
    cdef uint32_t place
    connections.knocked = False
    for i in range(ACCEPT_BATCH):
        memset(&peer, 0, sizeof(peer))
        fd = conclave_accept(connections.listener, peer.ip, &peer.port)
        if fd == -EAGAIN:
            return
        if fd == -EINTR or fd == -ECONNABORTED or fd == -EPERM or fd == -EPROTO:
            continue
        if fd < 0:
            # No descriptor or no memory is left: the listener would be readable for ever.
            conclave_watch(connections.poll, EPOLL_CTL_DEL, connections.listener, 0, LISTENER)
            connections.listening = False
            return
        connection = find_place(connections, &peer)
        if connection == NULL:
            connections.ended[<int>ENDED_REFUSED] += 1
            close(fd)
            continue
        place = <uint32_t>(connection - connections.places)
        connection.generation = connection.generation % 0xFFFF + 1
        peer.connection = (connection.generation << 16) | place
        connection.peer = peer
        connection.socket = fd
        connection.claimed = connection.blocked = connection.touched = False
        connection.unclaimed_until_ns = unclaimed_until_ns
        frame_queue_init(&connection.queue, connection.queue.data, SEND_SIZE)
        frame_reader_init(&connection.reader, connection.reader.data, RECEIVE_SIZE)
        connections.count += 1
        if conclave_watch(connections.poll, EPOLL_CTL_ADD, fd, EPOLLIN, place) != 0:
            connection_end(connections, connection, ENDED_REFUSED)


cdef bint connection_receive(Connection *connection) noexcept nogil:
    cdef size_t room
    cdef uint8_t *place = frame_reader_room(&connection.reader, &room)
    cdef int got = conclave_read_some(connection.socket, place, room)
    if got == -EAGAIN or got == -EINTR:
        return True
    if got <= 0:
        return False
    frame_reader_fill(&connection.reader, got)
    return True


cdef void connection_end(Connections *connections, Connection *connection, Ending reason) noexcept nogil:
    close(connection.socket)
    connection.socket = -1
    connections.count -= 1
    connections.ended[<int>reason] += 1


cdef void put(Connections *connections, Connection *connection, const Group *group, const uint8_t *data) noexcept nogil:
    cdef size_t offset = 0, size
    while offset < group.size:
        size = min(<size_t>group.segment_size, <size_t>group.size - offset)
        if frame_queue_put(&connection.queue, data + offset, size):
            connections.sent += 1
        else:
            connections.dropped += 1
        offset += size


cdef void connections_send(Connections *connections, const Outbox *outbox) noexcept nogil:
    cdef Connection *connection
    cdef Group *group
    cdef size_t i, touched = 0, place
    if not connections.count:
        return
    for i in range(outbox.count):
        group = &outbox.groups[i]
        if not group.to.connection:
            continue
        place = group.to.connection & 0xFFFF
        if place >= connections.capacity:
            continue
        connection = &connections.places[place]
        # The number says whether it is still the connection that the router means.
        if connection.socket < 0 or not address_equal(&connection.peer, &group.to):
            continue
        if not connection.touched:
            if touched == CONNECTIONS_READY:
                touched = flush_touched(connections, touched)
            connection.touched = True
            connections.touched[touched] = place
            touched += 1
        put(connections, connection, group, outbox.data + group.offset)
    flush_touched(connections, touched)


cdef size_t flush_touched(Connections *connections, size_t touched) noexcept nogil:
    """One write a connection for all that was queued; 0."""
    cdef Connection *connection
    cdef size_t i
    for i in range(touched):
        connection = &connections.places[connections.touched[i]]
        connection.touched = False
        if not connection.blocked:
            flush(connections, connection)
    return 0
