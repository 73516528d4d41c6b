/* orphan.c - see orphan.h. */
#include "tcp/orphan.h"

#include "tcp/rtt.h"

bool orphan_begin(struct tcp *t, struct tcp_conn *c)
{
    uint32_t most = t->env->config.orphans_max;

    if (most && t->orphans >= most) {
        t->orphans_reset++;
        return false;
    }
    c->lingering = 1;
    t->orphans++;
    return true;
}

void orphan_end(struct tcp *t, struct tcp_conn *c)
{
    t->orphans -= c->lingering;
    c->lingering = 0;
}

bool orphan_gives_up(const struct tcp *t, const struct tcp_conn *c, uint32_t tries)
{
    return c->lingering && tries > t->env->config.orphan_retries;
}

bool orphan_waited(const struct tcp_conn *c, weir_time wait)
{
    return c->lingering && (wait >= TCP_RTO_MAX || c->backoff >= RTT_DOUBLINGS_MAX);
}
