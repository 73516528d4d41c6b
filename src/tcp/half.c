/*
 * half.c - half-open entries: their memory, lists, SYN,ACKs and time (see conn.h and tcp.h).
 *
 * An entry waits in the FIFO of its retry level, or in an earlier one if the level's time is more than the
 * listener's rto_max. All entries of a FIFO wait equally long, so each is in order of due time and only heads are
 * looked at. With synack_retries at its default that is 1 + 2 + 4 + ... + 64 + 64 s: more than the three minutes
 * of MUST-23.
 */
#include "tcp/half.h"

#include "tcp/ecn.h"
#include "tcp/fastopen.h"
#include "tcp/trace.h"
#include "tcp/window.h"

#define DUE_SHIFT 20 /* 2^20 ns, about a millisecond */

static uint32_t level_wait_s(uint32_t level)
{
    return level < 6 ? 1u << level : 64;
}

/* The FIFO for this level: those that wait to be decided on are all in the last one. */
static uint8_t fifo_of(const struct tcp *t, const struct half_open *h, uint32_t level)
{
    weir_time most = tcp_listener_at(t, h->listener)->settings->o.rto_max;

    while (!(h->flags & HALF_DEFERRED) && level > 0 && level_wait_s(level) * WEIR_S > most) {
        level--;
    }
    return (uint8_t)level;
}

void half_link(struct tcp *t, uint32_t name, uint32_t level)
{
    struct half_open *h = tcp_half_at(t, name);
    struct fifo *f;

    h->retries = (uint8_t)level;
    h->fifo = fifo_of(t, h, level);
    h->due = (uint32_t)((t->env->now + level_wait_s(h->fifo) * WEIR_S) >> DUE_SHIFT) + 1;
    f = &t->half_level[h->fifo];
    h->list_next = 0;
    h->list_prev = f->tail;
    if (f->tail) {
        tcp_half_at(t, f->tail)->list_next = name;
    } else {
        f->head = name;
    }
    f->tail = name;
}

static void half_unlink(struct tcp *t, uint32_t name)
{
    struct half_open *h = tcp_half_at(t, name);
    struct fifo *f = &t->half_level[h->fifo];

    if (h->list_prev) {
        tcp_half_at(t, h->list_prev)->list_next = h->list_next;
    } else {
        f->head = h->list_next;
    }
    if (h->list_next) {
        tcp_half_at(t, h->list_next)->list_prev = h->list_prev;
    } else {
        f->tail = h->list_prev;
    }
}

struct half_open *half_new(struct tcp *t, struct listener *l, const struct tcp_tuple *tuple,
                           uint32_t *name)
{
    bool v4 = ip_addr_is_v4(&tuple->local);
    uint32_t index;
    void *memory = pool_get(v4 ? &t->half4s : &t->half6s, &index);
    struct half_open *h = memory;

    if (!memory) {
        return NULL;
    }
    if (v4) {
        struct half4 *q = memory;

        memcpy(q->local, tuple->local.b + 12, 4);
        memcpy(q->remote, tuple->remote.b + 12, 4);
    } else {
        struct half6 *q = memory;

        q->local = tuple->local;
        q->remote = tuple->remote;
    }
    *name = tcp_name(v4 ? TCP_KIND_HALF4 : TCP_KIND_HALF6, index);
    h->local_port = tuple->local_port;
    h->remote_port = tuple->remote_port;
    h->listener = l->index;
    h->flags = HALF_USED;
    h->id = ++t->next_id;
    l->half_count++;
    t->half_count++;
    return h;
}

void tcp_half_free(struct tcp *t, uint32_t name)
{
    struct half_open *h = tcp_half_at(t, name);
    struct listener *l = tcp_listener_at(t, h->listener);

    half_unlink(t, name);
    if (l->generation) {
        l->half_count--;
        if ((h->flags & HALF_DEFERRED) && !(h->flags & HALF_NOTIFIED)) {
            l->undecided--;
        }
    }
    t->half_count--;
    h->flags = 0;
    pool_put(tcp_name_kind(name) == TCP_KIND_HALF4 ? &t->half4s : &t->half6s,
             name & TCP_INDEX_MASK);
}

void tcp_half_tuple(const struct tcp *t, uint32_t name, struct tcp_tuple *tuple)
{
    struct half_open *h = tcp_half_at(t, name);

    if (tcp_name_kind(name) == TCP_KIND_HALF4) {
        const struct half4 *q = (const struct half4 *)(const void *)h;

        tuple->local = ip_addr_from_v4(q->local);
        tuple->remote = ip_addr_from_v4(q->remote);
    } else {
        const struct half6 *q = (const struct half6 *)(const void *)h;

        tuple->local = q->local;
        tuple->remote = q->remote;
    }
    tuple->local_port = h->local_port;
    tuple->remote_port = h->remote_port;
}

bool tcp_half_valid(const struct tcp *t, uint32_t name, uint32_t id)
{
    enum tcp_kind kind = tcp_name_kind(name);
    const struct pool *p = kind == TCP_KIND_HALF4 ? &t->half4s : &t->half6s;
    uint32_t index = name & TCP_INDEX_MASK;
    const struct half_open *h;

    if ((kind != TCP_KIND_HALF4 && kind != TCP_KIND_HALF6) || index == 0 ||
        index >= pool_limit(p)) {
        return false;
    }
    h = tcp_half_at(t, name);
    return (h->flags & HALF_USED) && h->id == id;
}

void tcp_half_syn_ack(struct tcp *t, uint32_t name, uint32_t mtu, struct tcp_segment *s)
{
    struct half_open *h = tcp_half_at(t, name);
    const struct weir_tcp_options *o = &tcp_listener_at(t, h->listener)->settings->o;
    uint32_t headers = tcp_name_kind(name) == TCP_KIND_HALF4 ? 40 : 60;
    uint32_t mss = o->mss_clamp ? min_u32(mtu - headers, o->mss_clamp) : mtu - headers;

    memset(s, 0, sizeof(*s));
    s->src_port = h->local_port;
    s->dst_port = h->remote_port;
    s->seq = h->iss;
    s->ack = h->irs + 1;
    s->flags = WEIR_TCP_SYN | WEIR_TCP_ACK;
    s->window = (uint16_t)min_u32(tcp_receive_initial(o), UINT16_MAX);
    s->options.present = WEIR_SEGMENT_MSS;
    s->options.mss = (uint16_t)mss;
    if (h->flags & HALF_SACK) {
        s->options.present |= WEIR_SEGMENT_SACK_PERMITTED;
    }
    if (h->flags & HALF_TIMESTAMPS) {
        struct tcp_tuple tuple;

        tcp_half_tuple(t, name, &tuple);
        s->options.present |= WEIR_SEGMENT_TIMESTAMPS;
        s->options.ts_val = (uint32_t)(t->env->now / WEIR_MS) + tcp_ts_offset(t, &tuple);
        s->options.ts_ecr = h->ts_recent;
    }
    if (h->flags & HALF_WSCALE) {
        s->options.present |= WEIR_SEGMENT_WSCALE;
        s->options.wscale = window_scale_for(o);
    }
    if ((h->flags & HALF_FASTOPEN) && h->sent_out == 0) {
        struct tcp_tuple tuple;

        tcp_half_tuple(t, name, &tuple);
        fastopen_give(t, tcp_listener_at(t, h->listener), &tuple,
                      (h->flags & HALF_FASTOPEN_EXP) != 0, &s->options);
    }
    h->sent_us = (uint32_t)(t->env->now / WEIR_US);
    h->sent_out = (uint8_t)min_u32(h->sent_out + 1u, UINT8_MAX);
    ecn_half_syn_ack(h, o, s);
    trace_segment(t, WEIR_RECORD_SEGMENT_OUT, h->id, s, s->window, 0, (uint16_t)(h->retries + 1),
                  h->retries ? WEIR_NOTE_RETRANSMISSION : 0);
}

weir_time tcp_half_deadline(const struct tcp *t)
{
    weir_time now = t->env->now, best = WEIR_NEVER;

    for (uint32_t i = 0; i < HALF_LEVELS; i++) {
        if (t->half_level[i].head) {
            const struct half_open *h = tcp_half_at(t, t->half_level[i].head);
            int32_t ticks = (int32_t)(h->due - (uint32_t)(now >> DUE_SHIFT));
            weir_time at = ticks <= 0 ? now : ((now >> DUE_SHIFT) + (uint32_t)ticks) << DUE_SHIFT;

            best = min_u64(best, at);
        }
    }
    return best;
}

uint32_t tcp_half_due(struct tcp *t, bool *expired)
{
    uint32_t now = (uint32_t)(t->env->now >> DUE_SHIFT);

    for (uint32_t fifo = 0; fifo < HALF_LEVELS; fifo++) {
        uint32_t name = t->half_level[fifo].head, level;
        struct half_open *h;

        if (!name) {
            continue;
        }
        h = tcp_half_at(t, name);
        if ((int32_t)(h->due - now) > 0) {
            continue;
        }
        level = h->retries;
        *expired = level + 1 == HALF_LEVELS || (h->flags & HALF_DEFERRED) ||
                   level >= tcp_listener_at(t, h->listener)->settings->o.synack_retries;
        if (*expired) {
            trace_state(t, h->id, WEIR_TCP_SYN_RECEIVED, WEIR_TCP_CLOSED, WEIR_REASON_SYN_TIMEOUT);
        } else {
            half_unlink(t, name);
            half_link(t, name, level + 1);
            trace_timer(t, h->id, WEIR_TIMER_SYN_ACK, level + 1, level_wait_s(h->fifo) * WEIR_S);
        }
        return name;
    }
    return 0;
}

uint32_t tcp_half_announce(struct tcp *t, struct listener *l)
{
    if (l->undecided == 0) {
        return 0;
    }
    for (uint32_t name = t->half_level[HALF_LEVELS - 1].head; name;
         name = tcp_half_at(t, name)->list_next) {
        struct half_open *h = tcp_half_at(t, name);

        if (h->listener == l->index && (h->flags & HALF_DEFERRED) && !(h->flags & HALF_NOTIFIED)) {
            h->flags |= HALF_NOTIFIED;
            l->undecided--;
            return name;
        }
    }
    return 0;
}

bool tcp_half_decide(struct tcp *t, uint32_t name, enum weir_verdict verdict)
{
    struct half_open *h = tcp_half_at(t, name);

    if (verdict != WEIR_SYN_ACCEPT || !(h->flags & HALF_DEFERRED)) {
        return false;
    }
    if (!(h->flags & HALF_NOTIFIED)) {
        tcp_listener_at(t, h->listener)->undecided--;
    }
    h->flags &= (uint16_t)~HALF_DEFERRED;
    half_unlink(t, name);
    half_link(t, name, 0);
    return true;
}

/* The path of our SYN,ACK, which is told by its number, is none (RFC 9293 3.9.2.2). */
bool tcp_half_icmp(struct tcp *t, uint32_t name, const struct tcp_icmp *e)
{
    const struct half_open *h = tcp_half_at(t, name);

    if (e->seq != h->iss || h->sent_out == 0) {
        t->env->dropped[WEIR_DROP_ICMP_SEQUENCE]++;
        return false;
    }
    if (e->too_big || !(e->hard || tcp_listener_at(t, h->listener)->soft_errors_end)) {
        return false;
    }
    trace_state(t, h->id, WEIR_TCP_SYN_RECEIVED, WEIR_TCP_CLOSED, WEIR_REASON_ICMP);
    return true;
}
