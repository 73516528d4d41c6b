/*
 * ladder_large.c - one conversation at a time is drawn as it goes by (stream.h, fold.h), and in the same pass over
 * the file the short ones after it are collected and drawn. Of all others only how many segments they have is
 * kept.
 *
 * Reading order: ladder_draw_large (the passes), run_pass, take_segment; then what is drawn: on_event.
 */
#include "cli/ladder_large.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "cli/cli.h"
#include "render/report.h"
#include "render/text_live.h"
#include "trace/demux.h"
#include "trace/flow.h"
#include "trace/fold.h"
#include "trace/stream.h"

#define LARGE_BYTES (32u << 20)
/* A conversation of more segments is not collected. */
#define COLLECT_ONE_MAX 20000
/* All that are collected in one pass. */
#define COLLECT_MAX 200000

#define LESSONS_MAX 1024

struct large {
    struct capture *capture;
    const struct text_options *options;
    unsigned long conn;
    uint32_t *segments; /* of each conversation, after the first pass */
    size_t count;       /* conversations; 0: the first pass is still going on */
    bool begun, cut;
    weir_time start;
    int damage;
    char why[CAPTURE_WHY_MAX];
};

#define NOT_DRAWN SIZE_MAX

/* One pass: conversation `drawn` goes through `stream` (NOT_DRAWN: none), [from, until) are collected. */
struct pass {
    struct large *large;
    struct demux *demux;
    size_t drawn, from, until;
    struct demux_entry *entry;
    struct stream *stream;
    struct folder *folder;
    struct text_live text;
    const struct ladder *ladder; /* of what is being drawn */
    struct flows *collected;
    struct lesson lesson[LESSONS_MAX]; /* to be told behind the row of their segment */
    size_t lessons;
};

bool ladder_is_large(const struct cli_input *input)
{
    struct stat status;

    return input->file[1] == NULL && !input->merge && stat(input->file[0], &status) == 0 &&
           S_ISREG(status.st_mode) && status.st_size > (off_t)LARGE_BYTES;
}

/* As text_connection writes it; a ladder that goes by does not know yet how many segments it will have. */
static void title(const struct large *l, const struct ladder_info *info, size_t index)
{
    char line[512], number[16], of[16], segments[16], start[32], ends[2][TEXT_ENDPOINT_MAX];

    snprintf(number, sizeof(number), "%zu", index + 1);
    snprintf(of, sizeof(of), "%zu", l->count);
    snprintf(segments, sizeof(segments), "%u", l->segments[index]);
    snprintf(start, sizeof(start), "%.6f", (double)(int64_t)(info->origin - l->start) / 1e9);
    const char *args[] = {number,
                          of,
                          text_endpoint(&info->side[LADDER_CLIENT].endpoint, ends[0]),
                          text_endpoint(&info->side[LADDER_SERVER].endpoint, ends[1]),
                          segments,
                          start};
    printf("\n%s\n", message_format(line, sizeof(line), MESSAGE_CONNECTION, l->options->language,
                                    args, ARRAY_SIZE(args)));
}

/* ---- Drawing what goes by -------------------------------------------------------------------------------- */

static enum fold_weight keep(void *ctx, const struct ladder_segment *segment)
{
    const struct view_options *view = &((struct pass *)ctx)->large->options->view;
    bool before = view->from != 0 && segment->number < view->from;
    bool after = view->until != 0 && segment->number > view->until;

    return before || after ? FOLD_OMIT : FOLD_PLAIN;
}

static void tell_lessons(struct pass *p, uint32_t until)
{
    size_t left = 0;

    for (size_t i = 0; i < p->lessons; i++) {
        const struct lesson *lesson = &p->lesson[i];
        if (MAX(lesson->by, lesson->number) > until) {
            p->lesson[left++] = *lesson;
            continue;
        }
        struct stream_event event = {.kind = STREAM_LESSON, .ladder = p->ladder, .lesson = lesson};
        text_live_event(&p->text, &event);
    }
    p->lessons = left;
}

static int emit(void *ctx, const struct ladder_row *row)
{
    struct pass *p = ctx;
    struct stream_event event = {.kind = STREAM_ROW, .ladder = p->ladder, .row = row};

    text_live_event(&p->text, &event);
    if (row->kind == LADDER_ROW_SEGMENT) {
        tell_lessons(p, row->segment->number);
    } else if (row->kind == LADDER_ROW_FOLD) {
        tell_lessons(p, row->fold->last);
    }
    return WEIR_OK;
}

static void on_event(void *ctx, const struct stream_event *event)
{
    struct pass *p = ctx;

    p->ladder = event->ladder;
    switch (event->kind) {
    case STREAM_BEGIN:
        if (p->large->count > 1) { /* not known in the first pass */
            title(p->large, ladder_info(event->ladder), p->drawn);
        }
        text_ladder_head(stdout, event->ladder, p->large->options);
        break;
    case STREAM_ROW:
        if (event->idle != NULL) {
            folder_take(p->folder, event->idle);
        }
        folder_take(p->folder, event->row);
        break;
    case STREAM_LESSON:
        if (p->lessons < LESSONS_MAX && !p->large->options->view.only_findings) {
            p->lesson[p->lessons++] = *event->lesson;
        }
        break;
    case STREAM_END:
        folder_end(p->folder);
        tell_lessons(p, UINT32_MAX);
        report_summary(stdout, event->ladder, p->large->options);
        break;
    default: break;
    }
}

static uint8_t client_of(void *ctx, bool *guessed)
{
    return demux_client(((struct pass *)ctx)->entry, guessed);
}

static int begin_stream(struct pass *p, struct demux_entry *entry)
{
    const struct view_options *view = &p->large->options->view;
    struct fold_setup fold = {.keep = keep,
                              .only_events = view->only_findings,
                              .unfolded = view->all,
                              .emit = emit,
                              .ctx = p};
    struct stream_setup setup = {.number = entry->index + 1,
                                 .client = client_of,
                                 .reorder = STREAM_REORDER,
                                 .tell = on_event,
                                 .ctx = p};

    p->entry = entry;
    demux_endpoints(entry, setup.end);
    p->folder = folder_new(&fold);
    p->stream = p->folder == NULL ? NULL : stream_new(&setup);
    return p->stream == NULL ? WEIR_ENOBUFS : WEIR_OK;
}

/* ---- A pass ------------------------------------------------------------------------------------------------ */

static int take_segment(struct pass *p, struct trace_segment *s, const struct weir_endpoint *src,
                        const struct weir_endpoint *dst)
{
    struct demux_key key;

    demux_key(&key, src, dst);
    struct demux_entry *entry = demux_take(p->demux, &key, s, &s->side);
    if (entry == NULL) {
        return WEIR_ENOBUFS;
    }
    uint32_t *count = demux_payload(entry);
    (*count)++;
    if (entry->index == p->drawn) {
        int result = p->stream == NULL ? begin_stream(p, entry) : WEIR_OK;
        if (result == WEIR_OK) {
            result = stream_take(p->stream, s);
        }
        if (result == WEIR_OK) {
            (void)stream_advance(p->stream, s->time);
        }
        return result;
    }
    bool collect = entry->index >= p->from && entry->index < p->until;
    return collect ? flows_add(p->collected, s, src, dst) : WEIR_OK;
}

static int take_packet(struct pass *p, const struct capture_packet *packet)
{
    struct large *l = p->large;
    struct trace_segment s;
    struct weir_endpoint src, dst;

    if (!l->begun) {
        l->begun = true;
        l->start = packet->time;
    }
    if (packet->ip == NULL) {
        return WEIR_OK;
    }
    switch (trace_parse_ip(packet->ip, packet->size, packet->original, &s, &src, &dst)) {
    case TRACE_TCP:
        s.time = packet->time;
        s.frame = packet->number;
        s.checksum = (uint8_t)trace_verify(packet->ip, packet->size, packet->original);
        return take_segment(p, &s, &src, &dst);
    case TRACE_CUT: l->cut = true; break;
    default: break;
    }
    return WEIR_OK;
}

/* What every conversation needs, once. */
static int keep_counts(struct large *l, const struct demux *demux)
{
    l->count = demux_count(demux);
    l->segments = malloc((l->count + 1) * sizeof(*l->segments));
    for (size_t i = 0; i < l->count && l->segments != NULL; i++) {
        l->segments[i] = *(uint32_t *)demux_payload(demux_at(demux, i));
    }
    return l->segments == NULL ? WEIR_ENOBUFS : WEIR_OK;
}

static int draw_collected(const struct pass *p)
{
    size_t n = flows_count(p->collected);

    for (size_t i = 0; i < n; i++) {
        struct ladder *ladder = flows_ladder(p->collected, i);
        if (ladder == NULL) {
            return WEIR_ENOBUFS;
        }
        ladder_set_number(ladder, (uint32_t)(p->from + i) + 1);
        title(p->large, ladder_info(ladder), p->from + i);
        text_ladder(stdout, ladder, p->large->options);
        report_summary(stdout, ladder, p->large->options);
        ladder_del(ladder);
    }
    return WEIR_OK;
}

static int read_through(struct pass *p)
{
    struct large *l = p->large;
    struct capture_packet packet;
    enum capture_status status;
    int result = WEIR_OK;

    while (result == WEIR_OK &&
           (status = capture_next(l->capture, &packet, l->why)) == CAPTURE_OK) {
        result = take_packet(p, &packet);
    }
    if (result == WEIR_OK) {
        l->damage = cli_input_exit(status);
        if (p->stream != NULL) {
            stream_end(p->stream);
        }
    }
    return result;
}

static int run_pass(struct large *l, size_t drawn, size_t from, size_t until)
{
    struct pass *p = calloc(1, sizeof(*p));
    int result = WEIR_ENOBUFS;

    if (p == NULL) {
        return result;
    }
    *p = (struct pass){.large = l, .drawn = drawn, .from = from, .until = until};
    p->text = (struct text_live){.out = stdout, .options = l->options};
    p->demux = demux_new(sizeof(uint64_t));
    p->collected = flows_new();
    if (p->demux != NULL && p->collected != NULL) {
        result = read_through(p);
    }
    if (result == WEIR_OK && l->segments == NULL) {
        result = keep_counts(l, p->demux);
    }
    if (result == WEIR_OK) {
        result = draw_collected(p);
    }
    stream_del(p->stream);
    folder_del(p->folder);
    flows_del(p->collected);
    demux_del(p->demux);
    free(p);
    return result;
}

/* ---- The passes --------------------------------------------------------------------------------------------- */

/* The short ones from `from` on that have room together. */
static size_t collect_until(const struct large *l, size_t from)
{
    uint64_t sum = 0;
    size_t i = from;

    while (i < l->count && l->segments[i] <= COLLECT_ONE_MAX &&
           sum + l->segments[i] <= COLLECT_MAX) {
        sum += l->segments[i++];
    }
    return i;
}

static int further_passes(struct large *l)
{
    int result = WEIR_OK;
    size_t next = 1;

    while (next < l->count && result == WEIR_OK) {
        bool stream = l->segments[next] > COLLECT_ONE_MAX;
        size_t from = stream ? next + 1 : next, until = collect_until(l, from);
        if (capture_rewind(l->capture, l->why) != CAPTURE_OK) {
            l->damage = CLI_SYSTEM;
            break;
        }
        result = run_pass(l, stream ? next : NOT_DRAWN, from, until);
        next = until;
    }
    return result;
}

static int draw_all(struct large *l)
{
    size_t first = l->conn == 0 ? 0 : l->conn - 1;
    int result = run_pass(l, first, 0, 0);

    if (result == WEIR_OK && l->conn == 0 && l->damage != CLI_SYSTEM) {
        result = further_passes(l);
    }
    return result;
}

int ladder_draw_large(struct cli_input *input, unsigned long conn,
                      const struct text_options *options)
{
    struct large l = {.options = options, .conn = conn};
    int code = cli_input_open(input, 0, true, &l.capture);

    if (code != CLI_OK) {
        return code;
    }
    int result = draw_all(&l);
    if (result != WEIR_OK) {
        code = cli_error(CLI_SYSTEM, "no memory: %s", input->file[0]);
    } else if (l.damage != CLI_OK) {
        code = cli_error(l.damage, "%s", l.why);
    } else if (l.count == 0) {
        code = cli_input_nothing(input, l.capture, l.cut);
    } else if (conn > l.count) {
        code =
            cli_error(CLI_USAGE, "no such connection (there are %zu): --conn %lu", l.count, conn);
    }
    free(l.segments);
    capture_close(l.capture);
    return code;
}
