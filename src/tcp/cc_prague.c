/*
 * cc_prague.c - Prague: a congestion control for L4S (RFC 9330, RFC 9331 4; draft-briscoe-iccrg-prague-congestion-
 * control). Like DCTCP the window shrinks with the share of marked bytes; unlike it, it is meant for the Internet:
 *
 *   - ECT(1), and AccECN feedback. When the peer has only classic ECN, or none, it is NewReno with ECT(0);
 *   - a loss is answered as NewReno does (RFC 9331 4.3);
 *   - flows with round trips below 25 ms grow, and average, as one of 25 ms would (4.3: no RTT bias below that);
 *   - growth is for bytes that were not marked, so that it fades as the marking grows;
 *   - always paced: a burst would meet the short queues of L4S as a mark.
 */
#include "tcp/ack.h"
#include "tcp/cc.h"
#include "tcp/pacer.h"
#include "tcp/rtt.h"

#define ALPHA_ONE (1u << 16)
#define GAIN_SHIFT 4
#define VIRTUAL_RTT_US 25000
#define SCALE_SHIFT 16

/* Round trip, and the one it behaves as having, in microseconds. */
static uint32_t rtt_us(const struct tcp_conn *c)
{
    return max_u32(c->srtt8_us / 8, 1);
}
static uint32_t virtual_rtt_us(const struct tcp_conn *c)
{
    return max_u32(rtt_us(c), VIRTUAL_RTT_US);
}

static void prague_init(struct tcp_conn *c, weir_time now)
{
    memset(&c->cc_state, 0, sizeof(c->cc_state));
    cc_newreno_init(c, now);
    c->cc_state.prague.alpha = ALPHA_ONE;
    c->cc_state.prague.round_us = (uint32_t)(now / WEIR_US);
}

/* The average over virtual round trips. */
static void prague_on_feedback(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    uint32_t now_us = (uint32_t)(now / WEIR_US);
    uint64_t share;

    c->cc_state.prague.delivered += info->acked + info->sacked;
    c->cc_state.prague.marked += info->ce_bytes;
    if (now_us - c->cc_state.prague.round_us < virtual_rtt_us(c) ||
        c->cc_state.prague.delivered == 0) {
        return;
    }
    share = min_u64((uint64_t)c->cc_state.prague.marked * ALPHA_ONE / c->cc_state.prague.delivered,
                    ALPHA_ONE);
    c->cc_state.prague.alpha -= c->cc_state.prague.alpha >> GAIN_SHIFT;
    c->cc_state.prague.alpha += (uint32_t)share >> GAIN_SHIFT;
    c->cc_state.prague.round_us = now_us;
    c->cc_state.prague.delivered = c->cc_state.prague.marked = 0;
}

static uint32_t prague_on_ecn(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    uint64_t cut = (uint64_t)c->cwnd * c->cc_state.prague.alpha / ALPHA_ONE / 2;

    if (!c->accecn) {
        return cc_newreno_on_ecn(c, info, now);
    }
    return max_u32(c->cwnd - (uint32_t)cut, 2u * c->mss_base);
}

/* One segment in a round trip, times (RTT / virtual RTT) squared: as fast in bytes per second squared as a flow
 * with the virtual round trip. */
static void prague_on_ack(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    uint64_t ratio, scale, unit;
    uint32_t unmarked = info->acked - min_u32(info->acked, info->ce_bytes);

    if (!c->accecn || c->cwnd < c->ssthresh) {
        cc_newreno_on_ack(c, info, now);
        return;
    }
    if (!info->was_cwnd_limited) {
        return;
    }
    ratio = ((uint64_t)rtt_us(c) << SCALE_SHIFT / 2) / virtual_rtt_us(c);
    scale = ratio * ratio;
    unit = (uint64_t)max_u32(c->cwnd, 1) << SCALE_SHIFT;
    c->cc_state.prague.credit += (uint64_t)unmarked * c->mss_base * scale;
    c->cwnd = (uint32_t)min_u64(c->cwnd + c->cc_state.prague.credit / unit, 1u << 30);
    c->cc_state.prague.credit %= unit;
}

const struct cc_algorithm cc_prague = {
    .name = "prague",
    .init = prague_init,
    .on_ack = prague_on_ack,
    .on_loss = cc_newreno_on_loss,
    .on_ecn = prague_on_ecn,
    .on_feedback = prague_on_feedback,
    .on_idle = cc_newreno_on_idle,
    .pacing_rate = pacer_window_rate,
};
