/* test_tcp_close.c - closing: each transition of RFC 9293's figure 5 after ESTABLISHED, half-close,
 * TIME-WAIT, orderly and abortive ends told apart. */
#include "unit/tcp_kit.h"

static struct tk *established(void)
{
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_passive(k);
    return k;
}

static void expect_recv(struct tk *k, int64_t result)
{
    uint8_t byte;
    assert_int_equal(weir_tcp_recv(k->stack, k->conn, &byte, 1), result);
}

/* We close first: FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT, CLOSED after 2 MSL (MUST-13). */
static void test_active_close(void **state)
{
    (void)state;
    struct tk *k = established();
    assert_int_equal(weir_tcp_shutdown(k->stack, k->conn), WEIR_OK);
    tk_expect_state(k, WEIR_TCP_FIN_WAIT_1);
    tk_expect(k, F | A, 1, 1, 0);
    assert_int_equal(weir_tcp_send(k->stack, k->conn, "x", 1), WEIR_EPIPE);
    tk_in(k, A, 1, 2, 0);
    tk_expect_state(k, WEIR_TCP_FIN_WAIT_2);
    tk_in(k, A, 1, 2, 500); /* half-close: the other direction goes on */
    tk_read(k, 500);
    expect_recv(k, WEIR_EAGAIN);
    tk_in(k, F | A, 501, 2, 0);
    tk_expect(k, A, 2, 502, 0);
    tk_expect_state(k, WEIR_TCP_TIME_WAIT);
    tk_expect_event(k, WEIR_EVENT_END);
    tk_expect_event(k, WEIR_EVENT_CLOSED);
    assert_int_equal(k->error, 0);
    expect_recv(k, 0);
    tk_advance(k, 59 * WEIR_S);
    tk_expect_state(k, WEIR_TCP_TIME_WAIT);
    tk_advance(k, WEIR_S + WEIR_MS);
    tk_expect_state(k, WEIR_TCP_CLOSED);
    expect_recv(k, 0); /* MUST-12: still an orderly end */
    tk_expect_nothing(k);
    tk_in(k, F | A, 501, 2, 0);
    tk_expect(k, R, 2, 0, 0);
    tk_del(k);
}

/* The peer closes first: CLOSE-WAIT, LAST-ACK, CLOSED. */
static void test_passive_close(void **state)
{
    (void)state;
    struct tk *k = established();
    tk_in(k, F | A, 1, 1, 10);
    tk_expect(k, A, 1, 12, 0);
    tk_expect_state(k, WEIR_TCP_CLOSE_WAIT);
    tk_read(k, 10);
    expect_recv(k, 0);
    tk_expect_no_event(k, WEIR_EVENT_CLOSED);
    tk_write(k, 700); /* half-close from the other side */
    tk_expect(k, A, 1, 12, 700);
    tk_in(k, A, 12, 701, 0);
    assert_int_equal(weir_tcp_shutdown(k->stack, k->conn), WEIR_OK);
    tk_expect_state(k, WEIR_TCP_LAST_ACK);
    tk_expect(k, F | A, 701, 12, 0);
    tk_in(k, A, 12, 701, 0);
    tk_expect_state(k, WEIR_TCP_LAST_ACK);
    tk_in(k, A, 12, 702, 0);
    tk_expect_state(k, WEIR_TCP_CLOSED);
    tk_expect_event(k, WEIR_EVENT_CLOSED);
    assert_int_equal(k->error, 0);
    expect_recv(k, 0);
    tk_expect_nothing(k);
    tk_del(k);
}

/* Both FINs cross: FIN-WAIT-1, CLOSING, TIME-WAIT. */
static void test_simultaneous_close(void **state)
{
    (void)state;
    struct tk *k = established();
    tk_to(k, WEIR_TCP_CLOSING);
    tk_in(k, A, 2, 2, 0);
    tk_expect_state(k, WEIR_TCP_TIME_WAIT);
    tk_expect_event(k, WEIR_EVENT_CLOSED);
    tk_expect_nothing(k);
    tk_del(k);
    k = established(); /* FIN and the ACK of ours in one segment: no CLOSING */
    assert_int_equal(weir_tcp_shutdown(k->stack, k->conn), WEIR_OK);
    tk_expect(k, F | A, 1, 1, 0);
    tk_in(k, F | A, 1, 2, 0);
    tk_expect(k, A, 2, 2, 0);
    tk_expect_state(k, WEIR_TCP_TIME_WAIT);
    tk_del(k);
}

/* The FIN waits for the data before it, and is sent again with it. */
static void test_fin_after_data(void **state)
{
    (void)state;
    struct tk *k = established();
    tk_write(k, 2000);
    assert_int_equal(weir_tcp_shutdown(k->stack, k->conn), WEIR_OK);
    tk_expect(k, A, 1, 1, 1460);
    const struct tk_out *o = tk_expect(k, F | A, 1461, 1, 540);
    assert_true(o->psh);
    tk_expect_nothing(k);
    tk_in(k, A, 1, 1461, 0);
    o = tk_wait(k, 5 * WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->flags, F | A);
    assert_int_equal(o->seq, 1461);
    assert_int_equal(o->len, 540);
    tk_in(k, A, 1, 2001, 0); /* the data but not the FIN */
    tk_expect_state(k, WEIR_TCP_FIN_WAIT_1);
    o = tk_wait(k, 5 * WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->flags, F | A);
    assert_int_equal(o->seq, 2001);
    assert_int_equal(o->len, 0);
    tk_in(k, A, 1, 2002, 0);
    tk_expect_state(k, WEIR_TCP_FIN_WAIT_2);
    tk_del(k);
}

/* RFC 9293: in TIME-WAIT the FIN again is acknowledged and starts the wait anew; with the handle and
 * without it (the small entry). */
static void test_time_wait(void **state)
{
    (void)state;
    for (int closed = 0; closed < 2; closed++) {
        for (int ts = 0; ts < 2; ts++) {
            struct tk_setup s = ts ? tk_setup_modern() : tk_setup();
            s.config.msl = 5 * WEIR_S;
            struct tk *k = tk_new(&s);
            tk_passive(k);
            tk_to(k, WEIR_TCP_TIME_WAIT);
            if (closed) {
                assert_int_equal(weir_tcp_close(k->stack, k->conn), WEIR_OK);
                k->conn = 0;
                assert_int_equal(tk_stats(k).connections, 0);
                assert_int_equal(tk_stats(k).time_wait, 1);
            }
            tk_advance(k, 8 * WEIR_S);
            tk_in(k, F | A, 1, 2, 0);
            tk_expect(k, A, 2, 2, 0);
            tk_in(k, A, 2, 2, 0); /* where it belongs: no answer */
            tk_expect_nothing(k);
            tk_advance(k, 8 * WEIR_S);
            tk_in(k, F | A, 1, 2, 0);
            tk_expect(k, A, 2, 2, 0);
            tk_advance(k, 10 * WEIR_S + WEIR_MS);
            if (closed) {
                assert_int_equal(tk_stats(k).time_wait, 0);
            } else {
                tk_expect_state(k, WEIR_TCP_CLOSED);
            }
            tk_expect_nothing(k);
            tk_del(k);
        }
    }
}

/* A SYN that is newer by sequence number or by timestamp opens the next connection (MAY-2, SHLD-4); an
 * older one gets an ACK; RST only where it belongs; nothing but a listener makes room for a SYN. */
static void test_time_wait_reuse(void **state)
{
    (void)state;
    for (int variant = 0; variant < 16; variant++) {
        bool closed = (variant & 1) != 0, ts = (variant & 2) != 0, listen = (variant & 4) != 0;
        bool rst = (variant & 8) != 0;
        struct tk_setup s = ts ? tk_setup_modern() : tk_setup();
        struct tk *k = tk_new(&s);
        tk_passive(k);
        tk_to(k, WEIR_TCP_TIME_WAIT);
        if (closed) {
            assert_int_equal(weir_tcp_close(k->stack, k->conn), WEIR_OK);
            k->conn = 0;
        }
        if (listen)
            tk_listen(k);
        tk_advance(k, WEIR_S);
        struct tcp_segment seg = tk_segment(k, S, 0, 0);
        seg.options.ts_val -= 5000; /* older both ways */
        tk_inject(k, &seg, 0);
        tk_expect(k, A, 2, 2, 0);
        seg = tk_segment(k, R | A, 1, 2); /* below rcv_nxt */
        tk_inject(k, &seg, 0);
        seg = tk_segment(k, S | R, 50000, 0); /* RST decides, not SYN */
        tk_inject(k, &seg, 0);
        tk_flush(k);
        assert_int_equal(tk_stats(k).connections + tk_stats(k).time_wait, 1);
        if (!closed)
            tk_expect_state(k, WEIR_TCP_TIME_WAIT);
        if (rst) {
            tk_in(k, R, 2, 0, 0);
            tk_expect_nothing(k);
            assert_int_equal(tk_stats(k).time_wait, 0);
            if (!closed)
                tk_expect_state(k, WEIR_TCP_CLOSED);
            tk_del(k);
            continue;
        }
        tk_advance(k, 600 * WEIR_MS);                        /* challenges are spaced */
        seg = tk_segment(k, S, ts ? 0u - 70000u : 70000, 0); /* newer by one of the two */
        tk_inject(k, &seg, 0);
        if (!listen) {
            tk_expect(k, A, 2, 2, 0); /* nobody could use it: the wait goes on */
        } else {
            const struct tk_out *o = tk_next(k);
            assert_non_null(o);
            assert_int_equal(o->flags, S | A);
            assert_int_equal(o->s.ack, seg.seq + 1);
            assert_int_equal(tk_stats(k).time_wait, 0);
        }
        tk_flush(k);
        tk_del(k);
    }
}

/* MUST-12: RST is an abort in every synchronized state, and told apart from a FIN. */
static void test_rst_in_each_state(void **state)
{
    (void)state;
    for (int i = WEIR_TCP_ESTABLISHED; i <= WEIR_TCP_LAST_ACK; i++) {
        struct tk *k = established();
        tk_to(k, (enum weir_tcp_state)i);
        uint32_t nxt = tk_info(k).bytes_received == 0 && i != WEIR_TCP_CLOSE_WAIT &&
                               i != WEIR_TCP_LAST_ACK && i != WEIR_TCP_CLOSING
                           ? 1
                           : 2;
        tk_in(k, R, nxt, 0, 0);
        tk_expect_state(k, WEIR_TCP_CLOSED);
        tk_expect_event(k, WEIR_EVENT_CLOSED);
        assert_int_equal(k->error, WEIR_ECONNRESET);
        expect_recv(k, nxt == 2 ? 0 : WEIR_ECONNRESET);
        assert_true(weir_tcp_send(k->stack, k->conn, "x", 1) < 0);
        tk_expect_nothing(k);
        tk_del(k);
    }
}

/* What was received before the RST can still be read. */
static void test_rst_after_data(void **state)
{
    (void)state;
    struct tk *k = established();
    tk_in(k, A, 1, 1, 100);
    tk_in(k, R | A, 101, 1, 30); /* SHLD-2: with data */
    tk_expect_event(k, WEIR_EVENT_CLOSED);
    tk_read(k, 100);
    expect_recv(k, WEIR_ECONNRESET);
    tk_expect_nothing(k);
    tk_del(k);
}

/* RFC 9293 3.10.5: abort sends an RST at snd_nxt in each state that has a peer, but not once both FINs are out; the
 * handle is gone. */
static void test_abort(void **state)
{
    (void)state;
    for (int i = WEIR_TCP_ESTABLISHED; i <= WEIR_TCP_TIME_WAIT; i++) {
        struct tk *k = established();
        tk_to(k, (enum weir_tcp_state)i);
        bool fin = i >= WEIR_TCP_FIN_WAIT_1 && i != WEIR_TCP_CLOSE_WAIT;
        assert_int_equal(weir_tcp_abort(k->stack, k->conn), WEIR_OK);
        assert_int_equal(weir_tcp_abort(k->stack, k->conn), WEIR_ESTALE);
        k->conn = 0;
        if (i != WEIR_TCP_TIME_WAIT && i != WEIR_TCP_CLOSING && i != WEIR_TCP_LAST_ACK) {
            const struct tk_out *o = tk_next(k);
            assert_non_null(o);
            assert_true((o->flags & R) != 0);
            assert_int_equal(o->seq, fin ? 2 : 1);
        }
        tk_expect_nothing(k);
        assert_int_equal(tk_stats(k).connections, 0);
        tk_del(k);
    }
}

/* SHLD-3, RFC 2525 2.17: closing with unread data, or data after closing, is answered with RST. */
static void test_close_with_unread_data(void **state)
{
    (void)state;
    struct tk *k = established();
    tk_in(k, A, 1, 1, 10);
    assert_int_equal(weir_tcp_close(k->stack, k->conn), WEIR_OK);
    const struct tk_out *o = tk_next(k);
    assert_non_null(o);
    assert_true((o->flags & R) != 0 && o->seq == 1);
    k->conn = 0;
    tk_expect_nothing(k);
    tk_del(k);
}

static void test_data_after_close(void **state)
{
    (void)state;
    for (int acked = 0; acked < 2; acked++) {
        struct tk *k = established();
        tk_write(k, 10);
        tk_expect(k, A, 1, 1, 10);
        assert_int_equal(weir_tcp_close(k->stack, k->conn), WEIR_OK);
        k->conn = 0;
        tk_expect(k, F | A, 11, 1, 0);
        tk_in(k, A, 1, acked ? 12 : 1, 0);
        tk_expect_nothing(k);
        tk_in(k, A, 1, acked ? 12 : 1, 100);
        const struct tk_out *o = tk_next(k);
        assert_non_null(o);
        assert_int_equal(o->flags, R); /* where the peer says that it waits (RFC 9293 3.5.2) */
        assert_int_equal(o->seq, acked ? 12 : 1);
        tk_expect_nothing(k);
        assert_int_equal(tk_stats(k).connections, 0);
        tk_in(k, A, 101, 12, 10);
        tk_expect(k, R, 12, 0, 0);
        tk_del(k);
    }
}

/* Closed by the application with everything read: data and FIN are still delivered, then nothing stays. */
static void test_close_delivers(void **state)
{
    (void)state;
    struct tk *k = established();
    tk_write(k, 3000);
    assert_int_equal(weir_tcp_close(k->stack, k->conn), WEIR_OK);
    k->conn = 0;
    tk_expect(k, A, 1, 1, 1460);
    tk_expect(k, A, 1461, 1, 1460);
    tk_expect(k, F | A, 2921, 1, 80);
    tk_in(k, A, 1, 3002, 0);
    tk_in(k, F | A, 1, 3002, 0);
    tk_expect(k, A, 3002, 2, 0);
    assert_int_equal(tk_stats(k).connections, 0);
    assert_int_equal(tk_stats(k).time_wait, 1);
    tk_advance(k, 61 * WEIR_S);
    assert_int_equal(tk_stats(k).time_wait, 0);
    tk_del(k);
}

/* An orphan in FIN-WAIT-2 does not wait for ever; one with a handle does. */
static void test_fin_wait_2(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct tk *k = established();
        if (late) {
            tk_to(k, WEIR_TCP_FIN_WAIT_2);
            tk_advance(k, 3600 * WEIR_S);
            tk_expect_state(k, WEIR_TCP_FIN_WAIT_2);
            assert_int_equal(weir_tcp_close(k->stack, k->conn), WEIR_OK);
        } else {
            assert_int_equal(weir_tcp_close(k->stack, k->conn), WEIR_OK);
            tk_expect(k, F | A, 1, 1, 0);
            tk_in(k, A, 1, 2, 0);
        }
        k->conn = 0;
        tk_advance(k, 50 * WEIR_S);
        assert_int_equal(tk_stats(k).connections, 1);
        tk_advance(k, 100 * WEIR_S);
        assert_int_equal(tk_stats(k).connections, 0);
        tk_expect_nothing(k);
        tk_del(k);
    }
}

/* shutdown and close before the handshake is complete. */
static void test_close_while_opening(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_connect(k);
    tk_expect(k, S, 0, 0, 0);
    tk_write(k, 10);
    assert_int_equal(weir_tcp_shutdown(k->stack, k->conn), WEIR_OK);
    tk_expect_nothing(k);
    tk_syn_in(k, S | A, 1);
    tk_expect(k, F | A, 1, 1, 10);
    tk_expect_state(k, WEIR_TCP_FIN_WAIT_1);
    tk_expect_event(k, WEIR_EVENT_CONNECTED);
    tk_del(k);
    k = tk_new(&s);
    tk_connect(k);
    tk_expect(k, S, 0, 0, 0);
    assert_int_equal(weir_tcp_close(k->stack, k->conn), WEIR_OK);
    k->conn = 0;
    tk_expect_nothing(k);
    assert_int_equal(tk_stats(k).connections, 0);
    tk_syn_in(k, S | A, 1);
    tk_expect(k, R, 1, 0, 0);
    tk_del(k);
}

/* Nothing that arrives in these states disturbs them (RFC 9293 3.10.7.4 for text after FIN). */
static void test_text_after_fin(void **state)
{
    static const enum weir_tcp_state states[] = {WEIR_TCP_CLOSE_WAIT, WEIR_TCP_LAST_ACK,
                                                 WEIR_TCP_CLOSING, WEIR_TCP_TIME_WAIT};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
        struct tk *k = established();
        tk_to(k, states[i]);
        uint32_t una = states[i] == WEIR_TCP_TIME_WAIT ? 2 : 1;
        tk_in(k, A, 2, una, 100);
        tk_in(k, F | A, 2, una, 0);
        tk_in(k, A, 1, una, 1);
        assert_in_range(tk_flush(k), 1, 3); /* answered, not used */
        tk_expect_state(k, states[i]);
        expect_recv(k, 0);
        tk_del(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_active_close),
        cmocka_unit_test(test_passive_close),
        cmocka_unit_test(test_simultaneous_close),
        cmocka_unit_test(test_fin_after_data),
        cmocka_unit_test(test_time_wait),
        cmocka_unit_test(test_time_wait_reuse),
        cmocka_unit_test(test_rst_in_each_state),
        cmocka_unit_test(test_rst_after_data),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_close_with_unread_data),
        cmocka_unit_test(test_data_after_close),
        cmocka_unit_test(test_close_delivers),
        cmocka_unit_test(test_fin_wait_2),
        cmocka_unit_test(test_close_while_opening),
        cmocka_unit_test(test_text_after_fin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
