/*
 * tcp.h - what stack/ calls: making and freeing, user calls, half-open and TIME-WAIT entries.
 *
 * tcp/ knows neither IP nor the demux: whoever calls it tells it the MTU of the path and enters and removes
 * names (tcp_name) in the hash. Reading order: conn.h, tcp.h, user.c, listen.c, input.c, ack.c, text.c,
 * output.c, emit.c, timeout.c.
 */
#ifndef TCP_TCP_H
#define TCP_TCP_H

#include "tcp/conn.h"
#include "tcp/input.h"
#include "tcp/output.h"
#include "tcp/state.h"
#include "tcp/timeout.h"

int tcp_init(struct tcp *t, struct env *env);
void tcp_fini(struct tcp *t); /* all connections and entries are gone before */

/* ---- Connections --------------------------------------------------------------------------------------- */

struct tcp_tuple {
    struct ip_addr local, remote;
    uint16_t local_port, remote_port;
};

/* A connection in CLOSED with a number; NULL: no memory. `o` NULL: the stack's settings. */
struct tcp_conn *tcp_conn_new(struct tcp *t, const struct tcp_tuple *tuple,
                              struct tcp_settings *settings, bool passive);
void tcp_conn_free(struct tcp *t, struct tcp_conn *c);
/* Sends SYN: CLOSED -> SYN-SENT. */
void tcp_open(struct tcp *t, struct tcp_conn *c, uint32_t mtu);
/* The path's MTU is known or changed. What is on its way and too large is sent again at once, in smaller
 * pieces and without blaming congestion (RFC 1191 6.4, RFC 8201 5.3). */
void tcp_set_mtu(struct tcp *t, struct tcp_conn *c, uint32_t mtu);
/* An ICMP error about a segment of ours. */
struct tcp_icmp {
    bool hard, too_big;
    int error;
    uint32_t seq, mtu;
};
/* True: something on the way was too big, and the path's MTU is to be learned (and then set). */
bool tcp_icmp_error(struct tcp *t, struct tcp_conn *c, const struct tcp_icmp *e);
/* The same for a half-open entry. True: it is to be removed. */
bool tcp_half_icmp(struct tcp *t, uint32_t name, const struct tcp_icmp *e);

/* ---- User calls (connection already found; see weir.h for the meaning) ------------------------------ */
int64_t tcp_user_send(struct tcp *t, struct tcp_conn *c, const void *data, size_t size,
                      uint32_t flags);
int tcp_user_send_ref(struct tcp *t, struct tcp_conn *c, const void *data, uint32_t size,
                      uint64_t cookie);
int64_t tcp_user_send_urgent(struct tcp *t, struct tcp_conn *c, const void *data, size_t size,
                             uint32_t flags);
int tcp_user_urgent(const struct tcp *t, struct tcp_conn *c, struct weir_urgent *u);
int64_t tcp_user_recv(struct tcp *t, struct tcp_conn *c, void *data, size_t size);
int tcp_user_peek(struct tcp *t, struct tcp_conn *c, struct weir_slice *slices, size_t n);
int tcp_user_consume(struct tcp *t, struct tcp_conn *c, size_t size);
int tcp_user_shutdown(struct tcp *t, struct tcp_conn *c);
void tcp_user_close(struct tcp *t, struct tcp_conn *c);
void tcp_user_abort(struct tcp *t, struct tcp_conn *c);
void tcp_user_info(const struct tcp *t, const struct tcp_conn *c, struct weir_tcp_info *info);
int tcp_user_set(struct tcp *t, struct tcp_conn *c, enum weir_option option, uint64_t value);
int tcp_user_get(const struct tcp *t, const struct tcp_conn *c, enum weir_option option,
                 uint64_t *value);
int tcp_option_apply(struct weir_tcp_options *o, enum weir_option option, uint64_t value);
int tcp_option_read(const struct weir_tcp_options *o, enum weir_option option, uint64_t *value);

/* ---- Listeners and half-open entries ------------------------------------------------------------------ */

struct listener *tcp_listener_new(struct tcp *t, struct tcp_settings *settings);
void tcp_listener_free(struct tcp *t, struct listener *l);

/* A segment as stack/ sees it on the way in. */
struct tcp_arrival {
    const struct weir_tcp_key *key; /* listener: what the SYN was authenticated with, or NULL */
    struct tcp_tuple tuple;
    const struct tcp_segment *segment;
    struct weir_buffer **buffer;
    uint16_t gso_size;
    uint16_t link;
    uint32_t mtu; /* of the way back */
    bool to_group;
    bool listened; /* TIME-WAIT: a listener would take a SYN */
    const uint32_t
        *isn_above; /* listener: a connection in TIME-WAIT used numbers up to it; or NULL */
};

/* What listening and half-open entries want done. */
struct tcp_outcome {
    uint32_t enter;  /* name to enter in the demux, or 0 */
    uint32_t remove; /* name to take out, or 0 (its entry is freed by tcp_half_free afterwards) */
    /* both: `remove` first, then `conn` is entered */
    bool rst;         /* answer with RST made from the segment */
    uint32_t syn_ack; /* half-open name whose SYN,ACK is to be sent, or 0 */
    bool ack;         /* answer with `reply` */
    bool cookie;      /* answer with a SYN cookie (tcp_cookie_syn_ack) */
    struct tcp_segment reply;
    struct tcp_conn *conn;   /* made from a half-open entry: the segment is still to be handled */
    struct tcp_conn *opened; /* made by a SYN (Fast Open): the segment is dealt with */
};

void tcp_listen_input(struct tcp *t, struct listener *l, const struct tcp_arrival *a,
                      struct tcp_outcome *out);
void tcp_half_input(struct tcp *t, uint32_t name, const struct tcp_arrival *a,
                    struct tcp_outcome *out);
void tcp_half_tuple(const struct tcp *t, uint32_t name, struct tcp_tuple *tuple);
/* The SYN,ACK of an entry, for a path of that MTU; books the transmission. */
void tcp_half_syn_ack(struct tcp *t, uint32_t name, uint32_t mtu, struct tcp_segment *s);
void tcp_half_free(struct tcp *t, uint32_t name); /* out of its list and pool; not of the demux */
/* The verdict on a deferred entry: true: its SYN,ACK is to be sent. false: it is to be removed. */
bool tcp_half_decide(struct tcp *t, uint32_t name, enum weir_verdict verdict);
/* The next entry whose SYN,ACK is due again (*expired: to be removed instead); 0: none. */
uint32_t tcp_half_due(struct tcp *t, bool *expired);
weir_time tcp_half_deadline(const struct tcp *t);
/* The next undecided entry of a deferred listener that was not yet announced; 0: none. */
uint32_t tcp_half_announce(struct tcp *t, struct listener *l);
bool tcp_half_valid(const struct tcp *t, uint32_t name, uint32_t id);

/* The SYN,ACK for a SYN that gets a cookie. */
void tcp_cookie_syn_ack(struct tcp *t, struct listener *l, const struct tcp_arrival *a,
                        uint32_t mtu, struct tcp_segment *s);
/* May an ACK to this listener be the answer to a cookie? Then tcp_listen_input wants a->mtu. */
bool tcp_cookie_expected(const struct tcp *t, const struct listener *l);

struct tcp_conn *tcp_accept(struct tcp *t, struct listener *l);

/* ---- TIME-WAIT entries -------------------------------------------------------------------------------- */

/* Turns an orphan in TIME-WAIT into an entry; its index, or 0: no memory. The connection stays. */
uint32_t tcp_time_wait_new(struct tcp *t, const struct tcp_conn *c);
void tcp_time_wait_free(struct tcp *t, uint32_t index, enum weir_reason reason);
/* May this SYN open the next connection (RFC 9293 3.6.1, RFC 6191)? `ts_recent` NULL: the old one had no
 * timestamps. */
bool tcp_time_wait_newer(const struct tcp_segment *s, uint32_t rcv_nxt, const uint32_t *ts_recent);
/* May an active open take the place of the entry (RFC 6191 for our own side)? */
bool tcp_time_wait_reusable(const struct tcp *t, uint32_t index);
/* As tcp_input. `reply` is to be sent when *answer. */
enum tcp_verdict tcp_time_wait_input(struct tcp *t, uint32_t index, const struct tcp_arrival *a,
                                     bool *answer, struct tcp_segment *reply, bool *gone);

/* ---- Initial sequence numbers ------------------------------------------------------------------------- */
uint64_t tcp_tuple_hash(const struct tcp *t, const struct tcp_tuple *tuple, uint32_t purpose,
                        uint32_t salt);
uint32_t tcp_isn(struct tcp *t, const struct tcp_tuple *tuple, const struct weir_tcp_options *o);
/* RFC 9293 3.6.1: above all numbers that a connection in TIME-WAIT used, `isn` if it is; the clock of tcp_isn is
 * slower than a fast connection. A fixed ISN stays what it is. */
uint32_t tcp_isn_above(uint32_t isn, uint32_t snd_nxt, const struct weir_tcp_options *o);
/* The same for an active open that has not sent anything yet. */
void tcp_start_above(struct tcp_conn *c, uint32_t snd_nxt);
uint32_t tcp_ts_offset(struct tcp *t, const struct tcp_tuple *tuple);

void tcp_conn_check(const struct tcp *t, const struct tcp_conn *c);

#endif
