/* test_sock_raw.c - SOCK_RAW, ping sockets and options about multicast groups, with Linux's rules. */
#include "unit/sock_kit.h"

static uint8_t got[70000];

static struct weir_sock *make(struct sk *k, int side, int domain, int type, int protocol)
{
    struct weir_sock *s = NULL;
    sk_ok(weir_sock_socket(k->space[side], domain, type, protocol, &s));
    return s;
}

static struct weir_sock *ping(struct sk *k, int side)
{
    return make(k, side, WEIR_AF_INET, WEIR_SOCK_DGRAM, WEIR_SOL_ICMP);
}

static int64_t send_to(struct weir_sock *s, const void *bytes, size_t size, const char *address,
                       uint16_t port)
{
    struct weir_endpoint e = sk_at(address, port);
    return weir_sock_sendto(s, bytes, size, 0, &e);
}

static void test_ping(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *s = ping(k, 0), *other = ping(k, 0);
    struct weir_sock *s6 = make(k, 0, WEIR_AF_INET6, WEIR_SOCK_DGRAM, WEIR_SOL_ICMPV6);
    struct weir_endpoint name, from;
    uint8_t request[12] = {8, 0, 0, 0, 0xff, 0xff, 0, 1, 'p', 'i', 'n', 'g'};
    (void)state;
    assert_int_equal(sk_get(s, WEIR_SOL_SOCKET, WEIR_SO_TYPE), WEIR_SOCK_DGRAM);
    assert_int_equal(sk_get(s, WEIR_SOL_SOCKET, WEIR_SO_PROTOCOL), WEIR_SOL_ICMP);
    sk_fails(weir_sock_send(s, request, 12, 0), WEIR_SOCK_EDESTADDRREQ);
    assert_int_equal(send_to(s, request, 12, "10.0.0.2", 0), 12);
    sk_ok(weir_sock_getsockname(s, &name));
    assert_true(name.port != 0); /* the identifier */
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_poll(s), IN | OUT);
    assert_int_equal(weir_sock_recvfrom(s, got, sizeof(got), 0, &from), 12);
    assert_int_equal(got[0], 0);
    assert_int_equal(got[4] << 8 | got[5], name.port);
    assert_memory_equal(got + 6, request + 6, 6);
    assert_int_equal(from.port, 0);
    sk_fails(sk_bind(other, "0.0.0.0", name.port), WEIR_SOCK_EADDRINUSE);
    sk_ok(sk_bind(other, "10.0.0.1", 4711));
    sk_ok(sk_connect_to(other, "10.0.0.2", 0));
    assert_int_equal(weir_sock_send(other, request, 12, 0), 12);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recv(other, got, 12, 0), 12);
    assert_int_equal(got[4] << 8 | got[5], 4711);
    request[0] = 0;
    sk_fails(weir_sock_send(other, request, 12, 0), WEIR_SOCK_EINVAL);
    request[0] = 128;
    assert_int_equal(send_to(s6, request, 12, "fd00::2", 0), 12);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recvfrom(s6, got, sizeof(got), 0, &from), 12);
    assert_int_equal(got[0], 129);
    sk_fails(weir_sock_listen(s, 1), WEIR_SOCK_EOPNOTSUPP);
    assert_int_equal(sk_set(s, WEIR_SOL_IP, WEIR_IP_HDRINCL, 1), -WEIR_SOCK_ENOPROTOOPT);
    assert_int_equal(sk_set(s, WEIR_SOL_RAW, WEIR_ICMP_FILTER, 1), -WEIR_SOCK_ENOPROTOOPT);
    sk_del(k);
}

/* Only of a connected socket is the error told, once, as of UDP. */
static void test_ping_error(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *s = ping(k, 0);
    uint8_t request[12] = {8};
    (void)state;
    sk_ok(sk_connect_to(s, "10.0.0.2", 0));
    assert_int_equal(weir_sock_send(s, request, 12, 0), 12);
    sk_run(k, WEIR_S);
    sk_unreachable(k, 3);
    sk_run(k, WEIR_S);
    sk_fails(weir_sock_send(s, request, 12, 0), WEIR_SOCK_ECONNREFUSED);
    assert_int_equal(weir_sock_send(s, request, 12, 0), 12);
    sk_del(k);
}

static void test_raw(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *a = make(k, 0, WEIR_AF_INET, WEIR_SOCK_RAW, 253);
    struct weir_sock *b = make(k, 1, WEIR_AF_INET, WEIR_SOCK_RAW, 253);
    struct weir_sock *a6 = make(k, 0, WEIR_AF_INET6, WEIR_SOCK_RAW, 253);
    struct weir_sock *b6 = make(k, 1, WEIR_AF_INET6, WEIR_SOCK_RAW, 253);
    struct weir_endpoint name;
    uint8_t packet[30] = {0x45, [8] = 7, 253, [16] = 10, 0, 0, 2, 'w', 'e', 'i', 'r'};
    (void)state;
    assert_int_equal(sk_get(a, WEIR_SOL_SOCKET, WEIR_SO_TYPE), WEIR_SOCK_RAW);
    assert_int_equal(sk_get(a, WEIR_SOL_SOCKET, WEIR_SO_PROTOCOL), 253);
    sk_ok(weir_sock_getsockname(a, &name));
    assert_int_equal(name.port, 253);
    assert_int_equal(send_to(a, "hello", 5, "10.0.0.2", 99), 5); /* no ports: no rules about them */
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recvfrom(b, got, sizeof(got), 0, &name), 25);
    assert_memory_equal(got + 20, "hello", 5);
    assert_int_equal(name.port, 0);
    assert_int_equal(name.ip.bytes[3], 1);
    sk_ok(sk_set(a, WEIR_SOL_IP, WEIR_IP_HDRINCL, 1));
    assert_int_equal(sk_get(a, WEIR_SOL_IP, WEIR_IP_HDRINCL), 1);
    sk_ok(sk_connect_to(a, "10.0.0.2", 0));
    assert_int_equal(weir_sock_send(a, packet, 24, 0), 24);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recv(b, got, sizeof(got), 0), 24);
    assert_int_equal(got[8], 7);
    assert_memory_equal(got + 20, "weir", 4);
    sk_ok(sk_bind(b, "10.0.0.2", 0));
    sk_ok(sk_bind(b, "0.0.0.0", 0)); /* again */
    assert_int_equal(send_to(a6, "hello", 5, "fd00::2", 0), 5);
    sk_run(k, WEIR_S);
    sk_fails(send_to(a6, "hello", 5, "fd00::2", 99),
             WEIR_SOCK_EINVAL); /* Linux: the protocol or 0 */
    assert_int_equal(sk_get(a6, WEIR_SOL_IPV6, WEIR_IPV6_CHECKSUM), -1);
    sk_fails(sk_set(a6, WEIR_SOL_IPV6, WEIR_IPV6_CHECKSUM, 3), WEIR_SOCK_EINVAL);
    sk_ok(sk_set(a6, WEIR_SOL_RAW, WEIR_IPV6_CHECKSUM, 2));
    assert_int_equal(sk_get(a6, WEIR_SOL_IPV6, WEIR_IPV6_CHECKSUM), 2);
    sk_ok(sk_set(b6, WEIR_SOL_IPV6, WEIR_IPV6_CHECKSUM, 2));
    assert_int_equal(send_to(a6, "abcdef", 6, "fd00::2", 253), 6);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recv(b6, got, sizeof(got), 0), 5); /* before it checked */
    assert_int_equal(weir_sock_recv(b6, got, sizeof(got), 0), 6);
    assert_memory_equal(got + 4, "ef", 2);
    sk_fails(weir_sock_recv(b6, got, sizeof(got), 0), WEIR_SOCK_EAGAIN);
    sk_fails(send_to(a, got, 65536, "10.0.0.2", 0), WEIR_SOCK_EMSGSIZE);
    sk_del(k);
}

static void test_filters(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *p = ping(k, 0), *other = make(k, 1, WEIR_AF_INET, WEIR_SOCK_RAW, 253);
    struct weir_sock *raw = make(k, 1, WEIR_AF_INET, WEIR_SOCK_RAW, WEIR_SOL_ICMP);
    struct weir_sock *raw6 = make(k, 1, WEIR_AF_INET6, WEIR_SOCK_RAW, WEIR_SOL_ICMPV6);
    uint8_t request[12] = {8};
    uint32_t all[8], value = 0, size = sizeof(value);
    (void)state;
    assert_int_equal(send_to(p, request, 12, "10.0.0.2", 0), 12);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recv(raw, got, sizeof(got), 0), 32);
    sk_ok(sk_set(raw, WEIR_SOL_RAW, WEIR_ICMP_FILTER, 1 << 8));
    sk_ok(weir_sock_getsockopt(raw, WEIR_SOL_RAW, WEIR_ICMP_FILTER, &value, &size));
    assert_int_equal(value, 1 << 8);
    assert_int_equal(send_to(p, request, 12, "10.0.0.2", 0), 12);
    sk_run(k, WEIR_S);
    sk_fails(weir_sock_recv(raw, got, sizeof(got), 0), WEIR_SOCK_EAGAIN);
    memset(all, 0xff, sizeof(all));
    sk_ok(weir_sock_setsockopt(raw6, WEIR_SOL_ICMPV6, WEIR_ICMP_FILTER, all, sizeof(all)));
    sk_fails(sk_set(raw6, WEIR_SOL_IPV6, WEIR_IPV6_CHECKSUM, 2), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(other, WEIR_SOL_RAW, WEIR_ICMP_FILTER, 1), WEIR_SOCK_EOPNOTSUPP);
    sk_fails(sk_set(raw, WEIR_SOL_ICMPV6, WEIR_ICMP_FILTER, 1), WEIR_SOCK_ENOPROTOOPT);
    sk_del(k);
}

/* ---- Groups -------------------------------------------------------------------------------------------- */

struct mreqn {
    uint8_t group[4], address[4];
    int32_t index;
};

static void test_groups(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *a = make(k, 0, WEIR_AF_INET, WEIR_SOCK_DGRAM, 0);
    struct weir_sock *b = make(k, 1, WEIR_AF_INET, WEIR_SOCK_DGRAM, 0);
    struct weir_sock *stream = sk_socket(k, 0, WEIR_AF_INET);
    struct mreqn m = {.group = {239, 1, 2, 3}, .address = {10, 0, 0, 2}};
    uint8_t value[4] = {10, 0, 0, 1};
    (void)state;
    sk_ok(sk_bind(b, "0.0.0.0", 5353));
    assert_int_equal(send_to(a, "one", 3, "239.1.2.3", 5353), 3);
    sk_run(k, WEIR_S);
    sk_fails(weir_sock_recv(b, got, 9, 0), WEIR_SOCK_EAGAIN);
    sk_ok(weir_sock_setsockopt(b, WEIR_SOL_IP, WEIR_IP_ADD_MEMBERSHIP, &m, 8)); /* ip_mreq */
    sk_fails(weir_sock_setsockopt(b, WEIR_SOL_IP, WEIR_IP_ADD_MEMBERSHIP, &m, 8),
             WEIR_SOCK_EADDRINUSE);
    assert_int_equal(send_to(a, "two", 3, "239.1.2.3", 5353), 3);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recv(b, got, 9, 0), 3);
    assert_int_equal(k->from[0].ttl, 1);
    sk_ok(sk_set(a, WEIR_SOL_IP, WEIR_IP_MULTICAST_TTL, 9));
    assert_int_equal(sk_get(a, WEIR_SOL_IP, WEIR_IP_MULTICAST_TTL), 9);
    sk_ok(weir_sock_setsockopt(a, WEIR_SOL_IP, WEIR_IP_MULTICAST_IF, value, 4));
    assert_int_equal(send_to(a, "two", 3, "239.1.2.3", 5353), 3);
    sk_run(k, WEIR_S);
    assert_int_equal(k->from[0].ttl, 9);
    m.index = 1; /* ip_mreqn, by index */
    sk_ok(weir_sock_setsockopt(b, WEIR_SOL_IP, WEIR_IP_DROP_MEMBERSHIP, &m, 12));
    sk_fails(weir_sock_setsockopt(b, WEIR_SOL_IP, WEIR_IP_DROP_MEMBERSHIP, &m, 12),
             WEIR_SOCK_EADDRNOTAVAIL);
    m.index = 9;
    sk_fails(weir_sock_setsockopt(b, WEIR_SOL_IP, WEIR_IP_ADD_MEMBERSHIP, &m, 12),
             WEIR_SOCK_ENODEV);
    m = (struct mreqn){.group = {10, 1, 2, 3}};
    sk_fails(weir_sock_setsockopt(b, WEIR_SOL_IP, WEIR_IP_ADD_MEMBERSHIP, &m, 12),
             WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_setsockopt(b, WEIR_SOL_IP, WEIR_IP_ADD_MEMBERSHIP, &m, 7), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(a, WEIR_SOL_IP, WEIR_IP_MULTICAST_TTL, 256), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(stream, WEIR_SOL_IP, WEIR_IP_MULTICAST_TTL, 3), WEIR_SOCK_EINVAL);
    value[3] = 77;
    sk_fails(weir_sock_setsockopt(a, WEIR_SOL_IP, WEIR_IP_MULTICAST_IF, value, 4),
             WEIR_SOCK_EADDRNOTAVAIL);
    sk_del(k);
}

static void test_groups6(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *a = make(k, 0, WEIR_AF_INET6, WEIR_SOCK_DGRAM, 0);
    struct weir_sock *v4 = make(k, 0, WEIR_AF_INET, WEIR_SOCK_DGRAM, 0);
    struct {
        uint8_t group[16];
        uint32_t index;
    } m = {.group = {0xff, 0x05, [15] = 9}};
    (void)state;
    sk_ok(sk_bind(a, "::", 5353));
    sk_ok(weir_sock_setsockopt(a, WEIR_SOL_IPV6, WEIR_IPV6_ADD_MEMBERSHIP, &m, sizeof(m)));
    assert_int_equal(send_to(a, "own", 3, "ff05::9", 5353), 3);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recv(a, got, 9, 0), 3); /* comes back, as with Linux */
    sk_ok(sk_set(a, WEIR_SOL_IPV6, WEIR_IPV6_MULTICAST_LOOP, 0));
    assert_int_equal(sk_get(a, WEIR_SOL_IPV6, WEIR_IPV6_MULTICAST_LOOP), 0);
    assert_int_equal(send_to(a, "own", 3, "ff05::9", 5353), 3);
    sk_run(k, WEIR_S);
    sk_fails(weir_sock_recv(a, got, 9, 0), WEIR_SOCK_EAGAIN);
    sk_ok(sk_set(a, WEIR_SOL_IPV6, WEIR_IPV6_MULTICAST_HOPS, 4));
    assert_int_equal(sk_get(a, WEIR_SOL_IPV6, WEIR_IPV6_MULTICAST_HOPS), 4);
    sk_ok(sk_set(a, WEIR_SOL_IPV6, WEIR_IPV6_MULTICAST_IF, 1));
    assert_int_equal(sk_get(a, WEIR_SOL_IPV6, WEIR_IPV6_MULTICAST_IF), 1);
    sk_fails(sk_set(a, WEIR_SOL_IPV6, WEIR_IPV6_MULTICAST_IF, 7), WEIR_SOCK_ENODEV);
    sk_fails(sk_set(a, WEIR_SOL_IPV6, WEIR_IPV6_MULTICAST_LOOP, 2), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(a, WEIR_SOL_IPV6, WEIR_IPV6_MULTICAST_HOPS, -2), WEIR_SOCK_EINVAL);
    sk_fails(sk_set(v4, WEIR_SOL_IPV6, WEIR_IPV6_MULTICAST_HOPS, 2), WEIR_SOCK_ENOPROTOOPT);
    m.index = 1;
    sk_ok(weir_sock_setsockopt(a, WEIR_SOL_IPV6, WEIR_IPV6_DROP_MEMBERSHIP, &m, sizeof(m)));
    sk_fails(weir_sock_setsockopt(a, WEIR_SOL_IPV6, WEIR_IPV6_DROP_MEMBERSHIP, &m, sizeof(m)),
             WEIR_SOCK_EADDRNOTAVAIL);
    m.index = 5;
    sk_fails(weir_sock_setsockopt(a, WEIR_SOL_IPV6, WEIR_IPV6_ADD_MEMBERSHIP, &m, sizeof(m)),
             WEIR_SOCK_ENODEV);
    sk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ping),   cmocka_unit_test(test_ping_error),
        cmocka_unit_test(test_raw),    cmocka_unit_test(test_filters),
        cmocka_unit_test(test_groups), cmocka_unit_test(test_groups6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
