/*
 * finder.h - what was wrong with a conversation, found while it goes by.
 *
 * One finder per conversation, beside its judge: it is told every segment with its judgement, once and in
 * order, every lesson, and the ICMP errors about the conversation. It keeps nothing per segment; what is
 * found again is merged into the finding that is there. An idle conversation costs the finder's block and
 * its findings; what only busy ones need is allocated when they are.
 *
 *     finder = finder_new(&setup);
 *     finder_take(finder, &wire, &judgement);      for each segment
 *     finder_lesson(finder, &lesson);              from the judge's `learn`
 *     finder_end(finder);                          nothing more comes
 *     findings = finder_list(finder, &count);      worst first
 *
 * A finding is made only when its innocent explanations are ruled out: what a capture cannot show is not
 * claimed (RFC 9293's CONFORM_* only for the host at which the capture was taken; window scale only when
 * the handshake was seen; segments larger than the MSS only when they cannot be a network card's work).
 *
 * Reading order: this file, finder_private.h (what is kept), finder.c (order of the questions), then
 * finder_open.c, finder_ack.c, finder_window.c, finder_loss.c, finder_close.c, finder_conform.c,
 * finder_wire.c (one family of findings each), account.c (where the time went).
 */
#ifndef TRACE_FINDER_H
#define TRACE_FINDER_H

#include "trace/judge.h"

struct finder;

/* A finding is new, or has happened again (`occurrences` > 1). */
typedef void finder_found(void *ctx, const struct finding *finding);

struct finder_setup {
    enum ladder_vantage vantage; /* LADDER_AT_UNKNOWN: found out from the handshake, if possible */
    uint16_t port;               /* the server's, for sentences */
    finder_found *found;         /* NULL: nobody listens */
    void *ctx;
    /* The conversation before this one between the same endpoints; time 0: none was seen. */
    weir_time previous_end;
    uint32_t previous_isn, previous_next; /* the client's: first and one past the last number */
};

struct finder *finder_new(const struct finder_setup *setup); /* NULL: no memory */
void finder_del(struct finder *finder);                      /* NULL is allowed */

/* Lack of memory costs findings, never the conversation: nothing here fails. */
void finder_take(struct finder *finder, const struct trace_segment *wire,
                 const struct judgement *judgement);
void finder_lesson(struct finder *finder, const struct lesson *lesson);

enum finder_icmp {
    FINDER_ICMP_UNREACHABLE = 0, /* network, host, port */
    FINDER_ICMP_PROHIBITED,      /* by a filter */
    FINDER_ICMP_TOO_BIG          /* fragmentation needed, packet too big: `mtu` */
};
/* An ICMP error that quotes a segment of `side`. */
void finder_icmp(struct finder *finder, weir_time time, enum trace_side side, enum finder_icmp what,
                 uint32_t mtu);

/* Both captures show this side's SYN: the MSS as it was sent and as it arrived. */
void finder_mss_of_both(struct finder *finder, enum trace_side side, uint16_t sent,
                        uint16_t arrived);

/* What the capture lost or could not show: also told by its reader. */
enum capture_limit {
    CAPTURE_LIMIT_CUT = 0, /* options were cut off */
    CAPTURE_LIMIT_ONE_WAY, /* one direction only */
    CAPTURE_LIMIT_MID,     /* began in the middle of the conversation */
    CAPTURE_LIMIT_CLOCK,   /* the clock went backwards */
    CAPTURE_LIMIT_TWICE,   /* every packet was captured twice */
    CAPTURE_LIMIT_MISSED,  /* bytes were acknowledged that it does not hold */
    CAPTURE_LIMIT_DROPPED, /* the capturing system says that it dropped packets */
    CAPTURE_LIMIT_COUNT
};
void finder_limit(struct finder *finder, enum capture_limit limit, uint64_t how_many);

void finder_end(struct finder *finder);
/* After finder_end: gives back what only a living conversation needs. */
void finder_rest(struct finder *finder);

/* What a side has used of its numbers: first, and one past the last. */
void finder_numbers(const struct finder *finder, enum trace_side side, uint32_t *first,
                    uint32_t *next);

/* Worst first: severity, then cost. Valid until the next call. */
const struct finding *finder_list(struct finder *finder, size_t *count);

/* Where the time went: every part of the conversation's duration is in exactly one of these. */
enum account_part {
    ACCOUNT_HANDSHAKE = 0,
    ACCOUNT_DATA,        /* bytes or their acknowledgements were on their way */
    ACCOUNT_RTO,         /* waited for a retransmission timeout or a probe timer */
    ACCOUNT_ZERO_WINDOW, /* waited for the receiver's application */
    ACCOUNT_DELAYED_ACK, /* a sender waited for an ACK that was being delayed */
    ACCOUNT_APPLICATION, /* nothing was outstanding: the applications were silent */
    ACCOUNT_CLOSE,       /* from the first FIN or the RST on */
    ACCOUNT_PARTS
};

struct account {
    uint64_t total_ns, part_ns[ACCOUNT_PARTS];
};
void finder_account(const struct finder *finder, struct account *account);
const char *account_part_name(enum account_part part); /* "zero_window" */

/* How it ended, and what was sent again. */
struct finder_totals {
    enum ladder_end end;
    uint32_t segments;
    uint64_t bytes[2];     /* payload that was new, by side */
    uint32_t retx_unknown; /* retransmissions of no known kind; the others are findings */
    weir_time start, last;
};
void finder_totals(const struct finder *finder, struct finder_totals *totals);

/* For a ladder's findings, before ladder_finish: as finder_icmp (WEIR_OK, WEIR_ENOBUFS or WEIR_EINVAL), and as
 * in struct finder_setup. */
int ladder_add_icmp(struct ladder *ladder, weir_time time, enum trace_side side,
                    enum finder_icmp what, uint32_t mtu);
void ladder_set_previous(struct ladder *ladder, weir_time end, uint32_t isn, uint32_t next);

/* The same of a finished ladder, beside ladder_findings. */
const struct account *ladder_account(const struct ladder *ladder);
const struct finder_totals *ladder_totals(const struct ladder *ladder);

#endif
