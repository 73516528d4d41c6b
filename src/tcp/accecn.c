/*
 * accecn.c - see ecn.h: the counters of AccECN (RFC 9768 3.2).
 *
 * The receiver counts marked packets and, by codepoint, payload bytes. Three bits of the packet counter are in
 * every segment (ACE); 24 bits of the byte counters are in an option (accecn_option.c). The sender takes the
 * least step that fits; where many segments were acknowledged at once the option says how often ACE went round,
 * and without an option the worst is assumed (3.2.2.5.2), unless the peer acknowledges many at once as a rule.
 */
#include "tcp/ecn.h"

#define COUNTER_MASK 0xffffffu /* of the option's fields */
#define COUNTER_HALF 0x800000u
#define TRIGGER_WITH_DATA 2 /* marks that force an ACK (3.2.2.5.1) */
#define TRIGGER_ALONE 3
#define AVERAGE_SHIFT 6 /* of acked_average: precision, and weight of the older ones */
#define THIN_ACKS 4     /* segments for an ACK: more is not the doing of ACKs that were lost */

void accecn_begin(struct ecn_state *n)
{
    n->r = n->s = (struct accecn_counters){.cep = ACCECN_CEP_INITIAL, .e0b = 1, .e1b = 1};
    n->acked_cep = ACCECN_CEP_INITIAL;
}

/* ---- Receiving data --------------------------------------------------------------------------------------- */

static void count_bytes(struct ecn_state *n, const struct seg_in *in)
{
    uint32_t *counter = in->s->ecn == ECN_CE     ? &n->r.ceb
                        : in->s->ecn == ECN_ECT0 ? &n->r.e0b
                                                 : &n->r.e1b;
    uint32_t before = *counter;

    *counter += in->size;
    accecn_demand_option(n, in->s->ecn, before, *counter);
}

void accecn_segment_in(struct tcp_conn *c, struct ecn_state *n, const struct seg_in *in)
{
    bool ce = in->s->ecn == ECN_CE;
    uint32_t trigger = in->size || c->rcv_acked < c->rcv_nxt ? TRIGGER_WITH_DATA : TRIGGER_ALONE;

    if (in->size && in->s->ecn != ECN_NOT_ECT) {
        count_bytes(n, in);
    }
    if (ce) {
        n->r.cep += in->segments;
        if ((in->size && !n->last_ce) || n->r.cep - n->acked_cep >= trigger) {
            c->ack_now = 1;
        }
    }
    n->last_ce = ce;
}

bool accecn_is_alone(const struct tcp *t, const struct tcp_conn *c)
{
    return (ecn_ace_flags(ecn_of(t, c)->r.cep) & WEIR_TCP_CWR) != 0;
}

/* ---- The sender's side ------------------------------------------------------------------------------------ */

/* 3.2.3.2.4: a first field that is zero was zeroed on the way. And one that comes so late that its counters may
 * have gone round says nothing. */
void accecn_option_in(const struct tcp_conn *c, struct ecn_state *n, const struct tcp_options *o)
{
    if (!(o->present & WEIR_SEGMENT_ACCECN)) {
        return;
    }
    if (!n->option_seen && ((o->accecn_fields > 0 && o->accecn[0] == 0) ||
                            (o->accecn_fields > 2 && o->accecn[2] == 0) ||
                            c->snd_una - seq_from_isn(c->iss) >= COUNTER_HALF)) {
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
    if (packets <= 7 || n->acked_average > THIN_ACKS << AVERAGE_SHIFT) {
        return step;
    }
    return packets - ((packets - step) & 7);
}

/* How many segments does an ACK speak for, as a rule? */
static void average_acked(struct ecn_state *n, uint32_t packets)
{
    uint32_t average = (uint32_t)n->acked_average, now = packets << AVERAGE_SHIFT;

    if (average) {
        now = ((average << AVERAGE_SHIFT) - average + now) >> AVERAGE_SHIFT;
    }
    n->acked_average = (uint16_t)min_u32(now, UINT16_MAX);
}

/* Payload of a full-sized segment. */
static uint32_t payload_unit(const struct tcp_conn *c)
{
    uint32_t options =
        (c->timestamps ? 12u : 0u) + (accecn_option_due(c) ? ACCECN_OPTION_SPACE : 0u);

    return c->mss_base > options ? c->mss_base - options : 1;
}

void accecn_ack_in(struct tcp_conn *c, struct ecn_state *n, const struct seg_in *in,
                   struct ack_info *info)
{
    const struct tcp_options *o = &in->s->options;
    uint32_t delivered = info->acked + info->sacked, mss = payload_unit(c);
    uint32_t packets = (delivered + mss - 1) / mss, bytes = 0, step;
    bool sure;

    accecn_option_in(c, n, o);
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
    if (packets) {
        average_acked(n, packets);
        n->option_passed |= n->data_has_option;
    }
    sure = n->option_seen && !n->option_ignored;
    if (sure && (o->present & WEIR_SEGMENT_ACCECN)) {
        bytes = take_option(n, o);
    }
    step = (ecn_ace(in->s->flags) - n->s.cep) & 7;
    info->ce_segments = unwrap(n, step, packets, bytes, mss, sure);
    n->s.cep += info->ce_segments;
    info->ce_bytes = sure ? bytes : min_u32(info->ce_segments * mss, delivered);
    info->ece = info->ce_segments > 0;
}
