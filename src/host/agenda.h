/* agenda.h - calls to be made once at a given time, in order of time, then of entry. */
#ifndef HOST_AGENDA_H
#define HOST_AGENDA_H

#include <weir/weir.h>

struct agenda_entry {
    weir_time time;
    void (*fn)(void *ctx, weir_time now);
    void *ctx;
};

struct agenda {
    struct agenda_entry *entries; /* the latest first: the next one is the last */
    size_t count, capacity;
};

int agenda_add(struct agenda *a, const struct agenda_entry *entry); /* WEIR_ENOBUFS */
weir_time agenda_next(const struct agenda *a);
/* Calls what is due. A call may add entries, also for now. Returns whether there was any. */
bool agenda_run(struct agenda *a, weir_time now);
void agenda_fini(struct agenda *a);

#endif
