/* test_sock_open.c - sockets: socket, bind, listen, connect, accept, names, both families. */
#include "unit/sock_kit.h"

static void test_socket(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_sock *s = NULL;
    (void)state;
    sk_fails(weir_sock_socket(k->space[0], 99, 1, 0, &s), WEIR_SOCK_EAFNOSUPPORT);
    sk_fails(weir_sock_socket(k->space[0], WEIR_AF_UNSPEC, 1, 0, &s), WEIR_SOCK_EAFNOSUPPORT);
    sk_fails(weir_sock_socket(k->space[0], WEIR_AF_INET, 99, 0, &s), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_socket(k->space[0], WEIR_AF_INET, 4 /* SOCK_RDM */, 0, &s),
             WEIR_SOCK_ESOCKTNOSUPPORT);
    sk_fails(weir_sock_socket(k->space[0], WEIR_AF_INET, WEIR_SOCK_RAW, 0, &s),
             WEIR_SOCK_EPROTONOSUPPORT);
    sk_fails(weir_sock_socket(k->space[0], WEIR_AF_INET, WEIR_SOCK_RAW, 256, &s), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_socket(k->space[0], WEIR_AF_INET, WEIR_SOCK_DGRAM, WEIR_SOL_ICMPV6, &s),
             WEIR_SOCK_EPROTONOSUPPORT);
    sk_fails(weir_sock_socket(k->space[0], WEIR_AF_INET, 1, 17, &s), WEIR_SOCK_EPROTONOSUPPORT);
    assert_null(s);
    sk_ok(weir_sock_socket(k->space[0], WEIR_AF_INET6,
                           WEIR_SOCK_STREAM | WEIR_SOCK_NONBLOCK | WEIR_SOCK_CLOEXEC, 6, &s));
    assert_int_equal(weir_sock_user(s), 0);
    weir_sock_set_user(s, UINT64_MAX);
    assert_true(weir_sock_user(s) == UINT64_MAX);
    sk_close(k, s);
    sk_del(k);
}

static void test_a_new_socket(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_sock *s = sk_socket(k, 0, WEIR_AF_INET), *child;
    struct weir_endpoint e;
    char byte = 'x';
    int value = -9;
    (void)state;
    assert_int_equal(weir_sock_poll(s), OUT | HUP);
    sk_fails(weir_sock_send(s, &byte, 1, 0), WEIR_SOCK_EPIPE);
    sk_fails(weir_sock_send(s, &byte, 0, WEIR_MSG_NOSIGNAL), WEIR_SOCK_EPIPE);
    sk_fails(weir_sock_send(s, &byte, 1, WEIR_MSG_OOB), WEIR_SOCK_EPIPE);
    sk_fails(weir_sock_recv(s, &byte, 1, 0), WEIR_SOCK_ENOTCONN);
    sk_fails(weir_sock_recv(s, &byte, 0, 0), WEIR_SOCK_ENOTCONN);
    sk_fails(weir_sock_recv(s, &byte, 1, WEIR_MSG_OOB), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_recv(s, &byte, 1, WEIR_MSG_PEEK), WEIR_SOCK_ENOTCONN);
    sk_fails(weir_sock_accept(s, &child, NULL), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_getpeername(s, &e), WEIR_SOCK_ENOTCONN);
    sk_ok(weir_sock_getsockname(s, &e));
    assert_int_equal(e.ip.family, 4);
    assert_int_equal(e.port, 0);
    assert_int_equal(sk_state(s), WEIR_SOCK_CLOSE);
    sk_ok(weir_sock_ioctl(s, WEIR_SIOCINQ, &value));
    assert_int_equal(value, 0);
    sk_fails(weir_sock_ioctl(s, 1, &value), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_shutdown(s, 7), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_shutdown(s, WEIR_SHUT_WR), WEIR_SOCK_ENOTCONN);
    assert_int_equal(weir_sock_poll(s), OUT | HUP);
    sk_fails(weir_sock_shutdown(s, WEIR_SHUT_RD), WEIR_SOCK_ENOTCONN);
    assert_int_equal(weir_sock_poll(s), IN | OUT | HUP | RDHUP);
    assert_int_equal(weir_sock_recv(s, &byte, 1, 0), 0);
    sk_close(k, s);
    sk_del(k);
}

static void test_bind_addresses(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *s = sk_socket(k, 0, WEIR_AF_INET), *six = sk_socket(k, 0, WEIR_AF_INET6);
    struct weir_endpoint none = {.port = 4000};
    (void)state;
    sk_fails(sk_bind(s, "9.9.9.9", 80), WEIR_SOCK_EADDRNOTAVAIL);
    sk_fails(sk_bind(s, "::1", 80), WEIR_SOCK_EAFNOSUPPORT);
    sk_fails(sk_bind(six, "10.0.0.1", 80), WEIR_SOCK_EINVAL);
    sk_fails(sk_bind(six, "fe80::1", 80), WEIR_SOCK_EINVAL); /* no scope */
    sk_fails(sk_bind(six, "2001:db8::9", 80), WEIR_SOCK_EADDRNOTAVAIL);
    sk_fails(weir_sock_bind(six, &none), WEIR_SOCK_EAFNOSUPPORT);
    sk_ok(weir_sock_bind(s, &none)); /* AF_UNSPEC with INADDR_ANY */
    assert_int_equal(sk_port(s), 4000);
    sk_fails(sk_bind(s, "10.0.0.1", 4001), WEIR_SOCK_EINVAL); /* once only */
    sk_ok(sk_bind(six, "fd00::1", 4000));                     /* the other family: no conflict */
    sk_close(k, s);
    sk_close(k, six);
    s = sk_socket(k, 0, WEIR_AF_INET);
    sk_ok(sk_bind(s, "10.0.0.1", 0));
    assert_in_range(sk_port(s), 32768, 60999);
    six = sk_socket(k, 0, WEIR_AF_INET);
    sk_fails(sk_bind(six, "0.0.0.0", sk_port(s)), WEIR_SOCK_EADDRINUSE);
    sk_del(k);
}

static void test_bind_conflicts(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_sock *a = sk_socket(k, 0, WEIR_AF_INET), *b = sk_socket(k, 0, WEIR_AF_INET);
    struct weir_sock *c = sk_socket(k, 0, WEIR_AF_INET);
    (void)state;
    sk_ok(sk_bind(a, "127.0.0.1", 80));
    sk_fails(sk_bind(b, "127.0.0.1", 80), WEIR_SOCK_EADDRINUSE);
    sk_fails(sk_bind(b, "0.0.0.0", 80), WEIR_SOCK_EADDRINUSE);
    sk_set(b, WEIR_SOL_SOCKET, WEIR_SO_REUSEADDR, 1);
    sk_fails(sk_bind(b, "127.0.0.1", 80), WEIR_SOCK_EADDRINUSE); /* a has it not */
    sk_ok(sk_bind(b, "127.0.0.2", 80));                          /* another address */
    sk_set(a, WEIR_SOL_SOCKET, WEIR_SO_REUSEADDR, 1);
    sk_set(c, WEIR_SOL_SOCKET, WEIR_SO_REUSEADDR, 1);
    sk_ok(sk_bind(c, "127.0.0.1", 80)); /* both have it and neither listens */
    sk_ok(weir_sock_listen(a, 1));
    sk_fails(weir_sock_listen(c, 1), WEIR_SOCK_EADDRINUSE); /* now one does */
    sk_close(k, a);
    sk_ok(weir_sock_listen(c, 1));
    a = sk_socket(k, 0, WEIR_AF_INET);
    sk_set(a, WEIR_SOL_SOCKET, WEIR_SO_REUSEADDR, 1);
    sk_fails(sk_bind(a, "127.0.0.1", 80),
             WEIR_SOCK_EADDRINUSE); /* whoever listens shares with none */
    sk_close(k, c);
    sk_ok(sk_bind(a, "127.0.0.1", 80));
    sk_del(k);
}

/* Somebody else listens on the same stack, without a socket. */
static void test_bind_knows_other_users_of_the_stack(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_sock *s = sk_socket(k, 0, WEIR_AF_INET);
    struct weir_listen_config config;
    weir_handle other;
    (void)state;
    weir_listen_config_default(&config);
    config.local = sk_at("127.0.0.1", 80);
    assert_int_equal(weir_tcp_listen(node_stack(k->node[0]), &config, &other), WEIR_OK);
    sk_fails(sk_bind(s, "127.0.0.1", 80), WEIR_SOCK_EADDRINUSE);
    assert_int_equal(weir_tcp_close(node_stack(k->node[0]), other), WEIR_OK);
    sk_ok(sk_bind(s, "127.0.0.1", 80));
    sk_del(k);
}

static void few_ports(struct weir_sock_config *config)
{
    config->port_first = 5000;
    config->port_last = 5003;
    config->seed = 7;
}

static void test_chosen_ports_run_out(void **state)
{
    struct sk *k = sk_new_with(true, few_ports);
    struct weir_sock *s[4], *more = sk_socket(k, 0, WEIR_AF_INET);
    unsigned seen = 0;
    (void)state;
    for (int i = 0; i < 4; i++) {
        s[i] = sk_socket(k, 0, WEIR_AF_INET);
        sk_set(s[i], WEIR_SOL_SOCKET, WEIR_SO_REUSEADDR, 1); /* a choice never shares */
        sk_ok(sk_bind(s[i], "127.0.0.1", 0));
        assert_in_range(sk_port(s[i]), 5000, 5003);
        seen |= 1u << (sk_port(s[i]) - 5000);
    }
    assert_int_equal(seen, 15);
    sk_fails(sk_bind(more, "127.0.0.1", 0), WEIR_SOCK_EADDRINUSE);
    sk_fails(weir_sock_listen(more, 1), WEIR_SOCK_EADDRINUSE);
    sk_close(k, s[2]);
    sk_ok(weir_sock_listen(more, 1)); /* chooses the one that is free again */
    assert_in_range(sk_port(more), 5000, 5003);
    sk_del(k);
}

static void test_listen(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_sock *l = sk_listener(k, 0, "127.0.0.1", 80, 1), *child, *s;
    struct weir_endpoint e;
    char byte;
    int value;
    (void)state;
    sk_ok(weir_sock_listen(l, 3)); /* again is allowed */
    assert_int_equal(weir_sock_poll(l), 0);
    assert_int_equal(sk_get(l, WEIR_SOL_SOCKET, WEIR_SO_ACCEPTCONN), 1);
    assert_int_equal(sk_state(l), WEIR_SOCK_LISTEN);
    sk_fails(sk_connect_to(l, "127.0.0.1", 80), WEIR_SOCK_EISCONN);
    sk_fails(weir_sock_recv(l, &byte, 1, 0), WEIR_SOCK_ENOTCONN);
    sk_fails(weir_sock_recv(l, &byte, 1, WEIR_MSG_PEEK), WEIR_SOCK_ENOTCONN);
    sk_fails(weir_sock_send(l, &byte, 1, 0), WEIR_SOCK_EPIPE);
    sk_fails(weir_sock_getpeername(l, &e), WEIR_SOCK_ENOTCONN);
    sk_fails(weir_sock_ioctl(l, WEIR_SIOCINQ, &value), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_accept(l, &child, NULL), WEIR_SOCK_EAGAIN);
    sk_ok(weir_sock_shutdown(l, WEIR_SHUT_WR)); /* means nothing */
    assert_int_equal(sk_state(l), WEIR_SOCK_LISTEN);
    sk_ok(weir_sock_shutdown(l, WEIR_SHUT_RD)); /* listens no more */
    assert_int_equal(sk_state(l), WEIR_SOCK_CLOSE);
    sk_fails(weir_sock_accept(l, &child, NULL), WEIR_SOCK_EINVAL);
    s = sk_connect(k, 0, "127.0.0.1", 80);
    sk_run(k, WEIR_MS);
    assert_int_equal(sk_error(s), WEIR_SOCK_ECONNREFUSED);
    sk_ok(weir_sock_listen(l, 1)); /* the port is still bound */
    assert_int_equal(sk_port(l), 80);
    sk_del(k);
}

static void test_connect_and_accept(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_listener(k, 1, "0.0.0.0", 80, 5), *c, *a;
    struct weir_endpoint peer, name;
    char byte;
    int value;
    (void)state;
    c = sk_connect(k, 0, "10.0.0.2", 80);
    sk_fails(sk_connect_to(c, "10.0.0.2", 80), WEIR_SOCK_EALREADY);
    assert_int_equal(weir_sock_poll(c), 0);
    assert_int_equal(sk_state(c), WEIR_SOCK_SYN_SENT);
    sk_fails(weir_sock_send(c, "x", 1, 0), WEIR_SOCK_EAGAIN);
    sk_fails(weir_sock_recv(c, &byte, 1, 0), WEIR_SOCK_EAGAIN);
    sk_fails(weir_sock_getpeername(c, &peer), WEIR_SOCK_ENOTCONN);
    sk_ok(weir_sock_ioctl(c, WEIR_SIOCOUTQ, &value));
    assert_int_equal(value, 0);
    sk_fails(weir_sock_listen(c, 1), WEIR_SOCK_EINVAL);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(weir_sock_poll(l), IN);
    assert_int_equal(weir_sock_poll(c), OUT);
    sk_ok(sk_connect_to(c, "10.0.0.2", 80));
    sk_fails(sk_connect_to(c, "10.0.0.2", 80), WEIR_SOCK_EISCONN);
    sk_fails(weir_sock_listen(c, 1), WEIR_SOCK_EINVAL);
    sk_fails(sk_bind(c, "10.0.0.1", 0), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_accept(c, &a, NULL), WEIR_SOCK_EINVAL);
    sk_ok(weir_sock_accept(l, &a, &peer));
    assert_int_equal(weir_sock_poll(l), 0);
    sk_ok(weir_sock_getsockname(c, &name));
    assert_memory_equal(&peer, &name, sizeof(peer));
    sk_ok(weir_sock_getpeername(c, &peer));
    sk_ok(weir_sock_getsockname(a, &name));
    assert_memory_equal(&peer, &name, sizeof(peer));
    assert_int_equal(sk_state(a), WEIR_SOCK_ESTABLISHED);
    assert_int_equal(sk_get(a, WEIR_SOL_SOCKET, WEIR_SO_ACCEPTCONN), 0);
    assert_int_equal(weir_sock_send(c, "x", 1, 0), 1);
    assert_int_equal(k->foreign_events, 0);
    sk_del(k);
}

/* Answers are right even when no event has been given to weir_sock_event. */
static void test_without_events(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_sock *l = sk_listener(k, 0, "127.0.0.1", 80, 5), *c, *refused, *a;
    char byte;
    (void)state;
    node_set_app(k->node[0], NULL);
    c = sk_connect(k, 0, "127.0.0.1", 80);
    refused = sk_connect(k, 0, "127.0.0.1", 81);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(weir_sock_poll(c), OUT);
    assert_int_equal(weir_sock_poll(l), IN);
    assert_int_equal(weir_sock_poll(refused), IN | OUT | ERR | HUP | RDHUP);
    sk_fails(weir_sock_send(refused, "x", 1, 0), WEIR_SOCK_ECONNREFUSED);
    assert_int_equal(weir_sock_send(c, "x", 1, 0), 1);
    a = sk_accept(l);
    sk_ok(weir_sock_shutdown(c, WEIR_SHUT_WR));
    sk_run(k, 100 * WEIR_MS);
    assert_int_equal(weir_sock_poll(a), IN | OUT | RDHUP);
    assert_int_equal(weir_sock_recv(a, &byte, 1, 0), 1);
    assert_int_equal(weir_sock_recv(a, &byte, 1, 0), 0);
    sk_linger(c, 0);
    sk_close(k, c);
    sk_run(k, 100 * WEIR_MS);
    assert_int_equal(sk_error(a), WEIR_SOCK_EPIPE);
    sk_del(k);
}

static void test_refused(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *s = sk_connect(k, 0, "10.0.0.2", 81);
    char byte;
    (void)state;
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(weir_sock_poll(s), IN | OUT | ERR | HUP | RDHUP);
    sk_fails(sk_connect_to(s, "10.0.0.2", 81), WEIR_SOCK_ECONNREFUSED);
    assert_int_equal(weir_sock_poll(s), OUT | HUP);
    assert_int_equal(sk_error(s), 0);
    sk_fails(sk_connect_to(s, "10.0.0.2", 81), WEIR_SOCK_EINPROGRESS); /* and again */
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(sk_error(s), WEIR_SOCK_ECONNREFUSED);
    assert_int_equal(sk_error(s), 0); /* reported once */
    assert_int_equal(weir_sock_poll(s), IN | OUT | HUP | RDHUP);
    sk_fails(sk_connect_to(s, "10.0.0.2", 81), WEIR_SOCK_ECONNABORTED);
    sk_fails(sk_connect_to(s, "10.0.0.2", 81), WEIR_SOCK_EINPROGRESS);
    sk_run(k, 10 * WEIR_MS);
    sk_fails(weir_sock_recv(s, &byte, 1, 0), WEIR_SOCK_ECONNREFUSED);
    assert_int_equal(weir_sock_recv(s, &byte, 1, 0), 0);
    sk_fails(weir_sock_send(s, &byte, 1, 0), WEIR_SOCK_EPIPE);
    sk_fails(weir_sock_shutdown(s, WEIR_SHUT_RDWR), WEIR_SOCK_ENOTCONN);
    sk_close(k, s);
    s = sk_connect(k, 0, "10.0.0.2", 0); /* nobody listens there */
    assert_int_equal(sk_error(s), WEIR_SOCK_ECONNREFUSED);
    sk_del(k);
}

static void test_connect_addresses(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *s = sk_socket(k, 0, WEIR_AF_INET), *six = sk_socket(k, 0, WEIR_AF_INET6);
    struct weir_sock *bound = sk_socket(k, 0, WEIR_AF_INET6);
    (void)state;
    sk_fails(sk_connect_to(s, "10.0.0.255", 80), WEIR_SOCK_ENETUNREACH);
    sk_fails(sk_connect_to(s, "255.255.255.255", 80), WEIR_SOCK_ENETUNREACH);
    sk_fails(sk_connect_to(s, "224.0.0.1", 80), WEIR_SOCK_ENETUNREACH);
    sk_fails(sk_connect_to(s, "11.0.0.1", 80), WEIR_SOCK_ENETUNREACH); /* no route */
    sk_fails(sk_connect_to(s, "fd00::2", 80), WEIR_SOCK_EAFNOSUPPORT);
    sk_fails(sk_connect_to(six, "10.0.0.2", 80), WEIR_SOCK_EINVAL);
    sk_fails(sk_connect_to(six, "ff02::1", 80), WEIR_SOCK_ENETUNREACH);
    sk_fails(sk_connect_to(six, "fe80::1", 80), WEIR_SOCK_EINVAL);
    assert_int_equal(weir_sock_poll(s), OUT | HUP); /* nothing has begun */
    sk_ok(sk_bind(bound, "fd00::1", 0));
    sk_fails(sk_connect_to(bound, "::ffff:10.0.0.2", 80), WEIR_SOCK_ENETUNREACH);
    sk_close(k, bound);
    bound = sk_socket(k, 0, WEIR_AF_INET6);
    sk_ok(sk_bind(bound, "::ffff:10.0.0.1", 0));
    sk_fails(sk_connect_to(bound, "fd00::2", 80), WEIR_SOCK_EAFNOSUPPORT);
    sk_set(six, WEIR_SOL_IPV6, WEIR_IPV6_V6ONLY, 1);
    sk_fails(sk_connect_to(six, "::ffff:10.0.0.2", 80), WEIR_SOCK_ENETUNREACH);
    sk_fails(sk_bind(six, "::ffff:10.0.0.1", 80), WEIR_SOCK_EINVAL);
    sk_del(k);
}

static void test_connect_to_any_means_this_host(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_sock *l = sk_listener(k, 0, "::", 80, 5), *c;
    static const char *const to[] = {"0.0.0.0", "::", "::ffff:0.0.0.0"};
    static const char *const from[] = {"::ffff:127.0.0.1", "::1", "::ffff:127.0.0.1"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct weir_endpoint peer, want = sk_at(from[i], 0);
        struct weir_sock *a;
        c = sk_connect(k, 0, to[i], 80);
        sk_run(k, 10 * WEIR_MS);
        assert_int_equal(weir_sock_poll(c), OUT);
        sk_ok(weir_sock_accept(l, &a, &peer));
        want.port = peer.port;
        assert_memory_equal(&peer, &want, sizeof(peer));
    }
    sk_del(k);
}

static void test_bound_connect(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_listener(k, 1, "10.0.0.2", 80, 5), *a, *b;
    (void)state;
    (void)l;
    a = sk_socket(k, 0, WEIR_AF_INET);
    b = sk_socket(k, 0, WEIR_AF_INET);
    sk_set(a, WEIR_SOL_SOCKET, WEIR_SO_REUSEADDR, 1);
    sk_set(b, WEIR_SOL_SOCKET, WEIR_SO_REUSEADDR, 1);
    sk_ok(sk_bind(a, "0.0.0.0", 4321));
    sk_ok(sk_bind(b, "10.0.0.1", 4321));
    sk_fails(sk_connect_to(a, "10.0.0.2", 80), WEIR_SOCK_EINPROGRESS);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(weir_sock_poll(a), OUT);
    assert_int_equal(sk_port(a), 4321);
    sk_fails(sk_connect_to(b, "10.0.0.2", 80), WEIR_SOCK_EADDRNOTAVAIL); /* this one exists */
    sk_fails(sk_connect_to(b, "10.0.0.2", 81), WEIR_SOCK_EINPROGRESS);
    sk_del(k);
}

/* ---- Both families ---- */

static void test_dual_stack_listener(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_listener(k, 1, "::", 80, 5), *four, *six, *mapped, *a;
    struct weir_sock *other = sk_socket(k, 1, WEIR_AF_INET);
    struct weir_endpoint peer, want;
    (void)state;
    sk_fails(sk_bind(other, "0.0.0.0", 80), WEIR_SOCK_EADDRINUSE);
    sk_fails(sk_bind(other, "10.0.0.2", 80), WEIR_SOCK_EADDRINUSE);
    four = sk_connect(k, 0, "10.0.0.2", 80);
    sk_run(k, 10 * WEIR_MS);
    sk_ok(weir_sock_accept(l, &a, &peer));
    want = sk_at("::ffff:10.0.0.1", sk_port(four));
    assert_memory_equal(&peer, &want, sizeof(peer));
    sk_ok(weir_sock_getsockname(a, &peer));
    want = sk_at("::ffff:10.0.0.2", 80);
    assert_memory_equal(&peer, &want, sizeof(peer));
    six = sk_connect(k, 0, "fd00::2", 80);
    sk_run(k, 10 * WEIR_MS);
    sk_ok(weir_sock_accept(l, &a, &peer));
    want = sk_at("fd00::1", sk_port(six));
    assert_memory_equal(&peer, &want, sizeof(peer));
    mapped = sk_connect(k, 0, "::ffff:10.0.0.2", 80);
    sk_run(k, 10 * WEIR_MS);
    sk_ok(weir_sock_accept(l, &a, &peer));
    sk_ok(weir_sock_getpeername(mapped, &peer));
    want = sk_at("::ffff:10.0.0.2", 80);
    assert_memory_equal(&peer, &want, sizeof(peer));
    sk_del(k);
}

static void test_v6only(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_socket(k, 1, WEIR_AF_INET6), *four, *c;
    (void)state;
    sk_ok(sk_set(l, WEIR_SOL_IPV6, WEIR_IPV6_V6ONLY, 1));
    sk_ok(sk_bind(l, "::", 80));
    sk_fails(sk_set(l, WEIR_SOL_IPV6, WEIR_IPV6_V6ONLY, 0), WEIR_SOCK_EINVAL); /* bound: too late */
    sk_ok(weir_sock_listen(l, 5));
    c = sk_connect(k, 0, "10.0.0.2", 80);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(sk_error(c), WEIR_SOCK_ECONNREFUSED);
    sk_close(k, c);
    four = sk_listener(k, 1, "0.0.0.0", 80, 5); /* beside it */
    c = sk_connect(k, 0, "10.0.0.2", 80);
    sk_run(k, 10 * WEIR_MS);
    sk_accept(four);
    c = sk_connect(k, 0, "fd00::2", 80);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(weir_sock_poll(c), OUT);
    assert_int_equal(weir_sock_poll(four), 0);
    sk_accept(l);
    sk_del(k);
}

/* backlog + 1 wait; the rest is tried again by their clients. */
static void test_backlog(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_listener(k, 1, "10.0.0.2", 80, 0), *c[3];
    unsigned accepted = 0;
    (void)state;
    for (int i = 0; i < 3; i++) {
        c[i] = sk_connect(k, 0, "10.0.0.2", 80);
        sk_run(k, 10 * WEIR_MS);
    }
    assert_int_equal(weir_sock_poll(c[0]), OUT);
    assert_int_equal(weir_sock_poll(c[1]), 0);
    for (int i = 0; i < 3; i++) {
        struct weir_sock *a = NULL;
        accepted += weir_sock_accept(l, &a, NULL) == 0;
        sk_run(k, 10 * WEIR_S);
    }
    assert_int_equal(accepted, 3);
    sk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_socket),
        cmocka_unit_test(test_a_new_socket),
        cmocka_unit_test(test_bind_addresses),
        cmocka_unit_test(test_bind_conflicts),
        cmocka_unit_test(test_bind_knows_other_users_of_the_stack),
        cmocka_unit_test(test_chosen_ports_run_out),
        cmocka_unit_test(test_listen),
        cmocka_unit_test(test_connect_and_accept),
        cmocka_unit_test(test_without_events),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_connect_addresses),
        cmocka_unit_test(test_connect_to_any_means_this_host),
        cmocka_unit_test(test_bound_connect),
        cmocka_unit_test(test_dual_stack_listener),
        cmocka_unit_test(test_v6only),
        cmocka_unit_test(test_backlog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
