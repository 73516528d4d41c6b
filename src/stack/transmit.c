/*
 * transmit.c - weir_output: timers that are due, then frames, at most n of them.
 *
 * Order: replies without a connection, the rest of a super-segment that is being cut, then connections in
 * FIFO order, one super-segment a turn, so that a bulk sender never starves the others.
 */
#include "stack/stack.h"

#include <assert.h>

#include "tcp/auth.h"
#include "tcp/scoreboard.h"
#include "tcp/trace.h"
#include "wire/checksum.h"

#define TIMER_FACTOR 4 /* timer expirations per call: at most this many times n */

/* ---- Paths ---------------------------------------------------------------------------------------------- */

uint32_t stack_link_mtu(const struct weir_stack *s, uint32_t link, bool v4)
{
    return link == IP_LINK_LOOPBACK ? UINT16_MAX : ip_link_mtu(&s->ip, link, v4);
}

/* The connection's path, looked up again when the tables changed. false: there is none now. */
bool stack_path(struct weir_stack *s, struct tcp_conn *c, struct ip_path *path)
{
    uint32_t link = c->bound_link == UINT16_MAX ? WEIR_ANY_LINK : c->bound_link;

    if (LIKELY(c->path_generation == s->ip.generation)) {
        *path = (struct ip_path){c->path_generation, c->path_neighbor, c->path_link, c->path_mtu};
        return true;
    }
    if (ip_path_find(&s->ip, &c->remote, &c->local, link, path, NULL) != WEIR_OK) {
        return false;
    }
    c->path_generation = path->generation;
    c->path_neighbor = path->neighbor;
    c->path_link = path->link;
    if (!c->settings->o.path_mtu_discovery) {
        path->mtu = (uint16_t)stack_link_mtu(s, path->link, ip_addr_is_v4(&c->remote));
    }
    if (path->mtu != c->path_mtu) {
        tcp_set_mtu(&s->tcp, c, path->mtu);
    }
    return true;
}

/* Nothing can leave for a while: the application is told, a timer brings the connection back. */
static void put_aside(struct weir_stack *s, struct tcp_conn *c, int error)
{
    bool told;

    if (c->state == WEIR_TCP_CLOSED) { /* only an RST was left to say */
        c->rst_pending = 0;
        tcp_touch(&s->tcp, c);
        return;
    }
    if (c->state == WEIR_TCP_SYN_SENT && error == WEIR_EHOSTUNREACH) {
        /* our own link knows that nobody is there: unlike ICMP hearsay this is final */
        tcp_finish(&s->tcp, c, error, WEIR_REASON_NEIGHBOR);
        return;
    }
    if (c->state == WEIR_TCP_SYN_SENT) {
        timeout_on_send(&s->tcp, c); /* R2 counts from the open, not from the first SYN */
    }
    told = c->soft_error == error; /* once, however often it is tried again */
    c->soft_error = (int16_t)error;
    if (timeout_unsent(&s->tcp, c)) {
        return;
    }
    if (!told) {
        tcp_event(&s->tcp, c, WEIR_EVENT_ERROR);
    }
    c->path_generation = 0;
    c->delack_at = min_u64(c->delack_at, s->env.now + WEIR_S);
    wheel_set(&s->tcp.wheel, c->index, timeout_deadline(c));
}

/* Can the connection send? If not it waits for its neighbour, or is put aside. */
static bool path_usable(struct weir_stack *s, struct tcp_conn *c, struct ip_path *path)
{
    if (UNLIKELY(!stack_path(s, c, path))) {
        put_aside(s, c, WEIR_ENETUNREACH);
        return false;
    }
    switch (ip_path_ready(&s->ip, path)) {
    case IP_READY_OK: return true;
    case IP_READY_WAIT: {
        struct ip_neighbor *n = ip_neighbor_at(&s->ip, path->neighbor);
        struct fifo f = {n->waiting_head, n->waiting_tail};

        trace_limit(&s->tcp, c, WEIR_LIMIT_NEIGHBOR);
        stack_place_push(s, &f, c, TCP_PLACE_NEIGHBOR);
        n->waiting_head = f.head;
        n->waiting_tail = f.tail;
        return false;
    }
    default: put_aside(s, c, WEIR_EHOSTUNREACH); return false;
    }
}

/* Neighbours that answered or failed: whoever waited has its turn again. */
static void wake_waiting(struct weir_stack *s)
{
    uint32_t neighbor;
    bool usable;

    while (ip_neighbor_event(&s->ip, &neighbor, &usable)) {
        struct ip_neighbor *n = ip_neighbor_at(&s->ip, neighbor);

        while (n->waiting_head) {
            struct tcp_conn *c = tcp_conn_at(&s->tcp, n->waiting_head);

            stack_place_remove(s, c);
            if (usable) {
                tcp_touch(&s->tcp, c);
            } else {
                put_aside(s, c, WEIR_EHOSTUNREACH);
            }
        }
    }
    stack_settle(s);
}

/* ---- Timers --------------------------------------------------------------------------------------------- */

static void run_half_open(struct weir_stack *s, uint32_t most)
{
    bool expired;
    uint32_t name;

    while (most-- > 0 && (name = tcp_half_due(&s->tcp, &expired)) != 0) {
        if (expired) {
            struct tcp_tuple tuple;

            tcp_half_tuple(&s->tcp, name, &tuple);
            demux_remove(&s->demux, &tuple, name);
            tcp_half_free(&s->tcp, name);
        } else {
            stack_send_syn_ack(s, name);
        }
    }
}

static void run_time_wait(struct weir_stack *s, uint32_t most)
{
    while (most-- > 0 && s->tcp.time_wait_fifo.head &&
           tcp_time_wait_at(&s->tcp, s->tcp.time_wait_fifo.head)->deadline <= s->env.now) {
        stack_time_wait_end(s, s->tcp.time_wait_fifo.head, WEIR_REASON_TIME_WAIT_OVER);
    }
}

static void run_timers(struct weir_stack *s, uint32_t most)
{
    uint32_t index;

    ip_timers(&s->ip);
    wake_waiting(s);
    if (s->tcp.half_count) {
        run_half_open(s, most);
    }
    run_time_wait(s, most);
    wheel_advance(&s->tcp.wheel, s->env.now);
    while (most-- > 0 && (index = wheel_take(&s->tcp.wheel)) != 0) {
        timeout_run(&s->tcp, tcp_conn_at(&s->tcp, index));
    }
    stack_settle(s);
}

/* ---- Frames ----------------------------------------------------------------------------------------------- */

static void publish(struct weir_stack *s, struct weir_frame *f, struct frame_block *b,
                    uint32_t link, uint32_t size, uint32_t slices)
{
    f->link = link;
    f->size = size;
    f->slice_count = slices;
    f->slices = b->slices;
    f->block = b;
    s->frames_out++;
    s->frames_sent++;
    s->bytes_sent += size;
}

/* Without memory for a frame it is tried again in a little while, not at once. */
static struct frame_block *block_or_retry(struct weir_stack *s, enum block_kind kind)
{
    struct frame_block *b = block_get(s, kind);

    s->retry_at = b ? 0 : s->env.now + TCP_MEMORY_RETRY;
    return b;
}

static bool next_reply(struct weir_stack *s, struct weir_frame *f)
{
    struct frame_block *b;
    struct ip_reply reply;

    if (!ip_reply_pending(&s->ip) || !(b = block_or_retry(s, BLOCK_REPLY))) {
        return false;
    }
    while (ip_reply_next(&s->ip, &reply)) {
        if (reply.link == IP_LINK_LOOPBACK) {
            stack_loop_push(s, reply.buffer);
            continue;
        }
        b->buffers[0] = reply.buffer;
        b->buffer_count = 1;
        b->slices[0] = (struct weir_slice){reply.buffer->data, reply.buffer->size};
        memset(&f->offload, 0, sizeof(f->offload));
        publish(s, f, b, reply.link, reply.buffer->size, 1);
        return true;
    }
    block_put(s, b);
    return false;
}

/* The next wire segment of the super-segment being cut. */
static bool next_piece(struct weir_stack *s, struct weir_frame *f)
{
    struct frame_block *piece = block_or_retry(s, BLOCK_CUT), *parent = s->cut_block;
    uint32_t slices, size;

    if (!piece) {
        return false;
    }
    if (!gso_cut_next(&s->cut, &s->env.config.ops, s->cut_complete, piece->header,
                      piece->slices + 1, &slices, &size)) {
        block_put(s, piece);
        s->cut_block = NULL;
        block_put(s, parent);
        return false;
    }
    piece->slices[0] = (struct weir_slice){piece->header, s->cut.header_size};
    piece->parent = parent;
    parent->references++;
    piece->conn = parent->conn;
    piece->generation = parent->generation;
    piece->start = s->cut_at;
    s->cut_at += size;
    piece->end = s->cut.done == s->cut.payload_size ? parent->end : s->cut_at;
    memset(&f->offload, 0, sizeof(f->offload));
    if (!s->cut_complete) {
        f->offload.csum = WEIR_CSUM_PARTIAL;
        f->offload.csum_start = (uint16_t)(s->cut.header_size - s->cut.tcp_size);
        f->offload.csum_offset = 16;
    }
    publish(s, f, piece, s->cut_link, s->cut.header_size + size, slices + 1);
    return true;
}

/* Headers of a connection's segment into the block; returns their size. */
static uint32_t build_headers(struct weir_stack *s, struct tcp_conn *c, const struct ip_path *path,
                              struct tcp_emit *e, struct frame_block *b, uint32_t *tcp_offset)
{
    uint32_t below = ip_header_size(&s->ip, path, &c->remote);
    uint32_t tcp_size = tcp_build(b->header + below, &e->segment);
    struct ip_send send = {
        .src = c->local,
        .dst = c->remote,
        .protocol = IP_PROTOCOL_TCP,
        .tos = (uint8_t)((c->settings->o.tos & ~3u) | e->segment.ecn), /* those bits are TCP's */
        .ttl = c->settings->o.ttl,
        .dont_fragment = c->settings->o.path_mtu_discovery &&
                         (path->mtu > IP4_PMTU_MIN || !ip_addr_is_v4(&c->local)),
        .id = c->ip_id,
        .payload_size = tcp_size + e->payload_size,
    };

    c->ip_id = (uint16_t)(c->ip_id +
                          (e->gso_size ? (e->payload_size + e->gso_size - 1u) / e->gso_size : 1u));
    ip_header_build(&s->ip, path, &send, b->header);
    *tcp_offset = below;
    return below + tcp_size;
}

/* The sum of a whole TCP segment; of its payload only what is not known. */
static uint64_t segment_sum(const struct weir_stack *s, const struct frame_block *b,
                            const struct tcp_emit *e, uint32_t tcp_offset, uint64_t sum)
{
    const struct weir_ops *ops = &s->env.config.ops;

    if (e->summed && e->sums[0] && !e->gso_size) {
        return csum_add_at(csum_slices(ops, b->slices, 1, tcp_offset, sum), e->sums[0], 0);
    }
    return csum_slices(ops, b->slices, e->payload_slices + 1, tcp_offset, sum);
}

/* The checksum of a segment that is not cut: whole, or the pseudo-header's part for the device. */
static void finish_checksum(struct weir_stack *s, const struct tcp_conn *c, struct frame_block *b,
                            const struct tcp_emit *e, uint32_t tcp_offset,
                            struct weir_offload *offload, bool partial)
{
    uint32_t size = (uint32_t)b->slices[0].size + e->payload_size;
    uint8_t *field = b->header + tcp_offset + 16;
    uint64_t sum = csum_pseudo(&c->local, &c->remote, IP_PROTOCOL_TCP, size - tcp_offset);

    memset(offload, 0, sizeof(*offload));
    if (partial) {
        csum_store(field, csum_fold(sum));
        offload->csum = WEIR_CSUM_PARTIAL;
        offload->csum_start = (uint16_t)tcp_offset;
        offload->csum_offset = 16;
    } else {
        csum_store(field, csum_finish(segment_sum(s, b, e, tcp_offset, sum)));
    }
}

/* Turns a segment to an own address round. */
static void loop_back(struct weir_stack *s, struct frame_block *b, uint32_t slices, uint32_t size,
                      const struct weir_offload *offload)
{
    struct weir_buffer *buffer = buffer_alloc(&s->env.buffers, size);

    if (buffer) {
        for (uint32_t i = 0; i < slices; i++) {
            memcpy(buffer->data + buffer->size, b->slices[i].data, b->slices[i].size);
            buffer->size += (uint32_t)b->slices[i].size;
        }
        buffer->offload = *offload;
        stack_loop_push(s, buffer);
    } else {
        s->env.dropped[WEIR_DROP_NO_MEMORY]++;
    }
    block_put(s, b);
}

static void start_cut(struct weir_stack *s, struct frame_block *b, uint32_t slices, uint32_t link,
                      uint32_t link_size, const struct tcp_emit *e)
{
    bool ok = gso_cut_begin(&s->cut, b->slices, slices, link_size, e->gso_size);

    ASSERT(ok); /* our own headers */
    static_assert(GSO_SUMS == CHUNKSUM_MAX, "one sum for each segment that is cut");
    if (e->summed) {
        memcpy(s->cut.payload_sums, e->sums, sizeof(s->cut.payload_sums));
    }
    s->cut_block = b;
    s->cut_link = link;
    s->cut_complete = !s->ip.links[link].config.tx_csum;
    s->cut_at = e->start;
}

/* What leaves: a frame for the device, pieces of it, or a packet to ourselves. True: *f was filled. */
static bool dispatch(struct weir_stack *s, struct tcp_conn *c, const struct ip_path *path,
                     struct tcp_emit *e, struct frame_block *b, struct weir_frame *f)
{
    const struct weir_link_config *link =
        path->link == IP_LINK_LOOPBACK ? NULL : &s->ip.links[path->link].config;
    uint32_t tcp_offset, headers = build_headers(s, c, path, e, b, &tcp_offset);
    uint32_t size = headers + e->payload_size, slices = e->payload_slices + 1;

    b->slices[0] = (struct weir_slice){b->header, headers};
    memcpy(b->slices + 1, e->slices, e->payload_slices * sizeof(e->slices[0]));
    if (e->gso_size && link && !link->tx_gso) {
        start_cut(s, b, slices, path->link, s->ip.links[path->link].header_size, e);
        return next_piece(s, f);
    }
    if (UNLIKELY(c->auth) && !auth_sign(&s->tcp, c, b->header + tcp_offset, &e->segment,
                                        b->slices + 1, e->payload_slices)) {
        s->env.dropped[WEIR_DROP_AUTH_MAC]++; /* it counts as lost: the timer tries again */
        block_put(s, b);
        return false;
    }
    finish_checksum(s, c, b, e, tcp_offset, &f->offload, !link || link->tx_csum || link->tx_gso);
    if (e->gso_size) {
        f->offload.gso_size = e->gso_size;
        f->offload.gso_type = ip_addr_is_v4(&c->local) ? WEIR_GSO_TCP4 : WEIR_GSO_TCP6;
    }
    if (!link) {
        loop_back(s, b, slices, size, &f->offload);
        return false;
    }
    publish(s, f, b, path->link, size, slices);
    return true;
}

static void keep_buffers(struct weir_stack *s, struct tcp_conn *c, const struct tcp_emit *e,
                         struct frame_block *b)
{
    b->conn = c->index;
    b->generation = c->generation;
    b->start = e->start;
    b->end = e->end;
    b->buffer_count = (uint8_t)e->payload_slices;
    for (uint32_t i = 0; i < e->payload_slices; i++) {
        b->buffers[i] = e->buffers[i];
        buffer_ref(b->buffers[i]);
    }
    if (e->start != e->end) {
        scoreboard_frame_out(&s->tcp, c, e->start, e->end);
    }
}

static struct tcp_emit_limits limits_of(const struct weir_stack *s, const struct ip_path *path,
                                        bool v4)
{
    struct tcp_emit_limits limits = {.mtu = stack_link_mtu(s, path->link, v4),
                                     .super_size = UINT16_MAX};

    if (path->link != IP_LINK_LOOPBACK) {
        const struct weir_link_config *link = &s->ip.links[path->link].config;

        limits.super_size = link->tx_gso_max;
        limits.sum_payload = !link->tx_csum && !link->tx_gso;
    }
    return limits;
}

/* One turn of the first ready connection. True: *f was filled. */
static bool next_segment(struct weir_stack *s, struct weir_frame *f)
{
    struct tcp_conn *c = tcp_conn_at(&s->tcp, s->tcp.ready.head);
    struct tcp_emit_limits limits;
    struct frame_block *b;
    struct tcp_emit e;
    struct ip_path path;
    bool filled = false;

    stack_place_remove(s, c);
    if (!path_usable(s, c, &path)) {
        stack_settle(s);
        return false;
    }
    b = block_get(s, BLOCK_DATA);
    if (!b) {
        put_aside(s, c, WEIR_ENOBUFS);
        return false;
    }
    limits = limits_of(s, &path, ip_addr_is_v4(&c->remote));
    if (tcp_output(&s->tcp, c, &limits, &e)) {
        keep_buffers(s, c, &e, b);
        filled = dispatch(s, c, &path, &e, b, f);
    } else {
        block_put(s, b);
        if (tcp_due(&s->tcp, c) != TCP_DUE_NOTHING) { /* no memory: a timer brings it back */
            wheel_set(&s->tcp.wheel, c->index, timeout_deadline(c));
            return false;
        }
    }
    tcp_touch(&s->tcp, c);
    stack_settle(s); /* still due: to the end of the FIFO */
    return filled;
}

static bool next_frame(struct weir_stack *s, struct weir_frame *f, size_t *turns)
{
    while ((*turns)-- > 0) {
        if (s->cut_block) {
            if (next_piece(s, f)) {
                return true;
            }
            if (s->cut_block) {
                return false; /* no memory for a piece: the next call tries again */
            }
            stack_settle(
                s); /* the last piece may come back before all was cut: what waited for it is due */
            continue;
        }
        if (next_reply(s, f)) {
            return true;
        }
        if (!s->tcp.ready.head) {
            return false;
        }
        if (next_segment(s, f)) {
            return true;
        }
    }
    return false;
}

size_t weir_output(struct weir_stack *s, struct weir_frame frames[], size_t n, weir_time now)
{
    size_t count = 0, turns = n * TIMER_FACTOR + 1;
    uint32_t most = (uint32_t)min_u64((uint64_t)n * TIMER_FACTOR, UINT32_MAX);

    if (UNLIKELY(s->dying)) {
        return 0;
    }
    stack_clock(s, now);
    stack_loop_run(s, most);
    run_timers(s, most);
    while (count < n && next_frame(s, &frames[count], &turns)) {
        count++;
    }
    if (UNLIKELY(s->udp.blocked)) {
        udp_wake(s);
    }
    return count;
}

weir_time weir_deadline(const struct weir_stack *s)
{
    weir_time best;

    if (UNLIKELY(s->dying)) {
        return WEIR_NEVER;
    }
    best = s->cut_block || ip_reply_pending(&s->ip) ? s->retry_at : WEIR_NEVER;
    if (s->loop_head || best <= s->env.now || (s->tcp.ready.head && !s->cut_block)) {
        return s->env.now;
    }
    best = min_u64(best, min_u64(ip_deadline(&s->ip), wheel_next(&s->tcp.wheel)));
    if (s->tcp.half_count) {
        best = min_u64(best, tcp_half_deadline(&s->tcp));
    }
    if (s->tcp.time_wait_fifo.head) {
        best = min_u64(best, tcp_time_wait_at(&s->tcp, s->tcp.time_wait_fifo.head)->deadline);
    }
    return best;
}
