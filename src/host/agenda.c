/* agenda.c - calls to be made once at a given time. */
#include "host/agenda.h"

#include <stdlib.h>

#define RUN_MAX 1000 /* in one agenda_run, in case an entry adds itself for now again and again */

int agenda_add(struct agenda *a, const struct agenda_entry *entry)
{
    if (a->count == a->capacity) {
        size_t capacity = a->capacity ? a->capacity * 2 : 16;
        struct agenda_entry *entries = realloc(a->entries, capacity * sizeof(*entries));
        if (!entries) {
            return WEIR_ENOBUFS;
        }
        a->entries = entries;
        a->capacity = capacity;
    }
    size_t i = a->count++;
    for (; i > 0 && a->entries[i - 1].time <= entry->time; i--) {
        a->entries[i] = a->entries[i - 1];
    }
    a->entries[i] = *entry;
    return WEIR_OK;
}

weir_time agenda_next(const struct agenda *a)
{
    return a->count > 0 ? a->entries[a->count - 1].time : WEIR_NEVER;
}

bool agenda_run(struct agenda *a, weir_time now)
{
    int done = 0;
    for (; done < RUN_MAX && agenda_next(a) <= now && a->count > 0; done++) {
        struct agenda_entry entry = a->entries[--a->count];
        entry.fn(entry.ctx, now);
    }
    return done > 0;
}

void agenda_fini(struct agenda *a)
{
    free(a->entries);
    *a = (struct agenda){0};
}
