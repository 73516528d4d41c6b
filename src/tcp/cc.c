/* cc.c - see cc.h: the algorithms by name; beginning, changing and ending one. */
#include "tcp/cc.h"

#include <assert.h>

#include "tcp/ack.h"
#include "tcp/hystart.h"
#include "tcp/trace.h"

static const struct cc_algorithm *const algorithms[] = {
    [WEIR_CC_NEWRENO] = &cc_newreno, [WEIR_CC_CUBIC] = &cc_cubic, [WEIR_CC_DCTCP] = &cc_dctcp,
    [WEIR_CC_PRAGUE] = &cc_prague,   [WEIR_CC_BBR] = &cc_bbr,
};
static_assert(ARRAY_SIZE(algorithms) == WEIR_CC_COUNT, "an algorithm for every name");

const struct cc_algorithm *cc_find(uint8_t congestion)
{
    return algorithms[congestion];
}

uint8_t cc_congestion(const struct cc_algorithm *cc)
{
    uint8_t i = 0;

    while (algorithms[i] != cc) {
        i++;
    }
    return i;
}

uint32_t cc_initial_window(const struct tcp_conn *c)
{
    return min_u32(10u * c->mss_base, max_u32(2u * c->mss_base, 14600));
}

/* Sets c->cc and takes what it needs; what is there instead when memory is short needs nothing. */
static void attach(struct tcp *t, struct tcp_conn *c, uint8_t congestion)
{
    memset(&c->cc_state, 0, sizeof(c->cc_state));
    c->cc = cc_find(congestion);
    if (c->cc->attach && !c->cc->attach(t, c)) {
        memset(&c->cc_state, 0, sizeof(c->cc_state));
        c->cc = &cc_cubic;
    }
}

void cc_release(struct tcp *t, struct tcp_conn *c)
{
    if (c->cc->release) {
        c->cc->release(t, c);
    }
}

void cc_start(struct tcp *t, struct tcp_conn *c)
{
    cc_release(t, c);
    attach(t, c, c->settings->o.congestion);
    c->cc->init(c, t->env->now);
}

void cc_change(struct tcp *t, struct tcp_conn *c, uint8_t congestion)
{
    uint32_t cwnd = c->cwnd, ssthresh = c->ssthresh;

    if (c->cc == cc_find(congestion)) {
        return;
    }
    cc_release(t, c);
    if (cwnd == 0) { /* not established: cc_start will do it */
        c->cc = cc_find(congestion);
        memset(&c->cc_state, 0, sizeof(c->cc_state));
        return;
    }
    attach(t, c, congestion);
    c->cc->init(c, t->env->now);
    c->cwnd = cwnd;
    c->ssthresh = ssthresh;
    if (c->recovery != TCP_OPEN && ssthresh == UINT32_MAX) {
        c->ssthresh =
            max_u32(cwnd, 2u * c->mss_base); /* BBR had no use for it; now it ends recovery */
    }
}

/* ---- What recovery.c calls ------------------------------------------------------------------------------ */

enum weir_reason cc_window_phase(const struct tcp_conn *c)
{
    if (hystart_conservative(c)) {
        return WEIR_REASON_HYSTART;
    }
    return c->cwnd < c->ssthresh ? WEIR_REASON_SLOW_START : WEIR_REASON_CONGESTION_AVOIDANCE;
}

enum weir_reason cc_phase(const struct tcp_conn *c)
{
    return c->cc->phase ? c->cc->phase(c) : cc_window_phase(c);
}

/* A change of phase is told even when cwnd has not moved yet. */
static void tell(struct tcp *t, const struct tcp_conn *c, uint32_t before, enum weir_reason phase,
                 bool initial)
{
    enum weir_reason now = cc_phase(c);

    if (c->cwnd != before || now != phase) {
        bool slow = phase == WEIR_REASON_HYSTART || phase == WEIR_REASON_SLOW_START;
        bool hystart = slow && now == WEIR_REASON_CONGESTION_AVOIDANCE && initial;

        trace_cwnd(t, c, before, hystart ? WEIR_REASON_HYSTART_EXIT : now);
    }
}

void cc_on_ack(struct tcp *t, struct tcp_conn *c, const struct ack_info *info)
{
    uint32_t before = c->cwnd;
    enum weir_reason phase = cc_phase(c);
    bool initial =
        c->ssthresh == UINT32_MAX; /* leaving slow start without a loss is HyStart's doing */

    c->cc->on_ack(c, info, t->env->now);
    tell(t, c, before, phase, initial);
}

void cc_on_delivered(struct tcp *t, struct tcp_conn *c, const struct ack_info *info)
{
    uint32_t before = c->cwnd;
    enum weir_reason phase = cc_phase(c);

    if (c->cc->on_delivered) {
        c->cc->on_delivered(c, info, t->env->now);
        tell(t, c, before, phase, false);
    }
}
