/* rate.c - see rate.h. Counters are compared modulo 2^32: nothing that is in flight is older. */
#include "tcp/rate.h"

#include "tcp/ack.h"
#include "tcp/cc.h"
#include "tcp/scoreboard.h"

#define LAST_MAX ((1u << 30) - 1)
#define LAST_UNIT 64 /* bytes per second: the last rate is kept in 32 bits */

uint64_t rate_per_second(uint64_t size, weir_time time)
{
    /* size * 10^9 fits for anything below 16 GiB */
    return size < (uint64_t)1 << 34 ? size * WEIR_S / time : size / max_u64(time / WEIR_S, 1);
}

void rate_on_send(struct tcp *t, struct tcp_conn *c, struct tx_record *r)
{
    struct tcp_rate *rate = &c->flight->rate;
    uint32_t in_flight = scoreboard_in_flight(c);
    weir_time now = t->env->now;

    if (in_flight <= r->size) { /* nothing else is: the interval begins here */
        rate->first_sent_at = now;
        c->flight->delivered_at = now;
        if (rate->app_limited && c->cc->on_restart && tcp_synchronized(c)) {
            c->cc->on_restart(c, now);
        }
    }
    r->sent_at = now;
    r->delivered = (uint32_t)c->delivered;
    r->delivered_at = c->flight->delivered_at;
    r->lost = rate->lost;
    r->tx_in_flight = in_flight;
    r->send_elapsed_us =
        (uint32_t)min_u64((now - min_u64(rate->first_sent_at, now)) / WEIR_US, UINT32_MAX);
    r->flags &= (uint8_t)~TX_APP_LIMITED;
    r->flags |= rate->app_limited ? TX_APP_LIMITED : 0;
}

void rate_on_delivered(struct tcp_conn *c, const struct tx_record *r, uint32_t size,
                       struct ack_info *info)
{
    struct rate_sample *s = &info->rate;

    s->newly_acked += size;
    if (s->any && r->sent_at < s->sent_at) {
        return; /* the sample is taken from the record that was sent last */
    }
    s->any = true;
    s->sent_at = r->sent_at;
    s->prior_delivered = r->delivered;
    s->prior_at = r->delivered_at;
    s->prior_lost = r->lost;
    s->tx_in_flight = r->tx_in_flight;
    s->app_limited = (r->flags & TX_APP_LIMITED) != 0;
    s->send_elapsed = (weir_time)r->send_elapsed_us * WEIR_US;
    if (r->sent_at > c->flight->rate.first_sent_at) {
        c->flight->rate.first_sent_at = r->sent_at;
    }
}

void rate_on_lost(struct tcp *t, struct tcp_conn *c, const struct tx_record *r,
                  enum weir_reason reason)
{
    if (reason == WEIR_REASON_FRAME_DROPPED || reason == WEIR_REASON_PMTU ||
        reason == WEIR_REASON_MTU_PROBE || reason == WEIR_REASON_BLACK_HOLE) {
        return;
    }
    c->flight->rate.lost += r->size;
    if (c->cc->on_lost && tcp_synchronized(c)) { /* before, the algorithm has not begun */
        c->cc->on_lost(c, r, t->env->now);
    }
}

void rate_finish(struct tcp *t, struct tcp_conn *c, struct ack_info *info)
{
    struct rate_sample *s = &info->rate;
    struct tcp_rate *rate = &c->flight->rate;
    weir_time now = t->env->now;

    s->lost_before = rate->lost;
    if (!s->any) {
        return;
    }
    c->flight->delivered_at = now;
    if (rate->app_limited && (int32_t)((uint32_t)c->delivered - rate->app_limited) > 0) {
        rate->app_limited = 0;
    }
    s->delivered = (uint32_t)c->delivered - s->prior_delivered;
    s->interval = max_u64(s->send_elapsed, now - min_u64(s->prior_at, now));
    if (s->interval == 0 || s->interval < (weir_time)c->min_rtt_us * WEIR_US) {
        return; /* a spuriously repeated record was acknowledged: no rate to rely on */
    }
    s->rate = rate_per_second(s->delivered, s->interval);
    if (!s->app_limited || s->rate >= rate_last(c)) {
        rate->last = (uint32_t)min_u64(s->rate / LAST_UNIT, LAST_MAX) & LAST_MAX;
        rate->last_app_limited = s->app_limited;
    }
}

bool rate_waits_for_app(const struct tcp_conn *c)
{
    return c->flight->lost_bytes == 0 && c->snd_end <= c->snd_nxt &&
           (c->cwnd == 0 || scoreboard_in_flight(c) < c->cwnd);
}

void rate_mark_app_limited(struct tcp_conn *c)
{
    uint32_t until = (uint32_t)c->delivered + scoreboard_in_flight(c);

    if (c->flight != &tcp_flight_none) {
        c->flight->rate.app_limited = until ? until : 1;
    }
}

uint64_t rate_last(const struct tcp_conn *c)
{
    return (uint64_t)c->flight->rate.last * LAST_UNIT;
}
