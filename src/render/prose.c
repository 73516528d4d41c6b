/*
 * prose.c - choosing the sentence for a segment. The engine has judged already; here its class and facts
 * become one message and its arguments, most telling first.
 */
#include "render/prose.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "trace/judge.h"

/* A sentence being chosen. */
struct choice {
    const struct ladder *ladder;
    const struct ladder_segment *s;
    const struct numbering *n;
    enum language language;
    enum trace_side sender, receiver;
    enum message_id id;
    char number[MESSAGE_ARGS_MAX][56];
    const char *arg[MESSAGE_ARGS_MAX];
    size_t args;
};

const char *prose_side(enum trace_side side, enum language language)
{
    return message_text(side == LADDER_CLIENT ? MESSAGE_CLIENT : MESSAGE_SERVER, language);
}

const char *prose_cause(enum ladder_cause cause, enum language language)
{
    static const enum message_id ids[] = {
        [LADDER_CAUSE_RTO] = MESSAGE_IDLE_RTO,
        [LADDER_CAUSE_TLP] = MESSAGE_IDLE_TLP,
        [LADDER_CAUSE_DELAYED_ACK] = MESSAGE_IDLE_DELAYED_ACK,
        [LADDER_CAUSE_ZERO_WINDOW] = MESSAGE_IDLE_ZERO_WINDOW,
        [LADDER_CAUSE_KEEPALIVE] = MESSAGE_IDLE_KEEPALIVE,
        [LADDER_CAUSE_APPLICATION] = MESSAGE_IDLE_APPLICATION,
        [LADDER_CAUSE_TIME_WAIT] = MESSAGE_IDLE_TIME_WAIT,
        [LADDER_CAUSE_FAST] = MESSAGE_IDLE_FAST,
        [LADDER_CAUSE_RACK] = MESSAGE_IDLE_RACK,
        [LADDER_CAUSE_NAGLE] = MESSAGE_IDLE_NAGLE,
    };
    _Static_assert(ARRAY_SIZE(ids) == LADDER_CAUSE_COUNT, "a message for every cause");

    return cause == LADDER_CAUSE_NONE ? NULL : message_text(ids[cause], language);
}

static void say(struct choice *c, enum message_id id)
{
    c->id = id;
}

static void with_number(struct choice *c, uint32_t value)
{
    snprintf(c->number[c->args], sizeof(c->number[0]), "%" PRIu32, value);
    c->arg[c->args] = c->number[c->args];
    c->args++;
}

static void with_text(struct choice *c, const char *text)
{
    c->arg[c->args++] = text;
}

static void with_side(struct choice *c, enum trace_side side)
{
    with_text(c, prose_side(side, c->language));
}

/* Wire numbers of the sender's stream, and of the other one's. */
static uint32_t own(const struct choice *c, uint32_t wire)
{
    return numbering_shown(c->n, c->sender, wire);
}

static uint32_t peers(const struct choice *c, uint32_t wire)
{
    return numbering_shown(c->n, c->receiver, wire);
}

static void say_syn(struct choice *c)
{
    if ((c->s->facts & LADDER_FACT_SIMULTANEOUS) != 0) {
        say(c, MESSAGE_SYN_CROSSING);
    } else if ((c->s->wire.options.present & WEIR_SEGMENT_MSS) != 0) {
        say(c, MESSAGE_SYN_MSS);
        with_number(c, c->s->wire.options.mss);
    } else {
        say(c, MESSAGE_SYN);
    }
}

static void say_data(struct choice *c)
{
    const struct trace_segment *wire = &c->s->wire;
    uint32_t last = wire->seq + wire->length - 1;

    if (wire->length == 0) {
        say(c, MESSAGE_OTHER);
    } else if ((c->s->facts & LADDER_FACT_MISSED) != 0 && c->s->repaired_by != 0) {
        bool super = (c->s->facts & LADDER_FACT_SUPER) != 0;
        say(c, super ? MESSAGE_DATA_MISSED_PART : MESSAGE_DATA_MISSED);
        with_number(c, wire->length);
        with_number(c, c->s->repaired_by);
    } else if ((c->s->facts & LADDER_FACT_NEW_DATA_PROBE) != 0) {
        say(c, MESSAGE_DATA_TLP);
    } else if ((c->s->facts & LADDER_FACT_RESENT) != 0) {
        say(c, MESSAGE_DATA_SENT_AGAIN);
        with_number(c, wire->length);
    } else if ((c->s->facts & LADDER_FACT_PIGGYBACK) != 0) {
        say(c, MESSAGE_DATA_PIGGYBACK);
        with_number(c, wire->length);
        with_number(c, peers(c, c->s->acked_from));
        with_number(c, peers(c, wire->ack - 1));
    } else if (wire->length == 1) {
        say(c, MESSAGE_DATA_ONE);
        with_number(c, own(c, wire->seq));
    } else {
        bool half = (c->s->facts & LADDER_FACT_HALF_CLOSE) != 0;
        say(c, half ? MESSAGE_DATA_HALF_CLOSED : MESSAGE_DATA);
        with_number(c, wire->length);
        with_number(c, own(c, wire->seq));
        with_number(c, own(c, last));
    }
}

static void say_fin(struct choice *c)
{
    const struct trace_segment *wire = &c->s->wire;

    say(c, (c->s->facts & LADDER_FACT_ACKS_FIN) != 0 ? MESSAGE_FIN_ACKS_FIN
           : wire->length > 0                        ? MESSAGE_FIN_DATA
                                                     : MESSAGE_FIN);
    with_side(c, c->sender);
    with_number(c, own(c, wire->seq + wire->length));
    with_number(c, wire->length);
}

/* The last state of each side, to tell who waits in TIME-WAIT. */
static uint8_t last_state(const struct ladder *ladder, enum trace_side side)
{
    size_t count;
    const struct ladder_change *change = ladder_changes(ladder, &count);
    uint8_t state = LADDER_STATE_UNKNOWN;

    for (size_t i = 0; i < count; i++) {
        bool over = change[i].from == WEIR_TCP_TIME_WAIT;
        if (change[i].side == side && !over) {
            state = change[i].to;
        }
    }
    return state;
}

static void say_ack_of_fin(struct choice *c)
{
    uint8_t mine = last_state(c->ladder, c->sender), other = last_state(c->ladder, c->receiver);

    if ((c->s->facts & LADDER_FACT_LAST_ACK) == 0) {
        bool crossing = c->s->state_arrived == WEIR_TCP_TIME_WAIT;
        say(c, crossing ? MESSAGE_FIN_ACKED_CROSSING : MESSAGE_FIN_ACKED);
        with_side(c, c->sender);
    } else if (mine == WEIR_TCP_TIME_WAIT && other == WEIR_TCP_CLOSED) {
        say(c, MESSAGE_LAST_ACK);
        with_side(c, c->sender);
        with_side(c, c->receiver);
    } else {
        say(c, MESSAGE_LAST_ACK_PLAIN);
    }
}

static void say_ack(struct choice *c)
{
    uint32_t facts = c->s->facts;

    if ((facts & LADDER_FACT_ACKS_FIN) != 0) {
        say_ack_of_fin(c);
    } else if ((facts & LADDER_FACT_HANDSHAKE_DONE) != 0) {
        say(c, MESSAGE_HANDSHAKE_DONE);
    } else if ((facts & LADDER_FACT_WINDOW_CLOSED) != 0) {
        say(c, MESSAGE_WINDOW_CLOSED);
        with_side(c, c->sender);
    } else if ((facts & LADDER_FACT_WINDOW_OPENED) != 0) {
        say(c, MESSAGE_WINDOW_OPENED);
        with_number(c, c->s->window);
    } else if ((facts & LADDER_FACT_ANSWERS_PROBE) != 0) {
        bool closed = (facts & LADDER_FACT_WINDOW_ZERO) != 0;
        say(c, closed ? MESSAGE_PROBE_ANSWER : MESSAGE_KEEPALIVE_ANSWER);
    } else {
        say(c, (facts & LADDER_FACT_ACKS_NEW) != 0 ? MESSAGE_ACK : MESSAGE_ACK_AGAIN);
        with_number(c, peers(c, c->s->wire.ack));
    }
}

static void say_dup_ack(struct choice *c)
{
    const struct tcp_options *o = &c->s->wire.options;

    say(c, o->sack_count > 0 ? MESSAGE_DUP_ACK_SACK : MESSAGE_DUP_ACK);
    with_number(c, peers(c, c->s->wire.ack));
    with_number(c, c->s->count);
    if (o->sack_count > 0) {
        snprintf(c->number[c->args], sizeof(c->number[0]), "%" PRIu32 "..%" PRIu32,
                 peers(c, o->sack[0].start), peers(c, o->sack[0].end - 1));
        with_text(c, c->number[c->args]);
    }
}

/* What shows that it was not needed. */
static enum message_id needless_because(uint8_t evidence)
{
    switch (evidence) {
    case EVIDENCE_DSACK: return MESSAGE_EVIDENCE_DSACK;
    case EVIDENCE_EIFEL: return MESSAGE_EVIDENCE_EIFEL;
    case EVIDENCE_EARLY_ACK: return MESSAGE_EVIDENCE_EARLY_ACK;
    default: return MESSAGE_EVIDENCE_ARRIVED;
    }
}

static enum message_id why_again(const struct ladder_segment *s)
{
    switch (s->cause) {
    case LADDER_CAUSE_FAST: return MESSAGE_RETX_FAST;
    case LADDER_CAUSE_RACK: return MESSAGE_RETX_RACK;
    case LADDER_CAUSE_TLP: return MESSAGE_RETX_TLP;
    case LADDER_CAUSE_RTO:
        return (s->facts & LADDER_FACT_BY_TIMER) == 0 ? MESSAGE_RETX_AFTER_RTO
               : s->count > 1                         ? MESSAGE_RETX_RTO_TRY
                                                      : MESSAGE_RETX_RTO;
    default: return s->count > 1 ? MESSAGE_RETX_TRY : MESSAGE_RETX;
    }
}

static void say_again(struct choice *c)
{
    bool fin_only = c->s->wire.length == 0;
    bool needless = (c->s->facts & LADDER_FACT_SPURIOUS) != 0;

    if (c->s->first == 0) {
        say(c, MESSAGE_RETX_UNSEEN);
        return;
    }
    say(c, needless ? MESSAGE_RETX_NEEDLESS : fin_only ? MESSAGE_RETX_FIN : why_again(c->s));
    with_number(c, c->s->first);
    if (needless) {
        with_text(c, message_text(needless_because(c->s->evidence), c->language));
    } else {
        with_number(c, c->s->count);
    }
}

static void say_rst(struct choice *c)
{
    if ((c->s->facts & LADDER_FACT_REFUSED) != 0) {
        say(c, MESSAGE_REFUSED);
        with_number(c, ladder_info(c->ladder)->side[c->sender].endpoint.port);
    } else {
        say(c, MESSAGE_RST);
    }
}

static void say_by_class(struct choice *c)
{
    switch (c->s->class) {
    case LADDER_SYN: say_syn(c); break;
    case LADDER_SYN_ACK:
        if ((c->s->facts & LADDER_FACT_SIMULTANEOUS) != 0) {
            say(c, MESSAGE_ACK);
            with_number(c, peers(c, c->s->wire.ack));
            break;
        }
        say(c, MESSAGE_SYN_ACK);
        with_number(c, peers(c, c->s->wire.ack - 1));
        break;
    case LADDER_DATA: say_data(c); break;
    case LADDER_ACK: say_ack(c); break;
    case LADDER_FIN: say_fin(c); break;
    case LADDER_RST: say_rst(c); break;
    case LADDER_DUP_ACK: say_dup_ack(c); break;
    case LADDER_WINDOW_UPDATE:
        if ((c->s->facts & (LADDER_FACT_WINDOW_CLOSED | LADDER_FACT_WINDOW_OPENED)) != 0) {
            say_ack(c);
            break;
        }
        say(c, MESSAGE_WINDOW_UPDATE);
        with_number(c, c->s->window);
        break;
    case LADDER_ZERO_WINDOW_PROBE: say(c, MESSAGE_PROBE); break;
    case LADDER_KEEPALIVE: say(c, MESSAGE_KEEPALIVE); break;
    case LADDER_SYN_RETX:
        say(c, MESSAGE_SYN_RETX);
        with_number(c, c->s->first);
        break;
    case LADDER_RETX: say_again(c); break;
    case LADDER_REORDERED: say(c, MESSAGE_OVERTAKEN); break;
    case LADDER_LATE: say(c, MESSAGE_LATE); break;
    case LADDER_NET_DUPLICATE:
        say(c, MESSAGE_NET_DUPLICATE);
        with_number(c, c->s->first);
        break;
    case LADDER_CHALLENGE_ACK: say(c, MESSAGE_CHALLENGE_ACK); break;
    case LADDER_CLASS_COUNT: break;
    }
}

char *prose_of(char out[PROSE_MAX], const struct ladder *ladder,
               const struct ladder_segment *segment, const struct numbering *numbering,
               enum language language)
{
    enum trace_side sender = (enum trace_side)segment->wire.side;
    struct choice c = {.ladder = ladder,
                       .s = segment,
                       .n = numbering,
                       .language = language,
                       .sender = sender,
                       .receiver = trace_other(sender),
                       .id = MESSAGE_OTHER};

    if (segment->arrived.known == LADDER_LOST) {
        say(&c, MESSAGE_NEVER_ARRIVED);
        with_side(&c, c.receiver);
    } else if ((segment->facts & LADDER_FACT_MISSED) != 0 && segment->class != LADDER_DATA) {
        say(&c, segment->repaired_by != 0 ? MESSAGE_MISSED : MESSAGE_MISSED_FOR_GOOD);
        with_side(&c, c.receiver);
        with_number(&c, segment->repaired_by);
    } else if ((segment->facts & LADDER_FACT_CORRUPTED) != 0) {
        say(&c, MESSAGE_CORRUPTED);
        with_side(&c, c.receiver);
    } else {
        say_by_class(&c);
    }
    return message_format(out, PROSE_MAX, c.id, language, c.arg, c.args);
}
