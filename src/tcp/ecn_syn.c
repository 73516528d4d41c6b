/*
 * ecn_syn.c - see ecn.h: the handshake decides on the kind of feedback (RFC 3168 6.1.1, RFC 9768 3.1).
 *
 *     SYN (AE,CWR,ECE)          SYN,ACK                                    feedback
 *     011  classic              001                                        classic
 *     111  AccECN               010 011 100 110: what the SYN's IP-ECN     AccECN
 *                               field was when it arrived
 *                               101  reserved                              AccECN
 *                               001                                        classic
 *                               000 111                                    none
 *
 * A server that can do AccECN takes every other combination but 000 and 011 for 111 (3.1.3).
 */
#include "tcp/cc.h"
#include "tcp/cold.h"
#include "tcp/ecn.h"

#define ACE_CLASSIC_SYN 3
#define ACE_CLASSIC_SYN_ACK 1

/* RFC 9768 tables 2 and 3, by codepoint: how a SYN,ACK, and the ACK of one, say what came. */
static const uint8_t reflections[4] = {
    [ECN_NOT_ECT] = 2,
    [ECN_ECT1] = 3,
    [ECN_ECT0] = 4,
    [ECN_CE] = 6,
};

/* The codepoint that a reflection stands for; reserved ones: as if it had arrived as it was sent. */
static enum ecn_codepoint reflected(uint32_t ace)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(reflections); i++) {
        if (reflections[i] == ace) {
            return (enum ecn_codepoint)i;
        }
    }
    return ECN_NOT_ECT;
}

uint16_t ecn_reflection(uint8_t codepoint)
{
    return ecn_ace_flags(reflections[codepoint & 3]);
}

/* ---- Who wants what --------------------------------------------------------------------------------------- */

/* An algorithm that lives on marks asks for them, unless they are forbidden (as in Linux). */
static enum ecn_offer offer_of(const struct weir_tcp_options *o)
{
    switch (o->ecn) {
    case WEIR_ECN_ON:
    case WEIR_ECN_ACCURATE_ANSWER: return ECN_OFFER_CLASSIC;
    case WEIR_ECN_ACCURATE: return ECN_OFFER_ACCURATE;
    case WEIR_ECN_PASSIVE:
    case WEIR_ECN_ACCURATE_PASSIVE:
        return o->congestion == WEIR_CC_PRAGUE  ? ECN_OFFER_ACCURATE
               : o->congestion == WEIR_CC_DCTCP ? ECN_OFFER_CLASSIC
                                                : ECN_OFFER_NONE;
    default: return ECN_OFFER_NONE;
    }
}

static bool answers_accurately(const struct weir_tcp_options *o)
{
    return o->ecn >= WEIR_ECN_ACCURATE ||
           (o->ecn != WEIR_ECN_OFF && o->congestion == WEIR_CC_PRAGUE);
}

/* The kind of feedback that a host agrees on when this SYN comes: enum half_ecn. */
static uint8_t answer(const struct weir_tcp_options *o, const struct tcp_segment *s)
{
    uint32_t ace = ecn_ace(s->flags);

    if (o->ecn == WEIR_ECN_OFF || ace == 0) {
        return 0;
    }
    if (ace != ACE_CLASSIC_SYN && answers_accurately(o)) {
        return HALF_ECN_ACCURATE;
    }
    if ((ace & ACE_CLASSIC_SYN) != ACE_CLASSIC_SYN) {
        return 0;
    }
    /* RFC 3168 6.1.1 forbids ECT on it: somebody on the way sets it (Linux's test; DCTCP's SYNs have it) */
    if (s->ecn != ECN_NOT_ECT && ace == ACE_CLASSIC_SYN && o->congestion != WEIR_CC_DCTCP) {
        return 0;
    }
    return HALF_ECN_CLASSIC;
}

static void begin(struct tcp_conn *c, struct ecn_state *n, bool accurate)
{
    c->ecn = 1;
    c->accecn = accurate;
    if (accurate) {
        accecn_begin(n);
    }
}

/* ---- Active open ---------------------------------------------------------------------------------------------- */

/* Classic ECN is asked for once (6.1.1.1), AccECN twice (RFC 9768 3.1.4.1); then the SYN is plain. */
uint16_t ecn_syn_flags(struct tcp *t, struct tcp_conn *c)
{
    enum ecn_offer offer = offer_of(&c->settings->o);
    bool again = !c->settings->o.ecn_fallback;
    struct ecn_state *n = ecn_of(t, c);

    if (!n && c->backoff == 0 && offer != ECN_OFFER_NONE && cold_ensure(t, c)) {
        n = ecn_of(t, c);
    }
    if (!n) {
        return 0;
    }
    if (n->offer == ECN_OFFER_NONE && c->backoff == 0) {
        n->offer = (uint8_t)offer;
    }
    if (n->offer == ECN_OFFER_CLASSIC && (c->backoff == 0 || again)) {
        return WEIR_TCP_CWR | WEIR_TCP_ECE;
    }
    if (n->offer == ECN_OFFER_ACCURATE && (c->backoff <= 1 || again)) {
        return ECN_FLAGS;
    }
    n->plain_sent = true;
    return 0;
}

/* Our SYNs and SYN,ACKs are never ECN-capable: who has seen one that was has seen what somebody made of it
 * (RFC 9768 3.2.2.3). */
static bool is_mangled(const struct tcp_conn *c, enum ecn_codepoint fed_back)
{
    return fed_back != ECN_NOT_ECT && c->settings->o.ecn_fallback;
}

/* What a SYN,ACK says to an AccECN SYN (RFC 9768 table 2). */
static void accurate_answer(struct tcp_conn *c, struct ecn_state *n, const struct tcp_segment *s)
{
    uint32_t ace = ecn_ace(s->flags);
    enum ecn_codepoint fed_back = reflected(ace);

    begin(c, n, true);
    n->no_ect = is_mangled(c, fed_back);
    n->handshake_ce = fed_back == ECN_CE;
    n->handshake_ect = s->ecn;
    n->handshake_due = true;
    n->r.cep += s->ecn == ECN_CE;
    n->ce_received += s->ecn == ECN_CE;
    n->last_ce = s->ecn == ECN_CE;
    n->demand = 2; /* the last ACK of the handshake, and the first data (3.2.3.2.1) */
    accecn_option_in(c, n, &s->options);
}

void ecn_syn_ack_in(struct tcp *t, struct tcp_conn *c, const struct tcp_segment *s)
{
    struct ecn_state *n = ecn_of(t, c);
    uint32_t ace = ecn_ace(s->flags);

    if (!n || n->offer == ECN_OFFER_NONE) {
        return;
    }
    if (n->offer == ECN_OFFER_ACCURATE && ace != 0 && ace != 7 && ace != ACE_CLASSIC_SYN_ACK) {
        accurate_answer(c, n, s);
    } else if ((ace & ACE_CLASSIC_SYN) == ACE_CLASSIC_SYN_ACK) {
        begin(c, n, false);
        n->no_ect = n->plain_sent; /* RFC 3168 6.1.1: not after a SYN without ECN */
    }
}

void ecn_syn_again(struct tcp *t, struct tcp_conn *c, const struct tcp_segment *s)
{
    struct ecn_state *n = ecn_of(t, c);

    n->handshake_ect = s->ecn; /* RFC 9768 3.1.5: the latest one */
    n->reflect = true;
    if (s->ecn == ECN_CE && n->r.cep == ACCECN_CEP_INITIAL) {
        n->r.cep++; /* once, however many are marked: 3.2.2.2 */
    }
}

/* RFC 9768 3.1.2: both ends then are what a responding host would be. */
void ecn_syn_crossed(struct tcp *t, struct tcp_conn *c, const struct tcp_segment *s)
{
    uint8_t kind = answer(&c->settings->o, s);
    struct ecn_state *n;

    if (!kind || !cold_ensure(t, c)) {
        return;
    }
    n = ecn_of(t, c);
    begin(c, n, kind == HALF_ECN_ACCURATE);
    n->no_ect = n->plain_sent || n->offer == ECN_OFFER_NONE;
    n->handshake_ect = s->ecn;
}

void ecn_crossed_syn_ack(const struct tcp *t, const struct tcp_conn *c, struct tcp_segment *s)
{
    s->flags |= c->accecn ? ecn_reflection(ecn_of(t, c)->handshake_ect) : WEIR_TCP_ECE;
    if (c->accecn && c->backoff == 0) {
        accecn_put_first_option(&c->settings->o, s);
    }
}

/* ---- Passive open ---------------------------------------------------------------------------------------------- */

bool ecn_half_syn(struct half_open *h, const struct weir_tcp_options *o,
                  const struct tcp_segment *s)
{
    uint32_t ace = ecn_ace(s->flags);

    if (!(h->ecn & HALF_ECN_SETTLED)) {
        h->ecn = (uint8_t)(answer(o, s) | HALF_ECN_SETTLED);
    } else if (h->ecn & HALF_ECN_ACCURATE) {
        if (ace == ACE_CLASSIC_SYN) {
            return false; /* RFC 9768 3.1.5 */
        }
        h->ecn |= ace == 0 ? HALF_ECN_PLAIN : 0;
    } else if ((h->ecn & HALF_ECN_CLASSIC) && ace != 0 && ace != ACE_CLASSIC_SYN &&
               answers_accurately(o)) {
        return false;
    } else if ((h->ecn & HALF_ECN_CLASSIC) && ace == 0) {
        h->ecn |= HALF_ECN_PLAIN; /* RFC 3168 6.1.1 */
    }
    h->ecn = (uint8_t)((h->ecn & ((1u << HALF_ECN_FIELD_SHIFT) - 1)) | (unsigned)s->ecn
                                                                           << HALF_ECN_FIELD_SHIFT);
    return true;
}

/* AccECN: without the option if it is not the first one, and plain from the second time-out on
 * (RFC 9768 3.2.3.2.2). */
void ecn_half_syn_ack(struct half_open *h, const struct weir_tcp_options *o, struct tcp_segment *s)
{
    if (h->ecn & HALF_ECN_CLASSIC) {
        s->flags |= WEIR_TCP_ECE;
    } else if (h->ecn & HALF_ECN_ACCURATE) {
        if (h->retries >= 2) {
            h->ecn |= HALF_ECN_PLAIN;
            return;
        }
        s->flags |= ecn_reflection((uint8_t)(h->ecn >> HALF_ECN_FIELD_SHIFT));
        if (!(h->ecn & HALF_ECN_SENT)) {
            accecn_put_first_option(o, s);
        }
        h->ecn |= HALF_ECN_SENT;
    }
}

/* RFC 9768 5.1: 0 and 1 are what other clients send. */
uint8_t ecn_half_reflected(const struct weir_tcp_options *o, const struct tcp_segment *s)
{
    bool pure = s->payload_size == 0 && s->options.sack_count == 0 && !(s->flags & WEIR_TCP_FIN);

    return pure && answers_accurately(o) && ecn_ace(s->flags) >= 2 ? HALF_ECN_ACCURATE : 0;
}

bool ecn_half_promote(struct tcp *t, struct tcp_conn *c, const struct half_open *h)
{
    if (!(h->ecn & (HALF_ECN_CLASSIC | HALF_ECN_ACCURATE))) {
        return true;
    }
    if (!cold_ensure(t, c)) {
        return false;
    }
    begin(c, ecn_of(t, c), (h->ecn & HALF_ECN_ACCURATE) != 0);
    ecn_of(t, c)->no_ect = (h->ecn & HALF_ECN_PLAIN) != 0;
    ecn_of(t, c)->demand = 1; /* the SYN,ACK's may have been lost */
    return true;
}

/* RFC 9768 table 4: the last ACK of the handshake says what the SYN,ACK's IP-ECN field was. */
static void handshake_ack(const struct tcp_conn *c, struct ecn_state *n,
                          const struct tcp_segment *s)
{
    uint32_t ace = ecn_ace(s->flags);
    enum ecn_codepoint fed_back = reflected(ace);

    n->acked_handshake = true;
    if (ace == 0) { /* note 1 */
        n->no_ect = true;
        n->ignore = true;
        return;
    }
    n->no_ect |= is_mangled(c, fed_back);
    n->handshake_ce = fed_back == ECN_CE;
    n->s.cep += fed_back == ECN_CE;
    n->delivered_ce += fed_back == ECN_CE;
}

void ecn_established(struct tcp *t, struct tcp_conn *c, const struct seg_in *in)
{
    struct ecn_state *n = ecn_of(t, c);
    const struct tcp_segment *s = in->s;

    if (c->accecn && c->passive && !(s->flags & WEIR_TCP_SYN) && in->size == 0 && !in->fin &&
        s->options.sack_count == 0) {
        handshake_ack(c, n, s);
    }
    n->ts_latest = c->timestamps ? s->options.ts_val : 0;
    if (n->handshake_ce) {
        struct ack_info info = {.una_before = c->snd_una};

        ecn_respond(t, c, &info);
    }
}
