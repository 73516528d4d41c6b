/* test_tcp_timeout.c - when TCP gives up: user timeout, dead peers behind closed windows, data that never could
 * be sent, FIN-WAIT-2 of orphans. */
#include "unit/tcp_kit.h"

static struct tk *start(void)
{
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_passive(k);
    return k;
}

static void set(struct tk *k, enum weir_option option, uint64_t value)
{
    uint64_t now = 0;
    assert_int_equal(weir_tcp_set(k->stack, k->conn, option, value), WEIR_OK);
    assert_int_equal(weir_tcp_get(k->stack, k->conn, option, &now), WEIR_OK);
    assert_true(now == value);
}

/* Runs until the connection is over, from one deadline of the stack's to the next; RST was sent if `rst`. */
static weir_time until_closed(struct tk *k, weir_time limit, int error, bool rst)
{
    weir_time end = k->now + limit;
    bool saw = false;
    for (;;) {
        weir_time next = weir_deadline(k->stack);
        const struct tk_out *o = tk_wait(k, next > k->now ? next - k->now : 0);
        saw |= o != NULL && (o->flags & R) != 0;
        tk_events(k);
        if ((k->bits & WEIR_EVENT_CLOSED) != 0)
            break;
        assert_true(k->now < end);
    }
    tk_flush(k);
    assert_int_equal(k->error, error);
    assert_int_equal(saw, rst);
    return k->now;
}

/* RFC 9293 3.9.1 (SEND's timeout), SHLD-11 is the default: five seconds after the first retransmission, to the
 * tick and not at the next one. */
static void test_user_timeout(void **state)
{
    (void)state;
    struct tk *k = start();
    set(k, WEIR_OPT_USER_TIMEOUT, 5 * WEIR_S);
    tk_write(k, 10);
    tk_expect(k, A, 1, 1, 10);
    const struct tk_out *o = tk_wait(k, 10 * WEIR_S);
    assert_non_null(o);
    weir_time first = o->time;
    tk_expect_time(until_closed(k, 20 * WEIR_S, WEIR_ETIMEDOUT, false), first + 5 * WEIR_S);
    tk_del(k);
}

/* The same in SYN-SENT. */
static void test_user_timeout_syn(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.config.tcp.user_timeout = 10 * WEIR_S;
    struct tk *k = tk_new(&s);
    tk_connect(k);
    tk_expect(k, S, 0, 0, 0);
    weir_time began = k->now;
    assert_in_range(until_closed(k, 60 * WEIR_S, WEIR_ETIMEDOUT, false), began + 10 * WEIR_S,
                    began + 16 * WEIR_S);
    tk_del(k);
}

/* MUST-36, MUST-37: a window may stay closed for ever as long as probes are answered; a dead peer behind a
 * closed window is given up like any other, after R2 or the user timeout. */
static void test_zero_window(void **state)
{
    (void)state;
    for (int user = 0; user < 2; user++) {
        struct tk *k = start();
        if (user)
            set(k, WEIR_OPT_USER_TIMEOUT, 7 * WEIR_S);
        tk_write(k, 100);
        tk_expect(k, A, 1, 1, 100);
        k->window = 0;
        tk_in(k, A, 1, 101, 0);
        tk_write(k, 100);
        weir_time began = k->now;
        while (k->now - began < 3600 * WEIR_S) {
            const struct tk_out *o = tk_wait(k, 200 * WEIR_S);
            assert_non_null(o);
            assert_int_equal(o->flags, A);
            assert_int_equal(o->seq, 100);
            tk_in(k, A, 1, 101, 0);
        }
        tk_expect_state(k, WEIR_TCP_ESTABLISHED);
        const struct tk_out *o = tk_wait(k, 200 * WEIR_S);
        assert_non_null(o); /* from here on nobody answers */
        weir_time silent = o->time;
        weir_time over = until_closed(k, 400 * WEIR_S, WEIR_ETIMEDOUT, false);
        if (user) {
            tk_expect_time(over, silent + 7 * WEIR_S);
        } else {
            assert_in_range(over - silent, 100 * WEIR_S, 240 * WEIR_S);
        }
        tk_del(k);
    }
}

/* Data that no path could take is given up too, with the path's reason (RFC 9293 3.8.3 asks for data that was
 * sent; waiting for ever would be no better). */
static void test_never_sent(void **state)
{
    (void)state;
    for (int fin = 0; fin < 2; fin++) {
        struct tk *k = start();
        set(k, WEIR_OPT_R2_TIME, 50 * WEIR_S);
        weir_link_set_up(k->stack, k->link, false);
        if (fin) {
            weir_tcp_shutdown(k->stack, k->conn);
        } else {
            tk_write(k, 10);
        }
        weir_time began = k->now;
        assert_in_range(until_closed(k, 200 * WEIR_S, WEIR_ENETUNREACH, false), began + 50 * WEIR_S,
                        began + 53 * WEIR_S);
        tk_del(k);
    }
}

/* The path comes back: what could not be sent begins anew. */
static void test_path_comes_back(void **state)
{
    (void)state;
    struct tk *k = start();
    set(k, WEIR_OPT_R2_TIME, 50 * WEIR_S);
    weir_link_set_up(k->stack, k->link, false);
    tk_write(k, 10);
    tk_advance(k, 40 * WEIR_S);
    weir_link_set_up(k->stack, k->link, true);
    assert_non_null(tk_wait(k, 2 * WEIR_S));
    weir_time sent = k->now;
    assert_in_range(until_closed(k, 200 * WEIR_S, WEIR_ENETUNREACH, false), sent + 50 * WEIR_S,
                    sent + 120 * WEIR_S);
    tk_del(k);
}

/* With a user timeout keep-alive goes by it and not by the number of probes, as with Linux. */
static void test_keepalive(void **state)
{
    (void)state;
    struct tk *k = start();
    set(k, WEIR_OPT_KEEPALIVE_IDLE, 10 * WEIR_S);
    set(k, WEIR_OPT_KEEPALIVE_INTERVAL, 4 * WEIR_S);
    set(k, WEIR_OPT_KEEPALIVE_PROBES, 2);
    set(k, WEIR_OPT_USER_TIMEOUT, 25 * WEIR_S);
    set(k, WEIR_OPT_KEEPALIVE, 1);
    weir_time heard = k->now;
    assert_in_range(until_closed(k, 100 * WEIR_S, WEIR_ETIMEDOUT, true), heard + 25 * WEIR_S,
                    heard + 27 * WEIR_S);
    tk_del(k);
}

/* An orphan waits 2 MSL for the peer's FIN, or as long as it was told (TCP_LINGER2). */
static void test_fin_wait_2(void **state)
{
    static const weir_time times[][2] = {{0, 60}, {5, 5}, {600, 600}};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        struct tk *k = start();
        set(k, WEIR_OPT_FIN_WAIT_2_TIME, times[i][0] * WEIR_S);
        tk_to(k, WEIR_TCP_FIN_WAIT_2);
        weir_tcp_close(k->stack, k->conn);
        k->conn = 0;
        tk_advance(k, times[i][1] * WEIR_S - WEIR_MS);
        assert_int_equal(tk_stats(k).connections, 1);
        tk_advance(k, 2 * WEIR_MS);
        assert_int_equal(tk_stats(k).connections, 0);
        tk_del(k);
    }
}

/* The times between the next `count` packets are these, to a few ticks of half-open entries' coarse clock. */
static void expect_gaps(struct tk *k, const weir_time *ms, size_t count)
{
    const struct tk_out *o = tk_wait(k, 300 * WEIR_S);
    assert_non_null(o);
    for (size_t i = 0; i < count; i++) {
        weir_time before = o->time;
        o = tk_wait(k, 300 * WEIR_S);
        assert_non_null(o);
        assert_in_range(o->time - before, ms[i] * WEIR_MS, ms[i] * WEIR_MS + 3 * WEIR_MS);
    }
}

/* RFC 6298 2.5: doubling ends at the bound, for data and for zero-window probes, from the next timeout on. */
static void test_rto_max(void **state)
{
    static const weir_time bounded[] = {1500, 1500, 1500}, unbounded[] = {12800};
    (void)state;
    for (int window = 0; window < 2; window++) {
        struct tk *k = start();
        set(k, WEIR_OPT_RTO_MAX, 1500 * WEIR_MS);
        set(k, WEIR_OPT_R2_TIME, WEIR_NEVER);
        if (window) {
            k->window = 0;
            tk_in(k, A, 1, 1, 0);
        }
        tk_write(k, 10);
        tk_flush(k);
        tk_advance(k, 5 * WEIR_S);
        tk_flush(k);
        expect_gaps(k, bounded, ARRAY_SIZE(bounded));
        set(k, WEIR_OPT_RTO_MAX, 12800 * WEIR_MS);
        expect_gaps(k, unbounded, 1);
        assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_RTO_MAX, WEIR_S - 1),
                         WEIR_EINVAL);
        assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_RTO_MAX, 120 * WEIR_S + 1),
                         WEIR_EINVAL);
        tk_del(k);
    }
}

/* The same for SYNs, and for SYN,ACKs with the power of two seconds below it. */
static void test_rto_max_syn(void **state)
{
    static const weir_time syn[] = {1000, 2000, 3000, 3000}, syn_ack[] = {1000, 2000, 2000, 2000};
    (void)state;
    for (int passive = 0; passive < 2; passive++) {
        struct tk_setup s = tk_setup();
        s.config.tcp.rto_max = 3 * WEIR_S;
        struct tk *k = tk_new(&s);
        if (passive) {
            tk_listen(k);
            tk_syn_in(k, S, 0);
            expect_gaps(k, syn_ack, ARRAY_SIZE(syn_ack));
            tk_advance(k, 60 * WEIR_S);
            assert_int_equal(tk_stats(k).half_open, 0);
        } else {
            tk_connect(k);
            expect_gaps(k, syn, ARRAY_SIZE(syn));
        }
        tk_flush(k);
        tk_del(k);
    }
}

/* RFC 6298 2.4's lower bound is added to the round trip, which is nothing here. */
static void test_rto_min(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.config.tcp.rto_min = 10 * WEIR_MS;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    tk_write(k, 10);
    tk_expect(k, A, 1, 1, 10);
    tk_in(k, A, 1, 11, 0);
    assert_in_range(tk_info(k).rto, 10 * WEIR_MS, 11 * WEIR_MS);
    set(k, WEIR_OPT_RTO_MIN, 50 * WEIR_MS);
    assert_in_range(tk_info(k).rto, 50 * WEIR_MS, 51 * WEIR_MS);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_RTO_MIN, 0), WEIR_EINVAL);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_RTO_MIN, 200 * WEIR_MS + 1),
                     WEIR_EINVAL);
    tk_del(k);
}

/* RFC 6298 5.5 doubles each timeout; so many of a SYN's do not if wanted (as Linux), and are not counted. */
static void test_syn_linear(void **state)
{
    static const weir_time none[] = {1000, 2000, 4000}, two[] = {1000, 1000, 1000, 2000, 4000};
    (void)state;
    for (uint8_t linear = 0; linear <= 2; linear += 2) {
        struct tk_setup s = tk_setup();
        s.config.tcp.syn_linear = linear;
        s.config.tcp.syn_retries = 3;
        struct tk *k = tk_new(&s);
        tk_connect(k);
        expect_gaps(k, linear ? two : none, linear ? ARRAY_SIZE(two) : ARRAY_SIZE(none));
        weir_time last = k->now;
        tk_expect_time(until_closed(k, 9 * WEIR_S, WEIR_ETIMEDOUT, false), last + 8 * WEIR_S);
        tk_del(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_user_timeout),    cmocka_unit_test(test_user_timeout_syn),
        cmocka_unit_test(test_zero_window),     cmocka_unit_test(test_never_sent),
        cmocka_unit_test(test_path_comes_back), cmocka_unit_test(test_keepalive),
        cmocka_unit_test(test_fin_wait_2),      cmocka_unit_test(test_rto_max),
        cmocka_unit_test(test_rto_max_syn),     cmocka_unit_test(test_rto_min),
        cmocka_unit_test(test_syn_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
