/*
 * listen.c - passive open: SEGMENT ARRIVES in LISTEN (RFC 9293 3.10.7.2) and, for what came of it, in
 * SYN-RECEIVED; the accept queue. A SYN costs a small entry (half.c); the connection is made when its SYN,ACK
 * is acknowledged.
 */
#include "tcp/auth.h"
#include "tcp/cookie.h"
#include "tcp/ecn.h"
#include "tcp/fastopen.h"
#include "tcp/half.h"
#include "tcp/rtt.h"
#include "tcp/synsent.h"
#include "tcp/trace.h"
#include "tcp/window.h"

struct listener *tcp_listener_new(struct tcp *t, struct tcp_settings *settings)
{
    uint32_t index;
    struct listener *l = pool_get(&t->listeners, &index);

    if (l) {
        l->index = index;
        l->generation = ++t->generation;
        l->settings = settings;
        tcp_settings_ref(settings);
        t->listener_count++;
    }
    return l;
}

void tcp_listener_free(struct tcp *t, struct listener *l)
{
    tcp_settings_unref(t, l->settings);
    l->generation = 0;
    t->listener_count--;
    pool_put(&t->listeners, l->index);
}

static bool half_open_full(const struct tcp *t, const struct listener *l)
{
    return t->half_count >= t->env->config.half_open_max ||
           l->half_count >= (l->half_open_max ? l->half_open_max : l->backlog);
}

/* First to fourth of RFC 9293 3.10.7.2: is it a SYN that may be answered? */
static bool acceptable_syn(struct tcp *t, struct listener *l, const struct tcp_arrival *a,
                           struct tcp_outcome *out)
{
    const struct tcp_segment *s = a->segment;
    enum weir_drop drop = WEIR_DROP_NONE;

    if (s->flags & WEIR_TCP_RST) {
        drop = WEIR_DROP_LISTEN_RST;
    } else if (a->to_group || ip_addr_is_multicast(&a->tuple.remote) ||
               ip_addr_is_broadcast(&a->tuple.remote) || ip_addr_is_unspecified(&a->tuple.remote)) {
        drop = WEIR_DROP_TCP_BROADCAST; /* MUST-57, MUST-63 */
    } else if (s->flags & WEIR_TCP_ACK) {
        drop = WEIR_DROP_LISTEN_ACK;
        out->rst = true;
    } else if (!(s->flags & WEIR_TCP_SYN)) {
        drop = WEIR_DROP_LISTEN_NOT_SYN;
    } else if (l->accept_count >= l->backlog) {
        drop = WEIR_DROP_BACKLOG_FULL;
    } else if (cookie_wanted(t, l, half_open_full(t, l))) {
        out->cookie = true;
    } else if (half_open_full(t, l)) {
        drop = WEIR_DROP_LISTEN_FULL;
    }
    if (drop != WEIR_DROP_NONE) {
        trace_drop(t, 0, drop, s);
    }
    return drop == WEIR_DROP_NONE;
}

void half_learn_options(struct half_open *h, const struct weir_tcp_options *mine,
                        const struct tcp_options *o)
{
    if (o->present & WEIR_SEGMENT_MSS) {
        h->peer_mss = o->mss;
    }
    if (mine->sack && (o->present & WEIR_SEGMENT_SACK_PERMITTED)) {
        h->flags |= HALF_SACK;
    }
    if (mine->timestamps && (o->present & WEIR_SEGMENT_TIMESTAMPS)) {
        h->flags |= HALF_TIMESTAMPS;
        h->ts_recent = o->ts_val;
    }
    if (mine->window_scaling && (o->present & WEIR_SEGMENT_WSCALE)) {
        h->flags |= HALF_WSCALE;
        h->wscale = (uint8_t)min_u32(o->wscale, TCP_WSCALE_MAX);
    }
}

/* A connection in SYN-RECEIVED, with a cold block, whose SYN,ACK is due. */
struct tcp_conn *listen_open(struct tcp *t, struct listener *l, const struct tcp_arrival *a)
{
    struct tcp_conn *c = tcp_conn_new(t, &a->tuple, l->settings, true);

    if (!c || !cold_ensure(t, c)) {
        if (c) {
            tcp_conn_free(t, c);
        }
        trace_drop(t, 0, WEIR_DROP_NO_MEMORY, a->segment);
        return NULL;
    }
    if (a->isn_above) {
        tcp_start_above(c, *a->isn_above);
    }
    c->id = ++t->next_id;
    trace_open(t, c->id, &c->local, c->local_port, &c->remote, c->remote_port, true);
    trace_segment(t, WEIR_RECORD_SEGMENT_IN, c->id, a->segment, a->segment->window, a->gso_size, 0,
                  0);
    c->state = WEIR_TCP_LISTEN;
    tcp_set_state(t, c, WEIR_TCP_SYN_RECEIVED, WEIR_REASON_SYN_IN);
    c->last_received = t->env->now;
    c->path_mtu = (uint16_t)min_u32(a->mtu, UINT16_MAX);
    c->snd_nxt = c->snd_una + 1;
    synsent_learn_peer(t, c, a->segment);
    ecn_syn_crossed(t, c, a->segment);
    if (c->ecn) {
        ecn_of(t, c)->no_ect = false; /* theirs did not cross one of ours */
    }
    c->syn_due = 1;
    c->last_send_at = t->env->now;
    tcp_touch(t, c);
    return c;
}

void tcp_listen_input(struct tcp *t, struct listener *l, const struct tcp_arrival *a,
                      struct tcp_outcome *out)
{
    struct half_open *h;
    uint16_t fastopen = 0;
    uint32_t name;

    if ((a->segment->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST)) == WEIR_TCP_ACK &&
        tcp_cookie_expected(t, l) && !a->to_group) {
        cookie_input(t, l, a, out);
        return;
    }
    if (!acceptable_syn(t, l, a, out)) {
        return;
    }
    if (UNLIKELY(a->key)) { /* whoever holds a key is no flood */
        out->cookie = false;
        out->opened = auth_open(t, l, a);
        return;
    }
    if (out->cookie) {
        return;
    }
    if (UNLIKELY(l->fastopen_queue)) {
        fastopen = fastopen_listen(t, l, a, &out->opened);
        if (out->opened) {
            return;
        }
    }
    h = half_new(t, l, &a->tuple, &name);
    if (!h) {
        trace_drop(t, 0, WEIR_DROP_NO_MEMORY, a->segment);
        return;
    }
    h->irs = a->segment->seq;
    h->iss = tcp_isn(t, &a->tuple, &l->settings->o);
    if (a->isn_above) {
        h->iss = tcp_isn_above(h->iss, *a->isn_above, &l->settings->o);
    }
    h->window = a->segment->window;
    h->link = (uint8_t)a->link;
    half_learn_options(h, &l->settings->o, &a->segment->options);
    (void)ecn_half_syn(h, &l->settings->o, a->segment);
    h->flags |= fastopen;
    out->enter = name;
    trace_open(t, h->id, &a->tuple.local, a->tuple.local_port, &a->tuple.remote,
               a->tuple.remote_port, true);
    trace_segment(t, WEIR_RECORD_SEGMENT_IN, h->id, a->segment, a->segment->window, 0, 0, 0);
    trace_state(t, h->id, WEIR_TCP_LISTEN, WEIR_TCP_SYN_RECEIVED, WEIR_REASON_SYN_IN);
    if (l->deferred) {
        h->flags |= HALF_DEFERRED;
        half_link(t, name, HALF_LEVELS - 1);
        l->undecided++;
        tcp_listener_event(t, l, WEIR_EVENT_SYN);
    } else {
        half_link(t, name, 0);
        out->syn_ack = name;
    }
}

static void answer_with_ack(struct tcp *t, const struct half_open *h, const struct tcp_arrival *a,
                            struct tcp_outcome *out)
{
    struct tcp_segment *s = &out->reply;

    if ((h->flags & HALF_DEFERRED) || !input_challenge_allowed(t)) {
        return; /* nobody has decided yet: our number is not told */
    }
    memset(s, 0, sizeof(*s));
    s->src_port = h->local_port;
    s->dst_port = h->remote_port;
    s->seq = h->iss + 1;
    s->ack = h->irs + 1;
    s->flags = WEIR_TCP_ACK;
    s->window =
        (uint16_t)min_u32(tcp_receive_initial(&tcp_listener_at(t, h->listener)->settings->o) >>
                              (h->flags & HALF_WSCALE
                                   ? window_scale_for(&tcp_listener_at(t, h->listener)->settings->o)
                                   : 0),
                          UINT16_MAX);
    if (h->flags & HALF_TIMESTAMPS) {
        s->options.present = WEIR_SEGMENT_TIMESTAMPS;
        s->options.ts_val = (uint32_t)(t->env->now / WEIR_MS) + tcp_ts_offset(t, &a->tuple);
        s->options.ts_ecr = h->ts_recent;
    }
    out->ack = true;
    trace_segment(t, WEIR_RECORD_SEGMENT_OUT, h->id, s, s->window, 0, 1, WEIR_NOTE_CHALLENGE_ACK);
}

/* Sequence number, RST and SYN of a segment for an entry. false: dealt with. */
static bool check_half(struct tcp *t, uint32_t name, const struct tcp_arrival *a,
                       struct tcp_outcome *out)
{
    struct half_open *h = tcp_half_at(t, name);
    const struct tcp_segment *s = a->segment;
    uint32_t offset = s->seq - (h->irs + 1);
    uint32_t window = min_u32(tcp_receive_initial(&tcp_listener_at(t, h->listener)->settings->o),
                              UINT16_MAX); /* what the SYN,ACK announced */
    bool text = s->payload_size || (s->flags & WEIR_TCP_FIN);

    if ((s->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST)) == WEIR_TCP_SYN &&
        s->seq == h->irs) {
        if (!ecn_half_syn(h, &tcp_listener_at(t, h->listener)->settings->o, s)) {
            trace_drop(t, h->id, WEIR_DROP_ECN_CONFLICT, s);
            trace_state(t, h->id, WEIR_TCP_SYN_RECEIVED, WEIR_TCP_CLOSED, WEIR_REASON_ECN);
            out->rst = true;
            out->remove = name;
            return false;
        }
        out->syn_ack = h->flags & HALF_DEFERRED ? 0 : name; /* their SYN again */
        return false;
    }
    if (s->flags & WEIR_TCP_RST) {
        trace_drop(t, h->id, offset == 0 ? WEIR_DROP_HALF_OPEN_RST : WEIR_DROP_HALF_OPEN_SEQUENCE,
                   s);
        if (offset == 0) { /* back to LISTEN */
            trace_state(t, h->id, WEIR_TCP_SYN_RECEIVED, WEIR_TCP_CLOSED, WEIR_REASON_RST_IN);
            out->remove = name;
        } else if (offset < window) {
            answer_with_ack(t, h, a, out);
        }
        return false;
    }
    if (offset > window - text || (s->flags & WEIR_TCP_SYN) ||
        ((h->flags & HALF_TIMESTAMPS) && (s->options.present & WEIR_SEGMENT_TIMESTAMPS) &&
         (int32_t)(s->options.ts_val - h->ts_recent) < 0)) {
        trace_drop(t, h->id, WEIR_DROP_HALF_OPEN_SEQUENCE, s);
        answer_with_ack(t, h, a, out);
        return false;
    }
    return true;
}

/* The round trip of the SYN,ACK: of one that was sent once (Karn), or by the echoed timestamp (RFC 7323 4). */
static void sample_rtt(struct tcp *t, struct tcp_conn *c, const struct half_open *h,
                       const struct tcp_options *o)
{
    if (h->sent_out == 1) {
        rtt_sample(t, c, (weir_time)((uint32_t)(t->env->now / WEIR_US) - h->sent_us) * WEIR_US);
    } else if (c->timestamps && (o->present & WEIR_SEGMENT_TIMESTAMPS) && h->sent_out) {
        rtt_sample_echo(t, c, o->ts_ecr);
    } else if (h->retries) {
        rtt_syn_lost(c);
    }
}

struct tcp_conn *half_promote(struct tcp *t, const struct half_open *h, const struct tcp_arrival *a)
{
    struct listener *l = tcp_listener_at(t, h->listener);
    struct tcp_conn *c = tcp_conn_new(t, &a->tuple, l->settings, true);
    struct tcp_segment syn = {.seq = h->irs, .ack = h->iss, .window = h->window};

    if (!c) {
        return NULL;
    }
    if (!ecn_half_promote(t, c, h)) {
        tcp_conn_free(t, c);
        return NULL;
    }
    c->id = h->id;
    c->iss = h->iss;
    c->state = WEIR_TCP_SYN_RECEIVED; /* the entry's transition was traced */
    c->snd_una = seq_from_isn(c->iss);
    c->snd_nxt = c->snd_end = c->snd_una + 1;
    c->rcv_wscale = window_scale_for(&l->settings->o);
    c->rcv_adv = min_u32(c->rcv_limit, UINT16_MAX); /* relative: see learn_peer */
    c->path_mtu = (uint16_t)min_u32(a->mtu, UINT16_MAX);
    syn.options.present = (uint16_t)((h->peer_mss ? WEIR_SEGMENT_MSS : 0) |
                                     (h->flags & HALF_SACK ? WEIR_SEGMENT_SACK_PERMITTED : 0) |
                                     (h->flags & HALF_TIMESTAMPS ? WEIR_SEGMENT_TIMESTAMPS : 0) |
                                     (h->flags & HALF_WSCALE ? WEIR_SEGMENT_WSCALE : 0));
    syn.options.mss = h->peer_mss;
    syn.options.wscale = h->wscale;
    syn.options.ts_val = h->ts_recent;
    synsent_learn_peer(t, c, &syn);
    sample_rtt(t, c, h, &a->segment->options);
    return c;
}

void listen_queue(struct tcp *t, struct listener *l, struct tcp_conn *c)
{
    c->listener = l->index;
    c->accept_next = 0;
    if (l->accept_tail) {
        tcp_conn_at(t, l->accept_tail)->accept_next = c->index;
    } else {
        l->accept_head = c->index;
    }
    l->accept_tail = c->index;
    l->accept_count++;
    tcp_listener_event(t, l, WEIR_EVENT_ACCEPT);
}

void tcp_half_input(struct tcp *t, uint32_t name, const struct tcp_arrival *a,
                    struct tcp_outcome *out)
{
    struct half_open *h = tcp_half_at(t, name);
    struct listener *l = tcp_listener_at(t, h->listener);
    const struct tcp_segment *s = a->segment;
    enum weir_drop drop = WEIR_DROP_NONE;

    if (!check_half(t, name, a, out)) {
        return;
    }
    if (!(s->flags & WEIR_TCP_ACK)) {
        drop = WEIR_DROP_NO_ACK;
    } else if (s->ack != h->iss + 1 || (h->flags & HALF_DEFERRED)) {
        drop = WEIR_DROP_HALF_OPEN_ACK;
        out->rst = true;
    } else if (l->accept_count >= l->backlog) {
        /* the SYN,ACK is sent again and they answer again: perhaps there is room then */
        drop = WEIR_DROP_BACKLOG_FULL;
        out->rst = l->abort_on_overflow;
        out->remove = l->abort_on_overflow ? name : 0;
    } else {
        out->conn = half_promote(t, h, a);
        drop = out->conn ? WEIR_DROP_NONE : WEIR_DROP_NO_MEMORY;
    }
    if (drop != WEIR_DROP_NONE) {
        trace_drop(t, h->id, drop, s);
        if (out->remove) {
            trace_state(t, h->id, WEIR_TCP_SYN_RECEIVED, WEIR_TCP_CLOSED, WEIR_REASON_BACKLOG);
        }
        return;
    }
    out->remove = name;
    listen_queue(t, l, out->conn);
}

struct tcp_conn *tcp_accept(struct tcp *t, struct listener *l)
{
    struct tcp_conn *c;

    if (!l->accept_head) {
        return NULL;
    }
    c = tcp_conn_at(t, l->accept_head);
    l->accept_head = c->accept_next;
    if (!l->accept_head) {
        l->accept_tail = 0;
    }
    l->accept_count--;
    c->listener = 0;
    c->accept_next = 0;
    if (c->events) { /* what happened while it waited */
        tcp_event(t, c, c->events);
    }
    return c;
}
