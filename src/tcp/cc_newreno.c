/* cc_newreno.c - slow start and congestion avoidance of RFC 5681 with the initial window of RFC 6928 and
 * HyStart++.
 * Loss recovery itself (RFC 6582, RFC 6675) is recovery.c's. */
#include "tcp/ack.h"
#include "tcp/cc.h"
#include "tcp/cwv.h"
#include "tcp/hystart.h"

void cc_newreno_init(struct tcp_conn *c, weir_time now)
{
    (void)now;
    c->cwnd = cc_initial_window(c);
    c->ssthresh = UINT32_MAX;
}

void cc_newreno_on_ack(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    uint32_t mss = c->mss_base;

    (void)now;
    if (c->cwnd < c->ssthresh) {
        hystart_on_ack(c, info, now);
    } else if (info->was_cwnd_limited) { /* an unused window does not grow */
        c->cc_state.newreno.acked += info->delivered;
        if (c->cc_state.newreno.acked >= c->cwnd) {
            c->cc_state.newreno.acked -= c->cwnd;
            c->cwnd += mss;
        }
    }
    c->cwnd = min_u32(c->cwnd, 1u << 30);
}

uint32_t cc_newreno_on_loss(struct tcp_conn *c, weir_time now)
{
    uint32_t flight = (uint32_t)(c->snd_nxt - c->snd_una);

    (void)now;
    c->cc_state.newreno.acked = 0;
    return max_u32(min_u32(flight, c->cwnd) / 2, 2u * c->mss_base);
}

/* RFC 3168 6.1.2: as for a loss; RFC 8511 3.1: less, as a mark is given earlier than a drop. */
uint32_t cc_newreno_on_ecn(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    uint32_t left = c->settings->o.abe ? (uint32_t)((uint64_t)c->cwnd * 4 / 5) : c->cwnd / 2;

    (void)info;
    (void)now;
    c->cc_state.newreno.acked = 0;
    return max_u32(left, 2u * c->mss_base);
}

void cc_newreno_on_idle(struct tcp_conn *c, weir_time idle)
{
    cwv_restart(c, idle);
}

const struct cc_algorithm cc_newreno = {
    .name = "reno",
    .init = cc_newreno_init,
    .on_ack = cc_newreno_on_ack,
    .on_loss = cc_newreno_on_loss,
    .on_ecn = cc_newreno_on_ecn,
    .on_idle = cc_newreno_on_idle,
    .phase = cc_window_phase,
};
