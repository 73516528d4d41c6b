/* rtt.h - round-trip time and retransmission timeout (RFC 6298). */
#ifndef TCP_RTT_H
#define TCP_RTT_H

#include "tcp/conn.h"

#define RTT_DOUBLINGS_MAX 10u

/* One sample, taken from a segment that was sent once (Karn) or from an echoed timestamp. */
void rtt_sample(struct tcp *t, struct tcp_conn *c, weir_time sample);
/* One by the timestamp that came back (RFC 7323 4): nothing when that makes no sense. */
void rtt_sample_echo(struct tcp *t, struct tcp_conn *c, uint32_t ts_ecr);
/* The SYN (or SYN,ACK) had to be repeated: RFC 6298 5.7. */
void rtt_syn_lost(struct tcp_conn *c);
/* The timeout now, backoff included. */
weir_time rtt_rto(const struct tcp_conn *c);
static inline weir_time rtt_srtt(const struct tcp_conn *c)
{
    return (weir_time)c->srtt8_us * WEIR_US / 8;
}

#endif
