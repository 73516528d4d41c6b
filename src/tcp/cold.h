/*
 * cold.h - the cold block of a connection: what only some connections need, or only once they are busy, so
 * that an idle one stays small. Made on demand, kept until the connection is freed.
 */
#ifndef TCP_COLD_H
#define TCP_COLD_H

#include "tcp/ecn.h"

struct tcp_cold {
    uint32_t free_next;     /* the pool's, when free */
    uint32_t index;         /* of this block in its pool */
    weir_time challenge_at; /* no answer to a useless segment before (challenge.h) */
    struct ecn_state ecn;   /* once ECN was asked for or agreed on */
};

/* The block, or NULL when the connection has none. */
static inline struct tcp_cold *cold_of(const struct tcp *t, const struct tcp_conn *c)
{
    return c->cold ? pool_at(&t->colds, c->cold) : NULL;
}

/* The block, zeroed when new; NULL: no memory. */
struct tcp_cold *cold_ensure(struct tcp *t, struct tcp_conn *c);
void cold_release(struct tcp *t, struct tcp_conn *c);

#endif
