/* json.c - a ladder as JSON Lines, through jansson. */
#include "render/json_private.h"

#include <stdlib.h>
#include <string.h>

#include "render/json_finding.h"
#include "render/text.h"
#include "trace/merge.h"
#include "trace/state.h"

static json_t *merge_of(const struct merge_report *r)
{
    return json_pack("{s:f,s:f,s:f,s:f,s:i,s:i,s:i,s:[i,i],s:i,s:i,s:b,s:b}", "offset",
                     (double)r->offset / 1e9, "drift_ppm", r->drift_ppm, "residual",
                     (double)r->residual / 1e9, "bound", (double)r->bound / 1e9, "matched",
                     (int)r->matched, "lost", (int)r->lost, "copies", (int)r->copies, "not_sent",
                     (int)r->not_sent[0], (int)r->not_sent[1], "outside", (int)r->outside,
                     "negative", (int)r->negative, "one_way", r->one_way, "swapped", r->swapped);
}

static void write_connection(struct writer *w)
{
    static const char *const vantages[] = {"unknown", "client", "server", "both"};
    char text[TEXT_ENDPOINT_MAX];
    json_t *event = begin(w, "connection");

    set(w, event, "start", seconds((int64_t)w->info->origin));
    for (int i = 0; i < 2; i++) {
        set(w, event, side_name((enum trace_side)i),
            json_string(text_endpoint(&w->info->side[i].endpoint, text)));
    }
    json_t *isn = json_array();
    for (int i = 0; i < 2; i++) {
        const struct ladder_side_info *side = &w->info->side[i];
        append(w, isn, side->isn_known ? json_integer(side->isn) : json_null());
    }
    set(w, event, "isn", isn);
    set(w, event, "vantage", json_string(vantages[w->info->vantage]));
    if (w->info->client_guessed) {
        set(w, event, "client_guessed", json_true());
    }
    if (w->info->merge != NULL) {
        set(w, event, "merge", merge_of(w->info->merge));
    }
    end(w, event);
}

static void set_flags(struct writer *w, json_t *event, uint16_t flags)
{
    static const struct {
        uint16_t flag;
        char letter;
    } letters[] = {{WEIR_TCP_SYN, 'S'}, {WEIR_TCP_FIN, 'F'}, {WEIR_TCP_RST, 'R'},
                   {WEIR_TCP_PSH, 'P'}, {WEIR_TCP_ACK, 'A'}, {WEIR_TCP_URG, 'U'},
                   {WEIR_TCP_ECE, 'E'}, {WEIR_TCP_CWR, 'C'}, {WEIR_TCP_AE, 'N'}};
    char text[16] = "";
    size_t used = 0;

    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        if ((flags & letters[i].flag) != 0) {
            text[used++] = letters[i].letter;
        }
    }
    text[used] = '\0';
    set(w, event, "flags", json_string(text));
}

static json_t *pair(struct writer *w, uint32_t a, uint32_t b)
{
    json_t *array = json_array();

    append(w, array, json_integer(a));
    append(w, array, json_integer(b));
    return array;
}

static json_t *options(struct writer *w, const struct trace_segment *wire)
{
    const struct tcp_options *o = &wire->options;
    enum trace_side peer = trace_other((enum trace_side)wire->side);
    json_t *opt = json_object();

    if ((o->present & WEIR_SEGMENT_MSS) != 0) {
        set(w, opt, "mss", json_integer(o->mss));
    }
    if ((o->present & WEIR_SEGMENT_SACK_PERMITTED) != 0) {
        set(w, opt, "sackOK", json_true());
    }
    if ((o->present & WEIR_SEGMENT_TIMESTAMPS) != 0) {
        set(w, opt, "TS", pair(w, o->ts_val, o->ts_ecr));
    }
    if ((o->present & WEIR_SEGMENT_WSCALE) != 0) {
        set(w, opt, "wscale", json_integer(o->wscale));
    }
    if ((o->present & WEIR_SEGMENT_SACK) != 0) {
        json_t *sack = json_array();
        for (uint32_t i = 0; i < o->sack_count; i++) {
            append(w, sack,
                   pair(w, numbering_shown(&w->numbering, peer, o->sack[i].start),
                        numbering_shown(&w->numbering, peer, o->sack[i].end)));
        }
        set(w, opt, "sack", sack);
    }
    if ((o->present & WEIR_SEGMENT_MD5) != 0) {
        set(w, opt, "md5", json_true());
    }
    if ((o->present & WEIR_SEGMENT_AO) != 0) {
        set(w, opt, "ao", pair(w, o->ao_key_id, o->ao_rnext));
    }
    return opt;
}

/* null when it is not known or never was. */
static json_t *instant(const struct ladder_time *time)
{
    bool known = time->known == LADDER_MEASURED || time->known == LADDER_ESTIMATED;

    return known ? seconds(time->ns) : json_null();
}

static void set_times(struct writer *w, json_t *event, const struct ladder_segment *s)
{
    bool at_sender = w->info->vantage == LADDER_AT_UNKNOWN || s->wire.side == w->info->reference ||
                     s->arrived.known == LADDER_LOST;

    set(w, event, "t", seconds(at_sender ? s->sent.ns : s->arrived.ns));
    set(w, event, "t_tx", instant(&s->sent));
    set(w, event, "t_rx", instant(&s->arrived));
    if (s->sent.known == LADDER_ESTIMATED || s->arrived.known == LADDER_ESTIMATED) {
        set(w, event, "estimated",
            json_string(s->sent.known == LADDER_ESTIMATED ? "t_tx" : "t_rx"));
    }
}

static void write_segment(struct writer *w, const struct ladder_segment *s)
{
    enum trace_side side = (enum trace_side)s->wire.side;
    json_t *event = begin(w, "segment");

    set(w, event, "n", json_integer(s->number));
    set_times(w, event, s);
    set(w, event, "from", json_string(side_name(side)));
    set_flags(w, event, s->wire.flags);
    set(w, event, "seq", json_integer(numbering_shown(&w->numbering, side, s->wire.seq)));
    set(w, event, "len", json_integer(s->wire.length));
    if ((s->wire.flags & WEIR_TCP_ACK) != 0) {
        uint32_t ack = numbering_shown(&w->numbering, trace_other(side), s->wire.ack);
        set(w, event, "ack", json_integer(ack));
    }
    set(w, event, "win", json_integer(s->window));
    set(w, event, "opt", options(w, &s->wire));
    json_put_facts(w, event, s);
    end(w, event);
    json_write_loss(w, s);
    json_write_metric(w, s);
}

static void write_change(struct writer *w, const struct ladder_change *c)
{
    char cause[32];
    json_t *event = begin(w, "state");

    set(w, event, "t", seconds(c->time.ns));
    if (c->time.known == LADDER_ESTIMATED) {
        set(w, event, "estimated", json_string("t"));
    }
    set(w, event, "side", json_string(side_name(c->side)));
    set(w, event, "old", json_string(state_name(c->from)));
    set(w, event, "new", json_string(state_name(c->to)));
    if (c->segment != 0) {
        snprintf(cause, sizeof(cause), "segment:%u", c->segment);
        set(w, event, "cause", json_string(cause));
    }
    end(w, event);
}

/* The changes that this segment caused, sender's first. */
static void write_changes_of(struct writer *w, const struct ladder_segment *s)
{
    size_t count;
    const struct ladder_change *change = ladder_changes(w->ladder, &count);

    for (int receiver = 0; receiver < 2; receiver++) {
        for (size_t i = 0; i < count; i++) {
            bool by_receiver = change[i].side != s->wire.side;
            if (change[i].segment == s->number && by_receiver == (receiver == 1)) {
                write_change(w, &change[i]);
            }
        }
    }
}

static void write_end(struct writer *w, size_t segments)
{
    json_t *event = begin(w, "end");
    json_t *bytes = json_array();

    set(w, event, "how", json_string(ladder_end_name(w->info->end)));
    set(w, event, "segments", json_integer((json_int_t)segments));
    append(w, bytes, json_integer((json_int_t)w->info->side[LADDER_CLIENT].bytes));
    append(w, bytes, json_integer((json_int_t)w->info->side[LADDER_SERVER].bytes));
    set(w, event, "bytes", bytes);
    end(w, event);
}

static void write_findings(struct writer *w)
{
    size_t count;
    const struct finding *finding = ladder_findings(w->ladder, &count);

    for (size_t i = 0; i < count && !w->failed; i++) {
        w->failed = json_finding(w->out, w->info->number, &finding[i], w->info->origin) != WEIR_OK;
    }
}

int json_ladder(FILE *out, const struct ladder *ladder, enum seq_mode seq)
{
    struct writer w = {.out = out, .ladder = ladder, .info = ladder_info(ladder)};
    size_t segments, changes;
    const struct ladder_segment *segment = ladder_segments(ladder, &segments);
    const struct ladder_change *change = ladder_changes(ladder, &changes);

    w.segment = segment;
    numbering_init(&w.numbering, w.info, seq);
    write_connection(&w);
    for (size_t i = 0; i < segments && !w.failed; i++) {
        write_segment(&w, &segment[i]);
        write_changes_of(&w, &segment[i]);
    }
    for (size_t i = 0; i < changes && !w.failed; i++) {
        if (change[i].segment == 0) {
            write_change(&w, &change[i]);
        }
    }
    write_findings(&w);
    write_end(&w, segments);
    json_forget(&w);
    return w.failed ? WEIR_ENOBUFS : WEIR_OK;
}

/* ---- One by one ----------------------------------------------------------------------------------------- */

struct json_rows {
    struct writer writer; /* what it remembers from row to row */
    enum seq_mode seq;
};

struct json_rows *json_rows_new(FILE *out, enum seq_mode seq)
{
    struct json_rows *rows = calloc(1, sizeof(*rows));

    if (rows != NULL) {
        rows->writer.out = out;
        rows->seq = seq;
    }
    return rows;
}

void json_rows_del(struct json_rows *rows)
{
    if (rows != NULL) {
        json_forget(&rows->writer);
        free(rows);
    }
}

static struct writer *look_at(struct json_rows *rows, const struct ladder *ladder)
{
    struct writer *w = &rows->writer;

    w->ladder = ladder;
    w->info = ladder_info(ladder);
    w->failed = false;
    numbering_init(&w->numbering, w->info, rows->seq);
    return w;
}

int json_rows_begin(struct json_rows *rows, const struct ladder *ladder)
{
    struct writer *w = look_at(rows, ladder);

    write_connection(w);
    return w->failed ? WEIR_ENOBUFS : WEIR_OK;
}

int json_rows_take(struct json_rows *rows, const struct ladder *ladder,
                   const struct ladder_row *row)
{
    struct writer *w = look_at(rows, ladder);
    size_t changes;
    const struct ladder_change *change = ladder_changes(ladder, &changes);

    if (row->kind == LADDER_ROW_SEGMENT) {
        write_segment(w, row->segment);
        write_changes_of(w, row->segment);
    } else if (row->kind == LADDER_ROW_STATE && changes > 0) {
        write_change(w, &change[changes - 1]);
    }
    return w->failed ? WEIR_ENOBUFS : WEIR_OK;
}

int json_rows_end(struct json_rows *rows, const struct ladder *ladder)
{
    struct writer *w = look_at(rows, ladder);

    write_end(w, (size_t)w->info->side[0].segments + w->info->side[1].segments);
    return w->failed ? WEIR_ENOBUFS : WEIR_OK;
}
