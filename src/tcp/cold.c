/* cold.c - see cold.h. */
#include "tcp/cold.h"

struct tcp_cold *cold_ensure(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_cold *cold = cold_of(t, c);
    uint32_t index;

    if (cold) {
        return cold;
    }
    cold = pool_get(&t->colds, &index);
    if (cold) {
        cold->index = index;
        c->cold = index;
    }
    return cold;
}

void cold_release(struct tcp *t, struct tcp_conn *c)
{
    if (c->cold) {
        pool_put(&t->colds, c->cold);
        c->cold = 0;
    }
}
