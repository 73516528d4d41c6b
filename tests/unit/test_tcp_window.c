/* test_tcp_window.c - the sender's side of flow control: zero windows and probes, silly windows, Nagle,
 * shrinking windows, PSH. */
#include "unit/tcp_kit.h"

#define MSS 1460u

static struct tk *start(uint16_t window)
{
    struct tk_setup s = tk_setup();
    s.peer_window = window;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    return k;
}

/* MUST-17, SHLD-7: a small piece waits while something is out, unless Nagle is off. */
static void test_nagle(void **state)
{
    (void)state;
    struct tk *k = start(65535);
    tk_write(k, 10);
    tk_expect(k, A, 1, 1, 10);
    tk_write(k, 20);
    tk_write(k, 30);
    tk_expect_nothing(k);
    tk_in(k, A, 1, 11, 0);
    const struct tk_out *o = tk_expect(k, A, 11, 1, 50);
    assert_true(o->psh); /* MUST-61, SHLD-27: the last of what is buffered, once */
    tk_write(k, 2 * MSS + 5);
    o = tk_expect(k, A, 61, 1, MSS); /* whole segments go */
    assert_false(o->psh);
    tk_expect(k, A, 61 + MSS, 1, MSS);
    tk_expect_nothing(k);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_NODELAY, 1), WEIR_OK);
    tk_expect(k, A, 61 + 2 * MSS, 1, 5);
    tk_write(k, 1);
    tk_write(k, 1);
    tk_expect(k, A, 66 + 2 * MSS, 1, 2);
    tk_expect_nothing(k);
    tk_del(k);
}

/* Nagle and a FIN: shutdown sends the rest at once. */
static void test_nagle_and_fin(void **state)
{
    (void)state;
    struct tk *k = start(65535);
    tk_write(k, 10);
    tk_expect(k, A, 1, 1, 10);
    tk_write(k, 20);
    tk_expect_nothing(k);
    assert_int_equal(weir_tcp_shutdown(k->stack, k->conn), WEIR_OK);
    tk_expect(k, F | A, 11, 1, 20);
    tk_del(k);
}

/* SHLD-29, SHLD-30, MUST-36: the first probe after one RTO, then doubled intervals; each is answered and
 * the connection lives on (MUST-37). */
static void test_zero_window(void **state)
{
    (void)state;
    struct tk *k = start(65535);
    tk_write(k, 100);
    tk_expect(k, A, 1, 1, 100);
    tk_advance(k, 300 * WEIR_MS);
    k->window = 0;
    tk_in(k, A, 1, 101, 0);
    tk_write(k, 5000);
    tk_expect_nothing(k);
    weir_time last = k->now, wait = tk_info(k).rto;
    assert_true(wait >= 300 * WEIR_MS);
    weir_time first = wait;
    for (int i = 0; i < 12; i++) {
        const struct tk_out *o = tk_wait(k, 300 * WEIR_S);
        assert_non_null(o);
        assert_true(o->len <= 1);
        assert_in_range(o->time - last, wait, wait + WEIR_MS);
        last = o->time;
        wait = MIN(wait * 2, 120 * WEIR_S);
        tk_in(k, A, 1, 101, 0);
        tk_expect_nothing(k);
        if (i == 0)
            assert_in_range(wait, 2 * first, 2 * first + 1);
    }
    tk_expect_state(k, WEIR_TCP_ESTABLISHED);
    assert_int_equal(tk_info(k).zero_window_probe_count, 12);
    k->window = 4000; /* it opens again */
    tk_in(k, A, 1, 101, 0);
    tk_expect(k, A, 101, 1, MSS);
    tk_expect(k, A, 101 + MSS, 1, MSS);
    tk_expect_nothing(k);
    /* and the RTO is not the probes' interval */
    last = k->now;
    const struct tk_out *o = tk_wait(k, 300 * WEIR_S);
    assert_non_null(o);
    assert_true(o->time - last < 5 * WEIR_S);
    tk_del(k);
}

/* Probes that nobody answers end the connection after R2. */
static void test_zero_window_unanswered(void **state)
{
    (void)state;
    struct tk *k = start(65535);
    k->window = 0;
    tk_in(k, A, 1, 1, 10);
    tk_write(k, 5000);
    tk_advance(k, 90 * WEIR_S);
    tk_expect_no_event(k, WEIR_EVENT_CLOSED);
    tk_advance(k, 400 * WEIR_S);
    tk_expect_event(k, WEIR_EVENT_CLOSED);
    assert_int_equal(k->error, WEIR_ETIMEDOUT);
    tk_flush(k);
    tk_del(k);
}

/* Only a FIN waits for the window: it is probed for like data. */
static void test_zero_window_fin(void **state)
{
    (void)state;
    for (int data = 0; data < 2; data++) {
        struct tk *k = start(65535);
        k->window = 0;
        tk_in(k, A, 1, 1, 10);
        tk_read(k, 10);
        tk_advance(k, WEIR_S);
        tk_flush(k);
        if (data)
            tk_write(k, 1);
        assert_int_equal(weir_tcp_shutdown(k->stack, k->conn), WEIR_OK);
        const struct tk_out *o = tk_wait(k, 10 * WEIR_S);
        assert_non_null(o); /* a probe, or the FIN itself */
        if (o->flags == A) {
            k->window = 1000;
            tk_in(k, A, 11, 1, 0);
            tk_expect(k, F | A, 1, 11, data ? 1 : 0);
        }
        tk_del(k);
    }
}

/* MUST-34, MUST-35, SHLD-15, SHLD-17: the window shrinks below what is out. Nothing new is sent, the
 * connection is not given up while the peer answers, and it goes on when the window is back. */
static void test_shrinking_window(void **state)
{
    (void)state;
    for (int zero = 0; zero < 2; zero++) {
        struct tk *k = start(10000);
        tk_write(k, 20000);
        for (uint32_t i = 0; i < 6; i++)
            tk_expect(k, A, 1 + i * MSS, 1, MSS);
        k->window = zero ? 0 : 1000;
        tk_in(k, A, 1, 1 + 2 * MSS, 0); /* right edge from 10001 back to 2921 or 3921 */
        tk_expect_nothing(k);
        for (weir_time end = k->now + (zero ? 1000 : 60) * WEIR_S; k->now < end;) {
            const struct tk_out *o = tk_wait(k, end - k->now);
            if (o == NULL)
                break;
            assert_int_equal(o->flags, A);
            assert_true(o->seq >= 2 * MSS && o->seq <= 6 * MSS);
            tk_in(k, A, 1, 1 + 2 * MSS, 0);
        }
        tk_expect_state(k, WEIR_TCP_ESTABLISHED);
        k->window = 60000;
        tk_in(k, A, 1, 1 + 6 * MSS, 0);
        tk_expect(k, A, 1 + 6 * MSS, 1, MSS);
        tk_del(k);
    }
}

/* SHLD-16: after the window shrank what is lost is sent again inside it, and nothing beyond it. */
static void test_shrunk_retransmission(void **state)
{
    (void)state;
    struct tk *k = start(10000);
    tk_write(k, 4 * MSS);
    for (uint32_t i = 0; i < 4; i++)
        tk_expect(k, A, 1 + i * MSS, 1, MSS);
    k->window = 1000;
    tk_in(k, A, 1, 1, 0);
    const struct tk_out *o = tk_wait(k, 10 * WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->seq, 1);
    for (uint32_t i = 1; i < 3; i++) { /* two segments fit into cwnd now, one into the window */
        tk_in(k, A, 1, 1 + i * MSS, 0);
        tk_expect(k, A, 1 + i * MSS, 1, MSS);
        tk_expect_nothing(k);
    }
    tk_del(k);
}

/* MUST-38: less than a segment and less than half of the largest window waits; half goes when nothing is
 * out; the override timer sends the rest in the end. */
static void test_sender_silly_window(void **state)
{
    (void)state;
    struct tk *k = start(8000);
    tk_write(k, 100);
    tk_expect(k, A, 1, 1, 100);
    k->window = 500;
    tk_in(k, A, 1, 101, 0);
    tk_write(k, 3000);
    tk_expect_nothing(k);
    weir_time from = k->now;
    const struct tk_out *o = tk_wait(k, 10 * WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->seq, 101);
    assert_int_equal(o->len, 500);
    assert_in_range(o->time - from, 100 * WEIR_MS, WEIR_S + WEIR_MS); /* 3.8.6.2.1: 0.1 to 1 s */
    tk_expect_nothing(k);
    k->window = 1459;
    tk_in(k, A, 1, 601, 0);
    tk_expect_nothing(k);
    k->window = 1460;
    tk_in(k, A, 1, 601, 0);
    tk_expect(k, A, 601, 1, 1460);
    tk_del(k);
    k = start(1000); /* a peer with a small buffer: half of it is enough */
    tk_write(k, 3000);
    tk_expect(k, A, 1, 1, 1000);
    k->window = 500;
    tk_in(k, A, 1, 1001, 0);
    tk_expect(k, A, 1001, 1, 500);
    k->window = 400;
    tk_in(k, A, 1, 1501, 0);
    tk_expect_nothing(k);
    tk_del(k);
}

/* The window field is unsigned (MUST-1) and only newer segments change it (SND.WL1, SND.WL2). */
static void test_window_field(void **state)
{
    (void)state;
    struct tk *k = start(65535);
    tk_in(k, A, 1, 1, 10);
    assert_int_equal(tk_info(k).snd_wnd_bytes, 65535);
    k->window = 100;
    tk_in(k, A, 1, 1, 0); /* older than the last: not believed */
    assert_int_equal(tk_info(k).snd_wnd_bytes, 65535);
    tk_in(k, A, 11, 1, 0);
    assert_int_equal(tk_info(k).snd_wnd_bytes, 100);
    k->window = 40000;
    tk_in(k, A, 11, 1, 0);
    assert_int_equal(tk_info(k).snd_wnd_bytes, 40000);
    tk_write(k, 1000);
    tk_expect(k, A, 1, 11, 1000);
    tk_in(k, A, 11, 501, 0);
    k->window = 7;
    tk_in(k, A, 11, 401, 0); /* an older ACK */
    assert_int_equal(tk_info(k).snd_wnd_bytes, 40000);
    tk_flush(k);
    tk_del(k);
}

/* The application's side: a full buffer, EAGAIN, WRITABLE again when a third is free; all or nothing for borrowed
 * ones. What is begun below the limit is filled: behind the ten segments that may go at once comes one
 * super-segment more, no longer than the buffer. */
static void test_send_buffer(void **state)
{
    static uint8_t bytes[100000];
    (void)state;
    struct tk_setup s = tk_setup();
    s.config.tcp.send_buffer = 30000;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    k->foreign_payload = true;
    assert_int_equal(weir_tcp_send(k->stack, k->conn, bytes, sizeof(bytes)), 10 * MSS + 30000);
    assert_int_equal(weir_tcp_send(k->stack, k->conn, bytes, 1), WEIR_EAGAIN);
    assert_int_equal(weir_tcp_send_ref(k->stack, k->conn, bytes, 1, 7), WEIR_EAGAIN);
    assert_int_equal(weir_tcp_send_ref(k->stack, k->conn, bytes, 30001, 7), WEIR_EMSGSIZE);
    tk_flush(k);
    tk_expect_no_event(k, WEIR_EVENT_WRITABLE);
    tk_in(k, A, 1, 1 + 10 * MSS, 0);
    tk_flush(k);
    tk_expect_no_event(k, WEIR_EVENT_WRITABLE); /* 30000 are left */
    assert_int_equal(weir_tcp_send(k->stack, k->conn, bytes, 1), WEIR_EAGAIN);
    tk_in(k, A, 1, 1 + 16 * MSS, 0);
    tk_expect_no_event(k, WEIR_EVENT_WRITABLE); /* 21240 */
    tk_in(k, A, 1, 1 + 17 * MSS, 0);
    tk_expect_event(k, WEIR_EVENT_WRITABLE); /* 19780 */
    assert_in_range(weir_tcp_send(k->stack, k->conn, bytes, sizeof(bytes)), 10220, 40220);
    assert_in_range(tk_info(k).unacked_bytes + tk_info(k).unsent_bytes, 30000, 60000);
    assert_int_equal(weir_tcp_send(k->stack, k->conn, bytes, 1), WEIR_EAGAIN);
    tk_flush(k);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nagle),
        cmocka_unit_test(test_nagle_and_fin),
        cmocka_unit_test(test_zero_window),
        cmocka_unit_test(test_zero_window_unanswered),
        cmocka_unit_test(test_zero_window_fin),
        cmocka_unit_test(test_shrunk_retransmission),
        cmocka_unit_test(test_shrinking_window),
        cmocka_unit_test(test_sender_silly_window),
        cmocka_unit_test(test_window_field),
        cmocka_unit_test(test_send_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
