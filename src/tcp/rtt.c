/* rtt.c - see rtt.h. Scaled integers: srtt by 8, rttvar by 4 (RFC 6298's alpha 1/8, beta 1/4). */
#include "tcp/rtt.h"

#include "tcp/trace.h"

#define SAMPLE_MAX_US (60u * 1000000)

void rtt_sample(struct tcp *t, struct tcp_conn *c, weir_time sample)
{
    uint32_t us = (uint32_t)min_u64(max_u64(sample / WEIR_US, 1), SAMPLE_MAX_US);

    if (c->srtt8_us == 0) {
        c->srtt8_us = us * 8;
        c->rttvar4_us = us * 2; /* rttvar = R / 2 */
    } else {
        int64_t error = (int64_t)us - c->srtt8_us / 8;
        int64_t magnitude = error < 0 ? -error : error;

        c->rttvar4_us = (uint32_t)((int64_t)c->rttvar4_us + magnitude - c->rttvar4_us / 4);
        c->srtt8_us = (uint32_t)((int64_t)c->srtt8_us + error);
    }
    if (c->min_rtt_us == 0 || us < c->min_rtt_us) {
        c->min_rtt_us = us;
    }
    trace_rtt(t, c, sample, rtt_rto(c));
}

void rtt_sample_echo(struct tcp *t, struct tcp_conn *c, uint32_t ts_ecr)
{
    uint32_t ms = (uint32_t)(t->env->now / WEIR_MS) + c->ts_offset - ts_ecr;

    if (ts_ecr && ms < SAMPLE_MAX_US / 1000) {
        rtt_sample(t, c, (weir_time)ms * WEIR_MS);
    }
}

/* Marked by a variance without a mean; the first sample replaces both. */
void rtt_syn_lost(struct tcp_conn *c)
{
    if (c->srtt8_us == 0) {
        c->rttvar4_us = 1;
    }
}

/* Doublings: the first syn_linear timeouts of a SYN cause none. */
static uint32_t doublings(const struct tcp_conn *c)
{
    uint32_t linear = c->state == WEIR_TCP_SYN_SENT ? c->settings->o.syn_linear : 0;

    return c->backoff > linear ? min_u32(c->backoff - linear, RTT_DOUBLINGS_MAX) : 0;
}

weir_time rtt_rto(const struct tcp_conn *c)
{
    const struct weir_tcp_options *o = &c->settings->o;
    weir_time rto = TCP_RTO_INITIAL;

    if (c->srtt8_us == 0 && c->rttvar4_us != 0) {
        rto = TCP_RTO_FALLBACK; /* rtt_syn_lost */
    } else if (c->srtt8_us != 0) {
        /* as Linux: the least is allowed on top of the round trip, for a peer that delays its ACK */
        rto = rtt_srtt(c) + max_u64((weir_time)c->rttvar4_us * WEIR_US, o->rto_min);
    }
    return min_u64(rto << doublings(c), o->rto_max);
}
