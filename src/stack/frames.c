/* frames.c - the memory of frames: blocks, and what weir_frame_done does with them. */
#include "stack/stack.h"
#include "tcp/scoreboard.h"

struct frame_block *block_get(struct weir_stack *s, enum block_kind kind)
{
    struct frame_block *b = s->free_blocks;

    if (LIKELY(b)) {
        s->free_blocks = b->next_free;
    } else {
        uint32_t index;

        b = pool_get(&s->blocks, &index);
        if (!b) {
            return NULL;
        }
        b->pool_index = index;
    }
    b->parent = NULL;
    b->references = 1;
    b->generation = 0;
    b->kind = (uint8_t)kind;
    b->buffer_count = 0;
    b->start = b->end = 0;
    return b;
}

/* The connection a block belongs to, if it still lives. */
static struct tcp_conn *owner(struct weir_stack *s, const struct frame_block *b)
{
    struct tcp_conn *c;

    if (!b->generation) {
        return NULL;
    }
    c = tcp_conn_at(&s->tcp, b->conn);
    return c->generation == b->generation && c->state != WEIR_TCP_CLOSED ? c : NULL;
}

static inline void put_away(struct weir_stack *s, struct frame_block *b)
{
    b->next_free = s->free_blocks;
    s->free_blocks = b;
}

/* Nothing of it is out any more. */
static void block_end(struct weir_stack *s, struct frame_block *b)
{
    struct tcp_conn *c = b->start != b->end ? owner(s, b) : NULL;

    for (uint32_t i = 0; i < b->buffer_count; i++) {
        buffer_unref(&s->env.buffers, b->buffers[i]);
    }
    if (c) {
        scoreboard_frame_done(&s->tcp, c, b->start, b->end);
        if (UNLIKELY(c->flight->lost_bytes)) {
            tcp_touch(&s->tcp, c); /* a lost range may have waited for this frame */
        }
    }
    put_away(s, b);
}

void block_put(struct weir_stack *s, struct frame_block *b)
{
    ASSERT(b->references > 0);
    if (--b->references > 0) {
        return;
    }
    if (b->kind == BLOCK_CUT) { /* holds nothing but its parent, which has no parent */
        put_away(s, b);
        b = b->parent;
        if (!b || --b->references > 0) {
            return;
        }
    }
    block_end(s, b);
}

void weir_frame_done(struct weir_stack *s, struct weir_frame frames[], size_t n,
                     enum weir_frame_fate fate)
{
    for (size_t i = 0; i < n; i++) {
        struct frame_block *b = frames[i].block;
        struct tcp_conn *c;

        if (!b) {
            continue;
        }
        if (UNLIKELY(fate == WEIR_FRAME_DROPPED)) {
            c = b->start != b->end ? owner(s, b) : NULL;
            if (c) {
                scoreboard_frame_dropped(&s->tcp, c, b->start, b->end);
                tcp_touch(&s->tcp, c);
            }
        }
        frames[i].block = NULL;
        s->frames_out--;
        block_put(s, b);
    }
    stack_settle(s);
}

bool stack_loop_push(struct weir_stack *s, struct weir_buffer *b)
{
    if (s->loop_count >= LOOP_MAX) {
        s->env.dropped[WEIR_DROP_REPLY_RING]++;
        buffer_unref(&s->env.buffers, b);
        return false;
    }
    b->next = NULL;
    if (s->loop_tail) {
        s->loop_tail->next = b;
    } else {
        s->loop_head = b;
    }
    s->loop_tail = b;
    s->loop_count++;
    return true;
}
