/*
 * finding.h - what was wrong with a conversation, or worth knowing about it: data, not sentences.
 *
 * Each finding has an identity, a severity, a confidence, what it cost, where it is and the figures for its
 * sentence, which render/ writes in the reader's language.
 */
#ifndef TRACE_FINDING_H
#define TRACE_FINDING_H

#include <stddef.h>

#include "trace/segment.h"

enum finding_severity {
    FINDING_INFO = 0, /* worth knowing, nothing is wrong */
    FINDING_WARN,     /* cost time, or looks wrong */
    FINDING_ERROR     /* broke the conversation, or breaks an RFC's MUST */
};

/* X(id, severity): the name is the id's spelling. Severity is the usual one; a finding may say another. */
#define FINDINGS(X)               \
    X(REFUSED, ERROR)             \
    X(FILTERED, ERROR)            \
    X(SYN_TIMEOUT, ERROR)         \
    X(SYN_RETX, WARN)             \
    X(SIMULTANEOUS_OPEN, INFO)    \
    X(SIMULTANEOUS_CLOSE, INFO)   \
    X(THREE_SEG_CLOSE, INFO)      \
    X(HALF_CLOSE, INFO)           \
    X(NO_PIGGYBACK, INFO)         \
    X(RST_UNREAD_OR_ABORT, ERROR) \
    X(RST_LATE_DATA, ERROR)       \
    X(RST_SUSPECT, ERROR)         \
    X(NAGLE_DELACK, WARN)         \
    X(DELAYED_ACK, INFO)          \
    X(ZERO_WINDOW, WARN)          \
    X(WINDOW_LIMITED, WARN)       \
    X(CWND_LIMITED, INFO)         \
    X(APP_LIMITED, INFO)          \
    X(SWS, WARN)                  \
    X(FAST_RETX, WARN)            \
    X(RTO, WARN)                  \
    X(TLP, INFO)                  \
    X(RACK, WARN)                 \
    X(RTO_BACKOFF, WARN)          \
    X(SPURIOUS_RETX, WARN)        \
    X(REORDERED, INFO)            \
    X(DUPLICATED, INFO)           \
    X(MSS_EXCEEDED, ERROR)        \
    X(MSS_CLAMPED, INFO)          \
    X(PMTU_BLACKHOLE, ERROR)      \
    X(WINDOW_VIOLATION, ERROR)    \
    X(WINDOW_SHRUNK, WARN)        \
    X(ACK_UNSENT, WARN)           \
    X(ACK_OLD, INFO)              \
    X(CHALLENGE_ACK, WARN)        \
    X(ISN_REUSE, WARN)            \
    X(PAWS_DROP, WARN)            \
    X(BAD_CHECKSUM, WARN)         \
    X(BAD_OPTION_LEN, WARN)       \
    X(URG_USED, INFO)             \
    X(KEEPALIVE, INFO)            \
    X(ECN_CE, INFO)               \
    X(TFO, INFO)                  \
    X(TIME_WAIT_REUSE, INFO)      \
    X(CONFORM_ACK, WARN)          \
    X(CONFORM_RTO, WARN)          \
    X(CONFORM_IW, WARN)           \
    X(CONFORM_BACKOFF, WARN)      \
    X(CONFORM_OUT_OF_ORDER, WARN) \
    X(CAPTURE_LIMITS, INFO)

enum finding_id {
#define FINDING_ENUM(id, severity) FINDING_##id,
    FINDINGS(FINDING_ENUM)
#undef FINDING_ENUM
        FINDING_COUNT
};

#define FINDING_SEGMENTS_MAX 8
#define FINDING_VALUES_MAX 6

struct finding {
    enum finding_id id;
    enum finding_severity severity;
    uint8_t confidence;                      /* percent */
    enum trace_side side;                    /* whose doing it is */
    weir_time start, end;                    /* absolute, as in the capture */
    uint64_t cost_ns;                        /* of the conversation's time */
    uint32_t occurrences;                    /* merged into this one */
    uint32_t segments[FINDING_SEGMENTS_MAX]; /* numbers; the first and costliest ones */
    uint32_t segment_count;
    uint32_t segment_total; /* also those that had no room */
    int64_t
        value[FINDING_VALUES_MAX]; /* for the sentence; what each is, the table of sentences says */
    const char
        *evidence; /* what it rests on: a stable English word or two for machines; never NULL */
    uint32_t frames[FINDING_SEGMENTS_MAX]; /* of `segments`, in the capture; 0: none */
};

const char *finding_name(enum finding_id id);                      /* "NAGLE_DELACK" */
const char *finding_severity_name(enum finding_severity severity); /* "warn" */

#endif
