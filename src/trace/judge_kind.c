/*
 * judge_kind.c - why something was sent again, or sent to provoke an answer (rules 4 and 5): by what the
 * other side had acknowledged until then, and by how long the sender was silent.
 */
#include "trace/judge_private.h"

#define DUP_THRESHOLD 3
#define MSS_DEFAULT 1460
#define TS_OPTION_SIZE 12

/* A timer never fires as punctually as it is modelled. */
#define SLACK_US 20000

static weir_time from_us(uint64_t us)
{
    return us * (WEIR_MS / 1000);
}

/* Payload of a full segment to `peer`; 0: not known. */
uint32_t judge_full_size(const struct taking *t)
{
    uint32_t options = has_ts(t->wire) ? TS_OPTION_SIZE : 0;

    return t->peer->mss > options ? t->peer->mss - options : 0;
}

/* Round trip of the data's sender as well as it can be seen from here. */
static uint32_t sender_rtt(const struct taking *t)
{
    bool sees_all = !tap_at_receiver(t->judge, t->wire->side);
    uint32_t path = judge_path_us(t);

    return sees_all && t->own->srtt_us != 0 ? MAX(t->own->srtt_us, path) : path;
}

static weir_time quiet_for(const struct taking *t)
{
    if (t->end <= t->own->snd_una) {
        return since(t->wire->time,
                     t->own->sent_time); /* the ACK came when it was on its way out */
    }
    return since(t->wire->time, MAX(t->own->sent_time, t->own->progress_time));
}

static weir_time shortest_timeout(const struct taking *t)
{
    uint64_t rto = judge_time_rto(t->own);

    if (tap_at_receiver(t->judge, t->wire->side)) {
        uint32_t floor = t->own->rto_floor_us;
        rto = judge_path_us(t) + (uint64_t)(floor == 0 ? RTO_FLOOR_US : floor);
    }
    return from_us(rto - rto / 8);
}

/* SACKed above what is sent again: enough to call it lost, or something at least? */
struct above {
    uint32_t blocks;
    uint64_t bytes;
};

static struct above sacked_above(const struct taking *t)
{
    const struct busy *busy = t->judge->busy;
    struct above above = {0, 0};

    if (busy == NULL) {
        return above;
    }
    const struct ranges *r = &busy->sacked[t->wire->side];
    for (uint32_t i = ranges_find(r, t->end); i < r->count && above.blocks < DUP_THRESHOLD; i++) {
        above.bytes += r->at[i].end - max_u64(r->at[i].start, t->end);
        above.blocks++;
    }
    return above;
}

static bool enough(const struct taking *t, const struct above *above)
{
    uint32_t full = judge_full_size(t);

    full = full == 0 ? MIN(t->wire->length, MSS_DEFAULT) : full;
    return above->blocks >= DUP_THRESHOLD ||
           (above->blocks > 0 && above->bytes >= 3 * (uint64_t)full);
}

static void conclude(const struct taking *t, enum ladder_cause cause, enum evidence evidence)
{
    struct stream *own = t->own;

    t->out->cause = cause;
    t->out->evidence = evidence;
    if (cause == LADDER_CAUSE_RTO && own->recovery != RECOVERY_RTO) {
        own->recovery = RECOVERY_RTO;
        own->recover = own->snd_max;
    } else if ((cause == LADDER_CAUSE_FAST || cause == LADDER_CAUSE_RACK) &&
               own->recovery == RECOVERY_NONE) {
        own->recovery = RECOVERY_FAST;
        own->recover = own->snd_max;
    }
}

static void conclude_timeout(const struct taking *t, weir_time quiet)
{
    struct stream *own = t->own;
    uint64_t us = quiet / (WEIR_MS / 1000);

    if (own->backoff == 0 && own->srtt_us != 0 && own->rto_floor_us == 0 && us > own->srtt_us &&
        us - own->srtt_us > 4 * (uint64_t)own->rttvar_us) {
        own->rto_floor_us = (uint32_t)MIN(us - own->srtt_us, INT32_MAX);
    }
    own->backoff = (uint8_t)MIN(own->backoff + 1, UINT8_MAX);
    own->rto_time = t->wire->time;
    t->out->facts |= LADDER_FACT_BY_TIMER;
    conclude(t, LADDER_CAUSE_RTO, EVIDENCE_SILENCE);
}

/* Sent at once when an ACK with news came in: no timer did that. */
static bool follows_ack(const struct taking *t)
{
    weir_time gap = since(t->wire->time, t->peer->last.time);

    return t->peer->last_known && gap < from_us(MAX(2000, t->own->srtt_us / 8));
}

static bool by_evidence(const struct taking *t, const struct sent *before, struct above above)
{
    struct stream *own = t->own;
    bool dups = t->peer->dup_acks >= DUP_THRESHOLD && t->start == own->snd_una;

    if (before->copies > 0 && above.blocks > 0 && own->rack_time > before->time) {
        conclude(t, LADDER_CAUSE_RACK,
                 EVIDENCE_SACK); /* what was sent after the last try has arrived */
    } else if (enough(t, &above)) {
        conclude(t, LADDER_CAUSE_FAST, EVIDENCE_SACK);
    } else if (dups) {
        conclude(t, LADDER_CAUSE_FAST, EVIDENCE_DUP_ACKS);
    } else if (own->recovery == RECOVERY_FAST && t->start < own->recover) {
        conclude(t, LADDER_CAUSE_FAST, above.blocks > 0 ? EVIDENCE_SACK : EVIDENCE_DUP_ACKS);
    } else if (above.blocks > 0) {
        conclude(t, LADDER_CAUSE_RACK, EVIDENCE_SACK);
    } else if (t->peer->dup_acks > 0 && t->start == own->snd_una && follows_ack(t)) {
        conclude(t, LADDER_CAUSE_FAST, EVIDENCE_DUP_ACKS); /* few in flight: RFC 5827 */
    } else if (t->end <= own->snd_una && t->peer->prior_dups >= DUP_THRESHOLD) {
        conclude(t, LADDER_CAUSE_FAST, EVIDENCE_DUP_ACKS);
    } else {
        return false;
    }
    return true;
}

/* A probe sends the last segment after two round trips. For a single one in flight it waits as long as a
 * timeout (RFC 8985 7.2), and what cannot be told from a timeout is called one. */
static bool is_probe(const struct taking *t, weir_time quiet)
{
    const struct stream *own = t->own;
    bool several = own->flight.count - own->flight.settled > 1;
    weir_time rtt = from_us(sender_rtt(t));

    return t->end >= own->snd_max && !own->probing_tail && own->recovery == RECOVERY_NONE &&
           (several || t->end <= own->snd_una) && rtt > 0 && quiet >= rtt + rtt / 2;
}

static void conclude_probe(const struct taking *t)
{
    t->own->probing_tail = true;
    t->out->facts |= LADDER_FACT_BY_TIMER;
    conclude(t, LADDER_CAUSE_TLP, EVIDENCE_TIME);
}

void judge_why_again(const struct taking *t, const struct sent *before)
{
    struct stream *own = t->own;
    struct above above = sacked_above(t);
    weir_time quiet = quiet_for(t);
    bool evident = above.blocks > 0 || t->peer->dup_acks >= DUP_THRESHOLD;
    bool timed_out = quiet >= shortest_timeout(t) && !(evident && follows_ack(t));

    if (!t->peer->ack_seen) {
        return; /* what the other side said is not in this capture */
    }
    if (timed_out) {
        conclude_timeout(t, quiet);
    } else if (own->recovery == RECOVERY_RTO && t->start < own->recover) {
        /* after a timeout everything in flight is taken for lost */
        conclude(t, LADDER_CAUSE_RTO, above.blocks > 0 ? EVIDENCE_SACK : EVIDENCE_SILENCE);
    } else if (!by_evidence(t, before, above)) {
        weir_time rtt = from_us(sender_rtt(t));
        if (is_probe(t, quiet)) {
            conclude_probe(t);
        } else if (rtt > 0 && quiet >= rtt + rtt / 2 && t->start == own->snd_una) {
            conclude_timeout(t, quiet); /* a sender with a shorter least timeout than usual */
        }
    }
}

/* The timeout that the sender's model, or what can be guessed of it here, has at this moment. */
weir_time judge_timeout(const struct taking *t)
{
    return shortest_timeout(t) / 7 * 8;
}

void judge_why_new(const struct taking *t)
{
    struct stream *own = t->own;
    const struct flight *f = &own->flight;
    weir_time quiet = since(t->wire->time, own->sent_time), rtt = from_us(own->srtt_us);

    if (rtt == 0 || f->count - f->settled < 2 || own->probing_tail ||
        own->snd_una >= own->snd_max || t->peer->last.time > own->sent_time ||
        tap_at_receiver(t->judge, t->wire->side)) {
        return;
    }
    weir_time least = MAX(rtt * 9 / 5, 10 * WEIR_MS), most = 5 * rtt / 2 + from_us(SLACK_US);
    if (quiet >= least && quiet <= most) {
        own->probing_tail = true;
        t->out->facts |= LADDER_FACT_NEW_DATA_PROBE | LADDER_FACT_BY_TIMER;
        t->out->cause = LADDER_CAUSE_TLP;
        t->out->evidence = EVIDENCE_TIME;
    }
}
