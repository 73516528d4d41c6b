/* stream_line.c - segments of a stream waiting in line, sorted by time. */
#include <stdlib.h>
#include <string.h>

#include "trace/stream_private.h"

static bool make_room(struct line_of *line)
{
    if (line->head + line->count < line->room) {
        return true;
    }
    if (line->head > line->room / 2) {
        memmove(line->at, line->at + line->head, line->count * sizeof(*line->at));
        line->head = 0;
        return true;
    }
    size_t room = line->room == 0 ? 16 : line->room * 2;
    struct place *at = realloc(line->at, room * sizeof(*at));
    if (at == NULL) {
        return false;
    }
    line->at = at;
    line->room = room;
    return true;
}

bool line_of_put(struct line_of *line, int64_t ns, struct pending *p)
{
    if (!make_room(line)) {
        return false;
    }
    size_t i = line->count++;
    for (; i > 0 && line_of_at(line, i - 1)->ns > ns; i--) {
        *line_of_at(line, i) = *line_of_at(line, i - 1);
    }
    *line_of_at(line, i) = (struct place){ns, p};
    return true;
}

void line_of_pop(struct line_of *line)
{
    line->head++;
    line->count--;
    if (line->count == 0) {
        line->head = 0;
    }
}

void line_of_move(struct line_of *line, struct pending *p, int64_t ns)
{
    for (size_t i = 0; i < line->count; i++) {
        if (line_of_at(line, i)->p == p) {
            memmove(line_of_at(line, i), line_of_at(line, i) + 1,
                    (line->count - i - 1) * sizeof(*line->at));
            line->count--;
            line_of_put(line, ns, p); /* there is room for what was there */
            return;
        }
    }
}
