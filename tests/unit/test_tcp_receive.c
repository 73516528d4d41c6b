/* test_tcp_receive.c - the receiver: ACK policy, reassembly, SACK blocks, the window it offers. */
#include "unit/tcp_kit.h"

#define MSS 1460u

static struct tk *start(bool modern)
{
    struct tk_setup s = modern ? tk_setup_modern() : tk_setup();
    struct tk *k = tk_new(&s);
    tk_passive(k);
    return k;
}

/* SHLD-18, SHLD-19, MUST-40: one full segment waits 40 ms, the second is acknowledged at once. */
static void test_delayed_ack(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_in(k, A, 1, 1, MSS);
    tk_expect_nothing(k);
    weir_time from = k->now;
    const struct tk_out *o = tk_wait(k, WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->ack, 1 + MSS);
    tk_expect_time(o->time, from + 40 * WEIR_MS);
    tk_in(k, A, 1 + MSS, 1, MSS);
    tk_expect_nothing(k);
    tk_in(k, A, 1 + 2 * MSS, 1, MSS);
    tk_expect(k, A, 1, 1 + 3 * MSS, 0);
    tk_expect_nothing(k);
    assert_null(tk_wait(k, WEIR_S)); /* the timer is off */
    tk_in(k, A, 1 + 3 * MSS, 1, 10); /* small ones wait too, but not longer than the first */
    tk_advance(k, 30 * WEIR_MS);
    tk_in(k, A, 11 + 3 * MSS, 1, 10);
    from = k->now;
    o = tk_wait(k, WEIR_S);
    assert_non_null(o);
    assert_true(o->time - from < 11 * WEIR_MS);
    assert_int_equal(o->ack, 21 + 3 * MSS);
    tk_del(k);
}

/* A second segment is acknowledged at once whatever its size, also as part of a super-segment: a sender with
 * two in flight (Linux) probes after two round trips and does not allow for a delayed ACK. */
static void test_second_segment(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_in(k, A, 1, 1, MSS);
    tk_in(k, A, 1 + MSS, 1, 952); /* what fills a nearly closed window */
    tk_expect(k, A, 1, 953 + MSS, 0);
    tk_in(k, A, 953 + MSS, 1, 10);
    tk_expect_nothing(k);
    tk_in(k, A, 963 + MSS, 1, 10);
    tk_expect(k, A, 1, 973 + MSS, 0);
    struct tcp_segment s = tk_segment(k, A, 973 + MSS, 1);
    k->in_offload =
        (struct weir_offload){.csum = WEIR_CSUM_VALID, .gso_type = WEIR_GSO_TCP4, .gso_size = 100};
    tk_inject(k, &s, 150);
    tk_expect(k, A, 1, 1123 + MSS, 0);
    tk_expect_nothing(k);
    tk_del(k);
}

/* Data going the other way carries the ACK; switched off, each batch is acknowledged at once. */
static void test_piggyback_and_no_delay(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_in(k, A, 1, 1, 20);
    tk_write(k, 10);
    tk_expect(k, A, 1, 21, 10);
    tk_expect_nothing(k);
    assert_null(tk_wait(k, 150 * WEIR_MS));
    tk_in(k, A, 21, 11, 0);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_DELAYED_ACK, 0), WEIR_OK);
    tk_in(k, A, 21, 11, 1);
    tk_expect(k, A, 11, 22, 0);
    tk_del(k);
}

/* MUST-58, MUST-59: what one batch brings in order is acknowledged once. */
static void test_batch_in_order(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_batch(k);
    for (uint32_t i = 0; i < 10; i++)
        tk_in(k, A, 1 + i * MSS, 1, MSS);
    tk_batch_end(k);
    tk_expect(k, A, 1, 1 + 10 * MSS, 0);
    tk_expect_nothing(k);
    tk_read(k, 10 * MSS);
    tk_del(k);
}

/* RFC 5681 4.2: one hole and ten segments in one batch give ten ACKs, so that a sender can count. */
static void test_batch_with_hole(void **state)
{
    (void)state;
    for (int modern = 0; modern < 2; modern++) {
        struct tk *k = start(modern);
        tk_batch(k);
        for (uint32_t i = 1; i <= 10; i++)
            tk_in(k, A, 1 + i * 1000, 1, 1000);
        tk_batch_end(k);
        for (uint32_t i = 1; i <= 10; i++)
            tk_expect(k, A, 1, 1, 0);
        tk_expect_nothing(k);
        tk_in(k, A, 1, 1, 1000); /* the hole filled: at once */
        tk_expect(k, A, 1, 11001, 0);
        tk_expect_nothing(k);
        tk_read(k, 11000);
        tk_del(k);
    }
}

/* A super-segment behind a hole counts as its wire segments; a duplicate one likewise. */
static void test_super_segment_acks(void **state)
{
    (void)state;
    struct tk *k = start(false);
    struct tcp_segment s = tk_segment(k, A, 1001, 1);
    k->in_offload =
        (struct weir_offload){.csum = WEIR_CSUM_VALID, .gso_type = WEIR_GSO_TCP4, .gso_size = 1000};
    tk_inject(k, &s, 4500);
    for (int i = 0; i < 5; i++)
        tk_expect(k, A, 1, 1, 0);
    tk_expect_nothing(k);
    s = tk_segment(k, A, 1, 1);
    tk_inject(k, &s, 5500); /* overlaps: the hole is filled */
    tk_expect(k, A, 1, 5501, 0);
    tk_expect_nothing(k);
    tk_inject(k, &s, 5500); /* all of it again: six duplicates */
    for (int i = 0; i < 6; i++)
        tk_expect(k, A, 1, 5501, 0);
    tk_expect_nothing(k);
    tk_read(k, 5500);
    tk_del(k);
}

/* SHLD-31: any order, any overlap, duplicates: the stream comes out right. */
static void test_reassembly(void **state)
{
    static const uint16_t pieces[][2] = {{900, 100}, {300, 200}, {100, 100}, {250, 300}, {50, 900},
                                         {900, 100}, {1, 10},    {600, 50},  {0, 1},     {11, 40},
                                         {940, 160}, {1, 30},    {400, 10}};
    (void)state;
    for (int modern = 0; modern < 2; modern++) {
        struct tk *k = start(modern);
        /* twice: of a segment that spans several held pieces only the first gap may be taken */
        for (size_t i = 0; i < 2 * ARRAY_SIZE(pieces); i++) {
            const uint16_t *piece = pieces[i % ARRAY_SIZE(pieces)];
            tk_in(k, A, 1u + piece[0], 1, piece[1]);
            tk_flush(k);
        }
        assert_int_equal(tk_info(k).unread_bytes, 1100);
        tk_read(k, 1100);
        tk_in(k, A, 1101, 1, 1);
        tk_read(k, 1);
        tk_del(k);
    }
}

/* A FIN that comes early counts when the hole is filled; data beyond a FIN is never delivered. */
static void test_early_fin(void **state)
{
    (void)state;
    uint8_t byte;
    for (int with_data = 0; with_data < 2; with_data++) {
        struct tk *k = start(true);
        tk_in(k, F | A, with_data ? 51 : 101, 1, with_data ? 50 : 0);
        tk_flush(k);
        tk_expect_state(k, WEIR_TCP_ESTABLISHED);
        tk_expect_no_event(k, WEIR_EVENT_END);
        tk_in(k, A, 1, 1, 100);
        tk_expect(k, A, 1, 102, 0);
        tk_expect_event(k, WEIR_EVENT_END);
        tk_expect_state(k, WEIR_TCP_CLOSE_WAIT);
        tk_in(k, A, 101, 1, 300);
        tk_flush(k);
        tk_read(k, 100);
        assert_int_equal(weir_tcp_recv(k->stack, k->conn, &byte, 1), 0);
        tk_del(k);
    }
    struct tk *k = start(true); /* a liar: data right behind the FIN that comes in order */
    tk_in(k, A, 102, 1, 50);
    tk_in(k, F | A, 1, 1, 100);
    tk_flush(k);
    tk_expect_state(k, WEIR_TCP_CLOSE_WAIT);
    tk_read(k, 100);
    assert_int_equal(weir_tcp_recv(k->stack, k->conn, &byte, 1), 0);
    tk_del(k);
    k = start(true); /* and one with data behind its own early FIN, then the hole */
    tk_in(k, F | A, 101, 1, 0);
    tk_in(k, A, 90, 1, 200);
    tk_in(k, F | A, 300, 1, 0);
    tk_in(k, A, 1, 1, 100);
    tk_in(k, A, 1, 1, 400);
    tk_flush(k);
    tk_del(k);
}

/* RFC 2018 4: the first block holds the segment that caused the ACK, the next ones the latest others;
 * at most three with timestamps, four without. */
static void test_sack_blocks(void **state)
{
    (void)state;
    for (int ts = 0; ts < 2; ts++) {
        struct tk_setup s = tk_setup_modern();
        if (!ts)
            s.peer.present &= (uint8_t)~WEIR_SEGMENT_TIMESTAMPS;
        struct tk *k = tk_new(&s);
        tk_passive(k);
        const struct tk_out *o = NULL;
        static const uint32_t starts[] = {201, 401, 601, 801, 1001};
        for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
            tk_in(k, A, starts[i], 1, 100);
            o = tk_expect(k, A, 1, 1, 0);
        }
        assert_int_equal(o->s.options.sack_count, ts ? 3 : 4);
        for (uint32_t i = 0; i < (ts ? 3u : 4u); i++) {
            assert_int_equal(o->s.options.sack[i].start - k->peer_iss, starts[4 - i]);
            assert_int_equal(o->s.options.sack[i].end - k->peer_iss, starts[4 - i] + 100);
        }
        tk_in(k, A, 301, 1, 100); /* joins two */
        o = tk_expect(k, A, 1, 1, 0);
        assert_int_equal(o->s.options.sack[0].start - k->peer_iss, 201);
        assert_int_equal(o->s.options.sack[0].end - k->peer_iss, 501);
        assert_int_equal(o->s.options.sack[1].start - k->peer_iss, 1001);
        tk_in(k, A, 1, 1, 200); /* the first block is in order now */
        o = tk_expect(k, A, 1, 501, 0);
        assert_int_equal(o->s.options.sack[0].start - k->peer_iss, 1001);
        tk_write(k, 1460);
        o = tk_next(k); /* blocks travel on data too, and the segment still fits */
        assert_non_null(o);
        assert_true(o->s.options.sack_count > 0);
        assert_true(o->ip_size <= 1500);
        tk_del(k);
    }
    struct tk *k = start(false); /* never without permission */
    tk_in(k, A, 101, 1, 100);
    const struct tk_out *o = tk_expect(k, A, 1, 1, 0);
    assert_int_equal(o->s.options.present, 0);
    tk_del(k);
}

/* What is held behind a hole loses its beginning to data that overlaps it; then small pieces are copied
 * behind it, up to the end of its buffer and no further (AddressSanitizer looks on). */
static void test_append_behind_trimmed(void **state)
{
    (void)state;
    for (uint32_t piece = 1; piece < 60; piece += 7) {
        struct tk *k = start(false);
        uint32_t seq = 201;
        tk_in(k, A, 101, 1, 100);
        tk_in(k, A, 1, 1, 150);
        for (; seq < 2000; seq += piece)
            tk_in(k, A, seq, 1, piece);
        tk_flush(k);
        tk_read(k, seq - 1);
        tk_del(k);
    }
}

/* Holes as an overflowing queue leaves them are all remembered; more than anybody needs are not, and the stream still
 * comes out right. */
static void test_reassembly_limit(void **state)
{
    (void)state;
    struct tk *k = start(true);
    for (uint32_t i = 0; i < 1000; i++)
        tk_in(k, A, 2 + 2 * i, 1, 1);
    tk_flush(k);
    assert_int_equal(tk_drops(k, WEIR_DROP_REASSEMBLY_LIMIT), 0);
    for (uint32_t i = 1000; i < 2100; i++)
        tk_in(k, A, 2 + 2 * i, 1, 1);
    tk_flush(k);
    assert_true(tk_drops(k, WEIR_DROP_REASSEMBLY_LIMIT) > 0);
    for (uint32_t i = 0; i < 4201; i++)
        tk_in(k, A, 1 + i, 1, 1);
    tk_flush(k);
    tk_read(k, 4201);
    tk_del(k);
}

/* The four cases of RFC 9293 3.4: outside of the window is answered and dropped. */
static void test_sequence_check(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.config.tcp.receive_buffer = 20000;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    static const uint32_t outside[][2] = {{20001, 1},         {20002, 0},        {0, 1},
                                          {0u - 1000u, 1000}, {0x80000000u, 10}, {0x7fffffff, 1}};
    for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
        tk_in(k, A, outside[i][0], 1, outside[i][1]);
        tk_expect(k, A, 1, 1, 0);
        tk_expect_nothing(k);
    }
    assert_int_equal(tk_info(k).unread_bytes, 0);
    tk_in(k, A, 0, 1, 11); /* overlaps the left edge: the new part counts */
    tk_read(k, 10);
    tk_in(k, A, 20000, 1, 1);
    tk_flush(k);
    tk_del(k);
}

/* The window that is offered can be used to the last byte, whatever the scale rounds. */
static void test_window_is_kept(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup_modern();
    s.config.tcp.receive_buffer = 3000001;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    uint32_t seq = 1, edge = 65536;
    for (uint32_t i = 0; seq < edge || i < 100; i++) {
        uint32_t len = MIN(MIN(1 + i * 37 % 1448, 1448), edge - seq);
        if (len == 0)
            break;
        tk_in(k, A, seq, 1, len);
        seq += len;
        const struct tk_out *o;
        while ((o = tk_next(k)) != NULL) {
            uint32_t right = o->ack + ((uint32_t)o->s.window << 6);
            assert_true(right >= edge); /* SHLD-14: never back */
            edge = right;
        }
    }
    tk_advance(k, WEIR_S);
    const struct tk_out *o = tk_next(k);
    assert_true(o == NULL || o->ack == seq);
    assert_int_equal(tk_info(k).unread_bytes, seq - 1);
    assert_int_equal(tk_drops(k, WEIR_DROP_SEQUENCE), 0);
    k->bits = 0;
    tk_flush(k);
    tk_read(k, 100000);
    tk_del(k);
}

/* MUST-39: a full buffer closes the window; reading a little does not open it, reading much does, and is
 * announced at once. */
static void test_receiver_silly_window(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.config.tcp.receive_buffer = 20000;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    uint32_t seq = 1, window = 20000;
    while (window > 0) {
        uint32_t len = MIN(window, MSS);
        tk_in(k, A, seq, 1, len);
        seq += len;
        const struct tk_out *o = tk_wait(k, WEIR_S);
        assert_non_null(o);
        assert_true(o->ack + o->s.window <= 20001 && o->ack + o->s.window >= seq);
        window = o->ack + o->s.window - seq;
        assert_true(seq < 30000);
    }
    tk_in(k, A, seq, 1, 1); /* a probe: answered, not taken; window 0 */
    const struct tk_out *o = tk_expect(k, A, 1, seq, 0);
    assert_int_equal(o->s.window, 0);
    tk_read(k, 100);
    tk_expect_nothing(k);
    tk_in(k, A, seq, 1, 1);
    o = tk_expect(k, A, 1, seq, 0);
    assert_true(o->s.window == 0 || o->s.window >= MSS);
    tk_read(k, seq - 1 - 100);
    o = tk_expect(k, A, 1, seq, 0);
    assert_true(o->s.window >= 10000);
    tk_in(k, A, seq, 1, 500);
    tk_read(k, 500);
    tk_del(k);
}

/* MUST-66: RST and the ACK field count even when the window is zero. */
static void test_closed_window_ack_and_rst(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.config.tcp.receive_buffer = 3000;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    tk_write(k, 100);
    tk_expect(k, A, 1, 1, 100);
    uint32_t seq = 1;
    for (int i = 0; i < 3; i++) {
        tk_in(k, A, seq, 1, 1000);
        seq += 1000;
    }
    tk_advance(k, 100 * WEIR_MS);
    tk_flush(k);
    assert_int_equal(tk_info(k).rcv_wnd_bytes, 0);
    tk_in(k, A, seq, 101, 1); /* text is refused, its ACK is used */
    tk_expect(k, A, 101, seq, 0);
    tk_expect_event(k, WEIR_EVENT_SENT_ALL);
    tk_in(k, R, seq, 0, 0);
    tk_expect_event(k, WEIR_EVENT_CLOSED);
    assert_int_equal(k->error, WEIR_ECONNRESET);
    tk_del(k);
}

/* The window's edge stays where it is while little is gained, and need not fall on a step of the scale; what
 * the scaled field then says is rounded up, and all of it must be accepted. */
static void test_announced_edge_holds(void **state)
{
    (void)state;
    struct tk_setup setup = tk_setup_modern();
    setup.config.tcp.receive_buffer = 1 << 18; /* scale 3 */
    struct tk *k = tk_new(&setup);
    tk_passive(k);
    const struct tk_out *o = NULL;
    for (uint32_t i = 0; i < 3; i++) {
        tk_in(k, A, 1 + 2 * i, 1, 1);
        tk_in(k, A, 2 + 2 * i, 1, 1);
        o = tk_expect(k, A, 1, 3 + 2 * i, 0);
    }
    uint32_t edge = o->ack + ((uint32_t)o->s.window << 3);
    tk_in(k, A, edge - 100, 1, 100);
    o = tk_expect(k, A, 1, 7, 0);
    assert_int_equal(o->s.options.sack_count, 1);
    assert_int_equal(o->s.options.sack[0].end - o->s.options.sack[0].start, 100);
    tk_del(k);
}

/* Peek and consume: bytes in place, as they are. */
static void test_peek(void **state)
{
    struct weir_slice slices[8];
    (void)state;
    struct tk *k = start(false);
    assert_int_equal(weir_tcp_peek(k->stack, k->conn, slices, 8), WEIR_EAGAIN);
    assert_int_equal(weir_tcp_consume(k->stack, k->conn, 1), WEIR_EINVAL);
    tk_in(k, A, 1, 1, 10);
    assert_int_equal(weir_tcp_peek(k->stack, k->conn, slices, 8), 1);
    const uint8_t *first = slices[0].data;
    for (uint32_t i = 1; i < 40; i++)
        tk_in(k, A, 1 + i * 10, 1, 10);
    int n = weir_tcp_peek(k->stack, k->conn, slices, 8);
    assert_true(n >= 1);
    assert_ptr_equal(slices[0].data, first); /* peeked bytes never move */
    uint32_t total = 0;
    for (int i = 0; i < n; i++) {
        for (size_t j = 0; j < slices[i].size; j++, total++)
            assert_int_equal(((const uint8_t *)slices[i].data)[j], tk_pattern(1 + total, true));
    }
    assert_int_equal(total, 400);
    assert_int_equal(weir_tcp_consume(k->stack, k->conn, 395), WEIR_OK);
    k->read = 395;
    tk_read(k, 5);
    assert_int_equal(tk_stats(k).bytes_copied_out, 5);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delayed_ack),
        cmocka_unit_test(test_second_segment),
        cmocka_unit_test(test_piggyback_and_no_delay),
        cmocka_unit_test(test_batch_in_order),
        cmocka_unit_test(test_batch_with_hole),
        cmocka_unit_test(test_super_segment_acks),
        cmocka_unit_test(test_reassembly),
        cmocka_unit_test(test_early_fin),
        cmocka_unit_test(test_sack_blocks),
        cmocka_unit_test(test_append_behind_trimmed),
        cmocka_unit_test(test_reassembly_limit),
        cmocka_unit_test(test_sequence_check),
        cmocka_unit_test(test_window_is_kept),
        cmocka_unit_test(test_receiver_silly_window),
        cmocka_unit_test(test_closed_window_ack_and_rst),
        cmocka_unit_test(test_announced_edge_holds),
        cmocka_unit_test(test_peek),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
