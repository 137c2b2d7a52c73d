"""See sockets.pxd."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free

cdef extern from * nogil:
    """
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE
    #endif
    #include <linux/sock_diag.h>
    #include <netinet/in.h>
    #include <string.h>
    #include <sys/prctl.h>
    #include <sys/socket.h>
    #include <time.h>
    #define LOAD_SOL_UDP 17
    #define LOAD_UDP_GRO 104
    #define LOAD_BATCH 32
    #define LOAD_SIZE 65536
    #define LOAD_RECEIVE_BUFFER (8 << 20)

    typedef struct {
        struct mmsghdr messages[LOAD_BATCH];
        struct iovec vectors[LOAD_BATCH];
        uint64_t controls[LOAD_BATCH][12];     /* UDP_GRO and SCM_TIMESTAMPNS */
        uint8_t data[LOAD_BATCH][LOAD_SIZE];
    } load_batch;

    static uint64_t load_clock(clockid_t id) {
        struct timespec now;
        clock_gettime(id, &now);
        return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
    }
    static uint64_t load_real(void) { return load_clock(CLOCK_REALTIME); }
    static uint64_t load_steady(void) { return load_clock(CLOCK_MONOTONIC); }
    static uint64_t load_cpu(void) { return load_clock(CLOCK_THREAD_CPUTIME_ID); }
    static void load_sleep_until(uint64_t ns) {
        struct timespec until = { ns / 1000000000ull, ns % 1000000000ull };
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
    static void load_sleep_exactly(void) { prctl(PR_SET_TIMERSLACK, 1ul); }

    static int load_receive(load_batch *batch, int socket) {
        for (int i = 0; i < LOAD_BATCH; i++) {
            struct msghdr *header = &batch->messages[i].msg_hdr;
            batch->vectors[i].iov_base = batch->data[i];
            batch->vectors[i].iov_len = LOAD_SIZE;
            memset(header, 0, sizeof(*header));
            header->msg_iov = &batch->vectors[i];
            header->msg_iovlen = 1;
            header->msg_control = batch->controls[i];
            header->msg_controllen = sizeof(batch->controls[i]);
        }
        int count = recvmmsg(socket, batch->messages, LOAD_BATCH, MSG_DONTWAIT, NULL);
        return count < 0 ? 0 : count;
    }
    static void load_describe(load_batch *batch, int i, const uint8_t **data, uint32_t *size, uint32_t *segment_size,
                              uint64_t *arrived_ns) {
        struct msghdr *header = &batch->messages[i].msg_hdr;
        *data = batch->data[i];
        *size = *segment_size = batch->messages[i].msg_len;
        *arrived_ns = 0;
        for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control))
            if (control->cmsg_level == LOAD_SOL_UDP && control->cmsg_type == LOAD_UDP_GRO) {
                int each;
                memcpy(&each, CMSG_DATA(control), sizeof(each));
                *segment_size = (uint32_t)each;
            } else if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS) {
                struct timespec at;
                memcpy(&at, CMSG_DATA(control), sizeof(at));
                *arrived_ns = (uint64_t)at.tv_sec * 1000000000ull + (uint64_t)at.tv_nsec;
            }
    }
    static int load_send(int socket, uint8_t *data, size_t stride, size_t *sizes, int count) {
        struct mmsghdr messages[64];
        struct iovec vectors[64];
        memset(messages, 0, sizeof(messages[0]) * (size_t)count);
        for (int i = 0; i < count; i++) {
            vectors[i].iov_base = data + stride * (size_t)i;
            vectors[i].iov_len = sizes[i];
            messages[i].msg_hdr.msg_iov = &vectors[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        int sent = sendmmsg(socket, messages, (unsigned)count, MSG_DONTWAIT);
        return sent < 0 ? 0 : sent;
    }
    static int load_prepare(int socket) {
        int on = 1, size = LOAD_RECEIVE_BUFFER;
        if (setsockopt(socket, LOAD_SOL_UDP, LOAD_UDP_GRO, &on, sizeof(on)) != 0
                || setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0)
            return -1;
        if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
            setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
        return 0;
    }
    static uint32_t load_dropped(int socket) {
        uint32_t memory[SK_MEMINFO_VARS] = {0};
        socklen_t size = sizeof(memory);
        if (getsockopt(socket, SOL_SOCKET, SO_MEMINFO, memory, &size) != 0)
            return 0;
        return memory[SK_MEMINFO_DROPS];
    }
    """
    ctypedef struct load_batch:
        pass
    uint64_t load_real()
    uint64_t load_steady()
    uint64_t load_cpu()
    void load_sleep_until(uint64_t ns)
    void load_sleep_exactly()
    int load_receive(load_batch *batch, int socket)
    void load_describe(load_batch *batch, int i, const uint8_t **data, uint32_t *size, uint32_t *segment_size,
                       uint64_t *arrived_ns)
    int load_send(int socket, uint8_t *data, size_t stride, size_t *sizes, int count)
    int load_prepare(int socket)
    uint32_t load_dropped(int socket)


cdef int inbox_init(Inbox *inbox) noexcept nogil:
    inbox.batch = calloc(1, sizeof(load_batch))
    return -1 if inbox.batch == NULL else 0


cdef void inbox_destroy(Inbox *inbox) noexcept nogil:
    free(inbox.batch)
    inbox.batch = NULL


cdef int inbox_receive(Inbox *inbox, int socket) noexcept nogil:
    cdef load_batch *batch = <load_batch *>inbox.batch
    cdef int count = load_receive(batch, socket)
    cdef Arrival *arrival
    cdef int i
    for i in range(count):
        arrival = &inbox.arrivals[i]
        load_describe(batch, i, &arrival.data, &arrival.size, &arrival.segment_size, &arrival.arrived_ns)
    return count


cdef int letters_send(Letters *letters, int socket) noexcept nogil:
    cdef int sent = 0
    if letters.count:
        sent = load_send(socket, &letters.data[0][0], DATAGRAM_MAX, letters.sizes, letters.count)
    sent = letters.count - sent
    letters.count = 0
    return sent


cdef int socket_prepare(int socket) noexcept nogil:
    return load_prepare(socket)


cdef uint32_t socket_dropped(int socket) noexcept nogil:
    return load_dropped(socket)


cdef uint64_t clock_real() noexcept nogil:
    return load_real()


cdef uint64_t clock_steady() noexcept nogil:
    return load_steady()


cdef uint64_t clock_cpu() noexcept nogil:
    return load_cpu()


cdef void sleep_until(uint64_t steady_ns) noexcept nogil:
    load_sleep_until(steady_ns)


cdef void sleep_exactly() noexcept nogil:
    load_sleep_exactly()
