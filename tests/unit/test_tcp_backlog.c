/* test_tcp_backlog.c - the accept queue and its limits, retry counts, TIME-WAIT's reuse and order, questions
 * about places. */
#include "unit/tcp_kit.h"

static void syn_ack(struct tk *k, uint16_t port)
{
    k->peer_port = port;
    tk_in(k, S, 0, 0, 0);
    assert_int_equal(tk_next(k)->flags, S | A);
}

/* A full accept queue when the handshake ends: the entry stays and the SYN,ACK comes again, or RST. */
static void test_overflow(void **state)
{
    (void)state;
    for (int abort = 0; abort < 2; abort++) {
        struct tk_setup s = tk_setup();
        struct tk *k = tk_new(&s);
        struct weir_listen_config c;
        weir_listen_config_default(&c);
        c.local.port = TK_PORT;
        c.backlog = 1;
        c.half_open_max = 8;
        c.abort_on_overflow = abort != 0;
        assert_int_equal(weir_tcp_listen(k->stack, &c, &k->listener), WEIR_OK);
        syn_ack(k, 1000);
        syn_ack(k, 1001);
        tk_in(k, A, 1, 1, 0);
        k->peer_port = 1000;
        tk_in(k, A, 1, 1, 0);
        assert_int_equal(tk_drops(k, WEIR_DROP_BACKLOG_FULL), 1);
        struct weir_tcp_info info = {.size = sizeof(info)};
        assert_int_equal(weir_tcp_info(k->stack, k->listener, &info), WEIR_OK);
        assert_int_equal(info.accept_queue, 1);
        assert_int_equal(info.backlog, 1);
        assert_int_equal(info.half_open, abort ? 0 : 1);
        if (abort) {
            tk_expect(k, R, 1, 0, 0);
        } else {
            tk_expect_nothing(k);
            const struct tk_out *o = tk_wait(k, 2 * WEIR_S);
            assert_non_null(o);
            assert_int_equal(o->flags, S | A);
            assert_int_equal(weir_tcp_set(k->stack, k->listener, WEIR_OPT_BACKLOG, 0), WEIR_EINVAL);
            assert_int_equal(weir_tcp_set(k->stack, k->listener, WEIR_OPT_BACKLOG, 2), WEIR_OK);
            tk_in(k, A, 1, 1, 0); /* now there is room */
            assert_int_equal(weir_tcp_info(k->stack, k->listener, &info), WEIR_OK);
            assert_int_equal(info.accept_queue, 2);
            assert_int_equal(info.backlog, 2);
        }
        weir_tcp_close(k->stack, k->listener);
        k->listener = 0;
        tk_flush(k);
        tk_del(k);
    }
}

/* The counts say how often a SYN and a SYN,ACK are repeated. */
static void test_retries(void **state)
{
    (void)state;
    for (uint8_t n = 0; n < 6; n++) {
        struct tk_setup s = tk_setup();
        s.config.tcp.syn_retries = s.config.tcp.synack_retries = n;
        struct tk *k = tk_new(&s);
        tk_connect(k);
        tk_advance(k, 300 * WEIR_S);
        assert_int_equal(tk_flush(k), 1 + n);
        assert_int_equal(k->last[WEIR_RECORD_CLOSED].u.closed.error, WEIR_ETIMEDOUT);
        tk_expect_time(k->last[WEIR_RECORD_CLOSED].time, s.start + ((2ULL << n) - 1) * WEIR_S);
        tk_listen(k);
        tk_in(k, S, 0, 0, 0);
        tk_advance(k, 300 * WEIR_S);
        assert_int_equal(tk_flush(k), 1 + n);
        assert_int_equal(tk_stats(k).half_open, 0);
        tk_del(k);
    }
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_connect(k);
    uint64_t value;
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_SYN_RETRIES, 1), WEIR_OK);
    assert_int_equal(weir_tcp_get(k->stack, k->conn, WEIR_OPT_SYN_RETRIES, &value), WEIR_OK);
    assert_int_equal(value, 1);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_SYNACK_RETRIES, 8), WEIR_EINVAL);
    tk_advance(k, 300 * WEIR_S);
    assert_int_equal(tk_flush(k), 2);
    tk_del(k);
}

/* RFC 6298 3: the SYN,ACK's round trip is the first sample; RFC 7323 4: so is an echo of the second one. */
static void test_syn_ack_sample(void **state)
{
    (void)state;
    for (int lost = 0; lost < 2; lost++) {
        struct tk_setup s = tk_setup_modern();
        struct tk *k = tk_new(&s);
        tk_syn_received(k);
        if (lost)
            assert_non_null(tk_wait(k, 2 * WEIR_S));
        tk_advance(k, 70 * WEIR_MS);
        tk_in(k, A, 1, 1, 0);
        assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
        assert_in_range(tk_info(k).srtt, 69 * WEIR_MS, 71 * WEIR_MS);
        tk_del(k);
    }
}

/* ---- TIME-WAIT ---------------------------------------------------------------------------------- */

static void finish(struct tk *k)
{
    assert_int_equal(weir_tcp_close(k->stack, k->conn), WEIR_OK);
    k->conn = 0;
    assert_int_equal(tk_stats(k).time_wait, 1);
}

/* RFC 6191: a newer timestamp opens, an older one does not even with a newer number; equal: the number. */
static void test_reopen_by_timestamp(void **state)
{
    static const struct {
        int32_t ts;
        uint32_t seq;
        bool opens;
    } cases[] = {
        {1, 1, true}, {5000, 3, true}, {-1, 1000000, false}, {0, 1000000, true}, {0, 1, false}};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct tk_setup s = tk_setup_modern();
        struct tk *k = tk_new(&s);
        tk_passive(k);
        tk_to(k, WEIR_TCP_TIME_WAIT);
        tk_listen(k);
        uint32_t recent = (uint32_t)(k->now / WEIR_MS) + k->ts_val;
        finish(k);
        tk_flush(k);
        struct tcp_segment syn = tk_segment(k, S, cases[i].seq, 0);
        syn.options = s.peer;
        syn.options.ts_val = recent + (uint32_t)cases[i].ts;
        tk_inject(k, &syn, 0);
        const struct tk_out *o = tk_next(k);
        assert_non_null(o);
        assert_int_equal(o->flags, cases[i].opens ? S | A : A);
        if (cases[i].opens) /* RFC 9293 3.6.1: above what was used */
            assert_true((int32_t)(o->s.seq - k->iss) >= 0);
        tk_del(k);
    }
}

/* The ISN of the next connection is above the last number used, also when the clock is behind. */
static void test_isn_above(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.config.tcp.fixed_isn = false;
    struct tk *k = tk_new(&s);
    tk_listen(k);
    tk_syn_in(k, S, 0);
    k->iss = tk_next(k)->s.seq;
    tk_in(k, A, 1, 1, 0);
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
    for (uint32_t i = 0; i < 200; i++) { /* far more than 250 kB in a second */
        tk_write(k, 10000);
        tk_flush(k);
        tk_in(k, A, 1, 1 + (i + 1) * 10000, 0);
        tk_flush(k);
    }
    assert_int_equal(weir_tcp_shutdown(k->stack, k->conn), WEIR_OK);
    tk_expect(k, F | A, 2000001, 1, 0);
    tk_in(k, F | A, 1, 2000002, 0);
    tk_expect(k, A, 2000002, 2, 0);
    uint32_t used = k->iss + 2000002;
    tk_events(k);
    finish(k);
    tk_in(k, S, 100000, 0, 0);
    const struct tk_out *o = tk_next(k);
    assert_int_equal(o->flags, S | A);
    assert_true((int32_t)(o->s.seq - used) > 0);
    tk_del(k);
}

/* RFC 1337: by default an exact RST ends TIME-WAIT (RFC 9293), with the option none does. */
static void test_rst_in_time_wait(void **state)
{
    (void)state;
    for (int ignore = 0; ignore < 2; ignore++) {
        for (int held = 0; held < 2; held++) {
            struct tk_setup s = tk_setup();
            s.config.time_wait_ignore_rst = ignore != 0;
            struct tk *k = tk_new(&s);
            tk_passive(k);
            tk_to(k, WEIR_TCP_TIME_WAIT);
            if (!held)
                finish(k);
            tk_in(k, R, 2, 0, 0);
            tk_flush(k);
            struct weir_endpoint local = {.port = k->local_port}, remote = {.port = k->peer_port};
            ip_addr_to_public(&k->local, &local.ip);
            ip_addr_to_public(&k->peer, &remote.ip);
            assert_int_equal(weir_tcp_lookup(k->stack, &local, &remote),
                             ignore ? WEIR_TCP_TIME_WAIT : WEIR_ENOENT);
            tk_del(k);
        }
    }
}

/* Our own side takes the place of a connection in TIME-WAIT a second later, if it had timestamps. */
static void test_reuse_by_connect(void **state)
{
    (void)state;
    for (int modern = 0; modern < 2; modern++) {
        for (uint8_t rule = 0; rule <= WEIR_REUSE_ALWAYS; rule++) {
            struct tk_setup s = modern ? tk_setup_modern() : tk_setup();
            s.config.time_wait_reuse = rule;
            struct tk *k = tk_new(&s);
            tk_active(k);
            tk_to(k, WEIR_TCP_TIME_WAIT);
            finish(k);
            struct weir_connect_config c;
            weir_connect_config_default(&c);
            ip_addr_to_public(&k->peer, &c.remote.ip);
            c.remote.port = k->peer_port;
            c.local.port = k->local_port;
            assert_int_equal(weir_tcp_connect(k->stack, &c, &k->conn), WEIR_EADDRINUSE);
            tk_advance(k, WEIR_S);
            bool reuse = modern && rule == WEIR_REUSE_ALWAYS; /* 10.0.0.2 is no loopback */
            assert_int_equal(weir_tcp_connect(k->stack, &c, &k->conn),
                             reuse ? WEIR_OK : WEIR_EADDRINUSE);
            assert_int_equal(tk_stats(k).time_wait, reuse ? 0 : 1);
            assert_int_equal(tk_flush(k), reuse ? 1 : 0);
            tk_del(k);
        }
    }
}

/* The application kept one handle for a while: its entry is not older, and not younger, for that. */
static void test_order(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_passive(k);
    tk_to(k, WEIR_TCP_TIME_WAIT);
    weir_handle kept = k->conn;
    weir_time entered = k->now;
    for (uint16_t i = 0; i < 3; i++) {
        tk_advance(k, 10 * WEIR_S);
        k->peer_port++;
        k->written = k->read = 0;
        tk_passive(k);
        tk_to(k, WEIR_TCP_TIME_WAIT);
        if (i == 2)
            assert_int_equal(weir_tcp_close(k->stack, kept), WEIR_OK);
        assert_int_equal(weir_tcp_close(k->stack, k->conn), WEIR_OK);
        k->conn = 0;
    }
    assert_int_equal(tk_stats(k).time_wait, 4);
    for (uint32_t i = 0; i < 4; i++) {
        weir_time end = entered + 60 * WEIR_S + i * 10 * WEIR_S;
        tk_advance(k, end - WEIR_MS - k->now);
        assert_int_equal(tk_stats(k).time_wait, 4 - i);
        tk_advance(k, 2 * WEIR_MS);
        assert_int_equal(tk_stats(k).time_wait, 3 - i);
    }
    tk_del(k);
}

/* ---- Who has this place? ------------------------------------------------------------------------ */

static void test_questions(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    struct weir_endpoint local = {.port = k->local_port}, remote = {.port = k->peer_port};
    struct weir_endpoint any = {.port = TK_PORT};
    ip_addr_to_public(&k->local, &local.ip);
    ip_addr_to_public(&k->peer, &remote.ip);
    local.port = TK_PORT;
    assert_int_equal(weir_tcp_lookup(k->stack, &local, NULL), WEIR_ENOENT);
    assert_int_equal(weir_tcp_port_taken(k->stack, &any), WEIR_ENOENT);
    tk_listen(k);
    assert_int_equal(weir_tcp_lookup(k->stack, &local, NULL), WEIR_TCP_LISTEN);
    assert_int_equal(weir_tcp_lookup(k->stack, &any, NULL), WEIR_TCP_LISTEN);
    assert_int_equal(weir_tcp_lookup(k->stack, &local, &remote), WEIR_ENOENT);
    tk_syn_in(k, S, 0);
    tk_flush(k);
    assert_int_equal(weir_tcp_lookup(k->stack, &local, &remote), WEIR_TCP_SYN_RECEIVED);
    assert_int_equal(weir_tcp_port_taken(k->stack, &local), WEIR_TCP_SYN_RECEIVED);
    tk_in(k, A, 1, 1, 0);
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
    weir_tcp_close(k->stack, k->listener);
    k->listener = 0;
    assert_int_equal(weir_tcp_lookup(k->stack, &any, NULL), WEIR_ENOENT);
    assert_int_equal(weir_tcp_port_taken(k->stack, &any), WEIR_TCP_ESTABLISHED);
    tk_to(k, WEIR_TCP_TIME_WAIT);
    finish(k);
    assert_int_equal(weir_tcp_port_taken(k->stack, &any), WEIR_TCP_TIME_WAIT);
    assert_int_equal(weir_tcp_lookup(k->stack, &local, &remote), WEIR_TCP_TIME_WAIT);
    any.ip.family = 6; /* ::, and the connection is IPv4 */
    assert_int_equal(weir_tcp_port_taken(k->stack, &any), WEIR_ENOENT);
    assert_true(weir_address_local(k->stack, &local.ip));
    assert_false(weir_address_local(k->stack, &remote.ip));
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overflow),         cmocka_unit_test(test_retries),
        cmocka_unit_test(test_syn_ack_sample),   cmocka_unit_test(test_reopen_by_timestamp),
        cmocka_unit_test(test_isn_above),        cmocka_unit_test(test_rst_in_time_wait),
        cmocka_unit_test(test_reuse_by_connect), cmocka_unit_test(test_order),
        cmocka_unit_test(test_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
