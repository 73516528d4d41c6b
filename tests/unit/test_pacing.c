/*
 * test_pacing.c - pacing (pacer.h): when segments leave, how large super-segments are, what is not paced; and
 * what an unused window is worth (RFC 7661, RFC 5681 4.1).
 */
#include "unit/tcp_kit.h"

#define MSS 1460u

static uint32_t at(uint32_t segment)
{
    return 1 + segment * MSS;
}

/* Established, one segment acknowledged after 100 ms: srtt 100 ms, cwnd 11 segments. */
static struct tk *start_with(uint8_t congestion, bool pacing, uint64_t most)
{
    struct tk_setup s = tk_setup();
    s.peer.present |= WEIR_SEGMENT_SACK_PERMITTED;
    s.config.tcp.congestion = congestion;
    s.config.tcp.pacing = pacing;
    s.config.tcp.max_pacing_rate = most;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    tk_write(k, MSS);
    tk_expect(k, A, at(0), 1, MSS);
    tk_advance(k, 100 * WEIR_MS);
    tk_in(k, A, 1, at(1), 0);
    return k;
}

static struct tk *start(bool pacing, uint64_t most)
{
    return start_with(WEIR_CC_NEWRENO, pacing, most);
}

/* In slow start twice the window per round trip: 2 * 10 (or 11) * 1460 / 0.1 s; two segments at a time. */
static void test_segments_are_spaced(void **state)
{
    (void)state;
    struct tk *k = start(true, 0);
    uint32_t cwnd = tk_info(k).cwnd_bytes;
    weir_time gap = 2ull * MSS * WEIR_S / (2ull * cwnd * 10), last;
    assert_in_range(tk_info(k).pacing_rate, 2ull * cwnd * 10 - 10, 2ull * cwnd * 10 + 10);
    tk_write(k, 10 * MSS);
    last = k->now;
    for (uint32_t i = 0; i < 5; i++) {
        const struct tk_out *o = tk_wait(k, WEIR_S);
        assert_non_null(o);
        assert_int_equal(o->seq, at(1 + 2 * i));
        if (i > 0)
            assert_in_range(o->time, last + gap - 20 * WEIR_US, last + gap + 20 * WEIR_US);
        last = o->time;
        tk_expect(k, A, at(2 + 2 * i), 1, MSS); /* the pair leaves together */
        tk_expect_nothing(k);
    }
    tk_del(k);
}

static void test_not_asked_for_means_at_once(void **state)
{
    (void)state;
    struct tk *k = start(false, 0);
    tk_write(k, 10 * MSS);
    assert_int_equal(tk_flush(k), 10);
    tk_del(k);
}

/* draft-briscoe-iccrg-prague-congestion-control: Prague never sends its window as a burst. */
static void test_prague_is_paced(void **state)
{
    (void)state;
    struct tk *k = start_with(WEIR_CC_PRAGUE, false, 0);
    tk_write(k, 10 * MSS);
    assert_int_equal(tk_flush(k), 2);
    assert_int_equal(k->last[WEIR_RECORD_LIMIT].u.limit.limit, WEIR_LIMIT_PACING);
    tk_del(k);
}

/* A maximum rate switches pacing on, holds for retransmissions, and can be changed. ACKs do not wait. */
static void test_maximum_rate(void **state)
{
    (void)state;
    struct tk *k = start(false, 29200); /* ten segments per second */
    tk_write(k, 6 * MSS);
    tk_flush(k);
    weir_time first = k->now;
    tk_in(k, A | P, 1, at(1), 10);
    tk_advance(k, 60 * WEIR_MS);
    const struct tk_out *o = tk_next(k);
    assert_non_null(o);
    assert_int_equal(o->len, 0);
    o = tk_wait(k, WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->seq, at(3));
    assert_in_range(o->time, first + 99 * WEIR_MS, first + 101 * WEIR_MS);
    tk_flush(k);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_MAX_PACING_RATE, 1), WEIR_OK);
    tk_advance(k, 10 * WEIR_MS); /* a burst that takes three quarters of an hour at this rate */
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_MAX_PACING_RATE, 29200), WEIR_OK);
    tk_expect(k, A, at(5), 11, MSS);
    tk_expect(k, A, at(6), 11, MSS);
    tk_write(k, 2 * MSS);
    tk_expect(k, A, at(7), 11, MSS); /* does not wait as long as the old rate said */
    tk_del(k);
}

/* The pacer's wait is what limits the sender, and the trace says so. */
static void test_limit_is_told(void **state)
{
    (void)state;
    struct tk *k = start(true, 0);
    tk_write(k, 10 * MSS);
    tk_flush(k);
    assert_int_equal(k->last[WEIR_RECORD_LIMIT].u.limit.limit, WEIR_LIMIT_PACING);
    uint32_t before = k->record_count[WEIR_RECORD_LIMIT];
    for (int i = 0; i < 3; i++)
        assert_non_null(tk_wait(k, WEIR_S));
    tk_flush(k);
    assert_int_equal(k->record_count[WEIR_RECORD_LIMIT], before); /* once, not with every burst */
    tk_del(k);
}

/* RFC 5681 4.1 as Linux does it: half for every RTO of silence, not below the initial window. */
static void test_idle_halves_per_rto(void **state)
{
    (void)state;
    struct tk *k = start(false, 0);
    uint32_t una = 1;
    tk_write(k, 300 * MSS);
    while (una < 301) {
        uint32_t n = (uint32_t)tk_flush(k);
        assert_true(n > 0);
        una += n;
        tk_in(k, A, 1, at(una), 0);
    }
    uint32_t cwnd = tk_info(k).cwnd_bytes;
    assert_true(cwnd > 80 * MSS);
    tk_advance(k, tk_info(k).rto * 5 / 2); /* 2.5 RTO: halved twice */
    tk_write(k, MSS);
    tk_flush(k);
    assert_in_range(tk_info(k).cwnd_bytes, cwnd / 4 - MSS, cwnd / 4 + MSS);
    tk_in(k, A, 1, at(una + 1), 0);
    tk_advance(k, 60 * WEIR_S);
    tk_write(k, MSS);
    tk_flush(k);
    assert_int_equal(tk_info(k).cwnd_bytes, 10 * MSS);
    assert_int_equal(k->last[WEIR_RECORD_CWND].u.cwnd.reason, WEIR_REASON_IDLE_RESTART);
    tk_del(k);
}

/* RFC 7661 4.4: the window does not grow while the application leaves half of it unused. */
static void test_unused_window_does_not_grow(void **state)
{
    (void)state;
    struct tk *k = start(false, 0);
    uint32_t una = 1, cwnd = tk_info(k).cwnd_bytes;
    for (int i = 0; i < 50; i++) {
        tk_write(k, 3 * MSS);
        tk_flush(k);
        tk_advance(k, 20 * WEIR_MS);
        una += 3;
        tk_in(k, A, 1, at(una), 0);
    }
    assert_int_equal(tk_info(k).cwnd_bytes, cwnd);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segments_are_spaced),
        cmocka_unit_test(test_not_asked_for_means_at_once),
        cmocka_unit_test(test_prague_is_paced),
        cmocka_unit_test(test_maximum_rate),
        cmocka_unit_test(test_limit_is_told),
        cmocka_unit_test(test_idle_halves_per_rto),
        cmocka_unit_test(test_unused_window_does_not_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
