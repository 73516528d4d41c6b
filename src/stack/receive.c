/* receive.c - weir_input: from a frame to the connection, entry or listener it is for. */
#include "stack/stack.h"
#include "tcp/auth.h"
#include "tcp/trace.h"

static void answer_rst(struct weir_stack *s, const struct tcp_arrival *a, const struct ip_packet *p)
{
    struct tcp_segment rst;

    if (a->to_group) {
        return;
    }
    tcp_make_rst(a->segment, &rst);
    trace_segment(&s->tcp, WEIR_RECORD_SEGMENT_OUT, 0, &rst, 0, 0, 1, 0);
    stack_reply_tcp(s, &a->tuple, &rst, p->link, s->env.config.tcp.ttl, 0);
}

static void carry_out(struct weir_stack *s, const struct tcp_arrival *a, const struct ip_packet *p,
                      struct tcp_outcome *out);

static void send_cookie(struct weir_stack *s, struct listener *l, const struct tcp_arrival *a,
                        const struct ip_packet *p)
{
    const struct weir_tcp_options *o = &l->settings->o;
    struct tcp_segment seg;

    tcp_cookie_syn_ack(&s->tcp, l, a, stack_announced_mtu(s, &a->tuple, p->link), &seg);
    stack_reply_tcp(s, &a->tuple, &seg, p->link, o->ttl, o->tos);
}

static void for_listener(struct weir_stack *s, const struct tcp_arrival *a,
                         const struct ip_packet *p)
{
    struct listener *l = demux_listener(&s->demux, &a->tuple, p->link);
    struct tcp_outcome out = {0};

    if (!l) {
        bool rst = (a->segment->flags & WEIR_TCP_RST) != 0;

        trace_drop(&s->tcp, 0, rst ? WEIR_DROP_TCP_RST_NO_CONNECTION : WEIR_DROP_TCP_NO_CONNECTION,
                   a->segment);
        if (!rst) {
            answer_rst(s, a, p);
        }
        return;
    }
    if (UNLIKELY(l->settings->keys || (a->segment->options.present & WEIR_SEGMENT_MD5))) {
        struct tcp_arrival keyed = *a;

        if (!stack_keyed_listen(s, l, &keyed, p)) {
            return;
        }
        keyed.mtu = stack_path_mtu(s, &a->tuple, p->link);
        tcp_listen_input(&s->tcp, l, &keyed, &out);
    } else if (l->fastopen_queue ||
               (!(a->segment->flags & WEIR_TCP_SYN) && tcp_cookie_expected(&s->tcp, l))) {
        struct tcp_arrival with_mtu = *a;

        with_mtu.mtu = stack_path_mtu(s, &a->tuple, p->link);
        tcp_listen_input(&s->tcp, l, &with_mtu, &out);
    } else {
        tcp_listen_input(&s->tcp, l, a, &out);
    }
    if (out.cookie) {
        send_cookie(s, l, a, p);
    }
    carry_out(s, a, p, &out);
}

/* A newer SYN for a connection in TIME-WAIT, which used numbers up to `used`. */
static void reopen(struct weir_stack *s, const struct tcp_arrival *a, const struct ip_packet *p,
                   uint32_t used, struct tcp_conn *old)
{
    struct tcp_arrival above = *a;

    if (old) {
        tcp_finish(&s->tcp, old, 0, WEIR_REASON_TIME_WAIT_REUSED);
        stack_settle(s); /* the old connection leaves the demux */
    }
    above.isn_above = &used;
    for_listener(s, &above, p);
}

/* What a connection did not want. */
static NOINLINE void not_for_conn(struct weir_stack *s, struct tcp_conn *c,
                                  enum tcp_verdict verdict, const struct tcp_arrival *a,
                                  const struct ip_packet *p)
{
    switch (verdict) {
    case TCP_VERDICT_RST:
        if (UNLIKELY(c->auth)) {
            stack_keyed_rst(s, c, a, p);
        } else {
            answer_rst(s, a, p);
        }
        break;
    case TCP_VERDICT_LISTEN:
        if (!demux_listener(&s->demux, &a->tuple, p->link)) {
            tcp_syn_refused(&s->tcp, c, a->segment);
            break;
        }
        reopen(s, a, p, seq_wire(c->snd_nxt), c);
        break;
    default: break;
    }
}

static inline void for_conn(struct weir_stack *s, struct tcp_conn *c, const struct tcp_arrival *a,
                            const struct ip_packet *p)
{
    enum tcp_verdict verdict = tcp_input(&s->tcp, c, a->segment, a->buffer, a->gso_size);

    if (UNLIKELY(verdict != TCP_VERDICT_DONE)) {
        not_for_conn(s, c, verdict, a, p);
    }
}

/* What listening and half-open code wants done. */
static void carry_out(struct weir_stack *s, const struct tcp_arrival *a, const struct ip_packet *p,
                      struct tcp_outcome *out)
{
    if (out->remove) {
        demux_remove(&s->demux, &a->tuple, out->remove);
        tcp_half_free(&s->tcp, out->remove);
    }
    if (out->enter) {
        demux_enter(&s->demux, &a->tuple, out->enter);
    }
    if (out->syn_ack) {
        stack_send_syn_ack(s, out->syn_ack);
    }
    if (out->rst) {
        answer_rst(s, a, p);
    }
    if (out->ack) {
        stack_reply_tcp(s, &a->tuple, &out->reply, p->link, s->env.config.tcp.ttl, 0);
    }
    if (out->opened) {
        out->opened->path_link = (uint16_t)p->link;
        demux_enter(&s->demux, &a->tuple, tcp_name(TCP_KIND_CONN, out->opened->index));
        out->opened->in_demux = 1;
    }
    if (out->conn) {
        out->conn->path_link = (uint16_t)p->link;
        demux_enter(&s->demux, &a->tuple, tcp_name(TCP_KIND_CONN, out->conn->index));
        out->conn->in_demux = 1;
        for_conn(s, out->conn, a, p);
    }
}

static void for_time_wait(struct weir_stack *s, uint32_t index, const struct tcp_arrival *a,
                          const struct ip_packet *p)
{
    struct tcp_segment reply;
    bool answer = false, gone = false;
    struct tcp_arrival told = *a;
    enum tcp_verdict verdict;
    uint32_t used = tcp_time_wait_at(&s->tcp, index)->snd_nxt;

    told.listened =
        (a->segment->flags & WEIR_TCP_SYN) && demux_listener(&s->demux, &a->tuple, p->link) != NULL;
    verdict = tcp_time_wait_input(&s->tcp, index, &told, &answer, &reply, &gone);

    if (answer) {
        stack_reply_tcp(s, &a->tuple, &reply, p->link, s->env.config.tcp.ttl, 0);
    }
    if (gone) {
        stack_time_wait_end(s, index,
                            verdict == TCP_VERDICT_LISTEN ? WEIR_REASON_TIME_WAIT_REUSED
                                                          : WEIR_REASON_RST_IN);
    }
    if (verdict == TCP_VERDICT_LISTEN) {
        reopen(s, a, p, used, NULL);
    }
}

static void for_half(struct weir_stack *s, uint32_t name, const struct tcp_arrival *a,
                     const struct ip_packet *p)
{
    struct tcp_outcome out = {0};
    struct tcp_arrival with_mtu = *a;

    if (UNLIKELY(stack_keyed_half(s, name, a))) {
        out.remove = name;
        carry_out(s, a, p, &out);
        for_listener(s, a, p);
        return;
    }
    if (UNLIKELY(a->segment->options.present & WEIR_SEGMENT_MD5)) {
        trace_drop(&s->tcp, 0, WEIR_DROP_AUTH_UNEXPECTED, a->segment);
        return;
    }
    with_mtu.mtu = stack_path_mtu(s, &a->tuple, p->link);
    tcp_half_input(&s->tcp, name, &with_mtu, &out);
    carry_out(s, a, p, &out);
}

/* Does the segment carry the MAC that the connection asks for? Nothing of it counts if not. */
static NOINLINE bool authentic(struct weir_stack *s, struct tcp_conn *c,
                               const struct tcp_arrival *a)
{
    enum weir_drop drop = auth_check(&s->tcp, c, a);

    if (drop != WEIR_DROP_NONE) {
        trace_drop(&s->tcp, c->id, drop, a->segment);
    }
    return drop == WEIR_DROP_NONE;
}

static inline void dispatch(struct weir_stack *s, const struct tcp_arrival *a,
                            const struct ip_packet *p)
{
    uint32_t name = demux_find(&s->demux, &a->tuple);

    if (LIKELY(name && tcp_name_kind(name) == TCP_KIND_CONN)) {
        struct tcp_conn *c = tcp_conn_at(&s->tcp, name);

        if (UNLIKELY(c->auth || (a->segment->options.present & WEIR_SEGMENT_MD5)) &&
            !authentic(s, c, a)) {
            return;
        }
        for_conn(s, c, a, p);
    } else if (!name) {
        for_listener(s, a, p);
    } else if (tcp_name_kind(name) == TCP_KIND_TIME_WAIT) {
        for_time_wait(s, name & TCP_INDEX_MASK, a, p);
    } else {
        for_half(s, name, a, p);
    }
}

static enum weir_drop parse_tcp(struct weir_stack *s, const struct ip_packet *p,
                                struct tcp_segment *seg)
{
    enum weir_drop drop = tcp_parse(p->buffer->data, p->buffer->size, seg);

    if (drop == WEIR_DROP_NONE && p->csum == WEIR_CSUM_NONE &&
        !tcp_checksum_ok(&s->env.config.ops, p->buffer->data, p->buffer->size, &p->src, &p->dst)) {
        return WEIR_DROP_TCP_CHECKSUM;
    }
    if (drop == WEIR_DROP_NONE && (seg->src_port == 0 || seg->dst_port == 0)) {
        return WEIR_DROP_TCP_PORT_ZERO;
    }
    return drop;
}

static void receive_tcp(struct weir_stack *s, struct ip_packet *p)
{
    struct tcp_segment seg;
    enum weir_drop drop = parse_tcp(s, p, &seg);
    struct tcp_arrival a;

    if (UNLIKELY(drop != WEIR_DROP_NONE)) {
        env_drop(&s->env, drop, p->link, 0);
        return;
    }
    if (UNLIKELY(
            seg.options
                .illegal)) { /* survived (MUST-7): what came before it is used, it is counted */
        env_drop(&s->env, WEIR_DROP_TCP_OPTION, p->link, 0);
    }
    seg.ecn = p->tos & 3;
    a.tuple = (struct tcp_tuple){p->dst, p->src, seg.dst_port, seg.src_port};
    a.segment = &seg;
    a.buffer = &p->buffer;
    a.gso_size = p->gso_size;
    a.link = (uint16_t)p->link;
    a.mtu = 0;
    a.to_group = p->to_group;
    a.listened = false;
    a.isn_above = NULL;
    a.key = NULL;
    dispatch(s, &a, p);
}

static void receive_error(struct weir_stack *s, const struct ip_error *e)
{
    struct tcp_tuple tuple = {e->src, e->dst, e->src_port, e->dst_port};
    struct tcp_icmp icmp = {
        .hard = e->kind == IP_ERROR_HARD || e->kind == IP_ERROR_PROHIBITED,
        .too_big = e->kind == IP_ERROR_TOO_BIG,
        .error = e->error,
        .seq = e->tcp_seq,
        .mtu = e->mtu,
    };
    uint32_t name;
    struct ip_path path;
    struct tcp_conn *c;

    if (UNLIKELY(s->udp.raw_head) && raw_error(s, e) && e->protocol != IP_PROTOCOL_TCP &&
        e->protocol != IP_PROTOCOL_UDP) {
        return;
    }
    if (e->protocol == IP_PROTOCOL_UDP) {
        udp_error(s, e);
        return;
    }
    name = e->protocol == IP_PROTOCOL_TCP ? demux_find(&s->demux, &tuple) : 0;
    if (name && (tcp_name_kind(name) == TCP_KIND_HALF4 || tcp_name_kind(name) == TCP_KIND_HALF6)) {
        if (tcp_half_icmp(&s->tcp, name, &icmp)) {
            demux_remove(&s->demux, &tuple, name);
            tcp_half_free(&s->tcp, name);
        }
        return;
    }
    if (!name || tcp_name_kind(name) != TCP_KIND_CONN) {
        env_drop(&s->env, WEIR_DROP_ICMP_NO_CONNECTION, e->link, 0);
        return;
    }
    c = tcp_conn_at(&s->tcp, name);
    if (UNLIKELY(c->auth) && !stack_keyed_icmp(s, c, e)) {
        return;
    }
    if (tcp_icmp_error(&s->tcp, c, &icmp) && ip_pmtu_learn(&s->ip, &e->dst, e->mtu)) {
        (void)stack_path(s, c, &path);
    }
}

void stack_receive(struct weir_stack *s, uint32_t link, struct weir_buffer *b)
{
    struct ip_packet packet;
    struct ip_error error;

    s->frames_in++;
    s->bytes_in += b->size;
    b->aux32 = link < IP_LINKS_MAX ? s->ip.links[link].config.copy_below : 0;
    switch (ip_input(&s->ip, link, b, &packet, &error)) {
    case IP_PACKET:
        if (UNLIKELY(s->udp.transport_tapped)) {
            (void)raw_receive(s, &packet);
        }
        if (LIKELY(packet.protocol == IP_PROTOCOL_TCP)) {
            receive_tcp(s, &packet);
        } else if (packet.protocol == IP_PROTOCOL_UDP) {
            udp_receive(s, &packet);
        }
        buffer_unref(&s->env.buffers, packet.buffer);
        break;
    case IP_ERROR: receive_error(s, &error); break;
    default: break;
    }
}

void weir_input(struct weir_stack *s, uint32_t link, struct weir_buffer *buffers[], size_t n,
                weir_time now)
{
    stack_clock(s, now);
    for (size_t i = 0; i < n; i++) {
        if (UNLIKELY(s->dying)) { /* only frames and buffers are still to come back */
            buffer_unref(&s->env.buffers, buffers[i]);
            continue;
        }
        if (link >= s->ip.link_count || !s->ip.links[link].used) {
            env_drop(&s->env, WEIR_DROP_LINK_DOWN, link, 0);
            buffer_unref(&s->env.buffers, buffers[i]);
            continue;
        }
        stack_receive(s, link, buffers[i]);
    }
    stack_settle(s);
}

void stack_loop_run(struct weir_stack *s, uint32_t most)
{
    while (s->loop_head && most-- > 0) {
        struct weir_buffer *b = s->loop_head;

        s->loop_head = b->next;
        if (!s->loop_head) {
            s->loop_tail = NULL;
        }
        s->loop_count--;
        b->next = NULL;
        stack_receive(s, IP_LINK_LOOPBACK, b);
    }
    stack_settle(s);
}
