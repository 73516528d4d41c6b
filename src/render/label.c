/* label.c - segments in the article's notation: see label.h for the grammar. */
#include "render/label.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

#define PRETTY_CLIENT 1000
#define PRETTY_SERVER 8000
#define PRETTY_STEP 10000

void numbering_init(struct numbering *n, const struct ladder_info *info, enum seq_mode mode)
{
    static const uint32_t pretty[2] = {
        [LADDER_CLIENT] = PRETTY_CLIENT, [LADDER_SERVER] = PRETTY_SERVER};

    *n = (struct numbering){.offset = {0, 0}};
    for (int side = 0; side < 2; side++) {
        uint32_t first = mode == SEQ_PRETTY ? pretty[side] + (info->number - 1) * PRETTY_STEP : 0;
        if (mode != SEQ_RAW && info->side[side].numbered) {
            n->offset[side] = first - info->side[side].isn;
        }
    }
}

uint32_t numbering_shown(const struct numbering *n, enum trace_side side, uint32_t wire)
{
    return wire + n->offset[side];
}

bool numbering_differs(const struct numbering *n, enum trace_side side)
{
    return n->offset[side] != 0;
}

/* ---- Pieces ------------------------------------------------------------------------------------------- */

/* Appends a piece, with a separator unless it is the first one after `start`. */
static void __attribute__((format(printf, 5, 6)))
put(char *out, size_t size, size_t start, const char *separator, const char *format, ...)
{
    size_t used = strlen(out);
    va_list args;

    if (used > start && used + strlen(separator) < size) {
        strcpy(out + used, separator);
        used += strlen(separator);
    }
    va_start(args, format);
    vsnprintf(out + used, size - used, format, args);
    va_end(args);
}

static void put_flags(struct label *label, size_t start, uint16_t flags, bool verbose)
{
    static const struct {
        uint16_t flag;
        bool verbose;
        const char *name;
    } names[] = {
        {WEIR_TCP_SYN, false, "SYN"}, {WEIR_TCP_FIN, false, "FIN"}, {WEIR_TCP_RST, false, "RST"},
        {WEIR_TCP_URG, false, "URG"}, {WEIR_TCP_ECE, false, "ECE"}, {WEIR_TCP_CWR, false, "CWR"},
        {WEIR_TCP_AE, false, "AE"},   {WEIR_TCP_PSH, true, "P"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if ((flags & names[i].flag) != 0 && (verbose || !names[i].verbose)) {
            put(label->head, sizeof(label->head), start, ", ", "%s", names[i].name);
        }
    }
}

static void make_head(struct label *label, const struct ladder_segment *s,
                      const struct numbering *n, bool verbose)
{
    const struct trace_segment *wire = &s->wire;
    enum trace_side side = (enum trace_side)wire->side;
    uint16_t sequenced = WEIR_TCP_SYN | WEIR_TCP_FIN | WEIR_TCP_RST;
    size_t size = sizeof(label->head);

    if (n->frames && wire->frame != 0) {
        snprintf(label->head, size, "%u f%u ", s->number, wire->frame);
    } else {
        snprintf(label->head, size, "%u ", s->number);
    }
    size_t start = strlen(label->head);
    put_flags(label, start, wire->flags, verbose);
    if (wire->length > 0 || (wire->flags & sequenced) != 0 || (wire->flags & WEIR_TCP_ACK) == 0) {
        put(label->head, size, start, ", ", "%u(%u)", numbering_shown(n, side, wire->seq),
            wire->length);
    }
    if ((wire->flags & WEIR_TCP_ACK) != 0) {
        size_t before = strlen(label->head);
        put(label->head, size, start, ", ", "ACK %u",
            numbering_shown(n, trace_other(side), wire->ack));
        label->head_break = before > start ? before + 2 : 0;
    }
}

static void __attribute__((format(printf, 2, 3)))
add_option(struct label *label, const char *format, ...)
{
    va_list args;

    if (label->options < LABEL_OPTIONS_MAX) {
        va_start(args, format);
        vsnprintf(label->option[label->options++], sizeof(label->option[0]), format, args);
        va_end(args);
    }
}

/* In the order in which Linux writes them; MSS first, so that it is elided last. */
static void make_options(struct label *label, const struct trace_segment *wire,
                         const struct numbering *n, bool verbose)
{
    const struct tcp_options *o = &wire->options;
    bool syn = (wire->flags & WEIR_TCP_SYN) != 0;
    enum trace_side peer = trace_other((enum trace_side)wire->side);

    if ((o->present & WEIR_SEGMENT_MSS) != 0) {
        add_option(label, "mss %u", o->mss);
    }
    if ((o->present & WEIR_SEGMENT_SACK_PERMITTED) != 0) {
        add_option(label, "sackOK");
    }
    if ((o->present & WEIR_SEGMENT_TIMESTAMPS) != 0 && verbose) {
        add_option(label, "TS %u %u", o->ts_val, o->ts_ecr);
    } else if ((o->present & WEIR_SEGMENT_TIMESTAMPS) != 0 && syn) {
        add_option(label, "TS");
    }
    if ((o->present & WEIR_SEGMENT_WSCALE) != 0) {
        add_option(label, "wscale %u", o->wscale);
    }
    for (uint32_t i = 0; i < o->sack_count; i++) {
        add_option(label, "%s%u-%u", i == 0 ? "sack " : "",
                   numbering_shown(n, peer, o->sack[i].start),
                   numbering_shown(n, peer, o->sack[i].end));
    }
    if ((o->present & WEIR_SEGMENT_MD5) != 0 && (verbose || syn)) {
        add_option(label, "md5");
    }
    if ((o->present & WEIR_SEGMENT_AO) != 0 && (verbose || syn)) {
        add_option(label, "ao %u %u", o->ao_key_id, o->ao_rnext);
    }
    if ((o->present & WEIR_SEGMENT_UNKNOWN) != 0 && (verbose || syn)) {
        add_option(label, "other");
    }
    if (o->illegal) {
        add_option(label, "malformed");
    }
    if (wire->cut) {
        add_option(label, "not captured");
    }
}

/* ---- Tags --------------------------------------------------------------------------------------------- */

/* How it came to be sent again. */
static void put_how(char *tags, size_t size, const struct ladder_segment *s)
{
    switch (s->cause) {
    case LADDER_CAUSE_RTO:
        if ((s->facts & LADDER_FACT_BY_TIMER) != 0) {
            put(tags, size, 0, "  ", "RTO %u", s->count);
        }
        break;
    case LADDER_CAUSE_TLP: put(tags, size, 0, "  ", "TLP"); break;
    case LADDER_CAUSE_FAST: put(tags, size, 0, "  ", "fast"); break;
    case LADDER_CAUSE_RACK: put(tags, size, 0, "  ", "RACK"); break;
    default: break;
    }
}

static void put_facts(char *tags, size_t size, const struct ladder_segment *s)
{
    static const struct {
        enum ladder_fact fact;
        const char *tag;
    } names[] = {
        {LADDER_FACT_NEW_DATA_PROBE, "TLP"}, {LADDER_FACT_SPURIOUS, "needless"},
        {LADDER_FACT_DSACK, "D-SACK"},       {LADDER_FACT_HOLE, "hole"},
        {LADDER_FACT_CORRUPTED, "damaged"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if ((s->facts & (uint32_t)names[i].fact) != 0) {
            put(tags, size, 0, "  ", "%s", names[i].tag);
        }
    }
}

static void make_tags(struct label *label, const struct ladder_segment *s)
{
    size_t size = sizeof(label->tags);

    switch (s->class) {
    case LADDER_SYN_RETX:
    case LADDER_RETX:
        if (s->first != 0) {
            put(label->tags, size, 0, "  ", "rtx#%u", s->first);
        } else {
            put(label->tags, size, 0, "  ", "rtx"); /* the first copy did not pass here */
        }
        put_how(label->tags, size, s);
        break;
    case LADDER_DUP_ACK: put(label->tags, size, 0, "  ", "dup%u", s->count); break;
    case LADDER_ZERO_WINDOW_PROBE: put(label->tags, size, 0, "  ", "probe"); break;
    case LADDER_KEEPALIVE: put(label->tags, size, 0, "  ", "keep-alive"); break;
    case LADDER_REORDERED: put(label->tags, size, 0, "  ", "overtaken"); break;
    case LADDER_LATE: put(label->tags, size, 0, "  ", "late"); break;
    case LADDER_NET_DUPLICATE: put(label->tags, size, 0, "  ", "copy#%u", s->first); break;
    case LADDER_CHALLENGE_ACK: put(label->tags, size, 0, "  ", "challenge"); break;
    default: break;
    }
    bool counted = s->class == LADDER_ZERO_WINDOW_PROBE || s->class == LADDER_KEEPALIVE;
    if (counted && s->count > 0) {
        put(label->tags, size, 0, " ", "%u", s->count);
    }
    put_facts(label->tags, size, s);
}

void label_make(struct label *label, const struct ladder_segment *s, const struct numbering *n,
                bool verbose)
{
    bool has_window = (s->wire.flags & (WEIR_TCP_SYN | WEIR_TCP_RST)) == 0;

    *label = (struct label){.head_break = 0};
    make_head(label, s, n, verbose);
    if (verbose || (has_window && (s->facts & LADDER_FACT_WINDOW_CHANGED) != 0)) {
        put(label->window, sizeof(label->window), 0, "", "win %u", s->window);
    }
    make_options(label, &s->wire, n, verbose);
    make_tags(label, s);
}

/* ---- Fitting -------------------------------------------------------------------------------------------- */

/* "<mss 1460, sackOK>"; with ", .." when only `count` of them are written. */
static void join_options(const struct label *label, uint32_t count, char *out, size_t size)
{
    strcpy(out, "<");
    for (uint32_t i = 0; i < count; i++) {
        put(out, size, 1, ", ", "%s", label->option[i]);
    }
    put(out, size, size, "", "%s", count < label->options ? ", ..>" : ">");
}

char *label_fit(const struct label *label, size_t columns, char out[LABEL_MAX])
{
    char options[LABEL_OPTIONS_MAX * 42 + 8];

    out[0] = '\0';
    put(out, LABEL_MAX, 0, "", "%s", label->head);
    if (label->window[0] != '\0' && strlen(out) + 2 + strlen(label->window) <= columns) {
        put(out, LABEL_MAX, 0, ", ", "%s", label->window);
    }
    for (uint32_t count = label->options; count > 0; count--) {
        join_options(label, count, options, sizeof(options));
        if (strlen(out) + 2 + strlen(options) <= columns) {
            put(out, LABEL_MAX, 0, ", ", "%s", options);
            break;
        }
    }
    return out;
}
