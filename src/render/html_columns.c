/* html_columns.c - a page's columns: what each segment says, when it was seen, what was judged of it. */
#include <stdio.h>
#include <string.h>

#include "render/html_private.h"
#include "render/prose.h"

/* Numbers of the same side are near each other, so they are told as differences from that side's last. */
struct by_side {
    uint32_t last[2];
};

static void pack_step(struct pack *pack, struct by_side *by, unsigned side, uint32_t value)
{
    pack_int(pack, (int32_t)(value - by->last[side]));
    by->last[side] = value;
}

/* A segment's number, told as the distance back (or on); 0: none. */
static void pack_link(struct pack *pack, uint32_t from, uint32_t to)
{
    int64_t distance = (int64_t)from - (int64_t)to;

    pack_int(pack, to == 0 ? 0 : distance >= 0 ? distance + 1 : distance);
}

#define COLUMN(expression)                        \
    for (size_t i = 0; i < c->segments; i++) {    \
        const struct ladder_segment *s = &all[i]; \
        const struct trace_segment *w = &s->wire; \
        (void)w;                                  \
        expression;                               \
    }

static void pack_times(struct pack *pack, const struct html_connection *c)
{
    const struct ladder_segment *all = c->segment;
    int64_t last = 0;

    COLUMN(pack_int(pack, s->sent.ns - last); last = s->sent.ns)
    COLUMN(pack_int(pack, s->arrived.ns - s->sent.ns))
    COLUMN(pack_uint(pack, (uint64_t)w->side | (uint64_t)s->sent.known << 1 |
                               (uint64_t)s->arrived.known << 3 | (uint64_t)w->cut << 5 |
                               (uint64_t)s->class << 6))
}

static void pack_header(struct pack *pack, const struct html_connection *c)
{
    const struct ladder_segment *all = c->segment;
    struct by_side by;

    COLUMN(pack_uint(pack, w->flags))
    by = (struct by_side){{0, 0}};
    COLUMN(pack_step(pack, &by, w->side, w->seq))
    COLUMN(pack_uint(pack, w->length))
    by = (struct by_side){{0, 0}};
    COLUMN(pack_step(pack, &by, w->side, w->ack))
    by = (struct by_side){{0, 0}};
    COLUMN(pack_step(pack, &by, w->side, w->window))
    by = (struct by_side){{0, 0}};
    COLUMN(pack_step(pack, &by, w->side, s->window))
    COLUMN(pack_uint(pack, w->urgent))
    by = (struct by_side){{0, 0}};
    COLUMN(pack_step(pack, &by, w->side, w->ip_id))
    by = (struct by_side){{0, 0}};
    COLUMN(pack_step(pack, &by, w->side, w->ttl))
    by = (struct by_side){{0, 0}};
    COLUMN(pack_step(pack, &by, 0, w->frame))
    COLUMN(pack_uint(pack, (uint64_t)w->header_words | (uint64_t)w->checksum << 4 |
                               (uint64_t)w->ecn << 6))
    COLUMN(pack_uint(pack, w->header_words != 0 ? w->sum : 0))
}

/* Options as far as they have values; SACK blocks count from the ACK. */
static void pack_options(struct pack *pack, const struct html_connection *c)
{
    const struct ladder_segment *all = c->segment;
    struct by_side by;

    COLUMN(pack_uint(pack, (uint64_t)w->options.present | (uint64_t)w->options.illegal << 16))
    COLUMN(pack_uint(pack, w->options.mss))
    COLUMN(pack_uint(pack, w->options.wscale))
    by = (struct by_side){{0, 0}};
    COLUMN(pack_step(pack, &by, w->side, w->options.ts_val))
    by = (struct by_side){{0, 0}};
    COLUMN(pack_step(pack, &by, w->side, w->options.ts_ecr))
    COLUMN(pack_uint(pack, w->options.sack_count))
    for (size_t i = 0; i < c->segments; i++) {
        const struct tcp_options *o = &all[i].wire.options;
        uint32_t before = all[i].wire.ack;
        for (uint32_t k = 0; k < o->sack_count; k++) {
            pack_int(pack, (int32_t)(o->sack[k].start - before));
            pack_uint(pack, o->sack[k].end - o->sack[k].start);
            before = o->sack[k].start;
        }
    }
}

static void pack_judgement(struct pack *pack, const struct html_connection *c)
{
    const struct ladder_segment *all = c->segment;
    struct by_side by;

    COLUMN(pack_uint(pack, s->facts))
    COLUMN(pack_uint(pack, s->count))
    COLUMN(pack_link(pack, s->number, s->first))
    COLUMN(pack_uint(pack, (s->facts & LADDER_FACT_ACKS_NEW) != 0 ? w->ack - s->acked_from : 0))
    COLUMN(pack_uint(pack, s->cause))
    COLUMN(pack_uint(pack, s->evidence))
    COLUMN(pack_link(pack, s->number, s->repaired_by))
    by = (struct by_side){{0, 0}};
    COLUMN(pack_step(pack, &by, w->side, s->flight))
    COLUMN(pack_uint(pack, s->rtt_us))
    by = (struct by_side){{0, 0}};
    COLUMN(pack_step(pack, &by, w->side, s->srtt_us))
    by = (struct by_side){{0, 0}};
    COLUMN(pack_step(pack, &by, w->side, s->rto_us))
    by = (struct by_side){{0, 0}};
    COLUMN(pack_step(pack, &by, w->side, s->cwnd))
    by = (struct by_side){{0, 0}};
    COLUMN(pack_step(pack, &by, w->side, s->ssthresh))
}

void html_columns(struct pack *pack, const struct html_connection *c)
{
    pack_times(pack, c);
    pack_header(pack, c);
    pack_options(pack, c);
    pack_judgement(pack, c);
}

void html_texts(struct words *words, const struct html_connection *c)
{
    char text[WORDS_TEXT_MAX], options[LABEL_OPTIONS_MAX * 41 + 1], sentence[2][PROSE_MAX];

    for (size_t i = 0; i < c->segments; i++) {
        const struct ladder_segment *s = &c->segment[i];
        struct label label;
        size_t used = 0;
        label_make(&label, s, &c->numbering, c->verbose);
        options[0] = '\0';
        for (uint32_t k = 0; k < label.options; k++) {
            used += (size_t)snprintf(options + used, sizeof(options) - used, "%s%s",
                                     k > 0 ? HTML_OPTION : "", label.option[k]);
        }
        for (int k = 0; k < LANGUAGE_COUNT; k++) {
            prose_of(sentence[k], c->ladder, s, &c->numbering, (enum language)k);
        }
        snprintf(text, sizeof(text),
                 "%s" HTML_FIELD "%s" HTML_FIELD "%s" HTML_FIELD "%s" HTML_FIELD "%s" HTML_FIELD
                 "%s" HTML_FIELD "%s",
                 label.head, label.window, options, label.tags,
                 ladder_class_name(s->class, s->cause), sentence[LANGUAGE_EN],
                 sentence[LANGUAGE_ZH]);
        words_add(words, text);
    }
}
