/* cc_newreno.c - slow start and congestion avoidance of RFC 5681 with the initial window of RFC 6928.
 * Loss recovery itself (RFC 6582, RFC 6675) is recovery.c's. */
#include "tcp/ack.h"
#include "tcp/cc.h"
#include "tcp/trace.h"

static void newreno_init(struct tcp_conn *c, weir_time now)
{
    (void)now;
    c->cwnd = cc_initial_window(c);
    c->ssthresh = UINT32_MAX;
}

static void newreno_on_ack(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    uint32_t mss = c->mss_base;

    (void)now;
    if (!info->was_cwnd_limited) {
        return; /* RFC 7661's spirit: an unused window does not grow */
    }
    if (c->cwnd < c->ssthresh) {
        /* RFC 3465 without its limit of 2: receivers acknowledge super-segments at once */
        c->cwnd += min_u32(info->acked, max_u32(c->ssthresh - c->cwnd, mss));
    } else {
        c->cc_state.newreno.acked += info->acked;
        if (c->cc_state.newreno.acked >= c->cwnd) {
            c->cc_state.newreno.acked -= c->cwnd;
            c->cwnd += mss;
        }
    }
    c->cwnd = min_u32(c->cwnd, 1u << 30);
}

static uint32_t newreno_on_loss(struct tcp_conn *c, weir_time now)
{
    uint32_t flight = (uint32_t)(c->snd_nxt - c->snd_una);

    (void)now;
    c->cc_state.newreno.acked = 0;
    return max_u32(min_u32(flight, c->cwnd) / 2, 2u * c->mss_base);
}

/* RFC 5681 4.1: after an idle RTO start again from the initial window. */
static void newreno_on_idle(struct tcp_conn *c, weir_time idle)
{
    (void)idle;
    c->cwnd = min_u32(c->cwnd, 10u * c->mss_base);
}

const struct cc_algorithm cc_newreno = {
    .name = "reno",
    .init = newreno_init,
    .on_ack = newreno_on_ack,
    .on_loss = newreno_on_loss,
    .on_idle = newreno_on_idle,
};
