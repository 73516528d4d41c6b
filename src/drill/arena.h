/* arena.h - memory that is taken piece by piece and given back at once. */
#ifndef DRILL_ARENA_H
#define DRILL_ARENA_H

#include <stddef.h>

struct drill_arena;

struct drill_arena *drill_arena_new(void); /* NULL: out of memory */
void drill_arena_del(struct drill_arena *arena);
void *drill_arena_get(struct drill_arena *arena,
                      size_t size); /* zeroed, aligned; NULL: out of memory */
char *drill_arena_text(struct drill_arena *arena, const char *text,
                       size_t size); /* a copy and a 0 */

#endif
