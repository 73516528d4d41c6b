/* pacer.c - see pacer.h. */
#include "tcp/pacer.h"

#include "tcp/cc.h"
#include "tcp/rate.h"
#include "tcp/trace.h"

/* Percent of cwnd per round trip, as Linux: slow start doubles within the round, so it needs twice the
 * rate; later some more than 100 lets cwnd, not the pacer, be the limit. */
#define SLOW_START_PERCENT 200
#define AVOIDANCE_PERCENT 120

uint64_t pacer_window_rate(const struct tcp_conn *c)
{
    uint32_t percent = c->cwnd < c->ssthresh / 2 ? SLOW_START_PERCENT : AVOIDANCE_PERCENT;
    uint64_t window = max_u32(c->cwnd, (uint32_t)(c->snd_nxt - c->snd_una));

    if (c->srtt8_us == 0 || c->cwnd == 0) {
        return 0;
    }
    return window * percent * (8 * WEIR_S / WEIR_US / 100) / c->srtt8_us;
}

uint64_t pacer_rate(const struct tcp_conn *c)
{
    uint64_t most = c->settings->o.max_pacing_rate;
    uint64_t rate = c->cc->pacing_rate ? c->cc->pacing_rate(c) : pacer_window_rate(c);

    return most && (rate == 0 || rate > most) ? most : rate;
}

bool pacer_on(const struct tcp_conn *c)
{
    return c->cc->pacing_rate || c->settings->o.pacing || c->settings->o.max_pacing_rate;
}

bool pacer_holds(const struct tcp *t, struct tcp_conn *c)
{
    struct tcp_rate *rate = &c->flight->rate;

    if (rate->next_send_at <= t->env->now || !pacer_on(c)) {
        pacer_rest(c);
        return false;
    }
    rate->pacing_waits = 1; /* next_send_at is set: the block is a real one */
    return true;
}

void pacer_reset(struct tcp_conn *c)
{
    if (c->flight != &tcp_flight_none) {
        c->flight->rate.next_send_at = 0;
        c->flight->rate.pacing_waits = 0;
    }
}

uint32_t pacer_quantum(const struct tcp_conn *c, uint32_t per_segment)
{
    uint64_t rate;
    uint32_t size;

    if (!pacer_on(c) || (rate = pacer_rate(c)) == 0) {
        return UINT32_MAX;
    }
    size = (uint32_t)min_u64(rate / (WEIR_S / WEIR_MS), UINT16_MAX);
    return max_u32(size / per_segment, 2) * per_segment;
}

void pacer_sent(const struct tcp *t, struct tcp_conn *c, uint32_t size)
{
    struct tcp_rate *rate = &c->flight->rate;
    weir_time now = t->env->now, takes, late;
    uint64_t bytes_per_second;

    if (c->flight == &tcp_flight_none || !pacer_on(c) || (bytes_per_second = pacer_rate(c)) == 0) {
        return;
    }
    takes = (uint64_t)size * WEIR_S / bytes_per_second;
    /* a timer that came late is made good, but never by more than half */
    late = now > rate->next_send_at && rate->next_send_at ? now - rate->next_send_at : 0;
    rate->next_send_at = now + takes - min_u64(takes / 2, late);
}
