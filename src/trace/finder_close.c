/*
 * finder_close.c - how a conversation ends: three segments, both at once, one half later; and by RST, of
 * which there are several sorts.
 *
 * RFC 9293 3.10.7: a RST that answers a segment with an ACK has that ACK as its number and no ACK flag; one
 * that an application's abort sends comes from the stream's own next number and acknowledges.
 */
#include <stdlib.h>

#include "base/compiler.h"
#include "trace/finder_private.h"

#define SLACK_NS (2 * WEIR_MS) /* what a host takes to answer at once, generously */
#define TTL_TOLERANCE 1        /* another route may be one hop longer */
#define SEGMENTS_FOR_TTL 2     /* of a side, before its TTL is known */

static uint64_t round_trip(const struct finder_side *sender)
{
    return (uint64_t)sender->rtt_us * WEIR_US;
}

/* ---- FIN ------------------------------------------------------------------------------------------------- */

static void take_fin(const struct look *l)
{
    struct finder *f = l->f;
    bool peer_closing = (l->peer->flags & SIDE_FIN) != 0;

    if ((l->j->facts & LADDER_FACT_ACKS_FIN) != 0) {
        finder_done(f, finder_here(l, FINDING_THREE_SEG_CLOSE, l->side, 95, "ACK and FIN in one"));
        return;
    }
    bool crossing = peer_closing && (l->peer->flags & SIDE_FIN_ACKED) == 0 &&
                    finder_before(l->wire->ack, l->peer->fin_end) &&
                    l->wire->time - l->peer->data_time <=
                        round_trip(l->peer) + round_trip(l->peer) / 4 + SLACK_NS;
    if (crossing) {
        struct finding *finding =
            finder_here(l, FINDING_SIMULTANEOUS_CLOSE, LADDER_CLIENT, 90, "crossing FINs");
        if (finding != NULL) {
            finding_segment(finding, l->peer->data_number, l->peer->data_frame);
        }
        finder_done(f, finding);
    }
}

static void take_half_closed_data(const struct look *l)
{
    struct finding *finding = finder_here(l, FINDING_HALF_CLOSE, l->side, 95, "data after FIN");

    if (finding != NULL) {
        finding_at(finding, l->peer->data_time, l->wire->time);
        finding->value[0] = (int64_t)(finding->end - finding->start);
        finding->value[1] += l->wire->length;
    }
    finder_done(l->f, finding);
}

/* ---- RST ------------------------------------------------------------------------------------------------- */

/* Sent by somebody else in this side's name? */
static bool is_foreign(const struct look *l)
{
    return l->own->segments >= SEGMENTS_FOR_TTL && l->own->ttl != 0 &&
           abs((int)l->wire->ttl - (int)l->own->ttl) > TTL_TOLERANCE;
}

static void suspect(const struct look *l, uint8_t confidence, const char *evidence)
{
    struct finding *finding = finder_here(l, FINDING_RST_SUSPECT, l->side, confidence, evidence);

    if (finding != NULL) {
        finding->value[0] = l->wire->ttl;
        finding->value[1] = l->own->ttl;
    }
    finder_done(l->f, finding);
}

/* The peer has sent data within the last round trip: it may have provoked this. */
static bool is_provoked(const struct look *l)
{
    return (l->peer->flags & SIDE_DATA) != 0 && l->peer->data_length > 0 &&
           l->wire->time - l->peer->data_time <= round_trip(l->peer) + SLACK_NS;
}

static void take_abort(const struct look *l)
{
    bool all_acked = l->wire->ack == l->peer->snd_max;
    bool provoked = is_provoked(l);
    uint8_t confidence = all_acked && !provoked ? 90 : 60;
    struct finding *finding = finder_here(l, FINDING_RST_UNREAD_OR_ABORT, l->side, confidence,
                                          all_acked ? "RST,ACK without FIN" : "data in flight");

    if (finding != NULL) {
        finding->value[0] = (int64_t)(uint32_t)(l->peer->snd_max - l->wire->ack);
        finding->value[1] = (int64_t)l->peer->bytes; /* that it may have left unread */
    }
    finder_done(l->f, finding);
}

static void take_late_data(const struct look *l)
{
    bool closed = (l->own->flags & SIDE_FIN) != 0;
    struct finding *finding = finder_here(l, FINDING_RST_LATE_DATA, l->side, closed ? 90 : 50,
                                          closed ? "data after close" : "unknown connection");

    if (closed) { /* what its peer sent was not meant for half a connection */
        finder_drop(l->f, FINDING_HALF_CLOSE, trace_other(l->side));
        finding = finder_have(l->f, FINDING_RST_LATE_DATA, l->side);
    }
    if (finding != NULL) {
        finding_segment(finding, l->peer->data_number, l->peer->data_frame);
        finding->value[0] = l->peer->data_length;
        finding->value[1] = closed;
    }
    finder_done(l->f, finding);
}

static void take_rst(const struct look *l)
{
    bool has_ack = (l->wire->flags & WEIR_TCP_ACK) != 0;
    bool established = l->f->handshake_done || !l->f->syn_seen;
    bool again = (l->own->flags & SIDE_RST) != 0;
    bool fin = (l->own->flags & SIDE_FIN) != 0;

    if ((l->j->facts & LADDER_FACT_REFUSED) != 0 || !established || again ||
        (l->own->flags & SIDE_SPOKE) == 0) {
        return;
    }
    if (is_foreign(l)) {
        suspect(l, abs((int)l->wire->ttl - (int)l->own->ttl) > 4 ? 90 : 70, "TTL");
    } else if (has_ack && !fin && l->wire->seq == l->own->snd_max) {
        take_abort(l);
    } else if (!has_ack && l->wire->seq == l->peer->last_ack && (l->peer->flags & SIDE_DATA) != 0 &&
               l->peer->data_length > 0) {
        take_late_data(l);
    } else if (has_ack && fin && is_provoked(l)) {
        take_late_data(l);
    }
}

/* Whoever has sent a RST has forgotten the connection: it sends and acknowledges nothing new. */
static void take_life_after_rst(const struct look *l)
{
    bool new_data = l->wire->length > 0 && l->fresh;

    if (!new_data || (l->wire->flags & (WEIR_TCP_RST | WEIR_TCP_SYN)) != 0) {
        return;
    }
    finder_drop(l->f, FINDING_RST_UNREAD_OR_ABORT, l->side);
    finder_drop(l->f, FINDING_RST_LATE_DATA, l->side);
    struct finding *finding =
        finder_here(l, FINDING_RST_SUSPECT, l->side, 85, "data continues after it");
    if (finding != NULL) {
        finding->value[0] = finding->value[1] = l->wire->ttl;
    }
    finder_done(l->f, finding);
}

void close_take(const struct look *l)
{
    if ((l->wire->flags & WEIR_TCP_RST) != 0) {
        take_rst(l);
        return;
    }
    if ((l->own->flags & SIDE_RST) != 0) {
        take_life_after_rst(l);
    }
    if (l->j->class == LADDER_FIN) {
        take_fin(l);
    } else if (l->j->class == LADDER_DATA && (l->j->facts & LADDER_FACT_HALF_CLOSE) != 0) {
        take_half_closed_data(l);
    }
}
