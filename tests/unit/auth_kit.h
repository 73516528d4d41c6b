/* auth_kit.h - two stacks whose connections have keys, with an eavesdropper and forger between them. */
#ifndef TESTS_AUTH_KIT_H
#define TESTS_AUTH_KIT_H

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
#include <weir/keys.h>
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
    bool cookies; /* of the server */
    bool accept_icmp;
    bool v6, cut;   /* cut: nothing arrives */
    int tamper;     /* end whose segments are changed on the way, or -1 */
    uint32_t where; /* byte that is changed, from the TCP header on */
};

static inline struct weir_ip address(const struct net *n, int which)
{
    struct weir_ip ip;
    const char *text = n->v6 ? (which ? "fd00::2" : "fd00::1") : (which ? "10.0.0.2" : "10.0.0.1");

    assert_int_equal(weir_ip_parse(text, &ip), WEIR_OK);
    return ip;
}

static inline void start_end(struct net *n, int which, bool macs)
{
    struct end *e = &n->end[which];
    struct weir_config config;
    struct weir_link_config link;
    struct weir_allocator allocator = heap_allocator(&e->heap);
    struct weir_ip ip = address(n, which);

    weir_config_default(&config);
    config.reproducible = true;
    config.secret[0] = (uint8_t)which;
    config.syncookies = n->cookies && which ? WEIR_SYNCOOKIES_ALWAYS : WEIR_SYNCOOKIES_OFF;
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

static inline void start_as(struct net *n, bool v6, bool cookies)
{
    memset(n, 0, sizeof(*n));
    n->now = WEIR_S;
    n->v6 = v6;
    n->cookies = cookies;
    n->tamper = -1;
    start_end(n, 0, true);
    start_end(n, 1, true);
}

static inline void start(struct net *n, bool v6)
{
    start_as(n, v6, false);
}

static inline void stop(struct net *n)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(weir_stack_del(n->end[i].stack), WEIR_OK);
        assert_int_equal(n->end[i].heap.bytes, 0);
    }
}

static inline void events(struct net *n, int which)
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
static inline void look(struct net *n, int which, const uint8_t *packet, uint32_t size)
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

static inline void give(struct net *n, int which, const uint8_t *packet, uint32_t size)
{
    struct end *to = &n->end[which];
    struct weir_buffer *b = weir_buffer_alloc(to->stack, size);

    assert_non_null(b);
    memcpy(b->data, packet, size);
    b->size = size;
    b->offload = (struct weir_offload){.csum = WEIR_CSUM_VALID};
    weir_input(to->stack, 0, &b, 1, n->now);
}

static inline bool move(struct net *n, int which)
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

static inline void run(struct net *n, weir_time how_long)
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

static inline struct weir_tcp_key key_of(enum weir_auth auth, enum weir_mac mac, const char *text)
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
static inline struct weir_tcp_key turned(struct weir_tcp_key k)
{
    uint8_t id = k.send_id;

    k.send_id = k.recv_id;
    k.recv_id = id;
    return k;
}

static inline void open_with(struct net *n, const struct weir_tcp_key *client,
                             uint32_t client_count, const struct weir_tcp_key *server,
                             uint32_t server_count)
{
    struct weir_listen_config l;
    struct weir_connect_config c;
    struct weir_tcp_options o;

    weir_tcp_options_default(&o);
    weir_listen_config_default(&l);
    l.local.port = PORT;
    l.options = &o;
    o.auth_accept_icmp = n->accept_icmp;
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

static inline void send_both(struct net *n, size_t size)
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

static inline uint64_t drops(const struct net *n, int which, enum weir_drop drop)
{
    struct weir_stats stats = {.size = sizeof(stats)};

    assert_int_equal(weir_stats(n->end[which].stack, &stats), WEIR_OK);
    return stats.dropped[drop];
}

#endif
