/* test_tcp_uto.c - the TCP User Timeout Option (RFC 5482) on the wire and what it does to the local one. */
#include "unit/tcp_kit.h"

#define UTO WEIR_SEGMENT_USER_TIMEOUT

static struct tk_setup setup(bool v6)
{
    struct tk_setup s = tk_setup_modern();
    s.v6 = v6;
    s.config.tcp.user_timeout_option = true;
    return s;
}

static void told(struct tk *k, uint16_t value)
{
    struct tcp_segment s = tk_segment(k, A, 1, 1);
    s.options.present |= UTO;
    s.options.user_timeout = value;
    tk_inject(k, &s, 0);
}

/* Off by default, and then ignored: RFC 5482 3. */
static void test_off(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup_modern();
    struct tk *k = tk_new(&s);
    tk_passive(k);
    tk_write(k, 10);
    assert_false(tk_expect(k, A, 1, 1, 10)->s.options.present & UTO);
    told(k, 500);
    assert_int_equal(tk_info(k).peer_user_timeout, 0);
    assert_int_equal(tk_info(k).user_timeout, 100 * WEIR_S);
    tk_expect_no_event(k, WEIR_EVENT_USER_TIMEOUT);
    tk_del(k);
}

/* RFC 5482 3: in the SYN, in the first segment without SYN, after a change; and nowhere else. */
static void test_sent(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct tk_setup s = setup(v6);
        s.config.tcp.user_timeout_advertised = 300 * WEIR_S;
        struct tk *k = tk_new(&s);
        uint32_t mss = (v6 ? 1440 : 1460) - 12;
        tk_connect(k);
        const struct tk_out *o = tk_next(k);
        assert_non_null(o);
        assert_true(o->s.options.present & UTO);
        assert_int_equal(o->s.options.user_timeout, 300);
        assert_true(o->s.options.present & WEIR_SEGMENT_WSCALE);
        tk_syn_in(k, S | A, 1);
        o = tk_expect(k, A, 1, 1, 0);
        assert_int_equal(o->s.options.present, UTO | WEIR_SEGMENT_TIMESTAMPS);
        tk_write(k, 2 * mss);
        assert_false(tk_expect(k, A, 1, 1, mss)->s.options.present & UTO);
        tk_expect(k, A, 1 + mss, 1, mss);
        tk_in(k, A, 1, 1 + 2 * mss, 0);
        /* a change goes with the next segment, which is that much smaller */
        assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_USER_TIMEOUT, 32768 * WEIR_S - 1),
                         WEIR_OK);
        tk_write(k, 2 * mss);
        o = tk_expect(k, A, 1 + 2 * mss, 1, mss - 4);
        assert_int_equal(o->s.options.user_timeout, 300); /* what is advertised has its own value */
        tk_flush(k);
        tk_in(k, A, 1, 1 + 4 * mss, 0);
        tk_del(k);
    }
}

/* 3.3: seconds up to 32767, then minutes; never less than what is meant, never 0. */
static void test_granularity(void **state)
{
    (void)state;
    static const struct {
        weir_time time;
        uint16_t wire;
    } rows[] = {
        {1, 1},
        {WEIR_S, 1},
        {90 * WEIR_S + 1, 91},
        {32767 * WEIR_S, 32767},
        {32768 * WEIR_S, 0x8000 | 547},
        {60 * 40000 * WEIR_S, 0xffff},
        {WEIR_NEVER, 0xffff},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tk_setup s = setup(false);
        s.config.tcp.user_timeout = rows[i].time;
        struct tk *k = tk_new(&s);
        tk_passive(k);
        tk_write(k, 10);
        const struct tk_out *o = tk_expect(k, A, 1, 1, 10);
        assert_true(o->s.options.present & UTO);
        assert_int_equal(o->s.options.user_timeout, rows[i].wire);
        tk_del(k);
    }
}

/* 3.1: USER_TIMEOUT = min(U_LIMIT, max(ADV_UTO, REMOTE_UTO, L_LIMIT)). */
static void test_received(void **state)
{
    (void)state;
    static const struct {
        uint16_t wire;
        uint32_t own_s, want_s;
    } rows[] = {
        {300, 0, 300},         {50, 0, 100},      /* L_LIMIT */
        {0x8000 | 10, 0, 600}, {0xffff, 0, 3600}, /* minutes; U_LIMIT */
        {300, 400, 400},       {0, 0, 100},       /* ADV_UTO; reserved: ignored */
        {0x8000, 0, 100},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tk_setup s = setup(i & 1);
        s.config.tcp.user_timeout_advertised = rows[i].own_s * WEIR_S;
        struct tk *k = tk_new(&s);
        tk_passive(k);
        tk_events(k);
        k->bits = 0;
        told(k, rows[i].wire);
        assert_int_equal(tk_info(k).user_timeout, rows[i].want_s * WEIR_S);
        tk_events(k);
        assert_int_equal((k->bits & WEIR_EVENT_USER_TIMEOUT) != 0, (rows[i].wire & 0x7fff) != 0);
        told(k, rows[i].wire);
        k->bits = 0;
        tk_expect_no_event(k, WEIR_EVENT_USER_TIMEOUT);
        tk_del(k);
    }
}

static weir_time lasts(struct tk *k)
{
    tk_write(k, 10);
    const struct tk_out *o = tk_wait(k, 5 * WEIR_S);
    assert_non_null(o);
    o = tk_wait(k, 5 * WEIR_S); /* the first retransmission: from then on */
    assert_non_null(o);
    weir_time began = o->time;
    for (int i = 0; i < 10000 && tk_state(k) != WEIR_TCP_CLOSED; i++) {
        tk_advance(k, WEIR_S / 2);
        tk_flush(k);
    }
    tk_events(k);
    assert_int_equal(k->error, WEIR_ETIMEDOUT);
    return (k->now - began) / WEIR_S;
}

/* The connection lasts that long. CHANGEABLE: what the application asked for stays, and it is told (3.1). */
static void test_effect(void **state)
{
    (void)state;
    struct tk_setup s = setup(false);
    struct tk *k = tk_new(&s);
    tk_passive(k);
    told(k, 700);
    assert_in_range(lasts(k), 699, 702);
    tk_del(k);
    s.config.tcp.user_timeout = 20 * WEIR_S;
    k = tk_new(&s);
    tk_passive(k);
    told(k, 700);
    tk_expect_event(k, WEIR_EVENT_USER_TIMEOUT);
    assert_int_equal(tk_info(k).peer_user_timeout, 700 * WEIR_S);
    assert_int_equal(tk_info(k).user_timeout, 20 * WEIR_S);
    assert_in_range(lasts(k), 19, 22);
    tk_del(k);
}

/* In the SYN,ACK of an active open, and only in a segment that is acceptable. */
static void test_where(void **state)
{
    (void)state;
    struct tk_setup s = setup(false);
    s.peer.present |= UTO;
    s.peer.user_timeout = 250;
    struct tk *k = tk_new(&s);
    tk_active(k);
    assert_int_equal(tk_info(k).peer_user_timeout, 250 * WEIR_S);
    struct tcp_segment bad = tk_segment(k, A, 0x40000000, 1);
    bad.options.present |= UTO;
    bad.options.user_timeout = 999;
    tk_inject(k, &bad, 0);
    assert_int_equal(tk_info(k).peer_user_timeout, 250 * WEIR_S);
    tk_flush(k);
    tk_del(k);
}

/* A hole is reported first: SACK blocks take the room, the option waits. Nor is it in what is sent again. */
static void test_other_options(void **state)
{
    (void)state;
    struct tk_setup s = setup(false);
    struct tk *k = tk_new(&s);
    uint32_t mss = 1448;
    tk_passive(k);
    tk_in(k, A, 100, 1, 100);
    const struct tk_out *o = tk_expect(k, A, 1, 1, 0);
    assert_false(o->s.options.present & UTO);
    assert_true(o->s.options.present & WEIR_SEGMENT_SACK);
    tk_in(k, A, 1, 1, 99);
    o = tk_expect(k, A, 1, 200, 0);
    assert_true(o->s.options.present & UTO);
    tk_read(k, 199);
    tk_write(k, mss);
    tk_expect(k, A, 1, 200, mss);
    weir_tcp_set(k->stack, k->conn, WEIR_OPT_USER_TIMEOUT_ADVERTISED, 200 * WEIR_S);
    o = tk_wait(k, 5 * WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->len, mss);
    assert_false(o->s.options.present & UTO);
    tk_in(k, A, 200, 1 + mss, 0);
    tk_del(k);
}

static void test_options(void **state)
{
    (void)state;
    struct tk_setup s = setup(false);
    struct tk *k = tk_new(&s);
    uint64_t v = 0;
    tk_passive(k);
    assert_int_equal(weir_tcp_get(k->stack, k->conn, WEIR_OPT_USER_TIMEOUT_OPTION, &v), WEIR_OK);
    assert_int_equal(v, 1);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_USER_TIMEOUT_MAX, 99 * WEIR_S),
                     WEIR_EINVAL);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_USER_TIMEOUT_MIN, 3601 * WEIR_S),
                     WEIR_EINVAL);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_USER_TIMEOUT_MAX, WEIR_NEVER),
                     WEIR_OK);
    told(k, 0xffff);
    assert_int_equal(tk_info(k).user_timeout, 32767 * 60 * WEIR_S);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_off),           cmocka_unit_test(test_sent),
        cmocka_unit_test(test_granularity),   cmocka_unit_test(test_received),
        cmocka_unit_test(test_effect),        cmocka_unit_test(test_where),
        cmocka_unit_test(test_other_options), cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
