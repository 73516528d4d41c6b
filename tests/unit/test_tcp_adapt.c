/* test_tcp_adapt.c - quick and delayed ACKs, Nagle in Minshall's variant, cork, MORE, records, PSH, low-water
 * marks, and the account of what limited the sender. */
#include "unit/tcp_kit.h"

#define MSS 1460u

static struct tk *start(uint8_t quickack, uint16_t window)
{
    struct tk_setup s = tk_setup();
    s.config.tcp.quickack = quickack;
    s.peer_window = window;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    return k;
}

static void option(struct tk *k, enum weir_option option, uint64_t value)
{
    assert_int_equal(weir_tcp_set(k->stack, k->conn, option, value), WEIR_OK);
}

static int64_t send_flags(struct tk *k, uint32_t size, uint32_t flags)
{
    static const uint8_t bytes[70000];
    k->foreign_payload = true;
    return weir_tcp_send_flags(k->stack, k->conn, bytes, size, flags);
}

/* ---- ACKs ------------------------------------------------------------------------------------- */

/* Sixteen segments are acknowledged at once; then one waits for the ATO, and a second full-sized one is
 * acknowledged at once (RFC 5681 4.2, RFC 9293 3.8.6.3: MUST-58, SHLD-18). */
static uint32_t use_up_quick(struct tk *k)
{
    uint32_t at = 1;
    for (int i = 0; i < 16; i++, at += MSS) {
        tk_in(k, A, at, 1, MSS);
        tk_expect(k, A, 1, at + MSS, 0);
        tk_read(k, MSS);
    }
    return at;
}

static void test_quick_at_start(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_QUICKACK_ADAPTIVE, 65535);
    uint32_t at = use_up_quick(k);
    tk_in(k, A, at, 1, MSS);
    tk_expect_nothing(k);
    tk_in(k, A, at + MSS, 1, MSS);
    tk_expect(k, A, 1, at + 2 * MSS, 0);
    tk_in(k, A, at + 2 * MSS, 1, MSS);
    tk_expect_nothing(k);
    weir_time before = k->now;
    const struct tk_out *o = tk_wait(k, WEIR_S);
    assert_non_null(o);
    assert_in_range(o->time - before, 40 * WEIR_MS, 200 * WEIR_MS + TK_TICK);
    tk_del(k);
}

/* Two small segments are no full-sized one: they wait. With quickack off a second one never does. */
static void test_small_ones_wait(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_QUICKACK_ADAPTIVE, 65535);
    uint32_t at = use_up_quick(k);
    tk_in(k, A, at, 1, 100);
    tk_in(k, A, at + 100, 1, 100);
    tk_expect_nothing(k);
    tk_read(k, 200); /* nothing more is coming, and everything was read */
    tk_expect(k, A, 1, at + 200, 0);
    tk_del(k);
    k = start(WEIR_QUICKACK_OFF, 65535);
    tk_in(k, A, 1, 1, 100);
    tk_expect_nothing(k);
    tk_in(k, A, 101, 1, 100);
    tk_expect(k, A, 1, 201, 0);
    tk_del(k);
}

/* An answer within the ATO makes the connection an interactive one: the next ACK rides on the next answer.
 * One that had to go alone ends that. */
static void test_interactive(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_QUICKACK_ADAPTIVE, 65535);
    tk_in(k, A, 1, 1, 10);
    tk_expect(k, A, 1, 11, 0);
    tk_write(k, 20);
    tk_expect(k, A, 1, 11, 20);
    tk_in(k, A, 11, 21, 10);
    tk_expect_nothing(k);
    tk_write(k, 20);
    tk_expect(k, A, 21, 21, 20);
    tk_in(k, A, 21, 41, 10);
    assert_non_null(tk_wait(k, 300 * WEIR_MS)); /* alone */
    tk_in(k, A, 31, 41, 10);
    tk_expect(k, A, 41, 41, 0);
    tk_del(k);
}

/* WEIR_OPT_QUICKACK: 0 interactive, 1 not, and what waits goes. */
static void test_quickack_option(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_QUICKACK_ADAPTIVE, 65535);
    uint64_t value;
    option(k, WEIR_OPT_QUICKACK, 0);
    tk_in(k, A, 1, 1, 10);
    tk_expect_nothing(k);
    assert_int_equal(weir_tcp_get(k->stack, k->conn, WEIR_OPT_QUICKACK, &value), WEIR_OK);
    assert_int_equal(value, 0);
    option(k, WEIR_OPT_QUICKACK, 1);
    tk_expect(k, A, 1, 11, 0);
    tk_del(k);
}

/* Loss makes ACKs quick again. */
static void test_quick_after_loss(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_QUICKACK_ADAPTIVE, 65535);
    uint32_t at = use_up_quick(k);
    tk_in(k, A, at + MSS, 1, MSS);
    tk_expect(k, A, 1, at, 0);
    tk_in(k, A, at, 1, MSS);
    tk_expect(k, A, 1, at + 2 * MSS, 0);
    tk_in(k, A, at + 2 * MSS, 1, 10);
    tk_expect(k, A, 1, at + 2 * MSS + 10, 0);
    tk_del(k);
}

/* ---- Small pieces ----------------------------------------------------------------------------- */

/* Minshall: a whole segment on its way holds nothing back, a small one does (RFC 9293 3.7.4). */
static void test_minshall(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_QUICKACK_OFF, 65535);
    tk_write(k, MSS);
    tk_expect(k, A, 1, 1, MSS);
    tk_write(k, 10);
    tk_expect(k, A, 1 + MSS, 1, 10);
    tk_write(k, 5);
    tk_expect_nothing(k);
    tk_in(k, A, 1, 1 + MSS, 0); /* the small one is still out */
    tk_expect_nothing(k);
    tk_in(k, A, 1, 11 + MSS, 0);
    tk_expect(k, A, 11 + MSS, 1, 5);
    tk_del(k);
}

static void test_cork(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_QUICKACK_OFF, 65535);
    option(k, WEIR_OPT_CORK, 1);
    tk_write(k, 10);
    tk_expect_nothing(k);
    tk_write(k, MSS); /* whole ones go */
    tk_expect(k, A, 1, 1, MSS);
    option(k, WEIR_OPT_CORK, 0);
    const struct tk_out *o = tk_expect(k, A, 1 + MSS, 1, 10);
    assert_true(o->psh);
    tk_in(k, A, 1, 11 + MSS, 0);
    option(k, WEIR_OPT_CORK, 1);
    tk_write(k, 7);
    weir_time before = k->now;
    o = tk_wait(k, WEIR_S); /* not for ever */
    assert_non_null(o);
    assert_int_equal(o->len, 7);
    assert_true(o->psh);
    assert_in_range(o->time - before, 200 * WEIR_MS, 300 * WEIR_MS);
    tk_in(k, A, 1, 18 + MSS, 0);
    tk_write(k, 3);
    tk_expect_nothing(k);
    option(k, WEIR_OPT_NODELAY, 1); /* pushes what is held, once */
    tk_expect(k, A, 18 + MSS, 1, 3);
    tk_write(k, 3);
    tk_expect_nothing(k);
    assert_int_equal(weir_tcp_shutdown(k->stack, k->conn), WEIR_OK);
    tk_expect(k, F | A, 21 + MSS, 1, 3);
    tk_del(k);
}

/* MUST-60: what the application holds back (no PUSH) leaves by itself after a while. */
static void test_more(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_QUICKACK_OFF, 65535);
    option(k, WEIR_OPT_NODELAY, 1);
    assert_int_equal(send_flags(k, 40, WEIR_SEND_MORE), 40);
    tk_expect_nothing(k);
    assert_int_equal(send_flags(k, 60, 0), 60);
    const struct tk_out *o = tk_expect(k, A, 1, 1, 100);
    assert_true(o->psh);
    assert_int_equal(send_flags(k, 40, WEIR_SEND_MORE), 40);
    tk_expect_nothing(k);
    tk_in(k, A, 1, 101, 0); /* the next segment from the peer lets it go, without PSH */
    o = tk_expect(k, A, 101, 1, 40);
    assert_false(o->psh);
    tk_in(k, A, 1, 141, 0);
    assert_int_equal(send_flags(k, 4, WEIR_SEND_MORE), 4);
    o = tk_wait(k, WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->len, 4);
    tk_del(k);
}

/* No segment crosses the end of a record, not even when it is sent again. */
static void test_records(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_QUICKACK_OFF, 65535);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(send_flags(k, 400, WEIR_SEND_RECORD_END), 400);
    }
    assert_int_equal(send_flags(k, 2000, 0), 2000);
    for (uint32_t at = 1; at <= 801; at += 400) {
        const struct tk_out *o = tk_expect(k, A, at, 1, 400);
        assert_true(o->psh);
    }
    tk_expect(k, A, 1201, 1, MSS);
    tk_flush(k);
    tk_in(k, A, 1, 401, 0);
    tk_flush(k);
    const struct tk_out *o = tk_wait(k, 3 * WEIR_S);
    for (uint32_t i = 0; o && i < 10; i++) {
        assert_true(o->seq >= 1201 || o->len == 400);
        o = tk_wait(k, 3 * WEIR_S);
    }
    tk_del(k);
}

/* MUST-61: PSH where a write ends; a segment keeps it when it is sent again though more was written. And once
 * in half a window at least. */
static void test_psh(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_QUICKACK_OFF, 65535);
    tk_write(k, 10);
    const struct tk_out *o = tk_expect(k, A, 1, 1, 10);
    assert_true(o->psh);
    tk_write(k, 20);
    o = tk_wait(k, 3 * WEIR_S);
    assert_non_null(o);
    while (o && o->seq != 1) {
        o = tk_wait(k, 3 * WEIR_S);
    }
    assert_non_null(o);
    assert_int_equal(o->len, 10);
    assert_true(o->psh);
    tk_del(k);
    k = start(WEIR_QUICKACK_OFF, 4 * MSS);
    tk_write(k, 20 * MSS);
    bool seen = false;
    for (int i = 0; i < 4; i++) {
        o = tk_next(k);
        assert_non_null(o);
        seen |= o->psh;
    }
    assert_true(seen);
    tk_del(k);
}

/* ---- Low-water marks -------------------------------------------------------------------------- */

static void test_notsent_lowat(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_QUICKACK_OFF, 65535);
    option(k, WEIR_OPT_NOTSENT_LOWAT, 4000);
    int64_t n = send_flags(k, 60000, 0) + 0;
    assert_in_range(n, 10 * MSS,
                    10 * MSS + 32768); /* IW10, and no more than a super-segment beyond */
    uint64_t queued = (uint64_t)n;
    assert_int_equal(send_flags(k, 1, 0), WEIR_EAGAIN);
    uint32_t acked = 1;
    while (tk_info(k).unsent_bytes > 4000) {
        tk_flush(k);
        tk_expect_no_event(k, WEIR_EVENT_WRITABLE);
        acked += 2 * MSS;
        tk_in(k, A, 1, acked, 0);
        assert_true(acked < queued);
    }
    for (int i = 0; i < 4 && acked + 2 * MSS < queued; i++) {
        tk_flush(k);
        acked += 2 * MSS;
        tk_in(k, A, 1, acked, 0);
    }
    tk_expect_event(k, WEIR_EVENT_WRITABLE);
    tk_del(k);
}

static void test_receive_lowat(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_QUICKACK_OFF, 65535);
    option(k, WEIR_OPT_RECEIVE_LOWAT, 250);
    tk_in(k, A, 1, 1, 100);
    tk_in(k, A, 101, 1, 100);
    tk_expect_no_event(k, WEIR_EVENT_READABLE);
    tk_in(k, A, 201, 1, 100);
    tk_expect_event(k, WEIR_EVENT_READABLE);
    tk_read(k, 300);
    tk_in(k, A, 301, 1, 10);
    tk_expect_no_event(k, WEIR_EVENT_READABLE);
    option(k, WEIR_OPT_RECEIVE_LOWAT, 10);
    tk_expect_event(k, WEIR_EVENT_READABLE);
    tk_del(k);
}

/* ---- The account ------------------------------------------------------------------------------ */

static void test_limits(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_QUICKACK_OFF, 0);
    struct weir_tcp_info i = tk_info(k);
    weir_time busy = i.busy_time, app = i.limited[WEIR_LIMIT_APP];
    assert_int_equal(app, i.age);
    tk_advance(k, 50 * WEIR_MS);
    tk_write(k, 100);
    tk_pull(k);
    tk_advance(k, 100 * WEIR_MS);
    i = tk_info(k);
    assert_int_equal(i.limited[WEIR_LIMIT_APP] - app, 50 * WEIR_MS);
    assert_int_equal(i.limited[WEIR_LIMIT_WINDOW], 100 * WEIR_MS);
    assert_int_equal(i.busy_time - busy, 100 * WEIR_MS);
    k->window = 65535;
    tk_in(k, A, 1, 1, 0);
    tk_flush(k);
    tk_advance(k, 30 * WEIR_MS); /* on its way: the application gives nothing more */
    tk_in(k, A, 1, 101, 0);
    i = tk_info(k);
    assert_int_equal(i.limited[WEIR_LIMIT_WINDOW], 100 * WEIR_MS);
    assert_int_equal(i.busy_time - busy, 130 * WEIR_MS);
    weir_time sum = 0;
    for (unsigned l = 0; l < WEIR_LIMITS_MAX; l++) {
        sum += i.limited[l];
    }
    assert_int_equal(sum, i.age);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quick_at_start),
        cmocka_unit_test(test_small_ones_wait),
        cmocka_unit_test(test_interactive),
        cmocka_unit_test(test_quickack_option),
        cmocka_unit_test(test_quick_after_loss),
        cmocka_unit_test(test_minshall),
        cmocka_unit_test(test_cork),
        cmocka_unit_test(test_more),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_psh),
        cmocka_unit_test(test_notsent_lowat),
        cmocka_unit_test(test_receive_lowat),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
