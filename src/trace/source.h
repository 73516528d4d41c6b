/*
 * source.h - the bytes of a capture file, one after another: a file, a pipe or memory, compressed by gzip or
 * not.
 *
 * A pipe can be read twice when that was asked for in the beginning: what comes out of it is then kept in a
 * temporary file that has no name.
 */
#ifndef TRACE_SOURCE_H
#define TRACE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes at hand; only source_bytes looks into it. */
struct source_window {
    const uint8_t *at, *end;
};

struct source;

/* Takes over `fd`, which is closed in the end unless it is standard input. `again`: source_rewind will be
 * called. NULL: no memory, or errno. */
struct source *source_of_fd(int fd, bool again);
/* `bytes` must stay. NULL: no memory. */
struct source *source_of_memory(const uint8_t *bytes, size_t size);
void source_del(struct source *source); /* NULL is allowed */

struct source_window *source_window(struct source *source);
const uint8_t *source_fill(struct source *source, size_t n);

/* The next n bytes, which stay valid until the next call; NULL when there are fewer (source_left) or
 * something went wrong (source_error). */
static inline const uint8_t *source_bytes(struct source *source, struct source_window *window,
                                          size_t n)
{
    return (size_t)(window->end - window->at) >= n ? window->at : source_fill(source, n);
}

/* Bytes at hand after source_bytes has failed. */
size_t source_left(const struct source *source);

/* Steps over n bytes, which source_bytes has shown. */
static inline void source_step(struct source_window *window, size_t n)
{
    window->at += n;
}

/* Where the window begins, in the uncompressed bytes. */
uint64_t source_offset(const struct source *source);

/* Why source_bytes failed, when it was not the end: a word or two; else NULL. */
const char *source_error(const struct source *source);

/* How much of the file has been read, and its size, both as stored; false: a pipe, nobody knows. */
bool source_progress(const struct source *source, uint64_t *done, uint64_t *size);

/* Back to the beginning. False: errno. */
bool source_rewind(struct source *source);

#endif
