/* trace.c - see trace.h. */
#include "tcp/trace.h"

#include "tcp/scoreboard.h"

void trace_open(struct tcp *t, uint32_t id, const struct ip_addr *local, uint16_t local_port,
                const struct ip_addr *remote, uint16_t remote_port, bool passive)
{
    struct weir_record scratch, *r = env_record_begin(t->env, WEIR_RECORD_OPEN, id, &scratch);

    ip_addr_to_public(local, &r->u.open.local.ip);
    ip_addr_to_public(remote, &r->u.open.remote.ip);
    r->u.open.local.port = local_port;
    r->u.open.remote.port = remote_port;
    r->u.open.passive = passive;
    env_record_end(t->env, r);
}

void trace_segment_options(struct weir_record_segment *q, const struct tcp_options *o)
{
    q->wscale = o->wscale;
    q->mss = o->mss;
    q->ts_val = o->ts_val;
    q->ts_ecr = o->ts_ecr;
    if (o->present & WEIR_SEGMENT_SACK) {
        q->sack_count = o->sack_count;
        for (uint32_t i = 0; i < o->sack_count; i++) {
            q->sack[i][0] = o->sack[i].start;
            q->sack[i][1] = o->sack[i].end;
        }
    }
}

void trace_drop(struct tcp *t, uint32_t id, enum weir_drop drop, const struct tcp_segment *s)
{
    struct weir_record scratch, *r = env_record_begin(t->env, WEIR_RECORD_DROP, id, &scratch);

    t->env->dropped[drop]++;
    r->u.drop.drop = (uint16_t)drop;
    r->u.drop.flags = s->flags;
    r->u.drop.seq = s->seq;
    r->u.drop.ack = s->ack;
    r->u.drop.length = s->payload_size;
    env_record_end(t->env, r);
}

void trace_state(struct tcp *t, uint32_t id, enum weir_tcp_state from, enum weir_tcp_state to,
                 enum weir_reason reason)
{
    struct weir_record scratch, *r = env_record_begin(t->env, WEIR_RECORD_STATE, id, &scratch);

    r->u.state.from = (uint8_t)from;
    r->u.state.to = (uint8_t)to;
    r->u.state.reason = (uint16_t)reason;
    env_record_end(t->env, r);
}

void trace_timer(struct tcp *t, uint32_t id, enum weir_timer timer, uint32_t count, weir_time next)
{
    struct weir_record scratch, *r = env_record_begin(t->env, WEIR_RECORD_TIMER, id, &scratch);

    r->u.timer.timer = (uint8_t)timer;
    r->u.timer.count = (uint8_t)min_u32(count, UINT8_MAX);
    r->u.timer.reserved = 0;
    r->u.timer.reserved2 = 0;
    r->u.timer.next = next;
    env_record_end(t->env, r);
}

void trace_lost(struct tcp *t, const struct tcp_conn *c, seq_pos start, uint32_t size,
                enum weir_reason reason)
{
    struct weir_record scratch, *r = env_record_begin(t->env, WEIR_RECORD_LOST, c->id, &scratch);

    r->u.range.seq = seq_wire(start);
    r->u.range.length = size;
    r->u.range.reason = (uint16_t)reason;
    env_record_end(t->env, r);
}

void trace_cwnd(struct tcp *t, const struct tcp_conn *c, uint32_t before, enum weir_reason reason)
{
    struct weir_record scratch, *r = env_record_begin(t->env, WEIR_RECORD_CWND, c->id, &scratch);

    r->u.cwnd.cwnd = c->cwnd;
    r->u.cwnd.ssthresh = c->ssthresh;
    r->u.cwnd.cwnd_before = before;
    r->u.cwnd.inflight = scoreboard_in_flight(c);
    r->u.cwnd.reason = (uint16_t)reason;
    env_record_end(t->env, r);
}

void trace_rtt(struct tcp *t, const struct tcp_conn *c, weir_time sample, weir_time rto)
{
    struct weir_record scratch, *r = env_record_begin(t->env, WEIR_RECORD_RTT, c->id, &scratch);

    r->u.rtt.sample = sample;
    r->u.rtt.srtt = (weir_time)c->srtt8_us * WEIR_US / 8;
    r->u.rtt.rttvar = (weir_time)c->rttvar4_us * WEIR_US / 4;
    r->u.rtt.rto = rto;
    env_record_end(t->env, r);
}

void trace_closed(struct tcp *t, uint32_t id, int error, enum weir_reason reason)
{
    struct weir_record scratch, *r = env_record_begin(t->env, WEIR_RECORD_CLOSED, id, &scratch);

    r->u.closed.error = error;
    r->u.closed.reason = (uint16_t)reason;
    env_record_end(t->env, r);
}
