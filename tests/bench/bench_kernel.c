/*
 * bench_kernel.c - the kernel's TCP as the source or the sink of a bulk transfer, through blocking sockets
 * and with CUBIC, whatever the system's default is.
 *
 * usage: bench_kernel source|sink ADDRESS PORT MEGABYTES
 *
 * The sink listens on ADDRESS; the source connects to it, and tries again while nobody listens.
 */
#include "kit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (128u << 10)
#define TRIES 200 /* of 10 ms: the sink may not be there yet */

static uint8_t data[CHUNK];

static int tcp_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5) < 0)
        kit_die("a socket with CUBIC", 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    return fd;
}

static uint64_t run_source(const struct sockaddr_in *to, uint64_t wanted)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    uint64_t sent = 0;
    int fd = tcp_socket();
    for (int i = 0; connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0; i++) {
        if (i == TRIES)
            kit_die("connecting", 0);
        close(fd);
        nanosleep(&pause, NULL);
        fd = tcp_socket();
    }
    while (sent < wanted) {
        uint64_t left = wanted - sent;
        ssize_t n = write(fd, data, left < CHUNK ? left : CHUNK);
        if (n <= 0)
            kit_die("writing", 0);
        sent += (uint64_t)n;
    }
    shutdown(fd, SHUT_WR);
    if (read(fd, data, CHUNK) != 0) /* the sink has read everything */
        kit_die("waiting for the end", 0);
    close(fd);
    return sent;
}

static uint64_t run_sink(const struct sockaddr_in *at)
{
    uint64_t got = 0;
    ssize_t n;
    int listener = tcp_socket();
    if (bind(listener, (const struct sockaddr *)at, sizeof(*at)) < 0 || listen(listener, 1) < 0)
        kit_die("listening", 0);
    int fd = accept(listener, NULL, NULL);
    if (fd < 0)
        kit_die("accepting", 0);
    while ((n = read(fd, data, CHUNK)) > 0)
        got += (uint64_t)n;
    close(fd);
    close(listener);
    return got;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (argc != 5 || inet_pton(AF_INET, argv[2], &address.sin_addr) != 1) {
        fprintf(stderr, "usage: bench_kernel source|sink ADDRESS PORT MEGABYTES\n");
        return 64;
    }
    uint64_t wanted = strtoull(argv[4], NULL, 10) * 1000000;
    address.sin_port = htons((uint16_t)strtoul(argv[3], NULL, 10));
    bool source = strcmp(argv[1], "source") == 0;
    uint64_t bytes = source ? run_source(&address, wanted) : run_sink(&address);
    kit_usage(bytes);
    return bytes == wanted ? 0 : 1;
}
