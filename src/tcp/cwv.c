/* cwv.c - see cwv.h. */
#include "tcp/cwv.h"

#include "tcp/cc.h"
#include "tcp/rtt.h"

#define SAMPLING_MIN_MS 1000 /* RFC 7661 4.2: max(3 * RTT, 1 s) */

void cwv_note(struct tcp_conn *c, bool kept_back)
{
    struct tcp_cwv *v = &c->flight->cwv;
    uint32_t out = (uint32_t)(c->snd_nxt - c->snd_una);

    if (c->flight == &tcp_flight_none) {
        return;
    }
    if ((int32_t)((uint32_t)c->snd_una - v->round_end) >= 0 || kept_back ||
        (!v->limited && out > v->max_out)) {
        v->limited = kept_back;
        v->max_out = out & INT32_MAX;
        v->round_end = (uint32_t)c->snd_nxt;
    }
}

bool cwv_limited(const struct tcp_conn *c)
{
    const struct tcp_cwv *v = &c->flight->cwv;

    return v->limited || (c->cwnd < c->ssthresh && c->cwnd / 2 < v->max_out);
}

void cwv_on_ack(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_cwv *v = &c->flight->cwv;
    uint32_t now_ms = (uint32_t)(t->env->now / WEIR_MS), sample, period;

    if (v->pipe_started && (int32_t)((uint32_t)c->snd_una - v->pipe_end) < 0) {
        return;
    }
    sample = (uint32_t)c->delivered - v->pipe_start;
    period = max_u32((uint32_t)(3 * rtt_srtt(c) / WEIR_MS), SAMPLING_MIN_MS);
    if (v->pipe_started && (sample >= v->pipe_ack || now_ms - v->pipe_at_ms > period)) {
        v->pipe_ack = sample & INT32_MAX;
        v->pipe_at_ms = now_ms;
    }
    v->pipe_started = 1;
    v->pipe_start = (uint32_t)c->delivered;
    v->pipe_end = (uint32_t)c->snd_nxt;
}

uint32_t cwv_loss_window(const struct tcp_conn *c)
{
    const struct tcp_cwv *v = &c->flight->cwv;
    uint32_t out = (uint32_t)(c->snd_nxt - c->snd_una);

    if (v->limited || v->pipe_ack == 0 || v->pipe_ack >= c->cwnd / 2) {
        return c->cwnd;
    }
    return min_u32(c->cwnd, max_u32(out, v->pipe_ack));
}

void cwv_restart(struct tcp_conn *c, weir_time idle)
{
    uint32_t least = min_u32(cc_initial_window(c), c->cwnd), cwnd = c->cwnd;
    weir_time rto = rtt_rto(c);

    c->ssthresh = max_u32(c->ssthresh, cwnd / 4 * 3);
    for (; idle > rto && cwnd > least; idle -= rto) {
        cwnd /= 2;
    }
    c->cwnd = max_u32(cwnd, least);
}
