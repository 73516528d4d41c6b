/* test_sock_close.c - sockets: shutdown, disconnect, close, SO_LINGER. */
#include "unit/sock_kit.h"

static const struct weir_endpoint unspec;

static void test_half_close(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    struct weir_endpoint e;
    char b[8];
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_ok(weir_sock_shutdown(c, WEIR_SHUT_WR));
    sk_run(k, 100 * WEIR_MS);
    assert_int_equal(sk_state(c), WEIR_SOCK_FIN_WAIT2);
    assert_int_equal(sk_state(s), WEIR_SOCK_CLOSE_WAIT);
    assert_int_equal(weir_sock_poll(c), OUT);
    assert_int_equal(weir_sock_poll(s), IN | OUT | RDHUP);
    sk_fails(weir_sock_send(c, b, 1, 0), WEIR_SOCK_EPIPE);
    assert_int_equal(weir_sock_recv(s, b, 1, 0), 0);
    assert_int_equal(weir_sock_recv(s, b, 1, WEIR_MSG_PEEK), 0);
    assert_int_equal(weir_sock_send(s, "abc", 3, 0), 3);
    sk_run(k, 100 * WEIR_MS);
    assert_int_equal(weir_sock_recv(c, b, 8, 0), 3);
    sk_ok(weir_sock_shutdown(c, WEIR_SHUT_WR)); /* twice */
    sk_ok(weir_sock_shutdown(s, WEIR_SHUT_WR));
    sk_run(k, 100 * WEIR_MS);
    for (int i = 0; i < 2; i++) { /* both over: one is in TIME-WAIT, which is no socket's state */
        struct weir_sock *x = i ? c : s;
        assert_int_equal(weir_sock_poll(x), IN | OUT | HUP | RDHUP);
        assert_int_equal(sk_state(x), WEIR_SOCK_CLOSE);
        sk_fails(weir_sock_getpeername(x, &e), WEIR_SOCK_ENOTCONN);
        assert_int_equal(weir_sock_recv(x, b, 1, 0), 0);
        sk_fails(weir_sock_shutdown(x, WEIR_SHUT_RDWR), WEIR_SOCK_ENOTCONN);
        sk_fails(sk_connect_to(x, "10.0.0.2", 80), WEIR_SOCK_EISCONN);
        assert_int_equal(sk_error(x), 0);
    }
    assert_int_equal(k->from[0].rst + k->from[1].rst, 0);
    sk_del(k);
}

static void test_shutdown_of_reading(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    char b[8];
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_ok(weir_sock_shutdown(c, WEIR_SHUT_RD));
    assert_int_equal(weir_sock_poll(c), IN | OUT | RDHUP);
    assert_int_equal(weir_sock_recv(c, b, 1, 0), 0);
    weir_sock_send(s, "x", 1, 0); /* still comes, as with Linux */
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recv(c, b, 8, 0), 1);
    assert_int_equal(weir_sock_recv(c, b, 8, 0), 0);
    assert_int_equal(weir_sock_send(c, "y", 1, 0), 1);
    sk_ok(weir_sock_shutdown(c, WEIR_SHUT_WR));
    assert_int_equal(weir_sock_poll(c), IN | OUT | HUP | RDHUP);
    assert_int_equal(k->from[0].rst, 0);
    sk_del(k);
}

static void test_shutdown_while_connecting(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *s = sk_connect(k, 0, "10.0.0.9", 80);
    char b;
    (void)state;
    sk_run(k, 10 * WEIR_MS);
    sk_ok(weir_sock_shutdown(s, WEIR_SHUT_WR));
    assert_int_equal(sk_state(s), WEIR_SOCK_CLOSE);
    assert_int_equal(weir_sock_poll(s), OUT | ERR | HUP);
    assert_int_equal(sk_error(s), WEIR_SOCK_ECONNRESET);
    assert_int_equal(sk_error(s), 0);
    assert_int_equal(weir_sock_poll(s), OUT | HUP);
    sk_fails(weir_sock_recv(s, &b, 1, 0), WEIR_SOCK_ENOTCONN);
    sk_fails(sk_connect_to(s, "10.0.0.9", 80), WEIR_SOCK_EINPROGRESS); /* usable again */
    sk_close(k, s);
    sk_run(k, 10 * WEIR_S);
    assert_int_equal(k->from[0].syn, 1); /* the second attempt never got as far */
    sk_del(k);
}

static void test_disconnect(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s, *l;
    struct weir_endpoint e;
    char b;
    (void)state;
    sk_pair(k, 80, &c, &s, &l);
    sk_ok(weir_sock_connect(c, &unspec));
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(k->from[0].rst, 1);
    assert_int_equal(sk_error(c), WEIR_SOCK_ECONNRESET);
    assert_int_equal(weir_sock_poll(c), OUT | HUP);
    sk_fails(weir_sock_getpeername(c, &e), WEIR_SOCK_ENOTCONN);
    assert_int_equal(weir_sock_poll(s), IN | OUT | ERR | HUP | RDHUP);
    sk_fails(weir_sock_recv(s, &b, 1, 0), WEIR_SOCK_ECONNRESET);
    assert_int_equal(weir_sock_recv(s, &b, 1, 0), 0);
    sk_fails(weir_sock_send(s, &b, 1, 0), WEIR_SOCK_EPIPE);
    sk_fails(weir_sock_shutdown(s, WEIR_SHUT_WR), WEIR_SOCK_ENOTCONN);
    sk_fails(sk_connect_to(c, "10.0.0.2", 80), WEIR_SOCK_EINPROGRESS);
    sk_run(k, 10 * WEIR_MS);
    sk_ok(sk_connect_to(c, "10.0.0.2", 80));
    assert_int_equal(weir_sock_send(c, "x", 1, 0), 1);
    sk_del(k);
}

static void test_disconnect_keeps_what_bind_was_told(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_listener(k, 1, "10.0.0.2", 80, 5), *s = sk_socket(k, 0, WEIR_AF_INET);
    struct weir_sock *other = sk_socket(k, 0, WEIR_AF_INET);
    struct weir_endpoint want = sk_at("10.0.0.1", 4000), name;
    (void)state;
    (void)l;
    sk_ok(weir_sock_bind(s, &want));
    sk_fails(sk_connect_to(s, "10.0.0.2", 80), WEIR_SOCK_EINPROGRESS);
    sk_run(k, 10 * WEIR_MS);
    sk_ok(weir_sock_connect(s, &unspec));
    sk_ok(weir_sock_getsockname(s, &name));
    assert_memory_equal(&name, &want, sizeof(name));
    sk_fails(sk_bind(other, "10.0.0.1", 4000), WEIR_SOCK_EADDRINUSE);
    sk_close(k, s);
    s = sk_socket(k, 0, WEIR_AF_INET);
    sk_fails(sk_connect_to(s, "10.0.0.2", 80), WEIR_SOCK_EINPROGRESS);
    want.port = sk_port(s); /* chosen by connect: goes with the connection */
    sk_fails(sk_bind(other, "10.0.0.1", want.port), WEIR_SOCK_EADDRINUSE);
    sk_ok(weir_sock_connect(s, &unspec));
    sk_ok(sk_bind(other, "10.0.0.1", want.port));
    sk_del(k);
}

/* ---- close ---- */

static void test_close_with_unread_data_resets(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    weir_sock_send(c, "x", 1, 0);
    sk_run(k, 10 * WEIR_MS);
    sk_linger(s, 10); /* makes no difference */
    sk_close(k, s);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(k->from[1].rst, 1);
    assert_int_equal(k->from[1].fin, 0);
    assert_int_equal(sk_error(c), WEIR_SOCK_ECONNRESET);
    sk_del(k);
}

static void test_close_delivers_what_is_queued(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    static char b[30000];
    int64_t n, got = 0;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    assert_int_equal(weir_sock_send(c, b, sizeof(b), 0), sizeof(b));
    sk_close(k, c);
    sk_run(k, WEIR_S);
    while ((n = weir_sock_recv(s, b, sizeof(b), 0)) > 0)
        got += n;
    assert_int_equal(got, sizeof(b));
    assert_int_equal(n, 0);
    assert_int_equal(k->from[0].rst, 0);
    sk_del(k);
}

static void test_close_of_a_listener_resets_who_waits(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_listener(k, 1, "10.0.0.2", 80, 5), *c[3];
    (void)state;
    for (int i = 0; i < 3; i++)
        c[i] = sk_connect(k, 0, "10.0.0.2", 80);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(weir_sock_poll(l), IN); /* this takes one of them out of the queue */
    sk_linger(l, 5);
    sk_close(k, l);
    sk_run(k, 10 * WEIR_MS);
    for (int i = 0; i < 3; i++)
        assert_int_equal(sk_error(c[i]), WEIR_SOCK_ECONNRESET);
    sk_del(k);
}

/* ---- SO_LINGER ---- */

static void test_linger_0_resets(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    char b;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_linger(c, 0);
    weir_sock_send(c, "lost", 4, 0);
    sk_close(k, c);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(k->from[0].rst, 1);
    assert_int_equal(k->from[0].fin, 0);
    sk_fails(weir_sock_recv(s, &b, 1, 0), WEIR_SOCK_ECONNRESET);
    c = sk_socket(k, 0, WEIR_AF_INET); /* nothing to reset */
    sk_linger(c, 0);
    sk_close(k, c);
    c = sk_connect(k, 0, "10.0.0.9", 80);
    sk_linger(c, 0);
    sk_close(k, c);
    sk_run(k, 10 * WEIR_S);
    assert_int_equal(k->from[0].rst, 1);
    sk_del(k);
}

static void test_linger_until_acknowledged(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    static char b[30000];
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    assert_true(weir_sock_linger_deadline(c) == WEIR_NEVER);
    sk_linger(c, 10);
    assert_int_equal(weir_sock_send(c, b, sizeof(b), 0), sizeof(b));
    assert_int_equal(weir_sock_close(c, sk_now(k)), 1);
    assert_true(weir_sock_linger_deadline(c) == sk_now(k) + 10 * WEIR_S);
    assert_true(weir_sock_lingering(c, sk_now(k)));
    sk_run(k, WEIR_S);
    assert_false(weir_sock_lingering(c, sk_now(k))); /* long before the time is over */
    assert_int_equal(k->from[0].fin, 1);
    assert_int_equal(k->from[0].rst, 0);
    sk_linger(s, 10); /* s has unread data: RST, no waiting */
    sk_close(k, s);
    sk_del(k);
}

static void test_linger_times_out(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_cut(k);
    sk_linger(c, 3);
    weir_sock_send(c, "x", 1, 0);
    assert_int_equal(weir_sock_close(c, sk_now(k)), 1);
    sk_run(k, 2 * WEIR_S);
    assert_true(weir_sock_lingering(c, sk_now(k)));
    sk_run(k, WEIR_S);
    assert_false(weir_sock_lingering(c, sk_now(k)));
    assert_int_equal(k->from[0].rst, 0);
    sk_run(k, WEIR_S); /* the stack goes on trying without it */
    assert_true(k->from[0].fin >= 2);
    sk_del(k);
}

static void test_linger_and_new_data(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_ok(sk_set(c, WEIR_SOL_SOCKET, WEIR_SO_SNDBUF, 200000));
    static char b[150000];
    weir_sock_send(c, b, sizeof(b), 0);
    sk_ok(sk_set(s, WEIR_SOL_SOCKET, WEIR_SO_RCVBUF, 20000));
    sk_linger(c, 10);
    assert_int_equal(weir_sock_close(c, sk_now(k)), 1);
    weir_sock_send(s, "x", 1, 0);
    sk_run(k, 100 * WEIR_MS);
    assert_false(weir_sock_lingering(c, sk_now(k)));
    sk_run(k, 100 * WEIR_MS);
    assert_int_equal(k->from[0].rst, 1); /* nobody will read that */
    sk_del(k);
}

static void test_linger_ends_with_its_space(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_linger(c, 3);
    weir_sock_send(c, "x", 1, 0);
    assert_int_equal(weir_sock_close(c, sk_now(k)), 1);
    sk_linger(s, 3);
    sk_del(k); /* counts the memory */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half_close),
        cmocka_unit_test(test_shutdown_of_reading),
        cmocka_unit_test(test_shutdown_while_connecting),
        cmocka_unit_test(test_disconnect),
        cmocka_unit_test(test_disconnect_keeps_what_bind_was_told),
        cmocka_unit_test(test_close_with_unread_data_resets),
        cmocka_unit_test(test_close_delivers_what_is_queued),
        cmocka_unit_test(test_close_of_a_listener_resets_who_waits),
        cmocka_unit_test(test_linger_0_resets),
        cmocka_unit_test(test_linger_until_acknowledged),
        cmocka_unit_test(test_linger_times_out),
        cmocka_unit_test(test_linger_and_new_data),
        cmocka_unit_test(test_linger_ends_with_its_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
