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

weir_time challenge_spacing(const struct tcp *t)
{
    return min_u64(t->env->config.challenge_spacing, WEIR_NEVER - t->env->now);
}

bool challenge_spaced(struct tcp *t, struct tcp_conn *c)
{
    weir_time spacing = challenge_spacing(t);
    struct tcp_cold *cold = spacing ? cold_ensure(t, c) : NULL;

    if (!cold) {
        return true; /* not wanted, or no memory: the stack's limit is left */
    }
    if (t->env->now < cold->challenge_at) {
        t->env->dropped[WEIR_DROP_CHALLENGE_LIMIT]++;
        return false;
    }
    cold->challenge_at = t->env->now + spacing;
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
