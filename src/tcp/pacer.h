/*
 * pacer.h - pacing: data leaves at a rate instead of in bursts of a window.
 *
 * An algorithm with a rate of its own (BBR) is always paced; any other when the options ask for it, at a
 * rate made from cwnd and the round-trip time. A maximum rate holds for all. Retransmissions are paced too;
 * ACKs, probes and the like are not. The next time to send is a deadline of the connection (timeout.c).
 */
#ifndef TCP_PACER_H
#define TCP_PACER_H

#include "tcp/conn.h"

/* The rate that holds, or that would if pacing were on; bytes per second, 0: not known yet. */
uint64_t pacer_rate(const struct tcp_conn *c);
bool pacer_on(const struct tcp_conn *c);

/* Something could be sent: has it to wait? Then pacer_deadline says until when. */
bool pacer_holds(const struct tcp *t, struct tcp_conn *c);
static inline void pacer_rest(struct tcp_conn *c)
{
    if (c->flight->rate.pacing_waits) { /* nothing is to be sent: nothing waits */
        c->flight->rate.pacing_waits = 0;
    }
}
static inline weir_time pacer_deadline(const struct tcp_conn *c)
{
    return c->flight->rate.pacing_waits ? c->flight->rate.next_send_at : WEIR_NEVER;
}

/* The rate was changed: what waits by the old one goes. */
void pacer_reset(struct tcp_conn *c);

/* cwnd per round trip and some more, bytes per second; 0: no round trip is known. */
uint64_t pacer_window_rate(const struct tcp_conn *c);

/* The largest payload that may leave at once: what the rate sends in a millisecond, in whole segments of
 * `per_segment` bytes, at least two. */
uint32_t pacer_quantum(const struct tcp_conn *c, uint32_t per_segment);
/* `size` bytes of payload leave now. */
void pacer_sent(const struct tcp *t, struct tcp_conn *c, uint32_t size);

#endif
