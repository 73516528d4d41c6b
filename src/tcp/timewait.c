/*
 * timewait.c - TIME-WAIT entries: what is left of a connection whose application has gone.
 *
 * They stand in one FIFO by deadline. All wait equally long, but an application that kept its handle for a
 * while makes its entry late: it is put where it belongs, which is near the end unless it kept it for long.
 */
#include "tcp/tcp.h"

#include "tcp/challenge.h"
#include "tcp/trace.h"
#include "tcp/window.h"

enum { TW_TIMESTAMPS = 1, TW_USED = 2 };

static void link_entry(struct tcp *t, uint32_t index)
{
    struct time_wait *w = tcp_time_wait_at(t, index);
    struct fifo *f = &t->time_wait_fifo;
    uint32_t after = f->tail;

    while (after && tcp_time_wait_at(t, after)->deadline > w->deadline) {
        after = tcp_time_wait_at(t, after)->prev;
    }
    w->prev = after;
    w->next = after ? tcp_time_wait_at(t, after)->next : f->head;
    if (after) {
        tcp_time_wait_at(t, after)->next = index;
    } else {
        f->head = index;
    }
    if (w->next) {
        tcp_time_wait_at(t, w->next)->prev = index;
    } else {
        f->tail = index;
    }
}

static void unlink_entry(struct tcp *t, uint32_t index)
{
    struct time_wait *w = tcp_time_wait_at(t, index);
    struct fifo *f = &t->time_wait_fifo;

    if (w->prev) {
        tcp_time_wait_at(t, w->prev)->next = w->next;
    } else {
        f->head = w->next;
    }
    if (w->next) {
        tcp_time_wait_at(t, w->next)->prev = w->prev;
    } else {
        f->tail = w->prev;
    }
}

uint32_t tcp_time_wait_new(struct tcp *t, const struct tcp_conn *c)
{
    uint32_t index;
    struct time_wait *w = pool_get(&t->time_waits, &index);
    uint64_t window = c->rcv_adv > c->rcv_nxt ? c->rcv_adv - c->rcv_nxt : 0;

    if (!w) {
        return 0;
    }
    w->id = c->id;
    w->local = c->local;
    w->remote = c->remote;
    w->local_port = c->local_port;
    w->remote_port = c->remote_port;
    w->snd_nxt = seq_wire(c->snd_nxt);
    w->rcv_nxt = seq_wire(c->rcv_nxt);
    w->ts_recent = c->ts_recent;
    w->ts_offset = c->ts_offset;
    w->window = (uint16_t)min_u64(window >> c->rcv_wscale, UINT16_MAX);
    w->link = (uint8_t)c->path_link;
    w->flags = (uint8_t)(TW_USED | (c->timestamps ? TW_TIMESTAMPS : 0));
    w->deadline = c->rto_at;
    w->answer_at = 0;
    link_entry(t, index);
    t->time_wait_count++;
    return index;
}

void tcp_time_wait_free(struct tcp *t, uint32_t index, enum weir_reason reason)
{
    struct time_wait *w = tcp_time_wait_at(t, index);

    trace_state(t, w->id, WEIR_TCP_TIME_WAIT, WEIR_TCP_CLOSED, reason);
    unlink_entry(t, index);
    w->flags = 0;
    t->time_wait_count--;
    pool_put(&t->time_waits, index);
}

static void make_ack(const struct tcp *t, const struct time_wait *w, struct tcp_segment *s)
{
    memset(s, 0, sizeof(*s));
    s->src_port = w->local_port;
    s->dst_port = w->remote_port;
    s->seq = w->snd_nxt;
    s->ack = w->rcv_nxt;
    s->flags = WEIR_TCP_ACK;
    s->window = w->window;
    if (w->flags & TW_TIMESTAMPS) {
        s->options.present = WEIR_SEGMENT_TIMESTAMPS;
        s->options.ts_val = (uint32_t)(t->env->now / WEIR_MS) + w->ts_offset;
        s->options.ts_ecr = w->ts_recent;
    }
}

bool tcp_time_wait_newer(const struct tcp_segment *s, uint32_t rcv_nxt, const uint32_t *ts_recent)
{
    int32_t later;

    if ((s->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST)) != WEIR_TCP_SYN) {
        return false;
    }
    if (ts_recent && (s->options.present & WEIR_SEGMENT_TIMESTAMPS)) {
        later = (int32_t)(s->options.ts_val - *ts_recent);
        if (later != 0) {
            return later > 0; /* an older timestamp is an old SYN, whatever its number */
        }
    }
    return (int32_t)(s->seq - rcv_nxt) > 0;
}

bool tcp_time_wait_reusable(const struct tcp *t, uint32_t index)
{
    const struct time_wait *w = tcp_time_wait_at(t, index);
    weir_time since = w->deadline - 2 * t->env->config.msl;

    /* a timestamp of ours that is a second older than the next one: the peer will take our SYN */
    return (w->flags & TW_TIMESTAMPS) && t->env->now >= since + WEIR_S;
}

/* RFC 7323 5: an old duplicate, whatever its number. */
static bool paws_rejects(const struct time_wait *w, const struct tcp_segment *s)
{
    return (w->flags & TW_TIMESTAMPS) && (s->options.present & WEIR_SEGMENT_TIMESTAMPS) &&
           (int32_t)(s->options.ts_val - w->ts_recent) < 0;
}

/* Is it to be answered? A plain ACK where it belongs is not; anything else is their FIN again, or old. What is
 * empty is not answered more often than challenge_spacing says: two ends that take each other's ACKs for bad ones
 * would go on for ever. */
static bool wants_answer(const struct tcp *t, struct time_wait *w, const struct tcp_segment *s,
                         bool old)
{
    if (s->payload_size || (s->flags & (WEIR_TCP_FIN | WEIR_TCP_SYN))) {
        return true;
    }
    if ((s->seq == w->rcv_nxt && !old) || t->env->now < w->answer_at) {
        return false;
    }
    w->answer_at = t->env->now + challenge_spacing(t);
    return true;
}

enum tcp_verdict tcp_time_wait_input(struct tcp *t, uint32_t index, const struct tcp_arrival *a,
                                     bool *answer, struct tcp_segment *reply, bool *gone)
{
    struct time_wait *w = tcp_time_wait_at(t, index);
    const struct tcp_segment *s = a->segment;
    bool old = paws_rejects(w, s);

    if (a->listened &&
        tcp_time_wait_newer(s, w->rcv_nxt, w->flags & TW_TIMESTAMPS ? &w->ts_recent : NULL)) {
        *gone = true;
        return TCP_VERDICT_LISTEN;
    }
    trace_drop(t, w->id, old ? WEIR_DROP_PAWS : WEIR_DROP_TIME_WAIT, s);
    if (s->flags & WEIR_TCP_RST) {
        *gone = s->seq == w->rcv_nxt && !t->env->config.time_wait_ignore_rst;
        return TCP_VERDICT_DONE;
    }
    if (wants_answer(t, w, s, old)) {
        make_ack(t, w, reply);
        *answer = true;
        trace_segment(t, WEIR_RECORD_SEGMENT_OUT, w->id, reply, reply->window, 0, 1, 0);
        if ((s->flags & WEIR_TCP_FIN) && !old) { /* RFC 9293: it starts the wait anew */
            unlink_entry(t, index);
            w->deadline = t->env->now + 2 * t->env->config.msl;
            link_entry(t, index);
        }
    }
    return TCP_VERDICT_DONE;
}
