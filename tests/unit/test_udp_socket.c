/* test_udp_socket.c - UDP sockets of the core: RFC 768, RFC 1122 4.1, RFC 8085, RFC 8200 8.1. */
#include "pair_kit.h"

#include "base/bytes.h"
#include "base/compiler.h"

static uint8_t bytes[70000], got[70000];

static void fill(size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 253);
    }
}

static void expect(struct pair *p, int side, weir_handle h, size_t size, struct weir_udp_meta *meta)
{
    struct weir_udp_meta m;

    memset(got, 0, sizeof(got));
    assert_int_equal(weir_udp_recv_from(p->stack[side], h, got, sizeof(got), &m), size);
    assert_memory_equal(got, bytes, size);
    assert_int_equal(m.size, size);
    if (meta) {
        *meta = m;
    }
}

static void expect_nothing(struct pair *p, int side, weir_handle h)
{
    assert_int_equal(weir_udp_recv_from(p->stack[side], h, got, sizeof(got), NULL), WEIR_EAGAIN);
}

static void there_and_back(struct pair *p, const char *one, const char *two)
{
    weir_handle a = pair_udp(p, 0, NULL, 0), b = pair_udp(p, 1, NULL, 53);
    struct weir_endpoint to = pair_at(two, 53);
    struct weir_udp_meta meta;
    struct weir_ip from = pair_ip(one);

    fill(100);
    assert_int_equal(weir_udp_send_to(p->stack[0], a, bytes, 100, &to, NULL), 100);
    pair_pump(p);
    assert_int_equal(pair_events(p, 1, b, NULL), WEIR_EVENT_READABLE);
    expect(p, 1, b, 100, &meta);
    assert_true(weir_ip_equal(&meta.remote.ip, &from));
    assert_true(weir_ip_equal(&meta.local.ip, &to.ip));
    assert_int_equal(meta.local.port, 53);
    assert_int_equal(meta.ttl, 64);
    assert_false(meta.to_group);
    assert_true(meta.remote.port >= 32768 && meta.remote.port <= 60999); /* RFC 6056 */
    assert_int_equal(weir_udp_send_to(p->stack[1], b, bytes, 0, &meta.remote, &meta.local.ip), 0);
    pair_pump(p);
    assert_int_equal(pair_events(p, 0, a, NULL), WEIR_EVENT_READABLE);
    expect(p, 0, a, 0, &meta); /* an empty datagram is one */
    expect_nothing(p, 0, a);
    assert_int_equal(weir_udp_close(p->stack[0], a), WEIR_OK);
    assert_int_equal(weir_udp_close(p->stack[0], a), WEIR_ESTALE);
    assert_int_equal(weir_udp_close(p->stack[1], b), WEIR_OK);
}

static void datagrams_go_both_ways_in_both_families(void **state)
{
    struct pair *p = pair_new(1500);

    (void)state;
    there_and_back(p, "10.0.0.1", "10.0.0.2");
    there_and_back(p, "fd00::1", "fd00::2");
    pair_del(p);
}

static void a_stack_talks_to_itself(void **state)
{
    static const char *const own[] = {"127.0.0.1", "::1", "10.0.0.1"};
    struct pair *p = pair_new(1500);
    weir_handle a = pair_udp(p, 0, NULL, 5000), b = pair_udp(p, 0, NULL, 0);

    (void)state;
    fill(sizeof(bytes));
    for (size_t i = 0; i < 3; i++) {
        struct weir_endpoint to = pair_at(own[i], 5000);

        assert_int_equal(weir_udp_send_to(p->stack[0], b, bytes, 65507, &to, NULL), 65507);
        pair_pump(p);
        expect(p, 0, a, 65507, NULL);
    }
    pair_del(p);
}

/* RFC 1122 4.1.3.2 by way of 3.3.2, 3.3.3: larger than the MTU is fragmented; not with DONT_FRAGMENT. */
static void large_datagrams_are_fragmented(void **state)
{
    static const char *const peers[] = {"10.0.0.2", "fd00::2"};
    struct pair *p = pair_new(1500);
    weir_handle a = pair_udp(p, 0, NULL, 0), b = pair_udp(p, 1, NULL, 53);

    (void)state;
    fill(sizeof(bytes));
    for (size_t i = 0; i < 2; i++) {
        struct weir_endpoint to = pair_at(peers[i], 53);
        uint32_t header = i ? 48 : 28;

        weir_udp_set(p->stack[0], a, WEIR_UDP_DONT_FRAGMENT, 0);
        assert_int_equal(weir_udp_send_to(p->stack[0], a, bytes, 65508, &to, NULL), WEIR_EMSGSIZE);
        assert_int_equal(weir_udp_send_to(p->stack[0], a, bytes, 65507, &to, NULL), 65507);
        p->frames[0] = 0;
        pair_pump(p);
        assert_true(p->frames[0] > 40);
        expect(p, 1, b, 65507, NULL);
        weir_udp_set(p->stack[0], a, WEIR_UDP_DONT_FRAGMENT, 1);
        assert_int_equal(weir_udp_send_to(p->stack[0], a, bytes, 1501 - header, &to, NULL),
                         WEIR_EMSGSIZE);
        assert_int_equal(weir_udp_send_to(p->stack[0], a, bytes, 1500 - header, &to, NULL),
                         1500 - header);
        pair_pump(p);
        expect(p, 1, b, 1500 - header, NULL);
    }
    pair_del(p);
}

/* RFC 1122 4.1.3.1, 4.1.3.3. */
static void port_unreachable_reaches_the_right_socket(void **state)
{
    struct pair *p = pair_new(1500);
    weir_handle a = pair_udp(p, 0, NULL, 4000), b = pair_udp(p, 0, NULL, 4001);
    struct weir_endpoint to = pair_at("10.0.0.2", 9);
    struct weir_event e;

    (void)state;
    assert_int_equal(weir_udp_set(p->stack[0], a, WEIR_UDP_USER, 77), WEIR_OK);
    assert_int_equal(weir_udp_send_to(p->stack[0], a, "x", 1, &to, NULL), 1);
    pair_pump(p);
    assert_int_equal(pair_drops(p, 1, WEIR_DROP_UDP_PORT), 1);
    assert_true(weir_event(p->stack[0], &e));
    assert_true(e.handle == a && e.user == 77);
    assert_int_equal(e.bits, WEIR_EVENT_ERROR);
    assert_int_equal(e.error, WEIR_ECONNREFUSED);
    assert_int_equal(e.remote.port, 9);
    assert_true(weir_ip_equal(&e.remote.ip, &to.ip));
    assert_false(weir_event(p->stack[0], &e));
    /* an error about a datagram that another connected socket sent is not ours */
    assert_int_equal(weir_udp_connect(p->stack[0], b, &to), WEIR_OK);
    assert_int_equal(weir_udp_send_to(p->stack[0], b, "x", 1, NULL, NULL), 1);
    pair_pump(p);
    assert_int_equal(pair_events(p, 0, b, NULL), WEIR_EVENT_ERROR);
    pair_del(p);
}

static void the_socket_that_knows_most_gets_it(void **state)
{
    struct pair *p = pair_new(1500);
    weir_handle any = 0, exact = 0, connected = 0, from = pair_udp(p, 0, "10.0.0.1", 1234);
    struct weir_endpoint at = {.port = 53}, peer = pair_at("10.0.0.1", 1234);
    struct weir_endpoint to = pair_at("10.0.0.2", 53);
    weir_handle *all[] = {&any, &exact, &connected};
    struct weir_endpoint on = to;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        weir_udp_open(p->stack[1], 0, all[i]);
        weir_udp_set(p->stack[1], *all[i], WEIR_UDP_REUSE_ADDRESS, 1);
        assert_int_equal(weir_udp_bind(p->stack[1], *all[i], i ? &on : &at), WEIR_OK);
    }
    assert_int_equal(weir_udp_connect(p->stack[1], connected, &peer), WEIR_OK);
    fill(8);
    for (size_t i = 3; i-- > 0;) { /* each in its turn, when the better one is gone */
        weir_udp_send_to(p->stack[0], from, bytes, 8, &to, NULL);
        pair_pump(p);
        for (size_t j = 0; j < i; j++) {
            expect_nothing(p, 1, *all[j]);
        }
        expect(p, 1, *all[i], 8, NULL);
        weir_udp_close(p->stack[1], *all[i]);
    }
    pair_del(p);
}

static void a_connected_socket_hears_its_peer_only(void **state)
{
    struct pair *p = pair_new(1500);
    weir_handle a = pair_udp(p, 0, NULL, 0), other = pair_udp(p, 1, NULL, 54);
    weir_handle peer = pair_udp(p, 1, NULL, 53);
    struct weir_endpoint to = pair_at("10.0.0.2", 53);
    struct weir_udp_info info = {.size = sizeof(info)};

    (void)state;
    assert_int_equal(weir_udp_send_to(p->stack[0], a, "x", 1, NULL, NULL), WEIR_ENOTCONN);
    assert_int_equal(weir_udp_connect(p->stack[0], a, &to), WEIR_OK);
    assert_int_equal(weir_udp_info(p->stack[0], a, &info), WEIR_OK);
    assert_int_equal(info.remote.port, 53);
    assert_int_equal(info.local.ip.bytes[3], 1);
    weir_udp_send_to(p->stack[1], other, "x", 1, &info.local, NULL);
    pair_pump(p);
    expect_nothing(p, 0, a);
    assert_int_equal(pair_drops(p, 0, WEIR_DROP_UDP_PORT), 1);
    fill(5);
    weir_udp_send_to(p->stack[1], peer, bytes, 5, &info.local, NULL);
    pair_pump(p);
    expect(p, 0, a, 5, NULL);
    assert_int_equal(weir_udp_connect(p->stack[0], a, NULL), WEIR_OK);
    weir_udp_send_to(p->stack[1], other, bytes, 5, &info.local, NULL);
    pair_pump(p);
    expect(p, 0, a, 5, NULL);
    assert_int_equal(weir_udp_info(p->stack[0], a, &info), WEIR_OK);
    assert_int_equal(info.local.ip.family, 0);
    pair_del(p);
}

static void a_full_queue_drops_and_counts(void **state)
{
    struct pair *p = pair_new(1500);
    weir_handle a = pair_udp(p, 0, NULL, 0), b = pair_udp(p, 1, NULL, 53);
    struct weir_endpoint to = pair_at("10.0.0.2", 53);
    struct weir_udp_info info = {.size = sizeof(info)};

    (void)state;
    fill(100);
    weir_udp_set(p->stack[1], b, WEIR_UDP_RECEIVE_BUFFER, 5000);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(weir_udp_send_to(p->stack[0], a, bytes, 100, &to, NULL), 100);
        pair_pump(p);
    }
    weir_udp_info(p->stack[1], b, &info);
    assert_true(info.unread_datagrams > 5 && info.unread_datagrams < 30);
    assert_int_equal(info.dropped, 50 - info.unread_datagrams);
    assert_int_equal(pair_drops(p, 1, WEIR_DROP_UDP_BUFFER), info.dropped);
    assert_int_equal(info.next_size, 100);
    assert_int_equal(info.unread_bytes, info.unread_datagrams * 100);
    assert_int_equal(weir_udp_peek(p->stack[1], b, got, 10, NULL), 10);
    while (info.unread_datagrams--) {
        expect(p, 1, b, 100, NULL);
    }
    expect_nothing(p, 1, b);
    pair_del(p);
}

/* The ring of packets is shared: a sender that is too fast waits and is told. */
static void a_full_ring_refuses_and_tells(void **state)
{
    struct pair *p = pair_new(1500);
    weir_handle a = pair_udp(p, 0, NULL, 0), b = pair_udp(p, 1, NULL, 53);
    struct weir_endpoint to = pair_at("10.0.0.2", 53);
    int64_t done;
    uint32_t sent = 0, received = 0;

    (void)state;
    while ((done = weir_udp_send_to(p->stack[0], a, bytes, 20, &to, NULL)) == 20) {
        sent++;
    }
    assert_int_equal(done, WEIR_EAGAIN);
    assert_in_range(sent, 100, 240);
    assert_int_equal(pair_events(p, 0, a, NULL), 0);
    pair_pump(p);
    assert_int_equal(pair_events(p, 0, a, NULL), WEIR_EVENT_WRITABLE);
    while (weir_udp_recv_from(p->stack[1], b, got, 20, NULL) == 20) {
        received++;
    }
    assert_int_equal(received, sent);
    assert_int_equal(weir_udp_send_to(p->stack[0], a, bytes, 20, &to, NULL), 20);
    while (weir_udp_send_to(p->stack[0], a, bytes, 20, &to, NULL) == 20) {}
    weir_udp_close(p->stack[0], a); /* while it waits */
    pair_pump(p);
    pair_del(p);
}

static void broadcast_needs_permission(void **state)
{
    struct pair *p = pair_new(1500);
    weir_handle a = pair_udp(p, 0, NULL, 0), b = pair_udp(p, 1, NULL, 53);
    struct weir_endpoint all = pair_at("255.255.255.255", 53), net = pair_at("10.0.0.255", 53);
    struct weir_udp_meta meta;

    (void)state;
    fill(4);
    assert_int_equal(weir_udp_send_to(p->stack[0], a, bytes, 4, &all, NULL), WEIR_EACCES);
    assert_int_equal(weir_udp_send_to(p->stack[0], a, bytes, 4, &net, NULL), WEIR_EACCES);
    weir_udp_set(p->stack[0], a, WEIR_UDP_BROADCAST, 1);
    assert_int_equal(weir_udp_send_to(p->stack[0], a, bytes, 4, &all, NULL), 4);
    assert_int_equal(weir_udp_send_to(p->stack[0], a, bytes, 4, &net, NULL), 4);
    pair_pump(p);
    expect(p, 1, b, 4, &meta);
    assert_true(meta.to_group);
    expect(p, 1, b, 4, NULL);
    pair_del(p);
}

static void groups_are_heard_while_joined(void **state)
{
    static const char *const groups[] = {"239.1.2.3", "ff02::1234"};
    struct pair *p = pair_new_on(WEIR_MEDIUM_ETHERNET, 1500);
    weir_handle a, b, c = 0;
    struct weir_endpoint at = {.port = 5353};

    (void)state;
    pair_address(p, 0, "10.0.0.1", 24);
    pair_address(p, 0, "fe80::1", 64);
    pair_address(p, 1, "10.0.0.2", 24);
    pair_address(p, 1, "fe80::2", 64);
    a = pair_udp(p, 0, NULL, 0);
    weir_udp_open(p->stack[1], 0, &b);
    weir_udp_open(p->stack[1], 0, &c);
    weir_udp_set(p->stack[1], b, WEIR_UDP_REUSE_ADDRESS, 1);
    weir_udp_set(p->stack[1], c, WEIR_UDP_REUSE_ADDRESS, 1);
    assert_int_equal(weir_udp_bind(p->stack[1], b, &at), WEIR_OK);
    assert_int_equal(weir_udp_bind(p->stack[1], c, &at), WEIR_OK);
    for (size_t i = 0; i < 2; i++) {
        struct weir_endpoint to = pair_at(groups[i], 5353);
        struct weir_udp_meta meta;

        fill(9);
        weir_udp_send_to(p->stack[0], a, bytes, 9, &to, NULL);
        pair_pump(p);
        expect_nothing(p, 1, b);
        assert_int_equal(weir_udp_join(p->stack[1], b, &to.ip, 0), WEIR_OK);
        assert_int_equal(weir_udp_join(p->stack[1], b, &to.ip, 0), WEIR_EEXIST);
        assert_int_equal(weir_udp_join(p->stack[1], c, &to.ip, WEIR_ANY_LINK), WEIR_OK);
        weir_udp_send_to(p->stack[0], a, bytes, 9, &to, NULL);
        pair_pump(p);
        expect(p, 1, b, 9, &meta);
        assert_true(meta.to_group && meta.ttl == 1);
        expect(p, 1, c, 9, NULL);
        assert_int_equal(weir_udp_leave(p->stack[1], b, &to.ip, 0), WEIR_OK);
        assert_int_equal(weir_udp_leave(p->stack[1], b, &to.ip, 0), WEIR_ENOENT);
        assert_int_equal(weir_udp_leave(p->stack[1], c, &to.ip, 0), WEIR_OK);
        weir_udp_send_to(p->stack[0], a, bytes, 9, &to, NULL);
        pair_pump(p);
        expect_nothing(p, 1, b);
        assert_int_equal(weir_udp_join(p->stack[1], b, &to.ip, 0), WEIR_OK); /* close leaves */
    }
    pair_del(p);
}

static void bind_and_its_errors(void **state)
{
    struct pair *p = pair_new(1500);
    struct weir_stack *s = p->stack[0];
    struct weir_endpoint any = {.port = 53}, own = pair_at("10.0.0.1", 53);
    struct weir_endpoint six = pair_at("fd00::1", 53), foreign = pair_at("10.9.9.9", 53);
    struct weir_endpoint any4 = {.ip.family = 4, .port = 53}, any6 = {.ip.family = 6, .port = 53};
    weir_handle a, b;

    (void)state;
    weir_udp_open(s, 0, &a);
    weir_udp_open(s, 0, &b);
    assert_int_equal(weir_udp_bind(s, a, &foreign), WEIR_EADDRNOTAVAIL);
    assert_int_equal(weir_udp_bind(s, a, &any4), WEIR_OK);
    assert_int_equal(weir_udp_bind(s, a, &any4), WEIR_EINVAL);
    assert_int_equal(weir_udp_bind(s, b, &any), WEIR_EADDRINUSE);
    assert_int_equal(weir_udp_bind(s, b, &own), WEIR_EADDRINUSE);
    assert_int_equal(weir_udp_bind(s, b, &any6), WEIR_OK);
    weir_udp_close(s, a);
    weir_udp_close(s, b);
    weir_udp_open(s, 0, &a);
    weir_udp_open(s, 0, &b);
    assert_int_equal(weir_udp_bind(s, a, &own), WEIR_OK);
    assert_int_equal(weir_udp_bind(s, b, &six), WEIR_OK);
    assert_int_equal(weir_udp_set(s, b, WEIR_UDP_TTL, 0), WEIR_EINVAL);
    assert_int_equal(weir_udp_set(s, b, WEIR_UDP_LINK, 7), WEIR_ENOENT);
    assert_int_equal(weir_udp_set(s, b, (enum weir_udp_option)99, 7), WEIR_ENOPROTOOPT);
    assert_int_equal(weir_tcp_close(s, b), WEIR_ESTALE); /* not that kind of handle */
    pair_del(p);
}

static void many_ports_are_all_found(void **state)
{
    struct pair *p = pair_new(1500);
    weir_handle a = pair_udp(p, 0, NULL, 0), b[300];

    (void)state;
    fill(3);
    for (size_t i = 0; i < ARRAY_SIZE(b); i++) {
        b[i] = pair_udp(p, 1, NULL, i % 2 ? 0 : (uint16_t)(1000 + i));
    }
    for (size_t i = 0; i < ARRAY_SIZE(b); i++) {
        struct weir_udp_info info = {.size = sizeof(info)};
        struct weir_endpoint to = pair_at("10.0.0.2", 0);

        assert_int_equal(weir_udp_info(p->stack[1], b[i], &info), WEIR_OK);
        to.port = info.local.port;
        weir_udp_send_to(p->stack[0], a, bytes, 3, &to, NULL);
        pair_pump(p);
        expect(p, 1, b[i], 3, NULL);
    }
    pair_del(p);
}

/* RFC 768, RFC 8200 8.1: a checksum of 0 means none in IPv4 and is refused in IPv6. */
static void zero_checksums(void **state)
{
    static const char *const peers[] = {"10.0.0.2", "fd00::2"};
    struct pair *p = pair_new(1500);
    weir_handle a = pair_udp(p, 0, NULL, 0), b = pair_udp(p, 1, NULL, 53);

    (void)state;
    fill(11);
    for (size_t i = 0; i < 2; i++) {
        struct weir_endpoint to = pair_at(peers[i], 53);
        uint8_t frame[256];

        p->lose = true;
        weir_udp_send_to(p->stack[0], a, bytes, 11, &to, NULL);
        pair_pump(p);
        p->lose = false;
        memcpy(frame, p->last[0], p->last_size[0]);
        store_be16(frame + (i ? 46 : 26), 0);
        pair_give(p, 1, frame, p->last_size[0]);
        if (i) {
            expect_nothing(p, 1, b);
        } else {
            expect(p, 1, b, 11, NULL);
        }
        frame[i ? 47 : 27] ^= 0x55;
        pair_give(p, 1, frame, p->last_size[0]);
        expect_nothing(p, 1, b);
    }
    assert_int_equal(pair_drops(p, 1, WEIR_DROP_UDP_CHECKSUM), 3);
    pair_del(p);
}

/* RFC 768: a sum that comes out as zero is sent as all ones, or it would mean none. */
static void a_sum_of_zero_is_all_ones(void **state)
{
    static const char *const peers[] = {"10.0.0.2", "fd00::2"};
    struct pair *p = pair_new(1500);
    weir_handle a = pair_udp(p, 0, NULL, 0), b = pair_udp(p, 1, NULL, 53);

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct weir_endpoint to = pair_at(peers[i], 53);
        uint8_t word[2] = {0}, back[2];
        struct weir_udp_meta meta;

        for (int turn = 0; turn < 2;
             turn++) { /* the checksum of zeros, sent as data, completes the sum */
            weir_udp_send_to(p->stack[0], a, word, 2, &to, NULL);
            pair_pump(p);
            memcpy(word, p->last[0] + (i ? 46 : 26), 2);
            assert_int_equal(weir_udp_recv_from(p->stack[1], b, back, sizeof(back), &meta), 2);
        }
        assert_memory_equal(word, "\xff\xff", 2);
    }
    pair_del(p);
}

/* A neighbour that does not answer: told to the next sender. */
static void no_neighbour(void **state)
{
    struct pair *p = pair_new_on(WEIR_MEDIUM_ETHERNET, 1500);
    struct weir_endpoint to = pair_at("10.0.0.77", 53);
    weir_handle a;
    uint32_t taken = 0;

    (void)state;
    pair_address(p, 0, "10.0.0.1", 24);
    a = pair_udp(p, 0, NULL, 0);
    while (weir_udp_send_to(p->stack[0], a, bytes, 1, &to, NULL) == 1) {
        taken++;
    }
    assert_in_range(taken, 16, 64);
    pair_run(p, 3500 * WEIR_MS);
    assert_true(pair_events(p, 0, a, NULL) & WEIR_EVENT_WRITABLE);
    assert_int_equal(weir_udp_send_to(p->stack[0], a, bytes, 1, &to, NULL), WEIR_EHOSTUNREACH);
    pair_del(p);
}

static void memory_that_runs_out(void **state)
{
    (void)state;
    for (uint32_t fail = 1; fail < 12; fail++) {
        struct pair *p = pair_new(1500);
        struct weir_endpoint to = pair_at("10.0.0.1", 53), any = {.port = 53};
        struct weir_ip group = pair_ip("239.0.0.1");
        weir_handle a = 0;

        p->heap[0].fail_at = p->heap[0].calls + fail;
        if (weir_udp_open(p->stack[0], 0, &a) == WEIR_OK) {
            (void)weir_udp_bind(p->stack[0], a, &any);
            (void)weir_udp_join(p->stack[0], a, &group, 0);
            for (int i = 0; i < 3; i++) {
                (void)weir_udp_send_to(p->stack[0], a, bytes, 3000, &to, NULL);
                (void)pair_step(p, 0);
            }
        }
        p->heap[0].fail_at = 0;
        pair_pump(p);
        pair_del(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_go_both_ways_in_both_families),
        cmocka_unit_test(a_stack_talks_to_itself),
        cmocka_unit_test(large_datagrams_are_fragmented),
        cmocka_unit_test(port_unreachable_reaches_the_right_socket),
        cmocka_unit_test(the_socket_that_knows_most_gets_it),
        cmocka_unit_test(a_connected_socket_hears_its_peer_only),
        cmocka_unit_test(a_full_queue_drops_and_counts),
        cmocka_unit_test(a_full_ring_refuses_and_tells),
        cmocka_unit_test(broadcast_needs_permission),
        cmocka_unit_test(groups_are_heard_while_joined),
        cmocka_unit_test(bind_and_its_errors),
        cmocka_unit_test(many_ports_are_all_found),
        cmocka_unit_test(zero_checksums),
        cmocka_unit_test(a_sum_of_zero_is_all_ones),
        cmocka_unit_test(no_neighbour),
        cmocka_unit_test(memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
