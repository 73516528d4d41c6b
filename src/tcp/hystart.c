/* hystart.c - see hystart.h. Names and constants are RFC 9406 4.2's and 4.3's. */
#include "tcp/hystart.h"

#define MIN_RTT_THRESH_US 4000
#define MAX_RTT_THRESH_US 16000
#define MIN_RTT_DIVISOR 8
#define N_RTT_SAMPLE 8
#define CSS_GROWTH_DIVISOR 4
#define CSS_ROUNDS 5
#define TRAIN_GAP_US 2000 /* Linux's hystart_ack_delta_us */
#define TRAIN_SEGMENTS 16 /* a smaller window says nothing (HyStart's low_window) */

bool hystart_conservative(const struct tcp_conn *c)
{
    return c->flight->hystart.conservative && c->ssthresh == UINT32_MAX;
}

static void begin_round(struct tcp_conn *c, struct tcp_hystart *h, uint32_t now_us)
{
    h->last_min_us = h->current_min_us;
    h->current_min_us = 0;
    h->samples = 0;
    h->round_end = (uint32_t)c->snd_nxt;
    h->started = 1;
    h->train_from_us = h->train_at_us = now_us;
}

static void end_slow_start(struct tcp_conn *c, struct tcp_hystart *h)
{
    c->ssthresh = c->cwnd;
    h->conservative = 0;
}

/* HyStart's other sign, which RFC 9406 leaves out and RFC 9438 4.10 allows: ACKs that follow each other closely for half a
 * round trip. What was sent in a burst fills half of the path by then, and the doubled window all of it, before any delay
 * could show. A gap ends the train for this round. */
static bool train_fills_path(const struct tcp_conn *c, struct tcp_hystart *h, uint32_t now_us)
{
    if (now_us - h->train_at_us > TRAIN_GAP_US) {
        return false;
    }
    h->train_at_us = now_us;
    return c->min_rtt_us != 0 && now_us - h->train_from_us > c->min_rtt_us / 2 &&
           c->cwnd >= TRAIN_SEGMENTS * (uint32_t)c->mss_base;
}

static bool delay_grew(const struct tcp_hystart *h)
{
    uint32_t thresh =
        min_u32(max_u32(h->last_min_us / MIN_RTT_DIVISOR, MIN_RTT_THRESH_US), MAX_RTT_THRESH_US);

    return h->samples >= N_RTT_SAMPLE && h->last_min_us != 0 &&
           h->current_min_us >= h->last_min_us + thresh;
}

static void take_sample(struct tcp_hystart *h, weir_time rtt)
{
    uint32_t us = (uint32_t)min_u64(max_u64(rtt / WEIR_US, 1), UINT32_MAX / 2);

    if (h->current_min_us == 0 || us < h->current_min_us) {
        h->current_min_us = us;
    }
    if (h->samples < N_RTT_SAMPLE) {
        h->samples++;
    }
}

static void judge(struct tcp_hystart *h)
{
    if (h->conservative) {
        if (h->samples >= N_RTT_SAMPLE && h->current_min_us < h->baseline_us) {
            h->conservative = 0; /* it was jitter: slow start goes on */
        }
    } else if (delay_grew(h)) {
        h->baseline_us = h->current_min_us;
        h->conservative = 1;
        h->css_rounds = 0;
    }
}

static void measure(struct tcp_conn *c, const struct ack_info *info, uint32_t now_us)
{
    struct tcp_hystart *h = &c->flight->hystart;

    /* a round begins with the first ACK of what was sent in the last one: the same ACK says when its train began */
    if (!h->started || (int32_t)((uint32_t)c->snd_una - h->round_end) > 0) {
        if (h->conservative && ++h->css_rounds >= CSS_ROUNDS) {
            end_slow_start(c, h);
            return;
        }
        begin_round(c, h, now_us);
    }
    if (train_fills_path(c, h, now_us) && info->was_cwnd_limited) {
        end_slow_start(c, h);
        return;
    }
    if (info->rtt) {
        take_sample(h, info->rtt);
        judge(h);
    }
}

void hystart_on_ack(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    uint32_t grow = info->delivered;

    if (c->ssthresh == UINT32_MAX) { /* 4.3: the initial slow start only */
        measure(c, info, (uint32_t)(now / WEIR_US));
    }
    if (!info->was_cwnd_limited || c->cwnd >= c->ssthresh) {
        return;
    }
    if (hystart_conservative(c)) {
        grow = max_u32(grow / CSS_GROWTH_DIVISOR, 1);
    }
    /* RFC 3465 without its limit of 2: receivers acknowledge super-segments at once */
    c->cwnd += min_u32(grow, max_u32(c->ssthresh - c->cwnd, c->mss_base));
}
