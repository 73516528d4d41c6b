/* acked.c - see acked.h. */
#include "render/acked.h"

#include <stdlib.h>

#include "base/compiler.h"

static bool push(uint32_t **number, size_t *count, size_t *room, uint32_t value)
{
    if (*count == *room) {
        size_t more = MAX(*room * 2, 64);
        uint32_t *moved = realloc(*number, more * sizeof(*moved));
        if (moved == NULL) {
            return false;
        }
        *number = moved;
        *room = more;
    }
    (*number)[(*count)++] = value;
    return true;
}

/* A copy that arrives only after the ACK has left has nothing to do with it; estimates are too rough for
 * this. */
static bool arrives_later(const struct ladder_segment *copy, const struct ladder_segment *ack)
{
    return copy->arrived.known == LADDER_MEASURED && ack->sent.known == LADDER_MEASURED &&
           copy->arrived.ns > ack->sent.ns;
}

bool acked_take(struct acked *a, const struct ladder_segment *s)
{
    size_t other = s->wire.side == LADDER_CLIENT ? LADDER_SERVER : LADDER_CLIENT;
    size_t kept = 0, count = a->waiting[other].count;
    uint32_t *number = a->waiting[other].number;
    bool done = true;

    a->count = 0;
    for (size_t i = 0; i < count && (s->wire.flags & WEIR_TCP_ACK) != 0; i++) {
        const struct ladder_segment *copy = &a->segment[number[i] - 1];
        uint32_t end = copy->wire.seq + trace_segment_span(&copy->wire);
        if ((int32_t)(s->wire.ack - end) >= 0) {
            if (!arrives_later(copy, s)) {
                done = push(&a->number, &a->count, &a->room, number[i]) && done;
            }
        } else {
            number[kept++] = number[i];
        }
    }
    if ((s->wire.flags & WEIR_TCP_ACK) != 0) {
        a->waiting[other].count = kept;
    }
    if (trace_segment_span(&s->wire) > 0) {
        size_t own = s->wire.side;
        done = push(&a->waiting[own].number, &a->waiting[own].count, &a->waiting[own].room,
                    s->number) &&
               done;
    }
    return done;
}

void acked_free(struct acked *a)
{
    free(a->waiting[0].number);
    free(a->waiting[1].number);
    free(a->number);
    *a = (struct acked){.segment = NULL};
}
