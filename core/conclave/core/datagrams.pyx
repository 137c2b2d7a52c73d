"""See datagrams.pxd."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset
from conclave.core.address cimport Address
from conclave.core.outbox cimport Group, Outbox, outbox_clear, outbox_commit, outbox_destroy, outbox_init, outbox_reserve

cdef extern from * nogil:
    """
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE
    #endif
    #include <errno.h>
    #include <netinet/in.h>
    #include <poll.h>
    #include <sys/socket.h>
    #include <string.h>
    #include "endpoint.h"
    #ifndef SOL_UDP
    #define SOL_UDP 17
    #endif
    #define CONCLAVE_UDP_SEGMENT 103
    #define CONCLAVE_UDP_GRO 104

    typedef struct {
        struct mmsghdr messages[512];
        struct iovec vectors[512];
        struct sockaddr_in6 names[512];
        uint64_t controls[512][10];       /* UDP_GRO or UDP_SEGMENT, and IPV6_PKTINFO */
        uint32_t datagram_counts[512];
    } conclave_batch;

    static void conclave_batch_entry(conclave_batch *batch, int i, void *data, size_t size) {
        struct msghdr *header = &batch->messages[i].msg_hdr;
        batch->vectors[i].iov_base = data;
        batch->vectors[i].iov_len = size;
        memset(header, 0, sizeof(*header));
        header->msg_iov = &batch->vectors[i];
        header->msg_iovlen = 1;
        header->msg_name = &batch->names[i];
    }
    static void conclave_prepare_receive(conclave_batch *batch, int i, void *data, size_t size) {
        struct msghdr *header = &batch->messages[i].msg_hdr;
        conclave_batch_entry(batch, i, data, size);
        header->msg_namelen = sizeof(batch->names[i]);
        header->msg_control = batch->controls[i];
        header->msg_controllen = sizeof(batch->controls[i]);
    }
    static uint16_t conclave_received_segment(conclave_batch *batch, int i) {
        struct msghdr *header = &batch->messages[i].msg_hdr;
        struct cmsghdr *control;
        for (control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control))
            if (control->cmsg_level == SOL_UDP && control->cmsg_type == CONCLAVE_UDP_GRO) {
                int size;
                memcpy(&size, CMSG_DATA(control), sizeof(size));
                return (uint16_t)size;
            }
        return 0;
    }
    /* The local address that a datagram came to, as IPv6; all zero when the kernel did not tell. */
    static void conclave_read_local(conclave_batch *batch, int i, uint8_t *local) {
        struct msghdr *header = &batch->messages[i].msg_hdr;
        struct cmsghdr *control;
        memset(local, 0, 16);
        for (control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control))
            if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
                struct in_pktinfo info;
                memcpy(&info, CMSG_DATA(control), sizeof(info));
                local[10] = local[11] = 0xff;
                memcpy(local + 12, &info.ipi_addr, 4);
            } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
                struct in6_pktinfo info;
                memcpy(&info, CMSG_DATA(control), sizeof(info));
                memcpy(local, &info.ipi6_addr, 16);
            }
    }
    /* Adds one control message behind those of `header`, whose buffer has room for it. */
    static void conclave_add_control(struct msghdr *header, void *buffer, int level, int type, const void *data, size_t size) {
        struct cmsghdr *control = (struct cmsghdr *)((char *)buffer + header->msg_controllen);
        control->cmsg_level = level;
        control->cmsg_type = type;
        control->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(control), data, size);
        header->msg_control = buffer;
        header->msg_controllen += CMSG_SPACE(size);
    }
    static void conclave_add_local(struct msghdr *header, void *buffer, int ipv6, const uint8_t *local) {
        static const uint8_t none[16];
        if (memcmp(local, none, 16) == 0)
            return;
        if (ipv6) {
            struct in6_pktinfo info = { .ipi6_ifindex = 0 };
            memcpy(&info.ipi6_addr, local, 16);
            conclave_add_control(header, buffer, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
        } else {
            struct in_pktinfo info = { .ipi_ifindex = 0 };
            memcpy(&info.ipi_spec_dst, local + 12, 4);
            conclave_add_control(header, buffer, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
        }
    }
    static void conclave_read_name(conclave_batch *batch, int i, uint8_t *ip, uint16_t *port) {
        conclave_endpoint_read(&batch->names[i], ip, port);
    }
    static socklen_t conclave_fill_name(struct sockaddr_in6 *out, int ipv6, const uint8_t *ip, uint16_t port) {
        memset(out, 0, sizeof(*out));
        if (ipv6) {
            out->sin6_family = AF_INET6;
            out->sin6_port = htons(port);
            memcpy(&out->sin6_addr, ip, 16);
            return sizeof(struct sockaddr_in6);
        }
        struct sockaddr_in *name = (struct sockaddr_in *)out;
        name->sin_family = AF_INET;
        name->sin_port = htons(port);
        memcpy(&name->sin_addr, ip + 12, 4);
        return sizeof(struct sockaddr_in);
    }
    static void conclave_prepare_send(conclave_batch *batch, int i, int ipv6, const uint8_t *ip, uint16_t port,
                                      const uint8_t *local, void *data, size_t size, uint16_t segment_size) {
        struct msghdr *header = &batch->messages[i].msg_hdr;
        conclave_batch_entry(batch, i, data, size);
        header->msg_namelen = conclave_fill_name(&batch->names[i], ipv6, ip, port);
        /* The segment size comes first: conclave_send_apart leaves it out. */
        if (segment_size)
            conclave_add_control(header, batch->controls[i], SOL_UDP, CONCLAVE_UDP_SEGMENT, &segment_size, sizeof(segment_size));
        conclave_add_local(header, batch->controls[i], ipv6, local);
    }
    static int conclave_receive(int fd, conclave_batch *batch, int count) {
        return recvmmsg(fd, batch->messages, count, MSG_DONTWAIT, NULL);
    }
    static uint32_t conclave_received_size(conclave_batch *batch, int i) { return batch->messages[i].msg_len; }
    static int conclave_received_whole(conclave_batch *batch, int i) {
        return !(batch->messages[i].msg_hdr.msg_flags & MSG_TRUNC);
    }
    static int conclave_send(int fd, conclave_batch *batch, int first, int count) {
        return sendmmsg(fd, batch->messages + first, count, MSG_DONTWAIT);
    }
    /* What is never fragmented needs no identification (RFC 6864 section 4.1), whose counters cost a miss in the cache a send. */
    static void conclave_forbid_fragments(int fd, int ipv6, int forbidden) {
        int discovery = forbidden ? IP_PMTUDISC_DO : IP_PMTUDISC_WANT;
        (void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discovery, sizeof(discovery));
        discovery = forbidden ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_WANT;
        if (ipv6)
            (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &discovery, sizeof(discovery));
    }
    /* Sends what the kernel would not send as it is, one datagram after another and in fragments where the path asks for
     * them; tells how many it took. */
    static int conclave_send_apart(int fd, int ipv6, conclave_batch *batch, int i) {
        struct msghdr header = batch->messages[i].msg_hdr;
        struct iovec rest = *header.msg_iov, piece;
        struct pollfd writable = { .fd = fd, .events = POLLOUT };
        size_t segment_size = rest.iov_len;
        int taken = 0;
        if (batch->datagram_counts[i] > 1) {
            uint16_t told;
            memcpy(&told, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof(told));
            segment_size = told;
            header.msg_control = (char *)header.msg_control + CMSG_SPACE(sizeof(told));
            header.msg_controllen -= CMSG_SPACE(sizeof(told));
        }
        header.msg_iov = &piece;
        conclave_forbid_fragments(fd, ipv6, 0);
        while (rest.iov_len) {
            piece.iov_base = rest.iov_base;
            piece.iov_len = rest.iov_len < segment_size ? rest.iov_len : segment_size;
            if (sendmsg(fd, &header, MSG_DONTWAIT) < 0
                && ((errno != EAGAIN && errno != ENOBUFS) || poll(&writable, 1, 2) <= 0
                    || sendmsg(fd, &header, MSG_DONTWAIT) < 0))
                break;                     /* the rest would wait, or be refused, as well */
            taken++;
            rest.iov_base = (char *)rest.iov_base + piece.iov_len;
            rest.iov_len -= piece.iov_len;
        }
        conclave_forbid_fragments(fd, ipv6, 1);
        return taken;
    }
    static int conclave_errno(void) { return errno; }
    static int conclave_probe_segmentation(int fd) {
        int size = 0, none = 0;
        socklen_t length = sizeof(size);
        if (getsockopt(fd, SOL_UDP, CONCLAVE_UDP_SEGMENT, &size, &length) != 0)
            return 0;
        return setsockopt(fd, SOL_UDP, CONCLAVE_UDP_SEGMENT, &none, sizeof(none)) == 0;
    }
    /* Whether the socket receives on more than one address. */
    static int conclave_is_wildcard(int fd) {
        static const uint8_t none[16];
        struct sockaddr_in6 name;
        socklen_t size = sizeof(name);
        if (getsockname(fd, (struct sockaddr *)&name, &size) != 0)
            return 1;
        if (name.sin6_family == AF_INET6)
            return memcmp(&name.sin6_addr, none, 16) == 0;
        return ((struct sockaddr_in *)&name)->sin_addr.s_addr == htonl(INADDR_ANY);
    }
    static void conclave_enable_options(int fd, int ipv6) {
        int one = 1;
        /* Of a single address nobody needs to be told, and saying it again with each send costs a twentieth of the send. */
        if (conclave_is_wildcard(fd)) {
            if (ipv6)
                (void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one));
            else
                (void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
        }
        (void)setsockopt(fd, SOL_UDP, CONCLAVE_UDP_GRO, &one, sizeof(one));   /* without it datagrams come one by one */
        conclave_forbid_fragments(fd, ipv6, 1);
    }
    static int conclave_wait_writable(int fd) {
        struct pollfd entry = { .fd = fd, .events = POLLOUT };
        return poll(&entry, 1, 2);
    }
    """
    ctypedef struct Batch "conclave_batch":
        uint32_t datagram_counts[512]
    void conclave_prepare_receive(Batch *batch, int i, void *data, size_t size)
    uint16_t conclave_received_segment(Batch *batch, int i)
    void conclave_read_name(Batch *batch, int i, uint8_t *ip, uint16_t *port)
    void conclave_prepare_send(Batch *batch, int i, int ipv6, const uint8_t *ip, uint16_t port, const uint8_t *local,
                               void *data, size_t size, uint16_t segment_size)
    int conclave_receive(int fd, Batch *batch, int count)
    uint32_t conclave_received_size(Batch *batch, int i)
    int conclave_received_whole(Batch *batch, int i)
    int conclave_send(int fd, Batch *batch, int first, int count)
    int conclave_send_apart(int fd, int ipv6, Batch *batch, int i)
    int conclave_errno()
    int conclave_probe_segmentation(int fd)
    void conclave_enable_options(int fd, int ipv6)
    void conclave_read_local(Batch *batch, int i, uint8_t *local)
    int conclave_wait_writable(int fd)
    int EAGAIN, EINTR, EIO, EMSGSIZE, ENOBUFS

cdef struct Buffers:
    Batch receive
    Batch send
    uint8_t data[RECEIVE_BATCH][RECEIVE_SIZE]


cdef int datagrams_init(Datagrams *datagrams, int socket, bint ipv6) noexcept nogil:
    memset(datagrams, 0, sizeof(Datagrams))
    datagrams.socket = socket
    datagrams.ipv6 = ipv6
    datagrams.buffers = calloc(1, sizeof(Buffers))
    if datagrams.buffers == NULL:
        return -1
    datagrams.segmentation = conclave_probe_segmentation(socket)
    conclave_enable_options(socket, ipv6)
    return 0


cdef void datagrams_destroy(Datagrams *datagrams) noexcept nogil:
    free(datagrams.buffers)
    datagrams.buffers = NULL


cdef int datagrams_receive(Datagrams *datagrams) noexcept nogil:
    cdef Buffers *buffers = <Buffers *>datagrams.buffers
    cdef Arrival *arrival
    cdef int i, count, filled = 0
    for i in range(RECEIVE_BATCH):
        conclave_prepare_receive(&buffers.receive, i, buffers.data[i], RECEIVE_SIZE)
    count = conclave_receive(datagrams.socket, &buffers.receive, RECEIVE_BATCH)
    for i in range(max(count, 0)):
        if not conclave_received_whole(&buffers.receive, i) or not conclave_received_size(&buffers.receive, i):
            continue
        arrival = &datagrams.arrivals[filled]
        arrival.data = buffers.data[i]
        arrival.size = conclave_received_size(&buffers.receive, i)
        arrival.segment_size = conclave_received_segment(&buffers.receive, i)
        if not arrival.segment_size:
            arrival.segment_size = <uint16_t>min(arrival.size, 0xFFFF)
        conclave_read_name(&buffers.receive, i, arrival.source.ip, &arrival.source.port)
        conclave_read_local(&buffers.receive, i, arrival.source.local)
        filled += 1
    return filled


cdef void flush(Datagrams *datagrams, Batch *batch, int count) noexcept nogil:
    """Sends a prepared batch; what the kernel refuses is counted, and the rest goes on."""
    cdef int first = 0, sent, error, waits = 0, taken = 0, i
    while first < count:
        sent = conclave_send(datagrams.socket, batch, first, count - first)
        if sent > 0:
            for i in range(first, first + sent):
                datagrams.sent += batch.datagram_counts[i]
            datagrams.groups += sent
            first += sent
            continue
        error = conclave_errno()
        if error == EINTR:
            continue
        taken = 0
        if error == EAGAIN or error == ENOBUFS:
            # The socket's buffer is full: a short wait, then the same bytes again. When it stays full, one by one they would cost more
            # and fit no better.
            if waits < 3:
                waits += 1
                conclave_wait_writable(datagrams.socket)
                continue
        elif batch.datagram_counts[first] > 1 or error == EMSGSIZE:
            # A group may be refused for its route alone, whose MTU is smaller than its datagrams (EINVAL), as may a lone one.
            taken = conclave_send_apart(datagrams.socket, datagrams.ipv6, batch, first)
        if error == EIO:
            datagrams.segmentation = False     # the device can't checksum segments: from now on one by one
        datagrams.sent += taken
        datagrams.groups += taken
        datagrams.failed += batch.datagram_counts[first] - taken
        first += 1


cdef void datagrams_send(Datagrams *datagrams, Outbox *outbox) noexcept nogil:
    cdef Batch *batch = &(<Buffers *>datagrams.buffers).send
    cdef Group *group
    cdef size_t i, offset, end, size
    cdef int count = 0
    for i in range(outbox.count):
        group = &outbox.groups[i]
        if group.to.connection:
            continue                       # sent over TCP
        offset = group.offset
        end = offset + group.size
        while offset < end:
            size = end - offset
            if not datagrams.segmentation and size > group.segment_size:
                size = group.segment_size
            conclave_prepare_send(batch, count, datagrams.ipv6, group.to.ip, group.to.port, group.to.local,
                                  outbox.data + offset, size,
                                  group.segment_size if size > group.segment_size else 0)
            batch.datagram_counts[count] = <uint32_t>((size + group.segment_size - 1) // group.segment_size)
            offset += size
            count += 1
            if count == SEND_BATCH:
                flush(datagrams, batch, count)
                count = 0
    if count:
        flush(datagrams, batch, count)
    outbox_clear(outbox)


cdef class Sender:
    """Sends over an IPv4 socket, for tests."""

    cdef Datagrams datagrams
    cdef Outbox outbox

    def __cinit__(self, int fd):
        if datagrams_init(&self.datagrams, fd, False) != 0 or outbox_init(&self.outbox, 1 << 16, 64) != 0:
            raise MemoryError

    def __dealloc__(self):
        datagrams_destroy(&self.datagrams)
        outbox_destroy(&self.outbox)

    def send(self, bytes ip, uint16_t port, list datagrams):
        """Sends to one address; returns how many datagrams were sent, in how many trips, and how many failed, all together."""
        cdef Address address
        cdef uint8_t *place
        memset(&address, 0, sizeof(address))
        memcpy(address.ip + 12, <const uint8_t *>ip, 4)
        address.ip[10] = address.ip[11] = 0xFF
        address.port = port
        for datagram in datagrams:
            place = outbox_reserve(&self.outbox, len(datagram))
            assert place != NULL
            memcpy(place, <const uint8_t *><bytes>datagram, len(datagram))
            outbox_commit(&self.outbox, &address, len(datagram))
        datagrams_send(&self.datagrams, &self.outbox)
        return self.datagrams.sent, self.datagrams.groups, self.datagrams.failed

    @property
    def segmentation(self):
        return bool(self.datagrams.segmentation)
