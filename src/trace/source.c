/*
 * source.c - bytes of a file, a pipe or memory; gunzipped when they begin as gzip does (RFC 1952).
 *
 * Reading order: source_fill, then load (what comes next, plain or inflated), then take (what read() gives).
 */
#include "trace/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/compiler.h"

#define ROOM_MIN ((size_t)512 * 1024)
#define PACKED_ROOM ((size_t)64 * 1024)
#define GZIP_WINDOW (15 + 16) /* zlib: the largest window, and a gzip header */

struct source {
    struct source_window window;
    int fd;         /* -1: memory */
    FILE *spool;    /* what came from a pipe, to be read again; NULL: not kept */
    bool regular;   /* a file that can be read twice as it is */
    bool replaying; /* from the spool */
    bool over;      /* nothing more comes from below */
    bool known;     /* whether it is compressed has been looked at */
    bool packed;
    const char *error;
    uint8_t *room; /* of the window; NULL: memory */
    size_t room_size;
    uint64_t base; /* offset of room[0] */
    const uint8_t *memory;
    size_t memory_size;
    uint64_t taken, size; /* from below */
    uint8_t *packed_room;
    z_stream zip;
    bool zip_open;
};

static struct source *new_source(void)
{
    struct source *s = calloc(1, sizeof(*s));

    if (s != NULL) {
        s->room_size = ROOM_MIN;
        s->room = malloc(s->room_size);
        if (s->room == NULL) {
            free(s);
            return NULL;
        }
        s->window = (struct source_window){s->room, s->room};
    }
    return s;
}

struct source *source_of_fd(int fd, bool again)
{
    struct source *s = new_source();
    struct stat status;

    if (s == NULL) {
        return NULL;
    }
    s->fd = fd;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        s->regular = true;
        s->size = (uint64_t)status.st_size;
    }
    if (again && !s->regular) {
        s->spool = tmpfile();
        if (s->spool == NULL) {
            s->fd = -1;
            source_del(s);
            return NULL;
        }
    }
    return s;
}

struct source *source_of_memory(const uint8_t *bytes, size_t size)
{
    struct source *s = new_source();

    if (s != NULL) {
        s->fd = -1;
        s->memory = bytes;
        s->memory_size = size;
        s->size = size;
    }
    return s;
}

void source_del(struct source *s)
{
    if (s == NULL) {
        return;
    }
    if (s->fd > STDIN_FILENO) {
        close(s->fd);
    }
    if (s->spool != NULL) {
        fclose(s->spool);
    }
    if (s->zip_open) {
        inflateEnd(&s->zip);
    }
    free(s->packed_room);
    free(s->room);
    free(s);
}

/* ---- From below ------------------------------------------------------------------------------------------ */

static bool keep(struct source *s, const uint8_t *bytes, size_t n)
{
    if (s->spool == NULL || s->replaying || fwrite(bytes, 1, n, s->spool) == n) {
        return true;
    }
    s->error = "the temporary file cannot be written";
    return false;
}

/* Up to n bytes; 0 at the end, and when something is wrong. */
static size_t take(struct source *s, uint8_t *to, size_t n)
{
    if (s->fd < 0) {
        n = MIN(n, s->memory_size - (size_t)s->taken);
        memcpy(to, s->memory + s->taken, n);
        s->taken += n;
        return n;
    }
    ssize_t got;
    do {
        got = s->replaying ? (ssize_t)fread(to, 1, n, s->spool) : read(s->fd, to, n);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        s->error = strerror(errno);
        return 0;
    }
    if (got > 0 && !keep(s, to, (size_t)got)) {
        return 0;
    }
    s->taken += (uint64_t)got;
    return (size_t)got;
}

/* ---- Inflating --------------------------------------------------------------------------------------------- */

/* The first bytes were taken as they are: they become the first packed ones. */
static bool begin_packed(struct source *s)
{
    size_t have = (size_t)(s->window.end - s->window.at);

    s->packed_room = malloc(PACKED_ROOM);
    if (s->packed_room == NULL || have > PACKED_ROOM ||
        inflateInit2(&s->zip, GZIP_WINDOW) != Z_OK) {
        s->error = "no memory";
        return false;
    }
    memcpy(s->packed_room, s->window.at, have);
    s->zip_open = true;
    s->zip.next_in = s->packed_room;
    s->zip.avail_in = (uInt)have;
    s->window = (struct source_window){s->room, s->room};
    s->packed = true;
    return true;
}

static bool refill_packed(struct source *s)
{
    size_t got = take(s, s->packed_room, PACKED_ROOM);

    s->zip.next_in = s->packed_room;
    s->zip.avail_in = (uInt)got;
    return got > 0;
}

/* After one gzip member another may follow; anything else is padding. */
static bool next_member(struct source *s)
{
    if (s->zip.avail_in == 0 && !refill_packed(s)) {
        return false;
    }
    return s->zip.next_in[0] == 0x1f && inflateReset(&s->zip) == Z_OK;
}

static size_t inflate_some(struct source *s, uint8_t *to, size_t n)
{
    s->zip.next_out = to;
    s->zip.avail_out = (uInt)n;
    while (s->zip.avail_out == n) {
        if (s->zip.avail_in == 0 && !refill_packed(s)) {
            s->error = s->error != NULL ? s->error : "the compressed file ends too early";
            return 0;
        }
        int result = inflate(&s->zip, Z_NO_FLUSH);
        if (result == Z_STREAM_END && !next_member(s)) {
            s->over = true;
            break;
        }
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
            s->error = "the compressed data is damaged";
            break;
        }
    }
    return n - s->zip.avail_out;
}

/* ---- The window ---------------------------------------------------------------------------------------------- */

static bool make_room(struct source *s, size_t n)
{
    size_t have = (size_t)(s->window.end - s->window.at);

    s->base += (uint64_t)(s->window.at - s->room);
    memmove(s->room, s->window.at, have);
    s->window = (struct source_window){s->room, s->room + have};
    if (n > s->room_size) {
        uint8_t *room = realloc(s->room, n);
        if (room == NULL) {
            s->error = "no memory";
            return false;
        }
        s->room = room;
        s->room_size = n;
        s->window = (struct source_window){room, room + have};
    }
    return true;
}

/* More bytes behind the window; false when there are none. */
static bool load(struct source *s)
{
    size_t have = (size_t)(s->window.end - s->room);
    uint8_t *to = s->room + have;
    size_t n = s->room_size - have;
    size_t got;

    if (!s->known) {
        n = MIN(n, PACKED_ROOM); /* so that begin_packed has room for it */
    }
    got = s->packed ? inflate_some(s, to, n) : take(s, to, n);
    s->over = s->over || (got == 0 && s->error == NULL);
    s->window.end += got;
    return got > 0;
}

static bool look_for_gzip(struct source *s)
{
    while (s->window.end - s->window.at < 2 && load(s)) {}
    s->known = true;
    bool gzip =
        s->window.end - s->window.at >= 2 && s->window.at[0] == 0x1f && s->window.at[1] == 0x8b;
    if (!gzip) {
        return true;
    }
    s->over = false;
    return begin_packed(s);
}

const uint8_t *source_fill(struct source *s, size_t n)
{
    if (s->error != NULL || (!s->known && !look_for_gzip(s))) {
        return NULL;
    }
    if (source_left(s) < n && !make_room(s, n)) {
        return NULL;
    }
    while (source_left(s) < n) {
        if (s->over || s->error != NULL || !load(s)) {
            return NULL;
        }
    }
    return s->window.at;
}

struct source_window *source_window(struct source *s)
{
    return &s->window;
}

size_t source_left(const struct source *s)
{
    return (size_t)(s->window.end - s->window.at);
}

uint64_t source_offset(const struct source *s)
{
    return s->base + (uint64_t)(s->window.at - s->room);
}

const char *source_error(const struct source *s)
{
    return s->error;
}

bool source_progress(const struct source *s, uint64_t *done, uint64_t *size)
{
    *done = s->taken;
    *size = s->size;
    return s->size != 0;
}

bool source_rewind(struct source *s)
{
    if (s->spool != NULL) {
        s->size = s->replaying ? s->size : s->taken;
        s->replaying = true;
        rewind(s->spool);
    } else if (s->fd >= 0 && lseek(s->fd, 0, SEEK_SET) != 0) {
        return false;
    }
    if (s->zip_open) {
        inflateEnd(&s->zip);
    }
    free(s->packed_room);
    s->packed_room = NULL;
    memset(&s->zip, 0, sizeof(s->zip));
    s->zip_open = s->packed = s->known = s->over = false;
    s->error = NULL;
    s->taken = s->base = 0;
    s->window = (struct source_window){s->room, s->room};
    return true;
}
