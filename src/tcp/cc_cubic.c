/*
 * cc_cubic.c - CUBIC (RFC 9438): after a loss the window follows a cubic function of the time since then, flat
 * around the window at which the loss happened, and never grows slower than Reno's would.
 *
 * Windows are kept in segments times 2^10 (fixed point), times in milliseconds; C = 0.4, beta = 0.7. Slow
 * start is RFC 5681's with HyStart++ (RFC 9406).
 */
#include "tcp/ack.h"
#include "tcp/cc.h"
#include "tcp/cwv.h"
#include "tcp/hystart.h"
#include "tcp/rtt.h"

#define FIX 10 /* windows: segments << FIX */
#define BETA(x) ((uint32_t)((uint64_t)(x)*7 / 10))
#define BETA_ECN(x) ((uint32_t)((uint64_t)(x)*17 / 20)) /* RFC 8511 3.1 */
/* Reno's increase that is as aggressive with beta = 0.7: 3 * (1 - beta) / (1 + beta) = 9 / 17 */
#define ALPHA(x) ((uint32_t)((uint64_t)(x)*9 / 17))
#define LOOK_MS 31
#define OFFSET_MAX_MS 200000 /* keeps the cube within 64 bits */

static uint32_t segments(const struct tcp_conn *c, uint32_t bytes)
{
    return (uint32_t)min_u64(((uint64_t)bytes << FIX) / c->mss_base, UINT32_MAX / 2);
}

static uint32_t bytes(const struct tcp_conn *c, uint64_t window)
{
    return (uint32_t)min_u64((window * c->mss_base) >> FIX, 1u << 30);
}

/* Integer cube root, rounded down: one bit of the result a turn. */
static uint32_t cube_root(uint64_t x)
{
    uint64_t root = 0;

    for (int bit = 20; bit >= 0; bit--) {
        uint64_t next = root | (uint64_t)1 << bit;

        if (next * next * next <= x) {
            root = next;
        }
    }
    return (uint32_t)root;
}

static void cubic_init(struct tcp_conn *c, weir_time now)
{
    memset(&c->cc_state, 0, sizeof(c->cc_state));
    cc_newreno_init(c, now);
}

/* RFC 9438 4.2: K = cbrt((W_max - cwnd_epoch) / C), in seconds; here ms: cbrt(d * 2.5 * 10^9). */
static void begin_epoch(struct tcp_conn *c, weir_time now)
{
    uint32_t cwnd = segments(c, c->cwnd);

    c->cc_state.cubic.epoch_ms = (uint32_t)max_u64(now / WEIR_MS, 1);
    if (c->cc_state.cubic.w_max > cwnd) {
        uint64_t below = c->cc_state.cubic.w_max - cwnd; /* segments << FIX */

        c->cc_state.cubic.k_ms = cube_root(((below * 2500000) >> FIX) * 1000);
    } else {
        c->cc_state.cubic.k_ms = 0;
        c->cc_state.cubic.w_max = cwnd;
    }
    c->cc_state.cubic.w_est = cwnd;
    c->cc_state.cubic.looked_at = 0; /* now */
}

/* W_cubic(t) = C * (t - K)^3 + W_max, in segments << FIX. */
static uint64_t w_cubic(const struct tcp_conn *c, uint32_t t_ms)
{
    uint32_t k = c->cc_state.cubic.k_ms, w_max = c->cc_state.cubic.w_max;
    uint64_t offset = min_u64(t_ms > k ? t_ms - k : k - t_ms, OFFSET_MAX_MS);
    /* 0.4 * (ms / 1000)^3 << FIX, in steps that do not overflow */
    uint64_t delta = offset * offset / 1000 * offset / 1000 * (4u << FIX) / 10000;

    if (t_ms > k) {
        return w_max + delta;
    }
    return delta < w_max ? w_max - delta : 0;
}

/* RFC 9438 4.3: what Reno would have by now. */
static void advance_reno(struct tcp_conn *c, uint32_t acked)
{
    uint32_t cwnd = segments(c, c->cwnd), share = segments(c, acked);
    uint64_t step = ((uint64_t)share << FIX) / max_u32(cwnd, 1);

    if (c->cc_state.cubic.w_est < c->cc_state.cubic.cwnd_prior) {
        step = ALPHA(step);
    }
    c->cc_state.cubic.w_est = (uint32_t)min_u64(c->cc_state.cubic.w_est + step, UINT32_MAX / 2);
}

/* The curve is slow: as Linux does, it is worked out anew when the window has another number of segments, else 32
 * times a second at most. */
static bool due(struct tcp_conn *c, uint32_t now_ms)
{
    uint16_t whole = (uint16_t)min_u32(c->cwnd / c->mss_base, UINT16_MAX);

    if (c->cc_state.cubic.looked_at == whole &&
        (uint16_t)(now_ms - c->cc_state.cubic.looked_ms) <= LOOK_MS) {
        return false;
    }
    c->cc_state.cubic.looked_at = whole;
    c->cc_state.cubic.looked_ms = (uint16_t)now_ms;
    return true;
}

static void look(struct tcp_conn *c, uint32_t now_ms)
{
    uint32_t t_ms = now_ms - c->cc_state.cubic.epoch_ms;
    uint32_t rtt_ms = (uint32_t)(rtt_srtt(c) / WEIR_MS), cwnd = segments(c, c->cwnd);
    uint64_t target = w_cubic(c, t_ms + rtt_ms);

    if (w_cubic(c, t_ms) < c->cc_state.cubic.w_est) { /* the Reno-friendly region */
        c->cc_state.cubic.target = 0;
        c->cwnd = max_u32(c->cwnd, bytes(c, c->cc_state.cubic.w_est));
        return;
    }
    target = min_u64(max_u64(target, cwnd), cwnd + cwnd / 2);
    c->cc_state.cubic.target = (uint32_t)min_u64(max_u64(target, 1), UINT32_MAX);
}

static void avoid_congestion(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    uint32_t cwnd, now_ms = (uint32_t)(now / WEIR_MS);

    if (c->cc_state.cubic.epoch_ms == 0) {
        begin_epoch(c, now);
    }
    advance_reno(c, info->delivered);
    if (due(c, now_ms)) {
        look(c, now_ms);
    }
    cwnd = max_u32(segments(c, c->cwnd), 1);
    if (c->cc_state.cubic.target > cwnd) {
        /* (target - cwnd) / cwnd bytes for each byte acknowledged; what is less than a byte is kept */
        c->cc_state.cubic.credit += (uint64_t)(c->cc_state.cubic.target - cwnd) * info->delivered;
        c->cwnd += (uint32_t)(c->cc_state.cubic.credit / cwnd);
        c->cc_state.cubic.credit %= cwnd;
    }
}

static void cubic_on_ack(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    if (c->cwnd < c->ssthresh) {
        hystart_on_ack(c, info, now);
    } else if (!info->was_cwnd_limited) {
        c->cc_state.cubic.epoch_ms = 0; /* RFC 9438 5.8: time without demand does not count */
    } else {
        avoid_congestion(c, info, now);
    }
    c->cwnd = min_u32(c->cwnd, 1u << 30);
}

/* RFC 9438 4.7 (fast convergence). */
static void remember_window(struct tcp_conn *c)
{
    uint32_t cwnd = segments(c, c->cwnd);

    c->cc_state.cubic.cwnd_prior = cwnd;
    c->cc_state.cubic.w_max =
        cwnd < c->cc_state.cubic.w_max ? (uint32_t)((uint64_t)cwnd * 17 / 20) : cwnd;
    c->cc_state.cubic.epoch_ms = 0;
}

/* RFC 9438 4.6, by cwnd, which cwv.c keeps honest. */
static uint32_t cubic_on_loss(struct tcp_conn *c, weir_time now)
{
    (void)now;
    remember_window(c);
    return max_u32(BETA(cwv_loss_window(c)), 2u * c->mss_base);
}

static uint32_t cubic_on_ecn(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    (void)info;
    (void)now;
    remember_window(c);
    return max_u32(c->settings->o.abe ? BETA_ECN(c->cwnd) : BETA(c->cwnd), 2u * c->mss_base);
}

/* RFC 9438 4.8: after a timeout the plateau is forgotten: K is 0, W_max what the window is as congestion avoidance
 * begins. */
static void cubic_on_rto(struct tcp_conn *c, weir_time now)
{
    (void)now;
    c->cc_state.cubic.w_max = 0;
    c->cc_state.cubic.epoch_ms = 0;
}

static void cubic_on_idle(struct tcp_conn *c, weir_time idle)
{
    c->cc_state.cubic.epoch_ms = 0;
    cwv_restart(c, idle);
}

const struct cc_algorithm cc_cubic = {
    .name = "cubic",
    .init = cubic_init,
    .on_ack = cubic_on_ack,
    .on_loss = cubic_on_loss,
    .on_ecn = cubic_on_ecn,
    .on_idle = cubic_on_idle,
    .on_rto = cubic_on_rto,
    .phase = cc_window_phase,
};
