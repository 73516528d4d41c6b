/*
 * bench_make_capture.c - writes the large captures that reading is measured with.
 *
 * usage: bench_make_capture full|headers|conns|one MEGABYTES FILE
 *
 *   full     whole frames of 1514 bytes and their ACKs, 50 connections
 *   headers  the first 66 bytes of each frame, 200 connections
 *   conns    headers of short connections, 120 000 of them in 300 MB, 2000 at a time
 *   one      headers of one connection
 *
 * Requests go up, data comes down, every second segment is acknowledged; one in 500 is lost after the tap,
 * which shows as duplicate ACKs with SACK and a fast retransmission. Equal arguments give equal files.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADERS 66 /* Ethernet, IPv4, TCP with timestamps */
#define HEADERS_SACK 78
#define MSS 1448
#define LOSS 500

#define FIN 1
#define SYN 2
#define ACK 16

struct kind {
    const char *name;
    size_t captured; /* of each packet, at most */
    unsigned at_once;
    unsigned segments; /* of data per connection; 0: without end */
};

static const struct kind kinds[] = {{"full", 65535, 50, 20000},
                                    {"headers", 66, 200, 12000},
                                    {"conns", 66, 2000, 15},
                                    {"one", 66, 1, 0}};

struct connection {
    uint32_t number, client, server; /* of the connection; next sequence numbers */
    unsigned step, sent, dups;
    uint32_t lost, acked; /* lost: 0 none */
    uint16_t id;
};

static const struct kind *kind;
static uint64_t clock_us, limit, written;
static FILE *out;

static void put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p + 2, value & 0xffff);
}

static void write_packet(const uint8_t *packet, size_t original)
{
    static const uint8_t rest[1514];
    uint32_t captured = (uint32_t)(original < kind->captured ? original : kind->captured);
    uint32_t header[4] = {(uint32_t)(clock_us / 1000000), (uint32_t)(clock_us % 1000000), captured,
                          (uint32_t)original};
    size_t headers = captured < HEADERS_SACK ? captured : HEADERS_SACK;

    fwrite(header, sizeof(header), 1, out);
    fwrite(packet, 1, headers, out);
    fwrite(rest, 1, captured - headers, out);
    written += sizeof(header) + captured;
    clock_us += 3;
}

static uint32_t sum(const uint8_t *p, unsigned size, uint32_t sum)
{
    for (unsigned i = 0; i < size; i += 2) {
        sum += (uint32_t)(p[i] << 8 | p[i + 1]);
    }
    return sum;
}

static void put_sum(uint8_t *field, uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    put16(field, ~((sum & 0xffff) + (sum >> 16)) & 0xffff);
}

/* One packet of `c`; sack: [start, end), 0: none. */
static void send_it(struct connection *c, int up, uint8_t flags, uint32_t seq, uint32_t ack,
                    uint32_t length, const uint32_t sack[2])
{
    uint8_t p[HEADERS_SACK] = {[12] = 8};
    uint8_t *ip = p + 14, *tcp = p + 34;
    uint32_t header = sack[1] != 0 ? HEADERS_SACK : HEADERS;
    uint32_t client = 0x0a000000 + c->number / 20000, server = 0xc0a80001;
    uint32_t port = 20000 + c->number % 20000;

    ip[0] = 0x45;
    put16(ip + 2, header - 14 + length);
    put16(ip + 4, up ? 2u * c->id + 1 : 2u * c->id);
    c->id++;
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = 6;
    put32(ip + 12, up ? client : server);
    put32(ip + 16, up ? server : client);
    put_sum(ip + 10, sum(ip, 20, 0));
    put16(tcp, up ? port : 80);
    put16(tcp + 2, up ? 80 : port);
    put32(tcp + 4, seq);
    put32(tcp + 8, (flags & ACK) != 0 ? ack : 0);
    tcp[12] = (uint8_t)((header - 34) / 4 << 4);
    tcp[13] = flags;
    put16(tcp + 14, 60000);
    memcpy(tcp + 20, "\1\1\x08\x0a", 4);
    put32(tcp + 24, (uint32_t)(clock_us / 1000));
    put32(tcp + 28, (uint32_t)(clock_us / 1000) - 1);
    if (sack[1] != 0) {
        memcpy(tcp + 32, "\1\1\x05\x0a", 4);
        put32(tcp + 36, sack[0]);
        put32(tcp + 40, sack[1]);
    }
    /* The payload is all zeros. */
    put_sum(tcp + 16, sum(tcp, header - 34, sum(ip + 12, 8, 6 + header - 34 + length)));
    write_packet(p, header + length);
}

static void begin(struct connection *c, uint32_t number)
{
    *c = (struct connection){.number = number, .client = 1000 + number, .server = 5000 + number};
}

static const uint32_t no_sack[2];

/* The next packet or two of a connection in its data phase. */
static void data_step(struct connection *c)
{
    if (c->lost != 0 && c->dups == 3) { /* sent again, and acknowledged */
        send_it(c, 0, ACK, c->lost, c->client, MSS, no_sack);
        c->lost = 0;
        c->dups = 0;
        send_it(c, 1, ACK, c->client, c->server, 0, no_sack);
        return;
    }
    uint32_t start = c->server;
    send_it(c, 0, ACK, start, c->client, MSS, no_sack);
    c->server += MSS;
    c->sent++;
    if (c->lost != 0) {
        const uint32_t sack[2] = {c->lost + MSS, c->server};
        send_it(c, 1, ACK, c->client, c->lost, 0, sack);
        c->dups++;
    } else if ((c->sent * 7919u + c->number) % LOSS == 0) {
        c->lost = start;
        if (c->sent % 2 == 0) { /* the one before it waits for its ACK */
            send_it(c, 1, ACK, c->client, start, 0, no_sack);
        }
    } else if (c->sent % 2 == 0) {
        send_it(c, 1, ACK, c->client, c->server, 0, no_sack);
    }
}

/* False: it is over. */
static int step(struct connection *c)
{
    switch (c->step) {
    case 0: send_it(c, 1, SYN, c->client++, 0, 0, no_sack); break;
    case 1: send_it(c, 0, SYN | ACK, c->server++, c->client, 0, no_sack); break;
    case 2: send_it(c, 1, ACK, c->client, c->server, 0, no_sack); break;
    case 3:
        send_it(c, 1, ACK, c->client, c->server, 100, no_sack);
        c->client += 100;
        break;
    case 4:
        data_step(c);
        if (kind->segments == 0 || c->sent < kind->segments || c->lost != 0) {
            return 1;
        }
        break;
    case 5: send_it(c, 0, FIN | ACK, c->server++, c->client, 0, no_sack); break;
    case 6: send_it(c, 1, FIN | ACK, c->client++, c->server, 0, no_sack); break;
    default: send_it(c, 0, ACK, c->server, c->client, 0, no_sack); return 0;
    }
    c->step++;
    return 1;
}

static int generate(void)
{
    struct connection *all = calloc(kind->at_once, sizeof(*all));
    uint32_t next = 0;

    if (all == NULL) {
        return 1;
    }
    for (; next < kind->at_once; next++) {
        begin(&all[next], next);
        for (unsigned i = 0; i < next % 8; i++) {
            step(&all[next]);
        }
    }
    while (written < limit) {
        for (unsigned i = 0; i < kind->at_once; i++) {
            unsigned burst = 1 + (i + next) % 4;
            while (burst > 0 && step(&all[i])) {
                burst--;
            }
            if (burst > 0) {
                begin(&all[i], next++);
            }
        }
    }
    free(all);
    return 0;
}

int main(int argc, char **argv)
{
    static const uint32_t header[6] = {0xa1b2c3d4, 4u << 16 | 2, 0, 0, 65535, 1};

    for (size_t i = 0; argc == 4 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(argv[1], kinds[i].name) == 0) {
            kind = &kinds[i];
        }
    }
    out = kind == NULL ? NULL : fopen(argv[3], "wb");
    if (out == NULL) {
        fprintf(stderr, "usage: bench_make_capture full|headers|conns|one MEGABYTES FILE\n");
        return 64;
    }
    limit = strtoull(argv[2], NULL, 10) * 1000000;
    clock_us = 1700000000ull * 1000000;
    fwrite(header, sizeof(header), 1, out);
    return generate() != 0 || fclose(out) != 0 ? 71 : 0;
}
