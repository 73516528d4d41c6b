/* acked.c - see acked.h. */
#include "render/acked.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

static bool make_room(void **array, size_t count, size_t *room, size_t size)
{
    if (count < *room) {
        return true;
    }
    size_t more = MAX(*room * 2, 64);
    void *moved = realloc(*array, more * size);
    if (moved == NULL) {
        return false;
    }
    *array = moved;
    *room = more;
    return true;
}

static bool wait_for_ack(struct acked *a, const struct ladder_segment *s)
{
    size_t own = s->wire.side, *count = &a->waiting[own].count;
    struct acked_waiting **at = &a->waiting[own].at;

    if (*count == ACKED_WAITING_MAX) {
        *count /= 2;
        memmove(*at, *at + *count, *count * sizeof(**at));
    }
    if (!make_room((void **)at, *count, &a->waiting[own].room, sizeof(**at))) {
        return false;
    }
    (*at)[(*count)++] = (struct acked_waiting){.number = s->number,
                                               .end = s->wire.seq + trace_segment_span(&s->wire),
                                               .arrived = s->arrived};
    return true;
}

/* A copy that arrives only after the ACK has left has nothing to do with it; estimates are too rough for
 * this. */
static bool arrives_later(const struct acked_waiting *copy, const struct ladder_segment *ack)
{
    return copy->arrived.known == LADDER_MEASURED && ack->sent.known == LADDER_MEASURED &&
           copy->arrived.ns > ack->sent.ns;
}

static bool take_number(struct acked *a, uint32_t number)
{
    if (!make_room((void **)&a->number, a->count, &a->room, sizeof(*a->number))) {
        return false;
    }
    a->number[a->count++] = number;
    return true;
}

bool acked_take(struct acked *a, const struct ladder_segment *s)
{
    size_t other = s->wire.side == LADDER_CLIENT ? LADDER_SERVER : LADDER_CLIENT;
    size_t kept = 0, count = a->waiting[other].count;
    struct acked_waiting *at = a->waiting[other].at;
    bool done = true;

    a->count = 0;
    for (size_t i = 0; i < count && (s->wire.flags & WEIR_TCP_ACK) != 0; i++) {
        if ((int32_t)(s->wire.ack - at[i].end) < 0) {
            at[kept++] = at[i];
        } else if (!arrives_later(&at[i], s)) {
            done = take_number(a, at[i].number) && done;
        }
    }
    if ((s->wire.flags & WEIR_TCP_ACK) != 0) {
        a->waiting[other].count = kept;
    }
    return (trace_segment_span(&s->wire) == 0 || wait_for_ack(a, s)) && done;
}

void acked_free(struct acked *a)
{
    free(a->waiting[0].at);
    free(a->waiting[1].at);
    free(a->number);
    *a = (struct acked){.count = 0};
}
