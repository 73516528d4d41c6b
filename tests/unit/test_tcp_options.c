/* test_tcp_options.c - the options: MSS, window scale, timestamps and PAWS, SACK permitted; unknown and
 * malformed ones; initial sequence numbers. */
#include "unit/tcp_kit.h"

#include "wire/checksum.h"
#include "wire/ip4.h"

/* A segment with raw option bytes instead of tcp_build's. */
static void raw_in(struct tk *k, struct tcp_segment s, const uint8_t *options, uint32_t size)
{
    static const struct weir_ops no_ops;
    uint8_t packet[200], built[200];
    s.options = (struct tcp_options){0};
    uint32_t bare = tk_packet(k, built, &s, 0);
    assert_int_equal(bare, 40);
    assert_int_equal(size % 4, 0);
    memcpy(packet, built, 40);
    memcpy(packet + 40, options, size);
    packet[32] = (uint8_t)((20 + size) / 4 << 4);
    struct ip4_header h = {.header_size = 20, .ttl = 64, .protocol = IP_PROTOCOL_TCP};
    h.total_size = (uint16_t)(40 + size);
    memcpy(h.src, k->peer.b + 12, 4);
    memcpy(h.dst, k->local.b + 12, 4);
    ip4_build(packet, &h);
    packet[36] = packet[37] = 0;
    uint64_t sum = csum_pseudo(&k->peer, &k->local, IP_PROTOCOL_TCP, 20 + size);
    csum_store(packet + 36, csum_finish(csum_sum(&no_ops, packet + 20, 20 + size, sum)));
    tk_inject_packet(k, packet, 40 + size, NULL);
}

/* MUST-15: without the option 536 or 1220; MUST-16: the smaller of the two, options taken off;
 * segments are as large as that allows (SHLD-28). */
static void test_mss(void **state)
{
    static const struct {
        bool v6, ts;
        uint16_t announced; /* 0: no option */
        uint32_t mtu, segment;
    } cases[] = {
        {false, false, 0, 1500, 536},        {true, false, 0, 1500, 1220},
        {false, true, 0, 1500, 524},         {false, false, 1000, 1500, 1000},
        {false, true, 1000, 1500, 988},      {true, true, 1000, 1500, 988},
        {false, false, 9000, 1500, 1460},    {true, false, 9000, 1500, 1440},
        {false, true, 9000, 1500, 1448},     {false, false, 8960, 9000, 8960},
        {false, false, 1460, 576, 536},      {true, true, 1440, 1280, 1208},
        {false, false, 65535, 65535, 65495}, {false, true, 100, 1500, 88},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct tk_setup s = cases[i].ts ? tk_setup_modern() : tk_setup();
        s.v6 = cases[i].v6;
        s.link.mtu = cases[i].mtu;
        s.peer.mss = cases[i].announced;
        if (cases[i].announced == 0)
            s.peer.present &= (uint8_t)~WEIR_SEGMENT_MSS;
        for (int active = 0; active < 2; active++) {
            struct tk *k = tk_new(&s);
            if (active) {
                tk_active(k);
            } else {
                tk_passive(k);
            }
            uint32_t n = 2 * cases[i].segment + 1;
            if (n > 60000)
                n = cases[i].segment;
            tk_write(k, n);
            const struct tk_out *o = tk_next(k);
            assert_non_null(o);
            if (o->len != cases[i].segment)
                fail_msg("case %zu: segments of %u", i, o->len);
            while ((o = tk_next(k)) != NULL)
                assert_true(o->ip_size <= cases[i].mtu);
            assert_int_equal(tk_info(k).snd_mss, cases[i].segment);
            tk_del(k);
        }
    }
}

/* MUST-65: the MSS option is on SYNs, and on nothing else. */
static void test_mss_on_syn_only(void **state)
{
    (void)state;
    for (int modern = 0; modern < 2; modern++) {
        struct tk_setup s = modern ? tk_setup_modern() : tk_setup();
        struct tk *k = tk_new(&s);
        const struct tk_out *o;

        assert_true((tk_syn_received(k)->s.options.present & WEIR_SEGMENT_MSS) != 0);
        tk_in(k, A, 1, 1, 0);
        tk_events(k);
        assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
        tk_write(k, 100);
        o = tk_expect(k, A, 1, 1, 100);
        assert_false(o->s.options.present & WEIR_SEGMENT_MSS);
        tk_in(k, A, 11, 101, 10); /* out of order: an ACK at once */
        o = tk_expect(k, A, 101, 1, 0);
        assert_false(o->s.options.present & WEIR_SEGMENT_MSS);
        assert_int_equal(weir_tcp_shutdown(k->stack, k->conn), WEIR_OK);
        o = tk_expect(k, F | A, 101, 1, 0);
        assert_false(o->s.options.present & WEIR_SEGMENT_MSS);
        assert_int_equal(weir_tcp_abort(k->stack, k->conn), WEIR_OK);
        o = tk_next(k);
        assert_non_null(o);
        assert_false(o->s.options.present & WEIR_SEGMENT_MSS);
        tk_del(k);
    }
}

/* MUST-67: what is announced is what the link can take; mss_clamp lowers both directions. */
static void test_announced_mss(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.link.mtu = 1300;
    struct tk *k = tk_new(&s);
    tk_connect(k);
    const struct tk_out *o = tk_expect(k, S, 0, 0, 0);
    assert_int_equal(o->s.options.mss, 1260);
    assert_true((o->s.options.present & WEIR_SEGMENT_MSS) != 0);
    tk_del(k);
    s.config.tcp.mss_clamp = 900;
    k = tk_new(&s);
    o = tk_syn_received(k);
    assert_int_equal(o->s.options.mss, 900);
    tk_in(k, A, 1, 1, 0);
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
    tk_write(k, 1800);
    tk_expect(k, A, 1, 1, 900);
    tk_del(k);
}

/* MSS clamping of a live connection, and taken back; the link's MTU clamps too. What is on its way is not sent again
 * for that, but a retransmission keeps to it. */
static void test_clamp_of_a_connection(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct tk_setup s = tk_setup();
        s.v6 = v6;
        struct tk *k = tk_new(&s);
        uint32_t mss = v6 ? 1440 : 1460, headers = v6 ? 60 : 40;
        tk_passive(k);
        tk_write(k, mss);
        tk_expect(k, A, 1, 1, mss);
        assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_MSS_CLAMP, 63), WEIR_EINVAL);
        assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_MSS_CLAMP, 1000), WEIR_OK);
        tk_expect_nothing(k);
        const struct tk_out *o = tk_wait(k, 5 * WEIR_S);
        assert_non_null(o);
        assert_int_equal(o->len, 1000);
        tk_in(k, A, 1, 1 + mss, 0);
        tk_flush(k);
        tk_write(k, 2000);
        tk_expect(k, A, 1 + mss, 1, 1000);
        tk_expect(k, A, 1001 + mss, 1, 1000);
        tk_in(k, A, 1, 2001 + mss, 0);
        assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_MSS_CLAMP, 0), WEIR_OK);
        tk_write(k, mss);
        tk_expect(k, A, 2001 + mss, 1, mss);
        tk_in(k, A, 1, 2001 + 2 * mss, 0);
        assert_int_equal(weir_link_set_mtu(k->stack, k->link, 1300), WEIR_OK);
        tk_write(k, 1300 - headers);
        tk_expect(k, A, 2001 + 2 * mss, 1, 1300 - headers);
        tk_in(k, A, 1, 3301 + 2 * mss - headers, 0);
        tk_del(k);
    }
}

/* Options are used only when both sides sent them (RFC 7323 1.3, 2.2, RFC 2018 2). */
static void test_negotiation(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 128; i++) {
        struct tk_setup s = tk_setup_modern();
        s.config.tcp.window_scaling = (i & 1) != 0;
        s.config.tcp.timestamps = (i & 2) != 0;
        s.config.tcp.sack = (i & 4) != 0;
        if ((i & 8) == 0)
            s.peer.present &= (uint8_t)~WEIR_SEGMENT_WSCALE;
        if ((i & 16) == 0)
            s.peer.present &= (uint8_t)~WEIR_SEGMENT_TIMESTAMPS;
        if ((i & 32) == 0)
            s.peer.present &= (uint8_t)~WEIR_SEGMENT_SACK_PERMITTED;
        struct tk *k = tk_new(&s);
        if ((i & 64) != 0) {
            tk_active(k);
        } else {
            tk_passive(k);
        }
        struct weir_tcp_info info = tk_info(k);
        assert_int_equal(info.window_scaling, (i & 9) == 9);
        assert_int_equal(info.timestamps, (i & 18) == 18);
        assert_int_equal(info.sack, (i & 36) == 36);
        assert_int_equal(info.snd_wscale, (i & 9) == 9 ? 7 : 0);
        k->window = 1000;
        tk_in(k, A, 1, 1, 10);
        assert_int_equal(tk_info(k).snd_wnd_bytes, (i & 9) == 9 ? 128000 : 1000);
        tk_write(k, 10);
        const struct tk_out *o = tk_expect(k, A, 1, 11, 10);
        assert_int_equal((o->s.options.present & WEIR_SEGMENT_TIMESTAMPS) != 0, info.timestamps);
        if (info.timestamps)
            assert_int_equal(o->s.options.ts_ecr, 100);
        tk_del(k);
    }
}

/* RFC 7323 2.3: a shift above 14 is taken as 14. SYN windows are never scaled. */
static void test_window_scale_limits(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup_modern();
    s.peer.wscale = 255;
    s.peer_window = 3;
    struct tk *k = tk_new(&s);
    tk_syn_received(k);
    tk_in(k, A, 1, 1, 0);
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
    assert_int_equal(tk_info(k).snd_wscale, 14);
    assert_int_equal(tk_info(k).snd_wnd_bytes, 3 << 14);
    tk_del(k);
    s.peer.wscale = 2;
    s.peer_window = 100;
    k = tk_new(&s);
    tk_connect(k);
    tk_expect(k, S, 0, 0, 0);
    tk_syn_in(k, S | A, 1);
    assert_int_equal(tk_info(k).snd_wnd_bytes, 100);
    tk_del(k);
}

/* MUST-4, MUST-5, MUST-6, MUST-64, MUST-68: unknown kinds are skipped by their length, at any alignment,
 * on any segment; what follows them counts. */
static void test_unknown_options(void **state)
{
    static const uint8_t syn[] = {253, 5, 1, 2, 3, 2, 4, 3, 0xe8, 1, 30, 2, 4, 2, 0, 0};
    static const uint8_t later[] = {1, 77, 3, 9, 254, 4, 1, 1};
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_listen(k);
    raw_in(k, tk_segment(k, S, 0, 0), syn, sizeof(syn));
    tk_expect(k, S | A, 0, 1, 0);
    raw_in(k, tk_segment(k, A, 1, 1), later, sizeof(later));
    tk_events(k);
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
    assert_int_equal(tk_info(k).snd_mss, 1000);
    assert_true(tk_info(k).sack);
    assert_int_equal(tk_drops(k, WEIR_DROP_TCP_OPTION), 0);
    tk_del(k);
}

/* MUST-7: lengths 0, 1 and beyond the header are survived, on a SYN and later. */
static void test_illegal_options(void **state)
{
    static const uint8_t bad[][8] = {{2, 0, 5, 0xb4},
                                     {2, 1, 5, 0xb4},
                                     {2, 40, 5, 0xb4},
                                     {99, 0, 0, 0},
                                     {1, 1, 1, 8},
                                     {8, 10, 0, 0, 0, 0, 0, 0},
                                     {5, 3, 1, 1, 1, 1, 1, 1},
                                     {5, 255, 0, 0, 0, 0, 0, 0},
                                     {3, 2, 0, 0}};
    (void)state;
    struct tk_setup s = tk_setup();
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct tk *k = tk_new(&s);
        tk_listen(k);
        raw_in(k, tk_segment(k, S, 0, 0), bad[i], 8);
        tk_flush(k);
        tk_del(k);
        k = tk_new(&s);
        tk_passive(k);
        raw_in(k, tk_segment(k, A, 1, 1), bad[i], 8);
        tk_flush(k);
        tk_in(k, A, 1, 1, 10);
        tk_read(k, 10); /* it lives on */
        tk_del(k);
    }
}

/* RFC 7323 4.3: what is echoed is the timestamp of the segment at the left edge, not of a later one. */
static void test_timestamp_echo(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup_modern();
    struct tk *k = tk_new(&s);
    tk_passive(k);
    tk_advance(k, 10 * WEIR_MS); /* 110 */
    tk_in(k, A, 1, 1, 100);
    tk_advance(k, 10 * WEIR_MS); /* 120, while the ACK of 110 is delayed */
    tk_in(k, A, 101, 1, 100);
    const struct tk_out *o = tk_expect(k, A, 1, 201, 0);
    assert_int_equal(o->s.options.ts_ecr, 110);
    tk_advance(k, 10 * WEIR_MS);
    tk_in(k, A, 301, 1, 100); /* beyond a hole: not remembered */
    o = tk_expect(k, A, 1, 201, 0);
    assert_int_not_equal(o->s.options.ts_ecr, 130);
    tk_advance(k, 10 * WEIR_MS);
    tk_in(k, A, 201, 1, 100);
    o = tk_expect(k, A, 1, 401, 0);
    assert_int_equal(o->s.options.ts_ecr, 140);
    tk_del(k);
}

/* RFC 7323 5.3: an older timestamp: answered and dropped; RST is exempt. 5.5: after 24 idle days the
 * remembered one is worth nothing. */
static void test_paws(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup_modern();
    struct tk *k = tk_new(&s);
    tk_passive(k);
    tk_advance(k, WEIR_S);
    tk_in(k, A, 1, 1, 10);
    tk_advance(k, WEIR_S);
    tk_flush(k);
    struct tcp_segment seg = tk_segment(k, A, 11, 1);
    seg.options.ts_val -= 1500;
    tk_inject(k, &seg, 10);
    tk_expect(k, A, 1, 11, 0);
    assert_int_equal(tk_drops(k, WEIR_DROP_PAWS), 1);
    seg.options.ts_val += 500; /* equal to the remembered: good */
    tk_inject(k, &seg, 10);
    tk_read(k, 20);
    tk_flush(k);
    tk_advance(k, 25ULL * 86400 * WEIR_S);
    tk_flush(k);
    seg = tk_segment(k, A, 21, 1);
    seg.options.ts_val = 50; /* looks older than before */
    tk_inject(k, &seg, 10);
    tk_read(k, 10);
    const struct tk_out *o = tk_wait(k, WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->s.options.ts_ecr, 50);
    seg = tk_segment(k, R, 31, 0);
    seg.options.ts_val = 7;
    tk_inject(k, &seg, 0);
    tk_expect_event(k, WEIR_EVENT_CLOSED);
    tk_del(k);
}

/* MUST-8, MUST-9, SHLD-1: the number follows a 4 microsecond clock, differs by four-tuple and by secret. */
static uint32_t isn_of(uint8_t secret, weir_time at, uint16_t port)
{
    struct tk_setup s = tk_setup();
    s.config.tcp.fixed_isn = false;
    s.config.reproducible = false;
    memset(s.config.secret, secret, sizeof(s.config.secret));
    s.start = at;
    struct tk *k = tk_new(&s);
    k->peer_port = port;
    tk_listen(k);
    tk_syn_in(k, S, 0);
    const struct tk_out *o = tk_next(k);
    assert_non_null(o);
    uint32_t isn = o->s.seq;
    tk_del(k);
    return isn;
}

static void test_isn(void **state)
{
    (void)state;
    uint32_t first = isn_of(1, 1000 * WEIR_S, 40000);
    assert_int_equal(isn_of(1, 1000 * WEIR_S, 40000), first);
    assert_in_range(isn_of(1, 1001 * WEIR_S, 40000) - first, 249990, 250010);
    assert_true(isn_of(1, 1000 * WEIR_S, 40001) - first > 1000);
    assert_true(isn_of(2, 1000 * WEIR_S, 40000) - first > 1000);
    struct weir_config c;
    struct heap heap = {0};
    struct weir_allocator allocator = heap_allocator(&heap);
    struct weir_stack *stack;
    weir_config_default(&c);
    assert_int_equal(weir_stack_new(&stack, &c, &allocator), WEIR_EINVAL); /* no secret */
}

/* Positions with small numbers, and a bulk transfer through the wrap, both directions. */
static void test_sequence_wrap(void **state)
{
    static const uint32_t isns[] = {0,          1,          0xffffffff, 0xfffffffe,
                                    0xffff0000, 0x7fffffff, 0x80000000};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(isns); i++) {
        struct tk_setup s = (i & 1) != 0 ? tk_setup_modern() : tk_setup();
        s.config.tcp.isn = isns[i];
        s.peer_iss = isns[ARRAY_SIZE(isns) - 1 - i];
        struct tk *k = tk_new(&s);
        if ((i & 2) != 0) {
            tk_active(k);
        } else {
            tk_passive(k);
        }
        tk_in(k, A, 0, 1, 0); /* an old segment below the ISN: answered, nothing breaks */
        tk_in(k, A, 0u - 50000u, 1, 1000);
        tk_flush(k);
        uint32_t sent = 0;
        for (int turn = 0; turn < 60; turn++) {
            tk_write(k, 4000);
            const struct tk_out *o;
            while ((o = tk_next(k)) != NULL)
                assert_int_equal(o->ack, 1 + (uint32_t)turn * 2000);
            sent += 4000;
            tk_in(k, A, 1 + (uint32_t)turn * 2000 + 1000, 1 + sent, 1000);
            tk_in(k, A, 1 + (uint32_t)turn * 2000, 1 + sent, 1000);
            tk_flush(k);
            tk_read(k, 2000);
        }
        assert_int_equal(tk_info(k).bytes_acked, 240000);
        assert_int_equal(tk_info(k).bytes_received, 120000);
        tk_del(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mss_on_syn_only),
        cmocka_unit_test(test_mss),
        cmocka_unit_test(test_announced_mss),
        cmocka_unit_test(test_clamp_of_a_connection),
        cmocka_unit_test(test_negotiation),
        cmocka_unit_test(test_window_scale_limits),
        cmocka_unit_test(test_unknown_options),
        cmocka_unit_test(test_illegal_options),
        cmocka_unit_test(test_timestamp_echo),
        cmocka_unit_test(test_paws),
        cmocka_unit_test(test_isn),
        cmocka_unit_test(test_sequence_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
