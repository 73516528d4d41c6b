/* test_stack_frames.c - who owns what, and until when: frames, borrowed buffers, foreign memory, offloads
 * (design: "Rules that cannot be added later"). */
#include "unit/tcp_kit.h"

#define MSS 1460u

static struct tk *start(bool sack, bool gso)
{
    struct tk_setup s = tk_setup();
    if (sack)
        s.peer.present |= WEIR_SEGMENT_SACK_PERMITTED;
    s.link.tx_gso = gso;
    s.link.tx_csum = gso;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    return k;
}

/* Buffers stay, unchanged, while a frame is out, whatever becomes of the connection; a stack with frames
 * out cannot be deleted. */
static void test_frames_outlive_everything(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        struct tk *k = start(true, how & 1);
        k->hold = true;
        tk_write(k, 9 * MSS + 100);
        tk_flush(k);
        assert_int_equal(tk_stats(k).frames_out_now, k->held_count);
        assert_true(k->held_count >= 1);
        switch (how) {
        case 0: tk_in(k, A, 1, 1 + 9 * MSS, 0); break;
        case 1: tk_in(k, R, 1, 0, 0); break;
        case 2: assert_int_equal(weir_tcp_abort(k->stack, k->conn), WEIR_OK); break;
        default: assert_int_equal(weir_tcp_close(k->stack, k->conn), WEIR_OK); break;
        }
        if (how >= 2)
            k->conn = 0;
        if (how == 3)
            tk_in(k, R, 1, 0, 0);
        tk_flush(k);
        tk_events(k);
        tk_del(k); /* compares the held bytes, expects WEIR_EBUSY */
    }
}

/* After WEIR_EBUSY the stack is empty but may still be called. */
static void test_calls_after_busy(void **state)
{
    (void)state;
    struct tk *k = start(false, false);
    k->hold = true;
    tk_write(k, 100);
    tk_flush(k);
    assert_int_equal(weir_stack_del(k->stack), WEIR_EBUSY);
    struct weir_event e;
    struct weir_frame f[4];
    while (weir_event(k->stack, &e))
        ;
    struct weir_tcp_info info = {.size = sizeof(info)};
    assert_int_equal(weir_tcp_info(k->stack, k->conn, &info), WEIR_ESTALE);
    assert_int_equal(weir_tcp_send(k->stack, k->conn, "x", 1), WEIR_ESTALE);
    k->conn = 0;
    tk_in(k, A, 1, 1, 10); /* finds nothing */
    tk_in(k, S, 1, 0, 0);
    size_t n = weir_output(k->stack, f, 4, k->now + 1000 * WEIR_S);
    weir_frame_done(k->stack, f, n, WEIR_FRAME_SENT);
    assert_int_equal(weir_deadline(k->stack), WEIR_NEVER);
    k->hold = false;
    tk_done(k, 0, k->held_count, WEIR_FRAME_SENT);
    tk_del(k);
}

/* A buffer of the application's keeps the stack from being deleted, not from being deleted later. */
static void test_delete_with_buffer_out(void **state)
{
    (void)state;
    uint8_t memory[2000];
    struct tk *k = start(false, false);
    struct weir_buffer *b = weir_buffer_alloc(k->stack, 100);
    struct weir_buffer *w = weir_buffer_wrap(k->stack, memory, sizeof(memory), 5);
    assert_non_null(b);
    assert_non_null(w);
    assert_int_equal(weir_stack_del(k->stack), WEIR_EBUSY);
    k->conn = 0;
    weir_buffer_free(k->stack, b);
    assert_int_equal(weir_stack_del(k->stack), WEIR_EBUSY);
    weir_buffer_free(k->stack, w);
    assert_int_equal(weir_stack_del(k->stack), WEIR_EBUSY);
    uint64_t cookie = 0;
    assert_true(weir_buffer_returned(k->stack, &cookie));
    assert_int_equal(cookie, 5);
    assert_false(weir_buffer_returned(k->stack, &cookie));
    tk_del(k);
}

/* A listener that was closed with its event still queued is gone all the same. */
static void test_delete_with_events_queued(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_syn_received(k);
    tk_in(k, A, 1, 1, 10);
    assert_int_equal(weir_tcp_close(k->stack, k->listener), WEIR_OK);
    k->listener = 0;
    tk_flush(k);
    assert_int_equal(weir_stack_del(k->stack), WEIR_OK);
    assert_int_equal(k->heap.bytes, 0);
    free(k);
}

/* A range whose frame is still out is not sent again, by RTO or by duplicates; when it comes back it is. */
static void test_no_retransmission_while_out(void **state)
{
    (void)state;
    for (int gso = 0; gso < 2; gso++) {
        struct tk *k = start(true, gso);
        k->hold = true;
        tk_write(k, 2 * MSS);
        tk_flush(k);
        size_t held = k->held_count;
        assert_null(tk_wait(k, 20 * WEIR_S));
        tk_in_sack(k, 1, (uint32_t[]){1 + MSS, 1 + 2 * MSS, 0});
        assert_null(tk_wait(k, 15 * WEIR_S)); /* RACK waits a quarter of the 20 s */
        assert_int_equal(k->held_count, held);
        tk_done(k, 0, k->held_count, WEIR_FRAME_SENT);
        tk_expect(k, A, 1, 1, MSS);
        tk_expect_nothing(k);
        tk_del(k);
    }
}

/* WEIR_FRAME_DROPPED: as if it had never been sent. It goes at once, cwnd stays. */
static void test_dropped_frames(void **state)
{
    (void)state;
    for (int gso = 0; gso < 2; gso++) {
        struct tk *k = start(true, gso);
        k->hold = true;
        tk_write(k, gso ? 5 * MSS : 10 * MSS); /* a super-segment is half a window at most */
        tk_flush(k);
        if (gso) {
            assert_int_equal(k->held_count, 1);
            tk_done(k, 0, 1, WEIR_FRAME_DROPPED);
            k->hold = false;
            tk_expect(k, A, 1, 1, 5 * MSS);
        } else {
            assert_int_equal(k->held_count, 10);
            tk_done(k, 3, 2, WEIR_FRAME_DROPPED);
            tk_done(k, 0, 8, WEIR_FRAME_SENT);
            k->hold = false;
            tk_expect(k, A, 1 + 3 * MSS, 1, MSS);
            tk_expect(k, A, 1 + 4 * MSS, 1, MSS);
        }
        tk_expect_nothing(k);
        struct weir_tcp_info info = tk_info(k);
        assert_int_equal(info.cwnd_bytes, 10 * MSS);
        assert_int_equal(info.fast_retransmit_count, 0);
        assert_int_equal(info.rto_count, 0);
        tk_in(k, A, 1, 1 + (gso ? 5 : 10) * MSS, 0);
        tk_expect_event(k, WEIR_EVENT_SENT_ALL);
        assert_true(tk_info(k).cwnd_bytes >= 10 * MSS);
        tk_del(k);
    }
}

/* What the device dropped is no sign of congestion, even when SACKs come before it could be sent again. */
static void test_dropped_and_sacked(void **state)
{
    (void)state;
    struct tk *k = start(true, false);
    k->hold = true;
    tk_write(k, 10 * MSS);
    tk_flush(k);
    tk_done(k, 4, 1, WEIR_FRAME_DROPPED); /* the others are still out, and so is the record */
    tk_in_sack(k, 1 + 4 * MSS, (uint32_t[]){1 + 5 * MSS, 1 + 6 * MSS, 0});
    tk_expect_nothing(k);
    assert_int_equal(tk_info(k).fast_retransmit_count, 0);
    assert_true(tk_info(k).cwnd_bytes >= 10 * MSS);
    tk_done(k, 0, k->held_count, WEIR_FRAME_SENT);
    tk_expect(k, A, 1 + 4 * MSS, 1, MSS);
    tk_expect_nothing(k);
    tk_del(k);
}

/* The same for a FIN, and for frames of a connection that is gone. */
static void test_dropped_fin(void **state)
{
    (void)state;
    struct tk *k = start(false, false);
    k->hold = true;
    assert_int_equal(weir_tcp_shutdown(k->stack, k->conn), WEIR_OK);
    tk_expect(k, F | A, 1, 1, 0);
    tk_done(k, 0, 1, WEIR_FRAME_DROPPED);
    tk_expect(k, F | A, 1, 1, 0);
    tk_in(k, R, 1, 0, 0);
    tk_done(k, 0, 1, WEIR_FRAME_DROPPED);
    tk_expect_nothing(k);
    tk_del(k);
}

/* send_ref: no copy; RELEASED once, after the cumulative ACK and when no frame is out. */
static void test_send_ref(void **state)
{
    static uint8_t bytes[5 * MSS];
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct tk *k = start(true, false);
        for (uint32_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = tk_pattern(1 + i, false);
        k->hold = true;
        assert_int_equal(weir_tcp_send_ref(k->stack, k->conn, bytes, 2 * MSS, 11), WEIR_OK);
        assert_int_equal(weir_tcp_send_ref(k->stack, k->conn, bytes + 2 * MSS, 3 * MSS, 12),
                         WEIR_OK);
        tk_flush(k);
        assert_int_equal(k->held_count, 5);
        assert_int_equal(tk_stats(k).bytes_copied_in, 0);
        if (order == 0)
            tk_done(k, 0, 5, WEIR_FRAME_SENT);
        tk_in_sack(k, 1, (uint32_t[]){1 + 2 * MSS, 1 + 5 * MSS, 0});
        tk_events(k);
        assert_int_equal(k->released_count, 0); /* never by a SACK */
        tk_in(k, A, 1, 1 + 2 * MSS - 1, 0);
        tk_events(k);
        assert_int_equal(k->released_count, 0);
        tk_in(k, A, 1, 1 + 5 * MSS, 0);
        if (order == 1) {
            tk_events(k);
            assert_int_equal(k->released_count, 0); /* the device still reads it */
            tk_done(k, 0, k->held_count, WEIR_FRAME_SENT);
        } else {
            tk_flush(k);
            if (k->held_count != 0)
                tk_done(k, 0, k->held_count, WEIR_FRAME_SENT);
        }
        tk_events(k);
        assert_int_equal(k->released_count, 2);
        assert_int_equal(k->released[0] + k->released[1], 23);
        tk_del(k);
    }
}

/* RELEASED comes also after an abort, a reset and a close, but not before the frames are back. */
static void test_send_ref_after_the_end(void **state)
{
    static uint8_t bytes[3000];
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct tk *k = start(false, false);
        k->foreign_payload = true;
        k->hold = true;
        assert_int_equal(weir_tcp_send_ref(k->stack, k->conn, bytes, 3000, 99), WEIR_OK);
        tk_flush(k);
        if (how == 0) {
            tk_in(k, R, 1, 0, 0);
        } else if (how == 1) {
            weir_tcp_abort(k->stack, k->conn);
            k->conn = 0;
        } else {
            assert_int_equal(weir_tcp_close(k->stack, k->conn), WEIR_OK);
            k->conn = 0;
            tk_flush(k);
            tk_in(k, A, 1, 3002, 0);
            tk_in(k, F | A, 1, 3002, 0);
        }
        tk_flush(k);
        tk_events(k);
        assert_int_equal(k->released_count, 0);
        tk_done(k, 0, k->held_count, WEIR_FRAME_SENT);
        tk_events(k);
        assert_int_equal(k->released_count, 1);
        assert_int_equal(k->released[0], 99);
        tk_del(k);
    }
}

/* Received foreign memory: kept while its bytes wait, returned when they are read. */
static void test_wrapped_buffers(void **state)
{
    static uint8_t memory[2000];
    (void)state;
    struct tk *k = start(false, false);
    for (int small = 0; small < 2; small++) {
        struct tcp_segment s = tk_segment(k, A, 1 + k->read, 1);
        uint32_t len = small ? 50 : 1400;
        uint32_t size = tk_packet(k, memory, &s, len);
        struct weir_buffer *b = weir_buffer_wrap(k->stack, memory, sizeof(memory), 77);
        b->size = size;
        weir_input(k->stack, k->link, &b, 1, k->now);
        uint64_t cookie = 0;
        bool returned = weir_buffer_returned(k->stack, &cookie);
        assert_int_equal(returned, small); /* a small payload does not pin a large buffer */
        tk_read(k, len);
        if (!returned)
            assert_true(weir_buffer_returned(k->stack, &cookie));
        assert_int_equal(cookie, 77);
        tk_flush(k);
    }
    tk_del(k);
}

/* Checksums in: none is verified, valid is believed, partial too; bad ones are dropped (MUST-3). */
static void test_checksum_states_in(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct tk_setup s = tk_setup();
        s.v6 = v6;
        struct tk *k = tk_new(&s);
        tk_passive(k);
        k->bad_checksum = true;
        tk_in(k, A, 1, 1, 100);
        assert_int_equal(tk_drops(k, WEIR_DROP_TCP_CHECKSUM), 1);
        assert_null(tk_wait(k, WEIR_S));
        k->in_offload.csum = WEIR_CSUM_VALID;
        tk_in(k, A, 1, 1, 100);
        k->bad_checksum = false;
        k->in_offload.csum = WEIR_CSUM_PARTIAL;
        tk_in(k, A, 101, 1, 100);
        k->in_offload.csum = WEIR_CSUM_NONE;
        tk_in(k, A, 201, 1, 100);
        tk_flush(k);
        tk_read(k, 300);
        tk_del(k);
    }
}

/* Super-segments in: one piece of stream, counted once. */
static void test_gso_in(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct tk_setup s = tk_setup();
        s.v6 = v6;
        struct tk *k = tk_new(&s);
        tk_passive(k);
        k->in_offload = (struct weir_offload){.csum = WEIR_CSUM_PARTIAL,
                                              .gso_type = v6 ? WEIR_GSO_TCP6 : WEIR_GSO_TCP4,
                                              .gso_size = 1400};
        for (uint32_t i = 0; i < 4; i++) {
            tk_in(k, A, 1 + i * 10000, 1, 10000);
            tk_expect(k, A, 1, 1 + (i + 1) * 10000, 0);
        }
        assert_int_equal(tk_info(k).segments_received, 4 * 8 + 1);
        tk_read(k, 40000);
        struct weir_stats stats = tk_stats(k);
        assert_int_equal(stats.bytes_copied_out, 40000);
        assert_int_equal(stats.bytes_copied_within, 0);
        tk_del(k);
    }
}

/* One pass: 64 000 bytes leave as one frame with one record once cwnd allows; each byte is copied once. */
static void test_gso_out(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct tk_setup s = tk_setup_modern();
        s.v6 = v6;
        s.link.tx_csum = s.link.tx_gso = true;
        struct tk *k = tk_new(&s);
        tk_passive(k);
        uint32_t sent = 0;
        while (tk_info(k).cwnd_bytes < 130000) { /* slow start */
            uint32_t more = MIN(tk_info(k).cwnd_bytes, 60000);
            tk_write(k, more);
            tk_flush(k);
            sent += more;
            tk_in(k, A, 1, 1 + sent, 0);
        }
        tk_flush(k);
        uint32_t records = k->record_count[WEIR_RECORD_SEGMENT_OUT];
        uint64_t copied = tk_stats(k).bytes_copied_in;
        tk_write(k, 64000);
        assert_int_equal(tk_stats(k).bytes_copied_in - copied, 64000);
        const struct tk_out *o = tk_expect(k, A, 1 + sent, 1, 64000);
        assert_true(o->psh);
        assert_int_equal(o->offload.gso_size, v6 ? 1428 : 1448);
        assert_int_equal(o->offload.gso_type, v6 ? WEIR_GSO_TCP6 : WEIR_GSO_TCP4);
        assert_int_equal(o->offload.csum, WEIR_CSUM_PARTIAL);
        tk_expect_nothing(k);
        assert_int_equal(k->record_count[WEIR_RECORD_SEGMENT_OUT], records + 1);
        assert_int_equal(k->last[WEIR_RECORD_SEGMENT_OUT].u.segment.gso_size, o->offload.gso_size);
        tk_in(k, A, 1, 1 + sent + 64000, 0);
        tk_del(k);
    }
}

/* Without the device's help the same leaves as wire segments, at most n a call, checksums whole. */
static void test_software_cut(void **state)
{
    (void)state;
    for (int csum = 0; csum < 2; csum++) {
        struct tk_setup s = tk_setup();
        s.link.tx_csum = csum;
        struct tk *k = tk_new(&s);
        tk_passive(k);
        k->batch_out = 3;
        tk_write(k, 9 * MSS + 7);
        for (uint32_t i = 0; i < 9; i++) {
            const struct tk_out *o = tk_expect(k, A, 1 + i * MSS, 1, MSS);
            assert_int_equal(o->offload.csum, csum ? WEIR_CSUM_PARTIAL : WEIR_CSUM_NONE);
            assert_int_equal(o->offload.gso_size, 0);
            assert_int_equal(o->psh, i == 4); /* the end of the first burst, half a window */
        }
        assert_true(tk_expect(k, A, 1 + 9 * MSS, 1, 7)->psh);
        tk_del(k);
    }
}

/* Offloads and the MTU change while the connection lives, even in the middle of a cut. */
static void test_changes_mid_connection(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_passive(k);
    k->gso_late = true;
    struct weir_frame frames[4];
    tk_write(k, 8 * MSS);
    assert_int_equal(weir_output(k->stack, frames, 2, k->now), 2); /* two of eight */
    assert_int_equal(weir_link_set_offload(k->stack, k->link, true, true), WEIR_OK);
    weir_frame_done(k->stack, frames, 2, WEIR_FRAME_SENT);
    tk_expect(k, A, 1 + 2 * MSS, 1, MSS);
    tk_flush(k);
    tk_in(k, A, 1, 1 + 8 * MSS, 0);
    tk_write(k, 8 * MSS);
    tk_expect(k, A, 1 + 8 * MSS, 1, 8 * MSS);
    tk_in(k, A, 1, 1 + 16 * MSS, 0);
    assert_int_equal(weir_link_set_offload(k->stack, k->link, false, false), WEIR_OK);
    assert_int_equal(weir_link_set_mtu(k->stack, k->link, 1000), WEIR_OK);
    tk_write(k, 2000);
    tk_expect(k, A, 1 + 16 * MSS, 1, 960);
    tk_expect(k, A, 961 + 16 * MSS, 1, 960);
    tk_expect(k, A, 1921 + 16 * MSS, 1, 80);
    assert_int_equal(weir_link_set_mtu(k->stack, k->link, 1500), WEIR_OK);
    tk_in(k, A, 1, 2001 + 16 * MSS, 0);
    tk_write(k, 3000);
    tk_expect(k, A, 2001 + 16 * MSS, 1, MSS);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_outlive_everything),
        cmocka_unit_test(test_calls_after_busy),
        cmocka_unit_test(test_delete_with_buffer_out),
        cmocka_unit_test(test_delete_with_events_queued),
        cmocka_unit_test(test_no_retransmission_while_out),
        cmocka_unit_test(test_dropped_frames),
        cmocka_unit_test(test_dropped_and_sacked),
        cmocka_unit_test(test_dropped_fin),
        cmocka_unit_test(test_send_ref),
        cmocka_unit_test(test_send_ref_after_the_end),
        cmocka_unit_test(test_wrapped_buffers),
        cmocka_unit_test(test_checksum_states_in),
        cmocka_unit_test(test_gso_in),
        cmocka_unit_test(test_gso_out),
        cmocka_unit_test(test_software_cut),
        cmocka_unit_test(test_changes_mid_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
