/* autotune.c - see autotune.h. */
#include "tcp/autotune.h"

#include "tcp/cold.h"

#define SEGMENTS_FIRST \
    10u /* what a sender may begin with (RFC 6928): nothing is learnt from less */
#define SEGMENTS_SPARE 16u
#define RTT_MAX_MS 60000u

static bool automatic(const struct tcp_conn *c)
{
    return c->settings->o.receive_buffer == 0;
}

/* ---- Memory ------------------------------------------------------------------------------------------- */

/* In quarters of the budget. */
static bool used_beyond(const struct tcp *t, uint32_t quarters)
{
    const struct memory *m = &t->env->memory;

    return m->budget != 0 && m->used > m->budget / 4 * quarters;
}

static void resize(struct tcp *t, struct tcp_conn *c, uint32_t limit)
{
    t->receive_growth -= c->rcv_limit - TCP_BUFFER_INITIAL;
    c->rcv_limit = limit;
    t->receive_growth += c->rcv_limit - TCP_BUFFER_INITIAL;
}

static void grow(struct tcp *t, struct tcp_conn *c, uint64_t want)
{
    uint64_t budget = t->env->memory.budget, left = UINT64_MAX;

    if (budget != 0) {
        if (used_beyond(t, 2) || t->receive_growth >= budget / 2) {
            return;
        }
        left = budget / 2 - t->receive_growth;
    }
    want = min_u64(want, tcp_receive_most(&c->settings->o));
    if (want > c->rcv_limit) {
        resize(t, c, c->rcv_limit + (uint32_t)min_u64(want - c->rcv_limit, left));
    }
}

void autotune_forget(struct tcp *t, struct tcp_conn *c)
{
    if (automatic(c)) {
        resize(t, c, TCP_BUFFER_INITIAL);
    }
}

void autotune_reset(struct tcp *t, struct tcp_conn *c)
{
    (void)t;
    c->rcv_limit = tcp_receive_initial(&c->settings->o);
}

uint32_t autotune_send_limit(const struct tcp *t, const struct tcp_conn *c)
{
    const struct weir_tcp_options *o = &c->settings->o;
    uint64_t want = (uint64_t)c->cwnd * 2;

    if (o->send_buffer) {
        return o->send_buffer;
    }
    if (used_beyond(t, 2)) {
        want = used_beyond(t, 3) ? 0 : c->cwnd;
    }
    return (uint32_t)max_u64(min_u64(want, o->send_buffer_max), TCP_BUFFER_INITIAL);
}

/* ---- The round trip, as the receiver sees it ---------------------------------------------------------- */

static void window_begins(struct tcp *t, struct tcp_conn *c, struct tcp_cold *cold)
{
    cold->rcv_rtt_at = t->env->now;
    cold->rcv_rtt_end = c->rcv_adv;
}

/* An echoed timestamp: the sender had our ACK and sent this. As in RFC 6298, smoothed by an eighth. */
static void sample_echo(struct tcp *t, struct tcp_conn *c, struct tcp_cold *cold,
                        const struct seg_in *in)
{
    uint32_t ecr = in->s->options.ts_ecr;
    uint32_t ms = (uint32_t)(t->env->now / WEIR_MS) + c->ts_offset - ecr;

    if (ecr == 0 || ecr == cold->rcv_rtt_ecr || in->size < c->rcv_mss || ms > RTT_MAX_MS) {
        return;
    }
    cold->rcv_rtt_ecr = ecr;
    ms = max_u32(ms, 1);
    if (cold->rcv_rtt_us == 0) {
        cold->rcv_rtt_us = ms * 1000;
    } else {
        cold->rcv_rtt_us = cold->rcv_rtt_us - cold->rcv_rtt_us / 8 + ms * 125;
    }
}

/* Without timestamps: a whole window takes a round trip at least. The shortest is the best guess. */
static void sample_window(struct tcp *t, struct tcp_conn *c, struct tcp_cold *cold)
{
    uint64_t us;

    if (c->rcv_nxt < cold->rcv_rtt_end) {
        return;
    }
    us = max_u64((t->env->now - cold->rcv_rtt_at) / WEIR_US, 1);
    if (us <= RTT_MAX_MS * 1000 && (cold->rcv_rtt_us == 0 || us < cold->rcv_rtt_us)) {
        cold->rcv_rtt_us = (uint32_t)us;
    }
    window_begins(t, c, cold);
}

/* ---- Receiving ---------------------------------------------------------------------------------------- */

static seq_pos read_up_to(const struct tcp_conn *c)
{
    return c->rcv_nxt - c->fin_received - c->recvq_bytes;
}

static void space_begins(struct tcp *t, struct tcp_conn *c, struct tcp_cold *cold)
{
    cold->rcv_space_pos = read_up_to(c);
    cold->rcv_space_at = t->env->now;
}

/* The block of a connection that has received more than a first flight. */
static struct tcp_cold *measuring(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_cold *cold = cold_of(t, c);

    if (cold && cold->measuring) {
        return cold;
    }
    if (c->rcv_nxt - seq_from_isn(c->irs) < SEGMENTS_FIRST * c->rcv_mss) {
        return NULL;
    }
    cold = cold_ensure(t, c);
    if (cold) {
        cold->measuring = true;
        cold->rcv_space = SEGMENTS_FIRST * max_u32(c->rcv_mss, 1);
        window_begins(t, c, cold);
        space_begins(t, c, cold);
    }
    return cold;
}

static bool round_trip_over(const struct tcp *t, const struct tcp_cold *cold)
{
    return cold->rcv_rtt_us && t->env->now - cold->rcv_space_at >= cold->rcv_rtt_us * WEIR_US;
}

void autotune_arrived(struct tcp *t, struct tcp_conn *c, const struct seg_in *in)
{
    struct tcp_cold *cold;

    if (!automatic(c) || (cold = measuring(t, c)) == NULL) {
        return;
    }
    if (in->s->options.present & WEIR_SEGMENT_TIMESTAMPS) {
        sample_echo(t, c, cold, in);
    } else {
        sample_window(t, c, cold);
    }
    if (UNLIKELY(used_beyond(t, 3)) && round_trip_over(t, cold)) {
        resize(t, c, TCP_BUFFER_INITIAL + (c->rcv_limit - TCP_BUFFER_INITIAL) / 2);
        space_begins(t, c, cold);
    }
}

void autotune_read(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_cold *cold;
    uint64_t copied, want;

    if (!automatic(c) || (cold = measuring(t, c)) == NULL || !round_trip_over(t, cold)) {
        return;
    }
    copied = read_up_to(c) - cold->rcv_space_pos;
    if (copied > cold->rcv_space) {
        copied = min_u64(copied, TCP_BUFFER_MAX);
        want = copied * 2 + SEGMENTS_SPARE * c->rcv_mss;
        want += want * (copied - cold->rcv_space) / cold->rcv_space * 2;
        cold->rcv_space = (uint32_t)copied;
        grow(t, c, want);
    }
    space_begins(t, c, cold);
}
