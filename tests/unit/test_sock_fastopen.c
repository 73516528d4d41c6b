/* test_sock_fastopen.c - TCP Fast Open (RFC 7413) at sockets, between two stacks of weir. */
#include "unit/sock_kit.h"

#define FAST WEIR_MSG_FASTOPEN
#define TCP WEIR_SOL_TCP
#define SYN_DATA 32u /* of tcpi_options */
#define DELAY (10 * WEIR_MS)

static uint8_t bytes[8000], got[8000];

static void both_roles(struct weir_sock_config *config)
{
    config->fastopen = WEIR_SOCK_FASTOPEN_CLIENT | WEIR_SOCK_FASTOPEN_SERVER;
}

static void every_listener(struct weir_sock_config *config)
{
    config->fastopen =
        WEIR_SOCK_FASTOPEN_CLIENT | WEIR_SOCK_FASTOPEN_SERVER | WEIR_SOCK_FASTOPEN_ALL_LISTENERS;
}

static void without_cookies(struct weir_sock_config *config)
{
    every_listener(config);
    config->fastopen |= WEIR_SOCK_FASTOPEN_CLIENT_NO_COOKIE | WEIR_SOCK_FASTOPEN_SERVER_NO_COOKIE;
}

static void copying(struct weir_sock_config *config)
{
    every_listener(config);
    config->zerocopy_copies = true;
}

static void off(struct weir_sock_config *config)
{
    config->fastopen = 0;
}

static bool syn_data(struct weir_sock *s)
{
    struct weir_sock_tcp_info info;
    uint32_t size = sizeof(info);
    sk_ok(weir_sock_getsockopt(s, TCP, WEIR_TCP_INFO, &info, &size));
    return (info.options & SYN_DATA) != 0;
}

static struct weir_sock *listener(struct sk *k, const char *address, int queue)
{
    struct weir_sock *l = sk_listener(k, 1, address, 80, 5);
    if (queue)
        sk_ok(sk_set(l, TCP, WEIR_TCP_FASTOPEN, queue));
    return l;
}

static struct weir_sock *client(struct sk *k, const char *address)
{
    return sk_socket(k, 0, strchr(address, ':') ? WEIR_AF_INET6 : WEIR_AF_INET);
}

static int64_t send_fast(struct weir_sock *s, const char *address, size_t size)
{
    struct weir_endpoint to = sk_at(address, 80);
    return weir_sock_sendto(s, bytes, size, FAST, &to);
}

/* The first connection gets a cookie. */
static void warm_up(struct sk *k, struct weir_sock *l, const char *address)
{
    struct weir_sock *c = client(k, address);
    sk_fails(send_fast(c, address, 0), WEIR_SOCK_EINPROGRESS);
    assert_int_equal(sk_state(c), WEIR_SOCK_SYN_SENT);
    sk_fails(send_fast(c, address, 10), WEIR_SOCK_EALREADY);
    sk_fails(weir_sock_send(c, bytes, 10, 0), WEIR_SOCK_EAGAIN);
    sk_run(k, WEIR_S);
    assert_false(syn_data(c));
    sk_close(k, c);
    sk_close(k, sk_accept(l));
    sk_run(k, WEIR_S);
}

/* Data in the SYN is read, and answered, a round trip before the handshake is complete (4.2). */
static void test_sendto(void **state)
{
    static const char *const addresses[] = {"10.0.0.2", "fd00::2"};
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 31 + (i >> 8));
    for (int i = 0; i < 4; i++) {
        const char *address = addresses[i & 1];
        struct sk *k = sk_new_far(i & 2 ? every_listener : both_roles, DELAY);
        struct weir_sock *l = listener(k, address, i & 2 ? 0 : 3);
        int value = 0;
        assert_int_equal(sk_get(l, TCP, WEIR_TCP_FASTOPEN), i & 2 ? 5 : 3);
        warm_up(k, l, address);
        struct weir_sock *c = client(k, address);
        assert_int_equal(send_fast(c, address, 1000), 1000);
        assert_false(weir_sock_poll(c) & OUT);
        sk_run(k, DELAY);
        assert_true(weir_sock_poll(l) & IN);
        struct weir_sock *s = sk_accept(l);
        assert_int_equal(sk_state(s), WEIR_SOCK_SYN_RECV);
        assert_int_equal(weir_sock_poll(s), IN | OUT);
        sk_ok(weir_sock_ioctl(s, WEIR_SIOCINQ, &value));
        assert_int_equal(value, 1000);
        assert_int_equal(weir_sock_recv(s, got, sizeof(got), 0), 1000);
        assert_memory_equal(got, bytes, 1000);
        sk_fails(weir_sock_recv(s, got, sizeof(got), 0), WEIR_SOCK_EAGAIN);
        assert_int_equal(weir_sock_send(s, bytes, 500, 0), 500);
        sk_run(k, DELAY); /* with the SYN,ACK comes the answer */
        assert_int_equal(weir_sock_recv(c, got, sizeof(got), 0), 500);
        assert_memory_equal(got, bytes, 500);
        assert_int_equal(weir_sock_poll(c), OUT);
        assert_true(syn_data(c) && syn_data(s));
        assert_int_equal(send_fast(c, address, 700), 700); /* connected: as any other */
        sk_fails(send_fast(c, address, 700), WEIR_SOCK_EISCONN);
        sk_run(k, WEIR_S);
        assert_int_equal(sk_state(s), WEIR_SOCK_ESTABLISHED);
        assert_int_equal(weir_sock_recv(s, got, sizeof(got), 0), 700);
        sk_close(k, c);
        sk_close(k, s);
        sk_run(k, WEIR_S);
        sk_del(k);
    }
}

/* What the SYN has no room for is not taken; a caller that waits for all of it has all taken. */
static void test_more_than_a_syn(void **state)
{
    struct sk *k = sk_new_far(every_listener, DELAY);
    struct weir_sock *l = listener(k, "10.0.0.2", 0), *c = NULL, *s;
    struct weir_sock_slice slices[] = {{bytes, 400}, {bytes + 400, 0}, {bytes + 400, 7600}};
    struct weir_endpoint to = sk_at("10.0.0.2", 80);
    struct weir_sock_message m = {.slices = slices, .slice_count = 3, .name = &to};
    (void)state;
    c = client(k, "10.0.0.2"); /* no cookie yet: all of it follows */
    assert_int_equal(weir_sock_sendmsg(c, &m, FAST | WEIR_MSG_WAITALL), 8000);
    sk_run(k, 4 * DELAY);
    s = sk_accept(l);
    assert_false(syn_data(s));
    assert_int_equal(weir_sock_recv(s, got, sizeof(got), 0), 8000);
    assert_memory_equal(got, bytes, 8000);
    sk_close(k, c);
    sk_close(k, s);
    sk_run(k, WEIR_S);
    for (int wait = 0; wait < 2; wait++) {
        int64_t first = wait ? 8000 : 1460 - 40;
        c = client(k, "10.0.0.2");
        assert_int_equal(weir_sock_sendmsg(c, &m, FAST | (wait ? WEIR_MSG_WAITALL : 0)), first);
        sk_run(k, 2 * DELAY);
        assert_int_equal(weir_sock_send(c, bytes + first, (size_t)(8000 - first), 0), 8000 - first);
        sk_run(k, WEIR_S);
        s = sk_accept(l);
        assert_true(syn_data(s));
        assert_int_equal(weir_sock_recv(s, got, sizeof(got), 0), 8000);
        assert_memory_equal(got, bytes, 8000);
        sk_close(k, c);
        sk_close(k, s);
    }
    sk_run(k, WEIR_S);
    sk_del(k);
}

/* TCP_FASTOPEN_CONNECT: connect only remembers whereto, the first send begins. */
static void test_deferred(void **state)
{
    struct sk *k = sk_new_far(every_listener, DELAY);
    struct weir_sock *l = listener(k, "10.0.0.2", 0), *c = client(k, "10.0.0.2"), *s;
    struct weir_endpoint none = {0};
    int value = -1;
    (void)state;
    sk_ok(sk_set(c, TCP, WEIR_TCP_FASTOPEN_CONNECT, 1));
    assert_int_equal(sk_get(c, TCP, WEIR_TCP_FASTOPEN_CONNECT), 1);
    sk_fails(sk_connect_to(c, "10.0.0.2", 80), WEIR_SOCK_EINPROGRESS); /* asks for a cookie */
    sk_fails(sk_set(c, TCP, WEIR_TCP_FASTOPEN_CONNECT, 0), WEIR_SOCK_EINVAL);
    sk_run(k, WEIR_S);
    sk_close(k, c);
    sk_close(k, sk_accept(l));
    sk_run(k, WEIR_S);

    c = client(k, "10.0.0.2");
    uint32_t syns = k->from[0].syn;
    sk_ok(sk_set(c, TCP, WEIR_TCP_FASTOPEN_CONNECT, 1));
    sk_ok(sk_connect_to(c, "10.0.0.2", 80));
    sk_run(k, WEIR_S);
    assert_int_equal(k->from[0].syn, syns);
    sk_fails(sk_connect_to(c, "10.0.0.2", 80), WEIR_SOCK_EISCONN);
    sk_fails(weir_sock_listen(c, 1), WEIR_SOCK_EINVAL);
    sk_fails(sk_bind(c, "10.0.0.1", 5000), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_recv(c, got, 1, 0), WEIR_SOCK_EAGAIN);
    sk_fails(weir_sock_getpeername(c, &none), WEIR_SOCK_ENOTCONN);
    sk_ok(weir_sock_ioctl(c, WEIR_SIOCOUTQ, &value));
    assert_int_equal(value, 0);
    assert_int_equal(weir_sock_poll(c), OUT);
    assert_int_equal(sk_state(c), WEIR_SOCK_SYN_SENT);
    assert_int_equal(weir_sock_send(c, bytes, 300, 0), 300);
    sk_fails(sk_connect_to(c, "10.0.0.2", 80), WEIR_SOCK_EALREADY);
    sk_run(k, DELAY);
    s = sk_accept(l);
    assert_int_equal(weir_sock_recv(s, got, sizeof(got), 0), 300);
    sk_run(k, WEIR_S);
    assert_true(syn_data(c));
    sk_ok(sk_connect_to(c, "10.0.0.2", 80));
    sk_close(k, c);
    sk_close(k, s);

    c = client(k, "10.0.0.2"); /* and back again: nothing was ever sent */
    sk_ok(sk_set(c, TCP, WEIR_TCP_FASTOPEN_CONNECT, 1));
    sk_ok(sk_connect_to(c, "10.0.0.2", 80));
    none = (struct weir_endpoint){0};
    sk_ok(weir_sock_connect(c, &none));
    assert_int_equal(sk_state(c), WEIR_SOCK_CLOSE);
    sk_fails(weir_sock_send(c, bytes, 1, 0), WEIR_SOCK_EPIPE);
    sk_ok(sk_connect_to(c, "10.0.0.2", 80));
    sk_fails(weir_sock_send(c, bytes, 0, FAST), WEIR_SOCK_EINPROGRESS);
    sk_run(k, WEIR_S);
    sk_ok(sk_connect_to(c, "10.0.0.2", 80));
    sk_close(k, c);
    sk_close(k, sk_accept(l));
    sk_run(k, WEIR_S);
    sk_del(k);
}

/* Linux's numbers for what is not possible. */
static void test_errors(void **state)
{
    struct sk *k = sk_new_with(false, off);
    struct weir_sock *c = client(k, "10.0.0.2");
    struct weir_endpoint none = {0};
    uint8_t keys[32] = {1};
    uint32_t size = sizeof(keys);
    (void)state;
    sk_fails(send_fast(c, "10.0.0.2", 10), WEIR_SOCK_EOPNOTSUPP);
    sk_fails(sk_set(c, TCP, WEIR_TCP_FASTOPEN_CONNECT, 1), WEIR_SOCK_EOPNOTSUPP);
    sk_fails(sk_set(c, TCP, WEIR_TCP_FASTOPEN_CONNECT, 2), WEIR_SOCK_EINVAL);
    sk_del(k);

    k = sk_new(); /* Linux's default: clients only */
    struct weir_sock *l = listener(k, "10.0.0.2", 5);
    warm_up(k, l, "10.0.0.2");
    c = client(k, "10.0.0.2");
    sk_fails(weir_sock_sendto(c, bytes, 1, FAST, &none), WEIR_SOCK_EOPNOTSUPP);
    sk_fails(weir_sock_sendto(c, bytes, 1, FAST, NULL), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(c, TCP, WEIR_TCP_FASTOPEN_CONNECT, -1), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(c, TCP, WEIR_TCP_FASTOPEN_NO_COOKIE, 2), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(c, TCP, WEIR_TCP_FASTOPEN, -1), WEIR_SOCK_EINVAL);
    sk_fails(send_fast(c, "10.0.0.2", 10), WEIR_SOCK_EINPROGRESS); /* no cookie was given */
    sk_fails(sk_set(c, TCP, WEIR_TCP_FASTOPEN, 1), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(c, TCP, WEIR_TCP_FASTOPEN_NO_COOKIE, 1), WEIR_SOCK_EINVAL);
    sk_fails(send_fast(l, "10.0.0.2", 10), WEIR_SOCK_EISCONN);
    sk_fails(weir_sock_setsockopt(l, TCP, WEIR_TCP_FASTOPEN_KEY, keys, 15), WEIR_SOCK_EINVAL);
    sk_ok(weir_sock_getsockopt(l, TCP, WEIR_TCP_FASTOPEN_KEY, keys, &size));
    assert_int_equal(size, 16);
    sk_run(k, WEIR_S);
    sk_del(k);
}

/* Each listener may have keys of its own: what one has given is worth nothing to another. */
static void test_keys(void **state)
{
    static const uint8_t mine[32] = {1, 2, 3, [16] = 4}, other[32] = {9, [16] = 1, 2, 3};
    struct sk *k = sk_new_with(false, every_listener);
    struct weir_sock *l = listener(k, "10.0.0.2", 0), *c;
    uint8_t keys[32];
    uint32_t size = 20;
    (void)state;
    sk_ok(weir_sock_setsockopt(l, TCP, WEIR_TCP_FASTOPEN_KEY, mine, 16));
    sk_ok(weir_sock_getsockopt(l, TCP, WEIR_TCP_FASTOPEN_KEY, keys, &size));
    assert_int_equal(size, 16);
    assert_memory_equal(keys, mine, 16);
    warm_up(k, l, "10.0.0.2");
    for (int i = 0; i < 4;
         i++) { /* i 0: the same; 1: another; 2: as the second of two; 3: the stack's */
        sk_close(k, l);
        l = sk_socket(k, 1, WEIR_AF_INET);
        sk_ok(sk_set(l, WEIR_SOL_SOCKET, WEIR_SO_REUSEADDR, 1));
        sk_ok(sk_bind(l, "10.0.0.2", 80));
        if (i == 1) {
            sk_ok(weir_sock_setsockopt(l, TCP, WEIR_TCP_FASTOPEN_KEY, other, 16));
        } else if (i != 3) {
            sk_ok(weir_sock_setsockopt(l, TCP, WEIR_TCP_FASTOPEN_KEY, mine, 16));
        }
        sk_ok(weir_sock_listen(l, 5));
        if (i == 2) { /* roll-over: the old one second */
            memcpy(keys, other, 16);
            memcpy(keys + 16, mine, 16);
            sk_ok(weir_sock_setsockopt(l, TCP, WEIR_TCP_FASTOPEN_KEY, keys, 32));
            warm_up(k, l, "10.0.0.2"); /* learns one of the first */
            memcpy(keys, mine, 16);
            memcpy(keys + 16, other, 16);
            sk_ok(weir_sock_setsockopt(l, TCP, WEIR_TCP_FASTOPEN_KEY, keys, 32));
        }
        c = client(k, "10.0.0.2");
        assert_int_equal(send_fast(c, "10.0.0.2", 100), 100);
        sk_run(k, WEIR_S);
        assert_int_equal(syn_data(c), i == 0 || i == 2);
        struct weir_sock *s = sk_accept(l); /* the bytes come in any case */
        assert_int_equal(weir_sock_recv(s, got, sizeof(got), 0), 100);
        sk_close(k, c);
        sk_close(k, s);
        sk_run(k, WEIR_S);
    }
    sk_del(k);
}

/* No cookie at all: by the space's bits, or by the option on both sides. */
static void test_no_cookie(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct sk *k = sk_new_with(false, i ? every_listener : without_cookies);
        struct weir_sock *l = listener(k, "10.0.0.2", 0), *c = client(k, "10.0.0.2");
        if (i)
            sk_ok(sk_set(c, TCP, WEIR_TCP_FASTOPEN_NO_COOKIE, 1));
        if (i == 1)
            sk_ok(sk_set(l, TCP, WEIR_TCP_FASTOPEN_NO_COOKIE, 1));
        assert_int_equal(sk_get(c, TCP, WEIR_TCP_FASTOPEN_NO_COOKIE), i != 0);
        assert_int_equal(send_fast(c, "10.0.0.2", 100), 100);
        sk_run(k, WEIR_S);
        assert_int_equal(syn_data(c), i < 2);
        sk_del(k);
    }
}

static void complete(struct weir_sock *s, uint8_t code)
{
    struct weir_sock_report r = {.info = 9};
    struct weir_sock_message m = {.report = &r};
    sk_ok((int)weir_sock_recvmsg(s, &m, WEIR_MSG_ERRQUEUE));
    assert_int_equal(r.info, 0);
    assert_int_equal(r.data, 0);
    assert_int_equal(r.code, code);
}

/* MSG_ZEROCOPY beside it, and in SYN-RECEIVED: completed by the ACK; counts do not count the SYN. */
static void test_zerocopy(void **state)
{
    (void)state;
    for (uint8_t copies = 0; copies < 2; copies++) {
        struct sk *k = sk_new_far(copies ? copying : every_listener, DELAY);
        struct weir_sock *l = listener(k, "10.0.0.2", 0), *c, *s;
        struct weir_endpoint to = sk_at("10.0.0.2", 80);
        int value = 0;
        warm_up(k, l, "10.0.0.2");
        c = client(k, "10.0.0.2");
        sk_ok(sk_set(c, WEIR_SOL_SOCKET, WEIR_SO_ZEROCOPY, 1));
        sk_ok(sk_set(l, WEIR_SOL_SOCKET, WEIR_SO_ZEROCOPY, 1));
        assert_int_equal(weir_sock_sendto(c, bytes, 500, FAST | WEIR_MSG_ZEROCOPY, &to), 500);
        sk_run(k, DELAY);
        sk_fails(weir_sock_recv(c, NULL, 0, WEIR_MSG_ERRQUEUE), WEIR_SOCK_EAGAIN);
        s = sk_accept(l);
        assert_int_equal(weir_sock_send(s, bytes, 700, WEIR_MSG_ZEROCOPY), 700);
        sk_ok(weir_sock_ioctl(s, WEIR_SIOCOUTQ, &value));
        assert_int_equal(value, 700);
        sk_ok(weir_sock_ioctl(s, WEIR_SIOCOUTQNSD, &value));
        assert_int_equal(value, 700);
        sk_run(k, WEIR_S);
        complete(c, copies);
        complete(s, copies);
        sk_del(k);
    }
}

/* The peer's RST ends what was accepted early; its data can still be read. */
static void test_reset(void **state)
{
    struct sk *k = sk_new_far(every_listener, DELAY);
    struct weir_sock *l = listener(k, "10.0.0.2", 0), *c, *s;
    (void)state;
    warm_up(k, l, "10.0.0.2");
    c = client(k, "10.0.0.2");
    assert_int_equal(send_fast(c, "10.0.0.2", 100), 100);
    sk_run(k, DELAY);
    sk_close(k, c); /* in SYN-SENT: the SYN,ACK will find nobody */
    sk_run(k, WEIR_S);
    s = sk_accept(l);
    assert_int_equal(weir_sock_recv(s, got, sizeof(got), 0), 100);
    sk_fails(weir_sock_recv(s, got, sizeof(got), 0), WEIR_SOCK_ECONNRESET);
    sk_fails(weir_sock_send(s, bytes, 1, 0), WEIR_SOCK_EPIPE);
    sk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sendto),   cmocka_unit_test(test_more_than_a_syn),
        cmocka_unit_test(test_deferred), cmocka_unit_test(test_errors),
        cmocka_unit_test(test_keys),     cmocka_unit_test(test_no_cookie),
        cmocka_unit_test(test_zerocopy), cmocka_unit_test(test_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
