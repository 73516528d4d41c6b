/* test_stack_listen.c - listeners: backlog, deferred ones, wildcards, conflicts; handles; links and
 * addresses that come and go; packets to ourselves. */
#include "unit/tcp_kit.h"

static struct weir_ip ip(const char *text)
{
    struct weir_ip address;
    assert_int_equal(weir_ip_parse(text, &address), WEIR_OK);
    return address;
}

static int listen_on(struct tk *k, const char *address, uint16_t port, weir_handle *h)
{
    struct weir_listen_config c;
    weir_listen_config_default(&c);
    if (address != NULL)
        c.local.ip = ip(address);
    c.local.port = port;
    int error = weir_tcp_listen(k->stack, &c, h);
    weir_stack_check(k->stack);
    return error;
}

/* A handshake from another peer port. */
static void shake(struct tk *k, uint16_t port)
{
    k->peer_port = port;
    tk_in(k, S, 0, 0, 0);
    const struct tk_out *o = tk_next(k);
    if (o == NULL)
        return;
    assert_int_equal(o->flags, S | A);
    tk_in(k, A, 1, 1, 0);
}

/* MUST-41, MUST-42, MUST-43. */
static void test_conflicts(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    weir_handle a, b, c, d;
    assert_int_equal(listen_on(k, NULL, 80, &a), WEIR_OK);
    assert_int_equal(listen_on(k, NULL, 80, &b), WEIR_EADDRINUSE);
    assert_int_equal(listen_on(k, "10.0.0.1", 80, &b), WEIR_OK); /* more exact */
    assert_int_equal(listen_on(k, "10.0.0.1", 80, &c), WEIR_EADDRINUSE);
    assert_int_equal(listen_on(k, "10.0.0.9", 80, &c), WEIR_EADDRNOTAVAIL);
    assert_int_equal(listen_on(k, NULL, 0, &c), WEIR_EINVAL);
    assert_int_equal(listen_on(k, NULL, 80 + 64, &c), WEIR_OK); /* the same bucket */
    tk_in(k, S, 0, 0, 0);
    tk_expect(k, S | A, 0, 1, 0);
    assert_int_equal(listen_on(k, "127.0.0.1", 80, &d), WEIR_OK); /* while half open */
    tk_in(k, A, 1, 1, 0);
    weir_handle conn;
    assert_int_equal(weir_tcp_accept(k->stack, a, &conn), WEIR_EAGAIN);
    assert_int_equal(weir_tcp_accept(k->stack, b, &k->conn), WEIR_OK);
    assert_int_equal(weir_tcp_close(k->stack, a), WEIR_OK);
    assert_int_equal(weir_tcp_close(k->stack, b), WEIR_OK);
    assert_int_equal(weir_tcp_close(k->stack, b), WEIR_ESTALE);
    tk_expect_state(k, WEIR_TCP_ESTABLISHED); /* what was accepted stays */
    weir_tcp_close(k->stack, c);
    weir_tcp_close(k->stack, d);
    tk_del(k);
}

/* The backlog bounds what waits for accept; what did not fit comes in when there is room. */
static void test_backlog(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.backlog = 3;
    struct tk *k = tk_new(&s);
    tk_listen(k);
    for (uint16_t i = 0; i < 6; i++)
        shake(k, (uint16_t)(1000 + i));
    assert_true(tk_drops(k, WEIR_DROP_BACKLOG_FULL) >= 3);
    assert_int_equal(tk_stats(k).connections, 3);
    weir_handle h[4];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(weir_tcp_accept(k->stack, k->listener, &h[i]), WEIR_OK);
        struct weir_tcp_info info = {.size = sizeof(info)};
        assert_int_equal(weir_tcp_info(k->stack, h[i], &info), WEIR_OK);
        assert_int_equal(info.remote.port, 1000 + i); /* oldest first */
    }
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &h[3]), WEIR_EAGAIN);
    shake(k, 1005);
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &h[3]), WEIR_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(weir_tcp_abort(k->stack, h[i]), WEIR_OK);
    tk_flush(k);
    tk_del(k);
}

/* Closing a listener resets what nobody accepted and forgets what is half open. */
static void test_close_listener(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_listen(k);
    shake(k, 1000);
    tk_in(k, A, 1, 1, 50); /* with data */
    k->peer_port = 1001;
    tk_in(k, S, 0, 0, 0);
    tk_expect(k, S | A, 0, 1, 0);
    k->peer_port = 1000;
    tk_flush(k);
    assert_int_equal(weir_tcp_close(k->stack, k->listener), WEIR_OK);
    k->listener = 0;
    const struct tk_out *o = tk_next(k);
    assert_non_null(o);
    assert_true((o->flags & R) != 0);
    tk_expect_nothing(k);
    tk_events(k);
    assert_int_equal(tk_stats(k).half_open, 0);
    assert_int_equal(tk_stats(k).connections, 0);
    k->peer_port = 1001;
    tk_in(k, A, 1, 1, 0);
    tk_expect(k, R, 1, 0, 0);
    tk_del(k);
}

/* A connection that died while it waited is still accepted, and tells why. */
static void test_reset_in_the_queue(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_listen(k);
    shake(k, TK_PEER_PORT);
    tk_in(k, A, 1, 1, 20);
    tk_in(k, R, 21, 0, 0);
    tk_expect_no_event(k, WEIR_EVENT_CLOSED | WEIR_EVENT_READABLE);
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
    tk_expect_event(k, WEIR_EVENT_CLOSED);
    assert_int_equal(k->error, WEIR_ECONNRESET);
    tk_read(k, 20);
    tk_del(k);
}

/* Deferred: the SYN is an event; accept answers it, refuse resets, drop is silence, and so is waiting. */
static void test_deferred(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.deferred = true;
    struct tk *k = tk_new(&s);
    tk_listen(k);
    for (int verdict = WEIR_SYN_ACCEPT; verdict <= WEIR_SYN_DROP; verdict++) {
        k->peer_port = (uint16_t)(2000 + verdict);
        tk_in(k, S, 0, 0, 0);
        tk_in(k, S, 0, 0, 0); /* again: still one question */
        tk_expect_nothing(k);
        k->listener_bits = 0;
        tk_events(k);
        assert_int_equal(k->listener_bits & WEIR_EVENT_SYN, WEIR_EVENT_SYN);
        assert_int_equal(k->syn.remote.port, k->peer_port);
        assert_int_equal(k->syn.local.port, TK_PORT);
        struct weir_ip peer = ip("10.0.0.2");
        assert_true(weir_ip_equal(&k->syn.remote.ip, &peer));
        uint64_t syn = k->syn.syn;
        k->listener_bits = 0;
        tk_events(k);
        assert_int_equal(k->listener_bits, 0);
        assert_int_equal(weir_tcp_answer(k->stack, syn, (enum weir_verdict)verdict), WEIR_OK);
        assert_int_equal(weir_tcp_answer(k->stack, syn, (enum weir_verdict)verdict), WEIR_ESTALE);
        if (verdict == WEIR_SYN_ACCEPT) {
            tk_expect(k, S | A, 0, 1, 0);
            tk_in(k, A, 1, 1, 0);
            assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
            tk_expect_state(k, WEIR_TCP_ESTABLISHED);
        } else if (verdict == WEIR_SYN_REFUSE) {
            const struct tk_out *o = tk_next(k);
            assert_non_null(o);
            assert_int_equal(o->flags, R | A);
            assert_int_equal(o->ack, 1);
            assert_int_equal(o->s.seq, 0);
        }
        tk_expect_nothing(k);
        assert_int_equal(tk_stats(k).half_open, 0);
    }
    assert_int_equal(weir_tcp_answer(k->stack, 0, WEIR_SYN_ACCEPT), WEIR_ESTALE);
    assert_int_equal(weir_tcp_answer(k->stack, UINT64_MAX, WEIR_SYN_ACCEPT), WEIR_ESTALE);
    tk_del(k);
}

static void test_deferred_expiry(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.deferred = true;
    struct tk *k = tk_new(&s);
    tk_listen(k);
    for (uint16_t i = 0; i < 10; i++) {
        k->peer_port = (uint16_t)(3000 + i);
        tk_in(k, S, 0, 0, 0);
        if (i < 5)
            tk_events(k);
    }
    uint64_t syn = k->syn.syn;
    tk_in(k, R, 100, 0, 0); /* nothing tells our number before the verdict */
    tk_in(k, A, 70000, 1, 0);
    tk_expect_nothing(k);
    tk_in(k, A, 1, 1, 0); /* a guess at it */
    tk_flush(k);
    assert_int_equal(tk_stats(k).connections, 0);
    tk_advance(k, 300 * WEIR_S);
    tk_flush(k);
    assert_int_equal(tk_stats(k).half_open, 0);
    assert_int_equal(weir_tcp_answer(k->stack, syn, WEIR_SYN_ACCEPT), WEIR_ESTALE);
    tk_in(k, S, 0, 0, 0); /* closed with questions open */
    assert_int_equal(weir_tcp_close(k->stack, k->listener), WEIR_OK);
    k->listener = 0;
    tk_events(k);
    tk_expect_nothing(k);
    tk_del(k);
}

/* A wildcard listener on a link that accepts any address: the connection has the address asked for. */
static void test_wildcard_any_address(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.link.accept_any = true;
    s.deferred = true;
    struct tk *k = tk_new(&s);
    k->local_port = 0;
    tk_listen(k);
    struct weir_ip far = ip("10.0.0.77");
    k->local = ip_addr_from_public(&far);
    k->local_port = 4444;
    tk_in(k, S, 0, 0, 0);
    tk_events(k);
    assert_int_equal(k->syn.local.port, 4444);
    assert_true(weir_ip_equal(&k->syn.local.ip, &far));
    assert_int_equal(weir_tcp_answer(k->stack, k->syn.syn, WEIR_SYN_ACCEPT), WEIR_OK);
    const struct tk_out *o = tk_expect(k, S | A, 0, 1, 0);
    assert_true(ip_addr_equal(&o->src, &k->local));
    tk_in(k, A, 1, 1, 10);
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
    tk_read(k, 10);
    tk_write(k, 10);
    o = tk_expect(k, A, 1, 11, 10);
    assert_true(ip_addr_equal(&o->src, &k->local));
    tk_del(k);
}

/* Handles: stale ones are errors, also after their place is used again; listeners are not connections. */
static void test_stale_handles(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_passive(k);
    weir_handle old = k->conn;
    assert_int_equal(weir_tcp_abort(k->stack, old), WEIR_OK);
    tk_flush(k);
    k->conn = 0;
    tk_passive(k);
    const weir_handle bad[] = {0,
                               1,
                               old,
                               UINT64_MAX,
                               k->conn ^ (1ULL << 32),
                               (uint32_t)k->conn,
                               k->conn | 0x80000000u,
                               k->conn + 1,
                               k->conn & ~0xffffffffULL};
    uint8_t byte = 0;
    uint64_t value;
    struct weir_slice slice;
    struct weir_tcp_info info = {.size = sizeof(info)};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        weir_handle h = bad[i], other;
        assert_int_equal(weir_tcp_send(k->stack, h, &byte, 1), WEIR_ESTALE);
        assert_int_equal(weir_tcp_send_ref(k->stack, h, &byte, 1, 0), WEIR_ESTALE);
        assert_int_equal(weir_tcp_recv(k->stack, h, &byte, 1), WEIR_ESTALE);
        assert_int_equal(weir_tcp_peek(k->stack, h, &slice, 1), WEIR_ESTALE);
        assert_int_equal(weir_tcp_consume(k->stack, h, 1), WEIR_ESTALE);
        assert_int_equal(weir_tcp_shutdown(k->stack, h), WEIR_ESTALE);
        assert_int_equal(weir_tcp_close(k->stack, h), WEIR_ESTALE);
        assert_int_equal(weir_tcp_abort(k->stack, h), WEIR_ESTALE);
        assert_int_equal(weir_tcp_info(k->stack, h, &info), WEIR_ESTALE);
        assert_int_equal(weir_tcp_set(k->stack, h, WEIR_OPT_NODELAY, 1), WEIR_ESTALE);
        assert_int_equal(weir_tcp_get(k->stack, h, WEIR_OPT_NODELAY, &value), WEIR_ESTALE);
        assert_int_equal(weir_tcp_accept(k->stack, h, &other), WEIR_ESTALE);
    }
    tk_expect_state(k, WEIR_TCP_ESTABLISHED);
    tk_del(k);
}

/* MUST-45: a connection keeps its address, whatever else there is to choose from later. */
static void test_address_stays(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    struct weir_ip second = ip("10.0.0.3"), third = ip("10.0.0.4");
    const struct tk_out *o;

    assert_int_equal(weir_address_add(k->stack, k->link, &second, 24), WEIR_OK);
    k->local = ip_addr_from_public(&second);
    tk_passive(k);
    assert_int_equal(weir_address_add(k->stack, k->link, &third, 24), WEIR_OK);
    tk_write(k, 100);
    o = tk_expect(k, A, 1, 1, 100);
    assert_true(ip_addr_equal(&o->src, &k->local));
    tk_in(k, A, 1, 101, 0);
    tk_expect_event(k, WEIR_EVENT_SENT_ALL);
    tk_del(k);
}

/* MUST-45: the address of a connection goes away and comes back: it waits, and goes on. */
static void test_address_and_link_flap(void **state)
{
    (void)state;
    for (int how = 0; how < 2; how++) {
        struct tk_setup s = tk_setup();
        struct tk *k = tk_new(&s);
        tk_passive(k);
        struct weir_ip own = ip("10.0.0.1");
        if (how == 0) {
            assert_int_equal(weir_address_del(k->stack, k->link, &own), WEIR_OK);
        } else {
            assert_int_equal(weir_link_set_up(k->stack, k->link, false), WEIR_OK);
        }
        tk_write(k, 100);
        tk_advance(k, 5 * WEIR_S);
        tk_expect_event(k, WEIR_EVENT_ERROR);
        tk_expect_nothing(k);
        tk_in(k, A, 1, 1, 10); /* not ours, or the link is down */
        assert_int_equal(tk_info(k).unread_bytes, 0);
        if (how == 0) {
            assert_int_equal(weir_address_add(k->stack, k->link, &own, 24), WEIR_OK);
        } else {
            assert_int_equal(weir_link_set_up(k->stack, k->link, true), WEIR_OK);
        }
        const struct tk_out *o = tk_wait(k, 30 * WEIR_S);
        while (o != NULL && o->len == 0)
            o = tk_wait(k, 30 * WEIR_S);
        assert_non_null(o);
        assert_int_equal(o->seq, 1);
        assert_int_equal(o->len, 100);
        tk_in(k, A, 1, 101, 0);
        tk_expect_event(k, WEIR_EVENT_SENT_ALL);
        tk_del(k);
    }
}

/* To an own address: both ends in one stack, nothing on the link; also to itself, which is a
 * simultaneous open with one's own SYN. */
static void test_loopback(void **state)
{
    static const char *targets[] = {"10.0.0.1", "127.0.0.1"};
    static uint8_t bytes[200000], got[200000];
    (void)state;
    for (uint32_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 3 + i / 256);
    for (size_t t = 0; t < ARRAY_SIZE(targets); t++) {
        struct tk_setup s = tk_setup();
        s.config.tcp.fixed_isn = false;
        struct tk *k = tk_new(&s);
        struct weir_connect_config c;
        weir_handle client;
        tk_listen(k);
        weir_connect_config_default(&c);
        c.remote.ip = ip(targets[t]);
        c.remote.port = TK_PORT;
        assert_int_equal(weir_tcp_connect(k->stack, &c, &client), WEIR_OK);
        size_t sent = 0, read = 0;
        for (int turn = 0; turn < 5000 && read < sizeof(bytes); turn++) {
            tk_advance(k, WEIR_MS);
            if (k->conn == 0)
                weir_tcp_accept(k->stack, k->listener, &k->conn);
            int64_t n = weir_tcp_send(k->stack, client, bytes + sent, sizeof(bytes) - sent);
            sent += n > 0 ? (size_t)n : 0;
            while (k->conn != 0 &&
                   (n = weir_tcp_recv(k->stack, k->conn, got + read, sizeof(got) - read)) > 0)
                read += (size_t)n;
        }
        assert_int_equal(read, sizeof(bytes));
        assert_memory_equal(bytes, got, sizeof(bytes));
        tk_expect_nothing(k);
        assert_int_equal(weir_tcp_close(k->stack, client), WEIR_OK);
        tk_advance(k, WEIR_S);
        tk_expect_event(k, WEIR_EVENT_END);
        assert_int_equal(weir_tcp_close(k->stack, k->conn), WEIR_OK);
        k->conn = 0;
        tk_advance(k, 100 * WEIR_S);
        tk_del(k);
    }
}

static void test_self_connect(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup_modern();
    struct tk *k = tk_new(&s);
    struct weir_connect_config c;
    weir_connect_config_default(&c);
    c.local.ip = c.remote.ip = ip("10.0.0.1");
    c.local.port = c.remote.port = 777;
    int error = weir_tcp_connect(k->stack, &c, &k->conn);
    if (error == WEIR_OK) { /* refusing would be right too */
        tk_advance(k, 10 * WEIR_S);
        tk_expect_state(k, WEIR_TCP_ESTABLISHED);
        assert_int_equal(weir_tcp_send(k->stack, k->conn, "abc", 3), 3);
        tk_advance(k, WEIR_S);
        char text[4] = "";
        assert_int_equal(weir_tcp_recv(k->stack, k->conn, text, 3), 3);
        assert_string_equal(text, "abc");
        assert_int_equal(weir_tcp_shutdown(k->stack, k->conn), WEIR_OK);
        tk_advance(k, 10 * WEIR_S);
        tk_expect_event(k, WEIR_EVENT_CLOSED);
        assert_int_equal(weir_tcp_close(k->stack, k->conn), WEIR_OK);
        k->conn = 0;
        tk_advance(k, 100 * WEIR_S);
    }
    tk_expect_nothing(k);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conflicts),
        cmocka_unit_test(test_backlog),
        cmocka_unit_test(test_close_listener),
        cmocka_unit_test(test_reset_in_the_queue),
        cmocka_unit_test(test_deferred),
        cmocka_unit_test(test_deferred_expiry),
        cmocka_unit_test(test_wildcard_any_address),
        cmocka_unit_test(test_stale_handles),
        cmocka_unit_test(test_address_stays),
        cmocka_unit_test(test_address_and_link_flap),
        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_self_connect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
