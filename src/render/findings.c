/*
 * findings.c - choosing the sentence for a finding and filling in its figures.
 *
 * Arguments are written as pairs: "d0" value[0] as a number, "t1" value[1] as a duration, "n0" the number of
 * its first segment, "s." the side whose doing it is, "o." the other one, "x." how often, "c." its cost,
 * "w." why a retransmission was needless.
 */
#include "render/findings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "render/prose.h"

#define NS_PER_US 1000.0
#define SHARE_WORTH_A_VERDICT 10 /* percent of the conversation's time */

struct sentence {
    enum message_id one, many;
    const char *arguments;
};

#define SAME(id, arguments)                   \
    {                                         \
        MESSAGE_##id, MESSAGE_##id, arguments \
    }
#define BOTH(id, arguments)                       \
    {                                             \
        MESSAGE_##id, MESSAGE_##id##_N, arguments \
    }

static const struct sentence sentences[] = {
    [FINDING_REFUSED] = SAME(F_REFUSED, "d0"),
    [FINDING_FILTERED] = SAME(F_FILTERED, "d0"),
    [FINDING_SYN_TIMEOUT] = SAME(F_SYN_TIMEOUT, "d0d2t1"),
    [FINDING_SYN_RETX] = BOTH(F_SYN_RETX, "s.c.x."),
    [FINDING_SIMULTANEOUS_OPEN] = SAME(F_SIMULTANEOUS_OPEN, ""),
    [FINDING_SIMULTANEOUS_CLOSE] = SAME(F_SIMULTANEOUS_CLOSE, ""),
    [FINDING_THREE_SEG_CLOSE] = SAME(F_THREE_SEG_CLOSE, "s.n0"),
    [FINDING_HALF_CLOSE] = SAME(F_HALF_CLOSE, "o.s.t0d1"),
    [FINDING_NO_PIGGYBACK] = BOTH(F_NO_PIGGYBACK, "s.t0x."),
    [FINDING_RST_UNREAD_OR_ABORT] = SAME(F_RST_ABORT, "s.d0"),
    [FINDING_RST_LATE_DATA] = SAME(F_RST_LATE_DATA, "s.d0"),
    [FINDING_RST_SUSPECT] = SAME(F_RST_SUSPECT, "s.d0d1"),
    [FINDING_NAGLE_DELACK] = BOTH(F_NAGLE_DELACK, "s.o.t0x.c."),
    [FINDING_DELAYED_ACK] = BOTH(F_DELAYED_ACK, "s.t0x."),
    [FINDING_ZERO_WINDOW] = BOTH(F_ZERO_WINDOW, "s.t0d1x."),
    [FINDING_WINDOW_LIMITED] = SAME(F_WINDOW_LIMITED, "d0o.d3"),
    [FINDING_CWND_LIMITED] = SAME(F_CWND_LIMITED, "d0s."),
    [FINDING_APP_LIMITED] = SAME(F_APP_LIMITED, "d0s."),
    [FINDING_SWS] = SAME(F_SWS, "x.s.d0d1"),
    [FINDING_FAST_RETX] = BOTH(F_FAST_RETX, "d0s.n0"),
    [FINDING_RTO] = BOTH(F_RTO, "s.t0x.c."),
    [FINDING_TLP] = BOTH(F_TLP, "s.t2x."),
    [FINDING_RACK] = BOTH(F_RACK, "d0s.n0"),
    [FINDING_RTO_BACKOFF] = SAME(F_RTO_BACKOFF, "s.d2t1"),
    [FINDING_SPURIOUS_RETX] = BOTH(F_SPURIOUS, "n0s.w."),
    [FINDING_REORDERED] = BOTH(F_REORDERED, "n0s."),
    [FINDING_DUPLICATED] = BOTH(F_DUPLICATED, "d0s."),
    [FINDING_MSS_EXCEEDED] = SAME(F_MSS_EXCEEDED, "o.d0n0d1"),
    [FINDING_MSS_CLAMPED] = SAME(F_MSS_CLAMPED, "s.d0d1"),
    [FINDING_PMTU_BLACKHOLE] = SAME(F_PMTU_BLACKHOLE, "s.d0d2"),
    [FINDING_WINDOW_VIOLATION] = SAME(F_WINDOW_VIOLATION, "s.d0"),
    [FINDING_WINDOW_SHRUNK] = SAME(F_WINDOW_SHRUNK, "s.d0"),
    [FINDING_ACK_UNSENT] = SAME(F_ACK_UNSENT, "s.d0"),
    [FINDING_ACK_OLD] = BOTH(F_ACK_OLD, "s.d0x."),
    [FINDING_CHALLENGE_ACK] = BOTH(F_CHALLENGE_ACK, "s.x."),
    [FINDING_ISN_REUSE] = SAME(F_ISN_REUSE, "s."),
    [FINDING_PAWS_DROP] = SAME(F_PAWS_DROP, "s.d0"),
    [FINDING_BAD_CHECKSUM] = BOTH(F_BAD_CHECKSUM, "s.x."),
    [FINDING_BAD_OPTION_LEN] = SAME(F_BAD_OPTION_LEN, "s.n0"),
    [FINDING_URG_USED] = SAME(F_URG_USED, "s."),
    [FINDING_KEEPALIVE] = BOTH(F_KEEPALIVE, "s.x."),
    [FINDING_ECN_CE] = SAME(F_ECN_CE, "s.d0"),
    [FINDING_TFO] = SAME(F_TFO, "s.d0"),
    [FINDING_TIME_WAIT_REUSE] = SAME(F_TIME_WAIT_REUSE, "s.t0"),
    [FINDING_CONFORM_ACK] = SAME(F_CONFORM_ACK, "s.d2"),
    [FINDING_CONFORM_RTO] = SAME(F_CONFORM_RTO, "s.t0"),
    [FINDING_CONFORM_IW] = SAME(F_CONFORM_IW, "s.d0d1"),
    [FINDING_CONFORM_BACKOFF] = SAME(F_CONFORM_BACKOFF, "s.t0t1"),
    [FINDING_CONFORM_OUT_OF_ORDER] = SAME(F_CONFORM_OUT_OF_ORDER, "s.t0"),
    [FINDING_CAPTURE_LIMITS] = SAME(F_LIMIT_CUT, ""),
};
_Static_assert(ARRAY_SIZE(sentences) == FINDING_COUNT, "a sentence for every finding");

#undef SAME
#undef BOTH

static const struct sentence limits[] = {
    [CAPTURE_LIMIT_CUT] = {MESSAGE_F_LIMIT_CUT, MESSAGE_F_LIMIT_CUT, ""},
    [CAPTURE_LIMIT_ONE_WAY] = {MESSAGE_F_LIMIT_ONE_WAY, MESSAGE_F_LIMIT_ONE_WAY, ""},
    [CAPTURE_LIMIT_MID] = {MESSAGE_F_LIMIT_MID, MESSAGE_F_LIMIT_MID, ""},
    [CAPTURE_LIMIT_CLOCK] = {MESSAGE_F_LIMIT_CLOCK, MESSAGE_F_LIMIT_CLOCK, "t1"},
    [CAPTURE_LIMIT_TWICE] = {MESSAGE_F_LIMIT_TWICE, MESSAGE_F_LIMIT_TWICE, ""},
    [CAPTURE_LIMIT_MISSED] = {MESSAGE_F_LIMIT_MISSED, MESSAGE_F_LIMIT_MISSED, "d1"},
    [CAPTURE_LIMIT_DROPPED] = {MESSAGE_F_LIMIT_DROPPED, MESSAGE_F_LIMIT_DROPPED, "d1"},
};
_Static_assert(ARRAY_SIZE(limits) == CAPTURE_LIMIT_COUNT, "a sentence for every limit");

/* ---- Choosing -------------------------------------------------------------------------------------------- */

/* The identities whose figures ask for another sentence, or for the same with other figures. */
static struct sentence choose(const struct finding *f)
{
    struct sentence s = sentences[f->id];
    bool many = f->occurrences > 1;

    switch (f->id) {
    case FINDING_CAPTURE_LIMITS: return limits[f->value[0]];
    case FINDING_RST_UNREAD_OR_ABORT:
        s.one = f->value[0] > 0    ? MESSAGE_F_RST_ABORT_FLIGHT
                : f->value[1] == 0 ? MESSAGE_F_RST_ABORT_EMPTY
                                   : s.one;
        break;
    case FINDING_RST_LATE_DATA: s.one = f->value[1] == 0 ? MESSAGE_F_RST_UNKNOWN : s.one; break;
    case FINDING_RST_SUSPECT:
        s.one = f->value[0] == f->value[1] ? MESSAGE_F_RST_SUSPECT_LIFE : s.one;
        break;
    case FINDING_ZERO_WINDOW: s.one = f->value[2] != 0 ? MESSAGE_F_ZERO_WINDOW_END : s.one; break;
    case FINDING_FAST_RETX:
    case FINDING_RACK:
        if (!many && f->value[0] == 0) {
            s.one = MESSAGE_F_LOST_BEFORE;
        }
        s.arguments = many ? "x.s." : s.arguments;
        return s;
    case FINDING_SPURIOUS_RETX: s.arguments = many ? "x.s.w." : s.arguments; return s;
    case FINDING_REORDERED:
    case FINDING_DUPLICATED: s.arguments = many ? "x.s." : s.arguments; return s;
    case FINDING_BAD_CHECKSUM:
        if (f->value[1] == 1) {
            return (struct sentence){MESSAGE_F_CHECKSUM_OFFLOAD, MESSAGE_F_CHECKSUM_OFFLOAD, "d0"};
        }
        return s;
    case FINDING_ECN_CE:
        return f->value[0] != 0 ? s
                                : (struct sentence){MESSAGE_F_ECN_ECE, MESSAGE_F_ECN_ECE, "s.d1"};
    case FINDING_TFO: s.one = f->value[0] == 0 ? MESSAGE_F_TFO_COOKIE : s.one; break;
    default: return s;
    }
    s.many = many && f->id == FINDING_ZERO_WINDOW ? s.many : s.one;
    return s;
}

static const char *why(const struct finding *f, enum language language)
{
    static const struct {
        const char *evidence;
        enum message_id id;
    } known[] = {{"dsack", MESSAGE_WHY_DSACK},
                 {"eifel", MESSAGE_WHY_EIFEL},
                 {"early_ack", MESSAGE_WHY_EARLY_ACK},
                 {"both_ends", MESSAGE_WHY_BOTH_ENDS}};

    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (strcmp(known[i].evidence, f->evidence) == 0) {
            return message_text(known[i].id, language);
        }
    }
    return message_text(MESSAGE_WHY_SEEN, language);
}

/* ---- Filling in ------------------------------------------------------------------------------------------ */

char *duration_text(char out[DURATION_TEXT_MAX], int64_t ns)
{
    double us = (double)ns / NS_PER_US;

    if (us < 999.5) {
        snprintf(out, DURATION_TEXT_MAX, "%.0f us", us);
    } else if (us < 999950) {
        snprintf(out, DURATION_TEXT_MAX, "%.1f ms", us / 1e3);
    } else {
        snprintf(out, DURATION_TEXT_MAX, "%.3f s", us / 1e6);
    }
    return out;
}

static const char *argument(char out[DURATION_TEXT_MAX], const struct finding *f, const char *code,
                            enum language language)
{
    size_t i = (size_t)(code[1] - '0');

    switch (code[0]) {
    case 's': return prose_side(f->side, language);
    case 'o': return prose_side(trace_other(f->side), language);
    case 'w': return why(f, language);
    case 't': return duration_text(out, f->value[i]);
    case 'c': return duration_text(out, (int64_t)f->cost_ns);
    case 'n': snprintf(out, DURATION_TEXT_MAX, "%" PRIu32, f->segments[i]); return out;
    case 'x': snprintf(out, DURATION_TEXT_MAX, "%" PRIu32, f->occurrences); return out;
    default: snprintf(out, DURATION_TEXT_MAX, "%" PRId64, f->value[i]); return out;
    }
}

char *finding_text(char out[FINDING_TEXT_MAX], const struct finding *f, enum language language)
{
    char text[MESSAGE_ARGS_MAX][DURATION_TEXT_MAX];
    const char *args[MESSAGE_ARGS_MAX];
    struct sentence s = choose(f);
    size_t n = 0;

    for (const char *code = s.arguments; *code != '\0' && n < MESSAGE_ARGS_MAX; code += 2, n++) {
        args[n] = argument(text[n], f, code, language);
    }
    return message_format(out, FINDING_TEXT_MAX, f->occurrences > 1 ? s.many : s.one, language,
                          args, n);
}

char *finding_advice(char out[FINDING_TEXT_MAX], const struct finding *f, enum language language)
{
    const char *side = prose_side(trace_other(f->side), language);
    enum message_id id;

    switch (f->id) {
    case FINDING_REFUSED: id = MESSAGE_ADVICE_REFUSED; break;
    case FINDING_FILTERED:
    case FINDING_SYN_TIMEOUT: id = MESSAGE_ADVICE_FILTERED; break;
    case FINDING_NAGLE_DELACK: id = MESSAGE_ADVICE_NAGLE; break;
    case FINDING_ZERO_WINDOW:
    case FINDING_SWS: id = MESSAGE_ADVICE_READ; break;
    case FINDING_WINDOW_LIMITED: id = MESSAGE_ADVICE_RCVBUF; break;
    case FINDING_RST_UNREAD_OR_ABORT:
    case FINDING_RST_LATE_DATA: id = MESSAGE_ADVICE_CLOSE; break;
    case FINDING_PMTU_BLACKHOLE: id = MESSAGE_ADVICE_PMTU; break;
    case FINDING_RTO: id = MESSAGE_ADVICE_SACK; break;
    case FINDING_CAPTURE_LIMITS:
        if (f->value[0] != CAPTURE_LIMIT_TWICE) {
            return NULL;
        }
        id = MESSAGE_ADVICE_TWICE;
        break;
    default: return NULL;
    }
    return message_format(out, FINDING_TEXT_MAX, id, language, &side, 1);
}

char *numbers_text(char out[NUMBERS_TEXT_MAX], const uint32_t *numbers, uint32_t count,
                   uint32_t total, enum language language)
{
    char list[NUMBERS_TEXT_MAX] = "";
    const char *arg = list;
    size_t used = 0;

    for (uint32_t i = 0; i < count && used < sizeof(list); i++) {
        if (numbers[i] != 0) {
            used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%" PRIu32,
                                     used > 0 ? ", " : "", numbers[i]);
        }
    }
    if (total > count && used > 0) {
        return message_format(out, NUMBERS_TEXT_MAX, MESSAGE_FOUND_AND_MORE, language, &arg, 1);
    }
    memcpy(out, list, sizeof(list));
    return out;
}

/* ---- The verdict --------------------------------------------------------------------------------------------- */

static bool is_limit(const struct finding *f)
{
    return f->id == FINDING_WINDOW_LIMITED || f->id == FINDING_CWND_LIMITED;
}

const struct finding *outcome_main(const struct outcome *o)
{
    const struct finding *costly = NULL, *limit = NULL;
    uint64_t worth = o->account->total_ns / 100 * SHARE_WORTH_A_VERDICT;

    for (size_t i = 0; i < o->count; i++) {
        const struct finding *f = &o->findings[i];
        if (f->severity == FINDING_ERROR) {
            return f;
        }
        if (f->cost_ns > 0 && f->cost_ns >= worth &&
            (costly == NULL || f->cost_ns > costly->cost_ns)) {
            costly = f;
        }
        limit = limit == NULL && is_limit(f) ? f : limit;
    }
    if (costly != NULL || limit != NULL) {
        return costly != NULL ? costly : limit;
    }
    for (size_t i = 0; i < o->count; i++) {
        if (o->findings[i].severity == FINDING_WARN) {
            return &o->findings[i];
        }
    }
    return NULL;
}

char *verdict_text(char out[FINDING_TEXT_MAX], const struct outcome *o, enum language language)
{
    const struct finding *f = outcome_main(o);
    uint64_t total = o->account->total_ns;
    char text[FINDING_TEXT_MAX], cost[DURATION_TEXT_MAX], all[DURATION_TEXT_MAX], share[16];

    if (f == NULL) {
        bool reset = o->totals->end == LADDER_END_RST;
        return message_format(out, FINDING_TEXT_MAX,
                              reset ? MESSAGE_VERDICT_RST : MESSAGE_VERDICT_GOOD, language, NULL,
                              0);
    }
    finding_text(text, f, language);
    if (f->severity == FINDING_ERROR || f->cost_ns == 0 || total == 0) {
        memcpy(out, text, sizeof(text));
        return out;
    }
    double percent = (double)MIN(f->cost_ns, total) * 100 / (double)total;
    snprintf(share, sizeof(share), "%.1f", percent);
    const char *args[] = {duration_text(cost, (int64_t)f->cost_ns),
                          duration_text(all, (int64_t)total), share, text};
    return message_format(out, FINDING_TEXT_MAX, MESSAGE_VERDICT_COST, language, args, 4);
}
