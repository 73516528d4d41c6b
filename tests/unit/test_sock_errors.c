/* test_sock_errors.c - sockets: resets, time-outs and ICMP, as each call tells them, and only once. */
#include "unit/sock_kit.h"

#include "wire/icmp.h"

/* ---- Hard errors ---- */

static void test_reset_with_unread_data(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    struct weir_endpoint e;
    char b[9];
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    weir_sock_send(s, "data", 4, 0);
    sk_run(k, 10 * WEIR_MS);
    sk_linger(s, 0);
    sk_close(k, s);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(k->from[1].rst, 1);
    assert_int_equal(weir_sock_poll(c), IN | OUT | ERR | HUP | RDHUP);
    assert_int_equal(weir_sock_recv(c, b, 2, 0), 2);
    assert_int_equal(weir_sock_recv(c, b, 9, 0), 2);
    sk_fails(weir_sock_recv(c, b, 9, 0), WEIR_SOCK_ECONNRESET);
    assert_int_equal(weir_sock_recv(c, b, 9, 0), 0);
    sk_fails(weir_sock_getpeername(c, &e), WEIR_SOCK_ENOTCONN);
    sk_del(k);
}

static void test_reset_in_close_wait(void **state)
{
    struct sk *k = sk_new();
    char b;
    (void)state;
    for (int send = 0; send < 2; send++) {
        struct weir_sock *c, *s;
        sk_pair(k, 80, &c, &s, NULL);
        sk_ok(weir_sock_shutdown(s, WEIR_SHUT_WR));
        sk_run(k, 100 * WEIR_MS);
        assert_int_equal(sk_state(c), WEIR_SOCK_CLOSE_WAIT);
        sk_linger(s, 0);
        sk_close(k, s);
        sk_run(k, 10 * WEIR_MS);
        assert_int_equal(weir_sock_poll(c), IN | OUT | ERR | HUP | RDHUP);
        if (send) {
            sk_fails(weir_sock_send(c, &b, 1, 0), WEIR_SOCK_EPIPE);
        } else {
            assert_int_equal(weir_sock_recv(c, &b, 1, WEIR_MSG_PEEK), 0);
            assert_int_equal(weir_sock_recv(c, &b, 1, 0), 0); /* the end is no error */
            assert_int_equal(sk_error(c), WEIR_SOCK_EPIPE);
        }
        assert_int_equal(sk_error(c), 0);
        assert_int_equal(weir_sock_recv(c, &b, 1, 0), 0);
        sk_fails(weir_sock_send(c, &b, 1, 0), WEIR_SOCK_EPIPE);
        assert_int_equal(weir_sock_poll(c), IN | OUT | HUP | RDHUP);
        sk_close(k, c);
    }
    sk_del(k);
}

/* Once we have closed our side too, it is an ordinary reset. */
static void test_reset_in_last_ack(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_ok(weir_sock_shutdown(s, WEIR_SHUT_WR));
    sk_run(k, 100 * WEIR_MS);
    sk_ok(weir_sock_shutdown(c, WEIR_SHUT_WR));
    sk_linger(s, 0);
    sk_close(k, s);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(sk_error(c), WEIR_SOCK_ECONNRESET);
    sk_del(k);
}

static void test_accept_of_a_reset_connection(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_listener(k, 1, "10.0.0.2", 80, 5), *c, *a;
    struct weir_endpoint e;
    char b;
    (void)state;
    c = sk_connect(k, 0, "10.0.0.2", 80);
    sk_run(k, 10 * WEIR_MS);
    sk_linger(c, 0);
    sk_close(k, c);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(weir_sock_poll(l), IN);
    a = sk_accept(l);
    assert_int_equal(sk_state(a), WEIR_SOCK_CLOSE);
    assert_int_equal(weir_sock_poll(a), IN | OUT | ERR | HUP | RDHUP);
    sk_fails(weir_sock_getpeername(a, &e), WEIR_SOCK_ENOTCONN);
    sk_run(k, 10 * WEIR_MS); /* its events come now: nothing is told twice */
    sk_fails(weir_sock_recv(a, &b, 1, 0), WEIR_SOCK_ECONNRESET);
    assert_int_equal(weir_sock_recv(a, &b, 1, 0), 0);
    assert_int_equal(sk_error(a), 0);
    sk_del(k);
}

static void test_timeout(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    char b;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_ok(sk_set(c, WEIR_SOL_TCP, WEIR_TCP_USER_TIMEOUT, 5000));
    sk_cut(k);
    weir_sock_send(c, "x", 1, 0);
    sk_run(k, 4 * WEIR_S);
    assert_int_equal(weir_sock_poll(c), OUT);
    assert_int_equal(sk_error(c), 0); /* R1 has passed, which is not told */
    sk_run(k, 9 * WEIR_S);
    assert_int_equal(weir_sock_poll(c), IN | OUT | ERR | HUP | RDHUP);
    sk_fails(weir_sock_recv(c, &b, 1, 0), WEIR_SOCK_ETIMEDOUT);
    assert_int_equal(weir_sock_recv(c, &b, 1, 0), 0);
    sk_del(k);
}

static void test_connect_timeout(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *s = sk_socket(k, 0, WEIR_AF_INET);
    (void)state;
    sk_ok(sk_set(s, WEIR_SOL_TCP, WEIR_TCP_USER_TIMEOUT, 1500));
    sk_fails(sk_connect_to(s, "10.0.0.9", 80), WEIR_SOCK_EINPROGRESS);
    sk_run(k, WEIR_S);
    sk_fails(sk_connect_to(s, "10.0.0.9", 80), WEIR_SOCK_EALREADY);
    sk_run(k, 3 * WEIR_S);
    sk_fails(sk_connect_to(s, "10.0.0.9", 80), WEIR_SOCK_ETIMEDOUT);
    sk_del(k);
}

/* ---- Soft errors ---- */

static void only_hard(struct weir_sock_config *config)
{
    config->soft_errors_end_connect = false;
}

static void test_soft_error_while_connecting(void **state)
{
    (void)state;
    for (int end = 0; end < 2; end++) {
        struct sk *k = sk_new_with(false, end ? NULL : only_hard);
        struct weir_sock *s = sk_connect(k, 0, "10.0.0.9", 80);
        sk_run(k, 10 * WEIR_MS);
        sk_unreachable(k, ICMP4_HOST);
        if (end) {
            assert_int_equal(weir_sock_poll(s), IN | OUT | ERR | HUP | RDHUP);
            sk_fails(sk_connect_to(s, "10.0.0.9", 80), WEIR_SOCK_EHOSTUNREACH);
            assert_int_equal(weir_sock_poll(s), OUT | HUP);
            sk_fails(sk_connect_to(s, "10.0.0.9", 80), WEIR_SOCK_EINPROGRESS);
        } else {
            assert_int_equal(weir_sock_poll(s), 0);
            assert_int_equal(sk_error(s), WEIR_SOCK_EHOSTUNREACH);
            assert_int_equal(sk_error(s), 0);
            sk_fails(sk_connect_to(s, "10.0.0.9", 80), WEIR_SOCK_EALREADY);
        }
        sk_del(k);
    }
}

static void test_hard_error_while_connecting(void **state)
{
    struct sk *k = sk_new_with(false, only_hard);
    struct weir_sock *s = sk_connect(k, 0, "10.0.0.9", 80);
    (void)state;
    sk_run(k, 10 * WEIR_MS);
    sk_unreachable(k, ICMP4_PORT);
    sk_fails(sk_connect_to(s, "10.0.0.9", 80), WEIR_SOCK_ECONNREFUSED);
    sk_del(k);
}

static void test_soft_error_of_a_connection(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    char b;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_cut(k);
    weir_sock_send(c, "x", 1, 0);
    sk_run(k, 10 * WEIR_MS);
    sk_unreachable(k, ICMP4_HOST);
    assert_int_equal(weir_sock_poll(c), OUT); /* only SO_ERROR tells, and once */
    sk_fails(weir_sock_recv(c, &b, 1, 0), WEIR_SOCK_EAGAIN);
    assert_int_equal(weir_sock_send(c, "y", 1, 0), 1);
    assert_int_equal(sk_error(c), WEIR_SOCK_EHOSTUNREACH);
    assert_int_equal(sk_error(c), 0);
    sk_ok(sk_set(c, WEIR_SOL_TCP, WEIR_TCP_USER_TIMEOUT, 3000));
    sk_run(k, 20 * WEIR_S); /* the end is told with the reason that is known */
    assert_int_equal(sk_error(c), WEIR_SOCK_EHOSTUNREACH);
    sk_del(k);
}

/* IP_RECVERR: the next call fails, once, and the connection goes on (tcp_v4_err). */
static void test_recverr(void **state)
{
    (void)state;
    static const struct {
        uint8_t code;
        int error;
    } rows[] = {
        {0, WEIR_SOCK_ENETUNREACH},  {1, WEIR_SOCK_EHOSTUNREACH}, {2, WEIR_SOCK_ENOPROTOOPT},
        {3, WEIR_SOCK_ECONNREFUSED}, {5, WEIR_SOCK_EOPNOTSUPP},   {6, WEIR_SOCK_ENETUNREACH},
        {7, WEIR_SOCK_EHOSTDOWN},    {8, WEIR_SOCK_ENONET},       {13, WEIR_SOCK_EHOSTUNREACH}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sk *k = sk_new();
        struct weir_sock *c, *s;
        char b;
        sk_pair(k, 80, &c, &s, NULL);
        sk_ok(sk_set(c, WEIR_SOL_IP, WEIR_IP_RECVERR, 1));
        sk_cut(k);
        weir_sock_send(c, "x", 1, 0);
        sk_run(k, 10 * WEIR_MS);
        sk_unreachable(k, rows[i].code);
        assert_int_equal(weir_sock_poll(c) & WEIR_POLLERR, WEIR_POLLERR);
        sk_fails(weir_sock_recv(c, &b, 1, 0), rows[i].error);
        sk_fails(weir_sock_recv(c, &b, 1, 0), WEIR_SOCK_EAGAIN);
        assert_int_equal(weir_sock_send(c, "y", 1, 0), 1);
        assert_int_equal(sk_error(c), 0);
        sk_del(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reset_with_unread_data),
        cmocka_unit_test(test_reset_in_close_wait),
        cmocka_unit_test(test_reset_in_last_ack),
        cmocka_unit_test(test_accept_of_a_reset_connection),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_connect_timeout),
        cmocka_unit_test(test_soft_error_while_connecting),
        cmocka_unit_test(test_hard_error_while_connecting),
        cmocka_unit_test(test_soft_error_of_a_connection),
        cmocka_unit_test(test_recverr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
