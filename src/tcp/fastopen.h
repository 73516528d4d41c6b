/*
 * fastopen.h - TCP Fast Open (RFC 7413): data in the SYN. Both roles' part in the handshake, the server's
 * cookies, and the client's memory of them.
 *
 * Passive: a SYN with a good cookie makes a connection in SYN-RECEIVED at once, with its data queued and itself
 * in the accept queue; its SYN,ACK goes the way of a simultaneous open's. Data of ours may follow before the
 * handshake is complete: then records begin behind the SYN, which has none.
 *
 * Active: the first SYN carries what is queued; the bytes have no record. What the SYN,ACK acknowledges is
 * done, the rest counts as not yet sent. A SYN that is sent again is a plain one.
 */
#ifndef TCP_FASTOPEN_H
#define TCP_FASTOPEN_H

#include "tcp/cold.h"
#include "tcp/output.h"
#include "tcp/tcp.h"

enum fastopen_flags {
    FASTOPEN_TRIED = 1 << 0,  /* the first SYN has left: no more are special */
    FASTOPEN_OPTION = 1 << 1, /* it had the option */
    FASTOPEN_EXP = 1 << 2,    /* ... the experimental one */
    FASTOPEN_USED = 1 << 3,   /* data in a SYN was taken */
    FASTOPEN_GIVE = 1 << 4    /* passive: their cookie was of the old key */
};

void fastopen_init(struct tcp *t);
void fastopen_fini(struct tcp *t);

/* ---- Passive ---- */
/* A SYN to a listener with a queue: *opened, or flags for the entry (HALF_FASTOPEN: a cookie is to be given). */
uint16_t fastopen_listen(struct tcp *t, struct listener *l, const struct tcp_arrival *a,
                         struct tcp_conn **opened);
/* A listener's; NULL: the stack's. */
const struct fastopen_keys *fastopen_keys_of(const struct tcp *t, const struct listener *l);
/* The option with the cookie for this peer; valid until the next call. */
void fastopen_give(struct tcp *t, const struct listener *l, const struct tcp_tuple *tuple, bool exp,
                   struct tcp_options *o);
void fastopen_leave(struct tcp *t, struct tcp_conn *c, bool by_rst); /* no longer in SYN-RECEIVED */
bool fastopen_soft_error_ends(const struct tcp *t, const struct tcp_conn *c);
void fastopen_sample(struct tcp *t, struct tcp_conn *c, const struct tcp_options *o);

/* ---- Active ---- */
/* Bytes that a SYN to there may carry; 0: no cookie, or not now. */
uint32_t fastopen_room(const struct tcp *t, const struct tcp_tuple *tuple, uint32_t mtu,
                       const struct weir_tcp_options *o);
void fastopen_on_syn_ack(struct tcp *t, struct tcp_conn *c, const struct tcp_segment *s);
void fastopen_send_again(struct tcp *t, struct tcp_conn *c); /* established: data of the SYN */
void fastopen_too_big(struct tcp *t,
                      struct tcp_conn *c); /* the path's MTU shrank: plain SYN, at once */

/* ---- Both ---- */
/* Completes the SYN or SYN,ACK in `e`: option and data. */
void fastopen_on_syn(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e, uint32_t mtu,
                     bool with_ack);
void fastopen_established(struct tcp *t, struct tcp_conn *c);

/* Bytes that our SYN carried. */
static inline uint32_t fastopen_data(const struct tcp *t, const struct tcp_conn *c)
{
    return c->fastopen && !c->passive ? cold_of(t, c)->fastopen_data : 0;
}
static inline bool fastopen_used(const struct tcp *t, const struct tcp_conn *c)
{
    return (cold_of(t, c)->fastopen_flags & FASTOPEN_USED) != 0;
}

#endif
