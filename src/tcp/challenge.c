/* challenge.c - see challenge.h. */
#include "tcp/challenge.h"

#include "tcp/cold.h"

/* The limit is drawn anew each second, so that it cannot be used as a side channel. */
bool input_challenge_allowed(struct tcp *t)
{
    if (t->env->now >= t->challenge_at) {
        t->challenge_at = t->env->now + WEIR_S;
        t->challenge_left = TCP_CHALLENGE_PER_SECOND / 2 +
                            (uint32_t)rng_below(&t->env->rng, TCP_CHALLENGE_PER_SECOND);
    }
    if (t->challenge_left == 0) {
        t->env->dropped[WEIR_DROP_CHALLENGE_LIMIT]++;
        return false;
    }
    t->challenge_left--;
    return true;
}

bool challenge_spaced(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_cold *cold = cold_ensure(t, c);

    if (!cold) {
        return true; /* no memory: the stack's limit is left */
    }
    if (t->env->now < cold->challenge_at) {
        t->env->dropped[WEIR_DROP_CHALLENGE_LIMIT]++;
        return false;
    }
    cold->challenge_at = t->env->now + TCP_CHALLENGE_SPACING;
    return true;
}

void input_owe_ack(struct tcp *t, struct tcp_conn *c, bool challenge)
{
    if (!challenge) {
        c->ack_now = 1;
    } else if (challenge_spaced(t, c) && input_challenge_allowed(t)) {
        c->challenge_due = 1;
    }
}
