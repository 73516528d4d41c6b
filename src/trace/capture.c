/*
 * capture.c - opening a capture file, saying in one line what is wrong with it, and what both formats share.
 *
 * Reading order: capture_open, begin (which format?), capture_next; then capture_pcap.c and capture_ng.c.
 */
#include "trace/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "trace/capture_private.h"

static enum capture_status fail(enum capture_status status, char why[CAPTURE_WHY_MAX],
                                const char *what, const char *where)
{
    snprintf(why, CAPTURE_WHY_MAX, "%s: %s", what, where);
    return status;
}

static enum capture_status fail_errno(int error, char why[CAPTURE_WHY_MAX], const char *where)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR: return fail(CAPTURE_MISSING, why, "no such file", where);
    case EACCES:
    case EPERM: return fail(CAPTURE_DENIED, why, "no permission to read", where);
    default: return fail(CAPTURE_SYSTEM, why, strerror(error), where);
    }
}

enum capture_status capture_damaged(const struct capture *c, const char *what,
                                    char why[CAPTURE_WHY_MAX])
{
    bool in_header = c->interface_count == 0;

    if (in_header) {
        snprintf(why, CAPTURE_WHY_MAX, "%.150s: %.80s", what, c->name);
    } else {
        snprintf(why, CAPTURE_WHY_MAX, "%.150s: %.80s, packet %" PRIu64 " (offset %" PRIu64 ")",
                 what, c->name, c->stat.packets + 1, source_offset(c->source));
    }
    return CAPTURE_BAD;
}

enum capture_status capture_ended(const struct capture *c, char why[CAPTURE_WHY_MAX])
{
    const char *error = source_error(c->source);

    if (error == NULL && source_left(c->source) == 0) {
        return CAPTURE_END;
    }
    return capture_damaged(c, error != NULL ? error : "the capture is cut short", why);
}

struct capture_interface *capture_add_interface(struct capture *c)
{
    if (c->interface_count == c->interface_room) {
        uint32_t room = c->interface_room == 0 ? 4 : c->interface_room * 2;
        struct capture_interface *more = c->interface_count < INTERFACES_MAX
                                             ? realloc(c->interface, room * sizeof(*more))
                                             : NULL;
        if (more == NULL) {
            return NULL;
        }
        c->interface = more;
        c->interface_room = room;
    }
    struct capture_interface *i = &c->interface[c->interface_count++];
    *i = (struct capture_interface){.link_type = -1};
    return i;
}

/* ---- Opening -------------------------------------------------------------------------------------------- */

/* What can be wrong with a file before its first byte is looked at. */
static enum capture_status open_file(int *fd, const char *path, char why[CAPTURE_WHY_MAX])
{
    struct stat status;

    *fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) {
        return fail_errno(errno, why, path);
    }
    if (fstat(*fd, &status) == 0) {
        if (S_ISDIR(status.st_mode)) {
            return fail(CAPTURE_BAD, why, "is a directory", path);
        }
        if (S_ISREG(status.st_mode) && status.st_size == 0) {
            return fail(CAPTURE_BAD, why, "empty file", path);
        }
    }
    return CAPTURE_OK;
}

static enum capture_status unknown_link(const struct capture *c, int link,
                                        char why[CAPTURE_WHY_MAX])
{
    const char *name = pcap_datalink_val_to_name(link);

    snprintf(why, CAPTURE_WHY_MAX, "link type %d (%s) is not understood: %.200s", link,
             name != NULL ? name : "unknown", c->name);
    return CAPTURE_BAD;
}

/* The file's header: which format, and what it says. */
static enum capture_status begin(struct capture *c, char why[CAPTURE_WHY_MAX])
{
    static const uint8_t magics[][4] = {{0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1},
                                        {0xa1, 0xb2, 0x3c, 0x4d}, {0x4d, 0x3c, 0xb2, 0xa1},
                                        {0xa1, 0xb2, 0xcd, 0x34}, {0x34, 0xcd, 0xb2, 0xa1}};
    const uint8_t *p = capture_bytes(c, 4);

    if (p == NULL && source_error(c->source) == NULL && source_left(c->source) == 0) {
        return fail(CAPTURE_BAD, why, "empty file", c->name);
    }
    if (p != NULL && load_be32(p) == 0x0a0d0d0a) {
        c->ng = true;
        return capture_ng_begin(c, why);
    }
    bool known = p == NULL; /* the file header is cut: said there */
    for (size_t i = 0; i < ARRAY_SIZE(magics) && !known; i++) {
        known = memcmp(p, magics[i], 4) == 0;
    }
    if (!known) {
        return fail(CAPTURE_BAD, why, "not a capture file", c->name);
    }
    enum capture_status status = capture_pcap_begin(c, why);
    if (status == CAPTURE_OK && !trace_link_known(c->interface[0].link_type)) {
        return unknown_link(c, c->interface[0].link_type, why);
    }
    return status;
}

/* `source` may be NULL: no memory. Takes it over. */
static enum capture_status open_source(struct capture **capture, struct source *source,
                                       const char *name, char why[CAPTURE_WHY_MAX])
{
    struct capture *c = calloc(1, sizeof(*c));

    if (c == NULL || source == NULL || (c->name = strdup(name)) == NULL) {
        source_del(source);
        free(c);
        return fail(CAPTURE_SYSTEM, why, "no memory", name);
    }
    c->source = source;
    c->window = source_window(source);
    enum capture_status status = begin(c, why);
    if (status == CAPTURE_OK) {
        *capture = c;
    } else {
        capture_close(c);
    }
    return status;
}

static enum capture_status open_path(struct capture **capture, const char *path, bool again,
                                     char why[CAPTURE_WHY_MAX])
{
    int fd = -1;

    *capture = NULL;
    enum capture_status status = open_file(&fd, path, why);
    if (status != CAPTURE_OK) {
        if (fd > STDIN_FILENO) {
            close(fd);
        }
        return status;
    }
    struct source *source = source_of_fd(fd, again);
    if (source == NULL && fd > STDIN_FILENO) {
        close(fd);
    }
    return open_source(capture, source, fd == STDIN_FILENO ? "standard input" : path, why);
}

enum capture_status capture_open(struct capture **capture, const char *path,
                                 char why[CAPTURE_WHY_MAX])
{
    return open_path(capture, path, false, why);
}

enum capture_status capture_open_again(struct capture **capture, const char *path,
                                       char why[CAPTURE_WHY_MAX])
{
    return open_path(capture, path, true, why);
}

enum capture_status capture_open_memory(struct capture **capture, const char *name,
                                        const uint8_t *bytes, size_t size,
                                        char why[CAPTURE_WHY_MAX])
{
    *capture = NULL;
    return open_source(capture, source_of_memory(bytes, size), name, why);
}

void capture_close(struct capture *c)
{
    if (c == NULL) {
        return;
    }
    capture_bpf_free(c);
    source_del(c->source);
    free(c->interface);
    free(c->expression);
    free(c->name);
    free(c);
}

enum capture_status capture_rewind(struct capture *c, char why[CAPTURE_WHY_MAX])
{
    if (!source_rewind(c->source)) {
        return fail(CAPTURE_SYSTEM, why, "cannot be read a second time", c->name);
    }
    c->record_size = 0;
    c->interface_count = c->section_first = 0;
    c->last_time = 0;
    c->stat = (struct capture_stat){.packets = 0};
    return begin(c, why);
}

/* ---- Packets ---------------------------------------------------------------------------------------------- */

enum capture_status capture_filter(struct capture *c, const char *expression,
                                   char why[CAPTURE_WHY_MAX])
{
    capture_bpf_free(c);
    free(c->expression);
    c->expression = NULL;
    if (expression == NULL) {
        return CAPTURE_OK;
    }
    c->expression = strdup(expression);
    if (c->expression == NULL) {
        return fail(CAPTURE_SYSTEM, why, "no memory", c->name);
    }
    /* A pcapng file has not told its interfaces yet: Ethernet knows every word. */
    return capture_bpf_check(c, c->interface_count > 0 ? c->interface[0].link_type : DLT_EN10MB,
                             why);
}

static void count(struct capture *c, const struct capture_record *record)
{
    c->stat.packets++;
    c->stat.cut += record->captured < record->original;
    c->stat.backwards += record->time < c->last_time;
    c->last_time = record->time;
}

/* Peels the link layer off. */
static void fill_packet(struct capture *c, const struct capture_record *record,
                        struct capture_packet *packet)
{
    int link_type = c->interface[record->interface].link_type;
    int skip = trace_link_header(link_type, record->bytes, record->captured);

    *packet = (struct capture_packet){
        .time = record->time, .number = (uint32_t)c->stat.packets, .interface = record->interface};
    if (LIKELY(skip >= 0)) {
        packet->ip = record->bytes + skip;
        packet->size = record->captured - (size_t)skip;
        packet->original = record->original - (size_t)skip;
    }
}

/* All packets were of links that are not understood: then that is what is wrong. */
static enum capture_status over(const struct capture *c, char why[CAPTURE_WHY_MAX])
{
    if (c->stat.packets == 0 || c->stat.foreign < c->stat.packets) {
        return CAPTURE_END;
    }
    for (uint32_t i = 0; i < c->interface_count; i++) {
        if (!trace_link_known(c->interface[i].link_type)) {
            return unknown_link(c, c->interface[i].link_type, why);
        }
    }
    return CAPTURE_END;
}

enum capture_status capture_next(struct capture *c, struct capture_packet *packet,
                                 char why[CAPTURE_WHY_MAX])
{
    struct capture_record record = {.time = 0};
    bool pass = true;

    do {
        enum capture_status status =
            c->ng ? capture_ng_next(c, &record, why) : capture_pcap_next(c, &record, why);
        if (UNLIKELY(status != CAPTURE_OK)) {
            return status == CAPTURE_END ? over(c, why) : status;
        }
        count(c, &record);
        if (UNLIKELY(c->ng) && !trace_link_known(c->interface[record.interface].link_type)) {
            c->stat.foreign++;
            *packet = (struct capture_packet){.time = record.time,
                                              .number = (uint32_t)c->stat.packets,
                                              .interface = record.interface};
            return CAPTURE_OK;
        }
        if (UNLIKELY(c->expression != NULL)) {
            status = capture_bpf_run(c, &record, &pass, why);
            if (status != CAPTURE_OK) {
                return status;
            }
        }
    } while (!pass);
    fill_packet(c, &record, packet);
    return CAPTURE_OK;
}

/* ---- What the file says about itself ------------------------------------------------------------------------ */

void capture_stat(const struct capture *c, struct capture_stat *stat)
{
    *stat = c->stat;
    stat->interfaces = c->interface_count;
    for (uint32_t i = 0; i < c->interface_count; i++) {
        stat->snaplen = max_u32(stat->snaplen, c->interface[i].snaplen);
    }
}

bool capture_progress(const struct capture *c, uint64_t *done, uint64_t *size)
{
    return source_progress(c->source, done, size);
}

const char *capture_name(const struct capture *c)
{
    return c->name;
}
