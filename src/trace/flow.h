/*
 * flow.h - from the packets of a capture to conversations.
 *
 * A conversation is a pair of endpoints, and more than one when a port is used again: a SYN with a new
 * ISN after the end of the old one (or when the old one was never seen to begin) starts a new one.
 */
#ifndef TRACE_FLOW_H
#define TRACE_FLOW_H

#include "trace/icmp.h"
#include "trace/ladder.h"

struct flows;

struct flow_info {
    struct weir_endpoint client, server;
    size_t segments;
    weir_time start, end;
    bool client_guessed; /* no SYN was seen */
};

struct flows *flows_new(void); /* NULL: no memory */
void flows_del(struct flows *flows);

/* A segment seen on its way from `src` to `dst`; segment->side is set here. WEIR_OK, WEIR_ENOBUFS. */
int flows_add(struct flows *flows, const struct trace_segment *segment,
              const struct weir_endpoint *src, const struct weir_endpoint *dst);

/* An ICMP error about one of the conversations; others are ignored. WEIR_OK, WEIR_ENOBUFS. */
int flows_add_icmp(struct flows *flows, const struct trace_icmp *icmp);

/* In order of their first packet. */
size_t flows_count(const struct flows *flows);
void flows_info(const struct flows *flows, size_t index, struct flow_info *info);

/* Its segments in the order of the capture, sides set; free() them. NULL: no memory. */
struct trace_segment *flows_segments(const struct flows *flows, size_t index, size_t *count);

/* What a conversation's findings need beside its segments, told to its unfinished ladder. */
int flows_surroundings(const struct flows *flows, size_t index, struct ladder *ladder);

/* The finished ladder of one conversation (number: index + 1); where the capture was taken is inferred.
 * NULL: no memory. */
struct ladder *flows_ladder(const struct flows *flows, size_t index);

#endif
