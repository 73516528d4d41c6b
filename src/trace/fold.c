/*
 * fold.c - see fold.h. A row passes two stations: the queue, in which it waits until the segments after it can
 * no longer keep it unfolded, and the run, where it is counted or ends what was being counted.
 */
#include "trace/fold.h"

#include <stdlib.h>

#include "base/compiler.h"

#define NEIGHBOURS 2 /* of an event, on either side */
#define QUEUE_MAX 8  /* rows: the neighbours, and what stands between them */
#define RUN_MIN 3    /* shorter ones are not worth an arrow of their own */
#define STORE_MAX 16 /* rows of a run that are remembered until it is long enough */

/* A row with its own copy of the segment. */
struct slot {
    struct ladder_row row;
    struct ladder_segment segment;
    enum fold_weight weight;
    bool neighbour; /* of an event */
};

/* What a row is to a run. */
enum role { ROLE_NONE = 0, ROLE_DATA, ROLE_ACK, ROLE_DUP_ACK, ROLE_OMIT };

struct run {
    uint32_t rows; /* 0: there is none */
    bool omits;
    enum trace_side data_side;
    uint32_t dup_ack; /* the number they all repeat */
    struct ladder_fold fold;
    struct slot stored[STORE_MAX];
};

struct folder {
    struct fold_setup setup;
    struct slot queue[QUEUE_MAX];
    unsigned queued, queued_segments;
    unsigned near; /* so many segments more are neighbours of what has passed */
    bool omitting; /* the last segment was omitted */
    struct run run;
};

struct folder *folder_new(const struct fold_setup *setup)
{
    struct folder *f = calloc(1, sizeof(*f));

    if (f != NULL) {
        f->setup = *setup;
    }
    return f;
}

void folder_del(struct folder *f)
{
    free(f);
}

/* ---- Weights ---------------------------------------------------------------------------------------------- */

enum fold_weight fold_weight_of(const struct ladder_segment *s)
{
    uint32_t events = LADDER_FACT_WINDOW_CLOSED | LADDER_FACT_WINDOW_OPENED |
                      LADDER_FACT_WINDOW_ZERO | LADDER_FACT_CORRUPTED | LADDER_FACT_COPY |
                      LADDER_FACT_SPURIOUS | LADDER_FACT_MISSED | LADDER_FACT_RESENT |
                      LADDER_FACT_NEW_DATA_PROBE | LADDER_FACT_HOLE;

    if (s->arrived.known == LADDER_LOST || (s->facts & events) != 0) {
        return FOLD_EVENT;
    }
    switch (s->class) {
    case LADDER_DATA:
    case LADDER_ACK:
    case LADDER_WINDOW_UPDATE:
    case LADDER_DUP_ACK: break;
    case LADDER_SYN:
    case LADDER_SYN_ACK:
    case LADDER_FIN: return FOLD_NEAR;
    default: return FOLD_EVENT;
    }
    if (s->state_sent != LADDER_STATE_SAME || s->state_arrived != LADDER_STATE_SAME) {
        return FOLD_NEAR;
    }
    bool notable = (s->facts & (LADDER_FACT_ANSWERS_PROBE | LADDER_FACT_DSACK)) != 0 ||
                   (s->wire.flags & WEIR_TCP_URG) != 0 || s->wire.cut;
    return notable ? FOLD_ALONE : FOLD_PLAIN;
}

static enum fold_weight weigh(const struct folder *f, const struct ladder_row *row)
{
    if (row->segment == NULL) {
        return FOLD_NEAR; /* idle time, a state, a note */
    }
    enum fold_weight own = fold_weight_of(row->segment);
    enum fold_weight told =
        f->setup.keep != NULL ? f->setup.keep(f->setup.ctx, row->segment) : FOLD_PLAIN;
    return told == FOLD_OMIT ? FOLD_OMIT : MAX(own, told);
}

static unsigned radius_of(enum fold_weight weight)
{
    return weight == FOLD_EVENT ? NEIGHBOURS : weight == FOLD_NEAR ? 1 : 0;
}

/* ---- Sums of a run ---------------------------------------------------------------------------------------- */

static enum role role_of(const struct slot *slot)
{
    const struct ladder_segment *s = &slot->segment;

    if (slot->row.kind != LADDER_ROW_SEGMENT || slot->row.split || slot->weight > FOLD_PLAIN) {
        return ROLE_NONE;
    }
    if (s->class == LADDER_DUP_ACK) {
        return ROLE_DUP_ACK; /* a row of them is folded even beside the retransmission it causes */
    }
    if (slot->neighbour) {
        return ROLE_NONE;
    }
    return s->wire.length > 0 ? ROLE_DATA : ROLE_ACK;
}

static void sum_data(struct ladder_fold *fold, const struct ladder_segment *s)
{
    bool is_arrow = fold->dups == 0; /* else the duplicate ACKs are */

    if (fold->segments++ == 0) {
        fold->seq = s->wire.seq;
        fold->sent = is_arrow ? s->sent : fold->sent;
    }
    fold->bytes += s->wire.length;
    fold->arrived = is_arrow ? s->arrived : fold->arrived;
}

static void sum_ack(struct ladder_fold *fold, const struct ladder_segment *s)
{
    if (fold->acks++ == 0) {
        fold->ack_from = s->wire.ack;
    }
    fold->ack_to = s->wire.ack;
}

static void sum_dup_ack(struct ladder_fold *fold, const struct ladder_segment *s)
{
    const struct tcp_options *o = &s->wire.options;

    if (fold->dups++ == 0) {
        fold->dup_first = s->count;
        fold->ack_from = fold->ack_to = s->wire.ack;
    }
    fold->dup_last = s->count;
    if (o->sack_count > 0) {
        fold->sack_start = o->sack[0].start;
        fold->sack_end = o->sack[0].end;
    }
}

static void sum(struct ladder_fold *fold, const struct ladder_segment *s, enum role role)
{
    if (fold->first == 0) {
        fold->first = s->number;
        fold->first_frame = s->wire.frame;
        fold->sent = s->sent;
    }
    fold->last = s->number;
    fold->last_frame = s->wire.frame;
    switch (role) {
    case ROLE_DATA: sum_data(fold, s); break;
    case ROLE_ACK: sum_ack(fold, s); break;
    case ROLE_DUP_ACK: sum_dup_ack(fold, s); break;
    case ROLE_OMIT: fold->segments++; break;
    case ROLE_NONE: break;
    }
}

/* An arrow of ACKs begins with the first of them and ends with the last. */
static void stretch(struct ladder_fold *fold, const struct ladder_segment *s, enum role role)
{
    bool of_dups = fold->dups > 0 && role == ROLE_DUP_ACK;

    if (of_dups || (fold->segments == 0 && role == ROLE_ACK)) {
        fold->sent = fold->acks + fold->dups == 1 ? s->sent : fold->sent;
        fold->arrived = s->arrived;
    }
}

/* ---- The run -------------------------------------------------------------------------------------------------- */

static int emit(struct folder *f, struct slot *slot)
{
    if (slot->row.segment != NULL) {
        slot->row.segment = &slot->segment;
    }
    return f->setup.emit(f->setup.ctx, &slot->row);
}

static int emit_fold(struct folder *f, struct ladder_fold *fold, enum ladder_fold_kind kind,
                     enum trace_side side)
{
    struct ladder_row row = {.kind = LADDER_ROW_FOLD, .side = side, .fold = fold};

    fold->kind = kind;
    fold->side = side;
    return f->setup.emit(f->setup.ctx, &row);
}

/* Too short a run, row by row; only the ACKs in it may still be many. */
static int unfold(struct folder *f)
{
    struct run *r = &f->run;
    int result = WEIR_OK;

    for (uint32_t i = 0, n; i < r->rows && result == WEIR_OK; i += n) {
        struct ladder_fold acks = {.first = 0};
        for (n = 0; i + n < r->rows && role_of(&r->stored[i + n]) == ROLE_ACK; n++) {
            sum(&acks, &r->stored[i + n].segment, ROLE_ACK);
            stretch(&acks, &r->stored[i + n].segment, ROLE_ACK);
        }
        if (n >= RUN_MIN) {
            result = emit_fold(f, &acks, LADDER_FOLD_ACKS, trace_other(r->data_side));
            continue;
        }
        n = MAX(n, 1u);
        for (uint32_t k = 0; k < n && result == WEIR_OK; k++) {
            result = emit(f, &r->stored[i + k]);
        }
    }
    return result;
}

static int end_run(struct folder *f)
{
    struct run *r = &f->run;
    struct ladder_fold *fold = &r->fold;
    bool overflow = r->rows > STORE_MAX;
    int result = WEIR_OK;

    if (r->rows == 0) {
        return WEIR_OK;
    }
    if (r->omits) {
        result = emit_fold(f, fold, LADDER_FOLD_OMITTED, LADDER_CLIENT);
    } else if (fold->dups >= RUN_MIN || (overflow && fold->dups > 0)) {
        result = emit_fold(f, fold, LADDER_FOLD_DUP_ACKS, trace_other(r->data_side));
    } else if (fold->segments >= RUN_MIN || (overflow && fold->segments > 0)) {
        result = emit_fold(f, fold, LADDER_FOLD_DATA, r->data_side);
    } else if (overflow) {
        result = emit_fold(f, fold, LADDER_FOLD_ACKS, trace_other(r->data_side));
    } else {
        result = unfold(f);
    }
    r->rows = 0;
    return result;
}

/* Can this one be counted with what is being counted? */
static bool joins(const struct run *r, const struct ladder_segment *s, enum role role)
{
    enum trace_side side = (enum trace_side)s->wire.side;

    if (r->rows == 0 || r->omits != (role == ROLE_OMIT)) {
        return false;
    }
    if (role == ROLE_OMIT) {
        return true;
    }
    if ((role == ROLE_DATA ? side : trace_other(side)) != r->data_side) {
        return false;
    }
    switch (role) {
    case ROLE_DATA: /* without a gap, so that first number and length say it all */
        return r->fold.segments == 0 || s->wire.seq == r->fold.seq + (uint32_t)r->fold.bytes;
    case ROLE_ACK: return r->fold.dups == 0;
    default: return r->fold.dups > 0 && s->wire.ack == r->dup_ack;
    }
}

static int run_take(struct folder *f, const struct slot *slot, enum role role)
{
    struct run *r = &f->run;
    const struct ladder_segment *s = &slot->segment;

    if (!joins(r, s, role)) {
        int result = end_run(f);
        if (result != WEIR_OK) {
            return result;
        }
        enum trace_side side = (enum trace_side)s->wire.side;
        r->omits = role == ROLE_OMIT;
        r->data_side = role == ROLE_DATA ? side : trace_other(side);
        r->dup_ack = s->wire.ack;
        r->fold = (struct ladder_fold){.first = 0};
    }
    if (r->rows < STORE_MAX && role != ROLE_OMIT) {
        r->stored[r->rows] = *slot;
    }
    r->rows++;
    sum(&r->fold, s, role);
    stretch(&r->fold, s, role);
    return WEIR_OK;
}

/* ---- The queue -------------------------------------------------------------------------------------------------- */

/* Rows that are no segments share the fate of the segment before them. */
static bool omitted(struct folder *f, const struct slot *slot)
{
    bool kept = slot->weight == FOLD_EVENT || slot->neighbour;

    if (slot->row.kind == LADDER_ROW_SEGMENT) {
        f->omitting = slot->weight == FOLD_OMIT || (f->setup.only_events && !kept);
    }
    return f->omitting;
}

static int dequeue(struct folder *f)
{
    struct slot slot = f->queue[0];
    int result = WEIR_OK;

    f->queued--;
    for (unsigned i = 0; i < f->queued; i++) {
        f->queue[i] = f->queue[i + 1];
    }
    bool is_segment = slot.row.kind == LADDER_ROW_SEGMENT;
    f->queued_segments -= is_segment;
    if (omitted(f, &slot)) {
        return is_segment ? run_take(f, &slot, ROLE_OMIT) : WEIR_OK;
    }
    enum role role = f->setup.unfolded ? ROLE_NONE : role_of(&slot);
    if (role != ROLE_NONE) {
        return run_take(f, &slot, role);
    }
    result = end_run(f);
    return result == WEIR_OK ? emit(f, &slot) : result;
}

/* The last segments before an event are its neighbours. */
static void mark_before(struct folder *f, unsigned radius)
{
    unsigned segments = 0;

    for (unsigned i = f->queued; i-- > 0 && segments < radius;) {
        f->queue[i].neighbour = true;
        segments += f->queue[i].row.kind == LADDER_ROW_SEGMENT;
    }
}

int folder_take(struct folder *f, const struct ladder_row *row)
{
    bool is_segment = row->kind == LADDER_ROW_SEGMENT;
    enum fold_weight weight = weigh(f, row);
    unsigned radius = f->setup.only_events && weight < FOLD_EVENT ? 0 : radius_of(weight);
    int result = WEIR_OK;

    mark_before(f, radius);
    if (f->queued == QUEUE_MAX) {
        result = dequeue(f);
    }
    while (result == WEIR_OK && is_segment && f->queued_segments >= NEIGHBOURS) {
        result = dequeue(f);
    }
    if (result != WEIR_OK) {
        return result;
    }
    struct slot *slot = &f->queue[f->queued++];
    *slot = (struct slot){.row = *row, .weight = weight, .neighbour = f->near > 0};
    if (row->segment != NULL) {
        slot->segment = *row->segment;
    }
    f->queued_segments += is_segment;
    f->near = MAX(f->near - (is_segment && f->near > 0), radius);
    return WEIR_OK;
}

int folder_end(struct folder *f)
{
    int result = WEIR_OK;

    while (f->queued > 0 && result == WEIR_OK) {
        result = dequeue(f);
    }
    return result == WEIR_OK ? end_run(f) : result;
}
