/*
 * live_show.c - what `weir live` prints: rows until there are too many of them in a second, what was found,
 * what is missing.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/live.h"
#include "render/json.h"
#include "render/json_finding.h"
#include "trace/fold.h"

/* Events are drawn even when rows are too many, up to so many times the limit. */
#define EVENTS_FACTOR 4

static enum seq_mode seq_of(const struct live_show *show)
{
    return show->options->output.text.seq;
}

static bool json(const struct live_show *show)
{
    return show->options->output.json;
}

/* ---- Too many rows -------------------------------------------------------------------------------------- */

static void tell_omitted(struct live_show *show, weir_time until)
{
    const struct text_live_omitted *o = &show->omitted;

    if (o->data + o->acks + o->others == 0) {
        return;
    }
    show->omitted.span_ns = (int64_t)(until - show->omitted_from);
    if (json(show)) {
        json_omitted(show->out, o);
    } else {
        text_live_omitted(&show->text, o);
    }
    show->omitted = (struct text_live_omitted){.data = 0};
}

void live_show_tick(struct live_show *show, weir_time now, bool last)
{
    if (show->window != 0 && (last || now >= show->window + WEIR_S)) {
        tell_omitted(show, last && now < show->window + WEIR_S ? now : show->window + WEIR_S);
        show->window = 0;
        show->rows = 0;
    }
}

static void omit(struct live_show *show, const struct ladder_segment *s, weir_time now)
{
    struct text_live_omitted *o = &show->omitted;

    if (o->data + o->acks + o->others == 0) {
        show->omitted_from = now;
    }
    show->omitted_last = now;
    if (s->class == LADDER_ACK || s->class == LADDER_WINDOW_UPDATE || s->class == LADDER_DUP_ACK) {
        o->acks++;
    } else if (s->class == LADDER_DATA) {
        o->data++;
    } else {
        o->others++;
    }
}

static bool may_draw(struct live_show *show, const struct ladder_row *row, weir_time now)
{
    unsigned long rate = show->options->rate;

    live_show_tick(show, now, false);
    if (rate == 0 || row->kind != LADDER_ROW_SEGMENT) {
        return true;
    }
    show->window = show->window == 0 ? now : show->window;
    bool event = fold_weight_of(row->segment) >= FOLD_NEAR;
    if (show->rows < (event ? EVENTS_FACTOR * rate : rate)) {
        show->rows++;
        return true;
    }
    omit(show, row->segment, now);
    return false;
}

/* ---- Conversations -------------------------------------------------------------------------------------- */

struct json_rows *live_show_rows(const struct live_show *show)
{
    return json(show) ? json_rows_new(show->out, seq_of(show)) : NULL;
}

void live_show_begin(struct live_show *show, struct json_rows *rows, const struct ladder *ladder,
                     const char *remark)
{
    if (rows != NULL) {
        json_rows_begin(rows, ladder);
    } else if (!show->options->only_findings) {
        text_live_begin(&show->text, ladder, remark);
    }
}

static void show_row(struct live_show *show, struct json_rows *rows,
                     const struct stream_event *event, weir_time now)
{
    if (show->options->only_findings || !may_draw(show, event->row, now)) {
        return;
    }
    if (rows != NULL) {
        json_rows_take(rows, event->ladder, event->row);
    } else {
        text_live_event(&show->text, event);
    }
}

static void show_finding(struct live_show *show, const struct stream_event *event)
{
    if (json(show)) {
        const struct ladder_info *info = ladder_info(event->ladder);
        json_finding(show->out, info->number, event->finding, info->origin);
    } else if (!show->options->only_findings || event->finding->severity > FINDING_INFO) {
        text_live_finding(&show->text, event->ladder, event->finding);
    }
}

void live_show_event(struct live_show *show, struct json_rows *rows,
                     const struct stream_event *event, weir_time now)
{
    if (event->kind == STREAM_ROW) {
        show_row(show, rows, event, now);
    } else if (event->kind == STREAM_FINDING) {
        show_finding(show, event);
    } else if (event->kind == STREAM_LESSON && !show->options->only_findings) {
        if (json(show)) {
            json_lesson(show->out, event->ladder, seq_of(show), event->lesson);
        } else {
            text_live_event(&show->text, event);
        }
    }
}

void live_show_end(struct live_show *show, struct json_rows *rows, const struct ladder *ladder,
                   int64_t duration_ns)
{
    size_t count;
    const struct finding *finding = ladder_findings(ladder, &count);

    tell_omitted(show, show->omitted_last);
    if (rows != NULL) {
        for (size_t i = 0; i < count; i++) { /* with what it cost in the end */
            if (finding[i].occurrences > 1) {
                json_finding(show->out, ladder_info(ladder)->number, &finding[i],
                             ladder_info(ladder)->origin);
            }
        }
        json_rows_end(rows, ladder);
    } else {
        text_live_end(&show->text, ladder, duration_ns);
    }
}

/* ---- What is missing, and the sum ----------------------------------------------------------------------- */

uint64_t live_show_drops(struct live_show *show, const struct tap_counts *counts)
{
    uint64_t total = counts->drops + counts->interface_drops;

    if (total <= show->drops_told) {
        return 0;
    }
    uint64_t more = total - show->drops_told;
    if (json(show)) {
        json_drops(show->out, more, total);
    } else {
        text_live_drops(&show->text, more);
    }
    show->drops_told = total;
    return more;
}

void live_show_summary(struct live_show *show, const struct json_live_summary *s)
{
    if (json(show)) {
        json_summary(show->out, s);
        return;
    }
    fflush(show->out);
    fprintf(stderr,
            "weir: %" PRIu64 " packets, %" PRIu64 " of TCP, %" PRIu64
            " connections; dropped by the kernel: %" PRIu64 ", by the interface: %" PRIu64 "\n",
            s->packets, s->tcp, s->conversations, s->drops, s->interface_drops);
}
