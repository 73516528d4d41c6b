/*
 * cc_bbr.h - what the files of BBRv3 share: a connection's model of its path. Private to cc_bbr*.c.
 *
 * draft-ietf-ccwg-bbr, whose names are kept. Fixed point only: gains in 1/256, rates in bytes per second,
 * times in nanoseconds (round trips in microseconds), positions in the stream of delivered bytes as the
 * low half of conn->delivered. "No bound" is UINT32_MAX or UINT64_MAX.
 *
 * Reading order: cc_bbr_model.c (what the path is like), cc_bbr_state.c (what to do about it), cc_bbr.c (the
 * plug: rate and window).
 */
#ifndef TCP_CC_BBR_H
#define TCP_CC_BBR_H

#include "tcp/ack.h"
#include "tcp/cc.h"

#define BBR_UNIT 256u
#define BBR_NO_RATE UINT64_MAX
#define BBR_NO_BOUND UINT32_MAX

#define BBR_STARTUP_PACING_GAIN (BBR_UNIT * 277 / 100 + 1) /* 4 ln 2 */
#define BBR_DRAIN_PACING_GAIN (BBR_UNIT / 2)
#define BBR_DOWN_PACING_GAIN (BBR_UNIT * 90 / 100)
#define BBR_UP_PACING_GAIN (BBR_UNIT * 5 / 4)
#define BBR_CWND_GAIN (BBR_UNIT * 2)
#define BBR_UP_CWND_GAIN (BBR_UNIT * 9 / 4)
#define BBR_PROBE_RTT_CWND_GAIN (BBR_UNIT / 2)
#define BBR_LOSS_THRESH_PERCENT 2
#define BBR_MIN_RTT_WINDOW (10 * WEIR_S)
#define BBR_PROBE_RTT_INTERVAL (5 * WEIR_S)
#define BBR_PROBE_RTT_DURATION (200 * WEIR_MS)
#define BBR_MIN_PIPE_SEGMENTS 4

/* As a fraction of x: beta 0.7, headroom 0.15. */
#define BBR_BETA(x) ((x) / 10 * 7 + (x) % 10 * 7 / 10)
#define BBR_HEADROOM(x) ((uint32_t)((uint64_t)(x)*15 / 100))

enum bbr_state {
    BBR_STARTUP = 0,
    BBR_DRAIN,
    BBR_PROBE_DOWN,
    BBR_PROBE_CRUISE,
    BBR_PROBE_REFILL,
    BBR_PROBE_UP,
    BBR_PROBE_RTT,
    BBR_STATE_NONE
};

/* What ACKs mean for the probing of bandwidth. */
enum bbr_ack_phase {
    BBR_ACKS_INIT = 0,
    BBR_ACKS_REFILLING,
    BBR_ACKS_PROBE_STARTING,
    BBR_ACKS_PROBE_FEEDBACK,
    BBR_ACKS_PROBE_STOPPING
};

struct bbr {
    uint32_t free_next, index; /* the pool's */
    uint8_t state, undo_state; /* enum bbr_state */
    uint8_t ack_phase;         /* enum bbr_ack_phase */
    uint8_t full_bw_count, probe_up_rounds, loss_events, extra_acked_index, extra_acked_rounds;
    bool round_start, loss_round_start, loss_in_round, mark_in_round, idle_restart;
    bool full_bw_now, full_bw_reached, bw_probe_samples, has_seen_rtt;
    bool prev_probe_too_high, prev_probe_precautionary, probe_rtt_expired, probe_rtt_round_done;

    uint64_t bw, bw_latest, bw_shortterm, undo_bw_shortterm, full_bw;
    uint64_t max_bw[2]; /* of the last probing cycle and of this one */
    uint64_t pacing_rate;
    uint32_t inflight_latest, inflight_longterm, inflight_shortterm;
    uint32_t lost_in_round, loss_round_from; /* bytes; delivered when the loss round began */
    uint32_t undo_inflight_longterm, undo_inflight_shortterm;
    uint32_t prior_cwnd;

    uint32_t round_count, rounds_since_probe, drain_start_round;
    uint32_t next_round_delivered, loss_round_delivered;
    uint32_t probe_up_acked, probe_up_per_inc;
    uint32_t extra_acked[2], extra_acked_delivered;
    uint32_t min_rtt_us, probe_rtt_min_us; /* UINT32_MAX: none yet */
    uint32_t random;
    weir_time min_rtt_at, probe_rtt_min_at, probe_rtt_done_at; /* 0: not set */
    weir_time cycle_at, probe_wait, extra_acked_since;
};

static inline struct bbr *bbr_of(const struct tcp_conn *c)
{
    return c->cc_state.bbr.block;
}

/* ---- cc_bbr_model.c */
uint64_t bbr_max_bw(const struct bbr *b);
/* gain * bw * min_rtt; the initial window as long as there is no round trip to go by. */
uint32_t bbr_bdp(const struct tcp_conn *c, uint64_t bw, uint32_t gain);
/* Room for super-segments and delayed ACKs added; both. */
uint32_t bbr_with_budget(const struct tcp_conn *c, uint32_t inflight);
uint32_t bbr_inflight(const struct tcp_conn *c, uint64_t bw, uint32_t gain);
uint32_t bbr_inflight_with_headroom(const struct tcp_conn *c);
uint32_t bbr_extra_acked(const struct bbr *b);
uint32_t bbr_min_pipe(const struct tcp_conn *c);
uint32_t bbr_send_quantum(const struct tcp_conn *c);

void bbr_start_round(struct tcp_conn *c);
void bbr_reset_full_bw(struct bbr *b);
void bbr_reset_congestion_signals(struct bbr *b);
void bbr_reset_shortterm(struct bbr *b);
void bbr_advance_max_bw(struct bbr *b);
/* Does the sample say that too much was in flight? */
bool bbr_inflight_too_high(const struct tcp_conn *c, uint32_t lost, uint32_t tx_in_flight);

/* The beginning of an ACK, up to the estimate of a full pipe; round trips; the end. */
void bbr_model_update(struct tcp_conn *c, const struct ack_info *info, weir_time now);
void bbr_model_min_rtt(struct tcp_conn *c, const struct ack_info *info, weir_time now);
void bbr_model_finish(struct tcp_conn *c, const struct ack_info *info);

/* ---- cc_bbr_state.c */
bool bbr_is_probe_bw(const struct bbr *b);
bool bbr_is_probing(const struct bbr *b); /* sending more than is known to fit */
uint32_t bbr_pacing_gain(const struct bbr *b);
uint32_t bbr_cwnd_gain(const struct bbr *b);
uint32_t bbr_probe_rtt_cwnd(const struct tcp_conn *c);

void bbr_state_update(struct tcp_conn *c, const struct ack_info *info, weir_time now);
void bbr_check_probe_rtt(struct tcp_conn *c, const struct ack_info *info, weir_time now);
void bbr_check_probe_rtt_done(struct tcp_conn *c, weir_time now);
void bbr_enter_startup(struct bbr *b);
void bbr_start_refill(struct tcp_conn *c);
void bbr_handle_inflight_too_high(struct tcp_conn *c, uint32_t tx_in_flight, bool app_limited,
                                  weir_time now);

/* ---- cc_bbr.c */
void bbr_save_cwnd(struct tcp_conn *c);
void bbr_restore_cwnd(struct tcp_conn *c);

#endif
