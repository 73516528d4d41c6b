/* stack.c - see stack.h: making and freeing a stack; settling. */
#include "stack/stack.h"

#include "tcp/flight.h"
#include "tcp/trace.h"

void weir_tcp_options_default(struct weir_tcp_options *o)
{
    *o = (struct weir_tcp_options){
        .size = sizeof(*o),
        .window_scaling = true,
        .timestamps = true,
        .sack = true,
        .delayed_ack = true,
        .ttl = 64,
        .congestion = WEIR_CC_CUBIC,
        .burst_segments = 2,
        .quickack = WEIR_QUICKACK_ADAPTIVE,
        .receive_buffer_max = 6u << 20,
        .send_buffer_max = 4u << 20,
        .receive_lowat = 1,
        .notsent_lowat = UINT32_MAX,
        .delayed_ack_time = 40 * WEIR_MS,
        .keepalive_idle = 7200 * WEIR_S,
        .keepalive_interval = 75 * WEIR_S,
        .keepalive_probes = 9,
        .r1_retransmissions = 3,
        .r2_time = 100 * WEIR_S,
        .syn_r2_time = 180 * WEIR_S,
        .syn_retries = 7,
        .synack_retries = 7,
        .ecn = WEIR_ECN_PASSIVE,
        .accecn_option = WEIR_ACCECN_OPTION_FULL,
        .accecn_beacon = 3,
        .ecn_fallback = true,
        .path_mtu_discovery = true,
        .mtu_probing = WEIR_MTU_PROBING_BLACK_HOLE,
        .mtu_base_mss = 1024,
        .mtu_probe_floor = 512,
        .mtu_probe_threshold = 8,
        .mtu_probe_interval = 600 * WEIR_S,
        .user_timeout_min = 100 * WEIR_S,
        .user_timeout_max = 3600 * WEIR_S,
        .rto_min = 200 * WEIR_MS,
        .rto_max = 120 * WEIR_S,
    };
}

void weir_config_default(struct weir_config *c)
{
    *c = (struct weir_config){
        .size = sizeof(*c),
        .half_open_max = 4096,
        .time_wait_max = 65536,
        .msl = 30 * WEIR_S,
        .port_first = 32768,
        .port_last = 60999,
        .ring_records = 1024,
        .reassembly_bytes = 256 * 1024,
        .neighbors_max = 1024,
        .answer_echo = true,
        .syncookies = WEIR_SYNCOOKIES_AUTO,
        .time_wait_reuse = WEIR_REUSE_LOOPBACK,
        .fastopen_cache = 256,
        .orphans_max = 65536,
        .orphan_retries = 8,
        .challenge_spacing = 500 * WEIR_MS,
    };
    weir_tcp_options_default(&c->tcp);
}

bool stack_options_valid(const struct weir_tcp_options *o)
{
    return o->size == sizeof(*o) && o->congestion < WEIR_CC_COUNT && o->ttl > 0 &&
           tcp_buffer_valid(o->receive_buffer) && tcp_buffer_valid(o->send_buffer) &&
           o->receive_buffer_max <= TCP_BUFFER_MAX && o->send_buffer_max <= TCP_BUFFER_MAX &&
           o->quickack < WEIR_QUICKACK_COUNT && o->receive_lowat && o->notsent_lowat &&
           o->delayed_ack_time < 500 * WEIR_MS /* MUST-40 */ && o->burst_segments &&
           o->keepalive_idle && o->keepalive_interval && o->keepalive_probes > 1 &&
           o->keepalive_probes < UINT8_MAX && o->r2_time && o->syn_r2_time &&
           o->synack_retries < HALF_LEVELS && o->ecn <= WEIR_ECN_ACCURATE_PASSIVE &&
           o->accecn_option <= WEIR_ACCECN_OPTION_PERSIST &&
           o->mtu_probing <= WEIR_MTU_PROBING_ALWAYS && o->mtu_base_mss >= TCP_PROBE_MSS_MIN &&
           o->mtu_probe_floor >= TCP_PROBE_MSS_MIN && o->mtu_probe_threshold &&
           o->user_timeout_min <= o->user_timeout_max && o->user_timeout_max &&
           tcp_rto_valid(o->rto_min, o->rto_max);
}

static bool config_valid(const struct weir_config *c)
{
    uint8_t any = 0;

    if (c->size != sizeof(*c) || !stack_options_valid(&c->tcp) || c->port_first == 0 ||
        c->port_first > c->port_last || (c->ring_records & (c->ring_records - 1)) || c->msl == 0 ||
        c->forwarding || c->syncookies > WEIR_SYNCOOKIES_ALWAYS ||
        c->time_wait_reuse > WEIR_REUSE_ALWAYS) {
        return false;
    }
    for (size_t i = 0; i < sizeof(c->secret); i++) {
        any |= c->secret[i];
    }
    return any || c->reproducible;
}

/* Frames for what is queued must be possible even when the queues have taken all other memory. */
static bool reserve_blocks(struct weir_stack *s)
{
    struct frame_block *b = block_get(s, BLOCK_REPLY);

    if (b) {
        block_put(s, b);
    }
    return b != NULL;
}

int weir_stack_new(struct weir_stack **out, const struct weir_config *config,
                   const struct weir_allocator *allocator)
{
    struct weir_stack *s;
    int error;

    if (!out || !config || !allocator || !config_valid(config)) {
        return WEIR_EINVAL;
    }
    s = allocator->alloc(allocator->ctx, sizeof(*s));
    if (!s) {
        return WEIR_ENOBUFS;
    }
    memset(s, 0, sizeof(*s));
    error = env_init(&s->env, config, allocator);
    if (error != WEIR_OK) {
        allocator->free(allocator->ctx, s, sizeof(*s));
        return error;
    }
    s->env.memory.used += sizeof(*s);
    udp_init(&s->udp, &s->env.memory);
    pool_init(&s->blocks, &s->env.memory, sizeof(struct frame_block), 4);
    error = ip_init(&s->ip, &s->env);
    if (error == WEIR_OK) {
        error = tcp_init(&s->tcp, &s->env);
        if (error == WEIR_OK) {
            error = demux_init(&s->demux, &s->tcp);
        }
        if (error == WEIR_OK && !reserve_blocks(s)) {
            demux_fini(&s->demux);
            error = WEIR_ENOBUFS;
        }
        if (error != WEIR_OK) {
            tcp_fini(&s->tcp);
        }
    }
    if (error != WEIR_OK) {
        ip_fini(&s->ip);
        pool_fini(&s->blocks);
        env_fini(&s->env);
        allocator->free(allocator->ctx, s, sizeof(*s));
        return error;
    }
    *out = s;
    return WEIR_OK;
}

static void drop_everything(struct weir_stack *s)
{
    struct weir_buffer *b, *next;
    uint32_t i;

    for (i = 1; i < pool_limit(&s->tcp.conns); i++) {
        struct tcp_conn *c = tcp_conn_at(&s->tcp, i);

        if (c->generation) {
            c->listener = 0;
            tcp_conn_free(&s->tcp, c);
        }
    }
    for (i = 0; i < HALF_LEVELS; i++) {
        while (s->tcp.half_level[i].head) {
            tcp_half_free(&s->tcp, s->tcp.half_level[i].head);
        }
    }
    while (s->tcp.time_wait_fifo.head) {
        tcp_time_wait_free(&s->tcp, s->tcp.time_wait_fifo.head, WEIR_REASON_STACK_DEL);
    }
    for (i = 1; i < pool_limit(&s->tcp.listeners); i++) {
        const struct listener *l = tcp_listener_at(&s->tcp, i);

        if (l->generation || l->in_event_list) { /* or closed, its event not yet pulled */
            tcp_listener_free(&s->tcp, tcp_listener_at(&s->tcp, i));
        }
    }
    udp_drop_all(s);
    for (b = s->loop_head; b; b = next) {
        next = b->next;
        buffer_unref(&s->env.buffers, b);
    }
    s->loop_head = s->loop_tail = NULL;
    s->tcp.touched = s->tcp.ready = s->tcp.events = (struct fifo){0, 0};
    s->demux.last = 0;
    if (s->cut_block) {
        block_put(s, s->cut_block);
        s->cut_block = NULL;
    }
}

int weir_stack_del(struct weir_stack *s)
{
    struct weir_allocator allocator;

    if (!s) {
        return WEIR_OK;
    }
    allocator = s->env.memory.allocator;
    if (!s->dying) {
        s->dying = true;
        drop_everything(s);
    }
    if (s->frames_out || s->env.buffers.foreign_out) {
        return WEIR_EBUSY;
    }
    if (!s->emptied) {
        s->emptied = true;
        ip_fini(&s->ip); /* replies and fragments hold buffers */
    }
    if (s->env.buffers.out) {
        return WEIR_EBUSY; /* a device still holds buffers of ours */
    }
    demux_fini(&s->demux);
    udp_fini(s);
    tcp_fini(&s->tcp);
    pool_fini(&s->blocks);
    s->env.memory.used -= sizeof(*s);
    env_fini(&s->env);
    allocator.free(allocator.ctx, s, sizeof(*s));
    return WEIR_OK;
}

void stack_clock(struct weir_stack *s, weir_time now)
{
    if (now > s->env.now) {
        s->env.now = now;
    }
}

/* ---- Settling ------------------------------------------------------------------------------------------ */

void stack_place_push(struct weir_stack *s, struct fifo *f, struct tcp_conn *c,
                      enum tcp_place place)
{
    c->place = (uint8_t)place;
    c->place_next = 0;
    c->place_prev = f->tail;
    if (f->tail) {
        tcp_conn_at(&s->tcp, f->tail)->place_next = c->index;
    } else {
        f->head = c->index;
    }
    f->tail = c->index;
}

void stack_place_remove(struct weir_stack *s, struct tcp_conn *c)
{
    uint32_t *head, *tail;

    if (c->place == TCP_PLACE_NONE) {
        return;
    }
    if (c->place == TCP_PLACE_READY) {
        head = &s->tcp.ready.head;
        tail = &s->tcp.ready.tail;
    } else {
        struct ip_neighbor *n = ip_neighbor_at(&s->ip, c->path_neighbor);

        head = &n->waiting_head;
        tail = &n->waiting_tail;
    }
    if (c->place_prev) {
        tcp_conn_at(&s->tcp, c->place_prev)->place_next = c->place_next;
    } else {
        *head = c->place_next;
    }
    if (c->place_next) {
        tcp_conn_at(&s->tcp, c->place_next)->place_prev = c->place_prev;
    } else {
        *tail = c->place_prev;
    }
    c->place = TCP_PLACE_NONE;
}

static void leave_demux(struct weir_stack *s, struct tcp_conn *c)
{
    if (c->in_demux) {
        struct tcp_tuple tuple = {c->local, c->remote, c->local_port, c->remote_port};

        demux_remove(&s->demux, &tuple, tcp_name(TCP_KIND_CONN, c->index));
        c->in_demux = 0;
    }
}

/* Nobody will ask about it any more: it goes, unless it still stands in the event list or an RST is due. */
static bool bury(struct weir_stack *s, struct tcp_conn *c)
{
    if (!c->orphan || c->rst_pending || c->in_event_list) {
        return false;
    }
    stack_place_remove(s, c);
    tcp_conn_free(&s->tcp, c);
    return true;
}

/* An orphan in TIME-WAIT with nothing left to say shrinks to an entry of 80 bytes. */
static bool shrink(struct weir_stack *s, struct tcp_conn *c)
{
    struct tcp_tuple tuple = {c->local, c->remote, c->local_port, c->remote_port};
    uint32_t index;

    if (!c->orphan || c->in_event_list || c->auth) { /* an entry could not check MACs */
        return false;
    }
    while (s->tcp.time_wait_count >= s->env.config.time_wait_max && s->tcp.time_wait_fifo.head) {
        stack_time_wait_end(s, s->tcp.time_wait_fifo.head, WEIR_REASON_NO_MEMORY);
    }
    index = tcp_time_wait_new(&s->tcp, c);
    if (!index) {
        return false; /* no memory: it waits as it is */
    }
    leave_demux(s, c);
    demux_enter(&s->demux, &tuple, tcp_name(TCP_KIND_TIME_WAIT, index));
    stack_place_remove(s, c);
    tcp_conn_free(&s->tcp, c);
    return true;
}

void stack_time_wait_end(struct weir_stack *s, uint32_t index, enum weir_reason reason)
{
    struct time_wait *w = tcp_time_wait_at(&s->tcp, index);
    struct tcp_tuple tuple = {w->local, w->remote, w->local_port, w->remote_port};

    demux_remove(&s->demux, &tuple, tcp_name(TCP_KIND_TIME_WAIT, index));
    tcp_time_wait_free(&s->tcp, index, reason);
}

static void settle(struct weir_stack *s, struct tcp_conn *c)
{
    enum tcp_due due;
    weir_time deadline;

    if (UNLIKELY(c->state == WEIR_TCP_CLOSED)) {
        leave_demux(s, c);
        if (bury(s, c)) {
            return;
        }
    }
    due = tcp_due(&s->tcp, c);
    if (due != TCP_DUE_NOTHING) {
        if (c->place == TCP_PLACE_NONE) {
            stack_place_push(s, &s->tcp.ready, c, TCP_PLACE_READY);
        }
    } else {
        if (c->place != TCP_PLACE_NONE) {
            stack_place_remove(s, c);
        }
        if (c->flight != &tcp_flight_none || c->fin_queued) {
            timeout_persist(&s->tcp, c);
        }
        if (UNLIKELY(c->state == WEIR_TCP_TIME_WAIT) && shrink(s, c)) {
            return;
        }
    }
    deadline = timeout_deadline(c);
    if (deadline != WEIR_NEVER) {
        wheel_set(&s->tcp.wheel, c->index, deadline);
    }
}

void stack_settle(struct weir_stack *s)
{
    struct tcp *t = &s->tcp;

    while (t->touched.head) {
        struct tcp_conn *c = tcp_conn_at(t, t->touched.head);

        t->touched.head = c->touched_next;
        if (!t->touched.head) {
            t->touched.tail = 0;
        }
        c->touched = 0;
        c->touched_next = 0;
        settle(s, c);
    }
}

void weir_stack_check(const struct weir_stack *s)
{
    uint32_t live = 0;

    ip_check(&s->ip);
    udp_check(s);
    ASSERT(s->tcp.touched.head == 0);
    for (uint32_t i = 1; i < pool_limit(&s->tcp.conns); i++) {
        const struct tcp_conn *c = tcp_conn_at(&s->tcp, i);

        if (c->generation) {
            live++;
            tcp_conn_check(&s->tcp, c);
            ASSERT(c->index == i);
            /* no connection that waits for a time without an entry in the wheel that is early enough */
            ASSERT(timeout_deadline(c) == WEIR_NEVER || c->timer.tick != 0);
        }
    }
    ASSERT(live == s->tcp.conn_count);
}
