/* tcp_kit_app.c - the stack and its application on the bench. See tcp_kit.h. */
#include "unit/tcp_kit.h"

/* ---- Set-up ----------------------------------------------------------------------------------- */

struct tk_setup tk_setup(void)
{
    struct tk_setup s = {.peer_iss = 90000, .peer_window = 65535, .start = 1000 * WEIR_S};
    weir_config_default(&s.config);
    s.config.reproducible = true;
    s.config.tcp.fixed_isn = true;
    /* fixed sizes, and ACKs that do not depend on what came before: what adapts has tests of its own */
    s.config.tcp.quickack = WEIR_QUICKACK_OFF;
    s.config.tcp.receive_buffer = s.config.tcp.send_buffer = 1u << 20;
    s.config.tcp.isn = 5000;
    weir_link_config_default(&s.link);
    s.link.medium = WEIR_MEDIUM_IP;
    s.link.mtu = 1500;
    s.peer.present = WEIR_SEGMENT_MSS;
    return s;
}

struct tk_setup tk_setup_modern(void)
{
    struct tk_setup s = tk_setup();
    s.peer.present = WEIR_SEGMENT_MSS | WEIR_SEGMENT_WSCALE | WEIR_SEGMENT_SACK_PERMITTED |
                     WEIR_SEGMENT_TIMESTAMPS;
    s.peer.wscale = 7;
    s.peer.ts_val = 100;
    return s;
}

static void record(void *ctx, const struct weir_record *r)
{
    struct tk *k = ctx;
    assert_true(r->type < WEIR_RECORD_TYPE_COUNT);
    k->record_count[r->type]++;
    k->last[r->type] = *r;
}

static struct weir_ip public_ip(const struct ip_addr *a)
{
    struct weir_ip ip;
    ip_addr_to_public(a, &ip);
    return ip;
}

static struct ip_addr parse_address(const char *text)
{
    struct weir_ip ip;
    assert_int_equal(weir_ip_parse(text, &ip), WEIR_OK);
    return ip_addr_from_public(&ip);
}

struct tk *tk_new(const struct tk_setup *setup)
{
    struct tk *k = calloc(1, sizeof(*k));
    assert_non_null(k);
    k->setup = *setup;
    k->now = setup->start;
    k->setup.config.trace = record;
    k->setup.config.trace_ctx = k;
    if ((setup->peer.present & WEIR_SEGMENT_MSS) != 0 && setup->peer.mss == 0)
        k->setup.peer.mss = setup->v6 ? 1440 : 1460;
    k->peer_iss = setup->peer_iss;
    k->window = setup->peer_window;
    k->peer_pos = 1;
    k->local = parse_address(setup->v6 ? "2001:db8::1" : "10.0.0.1");
    k->peer = parse_address(setup->v6 ? "2001:db8::2" : "10.0.0.2");
    k->local_port = TK_PORT;
    k->peer_port = TK_PEER_PORT;
    k->batch_out = 32;
    k->ttl_in = 64;

    struct weir_allocator allocator = heap_allocator(&k->heap);
    assert_int_equal(weir_stack_new(&k->stack, &k->setup.config, &allocator), WEIR_OK);
    int link = weir_link_add(k->stack, &k->setup.link);
    assert_true(link >= 0);
    k->link = (uint32_t)link;
    struct weir_ip ip = public_ip(&k->local);
    assert_int_equal(weir_address_add(k->stack, k->link, &ip, setup->v6 ? 64 : 24), WEIR_OK);
    weir_input(k->stack, k->link, NULL, 0, k->now);
    weir_stack_check(k->stack);
    return k;
}

void tk_del(struct tk *k)
{
    tk_events(k);
    if (k->conn != 0)
        weir_tcp_abort(k->stack, k->conn);
    if (k->listener != 0)
        weir_tcp_close(k->stack, k->listener);
    weir_stack_check(k->stack);
    tk_flush(k);
    if (k->held_count != 0) {
        assert_int_equal(weir_stack_del(k->stack), WEIR_EBUSY);
        tk_done(k, 0, k->held_count, WEIR_FRAME_SENT);
    }
    tk_events(k);
    struct weir_stats stats = tk_stats(k);
    assert_int_equal(stats.connections, 0);
    assert_int_equal(stats.listeners, 0);
    assert_int_equal(stats.frames_out_now, 0);
    assert_int_equal(stats.buffers_out_now, 0);
    assert_int_equal(stats.memory_bytes, k->heap.bytes);
    assert_int_equal(weir_stack_del(k->stack), WEIR_OK);
    assert_int_equal(k->heap.bytes, 0);
    assert_int_equal(k->heap.blocks, 0);
    free(k);
}

/* ---- Opening ---------------------------------------------------------------------------------- */

void tk_listen(struct tk *k)
{
    struct weir_listen_config c;
    weir_listen_config_default(&c);
    c.local.port = k->local_port;
    c.deferred = k->setup.deferred;
    c.soft_errors_end = k->setup.soft_errors_end;
    if (k->setup.backlog != 0)
        c.backlog = k->setup.backlog;
    assert_int_equal(weir_tcp_listen(k->stack, &c, &k->listener), WEIR_OK);
    weir_stack_check(k->stack);
}

void tk_connect(struct tk *k)
{
    struct weir_connect_config c;
    weir_connect_config_default(&c);
    k->local_port = TK_LOCAL_PORT;
    k->peer_port = TK_PORT;
    c.local.port = k->local_port;
    c.remote.ip = public_ip(&k->peer);
    c.remote.port = k->peer_port;
    assert_int_equal(weir_tcp_connect(k->stack, &c, &k->conn), WEIR_OK);
    weir_stack_check(k->stack);
}

void tk_syn_in(struct tk *k, uint16_t flags, uint32_t ack)
{
    k->ts = false;
    struct tcp_segment s = tk_segment(k, flags, 0, ack);
    s.options = k->setup.peer;
    s.options.ts_ecr = (flags & A) != 0 ? k->ts_ecr : 0;
    k->ts_val = k->setup.peer.ts_val - (uint32_t)(k->now / WEIR_MS);
    tk_inject(k, &s, 0);
}

static void learn_options(struct tk *k, const struct tk_out *syn)
{
    k->ts = (syn->s.options.present & k->setup.peer.present & WEIR_SEGMENT_TIMESTAMPS) != 0;
}

const struct tk_out *tk_syn_received(struct tk *k)
{
    if (k->listener == 0)
        tk_listen(k);
    tk_syn_in(k, S, 0);
    const struct tk_out *o = tk_expect(k, S | A, 0, 1, 0);
    learn_options(k, o);
    return o;
}

void tk_passive(struct tk *k)
{
    tk_syn_received(k);
    /* a SYN,ACK that was sent twice and is not echoed gives no RTT sample: the RTO is still 1 s */
    struct tcp_segment syn = tk_segment(k, S, 0, 0);
    uint32_t echo = k->ts_ecr;
    tk_inject(k, &syn, 0);
    tk_expect(k, S | A, 0, 1, 0);
    k->ts_ecr = 0;
    tk_in(k, A, 1, 1, 0);
    k->ts_ecr = echo;
    tk_expect_nothing(k);
    tk_events(k);
    assert_int_equal(k->listener_bits, WEIR_EVENT_ACCEPT);
    k->listener_bits = 0;
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
    assert_int_equal(weir_tcp_close(k->stack, k->listener), WEIR_OK);
    k->listener = 0;
    weir_stack_check(k->stack);
    tk_expect_state(k, WEIR_TCP_ESTABLISHED);
    k->bits = 0;
}

void tk_active(struct tk *k)
{
    tk_connect(k);
    const struct tk_out *o = tk_expect(k, S, 0, 0, 0);
    learn_options(k, o);
    bool ts = k->ts;
    tk_syn_in(k, S | A, 1);
    k->ts = ts;
    tk_expect(k, A, 1, 1, 0);
    tk_expect_nothing(k);
    tk_expect_event(k, WEIR_EVENT_CONNECTED);
    tk_expect_state(k, WEIR_TCP_ESTABLISHED);
    k->bits = 0;
}

/* The peer's FIN and its ACK (which may be delayed). */
static void peer_fin(struct tk *k, uint32_t ack, uint32_t our_next)
{
    tk_in(k, F | A, 1, ack, 0);
    const struct tk_out *o = tk_wait(k, 500 * WEIR_MS);
    assert_non_null(o);
    assert_int_equal(o->flags, A);
    assert_int_equal(o->seq, our_next);
    assert_int_equal(o->ack, 2);
}

void tk_to(struct tk *k, enum weir_tcp_state state)
{
    bool by_us = state != WEIR_TCP_CLOSE_WAIT && state != WEIR_TCP_LAST_ACK;
    if (state == WEIR_TCP_ESTABLISHED)
        return;
    if (!by_us)
        peer_fin(k, 1, 1);
    if (state != WEIR_TCP_CLOSE_WAIT) {
        assert_int_equal(weir_tcp_shutdown(k->stack, k->conn), WEIR_OK);
        tk_expect(k, F | A, 1, by_us ? 1 : 2, 0);
    }
    if (state == WEIR_TCP_CLOSING)
        peer_fin(k, 1, 2);
    if (state == WEIR_TCP_FIN_WAIT_2)
        tk_in(k, A, 1, 2, 0);
    if (state == WEIR_TCP_TIME_WAIT)
        peer_fin(k, 2, 2);
    tk_expect_state(k, state);
    tk_expect_nothing(k);
    tk_events(k);
    k->bits = 0;
}

/* ---- Data ------------------------------------------------------------------------------------- */

void tk_write(struct tk *k, uint32_t size)
{
    static uint8_t bytes[1 << 20];
    assert_true(size <= sizeof(bytes));
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = tk_pattern(1 + k->written + i, false);
    assert_int_equal(weir_tcp_send(k->stack, k->conn, bytes, size), size);
    k->written += size;
    weir_stack_check(k->stack);
}

void tk_read(struct tk *k, uint32_t size)
{
    static uint8_t bytes[1 << 20];
    uint32_t got = 0;
    assert_true(size <= sizeof(bytes));
    while (got < size) {
        int64_t n = weir_tcp_recv(k->stack, k->conn, bytes + got, size - got);
        if (n <= 0)
            fail_msg("recv gives %d after %u of %u bytes", (int)n, got, size);
        got += (uint32_t)n;
    }
    for (uint32_t i = 0; i < size; i++) {
        if (bytes[i] != tk_pattern(1 + k->read + i, true))
            fail_msg("byte %u of the stream is wrong", k->read + i);
    }
    k->read += size;
    weir_stack_check(k->stack);
}

/* ---- Looking ---------------------------------------------------------------------------------- */

struct weir_tcp_info tk_info(struct tk *k)
{
    struct weir_tcp_info info = {.size = sizeof(info)};
    assert_int_equal(weir_tcp_info(k->stack, k->conn, &info), WEIR_OK);
    return info;
}

enum weir_tcp_state tk_state(struct tk *k)
{
    return (enum weir_tcp_state)tk_info(k).state;
}

struct weir_stats tk_stats(struct tk *k)
{
    struct weir_stats stats = {.size = sizeof(stats)};
    assert_int_equal(weir_stats(k->stack, &stats), WEIR_OK);
    return stats;
}

void tk_events(struct tk *k)
{
    struct weir_event e;
    while (weir_event(k->stack, &e)) {
        assert_int_not_equal(e.bits, 0);
        if (e.handle != 0 && e.handle == k->listener) {
            k->listener_bits |= e.bits;
            if ((e.bits & WEIR_EVENT_SYN) != 0)
                k->syn = e;
            continue;
        }
        k->bits |= e.bits;
        if ((e.bits & (WEIR_EVENT_CLOSED | WEIR_EVENT_ERROR)) != 0)
            k->error = e.error;
        if ((e.bits & WEIR_EVENT_RELEASED) != 0) {
            assert_true(k->released_count < TK_RELEASED_MAX);
            k->released[k->released_count++] = e.cookie;
        }
    }
    weir_stack_check(k->stack);
}

uint32_t tk_drops(struct tk *k, enum weir_drop drop)
{
    struct weir_stats stats = tk_stats(k);
    uint32_t n = (uint32_t)stats.dropped[drop] - k->dropped_seen[drop];
    k->dropped_seen[drop] = (uint32_t)stats.dropped[drop];
    return n;
}
