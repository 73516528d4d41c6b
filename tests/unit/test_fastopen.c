/* test_fastopen.c - TCP Fast Open (RFC 7413), both roles. */
#include "unit/tcp_kit.h"

static const uint8_t key[16] = {0xf7, 0x63, 0xbf, 0xa0, 0x81, 0x3d, 0x80, 0xed,
                                0x30, 0x1d, 0x64, 0xcd, 0x90, 0x4a, 0xbc, 0xce};

/* ---- Server ------------------------------------------------------------------------------------- */

static struct tk *server(struct tk_setup *s, uint32_t queue)
{
    s->config.tcp.fastopen_queue = queue;
    struct tk *k = tk_new(s);
    tk_listen(k);
    return k;
}

static void syn(struct tk *k, const uint8_t *cookie, uint8_t size, bool exp, uint32_t len)
{
    k->ts = false;
    struct tcp_segment s = tk_segment(k, S, 0, 0);
    s.options = k->setup.peer;
    s.options.present |= WEIR_SEGMENT_FASTOPEN;
    s.options.fastopen = cookie;
    s.options.fastopen_size = size;
    s.options.fastopen_exp = exp;
    k->ts_val = k->setup.peer.ts_val - (uint32_t)(k->now / WEIR_MS);
    tk_inject(k, &s, len);
}

/* Asks for the cookie of this peer. */
static void learn_cookie(struct tk *k, uint8_t *cookie, bool exp)
{
    k->peer_port++;
    syn(k, NULL, 0, exp, 0);
    const struct tk_out *o = tk_expect(k, S | A, 0, 1, 0);
    assert_true((o->s.options.present & WEIR_SEGMENT_FASTOPEN) != 0);
    assert_int_equal(o->s.options.fastopen_size, 8);
    assert_int_equal(o->s.options.fastopen_exp, exp);
    memcpy(cookie, o->cookie, 8);
    tk_in(k, R, 1, 0, 0);
    k->peer_port--;
}

/* Data in the SYN is there before the handshake is complete, and may be answered (RFC 7413 4.2.2). */
static void test_server(void **state)
{
    (void)state;
    for (int mode = 0; mode < 8; mode++) {
        struct tk_setup s = mode & 1 ? tk_setup_modern() : tk_setup();
        s.v6 = (mode & 2) != 0;
        struct tk *k = server(&s, 4);
        uint8_t cookie[8];
        learn_cookie(k, cookie, (mode & 4) != 0);
        syn(k, cookie, 8, (mode & 4) != 0, 300);
        const struct tk_out *o = tk_expect(k, S | A, 0, 301, 0);
        assert_int_equal(o->s.options.present & WEIR_SEGMENT_FASTOPEN, 0);
        k->ts = (mode & 1) != 0;
        tk_expect_nothing(k);
        assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
        tk_expect_state(k, WEIR_TCP_SYN_RECEIVED);
        assert_true(tk_info(k).syn_data);
        tk_read(k, 300);
        tk_write(k, 100);
        tk_expect(k, A, 1, 301, 100);
        tk_advance(k, 20 * WEIR_MS);
        tk_in(k, A, 301, 1, 0); /* of the SYN,ACK only */
        tk_expect_state(k, WEIR_TCP_ESTABLISHED);
        assert_in_range(tk_info(k).srtt, mode & 1 ? 19 * WEIR_MS : 0, 21 * WEIR_MS);
        tk_in(k, A, 301, 101, 50);
        tk_read(k, 50);
        tk_expect_event(k, WEIR_EVENT_SENT_ALL);
        assert_int_equal(tk_stats(k).fastopen_passive, 1);
        assert_int_equal(tk_stats(k).fastopen_cookies, 1);
        tk_flush(k);
        tk_del(k);
    }
}

/* The SYN,ACK is lost: it comes again by time and by their SYN; data sent behind it survives. */
static void test_server_loss(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = server(&s, 4);
    uint8_t cookie[8];
    learn_cookie(k, cookie, false);
    syn(k, cookie, 8, false, 100);
    tk_expect(k, S | A, 0, 101, 0);
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
    tk_write(k, 3000);
    size_t sent = tk_flush(k);
    assert_int_equal(sent, 3);
    syn(k, cookie, 8, false, 100);
    tk_expect(k, S | A, 0, 101, 0);
    tk_expect_nothing(k);
    const struct tk_out *o = tk_wait(k, 2 * WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->flags, S | A);
    assert_int_equal(o->ack, 101);
    tk_in(k, A, 101, 1, 0);
    tk_expect_state(k, WEIR_TCP_ESTABLISHED);
    o = tk_wait(k, 10 * WEIR_S); /* and the data by its RTO */
    assert_non_null(o);
    assert_int_equal(o->seq, 1);
    tk_in(k, A, 101, 3001, 0);
    tk_expect_event(k, WEIR_EVENT_SENT_ALL);
    tk_read(k, 100);
    tk_del(k);
    /* nobody ever answers: it ends as any open does, and its place in the queue is free */
    k = server(&s, 1);
    learn_cookie(k, cookie, false);
    syn(k, cookie, 8, false, 100);
    tk_advance(k, 400 * WEIR_S);
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
    tk_expect_state(k, WEIR_TCP_CLOSED);
    tk_read(k, 100);
    tk_flush(k);
    k->peer_port++;
    syn(k, cookie, 8, false, 10);
    tk_expect(k, S | A, 0, 11, 0);
    k->peer_port--;
    tk_del(k);
}

/* An ICMP error about a SYN,ACK ends what was not accepted yet: a soft one where the listener says so. Its data can
 * still be read; once it is accepted a soft error is only told (MUST-56). */
static void test_server_icmp(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct tk_setup s = tk_setup();
        bool accepted = (i & 1) != 0;
        s.soft_errors_end = (i & 2) != 0;
        struct tk *k = server(&s, 4);
        uint8_t cookie[8];
        learn_cookie(k, cookie, false);
        syn(k, cookie, 8, false, 100);
        tk_expect(k, S | A, 0, 101, 0);
        if (accepted)
            assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
        tk_icmp(k, 3, 1, 0, 0);
        if (!accepted)
            assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
        bool ends = !accepted && s.soft_errors_end;
        tk_expect_state(k, ends ? WEIR_TCP_CLOSED : WEIR_TCP_SYN_RECEIVED);
        tk_read(k, 100);
        tk_expect_event(k, ends ? WEIR_EVENT_CLOSED : WEIR_EVENT_ERROR);
        assert_int_equal(k->error, WEIR_EHOSTUNREACH);
        tk_in(k, A, 101, 1, 0);
        if (ends)
            assert_int_equal(tk_next(k)->flags, R);
        else
            tk_expect_state(k, WEIR_TCP_ESTABLISHED);
        tk_flush(k);
        tk_del(k);
    }
}

/* A wrong cookie, none, one that is too short: the usual handshake, data ignored, the right one given. */
static void test_server_refuses(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = server(&s, 4);
    uint8_t cookie[8];
    learn_cookie(k, cookie, false);
    uint8_t wrong[16] = {1, 2, 3};
    static const uint8_t sizes[] = {4, 8, 16};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        k->peer_port = (uint16_t)(100 + i);
        syn(k, wrong, sizes[i], false, 100);
        const struct tk_out *o = tk_expect(k, S | A, 0, 1, 0);
        assert_memory_equal(o->cookie, cookie, 8);
        o = tk_wait(k, 2 * WEIR_S); /* only the first SYN,ACK has it */
        assert_int_equal(o->s.options.present & WEIR_SEGMENT_FASTOPEN, 0);
        tk_in(k, A, 1, 1, 100);
        assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
        k->read = 0;
        tk_read(k, 100);
        assert_false(tk_info(k).syn_data);
        weir_tcp_abort(k->stack, k->conn);
        tk_flush(k);
    }
    assert_int_equal(tk_stats(k).fastopen_passive_failed, 3);
    assert_int_equal(tk_stats(k).fastopen_passive, 0);
    k->peer_port = 200;
    tk_in(k, S, 0, 0, 100); /* data without the option */
    assert_int_equal(tk_expect(k, S | A, 0, 1, 0)->s.options.present & WEIR_SEGMENT_FASTOPEN, 0);
    k->conn = 0;
    tk_del(k);
    s.config.tcp.fastopen_no_cookie = true;
    k = server(&s, 4);
    tk_in(k, S, 0, 0, 100);
    tk_expect(k, S | A, 0, 101, 0);
    tk_del(k);
    s.config.tcp.fastopen_no_cookie = false;
    k = server(&s, 0); /* not switched on */
    syn(k, cookie, 8, false, 100);
    assert_int_equal(tk_expect(k, S | A, 0, 1, 0)->s.options.present & WEIR_SEGMENT_FASTOPEN, 0);
    tk_del(k);
}

/* The queue is bounded, and a request that was reset counts for a while longer (RFC 7413 5.1). */
static void test_queue(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = server(&s, 2);
    uint8_t cookie[8];
    learn_cookie(k, cookie, false);
    for (uint16_t i = 0; i < 3; i++) {
        k->peer_port = (uint16_t)(100 + i);
        syn(k, cookie, 8, false, 10);
        tk_expect(k, S | A, 0, i < 2 ? 11 : 1, 0);
    }
    assert_int_equal(tk_stats(k).fastopen_overflow, 1);
    k->peer_port = 100;
    tk_in(k, R | A, 11, 1, 0); /* before accept: it is still there to be accepted */
    k->peer_port = 101;
    tk_in(k, A, 11, 1, 0); /* complete: one place is free, the other held by the RST */
    for (uint16_t i = 0; i < 2; i++) {
        k->peer_port = (uint16_t)(200 + i);
        syn(k, cookie, 8, false, 10);
        tk_expect(k, S | A, 0, i == 0 ? 11 : 1, 0);
    }
    assert_int_equal(weir_tcp_set(k->stack, k->listener, WEIR_OPT_FASTOPEN_QUEUE, 3), WEIR_OK);
    k->peer_port = 300;
    syn(k, cookie, 8, false, 10);
    tk_expect(k, S | A, 0, 11, 0);
    tk_in(k, A, 11, 1, 0);
    tk_advance(k, 61 * WEIR_S);
    tk_flush(k);
    assert_int_equal(weir_tcp_set(k->stack, k->listener, WEIR_OPT_FASTOPEN_QUEUE, 2), WEIR_OK);
    k->peer_port = 400;
    syn(k, cookie, 8, false, 10);
    tk_expect(k, S | A, 0, 11, 0);
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
    tk_expect_state(k, WEIR_TCP_CLOSED);
    k->foreign_payload = true;
    tk_read(k, 10);
    uint8_t byte;
    assert_int_equal(weir_tcp_recv(k->stack, k->conn, &byte, 1), WEIR_ECONNRESET);
    weir_tcp_close(k->stack, k->listener); /* resets what nobody took */
    k->listener = 0;
    tk_flush(k);
    tk_del(k);
}

/* The published construction, and two keys (RFC 7413 4.1.2): the old one is good and a new cookie comes. */
static void test_keys(void **state)
{
    (void)state;
    static const uint8_t known[8] = {0x00, 0xab, 0xaa, 0xab, 0xe8, 0xe9, 0x54, 0xc2};
    struct tk_setup s = tk_setup();
    s.link.accept_any = true;
    struct tk *k = server(&s, 4);
    struct weir_ip a, b;
    assert_int_equal(weir_ip_parse("192.168.0.2", &a), WEIR_OK);
    assert_int_equal(weir_ip_parse("10.248.0.2", &b), WEIR_OK);
    struct ip_addr local = k->local, peer = k->peer;
    k->local = ip_addr_from_public(&a);
    k->peer = ip_addr_from_public(&b);
    struct weir_ip any = {.family = 4};
    assert_int_equal(weir_route_add(k->stack, &any, 0, NULL, k->link, 0), WEIR_OK);
    assert_int_equal(weir_fastopen_keys(k->stack, &key, 0), WEIR_EINVAL);
    assert_int_equal(weir_fastopen_keys(k->stack, &key, 1), WEIR_OK);
    uint8_t cookie[8];
    learn_cookie(k, cookie, true);
    assert_memory_equal(cookie, known, 8);
    uint8_t both[2][16] = {{9, 9, 9}, {0}};
    memcpy(both[1], key, 16);
    assert_int_equal(weir_fastopen_keys(k->stack, (const uint8_t(*)[16])both, 2), WEIR_OK);
    syn(k, known, 8, false, 10);
    const struct tk_out *o = tk_expect(k, S | A, 0, 11, 0);
    assert_true((o->s.options.present & WEIR_SEGMENT_FASTOPEN) != 0);
    assert_memory_not_equal(o->cookie, known, 8);
    memcpy(cookie, o->cookie, 8);
    assert_int_equal(weir_fastopen_keys(k->stack, (const uint8_t(*)[16])both, 1), WEIR_OK);
    k->peer_port++;
    syn(k, known, 8, false, 10);
    tk_expect(k, S | A, 0, 1, 0);
    k->peer_port++;
    syn(k, cookie, 8, false, 10);
    tk_expect(k, S | A, 0, 11, 0);
    k->local = local;
    k->peer = peer;
    tk_del(k);
}

/* ---- Client ------------------------------------------------------------------------------------- */

static const uint8_t given[16] = {0xab, 0xcd, 0x12, 0x34};

static const struct tk_out *connect_with(struct tk *k, uint32_t data)
{
    k->conn = 0;
    k->written = k->read = 0;
    k->local_port++;
    tk_connect(k);
    if (data)
        tk_write(k, data);
    return tk_next(k);
}

static void syn_ack(struct tk *k, uint32_t ack, const uint8_t *cookie, uint8_t size)
{
    struct tcp_segment s = tk_segment(k, S | A, 0, ack);
    s.options = k->setup.peer;
    if (cookie != NULL) {
        s.options.present |= WEIR_SEGMENT_FASTOPEN;
        s.options.fastopen = cookie;
        s.options.fastopen_size = size;
    }
    tk_inject(k, &s, 0);
}

static struct tk *client(struct tk_setup *s)
{
    s->config.tcp.fastopen = true;
    return tk_new(s);
}

static void end(struct tk *k)
{
    tk_flush(k);
    tk_events(k);
    k->bits = 0;
    weir_tcp_abort(k->stack, k->conn);
    tk_flush(k);
    k->conn = 0;
}

/* The first connection asks, and its data waits; the second sends data at once. */
static void warm_up(struct tk *k, uint16_t mss)
{
    const struct tk_out *o = connect_with(k, 100);
    assert_int_equal(o->flags, S);
    assert_int_equal(o->len, 0);
    assert_true((o->s.options.present & WEIR_SEGMENT_FASTOPEN) != 0);
    assert_int_equal(o->s.options.fastopen_size, 0);
    k->setup.peer.mss = mss;
    syn_ack(k, 1, given, 4);
    tk_expect(k, A, 1, 1, 100);
    end(k);
}

static void test_client(void **state)
{
    (void)state;
    /* how much of the data the SYN,ACK takes; SYN data is limited by the MSS the peer announced */
    static const uint32_t acked[] = {900, 0, 100};
    for (size_t i = 0; i < ARRAY_SIZE(acked); i++) {
        struct tk_setup s = tk_setup();
        struct tk *k = client(&s);
        warm_up(k, 940);
        const struct tk_out *o = connect_with(k, 2000);
        assert_int_equal(o->flags, S);
        assert_int_equal(o->len, 900);
        assert_int_equal(o->s.options.fastopen_size, 4);
        assert_memory_equal(o->cookie, given, 4);
        tk_advance(k, 10 * WEIR_MS);
        syn_ack(k, 1 + acked[i], NULL, 0);
        tk_expect_state(k, WEIR_TCP_ESTABLISHED);
        assert_int_equal(tk_info(k).syn_data, acked[i] == 900);
        assert_in_range(tk_info(k).srtt, 9 * WEIR_MS, 11 * WEIR_MS);
        uint32_t at = 1 + acked[i]; /* the rest at once, as if it was new */
        while (at < 2001) {
            o = tk_next(k);
            assert_non_null(o);
            assert_int_equal(o->seq, at);
            at += o->len;
        }
        tk_expect_nothing(k);
        tk_in(k, A, 1, 2001, 0);
        tk_expect_event(k, WEIR_EVENT_SENT_ALL);
        struct weir_stats stats = tk_stats(k);
        assert_int_equal(stats.fastopen_active, acked[i] == 900);
        assert_int_equal(stats.fastopen_active_failed, acked[i] != 900);
        tk_del(k);
    }
}

/* What they did not take was sent already: it is a retransmission, but no sign of congestion, and Nagle does not
 * take it for a small segment of the application's (RFC 7413 4.2.2). */
static void test_client_again(void **state)
{
    (void)state;
    for (int closed = 0; closed < 2; closed++) {
        struct tk_setup s = tk_setup();
        struct tk *k = client(&s);
        warm_up(k, 940);
        assert_int_equal(connect_with(k, 1000)->len, 900);
        k->setup.peer_window = closed ? 0 : 65535;
        struct tcp_segment answer = tk_segment(k, S | A, 0, 1);
        answer.options = k->setup.peer;
        answer.window = k->setup.peer_window;
        tk_inject(k, &answer, 0);
        if (closed) { /* there is no room for it yet */
            tk_expect(k, A, 1, 1, 0);
            assert_int_equal(tk_info(k).repeated_segments, 0);
            tk_del(k);
            continue;
        }
        uint32_t cwnd = tk_info(k).cwnd_bytes;
        tk_expect(k, A, 1, 1, 900);
        tk_expect(k, A, 901, 1, 100);
        tk_expect_nothing(k);
        assert_int_equal(tk_info(k).repeated_segments, 1);
        assert_int_equal(tk_info(k).cwnd_bytes, cwnd);
        assert_int_equal(tk_info(k).bytes_retransmitted, 900);
        assert_int_equal(tk_info(k).bytes_sent, 1900);
        tk_in(k, A, 1, 1001, 0);
        tk_expect_event(k, WEIR_EVENT_SENT_ALL);
        tk_del(k);
    }
}

/* What waits for the SYN,ACK is an answer to it: no ACK goes alone, and later ones may wait (as Linux). */
static void test_client_interactive(void **state)
{
    (void)state;
    for (int more = 0; more < 2; more++) {
        struct tk_setup s = tk_setup();
        s.config.tcp.quickack = WEIR_QUICKACK_ADAPTIVE;
        struct tk *k = client(&s);
        warm_up(k, 1460);
        assert_int_equal(connect_with(k, more ? 2000 : 1420)->len, 1420);
        syn_ack(k, 1421, NULL, 0);
        tk_expect(k, A, 1421, 1, more ? 580 : 0);
        tk_expect_nothing(k);
        assert_int_equal(tk_info(k).syn_bytes_delivered, 1420);
        tk_in(k, A, 1, more ? 2001 : 1421, 500);
        if (!more)
            tk_expect(k, A, 1421, 501, 0);
        tk_expect_nothing(k);
        tk_del(k);
    }
}

/* The SYN with data is lost: plain SYNs follow; the late answer to either is good; too much is an RST. */
static void test_client_fallback(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        struct tk_setup s = tk_setup();
        struct tk *k = client(&s);
        warm_up(k, 1460);
        assert_int_equal(connect_with(k, 500)->len, 500);
        const struct tk_out *o = tk_wait(k, 2 * WEIR_S);
        assert_int_equal(o->flags, S);
        assert_int_equal(o->len, 0);
        assert_int_equal(o->s.options.present & WEIR_SEGMENT_FASTOPEN, 0);
        if (i == 2) {
            syn_ack(k, 502, NULL, 0);
            assert_int_equal(tk_next(k)->flags, R);
            tk_expect_state(k, WEIR_TCP_SYN_SENT);
            tk_in(k, R | A, 0, 501, 0);
            tk_expect_event(k, WEIR_EVENT_CLOSED);
            assert_int_equal(k->error, WEIR_ECONNREFUSED);
        } else {
            syn_ack(k, i == 0 ? 1 : 501, NULL, 0);
            if (i == 0)
                tk_expect(k, A, 1, 1, 500);
            else
                tk_expect(k, A, 501, 1, 0);
            tk_expect_state(k, WEIR_TCP_ESTABLISHED);
        }
        tk_del(k);
    }
}

/* Where SYNs with data vanish twice, the next opens are plain for a while (RFC 7413 4.1.3.1). */
static void test_blackhole(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = client(&s);
    warm_up(k, 1460);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(connect_with(k, 500)->len, 500);
        assert_non_null(tk_wait(k, 2 * WEIR_S));
        syn_ack(k, 1, NULL, 0);
        end(k);
    }
    const struct tk_out *o = connect_with(k, 500);
    assert_int_equal(o->len, 0);
    assert_int_equal(o->s.options.present & WEIR_SEGMENT_FASTOPEN, 0);
    syn_ack(k, 1, NULL, 0);
    end(k);
    tk_advance(k, 241 * WEIR_S);
    assert_int_equal(connect_with(k, 500)->len, 500);
    tk_del(k);
}

/* A peer that gives nothing is asked once in the experimental way, and in the standard one ever after. */
static void test_experimental(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = client(&s);
    for (int i = 0; i < 4; i++) {
        const struct tk_out *o = connect_with(k, 0);
        assert_true((o->s.options.present & WEIR_SEGMENT_FASTOPEN) != 0);
        assert_int_equal(o->s.options.fastopen_exp, i == 1);
        syn_ack(k, 1, NULL, 0);
        end(k);
    }
    tk_del(k);
}

/* Both sides send SYN and data at once: the data is sent again, or was taken. */
static void test_simultaneous(void **state)
{
    (void)state;
    for (int taken = 0; taken < 2; taken++) {
        struct tk_setup s = tk_setup();
        struct tk *k = client(&s);
        warm_up(k, 1460);
        assert_int_equal(connect_with(k, 500)->len, 500);
        tk_syn_in(k, S, 0);
        tk_expect(k, S | A, 0, 1, 0);
        syn_ack(k, taken ? 501 : 1, NULL, 0);
        tk_expect_state(k, WEIR_TCP_ESTABLISHED);
        if (taken) {
            tk_expect_nothing(k);
            tk_expect_event(k, WEIR_EVENT_SENT_ALL);
            tk_write(k, 10);
            tk_expect(k, A, 501, 1, 10);
        } else {
            tk_expect(k, A, 1, 1, 500);
        }
        tk_del(k);
    }
}

/* A smaller path: a plain SYN at once. */
static void test_client_too_big(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = client(&s);
    warm_up(k, 1460);
    assert_int_equal(connect_with(k, 1000)->len, 1000);
    tk_icmp(k, 3, 4, 0, 840);
    const struct tk_out *o = tk_next(k);
    assert_non_null(o);
    assert_int_equal(o->flags, S);
    assert_int_equal(o->len, 0);
    syn_ack(k, 1, NULL, 0);
    tk_expect_state(k, WEIR_TCP_ESTABLISHED);
    assert_true(tk_flush(k) >= 2);
    tk_del(k);
}

static void test_room(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = client(&s);
    struct weir_connect_config c;
    weir_connect_config_default(&c);
    ip_addr_to_public(&k->peer, &c.remote.ip);
    c.remote.port = 80;
    assert_int_equal(weir_tcp_fastopen_room(k->stack, &c), 0);
    warm_up(k, 1240);
    assert_int_equal(weir_tcp_fastopen_room(k->stack, &c), 1200);
    struct weir_tcp_options o = s.config.tcp;
    o.fastopen = false;
    c.options = &o;
    assert_int_equal(weir_tcp_fastopen_room(k->stack, &c), 0);
    o.fastopen = o.fastopen_no_cookie = true;
    c.remote.ip.bytes[3] = 77;
    assert_int_equal(weir_tcp_fastopen_room(k->stack, &c), 1420);
    c.remote.port = 0;
    assert_int_equal(weir_tcp_fastopen_room(k->stack, &c), WEIR_EINVAL);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_server_loss),
        cmocka_unit_test(test_server_refuses),
        cmocka_unit_test(test_server_icmp),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_client),
        cmocka_unit_test(test_client_again),
        cmocka_unit_test(test_client_interactive),
        cmocka_unit_test(test_client_fallback),
        cmocka_unit_test(test_blackhole),
        cmocka_unit_test(test_experimental),
        cmocka_unit_test(test_simultaneous),
        cmocka_unit_test(test_client_too_big),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
