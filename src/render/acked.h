/* acked.h - which segments an ACK acknowledges for the first time. */
#ifndef RENDER_ACKED_H
#define RENDER_ACKED_H

#include "trace/ladder.h"

/* What is never acknowledged (one direction was captured) does not wait for ever: the oldest half goes. */
#define ACKED_WAITING_MAX ((size_t)1 << 16)

struct acked_waiting {
    uint32_t number, end; /* one past its last number */
    struct ladder_time arrived;
};

struct acked {
    struct {
        struct acked_waiting *at;
        size_t count, room;
    } waiting[2];     /* by sender: what occupies numbers and is not acknowledged yet */
    uint32_t *number; /* after acked_take: what this one acknowledges, every copy */
    size_t count, room;
};

/* Each segment of the ladder, in order. False: no memory. */
bool acked_take(struct acked *acked, const struct ladder_segment *segment);
void acked_free(struct acked *acked);

#endif
