/*
 * accecn.c - see ecn.h: the counters of AccECN (RFC 9768 3.2).
 *
 * The receiver counts marked packets and, by codepoint, payload bytes. Three bits of the packet counter are in
 * every segment (ACE); 24 bits of the byte counters are in an option when one of them has moved. The sender takes
 * the least step that fits; where many segments were acknowledged at once the option says how often ACE went
 * round, and without an option the worst is assumed (3.2.2.5.2).
 */
#include "tcp/ecn.h"

#define COUNTER_MASK 0xffffffu /* of the option's fields */
#define COUNTER_HALF 0x800000u
#define TRIGGER_WITH_DATA 2 /* marks that force an ACK (3.2.2.5.1) */
#define TRIGGER_ALONE 3

void accecn_begin(struct ecn_state *n)
{
    n->r = n->s = (struct accecn_counters){.cep = ACCECN_CEP_INITIAL, .e0b = 1, .e1b = 1};
    n->acked_cep = ACCECN_CEP_INITIAL;
    n->sent_e0b = n->sent_e1b = 1;
}

/* ---- Receiving data --------------------------------------------------------------------------------------- */

static void count_bytes(struct tcp_conn *c, struct ecn_state *n, const struct seg_in *in)
{
    switch (in->s->ecn) {
    case ECN_CE: n->r.ceb += in->size; break;
    case ECN_ECT0:
        n->r.e0b += in->size;
        n->e0_used = true;
        break;
    case ECN_ECT1:
        n->r.e1b += in->size;
        n->e1_used = true;
        break;
    default: return;
    }
    c->accecn_option = 1;
}

void accecn_segment_in(struct tcp_conn *c, struct ecn_state *n, const struct seg_in *in)
{
    bool ce = in->s->ecn == ECN_CE;
    uint32_t trigger = in->size || c->rcv_acked < c->rcv_nxt ? TRIGGER_WITH_DATA : TRIGGER_ALONE;

    if (in->size) {
        count_bytes(c, n, in);
    }
    if (ce) {
        n->r.cep += in->segments;
        if ((in->size && !n->last_ce) || n->r.cep - n->acked_cep >= trigger) {
            c->ack_now = 1;
        }
    }
    n->last_ce = ce;
}

/* ---- The option, out -------------------------------------------------------------------------------------- */

/* EE0B, ECEB, EE1B, or the other way round while only ECT(1) has come. The last field is left out when it
 * never moved; alone, the first would need as much room as the first two. */
void accecn_put_option(const struct ecn_state *n, struct tcp_options *o, bool all)
{
    bool order1 = n->e1_used && !n->e0_used;
    bool moved = order1 ? n->r.e0b != n->sent_e0b : n->r.e1b != n->sent_e1b;
    uint8_t fields = all || (n->e0_used && n->e1_used) ? 3 : 2, sacks = o->sack_count;
    uint32_t room;

    if (sacks > 2) { /* 3.2.3.3: two blocks have precedence, more do not */
        o->sack_count = 2;
    }
    room = TCP_OPTIONS_MAX - tcp_options_size(o);
    if (fields == 3 && room < 12 && !moved) {
        fields = 2;
    }
    if (room < (fields == 3 ? 12u : 8u)) {
        o->sack_count = sacks;
        return;
    }
    while (o->sack_count < sacks && room >= (fields == 3 ? 12u : 8u) + 8) {
        o->sack_count++;
        room -= 8;
    }
    o->present |= WEIR_SEGMENT_ACCECN;
    o->accecn_order = order1;
    o->accecn_fields = fields;
    o->accecn[0] = (order1 ? n->r.e1b : n->r.e0b) & COUNTER_MASK;
    o->accecn[1] = n->r.ceb & COUNTER_MASK;
    o->accecn[2] = (order1 ? n->r.e0b : n->r.e1b) & COUNTER_MASK;
}

bool accecn_is_alone(const struct tcp *t, const struct tcp_conn *c)
{
    return (ecn_ace_flags(ecn_of(t, c)->r.cep) & WEIR_TCP_CWR) != 0;
}

/* ---- The sender's side ------------------------------------------------------------------------------------ */

/* 3.2.3.2.4: a first field that is zero was zeroed on the way. */
void accecn_option_in(struct ecn_state *n, const struct tcp_options *o)
{
    if (!(o->present & WEIR_SEGMENT_ACCECN)) {
        return;
    }
    if (!n->option_seen && ((o->accecn_fields > 0 && o->accecn[0] == 0) ||
                            (o->accecn_fields > 2 && o->accecn[2] == 0))) {
        n->option_ignored = true;
    }
    n->option_seen = true;
}

/* The step from a counter to 24 bits of it; a step back is none. */
static uint32_t advance(uint32_t *counter, uint32_t field)
{
    uint32_t step = (field - *counter) & COUNTER_MASK;

    if (step >= COUNTER_HALF) {
        return 0;
    }
    *counter += step;
    return step;
}

/* Takes the counters of an option; returns how many bytes were newly reported as marked. */
static uint32_t take_option(struct ecn_state *n, const struct tcp_options *o)
{
    uint32_t marked = 0;

    if (o->accecn_fields > 0) {
        (void)advance(o->accecn_order ? &n->s.e1b : &n->s.e0b, o->accecn[0]);
    }
    if (o->accecn_fields > 1) {
        marked = advance(&n->s.ceb, o->accecn[1]);
    }
    if (o->accecn_fields > 2) {
        (void)advance(o->accecn_order ? &n->s.e0b : &n->s.e1b, o->accecn[2]);
    }
    return marked;
}

/* 3.2.2.2: only an ACK that is newer than those before it. */
static bool superseded(struct ecn_state *n, const struct seg_in *in, const struct ack_info *info)
{
    const struct tcp_options *o = &in->s->options;
    bool newer = info->acked || info->sacked;

    if (in->ack < info->una_before) {
        return true;
    }
    if (info->has_ts) {
        newer |= n->ts_latest != 0 && (int32_t)(o->ts_val - n->ts_latest) > 0;
        if (newer || n->ts_latest == 0) {
            n->ts_latest = o->ts_val;
        }
    }
    return !newer;
}

/* How many of `packets` newly delivered ones were marked, if ACE moved by `step` (0..7)? `bytes`: what the
 * option says, if `sure`. */
static uint32_t unwrap(const struct ecn_state *n, uint32_t step, uint32_t packets, uint32_t bytes,
                       uint32_t mss, bool sure)
{
    if (sure) {
        uint32_t least = (bytes + mss - 1) / mss;

        return step < least ? step + ((least - step + 7) & ~7u) : step;
    }
    /* no step and no mark so far: that it went round just once in full is not likely */
    if (packets <= 7 || (step == 0 && n->delivered_ce == 0)) {
        return step;
    }
    return packets - ((packets - step) & 7);
}

void accecn_ack_in(struct tcp_conn *c, struct ecn_state *n, const struct seg_in *in,
                   struct ack_info *info)
{
    const struct tcp_options *o = &in->s->options;
    uint32_t delivered = info->acked + info->sacked;
    uint32_t mss = max_u32(c->mss_base - (c->timestamps ? 12u : 0u), 1);
    uint32_t bytes = 0, step;
    bool sure;

    accecn_option_in(n, o);
    if (n->acked_handshake || (in->s->flags & WEIR_TCP_SYN)) {
        n->acked_handshake = false; /* no counter */
        return;
    }
    if (!n->ace_seen) {
        n->ace_seen = true;
        if (ecn_ace(in->s->flags) == 0) { /* 3.2.2.4: zeroed on the way */
            n->no_ect = n->ignore = true;
        }
    }
    if (superseded(n, in, info)) {
        return;
    }
    sure = n->option_seen && !n->option_ignored;
    if (sure && (o->present & WEIR_SEGMENT_ACCECN)) {
        bytes = take_option(n, o);
    }
    step = (ecn_ace(in->s->flags) - n->s.cep) & 7;
    info->ce_segments = unwrap(n, step, (delivered + mss - 1) / mss, bytes, mss, sure);
    n->s.cep += info->ce_segments;
    info->ce_bytes = sure ? bytes : min_u32(info->ce_segments * mss, delivered);
    info->ece = info->ce_segments > 0;
}
