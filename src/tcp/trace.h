/* trace.h - the trace records of tcp/, one call each. */
#ifndef TCP_TRACE_H
#define TCP_TRACE_H

#include "tcp/conn.h"

void trace_open(struct tcp *t, uint32_t id, const struct ip_addr *local, uint16_t local_port,
                const struct ip_addr *remote, uint16_t remote_port, bool passive);
/* Options other than a timestamp alone. */
void trace_segment_options(struct weir_record_segment *q, const struct tcp_options *o);
static inline void trace_segment(struct tcp *t, enum weir_record_type type, uint32_t id,
                                 const struct tcp_segment *s, uint32_t window, uint16_t gso_size,
                                 uint16_t transmission, uint16_t notes)
{
    struct weir_record scratch, *r = env_record_begin(t->env, type, id, &scratch);
    struct weir_record_segment *q = &r->u.segment;

    q->seq = s->seq;
    q->ack = s->ack;
    q->length = s->payload_size;
    q->window = window;
    q->flags = s->flags;
    q->gso_size = gso_size;
    q->options = s->options.present;
    q->notes = notes;
    q->transmission = transmission;
    q->ecn = s->ecn;
    if (s->options.present == WEIR_SEGMENT_TIMESTAMPS) {
        q->ts_val = s->options.ts_val;
        q->ts_ecr = s->options.ts_ecr;
    } else if (UNLIKELY(s->options.present)) {
        trace_segment_options(q, &s->options);
    }
    env_record_end(t->env, r);
}
void trace_drop(struct tcp *t, uint32_t id, enum weir_drop drop, const struct tcp_segment *s);
void trace_state(struct tcp *t, uint32_t id, enum weir_tcp_state from, enum weir_tcp_state to,
                 enum weir_reason reason);
void trace_timer(struct tcp *t, uint32_t id, enum weir_timer timer, uint32_t count, weir_time next);
void trace_lost(struct tcp *t, const struct tcp_conn *c, seq_pos start, uint32_t size,
                enum weir_reason reason);
void trace_cwnd(struct tcp *t, const struct tcp_conn *c, uint32_t before, enum weir_reason reason);
void trace_rtt(struct tcp *t, const struct tcp_conn *c, weir_time sample, weir_time rto);
void trace_closed(struct tcp *t, uint32_t id, int error, enum weir_reason reason);
void trace_limit(struct tcp *t, struct tcp_conn *c, enum weir_limit limit);

#endif
