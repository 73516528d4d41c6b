/*
 * ecn.h - explicit congestion notification: RFC 3168 (classic feedback: ECE until CWR), RFC 8257 (DCTCP's use of
 * the same flags) and RFC 9768 (AccECN: counters in the flags and in an option).
 *
 * A connection with `ecn` set has agreed on feedback and has a cold block whose part is struct ecn_state; with
 * `accecn` it is AccECN. ecn_syn.c negotiates, ecn.c is the classic feedback and what all have in common,
 * accecn.c the counters. The hooks elsewhere ask for `ecn` first: others pay one test of a bit.
 *
 * With classic feedback only new data is sent ECN-capable: not SYNs, pure ACKs, probes and retransmissions
 * (RFC 3168 6.1.1 to 6.1.5). Feedback that counts packets of all kinds lets them all be, but for SYNs and RSTs
 * (ECN++, draft-ietf-tcpm-generalized-ecn; RFC 9768 3.3.3).
 */
#ifndef TCP_ECN_H
#define TCP_ECN_H

#include "tcp/ack.h"
#include "tcp/conn.h"
#include "tcp/input.h"

/* The two bits of the IP header (RFC 3168 5). */
enum ecn_codepoint { ECN_NOT_ECT = 0, ECN_ECT1 = 1, ECN_ECT0 = 2, ECN_CE = 3 };

#define ECN_FLAGS (WEIR_TCP_AE | WEIR_TCP_CWR | WEIR_TCP_ECE)
#define ECN_CHANGES_MAX 4
#define ACCECN_CEP_INITIAL 5 /* RFC 9768 3.2.1 */

/* AE, CWR and ECE as a number of three bits: ACE when it is a counter. */
static inline uint32_t ecn_ace(uint16_t flags)
{
    return (uint32_t)flags >> 6 & 7;
}
static inline uint16_t ecn_ace_flags(uint32_t ace)
{
    return (uint16_t)((ace & 7) << 6);
}

struct accecn_counters {
    uint32_t cep, ceb, e0b, e1b;
};

/* In the cold block. */
struct ecn_state {
    seq_pos window_end; /* reduced for what was out up to here: once a window (RFC 3168 6.1.2) */
    struct ecn_change { /* DCTCP: ACKs owed from before a change of CE (RFC 8257 3.2) */
        seq_pos ack;
        bool ce;
    } change[ECN_CHANGES_MAX];
    struct accecn_counters r, s;               /* as receiver and as sender of data */
    uint32_t acked_cep;                        /* r.cep in the last segment */
    uint32_t ts_latest;                        /* of the ACK whose counters were taken last */
    uint64_t delivered_ce, delivered_ce_bytes; /* of what we sent, reported as marked */
    uint64_t ce_received, ce_received_bytes;   /* of what came */
    weir_time option_sent_at;
    uint32_t duplicate;     /* start of the D-SACK that the last ACK told, if duplicate_told */
    uint16_t acked_average; /* segments that an ACK is news of, times 64 */
    uint8_t fields;         /* of the next option: so many at least */
    uint8_t demand;         /* so many segments are to have one */
    uint8_t last_codepoint; /* of the last data that had one */
    uint8_t changes;        /* used in `change` */
    uint8_t offer;          /* enum ecn_offer of our SYN */
    uint8_t handshake_ect;  /* IP-ECN field of the latest SYN or SYN,ACK that came */
    bool plain_sent;        /* a SYN without ECN */
    bool no_ect;            /* something on the way mangles, or a SYN without ECN was sent */
    bool ignore;            /* feedback is not to be believed (RFC 9768 3.2.2.1, 3.2.2.4) */
    bool echo;          /* ECE is sent: until CWR, or with DCTCP the state of the last segment */
    bool cwr_due;       /* on the next new data */
    bool last_ce;       /* the last packet was marked */
    bool handshake_due; /* the next pure ACK reflects handshake_ect */
    bool reflect; /* so does the next segment, if it is a pure ACK: the SYN,ACK came once more */
    bool handshake_ce; /* our SYN or SYN,ACK was marked */
    bool ace_seen, option_seen, option_ignored;
    bool option_lost;   /* ACKs with an option do not seem to arrive (RFC 9768 3.2.3.2.2) */
    bool option_passed; /* data has arrived after some was sent with an option, data_has_option */
    bool data_has_option;
    bool duplicate_told;  /* the last ACK had an option and a D-SACK */
    bool acked_handshake; /* no counters in this segment: it is the last ACK of the handshake */
};

enum ecn_offer { ECN_OFFER_NONE = 0, ECN_OFFER_CLASSIC, ECN_OFFER_ACCURATE };

/* ---- Negotiation (ecn_syn.c) ------------------------------------------------------------------------------ */

struct half_open;

/* half_open.ecn */
enum half_ecn {
    HALF_ECN_CLASSIC = 1 << 0,
    HALF_ECN_ACCURATE = 1 << 1,
    HALF_ECN_PLAIN = 1 << 2,   /* a SYN or SYN,ACK without ECN passed: never ECT (RFC 9768 3.1.5) */
    HALF_ECN_SETTLED = 1 << 3, /* the first SYN has decided */
    HALF_ECN_SENT = 1 << 4,    /* a SYN,ACK with the option left */
    HALF_ECN_FIELD_SHIFT = 6   /* the IP-ECN field of the latest SYN */
};

/* The flags of a SYN of ours. */
uint16_t ecn_syn_flags(struct tcp *t, struct tcp_conn *c);
/* The peer's SYN,ACK to it; its SYN that crossed ours, and what the SYN,ACK that answers that one says. */
void ecn_syn_ack_in(struct tcp *t, struct tcp_conn *c, const struct tcp_segment *s);
void ecn_syn_crossed(struct tcp *t, struct tcp_conn *c, const struct tcp_segment *s);
void ecn_crossed_syn_ack(const struct tcp *t, const struct tcp_conn *c, struct tcp_segment *s);
/* AccECN: the SYN,ACK came once more. */
void ecn_syn_again(struct tcp *t, struct tcp_conn *c, const struct tcp_segment *s);
/* ACE as it says what arrived (RFC 9768 tables 2 and 3). */
uint16_t ecn_reflection(uint8_t codepoint);
/* The handshake is over; `in` completed it. */
void ecn_established(struct tcp *t, struct tcp_conn *c, const struct seg_in *in);

/* A SYN for a half-open entry, the first or a repeated one. false: it contradicts the first one, the entry is
 * to be reset. */
bool ecn_half_syn(struct half_open *h, const struct weir_tcp_options *o,
                  const struct tcp_segment *s);
/* Flags and option of its SYN,ACK. */
void ecn_half_syn_ack(struct half_open *h, const struct weir_tcp_options *o, struct tcp_segment *s);
/* The same of an entry that was forgotten (SYN cookies), by the ACK of its SYN,ACK: AccECN or nothing. */
uint8_t ecn_half_reflected(const struct weir_tcp_options *o, const struct tcp_segment *s);
/* The entry becomes a connection. false: no memory. */
bool ecn_half_promote(struct tcp *t, struct tcp_conn *c, const struct half_open *h);

/* ---- Feedback (ecn.c) ---------------------------------------------------------------------------------------- */

/* An acceptable segment, before its text is handled: what its IP-ECN field says. */
void ecn_segment_in(struct tcp *t, struct tcp_conn *c, const struct seg_in *in);
/* One whose text had come before. */
void ecn_duplicate_in(struct tcp *t, struct tcp_conn *c, const struct seg_in *in);
/* An acceptable ACK, after it was applied to the scoreboard: fills info->ece, ce_bytes, ce_segments, and
 * reduces the window. */
void ecn_ack_in(struct tcp *t, struct tcp_conn *c, const struct seg_in *in, struct ack_info *info);
/* Reduces the window. */
void ecn_respond(struct tcp *t, struct tcp_conn *c, const struct ack_info *info);
/* The window was reduced for a loss: CWR says so too (RFC 3168 6.1.2). */
void ecn_reduced(struct tcp *t, struct tcp_conn *c);

/* Is a pure ACK of ECN's own owed, before everything else? */
bool ecn_ack_due(const struct tcp *t, const struct tcp_conn *c);

struct tcp_emit;
/* A segment is ready (`data`: it carries new data; `change`: it is ecn_ack_due's): flags and IP-ECN field. */
void ecn_segment_out(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e, bool data, bool change);

struct ecn_state *ecn_of(const struct tcp *t, const struct tcp_conn *c);
void ecn_info(const struct tcp *t, const struct tcp_conn *c, struct weir_tcp_info *i);

/* ---- AccECN (accecn.c) ------------------------------------------------------------------------------------------ */

#define ACCECN_OPTION_SPACE 12
#define ACCECN_OPTION_MSS 128 /* below that payload is dearer than counters */

/* Will a segment carry an option? Payload makes room for it. */
static inline bool accecn_option_due(const struct tcp_conn *c)
{
    return c->accecn_option && c->mss_base >= ACCECN_OPTION_MSS;
}

void accecn_begin(struct ecn_state *n);
/* An option of the peer, before its counters are looked at: may it be believed? */
void accecn_option_in(const struct tcp_conn *c, struct ecn_state *n, const struct tcp_options *o);
void accecn_segment_in(struct tcp_conn *c, struct ecn_state *n, const struct seg_in *in);
void accecn_ack_in(struct tcp_conn *c, struct ecn_state *n, const struct seg_in *in,
                   struct ack_info *info);
/* The ACE field has the bit that segmentation clears (CWR): no super-segment may carry it. */
bool accecn_is_alone(const struct tcp *t, const struct tcp_conn *c);

/* ---- AccECN's option (accecn_option.c) -------------------------------------------------------------------------- */

/* Adds the option if there is room beside `reserved` bytes that are not yet in `o`; may be called again for
 * the same segment. */
void accecn_put_option(const struct ecn_state *n, struct tcp_options *o, uint32_t reserved);
/* That of a SYN,ACK. */
void accecn_put_first_option(const struct weir_tcp_options *o, struct tcp_segment *s);
/* Will the next segment have one? */
void accecn_plan_option(const struct tcp *t, struct tcp_conn *c);
/* A counter of received bytes has moved. */
void accecn_demand_option(struct ecn_state *n, uint8_t codepoint, uint32_t before, uint32_t after);
/* A segment is ready, with or without an option. */
void accecn_option_sent(const struct tcp *t, struct ecn_state *n, const struct tcp_segment *s,
                        bool data);
/* What starts there was received already. Twice in a row: the ACK in between was lost, perhaps because of its
 * option (RFC 9768 3.2.3.2.2). */
void accecn_duplicate(struct ecn_state *n, seq_pos start);

#endif
