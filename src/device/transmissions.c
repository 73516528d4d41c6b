/* transmissions.c - see transmissions.h. One table for two things, both by a fingerprint of 64 bits: a flow's ISN, and
 * how often the segment of a flow that begins with this number was sent. */
#include "device/transmissions.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/siphash.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/tcp.h"

#define SIZE_FIRST 4096 /* a power of two, as all sizes */

struct transmission {
    uint64_t key; /* 0: free */
    uint32_t value;
};

/* What a fingerprint is taken of. */
struct flow_key {
    uint8_t src[16], dst[16];
    uint16_t src_port, dst_port;
    uint32_t seq;
    uint32_t what; /* enum */
};
enum { WHAT_ISN, WHAT_SEGMENT };

/* ---- The table ---- */

static uint64_t fingerprint(const struct flow_key *flow)
{
    static const uint8_t key[16] = "transmissions"; /* nobody attacks */
    uint64_t hash = siphash(key, flow, sizeof(*flow));

    return hash ? hash : 1;
}

static struct transmission *find(struct transmission *table, size_t size, uint64_t key)
{
    size_t at = (size_t)key & (size - 1);

    while (table[at].key != 0 && table[at].key != key) {
        at = (at + 1) & (size - 1);
    }
    return &table[at];
}

static bool grow(struct transmissions *t)
{
    size_t size = t->size ? t->size * 2 : SIZE_FIRST;
    struct transmission *table = calloc(size, sizeof(table[0]));

    if (!table) {
        return t->count + 1 < t->size; /* one place must stay free, or find never ends */
    }
    for (size_t i = 0; i < t->size; i++) {
        if (t->table[i].key != 0) {
            *find(table, size, t->table[i].key) = t->table[i];
        }
    }
    free(t->table);
    t->table = table;
    t->size = size;
    return true;
}

/* The value of the key, made when it is not there; NULL without memory. */
static uint32_t *value_of(struct transmissions *t, const struct flow_key *flow)
{
    struct transmission *entry;

    if (t->count + 1 > t->size / 4 * 3 && !grow(t)) {
        return NULL;
    }
    entry = find(t->table, t->size, fingerprint(flow));
    if (entry->key == 0) {
        entry->key = fingerprint(flow);
        t->count++;
    }
    return &entry->value;
}

/* ---- Packets ---- */

/* Addresses to *flow, and where its TCP begins and ends; false: none in there. */
static bool find_tcp(const uint8_t *ip, uint32_t size, struct flow_key *flow, uint32_t *from,
                     uint32_t *to)
{
    struct ip4_header h4;
    struct ip6_header h6;

    if (size > 0 && ip[0] >> 4 == 4 && ip4_parse(ip, size, false, &h4) == WEIR_DROP_NONE) {
        memcpy(flow->src, h4.src, sizeof(h4.src));
        memcpy(flow->dst, h4.dst, sizeof(h4.dst));
        *from = h4.header_size;
        *to = h4.total_size;
        return h4.protocol == IP_PROTOCOL_TCP && !h4.fragment;
    }
    if (size > 0 && ip[0] >> 4 == 6 && ip6_parse(ip, size, &h6) == WEIR_DROP_NONE) {
        memcpy(flow->src, h6.src, sizeof(h6.src));
        memcpy(flow->dst, h6.dst, sizeof(h6.dst));
        *from = h6.upper_offset;
        *to = IP6_HEADER_SIZE + h6.payload_size;
        return h6.protocol == IP_PROTOCOL_TCP && !h6.fragment;
    }
    return false;
}

struct transmission_seen transmissions_note(struct transmissions *t, const uint8_t *packet,
                                            uint32_t size, uint32_t link_size)
{
    struct transmission_seen seen = {0};
    struct flow_key flow;
    struct tcp_segment s;
    uint32_t from, to, *value;

    memset(&flow, 0, sizeof(flow)); /* all of it is summed up */
    if (size <= link_size || !find_tcp(packet + link_size, size - link_size, &flow, &from, &to) ||
        tcp_parse(packet + link_size + from, to - from, &s) != WEIR_DROP_NONE) {
        return seen;
    }
    flow.src_port = s.src_port;
    flow.dst_port = s.dst_port;
    flow.what = WHAT_ISN;
    value = value_of(t, &flow);
    if (value && (s.flags & WEIR_TCP_SYN)) {
        *value = s.seq;
    }
    if (s.payload_size == 0) {
        return seen;
    }
    seen.position = s.seq + ((s.flags & WEIR_TCP_SYN) ? 1 : 0) - (value ? *value : 0);
    seen.payload = s.payload_size;
    flow.what = WHAT_SEGMENT;
    flow.seq = s.seq;
    value = value_of(t, &flow);
    seen.number = value ? ++*value : 1;
    return seen;
}

bool transmission_lost(const struct transmission_seen *seen, uint64_t seed, double probability)
{
    uint8_t key[16], said[8];

    store_be64(key, seed);
    store_be64(key + 8, ~seed);
    store_be32(said, seen->position);
    store_be32(said + 4, seen->number);
    /* 53 bits are what a double holds */
    return seen->number != 0 &&
           (double)(siphash(key, said, sizeof(said)) >> 11) < probability * 9007199254740992.0;
}

void transmissions_fini(struct transmissions *t)
{
    free(t->table);
    *t = (struct transmissions){0};
}
