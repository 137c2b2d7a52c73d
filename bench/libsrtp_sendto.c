/* The common shape of a forwarder: for each packet and each subscriber a copy, a new header, libsrtp and one sendto.
 *
 * It receives nothing, which flatters it: the real core's figures include reception.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

typedef int (*protect_t)(void *session, void *packet, int *size);

static double cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1e9 + now.tv_nsec;
}

/* Nanoseconds of CPU a packet over `bursts` bursts to every subscriber; negative when one could not be protected or sent.
 * sequence_number: that of the first packet; the caller never gives one twice. */
double libsrtp_sendto(protect_t protect, void **sessions, const char **addresses, int subscribers, int fd, int burst,
                      int size, long bursts, uint16_t sequence_number) {
    static uint8_t in[64][2048], out[2048];
    static struct sockaddr_in names[1024];
    if (subscribers > 1024 || burst > 64 || size < 12 || size > 1472)
        return -1;
    for (int i = 0; i < subscribers; i++) {
        names[i].sin_family = AF_INET;
        names[i].sin_port = htons(5000);
        inet_pton(AF_INET, addresses[i], &names[i].sin_addr);
    }
    for (int i = 0; i < burst; i++)
        memset(in[i], i * 31, sizeof(in[i]));
    const double start = cpu_ns();
    for (long number = 0; number < bursts; number++)
        for (int packet = 0; packet < burst; packet++, sequence_number++)
            for (int i = 0; i < subscribers; i++) {
                const uint16_t sequence = htons(sequence_number);
                const uint32_t timestamp = htonl((uint32_t)number * 3000), ssrc = htonl(1000 + i);
                int length = size;
                memcpy(out, in[packet], size);
                out[0] = 0x80;
                out[1] = packet == burst - 1 ? 0xE0 : 0x60;
                memcpy(out + 2, &sequence, 2);
                memcpy(out + 4, &timestamp, 4);
                memcpy(out + 8, &ssrc, 4);
                if (protect(sessions[i], out, &length) != 0)
                    return -1;
                if (sendto(fd, out, length, 0, (struct sockaddr *)&names[i], sizeof(names[i])) != length)
                    return -1;
            }
    return (cpu_ns() - start) / ((double)bursts * burst * subscribers);
}
