/* A socket's address as `conclave.core.address` keeps it: 16 bytes, IPv4 mapped, and the port in host order. */
#ifndef CONCLAVE_ENDPOINT_H
#define CONCLAVE_ENDPOINT_H

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

static inline void conclave_endpoint_read(const struct sockaddr_in6 *name, uint8_t *ip, uint16_t *port) {
    if (name->sin6_family == AF_INET) {
        const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)name;
        memset(ip, 0, 10);
        ip[10] = ip[11] = 0xff;
        memcpy(ip + 12, &ipv4->sin_addr, 4);
        *port = ntohs(ipv4->sin_port);
    } else {
        memcpy(ip, &name->sin6_addr, 16);
        *port = ntohs(name->sin6_port);
    }
}

#endif
