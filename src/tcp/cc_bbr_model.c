/* cc_bbr_model.c - BBRv3's model of the path: bandwidth, round trip, how much fits in flight. See cc_bbr.h. */
#include "tcp/cc_bbr.h"

#include "tcp/pacer.h"
#include "tcp/scoreboard.h"

#define FULL_BW_COUNT 3
#define EXTRA_ACKED_ROUNDS 5
#define EXTRA_ACKED_MAX_MS 100
#define EXTRA_ACKED_RESET (1u << 30)
#define CWND_MAX (1u << 30)

static bool reached(uint32_t position, uint32_t mark)
{
    return (int32_t)(position - mark) >= 0;
}

uint64_t bbr_max_bw(const struct bbr *b)
{
    return max_u64(b->max_bw[0], b->max_bw[1]);
}

uint32_t bbr_min_pipe(const struct tcp_conn *c)
{
    return BBR_MIN_PIPE_SEGMENTS * (uint32_t)c->mss_base;
}

uint32_t bbr_send_quantum(const struct tcp_conn *c)
{
    uint64_t size = bbr_of(c)->pacing_rate / (WEIR_S / WEIR_MS);

    return max_u32((uint32_t)min_u64(size, UINT16_MAX), 2u * c->mss_base);
}

uint32_t bbr_bdp(const struct tcp_conn *c, uint64_t bw, uint32_t gain)
{
    const struct bbr *b = bbr_of(c);

    if (b->min_rtt_us == UINT32_MAX) {
        return cc_initial_window(c);
    }
    /* 100 GB/s * 60 s is below 2^63 */
    bw = min_u64(bw, 100 * WEIR_S);
    return (uint32_t)min_u64(bw * b->min_rtt_us / (WEIR_S / WEIR_US) * gain / BBR_UNIT, CWND_MAX);
}

uint32_t bbr_with_budget(const struct tcp_conn *c, uint32_t inflight)
{
    inflight = max_u32(inflight, 3 * bbr_send_quantum(c));
    inflight = max_u32(inflight, bbr_min_pipe(c));
    return bbr_of(c)->state == BBR_PROBE_UP ? inflight + 2u * c->mss_base : inflight;
}

uint32_t bbr_inflight(const struct tcp_conn *c, uint64_t bw, uint32_t gain)
{
    return bbr_with_budget(c, bbr_bdp(c, bw, gain));
}

uint32_t bbr_inflight_with_headroom(const struct tcp_conn *c)
{
    uint32_t bound = bbr_of(c)->inflight_longterm, headroom;

    if (bound == BBR_NO_BOUND) {
        return BBR_NO_BOUND;
    }
    headroom = max_u32(BBR_HEADROOM(bound), c->mss_base);
    return max_u32(bound > headroom ? bound - headroom : 0, bbr_min_pipe(c));
}

/* What arrived in excess of the bandwidth, bounded by 100 ms of it. */
uint32_t bbr_extra_acked(const struct bbr *b)
{
    uint32_t extra = max_u32(b->extra_acked[0], b->extra_acked[1]);

    return (uint32_t)min_u64(extra, b->bw / 1000 * EXTRA_ACKED_MAX_MS);
}

void bbr_start_round(struct tcp_conn *c)
{
    bbr_of(c)->next_round_delivered = (uint32_t)c->delivered;
}

void bbr_reset_full_bw(struct bbr *b)
{
    b->full_bw = 0;
    b->full_bw_count = 0;
    b->full_bw_now = false;
}

void bbr_reset_congestion_signals(struct bbr *b)
{
    b->loss_in_round = b->mark_in_round = false;
    b->lost_in_round = 0;
    b->bw_latest = 0;
    b->inflight_latest = 0;
}

void bbr_reset_shortterm(struct bbr *b)
{
    b->bw_shortterm = BBR_NO_RATE;
    b->inflight_shortterm = BBR_NO_BOUND;
}

void bbr_advance_max_bw(struct bbr *b)
{
    if (b->max_bw[1] == 0) {
        return; /* nothing was measured in this cycle */
    }
    b->max_bw[0] = b->max_bw[1];
    b->max_bw[1] = 0;
}

bool bbr_inflight_too_high(const struct tcp_conn *c, uint32_t lost, uint32_t tx_in_flight)
{
    /* with fewer than fifty segments in flight a single loss is more than 2 %: that one says nothing */
    return (lost > c->mss_base &&
            (uint64_t)lost * 100 > (uint64_t)tx_in_flight * BBR_LOSS_THRESH_PERCENT) ||
           (lost > 0 && !c->sack);
}

/* ---- An ACK --------------------------------------------------------------------------------------------- */

static void update_latest_signals(struct tcp_conn *c, const struct rate_sample *s)
{
    struct bbr *b = bbr_of(c);

    b->loss_round_start = false;
    b->bw_latest = max_u64(b->bw_latest, s->rate);
    b->inflight_latest = max_u32(b->inflight_latest, s->delivered);
    if (reached(s->prior_delivered, b->loss_round_delivered)) {
        b->loss_round_delivered = (uint32_t)c->delivered;
        b->loss_round_start = true;
    }
}

static void update_round(struct tcp_conn *c, const struct rate_sample *s)
{
    struct bbr *b = bbr_of(c);

    b->round_start = reached(s->prior_delivered, b->next_round_delivered);
    if (b->round_start) {
        bbr_start_round(c);
        b->round_count++;
        b->rounds_since_probe++;
    }
}

/* Is what was lost in this round more than the noise of the path? Below the threshold of the long-term bound it says
 * nothing here either. */
static bool congested_round(const struct tcp_conn *c)
{
    const struct bbr *b = bbr_of(c);
    uint32_t delivered = (uint32_t)c->delivered - b->loss_round_from;

    return b->loss_in_round &&
           (b->mark_in_round ||
            bbr_inflight_too_high(c, b->lost_in_round, delivered + b->lost_in_round));
}

/* Once per round with losses, while not probing: less, but not less than what just arrived. */
static void adapt_lower_bounds(struct tcp_conn *c)
{
    struct bbr *b = bbr_of(c);

    if (bbr_is_probing(b) || !congested_round(c)) {
        return;
    }
    if (b->bw_shortterm == BBR_NO_RATE) {
        b->bw_shortterm = bbr_max_bw(b);
    }
    if (b->inflight_shortterm == BBR_NO_BOUND) {
        b->inflight_shortterm = c->cwnd;
    }
    b->bw_shortterm = max_u64(b->bw_latest, BBR_BETA(b->bw_shortterm));
    b->inflight_shortterm = max_u32(b->inflight_latest, BBR_BETA(b->inflight_shortterm));
}

static void update_congestion_signals(struct tcp_conn *c, const struct rate_sample *s)
{
    struct bbr *b = bbr_of(c);

    update_round(c, s);
    if (s->rate > 0 && (s->rate >= bbr_max_bw(b) || !s->app_limited)) {
        b->max_bw[1] = max_u64(b->max_bw[1], s->rate);
    }
    if (b->loss_round_start) {
        adapt_lower_bounds(c);
        b->loss_in_round = b->mark_in_round = false;
        b->lost_in_round = 0;
        b->loss_round_from = (uint32_t)c->delivered;
    }
}

/* How much more arrives at once than the bandwidth explains: cwnd must not stop sending between bursts of
 * ACKs. */
static void update_aggregation(struct tcp_conn *c, const struct rate_sample *s, weir_time now)
{
    struct bbr *b = bbr_of(c);
    uint64_t us = (now - b->extra_acked_since) / WEIR_US;
    uint64_t expected = min_u64(b->bw, 100 * WEIR_S) * min_u64(us, 60000000) / (WEIR_S / WEIR_US);
    uint32_t extra;

    if (b->round_start &&
        ++b->extra_acked_rounds >= (b->full_bw_reached ? EXTRA_ACKED_ROUNDS : 1)) {
        b->extra_acked_rounds = 0;
        b->extra_acked_index ^= 1;
        b->extra_acked[b->extra_acked_index] = 0;
    }
    if (b->extra_acked_delivered <= expected || b->extra_acked_delivered > EXTRA_ACKED_RESET) {
        b->extra_acked_delivered = 0;
        b->extra_acked_since = now;
        expected = 0;
    }
    b->extra_acked_delivered += s->newly_acked;
    extra = (uint32_t)(b->extra_acked_delivered - min_u64(expected, b->extra_acked_delivered));
    b->extra_acked[b->extra_acked_index] =
        max_u32(b->extra_acked[b->extra_acked_index], min_u32(extra, c->cwnd));
}

/* Three rounds without a quarter more: the pipe is full. */
static void check_full_bw(struct bbr *b, const struct rate_sample *s)
{
    if (b->full_bw_now || !b->round_start || s->app_limited) {
        return;
    }
    if (s->rate >= b->full_bw + b->full_bw / 4) {
        bbr_reset_full_bw(b);
        b->full_bw = s->rate;
        return;
    }
    b->full_bw_count++;
    b->full_bw_now = b->full_bw_count >= FULL_BW_COUNT;
    b->full_bw_reached |= b->full_bw_now;
}

void bbr_model_update(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    const struct rate_sample *s = &info->rate;

    update_latest_signals(c, s);
    update_congestion_signals(c, s);
    update_aggregation(c, s, now);
    check_full_bw(bbr_of(c), s);
}

void bbr_model_min_rtt(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    struct bbr *b = bbr_of(c);
    uint32_t us = (uint32_t)min_u64(max_u64(info->rtt / WEIR_US, 1), UINT32_MAX - 1);

    b->probe_rtt_expired = now > b->probe_rtt_min_at + BBR_PROBE_RTT_INTERVAL;
    if (info->rtt && (us < b->probe_rtt_min_us || b->probe_rtt_expired)) {
        b->probe_rtt_min_us = us;
        b->probe_rtt_min_at = now;
    }
    if (b->probe_rtt_min_us < b->min_rtt_us || now > b->min_rtt_at + BBR_MIN_RTT_WINDOW) {
        b->min_rtt_us = b->probe_rtt_min_us;
        b->min_rtt_at = b->probe_rtt_min_at;
    }
}

void bbr_model_finish(struct tcp_conn *c, const struct ack_info *info)
{
    struct bbr *b = bbr_of(c);

    if (b->loss_round_start) {
        b->bw_latest = info->rate.rate;
        b->inflight_latest = info->rate.delivered;
    }
    b->bw = min_u64(bbr_max_bw(b), b->bw_shortterm);
}
