/*
 * accecn_option.c - see ecn.h: when a segment carries AccECN's byte counters, which of them, and when it is
 * better without (RFC 9768 3.2.3.2, 3.2.3.3).
 *
 * Order 1 always: EE1B, ECEB, EE0B. The option may be cut behind the last counter that has moved since the one
 * before; where even that does not fit beside the SACK blocks, all but two of these give way, and if that does
 * not help the option does.
 */
#include "tcp/cold.h"
#include "tcp/ecn.h"
#include "tcp/rtt.h"

#define COUNTER_MASK 0xffffffu /* of the option's fields */
#define REPEATED 2             /* options that tell of a change */
#define TOLD_EVERY 22          /* the bit of a counter whose change is told (3.2.3.3) */
#define FIELDS_MIN 2           /* with one, padding takes the room of the second */
#define SACK_BLOCKS_MIN 2

static uint32_t size_of(uint8_t fields)
{
    return (2u + 3u * fields + 3) & ~3u;
}

void accecn_put_option(const struct ecn_state *n, struct tcp_options *o, uint32_t reserved)
{
    uint8_t least = (uint8_t)max_u32(n->fields, FIELDS_MIN), sacks = o->sack_count, fields;
    uint32_t used;

    o->present &= (uint16_t)~WEIR_SEGMENT_ACCECN;
    for (;;) {
        used = tcp_options_size(o) + reserved;
        fields = used + size_of(3) <= TCP_OPTIONS_MAX ? 3 : least;
        if (used + size_of(fields) <= TCP_OPTIONS_MAX) {
            break;
        }
        if (n->fields == 0 || o->sack_count <= SACK_BLOCKS_MIN) {
            o->sack_count = sacks;
            return;
        }
        o->sack_count--;
    }
    o->present |= WEIR_SEGMENT_ACCECN;
    o->accecn_order = 1;
    o->accecn_fields = fields;
    o->accecn[0] = n->r.e1b & COUNTER_MASK;
    o->accecn[1] = n->r.ceb & COUNTER_MASK;
    o->accecn[2] = n->r.e0b & COUNTER_MASK;
}

void accecn_put_first_option(const struct weir_tcp_options *o, struct tcp_segment *s)
{
    struct ecn_state fresh = {0};

    if (o->accecn_option != WEIR_ACCECN_OPTION_OFF) {
        accecn_begin(&fresh);
        accecn_put_option(&fresh, &s->options, 0);
    }
}

static bool beacon_due(const struct tcp *t, const struct tcp_conn *c, const struct ecn_state *n)
{
    uint32_t often = c->settings->o.accecn_beacon;

    return often && t->env->now - n->option_sent_at >= rtt_srtt(c) / often;
}

static bool is_wanted(const struct tcp *t, const struct tcp_conn *c, const struct ecn_state *n)
{
    uint8_t when = c->settings->o.accecn_option;

    if (when == WEIR_ACCECN_OPTION_OFF || !n->option_seen ||
        (n->option_lost && when != WEIR_ACCECN_OPTION_PERSIST)) {
        return false;
    }
    return when >= WEIR_ACCECN_OPTION_FULL || n->demand || beacon_due(t, c, n);
}

void accecn_plan_option(const struct tcp *t, struct tcp_conn *c)
{
    c->accecn_option = is_wanted(t, c, ecn_of(t, c));
}

void accecn_demand_option(struct ecn_state *n, uint8_t codepoint, uint32_t before, uint32_t after)
{
    static const uint8_t place[4] = {[ECN_ECT1] = 1, [ECN_CE] = 2, [ECN_ECT0] = 3};

    n->fields = (uint8_t)max_u32(n->fields, place[codepoint & 3]);
    if (codepoint == ECN_CE || codepoint != n->last_codepoint) {
        n->demand = REPEATED;
    } else if ((before ^ after) >> TOLD_EVERY) {
        n->demand = (uint8_t)max_u32(n->demand, 1);
    }
    n->last_codepoint = codepoint;
}

/* RFC 2883 4: the first block is about what was acknowledged, or lies within the second. */
static bool has_dsack(const struct tcp_segment *s)
{
    const struct tcp_sack_block *b = s->options.sack;

    if (!(s->options.present & WEIR_SEGMENT_SACK) || s->options.sack_count == 0) {
        return false;
    }
    return (int32_t)(b[0].start - s->ack) < 0 ||
           (s->options.sack_count > 1 && (int32_t)(b[0].start - b[1].start) >= 0 &&
            (int32_t)(b[0].end - b[1].end) <= 0);
}

void accecn_option_sent(const struct tcp *t, struct ecn_state *n, const struct tcp_segment *s,
                        bool data)
{
    n->duplicate_told = false;
    if (!(s->options.present & WEIR_SEGMENT_ACCECN)) {
        return;
    }
    n->fields = 0;
    n->demand = n->demand ? (uint8_t)(n->demand - 1) : 0;
    n->option_sent_at = t->env->now;
    n->data_has_option |= data;
    if (has_dsack(s)) {
        n->duplicate_told = true;
        n->duplicate = s->options.sack[0].start;
    }
}

void accecn_duplicate(struct ecn_state *n, seq_pos start)
{
    n->option_lost |= n->duplicate_told && n->duplicate == seq_wire(start);
}
