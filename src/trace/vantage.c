/*
 * vantage.c - where was this captured?
 *
 * At the client the answer to a SYN takes a round trip and the ACK after it next to nothing; at the server
 * it is the other way round. On a loopback, or in the middle, neither gap stands out: then a time belongs
 * to no side, and nothing is claimed. A host's own segments are captured before its network card has filled
 * in their checksums; where both sides' are like that, both are on this machine.
 */
#include "trace/vantage.h"

#include "base/compiler.h"

/* One gap must be this many times the other to mean something. */
#define GAP_RATIO 4
#define TTL_WINDOWS 128
/* So many segments tell what there is to tell. */
#define LOOK_MAX 2000

static void look_at_handshake(struct vantage_clues *c, const struct trace_segment *s)
{
    uint16_t flags = s->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST);

    if (flags == WEIR_TCP_SYN && s->side == LADDER_CLIENT && c->stage < 3) {
        c->syn = s->seq;
        c->syn_time = s->time;
        c->stage = MAX(c->stage, 1);
    } else if (flags == (WEIR_TCP_SYN | WEIR_TCP_ACK) && s->side == LADDER_SERVER && c->stage > 0 &&
               c->stage < 3 && s->ack == c->syn + 1) {
        weir_time gap = s->time > c->syn_time ? s->time - c->syn_time : 0;
        c->syn_gap =
            c->stage < 2 ? gap : MIN(gap, c->syn_gap); /* a repeated one may be a timer's */
        c->syn_ack = s->seq;
        c->syn_ack_time = s->time;
        c->stage = 2;
    } else if (flags == WEIR_TCP_ACK && s->side == LADDER_CLIENT && c->stage == 2) {
        c->stage = 3;
        c->complete = s->ack == c->syn_ack + 1 && s->time >= c->syn_ack_time;
        c->ack_gap = s->time - c->syn_ack_time;
    }
}

/* How long does this side's data wait for its ACK, at best? */
static void look_at_answers(struct vantage_clues *c, const struct trace_segment *s)
{
    unsigned own = s->side, peer = 1 - own;

    if (s->length > 0 && !c->waiting[own]) {
        c->waiting[own] = true;
        c->data_end[own] = s->seq + s->length;
        c->data_time[own] = s->time;
    }
    if ((s->flags & WEIR_TCP_ACK) != 0 && c->waiting[peer] &&
        (int32_t)(s->ack - c->data_end[peer]) >= 0) {
        weir_time gap = s->time > c->data_time[peer] ? s->time - c->data_time[peer] : 1;
        c->answered[peer] = c->answered[peer] == 0 ? gap : MIN(c->answered[peer], gap);
        c->waiting[peer] = false;
    }
}

void vantage_look(struct vantage_clues *c, const struct trace_segment *s)
{
    look_at_handshake(c, s);
    if ((s->flags & (WEIR_TCP_RST | WEIR_TCP_SYN)) == 0) {
        look_at_answers(c, s);
    }
    if ((s->flags & WEIR_TCP_RST) == 0) { /* a forged RST may come from anywhere */
        c->ttl[s->side] = s->ttl;
        c->unsummed[s->side] = c->unsummed[s->side] || s->checksum == TRACE_SUM_PARTIAL;
        c->summed[s->side] = c->summed[s->side] || s->checksum == TRACE_SUM_GOOD;
    }
}

static bool is_first_hop(uint8_t ttl)
{
    return ttl == 64 || ttl == TTL_WINDOWS || ttl == 255;
}

static enum ladder_vantage at(enum trace_side side)
{
    return side == LADDER_CLIENT ? LADDER_AT_CLIENT : LADDER_AT_SERVER;
}

/* a: what is long when captured at the client. */
static enum ladder_vantage by_gaps(weir_time a, weir_time b)
{
    return a > b * GAP_RATIO   ? LADDER_AT_CLIENT
           : b > a * GAP_RATIO ? LADDER_AT_SERVER
                               : LADDER_AT_UNKNOWN;
}

enum ladder_vantage vantage_of(const struct vantage_clues *c, enum vantage_basis *basis)
{
    enum ladder_vantage vantage = LADDER_AT_UNKNOWN;

    for (int side = 0; side < 2; side++) {
        if (c->unsummed[side] && c->summed[1 - side] && !c->unsummed[1 - side]) {
            *basis = VANTAGE_CHECKSUM;
            return at((enum trace_side)side);
        }
    }
    *basis = VANTAGE_NONE;
    if (c->unsummed[0] && c->unsummed[1]) {
        return LADDER_AT_UNKNOWN; /* both are on this machine */
    }
    if (c->complete) {
        *basis = VANTAGE_HANDSHAKE;
        vantage = by_gaps(c->syn_gap, c->ack_gap);
    } else if (c->answered[0] != 0 && c->answered[1] != 0) {
        *basis = VANTAGE_ACKS;
        vantage = by_gaps(c->answered[LADDER_CLIENT], c->answered[LADDER_SERVER]);
    }
    if (vantage != LADDER_AT_UNKNOWN) {
        return vantage;
    }
    *basis = VANTAGE_NONE;
    if (c->ttl[0] == 0 || c->ttl[1] == 0 || is_first_hop(c->ttl[0]) == is_first_hop(c->ttl[1])) {
        return LADDER_AT_UNKNOWN;
    }
    *basis = VANTAGE_TTL;
    return at(is_first_hop(c->ttl[LADDER_CLIENT]) ? LADDER_CLIENT : LADDER_SERVER);
}

enum ladder_vantage vantage_infer(const struct trace_segment *segments, size_t n)
{
    struct vantage_clues clues = {.stage = 0};
    enum vantage_basis basis;

    for (size_t i = 0; i < MIN(n, LOOK_MAX); i++) {
        vantage_look(&clues, &segments[i]);
    }
    return vantage_of(&clues, &basis);
}

weir_time vantage_rtt(const struct trace_segment *segments, size_t n, enum ladder_vantage vantage)
{
    struct vantage_clues clues = {.stage = 0};

    for (size_t i = 0; i < n && clues.stage < 3; i++) {
        vantage_look(&clues, &segments[i]);
    }
    if (!clues.complete) {
        return 0;
    }
    switch (vantage) {
    case LADDER_AT_CLIENT: return clues.syn_gap;
    case LADDER_AT_SERVER: return clues.ack_gap;
    default: return 0;
    }
}
