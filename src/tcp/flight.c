/* flight.c - see flight.h. The blocks are pool objects; a connection knows its block by pointer, and the
 * block's index is kept in front of it. */
#include "tcp/flight.h"

#include "tcp/scoreboard.h"
#include "tcp/sendq.h"

const struct tcp_flight tcp_flight_none;

static struct tcp_flight *none(void)
{
    union {
        const struct tcp_flight *in;
        struct tcp_flight *out;
    } unconst = {.in = &tcp_flight_none}; /* read only: writers call flight_ensure first */

    return unconst.out;
}

bool flight_ensure(struct tcp *t, struct tcp_conn *c)
{
    uint32_t index;
    struct tcp_flight *f;

    if (c->flight != &tcp_flight_none) {
        return true;
    }
    f = pool_get(&t->flights, &index);
    if (!f) {
        return false;
    }
    f->index = index;
    f->recover = c->snd_una - 1;
    f->mark_at = f->push_at = f->small_end = seq_wire(c->snd_una);
    c->busy_time -= t->env->now; /* while it is there: less the moment when that began */
    c->flight = f;
    return true;
}

void flight_release_if_idle(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_flight *f = c->flight;

    if (f != &tcp_flight_none && !f->sendq_head && !f->tx_head && c->recovery == TCP_OPEN &&
        !f->tlp_end) { /* a probe whose answer is still to come says whether there was a loss */
        c->busy_time += t->env->now;
        c->flight = none();
        pool_put(&t->flights, f->index);
    }
}

void flight_clear(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_flight *f = c->flight;

    if (f && f != &tcp_flight_none) {
        sendq_clear(t, c);
        scoreboard_clear(t, c);
        c->busy_time += t->env->now;
        pool_put(&t->flights, f->index);
    }
    c->flight = none();
}
