/* test_tcp_orphan.c - connections closed by their application: how many there may be, and for how long. */
#include "unit/tcp_kit.h"

static weir_time until_gone(struct tk *k, weir_time limit, bool answer)
{
    weir_time began = k->now;

    while (tk_stats(k).connections && k->now - began < limit) {
        const struct tk_out *o = tk_wait(k, limit - (k->now - began));
        if (o && answer && !(o->flags & R)) {
            tk_in(k, A, 1, 1, 0);
        }
    }
    return k->now - began;
}

/* FIN-WAIT-1, nobody answers: orphan_retries, however long the user timeout is. */
static void test_retries(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct tk_setup s = tk_setup();
        s.v6 = i;
        s.config.tcp.user_timeout = WEIR_NEVER;
        s.config.orphan_retries = 3;
        struct tk *k = tk_new(&s);
        tk_passive(k);
        weir_tcp_close(k->stack, k->conn);
        assert_int_equal(tk_stats(k).orphans, 1);
        tk_expect(k, F | A, 1, 1, 0);
        uint32_t sent = 0;
        while (tk_wait(k, 600 * WEIR_S) != NULL) {
            sent++;
        }
        assert_int_equal(sent, 3);
        assert_int_equal(tk_stats(k).connections, 0);
        assert_int_equal(tk_stats(k).orphans, 0);
        assert_int_equal(k->last[WEIR_RECORD_CLOSED].u.closed.reason, WEIR_REASON_ORPHANS);
        tk_del(k);
    }
}

/* A window that stays closed: the peer answers each probe, and yet it ends (RFC 9293 MUST-37 is about connections
 * that somebody has). With an application it does not. */
static void test_zero_window(void **state)
{
    (void)state;
    for (int held = 0; held < 2; held++) {
        struct tk_setup s = tk_setup();
        struct tk *k = tk_new(&s);
        tk_passive(k);
        k->window = 0;
        tk_in(k, A, 1, 1, 0);
        tk_write(k, 100);
        tk_expect_nothing(k);
        if (held) {
            weir_tcp_shutdown(k->stack, k->conn);
            assert_true(until_gone(k, 1000 * WEIR_S, true) >= 1000 * WEIR_S);
        } else {
            weir_tcp_close(k->stack, k->conn);
            assert_in_range(until_gone(k, 2000 * WEIR_S, true), 60 * WEIR_S, 400 * WEIR_S);
            const struct tk_out *o = &k->out[(k->out_head + TK_OUT_MAX - 1) % TK_OUT_MAX];
            assert_true(o->flags & R);
            assert_int_equal(tk_stats(k).orphans, 0);
        }
        tk_del(k);
    }
}

/* Nobody answers the probes: orphan_retries of them. */
static void test_unanswered_probes(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.config.tcp.r2_time = WEIR_NEVER;
    s.config.orphan_retries = 4;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    k->window = 0;
    tk_in(k, A, 1, 1, 0);
    tk_write(k, 100);
    weir_tcp_close(k->stack, k->conn);
    uint32_t probes = 0;
    const struct tk_out *o;
    while ((o = tk_wait(k, 600 * WEIR_S)) != NULL && !(o->flags & R)) {
        probes++;
    }
    assert_int_equal(probes, 5);
    assert_int_equal(tk_stats(k).connections, 0);
    tk_del(k);
}

/* orphans_max: the next one is reset instead, counted and told. TIME-WAIT makes room. */
static void test_limit(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.config.orphans_max = 2;
    struct tk *k = tk_new(&s);
    tk_listen(k);
    weir_handle h[4];
    for (uint16_t i = 0; i < 4; i++) {
        k->peer_port = (uint16_t)(41000 + i);
        tk_syn_in(k, S, 0);
        tk_expect(k, S | A, 0, 1, 0);
        tk_in(k, A, 1, 1, 0);
        assert_int_equal(weir_tcp_accept(k->stack, k->listener, &h[i]), WEIR_OK);
    }
    for (uint16_t i = 0; i < 3; i++) {
        weir_tcp_close(k->stack, h[i]);
        k->peer_port = (uint16_t)(41000 + i);
        tk_expect(k, i < 2 ? F | A : R | A, 1, 1, 0);
    }
    assert_int_equal(tk_stats(k).orphans, 2);
    assert_int_equal(tk_stats(k).orphans_reset, 1);
    assert_int_equal(k->last[WEIR_RECORD_CLOSED].u.closed.reason, WEIR_REASON_ORPHANS);
    k->peer_port = 41000;
    tk_in(k, F | A, 1, 2, 0);
    tk_flush(k);
    assert_int_equal(tk_stats(k).time_wait, 1);
    assert_int_equal(tk_stats(k).orphans, 1);
    weir_tcp_close(k->stack, h[3]);
    k->peer_port = 41003;
    tk_expect(k, F | A, 1, 1, 0);
    assert_int_equal(tk_stats(k).orphans, 2);
    assert_int_equal(tk_stats(k).orphans_reset, 1);
    while (tk_wait(k, 600 * WEIR_S)) {}
    assert_int_equal(tk_stats(k).orphans, 0);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retries),
        cmocka_unit_test(test_zero_window),
        cmocka_unit_test(test_unanswered_probes),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
