/* cc_bbr_state.c - BBRv3's states: Startup, Drain, the four phases of ProbeBW, ProbeRTT. See cc_bbr.h. */
#include "tcp/cc_bbr.h"

#include "tcp/scoreboard.h"

#define STARTUP_LOSS_EVENTS 6
#define DRAIN_ROUNDS 3
#define PROBE_ROUNDS_MAX 63 /* Reno would have probed by then at 25 Mbit/s and 30 ms */
#define PROBE_WAIT (2 * WEIR_S)
#define PROBE_WAIT_RANDOM_MS 1000
#define PROBE_UP_ROUNDS_MAX 30

bool bbr_is_probe_bw(const struct bbr *b)
{
    return b->state >= BBR_PROBE_DOWN && b->state <= BBR_PROBE_UP;
}

bool bbr_is_probing(const struct bbr *b)
{
    return b->state == BBR_STARTUP || b->state == BBR_PROBE_REFILL || b->state == BBR_PROBE_UP;
}

uint32_t bbr_pacing_gain(const struct bbr *b)
{
    switch (b->state) {
    case BBR_STARTUP: return BBR_STARTUP_PACING_GAIN;
    case BBR_DRAIN: return BBR_DRAIN_PACING_GAIN;
    case BBR_PROBE_DOWN: return BBR_DOWN_PACING_GAIN;
    case BBR_PROBE_UP: return BBR_UP_PACING_GAIN;
    default: return BBR_UNIT;
    }
}

uint32_t bbr_cwnd_gain(const struct bbr *b)
{
    switch (b->state) {
    case BBR_PROBE_UP: return BBR_UP_CWND_GAIN;
    case BBR_PROBE_RTT: return BBR_PROBE_RTT_CWND_GAIN;
    default: return BBR_CWND_GAIN;
    }
}

uint32_t bbr_probe_rtt_cwnd(const struct tcp_conn *c)
{
    return max_u32(bbr_bdp(c, bbr_of(c)->bw, BBR_PROBE_RTT_CWND_GAIN), bbr_min_pipe(c));
}

/* A number below `n`, from the connection's own sequence (xorshift). */
static uint32_t random_below(struct bbr *b, uint32_t n)
{
    b->random ^= b->random << 13;
    b->random ^= b->random >> 17;
    b->random ^= b->random << 5;
    return (uint32_t)((uint64_t)b->random * n >> 32);
}

/* ---- Entering -------------------------------------------------------------------------------------------- */

void bbr_enter_startup(struct bbr *b)
{
    b->state = BBR_STARTUP;
}

static void start_down(struct tcp_conn *c, weir_time now)
{
    struct bbr *b = bbr_of(c);

    bbr_reset_congestion_signals(b);
    b->probe_up_per_inc = UINT32_MAX;
    /* connections that began together must not probe together */
    b->rounds_since_probe = random_below(b, 2);
    b->probe_wait = PROBE_WAIT + random_below(b, PROBE_WAIT_RANDOM_MS) * WEIR_MS;
    b->cycle_at = now;
    b->ack_phase = BBR_ACKS_PROBE_STOPPING;
    bbr_start_round(c);
    b->state = BBR_PROBE_DOWN;
}

void bbr_start_refill(struct tcp_conn *c)
{
    struct bbr *b = bbr_of(c);

    bbr_reset_shortterm(b);
    b->probe_up_rounds = 0;
    b->probe_up_acked = 0;
    b->prev_probe_precautionary = false;
    b->ack_phase = BBR_ACKS_REFILLING;
    bbr_start_round(c);
    b->state = BBR_PROBE_REFILL;
}

/* The bound rises by one segment per window at first, then twice as fast each round. */
static void raise_slope(struct tcp_conn *c)
{
    struct bbr *b = bbr_of(c);

    b->probe_up_per_inc = max_u32(c->cwnd >> b->probe_up_rounds, c->mss_base);
    if (b->probe_up_rounds < PROBE_UP_ROUNDS_MAX) {
        b->probe_up_rounds++;
    }
}

static void start_up(struct tcp_conn *c, const struct rate_sample *s)
{
    struct bbr *b = bbr_of(c);

    b->ack_phase = BBR_ACKS_PROBE_STARTING;
    bbr_start_round(c);
    bbr_reset_full_bw(b);
    b->full_bw = s->rate;
    b->state = BBR_PROBE_UP;
    raise_slope(c);
}

/* ---- Startup and Drain ----------------------------------------------------------------------------------- */

/* A round of recovery with losses above the threshold, at six times at least: the queue is full, whatever
 * the rate says. */
static void check_startup_loss(struct tcp_conn *c, const struct rate_sample *s)
{
    struct bbr *b = bbr_of(c);
    uint32_t lost = c->flight->rate.lost;

    if (b->full_bw_reached) {
        return;
    }
    if (lost != s->lost_before && b->loss_events < UINT8_MAX) {
        b->loss_events++;
    }
    if (!b->loss_round_start) {
        return;
    }
    if (c->recovery == TCP_RECOVERY && (b->loss_events >= STARTUP_LOSS_EVENTS || !c->sack) &&
        bbr_inflight_too_high(c, lost - s->prior_lost, s->tx_in_flight)) {
        b->full_bw_now = b->full_bw_reached = true;
        b->undo_state = BBR_STARTUP;
        b->inflight_longterm =
            max_u32(bbr_inflight(c, bbr_max_bw(b), BBR_UNIT), b->inflight_latest);
    }
    b->loss_events = 0;
}

static void check_startup_done(struct tcp_conn *c, const struct rate_sample *s)
{
    struct bbr *b = bbr_of(c);

    check_startup_loss(c, s);
    if (b->state == BBR_STARTUP && b->full_bw_reached) {
        b->state = BBR_DRAIN;
        b->drain_start_round = b->round_count;
    }
}

static void check_drain_done(struct tcp_conn *c, weir_time now)
{
    struct bbr *b = bbr_of(c);

    if (b->state == BBR_DRAIN && (scoreboard_in_flight(c) <= bbr_inflight(c, b->bw, BBR_UNIT) ||
                                  b->round_count > b->drain_start_round + DRAIN_ROUNDS)) {
        start_down(c, now);
    }
}

/* ---- ProbeBW --------------------------------------------------------------------------------------------- */

static uint32_t target_inflight(const struct tcp_conn *c)
{
    return min_u32(bbr_bdp(c, bbr_of(c)->bw, BBR_UNIT), c->cwnd);
}

static bool time_to_probe(struct tcp_conn *c, weir_time now)
{
    struct bbr *b = bbr_of(c);
    uint32_t reno_rounds = target_inflight(c) / c->mss_base;

    if (now > b->cycle_at + b->probe_wait ||
        b->rounds_since_probe >= min_u32(reno_rounds, PROBE_ROUNDS_MAX)) {
        bbr_start_refill(c);
        return true;
    }
    return false;
}

static bool time_to_cruise(const struct tcp_conn *c)
{
    uint32_t in_flight = scoreboard_in_flight(c);

    return in_flight <= bbr_inflight_with_headroom(c) &&
           in_flight <= bbr_inflight(c, bbr_max_bw(bbr_of(c)), BBR_UNIT);
}

static bool time_to_go_down(struct tcp_conn *c, const struct rate_sample *s)
{
    struct bbr *b = bbr_of(c);

    if (b->prev_probe_too_high && scoreboard_in_flight(c) >= b->inflight_longterm) {
        b->prev_probe_precautionary = true; /* the last probe went too far: not again at once */
        return true;
    }
    if (c->flight->cwv.limited && c->cwnd >= b->inflight_longterm) {
        bbr_reset_full_bw(b); /* our bound, not the path, limits the rate */
        b->full_bw = s->rate;
        return false;
    }
    return b->full_bw_now;
}

void bbr_handle_inflight_too_high(struct tcp_conn *c, uint32_t tx_in_flight, bool app_limited,
                                  weir_time now)
{
    struct bbr *b = bbr_of(c);

    b->prev_probe_too_high = true;
    b->bw_probe_samples = false; /* once per probe */
    if (!app_limited) {
        b->inflight_longterm = max_u32(tx_in_flight, BBR_BETA(target_inflight(c)));
    }
    if (b->state == BBR_PROBE_UP) {
        b->undo_state = BBR_PROBE_UP;
        start_down(c, now);
    }
}

static void probe_upward(struct tcp_conn *c, const struct rate_sample *s)
{
    struct bbr *b = bbr_of(c);

    if (!c->flight->cwv.limited || c->cwnd < b->inflight_longterm) {
        return;
    }
    b->probe_up_acked += s->newly_acked;
    if (b->probe_up_acked >= b->probe_up_per_inc) {
        uint32_t steps = b->probe_up_acked / b->probe_up_per_inc;

        b->probe_up_acked -= steps * b->probe_up_per_inc;
        b->inflight_longterm = min_u32(b->inflight_longterm + steps * c->mss_base, 1u << 30);
    }
    if (b->round_start) {
        raise_slope(c);
    }
}

/* The long-term bound, and the meaning of ACKs. True: a new state was chosen already. */
static bool adapt_longterm(struct tcp_conn *c, const struct rate_sample *s)
{
    struct bbr *b = bbr_of(c);

    if (b->ack_phase == BBR_ACKS_PROBE_STARTING && b->round_start) {
        b->ack_phase = BBR_ACKS_PROBE_FEEDBACK;
    }
    if (b->ack_phase == BBR_ACKS_PROBE_STOPPING && b->round_start) {
        b->bw_probe_samples = false;
        b->ack_phase = BBR_ACKS_INIT;
        if (bbr_is_probe_bw(b) && !s->app_limited) {
            bbr_advance_max_bw(b);
        }
        if (bbr_is_probe_bw(b) && b->prev_probe_precautionary && !b->prev_probe_too_high) {
            bbr_start_refill(c);
            return true;
        }
    }
    if (b->inflight_longterm == BBR_NO_BOUND ||
        bbr_inflight_too_high(c, c->flight->rate.lost - s->prior_lost, s->tx_in_flight)) {
        return false;
    }
    b->inflight_longterm = max_u32(b->inflight_longterm, s->tx_in_flight);
    if (b->state == BBR_PROBE_UP) {
        probe_upward(c, s);
    }
    return false;
}

static void update_probe_bw(struct tcp_conn *c, const struct rate_sample *s, weir_time now)
{
    struct bbr *b = bbr_of(c);

    if (!b->full_bw_reached || adapt_longterm(c, s)) {
        return;
    }
    switch (b->state) {
    case BBR_PROBE_DOWN:
        if (!time_to_probe(c, now) && time_to_cruise(c)) {
            b->state = BBR_PROBE_CRUISE;
        }
        break;
    case BBR_PROBE_CRUISE: (void)time_to_probe(c, now); break;
    case BBR_PROBE_REFILL:
        if (b->round_start) {
            b->bw_probe_samples = true;
            start_up(c, s);
        }
        break;
    case BBR_PROBE_UP:
        if (time_to_go_down(c, s)) {
            b->prev_probe_too_high = false;
            start_down(c, now);
        }
        break;
    default: break;
    }
}

void bbr_state_update(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    check_startup_done(c, &info->rate);
    check_drain_done(c, now);
    update_probe_bw(c, &info->rate, now);
}

/* ---- ProbeRTT -------------------------------------------------------------------------------------------- */

static void exit_probe_rtt(struct tcp_conn *c, weir_time now)
{
    struct bbr *b = bbr_of(c);

    bbr_reset_shortterm(b);
    if (b->full_bw_reached) {
        start_down(c, now);
        b->state = BBR_PROBE_CRUISE;
    } else {
        bbr_enter_startup(b);
    }
}

void bbr_check_probe_rtt_done(struct tcp_conn *c, weir_time now)
{
    struct bbr *b = bbr_of(c);

    if (b->probe_rtt_done_at != 0 && now > b->probe_rtt_done_at) {
        b->probe_rtt_min_at = now; /* the next one is an interval away */
        bbr_restore_cwnd(c);
        exit_probe_rtt(c, now);
    }
}

static void handle_probe_rtt(struct tcp_conn *c, weir_time now)
{
    struct bbr *b = bbr_of(c);

    rate_mark_app_limited(c); /* what is measured now is our own restraint */
    if (b->probe_rtt_done_at == 0) {
        if (scoreboard_in_flight(c) <= bbr_probe_rtt_cwnd(c)) {
            b->probe_rtt_done_at = now + BBR_PROBE_RTT_DURATION;
            b->probe_rtt_round_done = false;
            bbr_start_round(c);
        }
        return;
    }
    b->probe_rtt_round_done |= b->round_start;
    if (b->probe_rtt_round_done) {
        bbr_check_probe_rtt_done(c, now);
    }
}

void bbr_check_probe_rtt(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    struct bbr *b = bbr_of(c);

    if (b->state != BBR_PROBE_RTT && b->probe_rtt_expired && !b->idle_restart) {
        bbr_save_cwnd(c);
        b->state = BBR_PROBE_RTT;
        b->probe_rtt_done_at = 0;
        b->ack_phase = BBR_ACKS_PROBE_STOPPING;
        bbr_start_round(c);
    }
    if (b->state == BBR_PROBE_RTT) {
        handle_probe_rtt(c, now);
    }
    if (info->rate.delivered > 0) {
        b->idle_restart = false;
    }
}
