/* test_sock_ports.c - sockets: ports that outlive their sockets, above all in TIME-WAIT. */
#include "unit/sock_kit.h"

static struct weir_sock *try_bind(struct sk *k, int side, bool reuse, const char *at, int error)
{
    struct weir_sock *s = sk_socket(k, side, WEIR_AF_INET);
    sk_set(s, WEIR_SOL_SOCKET, WEIR_SO_REUSEADDR, reuse);
    sk_fails(sk_bind(s, at, 80), error);
    return s;
}

static void test_time_wait_holds_the_port(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL); /* s has the listener's SO_REUSEADDR */
    sk_close(k, try_bind(k, 1, false, "10.0.0.2", WEIR_SOCK_EADDRINUSE)); /* s is open */
    sk_close(k, s);
    sk_close(k, try_bind(k, 1, false, "10.0.0.2", WEIR_SOCK_EADDRINUSE)); /* FIN-WAIT */
    sk_run(k, 100 * WEIR_MS);
    sk_close(k, c);
    sk_run(k, 10 * WEIR_S);
    sk_close(k, try_bind(k, 1, false, "10.0.0.2", WEIR_SOCK_EADDRINUSE)); /* TIME-WAIT */
    sk_close(k, try_bind(k, 1, false, "0.0.0.0", WEIR_SOCK_EADDRINUSE));
    sk_close(k, try_bind(k, 1, false, "127.0.0.1", 0)); /* another address */
    s = try_bind(k, 1, true, "10.0.0.2", 0);
    sk_ok(weir_sock_listen(s, 1));
    c = sk_connect(k, 0, "10.0.0.2", 80);
    sk_run(k, 10 * WEIR_MS);
    sk_close(k, sk_accept(s));
    sk_close(k, s);
    sk_close(k, c);
    sk_run(k, 70 * WEIR_S);
    sk_close(k, try_bind(k, 1, false, "10.0.0.2", 0)); /* all over */
    assert_int_equal(k->from[0].rst + k->from[1].rst, 0);
    sk_del(k);
}

static void test_time_wait_without_reuse(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_socket(k, 1, WEIR_AF_INET), *c, *s;
    (void)state;
    sk_ok(sk_bind(l, "10.0.0.2", 80));
    sk_ok(weir_sock_listen(l, 1));
    c = sk_connect(k, 0, "10.0.0.2", 80);
    sk_run(k, 10 * WEIR_MS);
    s = sk_accept(l);
    sk_close(k, l);
    sk_close(k, s);
    sk_run(k, 10 * WEIR_MS);
    sk_close(k, c);
    sk_run(k, WEIR_S);
    /* both must have had it */
    sk_close(k, try_bind(k, 1, true, "10.0.0.2", WEIR_SOCK_EADDRINUSE));
    sk_run(k, 70 * WEIR_S);
    sk_close(k, try_bind(k, 1, true, "10.0.0.2", 0));
    sk_del(k);
}

/* TIME-WAIT on a socket that is still open holds the port too; a reset connection holds nothing. */
static void test_ports_of_ended_connections(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_ok(weir_sock_shutdown(s, WEIR_SHUT_WR));
    sk_run(k, 100 * WEIR_MS);
    sk_close(k, c);
    sk_run(k, 100 * WEIR_MS);
    assert_int_equal(sk_state(s), WEIR_SOCK_CLOSE);
    sk_close(k, try_bind(k, 1, false, "10.0.0.2", WEIR_SOCK_EADDRINUSE));
    sk_run(k, 70 * WEIR_S);
    sk_close(k, try_bind(k, 1, false, "10.0.0.2", 0));
    sk_close(k, s);
    sk_pair(k, 80, &c, &s, NULL);
    sk_linger(c, 0);
    sk_close(k, c);
    sk_run(k, 100 * WEIR_MS);
    sk_close(k, try_bind(k, 1, false, "10.0.0.2", 0)); /* s is reset, though still open */
    sk_close(k, s);
    sk_del(k);
}

/* SO_REUSEADDR lets an address and the wildcard share a port until one of them listens. */
static void test_wildcard_beside_an_address(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *one = try_bind(k, 1, true, "10.0.0.2", 0);
    struct weir_sock *any = try_bind(k, 1, true, "0.0.0.0", 0);
    (void)state;
    sk_ok(weir_sock_listen(one, 1));
    sk_fails(weir_sock_listen(any, 1), WEIR_SOCK_EADDRINUSE);
    sk_close(k, any);
    sk_close(k, try_bind(k, 1, true, "0.0.0.0", WEIR_SOCK_EADDRINUSE));
    sk_close(k, one);
    sk_ok(weir_sock_listen(try_bind(k, 1, true, "0.0.0.0", 0), 1));
    sk_del(k);
}

/* What bind was told stays with the socket when its connection fails. */
static void test_a_bound_port_outlives_the_connection(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *s = try_bind(k, 0, false, "10.0.0.1", 0),
                     *t = sk_connect(k, 0, "10.0.0.2", 81);
    struct weir_sock *other = sk_socket(k, 0, WEIR_AF_INET);
    (void)state;
    sk_fails(sk_connect_to(s, "10.0.0.2", 81), WEIR_SOCK_EINPROGRESS);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(sk_error(s), WEIR_SOCK_ECONNREFUSED);
    assert_int_equal(sk_error(t), WEIR_SOCK_ECONNREFUSED);
    sk_close(k, try_bind(k, 0, false, "10.0.0.1", WEIR_SOCK_EADDRINUSE));
    sk_ok(sk_bind(other, "10.0.0.1", sk_port(t))); /* a chosen one does not */
    sk_del(k);
}

/* Looking whether an old connection is still there sends nothing and leaves nothing. */
static void test_looking_is_silent(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    struct weir_stats stats = {.size = sizeof(stats)};
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_close(k, s);
    sk_run(k, WEIR_MS);
    sk_close(k, c);
    sk_run(k, 70 * WEIR_S);
    uint32_t packets = k->from[1].count;
    sk_close(k, try_bind(k, 1, false, "10.0.0.2", 0));
    sk_run(k, 10 * WEIR_S);
    assert_int_equal(k->from[1].count, packets);
    assert_int_equal(weir_stats(node_stack(k->node[1]), &stats), WEIR_OK);
    assert_int_equal(stats.connections, 0);
    assert_int_equal(stats.listeners, 0);
    assert_int_equal(k->foreign_events, 0);
    sk_del(k);
}

static void test_many_ghosts(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_listener(k, 1, "10.0.0.2", 80, 5);
    (void)state;
    for (int i = 0; i < 600; i++) { /* more than are remembered */
        struct weir_sock *c = sk_connect(k, 0, "10.0.0.2", 80);
        sk_run(k, WEIR_MS);
        sk_close(k, sk_accept(l));
        sk_run(k, WEIR_MS);
        sk_close(k, c);
    }
    sk_close(k, l);
    sk_run(k, WEIR_S);
    sk_close(k, try_bind(k, 1, false, "10.0.0.2", WEIR_SOCK_EADDRINUSE));
    sk_run(k, 70 * WEIR_S);
    sk_close(k, try_bind(k, 1, false, "10.0.0.2", 0));
    sk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_wait_holds_the_port),
        cmocka_unit_test(test_time_wait_without_reuse),
        cmocka_unit_test(test_ports_of_ended_connections),
        cmocka_unit_test(test_wildcard_beside_an_address),
        cmocka_unit_test(test_a_bound_port_outlives_the_connection),
        cmocka_unit_test(test_looking_is_silent),
        cmocka_unit_test(test_many_ghosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
