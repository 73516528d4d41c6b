/*
 * idle.h - why was nothing on the wire? What the segments themselves show, where no stack told it.
 *
 * Fed with the segments in the order of the reference side. It names only what can hardly be anything else: a
 * lone ACK that came late is a delayed one; an answer that was awaited, with nothing left to be acknowledged, was late
 * because its application was. A silence in which nobody waited for anything has no cause to name.
 */
#ifndef TRACE_IDLE_H
#define TRACE_IDLE_H

#include "trace/ladder.h"

struct idle_watch {
    struct {
        bool started;
        uint32_t end;   /* one past the last number sent */
        uint32_t acked; /* by the other side */
    } dir[2];
    bool data_seen;
    enum trace_side last_data; /* who spoke last */
};

/* Why `s`, which comes next, comes only after `idle_ns`. */
enum ladder_cause idle_cause(const struct idle_watch *watch, const struct ladder_segment *s,
                             int64_t idle_ns);

void idle_note(struct idle_watch *watch, const struct ladder_segment *s);

#endif
