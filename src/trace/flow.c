/*
 * flow.c - packets to conversations: a hash table of the latest conversation of each pair of endpoints.
 *
 * Inside, the sides of a conversation are 0 and 1 by whose packet came first; who is the client is decided
 * when somebody asks, because the SYN may come late or never.
 */
#include "trace/flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "trace/vantage.h"

#define TABLE_ROOM_MIN 256
#define NONE UINT32_MAX

/* Server ports are small, ephemeral ones begin here at the earliest. */
#define EPHEMERAL_MIN 32768

struct flow {
    struct weir_endpoint end[2]; /* 0: whose packet came first */
    struct trace_segment *segments;
    size_t count, room;
    bool isn_known[2], spoke[2];
    uint32_t isn[2];
    bool syn[2];     /* sent a SYN without ACK */
    bool syn_ack[2]; /* sent a SYN, ACK */
    bool fin[2], reset;
    uint8_t first_syn;       /* the side that sent the first SYN */
    uint32_t before;         /* the conversation before, of the same endpoints: index or NONE */
    struct trace_icmp *icmp; /* errors about it */
    size_t icmp_count;
    uint32_t older; /* next in the hash chain: index or NONE */
    uint32_t hash;
};

struct flows {
    struct flow *flow;
    uint32_t count, room;
    uint32_t *table; /* heads of chains; room is a power of two */
    uint32_t table_room;
};

struct flows *flows_new(void)
{
    struct flows *f = calloc(1, sizeof(*f));

    if (f == NULL) {
        return NULL;
    }
    f->table_room = TABLE_ROOM_MIN;
    f->table = malloc(f->table_room * sizeof(*f->table));
    if (f->table == NULL) {
        free(f);
        return NULL;
    }
    memset(f->table, 0xff, f->table_room * sizeof(*f->table));
    return f;
}

void flows_del(struct flows *f)
{
    if (f == NULL) {
        return;
    }
    for (uint32_t i = 0; i < f->count; i++) {
        free(f->flow[i].segments);
        free(f->flow[i].icmp);
    }
    free(f->flow);
    free(f->table);
    free(f);
}

/* The same in both directions. Not keyed: who makes a file full of collisions only makes a slow file. */
static uint32_t hash_ends(const struct weir_endpoint *a, const struct weir_endpoint *b)
{
    uint32_t sum = 0;
    const struct weir_endpoint *ends[2] = {a, b};

    for (int i = 0; i < 2; i++) {
        uint32_t h = 2166136261u ^ ends[i]->port;
        for (size_t k = 0; k < sizeof(ends[i]->ip.bytes); k++) {
            h = (h ^ ends[i]->ip.bytes[k]) * 16777619u;
        }
        sum += (h ^ h >> 15) * 2246822519u;
    }
    return sum ^ sum >> 13;
}

static bool end_equal(const struct weir_endpoint *a, const struct weir_endpoint *b)
{
    return a->port == b->port && a->ip.family == b->ip.family &&
           memcmp(a->ip.bytes, b->ip.bytes, sizeof(a->ip.bytes)) == 0;
}

/* The latest conversation between these endpoints. */
static uint32_t find_flow(const struct flows *f, uint32_t hash, const struct weir_endpoint *src,
                          const struct weir_endpoint *dst)
{
    uint32_t i = f->table[hash & (f->table_room - 1)];

    while (i != NONE) {
        const struct flow *flow = &f->flow[i];
        if (flow->hash == hash &&
            ((end_equal(&flow->end[0], src) && end_equal(&flow->end[1], dst)) ||
             (end_equal(&flow->end[0], dst) && end_equal(&flow->end[1], src)))) {
            return i;
        }
        i = flow->older;
    }
    return NONE;
}

static bool grow_table(struct flows *f)
{
    uint32_t room = f->table_room * 2;
    uint32_t *table = malloc(room * sizeof(*table));

    if (table == NULL) {
        return false;
    }
    memset(table, 0xff, room * sizeof(*table));
    for (uint32_t i = 0; i < f->count; i++) { /* in order of age: the latest becomes the head */
        uint32_t *head = &table[f->flow[i].hash & (room - 1)];
        f->flow[i].older = *head;
        *head = i;
    }
    free(f->table);
    f->table = table;
    f->table_room = room;
    return true;
}

static uint32_t new_flow(struct flows *f, uint32_t hash, const struct weir_endpoint *src,
                         const struct weir_endpoint *dst)
{
    if (f->count == f->table_room && !grow_table(f)) {
        return NONE;
    }
    if (f->count == f->room) {
        uint32_t room = f->room == 0 ? 16 : f->room * 2;
        struct flow *flow = realloc(f->flow, room * sizeof(*flow));
        if (flow == NULL) {
            return NONE;
        }
        f->flow = flow;
        f->room = room;
    }
    uint32_t *head = &f->table[hash & (f->table_room - 1)];
    f->flow[f->count] =
        (struct flow){.end = {*src, *dst}, .hash = hash, .older = *head, .before = NONE};
    *head = f->count;
    return f->count++;
}

/* Does this SYN begin something new? */
static bool begins_anew(const struct flow *flow, const struct trace_segment *s, int side)
{
    if ((s->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST)) != WEIR_TCP_SYN) {
        return false;
    }
    if (flow->isn_known[side] && flow->isn[side] == s->seq) {
        return false; /* the same SYN again */
    }
    if (!flow->spoke[side]) { /* both open at once; or the other side's last words were old ones */
        return flow->spoke[1 - side] && !flow->isn_known[1 - side];
    }
    bool closed = flow->reset || (flow->fin[0] && flow->fin[1]);
    bool unanswered = !flow->spoke[1 - side];
    return closed || unanswered || !flow->isn_known[side];
}

static void note_segment(struct flow *flow, const struct trace_segment *s, int side)
{
    bool has_ack = (s->flags & WEIR_TCP_ACK) != 0;

    if ((s->flags & WEIR_TCP_SYN) != 0 && (s->flags & WEIR_TCP_RST) == 0) {
        if (!has_ack && !flow->syn[0] && !flow->syn[1]) {
            flow->first_syn = (uint8_t)side;
        }
        *(has_ack ? &flow->syn_ack[side] : &flow->syn[side]) = true;
        flow->isn[side] = s->seq;
        flow->isn_known[side] = true;
    }
    flow->fin[side] = flow->fin[side] || (s->flags & WEIR_TCP_FIN) != 0;
    flow->reset = flow->reset || (s->flags & WEIR_TCP_RST) != 0;
    flow->spoke[side] = true;
}

int flows_add(struct flows *f, const struct trace_segment *segment, const struct weir_endpoint *src,
              const struct weir_endpoint *dst)
{
    uint32_t hash = hash_ends(src, dst);
    uint32_t i = find_flow(f, hash, src, dst);
    int side = i != NONE && !end_equal(&f->flow[i].end[0], src);

    if (i == NONE || begins_anew(&f->flow[i], segment, side)) {
        uint32_t before = i;
        i = new_flow(f, hash, src, dst);
        side = 0;
        if (i == NONE) {
            return WEIR_ENOBUFS;
        }
        f->flow[i].before = before;
    }
    struct flow *flow = &f->flow[i];
    if (flow->count == flow->room) {
        size_t room = flow->room == 0 ? 8 : flow->room * 2;
        struct trace_segment *segments = realloc(flow->segments, room * sizeof(*segments));
        if (segments == NULL) {
            return WEIR_ENOBUFS;
        }
        flow->segments = segments;
        flow->room = room;
    }
    note_segment(flow, segment, side);
    flow->segments[flow->count] = *segment;
    flow->segments[flow->count++].side = (uint8_t)side;
    return WEIR_OK;
}

int flows_add_icmp(struct flows *f, const struct trace_icmp *icmp)
{
    uint32_t i = find_flow(f, hash_ends(&icmp->src, &icmp->dst), &icmp->src, &icmp->dst);

    if (i == NONE) {
        return WEIR_OK;
    }
    struct flow *flow = &f->flow[i];
    struct trace_icmp *grown = realloc(flow->icmp, (flow->icmp_count + 1) * sizeof(*grown));
    if (grown == NULL) {
        return WEIR_ENOBUFS;
    }
    flow->icmp = grown;
    flow->icmp[flow->icmp_count++] = *icmp;
    return WEIR_OK;
}

size_t flows_count(const struct flows *f)
{
    return f->count;
}

/* The SYN's sender; else who got a SYN, ACK; else, a guess, who uses the larger port, if only one of them
 * is ephemeral; else whose packet came first. */
static int client_side(const struct flow *flow)
{
    if (flow->syn[0] || flow->syn[1]) {
        return flow->first_syn;
    }
    if (flow->syn_ack[0] != flow->syn_ack[1]) {
        return flow->syn_ack[0] ? 1 : 0;
    }
    bool ephemeral[2] = {flow->end[0].port >= EPHEMERAL_MIN, flow->end[1].port >= EPHEMERAL_MIN};
    return !ephemeral[0] && ephemeral[1] ? 1 : 0;
}

static bool is_guess(const struct flow *flow)
{
    return !flow->syn[0] && !flow->syn[1] && flow->syn_ack[0] == flow->syn_ack[1];
}

void flows_info(const struct flows *f, size_t index, struct flow_info *info)
{
    const struct flow *flow = &f->flow[index];
    int client = client_side(flow);

    *info = (struct flow_info){.client = flow->end[client],
                               .server = flow->end[1 - client],
                               .segments = flow->count,
                               .start = flow->segments[0].time,
                               .end = flow->segments[flow->count - 1].time,
                               .client_guessed = is_guess(flow)};
}

int flows_surroundings(const struct flows *f, size_t index, struct ladder *ladder)
{
    const struct flow *flow = &f->flow[index];
    const struct flow *before = flow->before == NONE ? NULL : &f->flow[flow->before];
    int result = WEIR_OK;

    for (size_t i = 0; i < flow->icmp_count && result == WEIR_OK; i++) {
        const struct trace_icmp *icmp = &flow->icmp[i];
        int from = end_equal(&icmp->src, &flow->end[client_side(flow)]) ? 0 : 1;
        result = ladder_add_icmp(ladder, icmp->time, (enum trace_side)from, icmp->what, icmp->mtu);
    }
    if (before == NULL || !before->fin[0] || !before->fin[1] || before->reset) {
        return result;
    }
    int client = end_equal(&before->end[0], &flow->end[client_side(flow)]) ? 0 : 1;
    uint32_t first = before->isn[client], next = first;
    for (size_t i = 0; i < before->count; i++) {
        const struct trace_segment *s = &before->segments[i];
        uint32_t end = s->seq + trace_segment_span(s);
        next = s->side == client && (int32_t)(end - next) > 0 ? end : next;
    }
    ladder_set_previous(ladder, before->segments[before->count - 1].time, first, next);
    return result;
}

static int fill_ladder(struct ladder *ladder, const struct trace_segment *segments, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int result = ladder_add_segment(ladder, &segments[i]);
        if (result != WEIR_OK) {
            return result;
        }
    }
    return ladder_finish(ladder);
}

struct trace_segment *flows_segments(const struct flows *f, size_t index, size_t *count)
{
    const struct flow *flow = &f->flow[index];
    struct trace_segment *segments = malloc(flow->count * sizeof(*segments));

    for (size_t i = 0; i < flow->count && segments != NULL; i++) {
        segments[i] = flow->segments[i];
        segments[i].side ^= (uint8_t)client_side(flow);
    }
    *count = flow->count;
    return segments;
}

struct ladder *flows_ladder(const struct flows *f, size_t index)
{
    size_t count;
    struct trace_segment *segments = flows_segments(f, index, &count);
    struct ladder *ladder = NULL;
    struct flow_info info;

    if (segments == NULL) {
        return NULL;
    }
    flows_info(f, index, &info);
    ladder = ladder_new(vantage_infer(segments, count));
    if (ladder != NULL) {
        ladder_set_number(ladder, (uint32_t)index + 1);
        ladder_set_ends(ladder, &info.client, &info.server, info.client_guessed);
        if (flows_surroundings(f, index, ladder) != WEIR_OK ||
            fill_ladder(ladder, segments, count) != WEIR_OK) {
            ladder_del(ladder);
            ladder = NULL;
        }
    }
    free(segments);
    return ladder;
}
