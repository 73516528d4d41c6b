/* test_sock_dgram.c - SOCK_DGRAM with Linux's rules: addresses, truncation, readiness, errors. */
#include "unit/sock_kit.h"

static struct weir_sock *dgram(struct sk *k, int side, int domain)
{
    struct weir_sock *s = NULL;
    sk_ok(weir_sock_socket(k->space[side], domain, WEIR_SOCK_DGRAM | WEIR_SOCK_NONBLOCK, 0, &s));
    return s;
}

static int64_t send_to(struct weir_sock *s, const char *text, const char *address, uint16_t port)
{
    struct weir_endpoint e = sk_at(address, port);
    return weir_sock_sendto(s, text, strlen(text), 0, &e);
}

static int option(struct weir_sock *s, int level, int name)
{
    int32_t value = -9;
    uint32_t size = sizeof(value);
    sk_ok(weir_sock_getsockopt(s, level, name, &value, &size));
    return value;
}

static void test_there_and_back(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c = dgram(k, 0, WEIR_AF_INET), *s = dgram(k, 1, WEIR_AF_INET);
    struct weir_endpoint from, name;
    char b[16];
    int value = -1;
    (void)state;
    sk_ok(sk_bind(s, "0.0.0.0", 53));
    assert_int_equal(weir_sock_poll(s), OUT);
    sk_fails(weir_sock_recvfrom(s, b, 16, 0, &from), WEIR_SOCK_EAGAIN);
    assert_int_equal(send_to(c, "hello", "10.0.0.2", 53), 5);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_poll(s), IN | OUT);
    assert_ptr_equal(weir_sock_changed(k->space[1]), s);
    sk_ok(weir_sock_ioctl(s, WEIR_SIOCINQ, &value));
    assert_int_equal(value, 5);
    assert_int_equal(weir_sock_recvfrom(s, b, 3, WEIR_MSG_PEEK, &from), 3);
    assert_int_equal(weir_sock_recvfrom(s, b, 3, WEIR_MSG_PEEK | WEIR_MSG_TRUNC, NULL), 5);
    assert_int_equal(weir_sock_recvfrom(s, b, 16, 0, &from), 5);
    assert_memory_equal(b, "hello", 5);
    sk_ok(weir_sock_getsockname(c, &name));
    assert_int_equal(name.port, from.port); /* bound by sending */
    assert_int_equal(name.ip.bytes[0], 0);
    assert_int_equal(weir_sock_sendto(s, "hi", 2, 0, &from), 2);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recv(c, b, 1, 0), 1); /* the rest is lost */
    sk_fails(weir_sock_recv(c, b, 1, 0), WEIR_SOCK_EAGAIN);
    sk_ok(weir_sock_close(c, 0));
    sk_ok(weir_sock_close(s, 0));
    sk_del(k);
}

static void test_connected(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c = dgram(k, 0, WEIR_AF_INET6), *s = dgram(k, 1, WEIR_AF_INET6);
    struct weir_endpoint e, none = {.port = 0};
    char b[16];
    (void)state;
    sk_fails(weir_sock_send(c, "x", 1, 0), WEIR_SOCK_EDESTADDRREQ);
    sk_fails(weir_sock_getpeername(c, &e), WEIR_SOCK_ENOTCONN);
    sk_fails(weir_sock_listen(c, 1), WEIR_SOCK_EOPNOTSUPP);
    sk_ok(sk_bind(s, "::", 53));
    sk_ok(sk_connect_to(c, "fd00::2", 53));
    sk_ok(weir_sock_getpeername(c, &e));
    assert_int_equal(e.port, 53);
    sk_ok(weir_sock_getsockname(c, &e));
    assert_int_equal(e.ip.bytes[15], 1);
    assert_int_equal(weir_sock_send(c, "", 0, 0), 0); /* an empty datagram */
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recvfrom(s, b, 16, 0, &e), 0);
    assert_int_equal(e.ip.family, 6);
    /* dual stack: the same socket over IPv4 */
    sk_ok(weir_sock_connect(c, &none));
    sk_ok(sk_connect_to(c, "::ffff:10.0.0.2", 53));
    assert_int_equal(weir_sock_send(c, "four", 4, 0), 4);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recvfrom(s, b, 16, 0, &e), 4);
    assert_int_equal(e.ip.bytes[10], 0xff);
    sk_ok(weir_sock_shutdown(c, WEIR_SHUT_RDWR));
    sk_fails(weir_sock_send(c, "x", 1, 0), WEIR_SOCK_EPIPE);
    assert_int_equal(weir_sock_recv(c, b, 1, 0), 0);
    assert_true(weir_sock_poll(c) & WEIR_POLLHUP);
    sk_fails(weir_sock_shutdown(s, WEIR_SHUT_RD), WEIR_SOCK_ENOTCONN);
    sk_del(k);
}

/* Refused: told once to a connected socket, never to one that is not. */
static void test_refused(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c = dgram(k, 0, WEIR_AF_INET), *u = dgram(k, 0, WEIR_AF_INET);
    char b[4];
    (void)state;
    sk_ok(sk_connect_to(c, "10.0.0.2", 9));
    assert_int_equal(weir_sock_send(c, "x", 1, 0), 1);
    assert_int_equal(send_to(u, "x", "10.0.0.2", 9), 1);
    sk_run(k, WEIR_S);
    assert_true(weir_sock_poll(c) & WEIR_POLLERR);
    assert_false(weir_sock_poll(u) & WEIR_POLLERR);
    sk_fails(weir_sock_recv(c, b, 4, 0), WEIR_SOCK_ECONNREFUSED);
    sk_fails(weir_sock_recv(c, b, 4, 0), WEIR_SOCK_EAGAIN);
    sk_fails(weir_sock_recv(u, b, 4, 0), WEIR_SOCK_EAGAIN);
    assert_int_equal(weir_sock_send(c, "x", 1, 0), 1);
    sk_run(k, WEIR_S);
    assert_int_equal(option(c, WEIR_SOL_SOCKET, WEIR_SO_ERROR), WEIR_SOCK_ECONNREFUSED);
    assert_int_equal(option(c, WEIR_SOL_SOCKET, WEIR_SO_ERROR), 0);
    sk_del(k);
}

static void test_slices(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c = dgram(k, 0, WEIR_AF_INET), *s = dgram(k, 1, WEIR_AF_INET);
    char ab[] = "ab", cde[] = "cde";
    struct weir_sock_slice out[] = {{ab, 2}, {NULL, 0}, {cde, 3}};
    struct weir_endpoint to = sk_at("10.0.0.2", 53), from;
    struct weir_sock_message send = {.slices = out, .slice_count = 3, .name = &to};
    char one[2] = "", two[2] = "";
    struct weir_sock_slice in[] = {{one, 2}, {two, 2}};
    struct weir_sock_message recv = {.slices = in, .slice_count = 2, .name = &from};
    static char big[65508];
    (void)state;
    sk_ok(sk_bind(s, "10.0.0.2", 53));
    assert_int_equal(weir_sock_sendmsg(c, &send, 0), 5);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recvmsg(s, &recv, 0), 4);
    assert_memory_equal(one, "ab", 2);
    assert_memory_equal(two, "cd", 2);
    assert_int_equal(recv.flags, WEIR_MSG_TRUNC);
    assert_int_equal(from.ip.bytes[3], 1);
    sk_fails(weir_sock_sendto(c, big, sizeof(big), 0, &to), WEIR_SOCK_EMSGSIZE);
    sk_del(k);
}

static void test_options(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *a = dgram(k, 0, WEIR_AF_INET), *b = dgram(k, 0, WEIR_AF_INET), *wrong;
    int32_t on = 1, small = 1000, value = 0;
    uint32_t size = sizeof(value);
    (void)state;
    assert_int_equal(option(a, WEIR_SOL_SOCKET, WEIR_SO_TYPE), WEIR_SOCK_DGRAM);
    assert_int_equal(option(a, WEIR_SOL_SOCKET, WEIR_SO_PROTOCOL), WEIR_SOL_UDP);
    assert_int_equal(option(a, WEIR_SOL_SOCKET, WEIR_SO_RCVBUF), 212992);
    sk_ok(weir_sock_setsockopt(a, WEIR_SOL_SOCKET, WEIR_SO_RCVBUF, &small, sizeof(small)));
    assert_int_equal(option(a, WEIR_SOL_SOCKET, WEIR_SO_RCVBUF), 2304);
    sk_fails(weir_sock_setsockopt(a, WEIR_SOL_TCP, WEIR_TCP_NODELAY, &on, sizeof(on)),
             WEIR_SOCK_ENOPROTOOPT);
    sk_fails(weir_sock_getsockopt(a, WEIR_SOL_TCP, WEIR_TCP_NODELAY, &value, &size),
             WEIR_SOCK_EOPNOTSUPP);
    sk_fails(send_to(a, "x", "10.0.0.255", 7), WEIR_SOCK_EACCES);
    sk_ok(weir_sock_setsockopt(a, WEIR_SOL_SOCKET, WEIR_SO_BROADCAST, &on, sizeof(on)));
    assert_int_equal(send_to(a, "x", "10.0.0.255", 7), 1);
    sk_ok(weir_sock_close(a, 0));
    a = dgram(k, 0, WEIR_AF_INET);
    sk_ok(sk_bind(a, "0.0.0.0", 99));
    sk_fails(sk_bind(b, "10.0.0.1", 99), WEIR_SOCK_EADDRINUSE);
    sk_fails(sk_bind(a, "0.0.0.0", 98), WEIR_SOCK_EINVAL);
    sk_ok(weir_sock_setsockopt(a, WEIR_SOL_SOCKET, WEIR_SO_REUSEADDR, &on, sizeof(on)));
    sk_ok(weir_sock_setsockopt(b, WEIR_SOL_SOCKET, WEIR_SO_REUSEADDR, &on, sizeof(on)));
    sk_ok(sk_bind(b, "10.0.0.1", 99));
    sk_fails(weir_sock_socket(k->space[0], WEIR_AF_INET, WEIR_SOCK_DGRAM, WEIR_SOL_TCP, &wrong),
             WEIR_SOCK_EPROTONOSUPPORT);
    sk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_connected),
        cmocka_unit_test(test_refused),        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
