/*
 * account.c - where the time of a conversation went: each silence between two segments is put into one part
 * by what ended it, or split where only a piece of it was waiting.
 */
#include "base/compiler.h"
#include "trace/finder_private.h"

#define LATE_RETX_NS \
    (150 * WEIR_MS) /* a retransmission of unknown kind after this silence: a timeout */

static bool is_timeout(const struct look *l)
{
    bool again =
        l->j->class == LADDER_RETX || l->j->class == LADDER_LATE || l->j->class == LADDER_SYN_RETX;

    if ((l->j->facts & LADDER_FACT_NEW_DATA_PROBE) != 0 || l->j->class == LADDER_SYN_RETX) {
        return true;
    }
    if (!again) {
        return false;
    }
    return l->j->cause == LADDER_CAUSE_RTO || l->j->cause == LADDER_CAUSE_TLP ||
           (l->j->cause == LADDER_CAUSE_NONE && l->gap >= LATE_RETX_NS);
}

/* A window of 0 that keeps the other side from sending. */
static bool is_blocked(const struct finder *f)
{
    for (int side = 0; side < 2; side++) {
        bool finished = (f->side[1 - side].flags & SIDE_FIN) != 0;
        if ((f->side[side].flags & SIDE_CLOSED) != 0 && !finished) {
            return true;
        }
    }
    return false;
}

static bool is_quiet(const struct finder *f)
{
    return f->side[0].snd_max == f->side[1].last_ack && f->side[1].snd_max == f->side[0].last_ack;
}

/* The last ACK had to reach the sender and its data to come back here; the rest it was silent. At the
 * sender itself that is next to nothing. */
static uint64_t returning(const struct look *l)
{
    uint64_t rtt = (uint64_t)l->peer->rtt_us * WEIR_US;

    return l->gap > rtt + rtt / 2 ? rtt : l->gap;
}

/* A round trip of whatever was on its way. */
static uint64_t travelling(const struct finder *f, uint64_t gap)
{
    uint64_t rtt = (uint64_t)MAX(f->side[0].rtt_us, f->side[1].rtt_us) * WEIR_US;

    return gap > 2 * rtt ? rtt : gap;
}

void account_take(const struct look *l)
{
    struct finder *f = l->f;
    uint64_t *part = f->account.part_ns;
    bool begun_again = l->j->class == LADDER_SYN_RETX && f->handshake_done;
    bool closing = ((l->own->flags | l->peer->flags) & (SIDE_FIN | SIDE_RST)) != 0;

    if (begun_again) {
        part[ACCOUNT_APPLICATION] += l->gap;
    } else if (is_timeout(l)) {
        part[ACCOUNT_RTO] += l->gap;
    } else if (f->syn_seen && !f->handshake_done) {
        part[ACCOUNT_HANDSHAKE] += l->gap;
    } else if (f->held.delay_us != 0 && f->held.ack_number == l->j->number && !closing) {
        uint64_t delay = MIN((uint64_t)f->held.delay_us * WEIR_US, l->gap);
        part[ACCOUNT_DATA] += l->gap - delay;
        part[ACCOUNT_APPLICATION] += delay; /* until it is known that somebody waited */
    } else if (closing && l->wire->length == 0) {
        part[ACCOUNT_CLOSE] += l->gap;
    } else if (is_blocked(f)) {
        part[ACCOUNT_ZERO_WINDOW] += l->gap;
    } else if (is_quiet(f) && !l->pure_ack) {
        uint64_t moving = returning(l);
        part[ACCOUNT_DATA] += moving;
        part[ACCOUNT_APPLICATION] += l->gap - moving;
    } else {
        uint64_t moving = travelling(f, l->gap);
        part[ACCOUNT_DATA] += moving;
        part[ACCOUNT_APPLICATION] += l->gap - moving;
    }
}

void account_held(struct finder *f, const struct finder_held *held)
{
    uint64_t *part = f->account.part_ns;
    uint64_t delay = MIN((uint64_t)held->delay_us * WEIR_US, part[ACCOUNT_APPLICATION]);

    part[ACCOUNT_APPLICATION] -= delay;
    part[ACCOUNT_DELAYED_ACK] += delay;
}

void finder_account(const struct finder *f, struct account *account)
{
    *account = f->account;
    account->total_ns = 0;
    for (int i = 0; i < ACCOUNT_PARTS; i++) {
        account->total_ns += account->part_ns[i];
    }
}

const char *account_part_name(enum account_part part)
{
    static const char *const names[] = {"handshake",   "data",        "rto",  "zero_window",
                                        "delayed_ack", "application", "close"};
    _Static_assert(ARRAY_SIZE(names) == ACCOUNT_PARTS, "a name for every part");

    return names[part];
}
