/* test_syncookies.c - SYN cookies (RFC 4987 3.6): what comes back in the ACK is all that is known. */
#include "unit/tcp_kit.h"

static struct tk *start(struct tk_setup *s, uint8_t mode, uint32_t half_open_max)
{
    s->config.syncookies = mode;
    s->config.half_open_max = half_open_max;
    struct tk *k = tk_new(s);
    tk_listen(k);
    return k;
}

/* The peer's SYN; the cookie is in k->iss. */
static const struct tk_out *cookie(struct tk *k)
{
    tk_syn_in(k, S, 0);
    const struct tk_out *o = tk_next(k);
    assert_non_null(o);
    assert_int_equal(o->flags, S | A);
    assert_int_equal(o->ack, 1);
    k->iss = o->s.seq;
    k->ts_ecr = o->s.options.ts_val;
    k->ts = (o->s.options.present & WEIR_SEGMENT_TIMESTAMPS) != 0;
    return o;
}

static void accept_it(struct tk *k)
{
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
    tk_expect_state(k, WEIR_TCP_ESTABLISHED);
}

static void test_options_come_back(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct tk_setup s = tk_setup_modern();
        s.v6 = v6 != 0;
        struct tk *k = start(&s, WEIR_SYNCOOKIES_ALWAYS, 4096);
        const struct tk_out *o = cookie(k);
        assert_true(o->s.options.present & WEIR_SEGMENT_WSCALE);
        assert_true(o->s.options.present & WEIR_SEGMENT_SACK_PERMITTED);
        tk_in(k, A, 1, 1, 0);
        accept_it(k);
        struct weir_tcp_info info = tk_info(k);
        assert_true(info.timestamps && info.sack && info.window_scaling);
        assert_int_equal(info.snd_wscale, 7);
        assert_int_equal(info.peer_mss, v6 ? 1440 : 1460);
        tk_write(k, 5000);
        assert_true(tk_flush(k) > 2);
        tk_in(k, A, 1, 5001, 300);
        tk_read(k, 300);
        assert_int_equal(tk_stats(k).syncookies_sent, 1);
        assert_int_equal(tk_stats(k).syncookies_received, 1);
        assert_int_equal(tk_stats(k).syncookies_failed, 0);
        tk_del(k);
    }
}

/* Without timestamps there is no place for options; the MSS is in the number. */
static void test_no_timestamps(void **state)
{
    static const uint16_t announced[][2] = {{0, 536},     {300, 536},   {536, 536},   {1299, 536},
                                            {1300, 1300}, {1440, 1440}, {1459, 1440}, {9000, 1460}};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(announced); i++) {
        struct tk_setup s = tk_setup_modern();
        s.peer.present &= (uint8_t)~WEIR_SEGMENT_TIMESTAMPS;
        s.peer.mss = announced[i][0];
        if (announced[i][0] == 0)
            s.peer.present &= (uint8_t)~WEIR_SEGMENT_MSS;
        struct tk *k = start(&s, WEIR_SYNCOOKIES_ALWAYS, 4096);
        assert_int_equal(cookie(k)->s.options.present, WEIR_SEGMENT_MSS);
        tk_in(k, A, 1, 1, 40); /* the ACK was lost, or rides on data */
        accept_it(k);
        tk_read(k, 40);
        struct weir_tcp_info info = tk_info(k);
        assert_false(info.sack || info.window_scaling || info.timestamps);
        assert_int_equal(info.peer_mss, announced[i][1]);
        tk_del(k);
    }
}

/* Good for the age it was made in and the next; no longer, and not when none was sent lately. */
static void test_age(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct tk_setup s = tk_setup();
        struct tk *k = start(&s, WEIR_SYNCOOKIES_ALWAYS, 4096);
        cookie(k);
        uint32_t first = k->iss;
        tk_advance(k, (weir_time)(i == 0 ? 60 : 129) * WEIR_S);
        if (i == 2) { /* others are sent: the old one is looked at, and refused */
            k->peer_port++;
            cookie(k);
            k->peer_port--;
            k->iss = first;
        }
        tk_in(k, A, 1, 1, 0);
        if (i == 0) {
            accept_it(k);
        } else {
            tk_expect(k, R, 1, 0, 0);
            assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_EAGAIN);
        }
        assert_int_equal(tk_stats(k).syncookies_failed, i == 2 ? 1 : 0);
        tk_del(k);
    }
}

/* Guesses, other tuples and other numbers are refused. */
static void test_forgeries(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = start(&s, WEIR_SYNCOOKIES_ALWAYS, 4096);
    cookie(k);
    uint32_t iss = k->iss;
    for (uint32_t i = 1; i < 2000; i++) {
        k->iss = iss + i * 1000003;
        tk_in(k, A, 1, 1, 0);
        const struct tk_out *o = tk_next(k);
        assert_non_null(o);
        assert_int_equal(o->flags, R);
    }
    k->iss = iss;
    tk_in(k, A, 2, 1, 0); /* their number is part of the proof */
    tk_expect(k, R, 1, 0, 0);
    k->peer_port++;
    tk_in(k, A, 1, 1, 0);
    assert_int_equal(tk_next(k)->flags, R);
    k->peer_port--;
    assert_int_equal(tk_stats(k).syncookies_failed, 2001);
    assert_int_equal(tk_stats(k).connections, 0);
    /* the second segment of data, whose predecessor was lost: no RST, the first will come again */
    tk_in(k, A, 101, 1, 100);
    tk_expect_nothing(k);
    tk_in(k, A, 1, 1, 100);
    accept_it(k);
    tk_read(k, 100);
    tk_del(k);
}

/* AUTO: only what exceeds the limit gets cookies; a full accept queue drops SYNs and cookies alike. */
static void test_auto(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.backlog = 2;
    struct tk *k = start(&s, WEIR_SYNCOOKIES_AUTO, 4096);
    for (uint16_t i = 0; i < 2; i++) {
        k->peer_port = (uint16_t)(100 + i);
        tk_in(k, S, 0, 0, 0);
        assert_int_equal(tk_next(k)->flags, S | A);
    }
    assert_int_equal(tk_stats(k).half_open, 2);
    assert_int_equal(tk_stats(k).syncookies_sent, 0);
    uint32_t iss[3];
    for (uint16_t i = 0; i < 3; i++) {
        k->peer_port = (uint16_t)(200 + i);
        tk_syn_in(k, S, 0);
        iss[i] = tk_next(k)->s.seq;
    }
    assert_int_equal(tk_stats(k).syncookies_sent, 3);
    assert_int_equal(tk_stats(k).half_open, 2);
    for (uint16_t i = 0; i < 3; i++) {
        k->peer_port = (uint16_t)(200 + i);
        k->iss = iss[i];
        tk_in(k, A, 1, 1, 0);
        tk_expect_nothing(k);
    }
    assert_int_equal(tk_drops(k, WEIR_DROP_BACKLOG_FULL), 1);
    k->peer_port = 300;
    tk_syn_in(k, S, 0);
    tk_expect_nothing(k);
    assert_int_equal(tk_drops(k, WEIR_DROP_BACKLOG_FULL), 1);
    weir_handle h;
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &h), WEIR_OK);
    weir_tcp_abort(k->stack, h);
    tk_flush(k);
    k->peer_port = 202;
    k->iss = iss[2];
    tk_in(k, A, 1, 1, 30); /* it comes again, with data: there is room now */
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &h), WEIR_OK);
    weir_tcp_abort(k->stack, h);
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
    tk_flush(k);
    tk_del(k);
}

static void test_off(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = start(&s, WEIR_SYNCOOKIES_OFF, 3);
    for (uint16_t i = 0; i < 5; i++) {
        k->peer_port = (uint16_t)(100 + i);
        tk_in(k, S, 0, 0, 0);
    }
    assert_int_equal(tk_flush(k), 3);
    assert_int_equal(tk_drops(k, WEIR_DROP_LISTEN_FULL), 2);
    tk_del(k);
}

/* A flood of forged SYNs while a transfer goes on: its bytes flow, memory stays bounded, and somebody who
 * really wants to connect can. */
static void test_flood(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup_modern();
    struct tk *k = start(&s, WEIR_SYNCOOKIES_AUTO, 256);
    tk_syn_received(k);
    tk_in(k, A, 1, 1, 0);
    accept_it(k);
    uint32_t conn_iss = k->iss, echo = k->ts_ecr, sent = 0;
    uint16_t port = k->peer_port;
    struct ip_addr peer = k->peer;
    uint64_t memory = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        k->ts = false;
        k->peer.b[13] = (uint8_t)(i >> 16);
        k->peer.b[14] = (uint8_t)(i >> 8);
        k->peer.b[15] = (uint8_t)(i & 0xff);
        k->peer_port = (uint16_t)(1024 + i % 50000);
        tk_syn_in(k, S, 0);
        k->peer = peer;
        k->peer_port = port;
        k->iss = conn_iss;
        if (i % 1000 == 0) {
            tk_flush(k);
            k->ts = true;
            k->ts_ecr = echo;
            tk_in(k, A, 1 + sent, 1, 100);
            sent += 100;
            tk_read(k, 100);
            tk_advance(k, WEIR_MS);
        }
        if (i % 16 == 0)
            tk_flush(k);
        if (i == 5000)
            memory = tk_stats(k).memory_bytes;
    }
    tk_flush(k);
    assert_true(tk_stats(k).half_open <= 256);
    assert_true(tk_stats(k).syncookies_sent > 90000);
    assert_int_equal(tk_stats(k).memory_bytes, memory);
    weir_handle first = k->conn;
    k->peer_port = 7777;
    cookie(k);
    tk_in(k, A, 1, 1, 10);
    accept_it(k);
    k->read = 0;
    tk_read(k, 10);
    weir_tcp_abort(k->stack, first);
    tk_flush(k);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_come_back),
        cmocka_unit_test(test_no_timestamps),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_forgeries),
        cmocka_unit_test(test_auto),
        cmocka_unit_test(test_off),
        cmocka_unit_test(test_flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
