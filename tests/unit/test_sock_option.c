/* test_sock_option.c - sockets: options, their bounds, what they do, who inherits them; TCP_INFO. */
#include "unit/sock_kit.h"

#define SO(option) WEIR_SOL_SOCKET, WEIR_SO_##option
#define TCP(option) WEIR_SOL_TCP, WEIR_TCP_##option

static void test_levels_and_names(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_sock *s = sk_socket(k, 0, WEIR_AF_INET), *six = sk_socket(k, 0, WEIR_AF_INET6);
    (void)state;
    assert_int_equal(sk_get(s, SO(TYPE)), WEIR_SOCK_STREAM);
    assert_int_equal(sk_get(s, SO(DOMAIN)), WEIR_AF_INET);
    assert_int_equal(sk_get(six, SO(DOMAIN)), WEIR_AF_INET6);
    assert_int_equal(sk_get(s, SO(PROTOCOL)), 6);
    assert_int_equal(sk_get(s, SO(ACCEPTCONN)), 0);
    sk_fails(sk_set(s, SO(TYPE), 1), WEIR_SOCK_ENOPROTOOPT);
    sk_fails(sk_set(s, SO(ERROR), 1), WEIR_SOCK_ENOPROTOOPT);
    sk_fails(sk_set(s, SO(ACCEPTCONN), 1), WEIR_SOCK_ENOPROTOOPT);
    sk_fails(sk_set(s, WEIR_SOL_SOCKET, 9999, 1), WEIR_SOCK_ENOPROTOOPT);
    sk_fails(sk_get(s, WEIR_SOL_SOCKET, 9999), WEIR_SOCK_ENOPROTOOPT);
    sk_fails(sk_get(s, WEIR_SOL_TCP, 9999), WEIR_SOCK_ENOPROTOOPT);
    sk_fails(sk_get(s, WEIR_SOL_IP, 9999), WEIR_SOCK_ENOPROTOOPT);
    sk_fails(sk_get(six, WEIR_SOL_IPV6, 9999), WEIR_SOCK_ENOPROTOOPT);
    sk_fails(sk_set(s, WEIR_SOL_IP, 9999, 1), WEIR_SOCK_ENOPROTOOPT);
    sk_fails(sk_set(s, TCP(INFO), 1), WEIR_SOCK_ENOPROTOOPT);
    sk_fails(sk_set(s, 77, 1, 1), WEIR_SOCK_ENOPROTOOPT);
    sk_fails(sk_get(s, 77, 1), WEIR_SOCK_EOPNOTSUPP);
    sk_fails(sk_get(six, 77, 1), WEIR_SOCK_ENOPROTOOPT);
    sk_fails(sk_set(s, WEIR_SOL_IPV6, WEIR_IPV6_V6ONLY, 1), WEIR_SOCK_ENOPROTOOPT);
    sk_fails(sk_get(s, WEIR_SOL_IPV6, WEIR_IPV6_V6ONLY), WEIR_SOCK_EOPNOTSUPP);
    assert_string_equal(weir_sock_error_name(-11), "EAGAIN");
    assert_string_equal(weir_sock_error_name(11), "EAGAIN");
    assert_string_equal(weir_sock_error_name(9999), "EUNKNOWN");
    sk_del(k);
}

static void test_sizes(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_sock *s = sk_socket(k, 0, WEIR_AF_INET);
    struct weir_sock_linger linger = {.on = 5, .seconds = 9};
    uint8_t bytes[300] = {9, 9, 9, 9};
    int32_t one = 1;
    uint32_t size = 1;
    (void)state;
    sk_fails(weir_sock_setsockopt(s, SO(KEEPALIVE), &one, 3), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_setsockopt(s, SO(LINGER), &linger, 4), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_setsockopt(s, TCP(NODELAY), &one, 1), WEIR_SOCK_EINVAL);
    sk_ok(weir_sock_setsockopt(s, WEIR_SOL_IP, WEIR_IP_TTL, "\x21", 1));
    sk_fails(weir_sock_setsockopt(s, WEIR_SOL_IP, WEIR_IP_TTL, "", 0), WEIR_SOCK_EINVAL);
    sk_ok(weir_sock_getsockopt(s, WEIR_SOL_IP, WEIR_IP_TTL, bytes, &size));
    assert_int_equal(size, 1);
    assert_memory_equal(bytes, "\x21\t", 2);
    sk_ok(weir_sock_setsockopt(s, WEIR_SOL_IP, WEIR_IP_TOS, "\x20", 1));
    sk_ok(weir_sock_setsockopt(s, WEIR_SOL_IP, WEIR_IP_TOS, "", 0));
    assert_int_equal(sk_get(s, WEIR_SOL_IP, WEIR_IP_TOS), 0);
    size = 2;
    sk_ok(weir_sock_getsockopt(s, SO(TYPE), bytes, &size));
    assert_int_equal(size, 2);
    assert_memory_equal(bytes, "\1\0\t", 3);
    size = UINT32_MAX;
    sk_fails(weir_sock_getsockopt(s, SO(TYPE), bytes, &size), WEIR_SOCK_EINVAL);
    size = sizeof(bytes);
    sk_ok(weir_sock_getsockopt(s, TCP(INFO), bytes, &size));
    assert_int_equal(size, sizeof(struct weir_sock_tcp_info));
    size = 1;
    sk_ok(weir_sock_getsockopt(s, TCP(INFO), bytes, &size));
    assert_int_equal(size, 1);
    assert_int_equal(bytes[0], WEIR_SOCK_CLOSE);
    sk_ok(weir_sock_setsockopt(s, SO(LINGER), &linger, sizeof(linger)));
    size = sizeof(linger);
    sk_ok(weir_sock_getsockopt(s, SO(LINGER), &linger, &size));
    assert_int_equal(linger.on, 1);
    assert_int_equal(linger.seconds, 9);
    sk_del(k);
}

static void test_buffers(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *s = sk_socket(k, 0, WEIR_AF_INET), *c, *a;
    struct weir_tcp_options defaults;
    static char b[30000];
    int64_t sent;
    int value;
    (void)state;
    weir_tcp_options_default(&defaults);
    assert_int_equal(defaults.receive_buffer, 0); /* automatic: 64 KiB at first */
    assert_int_equal(sk_get(s, SO(RCVBUF)), 131072);
    sk_ok(sk_set(s, SO(RCVBUF), 10000));
    assert_int_equal(sk_get(s, SO(RCVBUF)), 20000);
    sk_ok(sk_set(s, SO(RCVBUF), 1));
    assert_int_equal(sk_get(s, SO(RCVBUF)), 2304);
    sk_ok(sk_set(s, SO(SNDBUF), 1));
    assert_int_equal(sk_get(s, SO(SNDBUF)), 4608);
    sk_ok(sk_set(s, SO(SNDBUF), 1 << 28));
    assert_int_equal(sk_get(s, SO(SNDBUF)), 2 * 212992);
    sk_ok(sk_set(s, SO(SNDBUF), -1));
    assert_int_equal(sk_get(s, SO(SNDBUF)), 2 * 212992);
    sk_ok(sk_set(s, SO(SNDBUFFORCE), 1 << 28));
    assert_int_equal(sk_get(s, SO(SNDBUF)), 1 << 29);
    sk_ok(sk_set(s, SO(RCVBUFFORCE), -1));
    assert_int_equal(sk_get(s, SO(RCVBUF)), 2304);
    sk_pair(k, 80, &c, &a, NULL);
    sk_ok(sk_set(a, SO(RCVBUF), 10000)); /* what was announced stays; then this is the limit */
    sk_run(k, WEIR_S);
    sk_ok(sk_set(c, SO(SNDBUF), 9000));
    sent = weir_sock_send(c, b, sizeof(b), 0); /* 18000, and what is begun is filled */
    assert_in_range(sent, 18000, 36000);
    sk_ok(weir_sock_ioctl(c, WEIR_SIOCOUTQ, &value));
    assert_int_equal(value, sent);
    sk_del(k);
}

/* A small receive buffer from the start is what the peer may fill. */
static void test_receive_buffer_is_the_window(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_socket(k, 1, WEIR_AF_INET), *c, *a;
    static char b[60000];
    int value;
    (void)state;
    sk_ok(sk_set(l, SO(RCVBUF), 8000));
    sk_ok(sk_bind(l, "10.0.0.2", 80));
    sk_ok(weir_sock_listen(l, 1));
    c = sk_connect(k, 0, "10.0.0.2", 80);
    sk_run(k, 10 * WEIR_MS);
    a = sk_accept(l);
    assert_int_equal(sk_get(a, SO(RCVBUF)), 16000);
    assert_int_equal(weir_sock_send(c, b, sizeof(b), 0), sizeof(b));
    sk_run(k, WEIR_S);
    sk_ok(weir_sock_ioctl(a, WEIR_SIOCINQ, &value));
    assert_in_range(value, 4000, 8000);
    sk_del(k);
}

static void test_bounds(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_sock *s = sk_socket(k, 0, WEIR_AF_INET), *six = sk_socket(k, 0, WEIR_AF_INET6);
    (void)state;
    sk_fails(sk_set(s, WEIR_SOL_IP, WEIR_IP_TTL, 0), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(s, WEIR_SOL_IP, WEIR_IP_TTL, 256), WEIR_SOCK_EINVAL);
    sk_ok(sk_set(s, WEIR_SOL_IP, WEIR_IP_TTL, 5));
    assert_int_equal(sk_get(s, WEIR_SOL_IP, WEIR_IP_TTL), 5);
    sk_ok(sk_set(s, WEIR_SOL_IP, WEIR_IP_TTL, -1));
    assert_int_equal(sk_get(s, WEIR_SOL_IP, WEIR_IP_TTL), 64);
    sk_ok(sk_set(s, WEIR_SOL_IP, WEIR_IP_TOS, 0xff));
    assert_int_equal(sk_get(s, WEIR_SOL_IP, WEIR_IP_TOS), 252); /* the ECN bits are TCP's */
    sk_fails(sk_set(six, WEIR_SOL_IPV6, WEIR_IPV6_UNICAST_HOPS, 256), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(six, WEIR_SOL_IPV6, WEIR_IPV6_UNICAST_HOPS, -2), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(six, WEIR_SOL_IPV6, WEIR_IPV6_UNICAST_HOPS, 0), WEIR_SOCK_EINVAL);
    sk_ok(sk_set(six, WEIR_SOL_IPV6, WEIR_IPV6_UNICAST_HOPS, 7));
    assert_int_equal(sk_get(six, WEIR_SOL_IPV6, WEIR_IPV6_UNICAST_HOPS), 7);
    sk_ok(sk_set(six, WEIR_SOL_IPV6, WEIR_IPV6_UNICAST_HOPS, -1));
    assert_int_equal(sk_get(six, WEIR_SOL_IPV6, WEIR_IPV6_UNICAST_HOPS), 64);
    sk_fails(sk_set(six, WEIR_SOL_IPV6, WEIR_IPV6_TCLASS, 256), WEIR_SOCK_EINVAL);
    sk_ok(sk_set(six, WEIR_SOL_IPV6, WEIR_IPV6_TCLASS, 0xff));
    assert_int_equal(sk_get(six, WEIR_SOL_IPV6, WEIR_IPV6_TCLASS), 252);
    sk_ok(sk_set(six, WEIR_SOL_IPV6, WEIR_IPV6_TCLASS, -1));
    assert_int_equal(sk_get(six, WEIR_SOL_IPV6, WEIR_IPV6_TCLASS), 0);
    sk_ok(sk_set(six, WEIR_SOL_IP, WEIR_IP_TTL, 5)); /* both levels on IPv6 */
    assert_int_equal(sk_get(six, WEIR_SOL_IP, WEIR_IP_TTL), 5);
    assert_int_equal(sk_get(s, TCP(KEEPIDLE)), 7200);
    assert_int_equal(sk_get(s, TCP(KEEPINTVL)), 75);
    assert_int_equal(sk_get(s, TCP(KEEPCNT)), 9);
    for (int name = WEIR_TCP_KEEPIDLE; name <= WEIR_TCP_KEEPCNT; name++) {
        int most = name == WEIR_TCP_KEEPCNT ? 127 : 32767;
        sk_fails(sk_set(s, WEIR_SOL_TCP, name, 0), WEIR_SOCK_EINVAL);
        sk_fails(sk_set(s, WEIR_SOL_TCP, name, most + 1), WEIR_SOCK_EINVAL);
        sk_ok(sk_set(s, WEIR_SOL_TCP, name, most));
        assert_int_equal(sk_get(s, WEIR_SOL_TCP, name), most);
    }
    sk_fails(sk_set(s, TCP(USER_TIMEOUT), -1), WEIR_SOCK_EINVAL);
    sk_ok(sk_set(s, TCP(USER_TIMEOUT), 5000));
    assert_int_equal(sk_get(s, TCP(USER_TIMEOUT)), 5000);
    assert_int_equal(sk_get(s, TCP(RTO_MAX_MS)), 120000);
    sk_fails(sk_set(s, TCP(RTO_MAX_MS), 999), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(s, TCP(RTO_MAX_MS), 120001), WEIR_SOCK_EINVAL);
    sk_ok(sk_set(s, TCP(RTO_MAX_MS), 1000));
    assert_int_equal(sk_get(s, TCP(RTO_MAX_MS)), 1000);
    assert_int_equal(sk_get(s, TCP(RTO_MIN_US)), 200000);
    sk_fails(sk_set(s, TCP(RTO_MIN_US), 0), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(s, TCP(RTO_MIN_US), 200001), WEIR_SOCK_EINVAL);
    sk_ok(sk_set(s, TCP(RTO_MIN_US), 5000));
    assert_int_equal(sk_get(s, TCP(RTO_MIN_US)), 5000);
    sk_del(k);
}

static void test_maxseg(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *s = sk_socket(k, 0, WEIR_AF_INET), *l = sk_listener(k, 1, "10.0.0.2", 80, 5);
    (void)state;
    (void)l;
    assert_int_equal(sk_get(s, TCP(MAXSEG)), 536);
    sk_fails(sk_set(s, TCP(MAXSEG), 87), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(s, TCP(MAXSEG), 32768), WEIR_SOCK_EINVAL);
    sk_ok(sk_set(s, TCP(MAXSEG), 1000));
    assert_int_equal(sk_get(s, TCP(MAXSEG)), 1000);
    sk_fails(sk_connect_to(s, "10.0.0.2", 80), WEIR_SOCK_EINPROGRESS);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(k->from[0].mss, 1000);
    assert_int_equal(sk_get(s, TCP(MAXSEG)), 1000 - 12); /* without the timestamps */
    sk_close(k, s);
    s = sk_socket(k, 0, WEIR_AF_INET);
    sk_ok(sk_set(s, TCP(MAXSEG), 1000));
    sk_ok(sk_set(s, TCP(MAXSEG), 0)); /* taken back */
    sk_fails(sk_connect_to(s, "10.0.0.2", 80), WEIR_SOCK_EINPROGRESS);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(k->from[0].mss, 1460);
    assert_int_equal(sk_get(s, TCP(MAXSEG)), 1448);
    sk_del(k);
}

static void test_ttl_and_tos_of_packets(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_listener(k, 1, "::", 80, 5), *four, *six, *a;
    (void)state;
    sk_ok(sk_set(l, WEIR_SOL_IP, WEIR_IP_TTL,
                 33)); /* after listen: for who is accepted from now on */
    sk_ok(sk_set(l, WEIR_SOL_IP, WEIR_IP_TOS, 0x40));
    sk_ok(sk_set(l, WEIR_SOL_IPV6, WEIR_IPV6_UNICAST_HOPS, 66));
    sk_ok(sk_set(l, WEIR_SOL_IPV6, WEIR_IPV6_TCLASS, 0x60));
    four = sk_socket(k, 0, WEIR_AF_INET);
    sk_ok(sk_set(four, WEIR_SOL_IP, WEIR_IP_TTL, 11));
    sk_ok(sk_set(four, WEIR_SOL_IP, WEIR_IP_TOS, 0x13));
    sk_fails(sk_connect_to(four, "10.0.0.2", 80), WEIR_SOCK_EINPROGRESS);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(k->from[0].ttl, 11);
    assert_int_equal(k->from[0].tos & 0xfc, 0x10);
    sk_ok(sk_set(four, WEIR_SOL_IP, WEIR_IP_TTL, 12)); /* at any time */
    weir_sock_send(four, "x", 1, 0);
    a = sk_accept(l);
    weir_sock_send(a, "x", 1, 0);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(k->from[0].ttl, 12);
    assert_int_equal(k->from[1].ttl, 33);
    assert_int_equal(k->from[1].tos & 0xfc, 0x40);
    six = sk_socket(k, 0, WEIR_AF_INET6);
    sk_ok(sk_set(six, WEIR_SOL_IPV6, WEIR_IPV6_UNICAST_HOPS, 22));
    sk_ok(sk_set(six, WEIR_SOL_IP, WEIR_IP_TTL, 99));
    sk_fails(sk_connect_to(six, "fd00::2", 80), WEIR_SOCK_EINPROGRESS);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(k->from[0].ttl, 22);
    a = sk_accept(l);
    weir_sock_send(a, "x", 1, 0);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(k->from[1].ttl, 66);
    assert_int_equal(k->from[1].tos & 0xfc, 0x60);
    sk_close(k, six);
    six = sk_socket(k, 0, WEIR_AF_INET6); /* IPv4 packets of an IPv6 socket */
    sk_ok(sk_set(six, WEIR_SOL_IPV6, WEIR_IPV6_UNICAST_HOPS, 22));
    sk_ok(sk_set(six, WEIR_SOL_IP, WEIR_IP_TTL, 99));
    sk_fails(sk_connect_to(six, "::ffff:10.0.0.2", 80), WEIR_SOCK_EINPROGRESS);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(k->from[0].ttl, 99);
    sk_del(k);
}

/* As with Linux: the SYN,ACK of the next handshake has them. */
static void test_listener_options_after_listen(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_listener(k, 1, "10.0.0.2", 80, 5), *a;
    (void)state;
    sk_ok(sk_set(l, TCP(MAXSEG), 1100));
    sk_ok(sk_set(l, TCP(KEEPCNT), 5));
    sk_connect(k, 0, "10.0.0.2", 80);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(k->from[1].mss, 1100);
    a = sk_accept(l);
    assert_int_equal(sk_get(a, TCP(KEEPCNT)), 5);
    sk_del(k);
}

static void test_syncnt(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *s = sk_socket(k, 0, WEIR_AF_INET);
    (void)state;
    sk_fails(sk_set(s, TCP(SYNCNT), 0), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(s, TCP(SYNCNT), 128), WEIR_SOCK_EINVAL);
    sk_ok(sk_set(s, TCP(SYNCNT), 1));
    assert_int_equal(sk_get(s, TCP(SYNCNT)), 1);
    sk_fails(sk_connect_to(s, "10.0.0.77", 80), WEIR_SOCK_EINPROGRESS); /* nobody */
    sk_run(k, 2900 * WEIR_MS);
    assert_int_equal(sk_get(s, WEIR_SOL_SOCKET, WEIR_SO_ERROR), 0);
    sk_run(k, 200 * WEIR_MS); /* 1 s, and 2 s after the only repetition */
    assert_int_equal(sk_get(s, WEIR_SOL_SOCKET, WEIR_SO_ERROR), WEIR_SOCK_ETIMEDOUT);
    sk_del(k);
}

static void test_blocks_of_numbers(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *s = sk_socket(k, 0, WEIR_AF_INET);
    uint32_t all[WEIR_SOCK_MEMINFO_COUNT], size = sizeof(all);
    (void)state;
    sk_ok(weir_sock_getsockopt(s, WEIR_SOL_SOCKET, WEIR_SO_MEMINFO, all, &size));
    assert_int_equal(size, sizeof(all));
    assert_int_equal(all[WEIR_SOCK_MEMINFO_SNDBUF], sk_get(s, WEIR_SOL_SOCKET, WEIR_SO_SNDBUF));
    assert_int_equal(all[WEIR_SOCK_MEMINFO_WMEM_QUEUED], 0);
    sk_ok(weir_sock_getsockopt(s, TCP(CC_INFO), all, &size));
    assert_int_equal(size, 0);
    sk_del(k);
}

/* Options set before listen hold from the SYN,ACK on, per family of the packets afterwards. */
static void test_listener_options_before_listen(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_socket(k, 1, WEIR_AF_INET6), *a;
    (void)state;
    sk_ok(sk_set(l, WEIR_SOL_IP, WEIR_IP_TTL, 33));
    sk_ok(sk_set(l, WEIR_SOL_IPV6, WEIR_IPV6_UNICAST_HOPS, 66));
    sk_ok(sk_set(l, WEIR_SOL_IP, WEIR_IP_TOS, 0x40));
    sk_ok(sk_set(l, TCP(MAXSEG), 900));
    sk_ok(sk_bind(l, "::", 80));
    sk_ok(weir_sock_listen(l, 5));
    sk_connect(k, 0, "10.0.0.2", 80);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(k->from[1].mss, 900);
    a = sk_accept(l);
    weir_sock_send(a, "x", 1, 0);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(k->from[1].ttl, 33);
    assert_int_equal(k->from[1].tos & 0xfc, 0x40);
    sk_del(k);
}

static void test_accepted_sockets_inherit(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_listener(k, 1, "10.0.0.2", 80, 5), *a;
    struct weir_sock_linger linger;
    uint32_t size = sizeof(linger);
    (void)state;
    sk_ok(sk_set(l, TCP(NODELAY), 1));
    sk_ok(sk_set(l, SO(KEEPALIVE), 1));
    sk_ok(sk_set(l, TCP(KEEPIDLE), 10));
    sk_ok(sk_set(l, TCP(KEEPINTVL), 2));
    sk_ok(sk_set(l, TCP(KEEPCNT), 3));
    sk_linger(l, 3);
    weir_sock_set_user(l, 42);
    sk_connect(k, 0, "10.0.0.2", 80);
    sk_run(k, 10 * WEIR_MS);
    a = sk_accept(l);
    assert_int_equal(sk_get(a, SO(REUSEADDR)), 1);
    assert_int_equal(sk_get(a, TCP(NODELAY)), 1);
    assert_int_equal(sk_get(a, SO(KEEPALIVE)), 1);
    assert_int_equal(sk_get(a, SO(ACCEPTCONN)), 0);
    sk_ok(weir_sock_getsockopt(a, SO(LINGER), &linger, &size));
    assert_int_equal(linger.on, 1);
    assert_int_equal(linger.seconds, 3);
    assert_int_equal(weir_sock_user(a), 0);
    sk_cut(k); /* nobody answers the keep-alive probes: 10 + 3 * 2 s */
    sk_run(k, 15 * WEIR_S);
    assert_int_equal(weir_sock_poll(a), OUT);
    sk_run(k, 4 * WEIR_S);
    assert_int_equal(sk_error(a), WEIR_SOCK_ETIMEDOUT);
    sk_del(k);
}

static void test_nodelay(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    int value;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    for (int on = 0; on < 2; on++) {
        sk_ok(sk_set(c, TCP(NODELAY), on));
        sk_ok(sk_set(s, TCP(QUICKACK), 0)); /* its ACKs wait */
        for (int i = 0; i < 3; i++) {
            weir_sock_send(c, "x", 1, 0);
            sk_run(k, WEIR_MS);
        }
        sk_ok(weir_sock_ioctl(c, WEIR_SIOCOUTQNSD, &value));
        assert_int_equal(value, on ? 0 : 2);
        sk_run(k, WEIR_S);
    }
    sk_del(k);
}

static void test_keepalive_of_a_connection(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_ok(sk_set(c, TCP(KEEPIDLE), 5));
    sk_ok(sk_set(c, SO(KEEPALIVE), 1));
    uint32_t before = k->from[0].count;
    sk_run(k, 12 * WEIR_S);
    assert_in_range(k->from[0].count - before, 2, 3);
    sk_ok(sk_set(c, SO(KEEPALIVE), 0));
    before = k->from[0].count;
    sk_run(k, 30 * WEIR_S);
    assert_int_equal(k->from[0].count, before);
    sk_del(k);
}

static void four_thousand_unsent(struct weir_sock_config *config)
{
    config->tcp.notsent_lowat = 4000;
}

/* TCP_NOTSENT_LOWAT is the socket's own; 0, as at first, leaves it to the stack. */
static void test_notsent_lowat_of_the_stack(void **state)
{
    struct sk *k = sk_new_with(false, four_thousand_unsent);
    struct weir_sock *c, *s;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    assert_int_equal(sk_get(c, TCP(NOTSENT_LOWAT)), 0);
    sk_ok(sk_set(c, TCP(NOTSENT_LOWAT), 1000));
    assert_int_equal(sk_get(c, TCP(NOTSENT_LOWAT)), 1000);
    sk_ok(sk_set(c, TCP(NOTSENT_LOWAT), 0));
    assert_int_equal(sk_get(c, TCP(NOTSENT_LOWAT)), 0);
    sk_del(k);
}

static void test_tcp_info(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s, *l;
    struct weir_sock_tcp_info info;
    uint32_t size = sizeof(info);
    static char b[5000];
    (void)state;
    sk_pair(k, 80, &c, &s, &l);
    sk_run(k, WEIR_S);
    sk_cut(k);
    weir_sock_send(c, b, sizeof(b), 0);
    sk_run(k, WEIR_MS);
    sk_ok(weir_sock_getsockopt(c, TCP(INFO), &info, &size));
    assert_int_equal(size, sizeof(info));
    assert_int_equal(info.state, WEIR_SOCK_ESTABLISHED);
    assert_int_equal(info.options & 7, 7);
    assert_int_equal(info.snd_mss, 1448);
    assert_int_equal(info.unacked, 4);
    assert_int_equal(info.snd_cwnd, 10);
    assert_int_equal(info.snd_ssthresh, 0x7fffffff);
    assert_int_equal(info.notsent_bytes, 0);
    assert_int_equal(info.bytes_sent, sizeof(b));
    assert_int_equal(info.bytes_acked, 0);
    assert_in_range(info.rto, 200000, 200100); /* us: 200 ms and the round trip */
    assert_int_equal(info.total_retrans, 0);
    assert_true(info.snd_wnd > 60000);
    sk_run(k, 350 * WEIR_MS);
    sk_ok(weir_sock_getsockopt(c, TCP(INFO), &info, &size));
    assert_true(info.total_retrans >= 1);
    assert_int_equal(info.total_rto, 1);
    assert_int_equal(info.snd_cwnd, 1);
    size = sizeof(info);
    sk_ok(weir_sock_getsockopt(l, TCP(INFO), &info, &size));
    assert_int_equal(info.state, WEIR_SOCK_LISTEN);
    assert_int_equal(info.sacked, 5); /* Linux's place for the backlog */
    sk_del(k);
}

/* TCP_CONGESTION as on Linux: names, ENOENT, 16 bytes; SO_MAX_PACING_RATE in two sizes. */
static void test_congestion(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_listener(k, 1, "10.0.0.2", 80, 5), *c, *a;
    char name[32] = {0};
    uint32_t size = sizeof(name), half = 1000;
    uint64_t whole = 1ULL << 40;
    (void)state;
    c = sk_socket(k, 0, WEIR_AF_INET);
    sk_ok(weir_sock_getsockopt(c, TCP(CONGESTION), name, &size));
    assert_int_equal(size, 16);
    assert_string_equal(name, "cubic");
    sk_fails(weir_sock_setsockopt(c, TCP(CONGESTION), "no such", 7), WEIR_SOCK_ENOENT);
    sk_fails(weir_sock_setsockopt(c, TCP(CONGESTION), "", 0), WEIR_SOCK_EINVAL);
    sk_ok(weir_sock_setsockopt(c, TCP(CONGESTION), "reno", 4));
    sk_ok(weir_sock_setsockopt(l, TCP(CONGESTION), "reno", 5)); /* inherited by what it accepts */
    sk_fails(sk_connect_to(c, "10.0.0.2", 80), WEIR_SOCK_EINPROGRESS);
    sk_run(k, 10 * WEIR_MS);
    a = sk_accept(l);
    size = 3;
    sk_ok(weir_sock_getsockopt(a, TCP(CONGESTION), name, &size));
    assert_int_equal(size, 3);
    assert_memory_equal(name, "ren", 3);
    sk_ok(weir_sock_setsockopt(a, TCP(CONGESTION), "cubic", 5)); /* live */
    sk_ok(weir_sock_setsockopt(a, SO(MAX_PACING_RATE), &half, sizeof(half)));
    assert_int_equal(sk_get(a, SO(MAX_PACING_RATE)), 1000);
    half = UINT32_MAX;
    sk_ok(weir_sock_setsockopt(a, SO(MAX_PACING_RATE), &half, sizeof(half)));
    assert_int_equal(sk_get(a, SO(MAX_PACING_RATE)), -1);
    sk_ok(weir_sock_setsockopt(a, SO(MAX_PACING_RATE), &whole, sizeof(whole)));
    size = sizeof(whole);
    whole = 0;
    sk_ok(weir_sock_getsockopt(a, SO(MAX_PACING_RATE), &whole, &size));
    assert_true(whole == 1ULL << 40);
    sk_fails(weir_sock_setsockopt(a, SO(MAX_PACING_RATE), &half, 3), WEIR_SOCK_EINVAL);
    sk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_and_names),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_buffers),
        cmocka_unit_test(test_receive_buffer_is_the_window),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_congestion),
        cmocka_unit_test(test_maxseg),
        cmocka_unit_test(test_ttl_and_tos_of_packets),
        cmocka_unit_test(test_listener_options_after_listen),
        cmocka_unit_test(test_syncnt),
        cmocka_unit_test(test_blocks_of_numbers),
        cmocka_unit_test(test_listener_options_before_listen),
        cmocka_unit_test(test_accepted_sockets_inherit),
        cmocka_unit_test(test_nodelay),
        cmocka_unit_test(test_keepalive_of_a_connection),
        cmocka_unit_test(test_notsent_lowat_of_the_stack),
        cmocka_unit_test(test_tcp_info),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
