/* ecn_kit.h - tcp_kit with the bits of ECN: those of the flags, and those of the IP header. */
#ifndef TESTS_ECN_KIT_H
#define TESTS_ECN_KIT_H

#include "unit/tcp_kit.h"

enum { E = WEIR_TCP_ECE, C = WEIR_TCP_CWR, N = WEIR_TCP_AE }; /* flags; N: AE */
enum { ECT1 = 1, ECT0 = 2, CE = 3 };                          /* IP header */

static inline struct tk_setup ek_setup(uint8_t ecn, uint8_t congestion)
{
    struct tk_setup s = tk_setup();
    s.config.tcp.ecn = ecn;
    s.config.tcp.congestion = congestion;
    return s;
}

static inline struct tk *ek_new(uint8_t ecn, uint8_t congestion)
{
    struct tk_setup s = ek_setup(ecn, congestion);
    return tk_new(&s);
}

/* A segment in a packet with these bits. */
static inline void ek_in(struct tk *k, uint8_t tos, uint16_t flags, uint32_t seq, uint32_t ack,
                         uint32_t len)
{
    k->tos_in = tos;
    tk_in(k, flags, seq, ack, len);
    k->tos_in = 0;
}

/* The peer's SYN with these flags, in such a packet; the answer. */
static inline const struct tk_out *ek_syn(struct tk *k, uint16_t flags, uint8_t tos)
{
    if (k->listener == 0)
        tk_listen(k);
    k->tos_in = tos;
    tk_syn_in(k, (uint16_t)(S | flags), 0);
    k->tos_in = 0;
    const struct tk_out *o = tk_next(k);
    assert_non_null(o);
    k->ts = (o->s.options.present & k->setup.peer.present & WEIR_SEGMENT_TIMESTAMPS) != 0;
    return o;
}

static inline void ek_put_option(struct tcp_options *o, uint32_t e1b, uint32_t ceb, uint32_t e0b)
{
    o->present |= WEIR_SEGMENT_ACCECN;
    o->accecn_order = 1;
    o->accecn_fields = 3;
    o->accecn[0] = e1b;
    o->accecn[1] = ceb;
    o->accecn[2] = e0b;
}

/* The peer's SYNs and SYN,ACKs have AccECN's option, with its first values. */
static inline void ek_offer_option(struct tk *k)
{
    ek_put_option(&k->setup.peer, 1, 0, 1);
}

/* The last ACK of the handshake, with these flags; with an option if ek_offer_option was called. */
static inline void ek_accept(struct tk *k, uint16_t flags)
{
    struct tcp_segment s = tk_segment(k, (uint16_t)(A | flags), 1, 1);
    if ((k->setup.peer.present & WEIR_SEGMENT_ACCECN) != 0)
        ek_put_option(&s.options, 1, 0, 1);
    tk_inject(k, &s, 0);
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
    assert_int_equal(weir_tcp_close(k->stack, k->listener), WEIR_OK);
    k->listener = 0;
    tk_events(k);
}

static inline struct tk *ek_passive(uint8_t ecn, uint8_t congestion, uint16_t syn)
{
    struct tk *k = ek_new(ecn, congestion);
    ek_syn(k, syn, 0);
    ek_accept(k, 0);
    return k;
}

#endif
