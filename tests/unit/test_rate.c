/*
 * test_rate.c - delivery rate samples (draft-ietf-ccwg-bbr, "Delivery Rate Samples") and the choice of a
 * congestion control algorithm, also on a live connection.
 */
#include "unit/tcp_kit.h"

#define MSS 1460u

static uint32_t at(uint32_t segment)
{
    return 1 + segment * MSS;
}

static struct tk *start(uint8_t congestion)
{
    struct tk_setup s = tk_setup();
    s.peer.present |= WEIR_SEGMENT_SACK_PERMITTED;
    s.config.tcp.congestion = congestion;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    return k;
}

/* The rate is what was delivered between a record's sending and its ACK, over the longer of the two times. */
static void test_rate_is_delivered_over_interval(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_CC_CUBIC);
    tk_write(k, 40 * MSS);
    tk_flush(k);
    assert_int_equal(tk_info(k).delivery_rate, 0);
    tk_advance(k, 100 * WEIR_MS);
    tk_in(k, A, 1, at(10), 0); /* 10 segments in 100 ms */
    assert_in_range(tk_info(k).delivery_rate, 100 * MSS - 64, 100 * MSS);
    assert_true(tk_info(k).app_limited); /* the first flight after idleness */
    tk_flush(k);
    tk_advance(k, 100 * WEIR_MS);
    tk_in(k, A, 1, at(30), 0); /* 20 in the next 100 ms */
    assert_in_range(tk_info(k).delivery_rate, 200 * MSS - 64, 200 * MSS);
    assert_false(tk_info(k).app_limited);
    tk_del(k);
}

/* SACKed bytes count when they are SACKed, and only once. */
static void test_sacked_bytes_are_delivered(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_CC_CUBIC);
    tk_write(k, 40 * MSS);
    tk_flush(k);
    tk_advance(k, 100 * WEIR_MS);
    tk_in_sack(k, at(0), (uint32_t[]){at(5), at(10), 0});
    assert_in_range(tk_info(k).delivery_rate, 50 * MSS - 64, 50 * MSS);
    tk_del(k);
}

/* ACKs that arrive together say nothing faster than the data was sent: the longer interval counts. */
static void test_compressed_acks_do_not_inflate(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_CC_CUBIC);
    tk_write(k, 10 * MSS);
    tk_flush(k);
    tk_advance(k, 50 * WEIR_MS);
    tk_in(k, A, 1, at(1), 0);
    tk_write(k, 10 * MSS); /* sent 50 ms after the first ten */
    tk_flush(k);
    tk_advance(k, 50 * WEIR_MS);
    tk_in(k, A, 1, at(10), 0);
    tk_in(k, A, 1, at(20), 0);
    assert_true(tk_info(k).delivery_rate <= 20 * MSS * 20);
    tk_del(k);
}

/* The application had nothing to say: what is measured then is no measure of the path, and a lower rate
 * does not replace a higher one. */
static void test_application_limited_samples_are_marked(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_CC_CUBIC);
    tk_write(k, 30 * MSS);
    tk_flush(k);
    tk_advance(k, 100 * WEIR_MS);
    tk_in(k, A, 1, at(10), 0);
    tk_flush(k);
    tk_advance(k, 100 * WEIR_MS);
    tk_in(k, A, 1, at(29), 0);
    uint64_t rate = tk_info(k).delivery_rate;
    assert_false(tk_info(k).app_limited);
    tk_write(k, 1 * MSS); /* one segment where many would fit */
    tk_flush(k);
    tk_advance(k, 100 * WEIR_MS);
    tk_in(k, A, 1, at(30), 0);
    tk_write(k, 2 * MSS);
    tk_flush(k);
    assert_true(rate > 0);
    tk_del(k);
}

static void test_choice_per_connection(void **state)
{
    (void)state;
    struct weir_tcp_options o;
    uint64_t value;
    weir_tcp_options_default(&o);
    assert_int_equal(o.congestion, WEIR_CC_CUBIC);
    struct tk *k = start(WEIR_CC_NEWRENO);
    assert_int_equal(tk_info(k).congestion, WEIR_CC_NEWRENO);
    assert_int_equal(weir_tcp_get(k->stack, k->conn, WEIR_OPT_CONGESTION, &value), WEIR_OK);
    assert_int_equal(value, WEIR_CC_NEWRENO);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_CONGESTION, WEIR_CC_COUNT),
                     WEIR_EINVAL);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_CONGESTION, 256), WEIR_EINVAL);
    tk_del(k);
}

/* Another algorithm takes over in full flight: the window stays, then grows by the new one's rules. */
static void test_change_keeps_the_window(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_CC_CUBIC);
    tk_write(k, 60 * MSS);
    tk_flush(k);
    tk_in(k, A, 1, at(10), 0);
    tk_flush(k);
    uint32_t cwnd = tk_info(k).cwnd_bytes;
    assert_int_equal(cwnd, 20 * MSS);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_CONGESTION, WEIR_CC_NEWRENO),
                     WEIR_OK);
    assert_int_equal(tk_info(k).congestion, WEIR_CC_NEWRENO);
    assert_int_equal(tk_info(k).cwnd_bytes, cwnd);
    for (uint32_t i = 0; i < 4; i++) {
        tk_in_sack(k, at(10), (uint32_t[]){at(11), at(12 + i), 0});
    }
    assert_int_equal(tk_info(k).ssthresh_bytes, cwnd / 2); /* CUBIC would say 0.7 */
    tk_del(k);
}

/* BBR's state needs memory: without it CUBIC does the work, and the wish is kept. */
static void test_bbr_without_memory_is_cubic(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_CC_NEWRENO);
    uint64_t value;
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_PACING, 0),
                     WEIR_OK); /* settings of its own */
    k->heap.fail_at = 1;
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_CONGESTION, WEIR_CC_BBR), WEIR_OK);
    k->heap.fail_at = 0;
    assert_int_equal(tk_info(k).congestion, WEIR_CC_CUBIC);
    assert_int_equal(weir_tcp_get(k->stack, k->conn, WEIR_OPT_CONGESTION, &value), WEIR_OK);
    assert_int_equal(value, WEIR_CC_BBR);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_CONGESTION, WEIR_CC_BBR), WEIR_OK);
    assert_int_equal(tk_info(k).congestion, WEIR_CC_BBR);
    assert_int_equal(tk_info(k).phase, WEIR_REASON_BBR_STARTUP);
    assert_int_equal(tk_info(k).cwnd_bytes, 10 * MSS);
    assert_true(tk_info(k).pacing_rate > 0);
    tk_del(k); /* and nothing leaks */
}

/* BBR leaves in the middle of recovery: it never set ssthresh, and cwnd must not become that. */
static void test_change_in_recovery(void **state)
{
    (void)state;
    struct tk *k = start(WEIR_CC_BBR);
    tk_write(k, 20 * MSS);
    tk_advance(k, 200 * WEIR_MS); /* paced */
    size_t sent = tk_flush(k);
    assert_true(sent >= 8);
    for (uint32_t i = 0; i < 4; i++) {
        tk_in_sack(k, at(0), (uint32_t[]){at(1), at(2 + i), 0});
    }
    assert_int_equal(tk_info(k).fast_retransmit_count, 1);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_CONGESTION, WEIR_CC_CUBIC), WEIR_OK);
    tk_flush(k);
    tk_in(k, A, 1, at(10), 0);
    tk_flush(k);
    assert_true(tk_info(k).cwnd_bytes <= 20 * MSS);
    tk_in(k, A, 1, at(20), 0);
    assert_true(tk_info(k).cwnd_bytes <= 30 * MSS);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_is_delivered_over_interval),
        cmocka_unit_test(test_sacked_bytes_are_delivered),
        cmocka_unit_test(test_compressed_acks_do_not_inflate),
        cmocka_unit_test(test_application_limited_samples_are_marked),
        cmocka_unit_test(test_choice_per_connection),
        cmocka_unit_test(test_change_keeps_the_window),
        cmocka_unit_test(test_bbr_without_memory_is_cubic),
        cmocka_unit_test(test_change_in_recovery),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
