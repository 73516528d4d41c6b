/* limits.c - see limits.h. */
#include "tcp/limits.h"

#include "tcp/cold.h"
#include "tcp/trace.h"

static bool open_now(const struct tcp_conn *c)
{
    return tcp_synchronized(c) && c->state != WEIR_TCP_TIME_WAIT;
}

weir_time limits_age(const struct tcp *t, const struct tcp_conn *c)
{
    if (open_now(c)) {
        return t->env->now - c->opened_at;
    }
    return c->opened_at;
}

/* Books the time since the last change. A block that is new knows nothing: all before was the
 * application's. */
static void book(struct tcp *t, struct tcp_conn *c, struct tcp_cold *cold)
{
    if (cold->limits_kept) {
        cold->limit_time[c->limit] += t->env->now - cold->limit_since;
    } else {
        cold->limit_time[WEIR_LIMIT_APP] = t->env->now - c->opened_at;
        cold->limit_traced = WEIR_LIMIT_APP;
        cold->limits_kept = true;
    }
    cold->limit_since = t->env->now;
}

void limits_open(struct tcp *t, struct tcp_conn *c)
{
    c->opened_at = t->env->now;
    c->data_in_ms = (uint32_t)(t->env->now / WEIR_MS); /* none yet: the clock of its age */
    c->limit = WEIR_LIMIT_APP;
}

void limits_close(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_cold *cold = cold_of(t, c);

    if (!open_now(c)) {
        return;
    }
    if (cold && cold->limits_kept) {
        book(t, c, cold);
    }
    c->opened_at = t->env->now - c->opened_at;
    c->limit = WEIR_LIMIT_APP;
}

void limits_read(const struct tcp *t, const struct tcp_conn *c, weir_time times[WEIR_LIMIT_COUNT])
{
    const struct tcp_cold *cold = cold_of(t, c);

    if (!cold || !cold->limits_kept) {
        memset(times, 0, sizeof(times[0]) * WEIR_LIMIT_COUNT);
        times[WEIR_LIMIT_APP] = limits_age(t, c);
        return;
    }
    memcpy(times, cold->limit_time, sizeof(cold->limit_time));
    if (open_now(c)) {
        times[c->limit] += t->env->now - cold->limit_since;
    }
}

void limits_check(const struct tcp *t, const struct tcp_conn *c)
{
    weir_time times[WEIR_LIMIT_COUNT], sum = 0;

    limits_read(t, c, times);
    for (uint32_t i = 0; i < WEIR_LIMIT_COUNT; i++) {
        sum += times[i];
    }
    ASSERT(sum == limits_age(t, c));
}

/* NONE lasts only until the device takes what is due, and comes with every ACK: it is booked, but no record
 * tells it, nor the return to what was before it. */
void trace_limit(struct tcp *t, struct tcp_conn *c, enum weir_limit limit)
{
    struct weir_record scratch, *r;
    struct tcp_cold *cold;

    if (c->limit == limit || !open_now(c) || (limit == WEIR_LIMIT_NONE && !cold_of(t, c))) {
        return;
    }
    cold = cold_ensure(t, c);
    if (cold) {
        book(t, c, cold);
    }
    if (limit != WEIR_LIMIT_NONE && (!cold || cold->limit_traced != limit)) {
        r = env_record_begin(t->env, WEIR_RECORD_LIMIT, c->id, &scratch);
        r->u.limit.limit = (uint8_t)limit;
        r->u.limit.before = cold ? cold->limit_traced : c->limit;
        env_record_end(t->env, r);
        if (cold) {
            cold->limit_traced = (uint8_t)limit;
        }
    }
    c->limit = (uint8_t)limit;
}
