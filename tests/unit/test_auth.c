/*
 * test_auth.c - TCP-AO (RFC 5925) and TCP-MD5 (RFC 2385) between two stacks: connections with the right keys work
 * like any other, everything without the right MAC counts for nothing, keys change while data flows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "unit/base_kit.h"
#include "wire/tcp.h"
#include <weir/mac.h>
#include <weir/trace.h>

#define PORT 179

struct end {
    struct heap heap;
    struct weir_stack *stack;
    weir_handle listener, conn;
    uint32_t bits;
    int error;
    uint64_t received;
    uint32_t segments_out, without_mac, supers;
    bool md5;
    uint8_t send_id; /* of the last segment out */
    uint8_t last[2048];
    uint32_t last_size;
};

struct net {
    struct end end[2]; /* 0: client, 1: server */
    weir_time now;
    bool v6, cut;   /* cut: nothing arrives */
    int tamper;     /* end whose segments are changed on the way, or -1 */
    uint32_t where; /* byte that is changed, from the TCP header on */
};

static struct weir_ip address(const struct net *n, int which)
{
    struct weir_ip ip;
    const char *text = n->v6 ? (which ? "fd00::2" : "fd00::1") : (which ? "10.0.0.2" : "10.0.0.1");

    assert_int_equal(weir_ip_parse(text, &ip), WEIR_OK);
    return ip;
}

static void start_end(struct net *n, int which, bool macs)
{
    struct end *e = &n->end[which];
    struct weir_config config;
    struct weir_link_config link;
    struct weir_allocator allocator = heap_allocator(&e->heap);
    struct weir_ip ip = address(n, which);

    weir_config_default(&config);
    config.reproducible = true;
    config.secret[0] = (uint8_t)which;
    if (macs) {
        assert_true(weir_mac_libcrypto(&config.mac));
    }
    assert_int_equal(weir_stack_new(&e->stack, &config, &allocator), WEIR_OK);
    weir_link_config_default(&link);
    link.medium = WEIR_MEDIUM_IP;
    link.mtu = 1500;
    link.tx_gso = link.tx_csum = true; /* super-segments would be welcome */
    assert_int_equal(weir_link_add(e->stack, &link), 0);
    assert_int_equal(weir_address_add(e->stack, 0, &ip, n->v6 ? 64 : 24), WEIR_OK);
}

static void start(struct net *n, bool v6)
{
    memset(n, 0, sizeof(*n));
    n->now = WEIR_S;
    n->v6 = v6;
    n->tamper = -1;
    start_end(n, 0, true);
    start_end(n, 1, true);
}

static void stop(struct net *n)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(weir_stack_del(n->end[i].stack), WEIR_OK);
        assert_int_equal(n->end[i].heap.bytes, 0);
    }
}

static void events(struct net *n, int which)
{
    struct end *e = &n->end[which];
    struct weir_event event;
    uint8_t data[4096];
    int64_t got;

    while (weir_event(e->stack, &event)) {
        e->bits |= event.bits;
        e->error = event.error ? event.error : e->error;
        if (event.bits & WEIR_EVENT_ACCEPT) {
            assert_int_equal(weir_tcp_accept(e->stack, e->listener, &e->conn), WEIR_OK);
        }
        while (e->conn && (got = weir_tcp_recv(e->stack, e->conn, data, sizeof(data))) > 0) {
            e->received += (uint64_t)got;
        }
    }
}

/* What the frame is, and what an eavesdropper sees of its MAC. */
static void look(struct net *n, int which, const uint8_t *packet, uint32_t size)
{
    struct end *e = &n->end[which];
    uint32_t ip = n->v6 ? 40 : 20;
    struct tcp_segment s;

    assert_int_equal(tcp_parse(packet + ip, size - ip, &s), WEIR_DROP_NONE);
    e->segments_out++;
    e->without_mac += (s.options.present & (WEIR_SEGMENT_MD5 | WEIR_SEGMENT_AO)) == 0;
    e->md5 = (s.options.present & WEIR_SEGMENT_MD5) != 0;
    e->send_id = s.options.ao_key_id;
    memcpy(e->last, packet, min_u32(size, sizeof(e->last)));
    e->last_size = size;
}

static void give(struct net *n, int which, const uint8_t *packet, uint32_t size)
{
    struct end *to = &n->end[which];
    struct weir_buffer *b = weir_buffer_alloc(to->stack, size);

    assert_non_null(b);
    memcpy(b->data, packet, size);
    b->size = size;
    b->offload = (struct weir_offload){.csum = WEIR_CSUM_VALID};
    weir_input(to->stack, 0, &b, 1, n->now);
}

static bool move(struct net *n, int which)
{
    struct end *e = &n->end[which];
    struct weir_frame f;
    uint8_t packet[4096];
    uint32_t size = 0;

    if (weir_output(e->stack, &f, 1, n->now) == 0) {
        return false;
    }
    e->supers += f.offload.gso_size != 0;
    for (uint32_t i = 0; i < f.slice_count; i++) {
        assert_true(size + f.slices[i].size <= sizeof(packet));
        memcpy(packet + size, f.slices[i].data, f.slices[i].size);
        size += (uint32_t)f.slices[i].size;
    }
    weir_frame_done(e->stack, &f, 1, WEIR_FRAME_SENT);
    look(n, which, packet, size);
    if (n->tamper == which && size > (n->v6 ? 40u : 20u) + n->where) {
        packet[(n->v6 ? 40 : 20) + n->where] ^= 1;
    }
    if (!n->cut) {
        give(n, 1 - which, packet, size);
    }
    return true;
}

static void run(struct net *n, weir_time how_long)
{
    weir_time end = n->now + how_long;

    for (;;) {
        weir_time next;

        while (move(n, 0) || move(n, 1)) {
            events(n, 0);
            events(n, 1);
        }
        events(n, 0);
        events(n, 1);
        next = min_u64(weir_deadline(n->end[0].stack), weir_deadline(n->end[1].stack));
        if (next > end) {
            break;
        }
        n->now = max_u64(next, n->now + 1);
    }
    n->now = end;
}

static struct weir_tcp_key key_of(enum weir_auth auth, enum weir_mac mac, const char *text)
{
    struct weir_tcp_key k = {.size = sizeof(k),
                             .auth = (uint8_t)auth,
                             .mac = (uint8_t)mac,
                             .send_id = 61,
                             .recv_id = 84,
                             .key_size = (uint8_t)strlen(text)};

    memcpy(k.key, text, strlen(text));
    return k;
}

/* The other end's view of an AO key. */
static struct weir_tcp_key turned(struct weir_tcp_key k)
{
    uint8_t id = k.send_id;

    k.send_id = k.recv_id;
    k.recv_id = id;
    return k;
}

static void open_with(struct net *n, const struct weir_tcp_key *client, uint32_t client_count,
                      const struct weir_tcp_key *server, uint32_t server_count)
{
    struct weir_listen_config l;
    struct weir_connect_config c;
    struct weir_tcp_options o;

    weir_tcp_options_default(&o);
    weir_listen_config_default(&l);
    l.local.port = PORT;
    l.options = &o;
    o.keys = server;
    o.key_count = server_count;
    assert_int_equal(weir_tcp_listen(n->end[1].stack, &l, &n->end[1].listener), WEIR_OK);
    weir_connect_config_default(&c);
    c.remote.ip = address(n, 1);
    c.remote.port = PORT;
    c.options = &o;
    o.keys = client;
    o.key_count = client_count;
    assert_int_equal(weir_tcp_connect(n->end[0].stack, &c, &n->end[0].conn), WEIR_OK);
}

static void send_both(struct net *n, size_t size)
{
    static uint8_t data[50000];
    uint64_t before[2] = {n->end[0].received, n->end[1].received};

    for (int i = 0; i < 2; i++) {
        assert_int_equal(weir_tcp_send(n->end[i].stack, n->end[i].conn, data, size), size);
    }
    run(n, WEIR_S);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(n->end[i].received - before[i], size);
    }
}

static uint64_t drops(const struct net *n, int which, enum weir_drop drop)
{
    struct weir_stats stats = {.size = sizeof(stats)};

    assert_int_equal(weir_stats(n->end[which].stack, &stats), WEIR_OK);
    return stats.dropped[drop];
}

/* RFC 5925 with both algorithms, RFC 2385, IPv4 and IPv6: data both ways, an orderly close, each segment signed,
 * none of them a super-segment. */
static void test_conversation(void **state)
{
    (void)state;
    for (int variant = 0; variant < 8; variant++) {
        bool md5 = variant / 2 == 0;
        struct weir_tcp_key client =
            key_of(md5 ? WEIR_AUTH_MD5 : WEIR_AUTH_AO,
                   variant / 2 == 1 ? WEIR_MAC_HMAC_SHA1 : WEIR_MAC_AES_128_CMAC, "testvector");
        struct weir_tcp_key server = turned(client);
        struct net n;

        client.exclude_options = server.exclude_options = variant / 2 == 3;
        start(&n, variant & 1);
        open_with(&n, &client, 1, &server, 1);
        run(&n, WEIR_S);
        assert_true(n.end[0].bits & WEIR_EVENT_CONNECTED);
        assert_true(n.end[1].conn != 0);
        send_both(&n, 50000);
        assert_int_equal(weir_tcp_close(n.end[0].stack, n.end[0].conn), WEIR_OK);
        run(&n, WEIR_S);
        assert_true(n.end[1].bits & WEIR_EVENT_END);
        assert_int_equal(weir_tcp_close(n.end[1].stack, n.end[1].conn), WEIR_OK);
        run(&n, 200 * WEIR_S);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(n.end[i].without_mac, 0);
            assert_int_equal(n.end[i].supers, 0);
            assert_int_equal(n.end[i].md5, md5);
        }
        stop(&n);
    }
}

/* RFC 5925 7.3, RFC 2385 2.0: a SYN without MAC, with the wrong key, or with an option that nobody asked for. */
static void test_wrong_keys(void **state)
{
    (void)state;
    static const struct {
        bool client, server, same, md5;
        enum weir_drop drop; /* at the server */
    } cases[] = {
        {false, true, true, false, WEIR_DROP_AUTH_MISSING},
        {false, true, true, true, WEIR_DROP_AUTH_MISSING},
        {true, true, false, false, WEIR_DROP_AUTH_MAC},
        {true, true, false, true, WEIR_DROP_AUTH_MAC},
        {true, false, true, true, WEIR_DROP_AUTH_UNEXPECTED},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct weir_tcp_key client =
            key_of(cases[i].md5 ? WEIR_AUTH_MD5 : WEIR_AUTH_AO, WEIR_MAC_HMAC_SHA1, "right");
        struct weir_tcp_key server = key_of((enum weir_auth)client.auth, WEIR_MAC_HMAC_SHA1,
                                            cases[i].same ? "right" : "wrong");
        struct net n;

        server = turned(server);
        start(&n, false);
        open_with(&n, &client, cases[i].client, &server, cases[i].server);
        run(&n, 10 * WEIR_S);
        assert_false(n.end[0].bits & WEIR_EVENT_CONNECTED);
        assert_true(drops(&n, 1, cases[i].drop) > 1);
        assert_int_equal(n.end[1].segments_out, 0); /* not even an RST */
        assert_int_equal(weir_tcp_abort(n.end[0].stack, n.end[0].conn), WEIR_OK);
        run(&n, WEIR_S);
        stop(&n);
    }
}

/* One bit anywhere in the segment, or a forged RST, changes nothing; afterwards the connection goes on. */
static void test_tampering(void **state)
{
    struct weir_tcp_key client = key_of(WEIR_AUTH_AO, WEIR_MAC_AES_128_CMAC, "testvector");
    struct weir_tcp_key server = turned(client);
    static const uint32_t places[] = {0, 4, 8, 13, 14, 22, 24, 30, 38, 60};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        struct net n;
        static const uint8_t data[100];
        uint8_t forged[2048];
        uint64_t before;

        start(&n, false);
        open_with(&n, &client, 1, &server, 1);
        run(&n, WEIR_S);
        n.tamper = 0;
        n.where = places[i];
        assert_int_equal(weir_tcp_send(n.end[0].stack, n.end[0].conn, data, sizeof(data)), 100);
        run(&n, 5 * WEIR_S);
        assert_int_equal(n.end[1].received, 0);
        n.tamper = -1;
        run(&n, 60 * WEIR_S);
        assert_int_equal(n.end[1].received, 100);
        /* the last segment again as an RST at the right place: without the key it is nothing */
        memcpy(forged, n.end[0].last, n.end[0].last_size);
        forged[20 + 13] = WEIR_TCP_RST | WEIR_TCP_ACK;
        before = drops(&n, 1, WEIR_DROP_AUTH_MAC);
        give(&n, 1, forged, n.end[0].last_size);
        assert_int_equal(drops(&n, 1, WEIR_DROP_AUTH_MAC), before + 1);
        send_both(&n, 1000);
        assert_int_equal(weir_tcp_abort(n.end[0].stack, n.end[0].conn), WEIR_OK); /* signed */
        run(&n, WEIR_S);
        assert_int_equal(n.end[1].error, WEIR_ECONNRESET);
        weir_tcp_close(n.end[1].stack, n.end[1].conn);
        stop(&n);
    }
}

/* RFC 5925 7.4: one end asks for another key, the other follows, in both directions and without a gap; a key in
 * use cannot be taken away, an old one can. */
static void test_rollover(void **state)
{
    struct weir_tcp_key first = key_of(WEIR_AUTH_AO, WEIR_MAC_HMAC_SHA1, "first");
    struct weir_tcp_key second = key_of(WEIR_AUTH_AO, WEIR_MAC_AES_128_CMAC, "second");
    struct weir_tcp_key first_there = turned(first), second_there;
    struct net n;

    (void)state;
    second.send_id = 62;
    second.recv_id = 85;
    second_there = turned(second);
    start(&n, true);
    open_with(&n, &first, 1, &first_there, 1);
    run(&n, WEIR_S);
    send_both(&n, 1000);
    assert_int_equal(n.end[0].send_id, 61);
    assert_int_equal(weir_tcp_key_prefer(n.end[1].stack, n.end[1].conn, 62), WEIR_ENOENT);
    assert_int_equal(weir_tcp_key_add(n.end[0].stack, n.end[0].conn, &second), WEIR_OK);
    assert_int_equal(weir_tcp_key_add(n.end[0].stack, n.end[0].conn, &second), WEIR_EEXIST);
    assert_int_equal(weir_tcp_key_add(n.end[1].stack, n.end[1].conn, &second_there), WEIR_OK);
    send_both(&n, 1000);
    assert_int_equal(n.end[0].send_id, 61); /* nobody has asked yet */
    assert_int_equal(weir_tcp_key_prefer(n.end[1].stack, n.end[1].conn, 62), WEIR_OK);
    send_both(&n, 50000);
    assert_int_equal(n.end[0].send_id, 62);
    assert_int_equal(n.end[1].send_id, 84); /* the other direction was not asked to change */
    assert_int_equal(weir_tcp_key_prefer(n.end[0].stack, n.end[0].conn, 85), WEIR_OK);
    send_both(&n, 50000);
    assert_int_equal(n.end[1].send_id, 85);
    assert_int_equal(weir_tcp_key_del(n.end[0].stack, n.end[0].conn, &second), WEIR_EBUSY);
    assert_int_equal(weir_tcp_key_del(n.end[0].stack, n.end[0].conn, &first), WEIR_OK);
    assert_int_equal(weir_tcp_key_del(n.end[0].stack, n.end[0].conn, &first), WEIR_ENOENT);
    assert_int_equal(weir_tcp_key_del(n.end[1].stack, n.end[1].conn, &first_there), WEIR_OK);
    send_both(&n, 1000);
    assert_int_equal(drops(&n, 0, WEIR_DROP_AUTH_MAC) + drops(&n, 1, WEIR_DROP_AUTH_MAC), 0);
    weir_tcp_abort(n.end[0].stack, n.end[0].conn);
    run(&n, WEIR_S);
    weir_tcp_close(n.end[1].stack, n.end[1].conn);
    stop(&n);
}

/* Keys for some peers only: the longest prefix, others need no MAC. */
static void test_prefixes(void **state)
{
    struct weir_tcp_key client = key_of(WEIR_AUTH_MD5, WEIR_MAC_MD5, "narrow");
    struct weir_tcp_key server[3];
    struct net n;

    (void)state;
    for (int i = 0; i < 3; i++) {
        server[i] = key_of(WEIR_AUTH_MD5, WEIR_MAC_MD5, i == 1 ? "narrow" : "broad");
    }
    weir_ip_parse("10.0.0.0", &server[0].peer);
    server[0].prefix = 8;
    weir_ip_parse("10.0.0.0", &server[1].peer);
    server[1].prefix = 30;
    weir_ip_parse("192.168.0.0", &server[2].peer);
    server[2].prefix = 16;
    start(&n, false);
    open_with(&n, &client, 1, server, 3);
    run(&n, WEIR_S);
    assert_true(n.end[0].bits & WEIR_EVENT_CONNECTED);
    weir_tcp_abort(n.end[0].stack, n.end[0].conn);
    run(&n, WEIR_S);
    weir_tcp_close(n.end[1].stack, n.end[1].conn);
    stop(&n);

    start(&n, false);
    open_with(&n, NULL, 0, server + 2, 1); /* not our network: as if there were no key */
    run(&n, WEIR_S);
    assert_true(n.end[0].bits & WEIR_EVENT_CONNECTED);
    weir_tcp_abort(n.end[0].stack, n.end[0].conn);
    run(&n, WEIR_S);
    weir_tcp_close(n.end[1].stack, n.end[1].conn);
    stop(&n);
}

static void test_mistakes(void **state)
{
    struct weir_tcp_key k = key_of(WEIR_AUTH_AO, WEIR_MAC_HMAC_SHA1, "x");
    struct weir_listen_config l;
    struct weir_tcp_options o;
    weir_handle handle;
    struct net n;

    (void)state;
    memset(&n, 0, sizeof(n));
    start_end(&n, 0, false); /* nobody here can compute a MAC */
    weir_tcp_options_default(&o);
    weir_listen_config_default(&l);
    l.local.port = PORT;
    l.options = &o;
    o.keys = &k;
    o.key_count = 1;
    assert_int_equal(weir_tcp_listen(n.end[0].stack, &l, &handle), WEIR_EINVAL);
    o.key_count = 0;
    assert_int_equal(weir_tcp_listen(n.end[0].stack, &l, &handle), WEIR_OK);
    assert_int_equal(weir_tcp_key_add(n.end[0].stack, handle, &k), WEIR_EINVAL);
    assert_int_equal(weir_stack_del(n.end[0].stack), WEIR_OK);

    start_end(&n, 0, true);
    k.mac = WEIR_MAC_MD5;
    o.key_count = 1;
    assert_int_equal(weir_tcp_listen(n.end[0].stack, &l, &handle), WEIR_EINVAL);
    k.mac = WEIR_MAC_HMAC_SHA1;
    k.key_size = 0;
    assert_int_equal(weir_tcp_listen(n.end[0].stack, &l, &handle), WEIR_EINVAL);
    k.key_size = 81;
    assert_int_equal(weir_tcp_listen(n.end[0].stack, &l, &handle), WEIR_EINVAL);
    k.key_size = 80;
    k.prefix = 1; /* of no address */
    assert_int_equal(weir_tcp_listen(n.end[0].stack, &l, &handle), WEIR_EINVAL);
    k.prefix = 0;
    assert_int_equal(weir_tcp_listen(n.end[0].stack, &l, &handle), WEIR_OK);
    assert_int_equal(weir_tcp_key_prefer(n.end[0].stack, handle, 1), WEIR_ESTALE);
    assert_int_equal(weir_stack_del(n.end[0].stack), WEIR_OK);
    assert_int_equal(n.end[0].heap.bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversation), cmocka_unit_test(test_wrong_keys),
        cmocka_unit_test(test_tampering),    cmocka_unit_test(test_rollover),
        cmocka_unit_test(test_prefixes),     cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
