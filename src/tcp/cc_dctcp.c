/*
 * cc_dctcp.c - Data Center TCP (RFC 8257): the window shrinks with the share of bytes that were marked. For networks
 * under one administration whose switches mark early. Loss, growth, and everything without ECN: NewReno.
 *
 * Works with AccECN feedback, and with classic flags between two ends that both run DCTCP (ecn.c echoes marks
 * exactly then).
 */
#include "tcp/ack.h"
#include "tcp/cc.h"

#define ALPHA_ONE (1u << 16)
#define GAIN_SHIFT 4 /* g = 1/16 (4.2) */

static void dctcp_init(struct tcp_conn *c, weir_time now)
{
    memset(&c->cc_state, 0, sizeof(c->cc_state));
    cc_newreno_init(c, now);
    c->cc_state.dctcp.alpha = ALPHA_ONE; /* 3.3: the first mark halves */
    c->cc_state.dctcp.window_end = c->snd_nxt;
}

/* 3.3: M is the share of the last observation window, about one round trip. */
static void dctcp_on_feedback(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    uint64_t share;

    (void)now;
    c->cc_state.dctcp.delivered += info->acked + info->sacked;
    c->cc_state.dctcp.marked += info->ce_bytes;
    if (c->snd_una <= c->cc_state.dctcp.window_end || c->cc_state.dctcp.delivered == 0) {
        return;
    }
    share = min_u64(c->cc_state.dctcp.marked * ALPHA_ONE / c->cc_state.dctcp.delivered, ALPHA_ONE);
    c->cc_state.dctcp.alpha -= c->cc_state.dctcp.alpha >> GAIN_SHIFT;
    c->cc_state.dctcp.alpha += (uint32_t)share >> GAIN_SHIFT;
    c->cc_state.dctcp.window_end = c->snd_nxt;
    c->cc_state.dctcp.delivered = c->cc_state.dctcp.marked = 0;
}

static uint32_t dctcp_on_ecn(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    uint64_t cut = (uint64_t)c->cwnd * c->cc_state.dctcp.alpha / ALPHA_ONE / 2;

    (void)info;
    (void)now;
    return max_u32(c->cwnd - (uint32_t)cut, 2u * c->mss_base);
}

const struct cc_algorithm cc_dctcp = {
    .name = "dctcp",
    .init = dctcp_init,
    .on_ack = cc_newreno_on_ack,
    .on_loss = cc_newreno_on_loss, /* 3.5 */
    .on_ecn = dctcp_on_ecn,
    .on_feedback = dctcp_on_feedback,
    .on_idle = cc_newreno_on_idle,
};
