/* push.c - see push.h. */
#include "tcp/push.h"

#include "tcp/burst.h"
#include "tcp/emit.h"
#include "tcp/sendq.h"

/* What a write does to the super-segment that is being gathered, while some of it leaves. */
struct gathering {
    seq_pos start, sent; /* where it begins; what has left by then */
    seq_pos pushed;      /* the last mark */
    uint32_t room;       /* what may still leave */
    uint32_t super, half;
};

static bool is_sent_from(const struct gathering *g)
{
    return g->start <= g->sent && g->room;
}

static void leave(struct gathering *g, uint32_t size)
{
    size = min_u32(min_u32(size, g->room), g->super);
    g->start += size;
    g->sent = g->start;
    g->room -= size;
}

/* The first full super-segment that ends more than half a window behind the last mark; 0: none does before the
 * write ends. One that leaves in part is filled up again, and has its mark at its new end. */
static seq_pos first_mark(const struct tcp_conn *c, struct gathering *g)
{
    uint32_t piece = burst_bytes(c, emit_payload_max(c));
    seq_pos end;

    while ((end = g->start + g->super) < c->snd_end) {
        if (end - g->pushed > g->half) {
            g->pushed = end;
            if (is_sent_from(g)) {
                leave(g, g->room);
                end = g->start == end ? end : g->start + g->super;
            }
            return end < c->snd_end ? end : 0;
        }
        if (is_sent_from(g)) {
            leave(g, piece);
        } else {
            g->start = end;
        }
    }
    return 0;
}

void push_gather(struct tcp_conn *c, seq_pos from)
{
    struct tcp_flight *f = c->flight;
    seq_pos mark = seq_widen(c->snd_nxt, f->mark_at);
    struct gathering g = {.sent = c->snd_nxt};

    if (!tcp_synchronized(c)) {
        f->mark_at = seq_wire(c->snd_nxt);
        return;
    }
    if (mark > c->snd_nxt && mark < from) {
        return; /* an earlier write's marks come first */
    }
    g.room = sendq_could_go(c);
    g.super = sendq_super_segment(c);
    g.half = c->max_snd_wnd / 2;
    g.start = min_u64(c->snd_nxt, from); /* what waits was gathered from there on */
    g.start += (from - g.start) / g.super * g.super;
    g.pushed = min_u64(max_u64(seq_widen(c->snd_nxt, f->push_at), c->snd_nxt), from);
    mark = first_mark(c, &g);
    f->mark_at = seq_wire(mark ? mark : c->snd_nxt);
    f->mark_soon = mark && mark - g.pushed + g.super > g.half;
}

uint32_t push_cut(const struct tcp_conn *c, uint32_t size, uint32_t per_segment)
{
    uint32_t to_mark = c->flight->mark_at - seq_wire(c->snd_nxt);

    if (to_mark == 0 || to_mark >= size) {
        return size;
    }
    return min_u32(size, (to_mark + per_segment - 1) / per_segment * per_segment);
}

bool push_passed(struct tcp_conn *c, seq_pos start, seq_pos end)
{
    struct tcp_flight *f = c->flight;
    seq_pos mark = seq_widen(start, f->mark_at);
    uint32_t super;

    if (mark <= start || mark > end) {
        return false;
    }
    super = sendq_super_segment(c);
    f->mark_at += (f->mark_soon ? 1 : c->max_snd_wnd / 2 / super + 1) * super;
    f->mark_soon = 0;
    return true;
}
