/*
 * flow.c - the conversations of a capture with all their segments, found by demux.h.
 *
 * Inside, the sides of a conversation are 0 and 1 by whose packet came first; who is the client is decided
 * when somebody asks, because the SYN may come late or never.
 */
#include "trace/flow.h"

#include <stdlib.h>
#include <string.h>

#include "trace/demux.h"
#include "trace/vantage.h"

struct flow {
    struct trace_segment *segments;
    size_t count, room;
    struct trace_icmp *icmp; /* errors about it */
    size_t icmp_count;
};

struct flows {
    struct demux *demux; /* each entry with a struct flow */
};

static struct flow *flow_at(const struct flows *f, size_t index)
{
    return demux_payload(demux_at(f->demux, index));
}

struct flows *flows_new(void)
{
    struct flows *f = calloc(1, sizeof(*f));

    if (f == NULL) {
        return NULL;
    }
    f->demux = demux_new(sizeof(struct flow));
    if (f->demux == NULL) {
        free(f);
        return NULL;
    }
    return f;
}

void flows_del(struct flows *f)
{
    if (f == NULL) {
        return;
    }
    for (size_t i = 0; i < demux_count(f->demux); i++) {
        free(flow_at(f, i)->segments);
        free(flow_at(f, i)->icmp);
    }
    demux_del(f->demux);
    free(f);
}

int flows_add(struct flows *f, const struct trace_segment *segment, const struct weir_endpoint *src,
              const struct weir_endpoint *dst)
{
    struct demux_key key;
    uint8_t side;

    demux_key(&key, src, dst);
    struct demux_entry *entry = demux_take(f->demux, &key, segment, &side);
    if (entry == NULL) {
        return WEIR_ENOBUFS;
    }
    struct flow *flow = demux_payload(entry);
    if (flow->count == flow->room) {
        size_t room = flow->room == 0 ? 8 : flow->room * 2;
        struct trace_segment *segments = realloc(flow->segments, room * sizeof(*segments));
        if (segments == NULL) {
            return WEIR_ENOBUFS;
        }
        flow->segments = segments;
        flow->room = room;
    }
    flow->segments[flow->count] = *segment;
    flow->segments[flow->count++].side = side;
    return WEIR_OK;
}

int flows_add_icmp(struct flows *f, const struct trace_icmp *icmp)
{
    struct demux_key key;

    demux_key(&key, &icmp->src, &icmp->dst);
    struct demux_entry *entry = demux_peek(f->demux, &key);
    if (entry == NULL) {
        return WEIR_OK;
    }
    struct flow *flow = demux_payload(entry);
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
    return demux_count(f->demux);
}

struct ends {
    struct weir_endpoint end[2]; /* by enum trace_side */
    uint8_t client;              /* which of the demux's sides it is */
    bool guessed;
};

static struct ends ends_of(const struct flows *f, size_t index)
{
    const struct demux_entry *entry = demux_at(f->demux, index);
    struct weir_endpoint end[2];
    struct ends ends;

    demux_endpoints(entry, end);
    ends.client = demux_client(entry, &ends.guessed);
    ends.end[LADDER_CLIENT] = end[ends.client];
    ends.end[LADDER_SERVER] = end[1 - ends.client];
    return ends;
}

void flows_info(const struct flows *f, size_t index, struct flow_info *info)
{
    const struct flow *flow = flow_at(f, index);
    struct ends ends = ends_of(f, index);

    *info = (struct flow_info){.client = ends.end[LADDER_CLIENT],
                               .server = ends.end[LADDER_SERVER],
                               .segments = flow->count,
                               .start = flow->segments[0].time,
                               .end = flow->segments[flow->count - 1].time,
                               .client_guessed = ends.guessed};
}

/* The conversation before, of the same endpoints, if it was closed by both sides: where its client's numbers ended. */
static void tell_previous(const struct flows *f, uint32_t index, const struct weir_endpoint *client,
                          struct ladder *ladder)
{
    const uint32_t both = DEMUX_FIN | DEMUX_FIN << 1;
    const struct demux_entry *before = demux_at(f->demux, index);
    const struct flow *flow = flow_at(f, index);
    struct weir_endpoint end[2];

    if ((before->flags & (both | DEMUX_RESET)) != both) {
        return;
    }
    demux_endpoints(before, end);
    uint8_t side = trace_same_end(&end[0], client) ? 0 : 1;
    uint32_t first = before->isn[side], next = first;
    for (size_t i = 0; i < flow->count; i++) {
        const struct trace_segment *s = &flow->segments[i];
        uint32_t last = s->seq + trace_segment_span(s);
        next = s->side == side && (int32_t)(last - next) > 0 ? last : next;
    }
    ladder_set_previous(ladder, flow->segments[flow->count - 1].time, first, next);
}

int flows_surroundings(const struct flows *f, size_t index, struct ladder *ladder)
{
    const struct flow *flow = flow_at(f, index);
    struct ends ends = ends_of(f, index);
    uint32_t previous = demux_at(f->demux, index)->previous;
    int result = WEIR_OK;

    for (size_t i = 0; i < flow->icmp_count && result == WEIR_OK; i++) {
        const struct trace_icmp *icmp = &flow->icmp[i];
        enum trace_side from =
            trace_same_end(&icmp->src, &ends.end[LADDER_CLIENT]) ? LADDER_CLIENT : LADDER_SERVER;
        result = ladder_add_icmp(ladder, icmp->time, from, icmp->what, icmp->mtu);
    }
    if (previous != DEMUX_NONE) {
        tell_previous(f, previous, &ends.end[LADDER_CLIENT], ladder);
    }
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
    const struct flow *flow = flow_at(f, index);
    struct trace_segment *segments = malloc(flow->count * sizeof(*segments));
    struct ends ends = ends_of(f, index);

    for (size_t i = 0; i < flow->count && segments != NULL; i++) {
        segments[i] = flow->segments[i];
        segments[i].side ^= ends.client;
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
