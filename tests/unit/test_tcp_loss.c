/* test_tcp_loss.c - retransmission: RTO (RFC 6298), fast retransmit with and without SACK (RFC 5681,
 * 6582, 6675), congestion window and threshold, round-trip samples. */
#include "unit/tcp_kit.h"

#define MSS 1460u

static struct tk *start(bool sack)
{
    struct tk_setup s = tk_setup();
    s.config.tcp.congestion = WEIR_CC_NEWRENO;
    if (sack)
        s.peer.present |= WEIR_SEGMENT_SACK_PERMITTED;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    return k;
}

static void expect_segments(struct tk *k, uint32_t first, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        tk_expect(k, A, first + i * MSS, 1, MSS);
}

static uint32_t at(uint32_t segment) /* 0 is the first */
{
    return 1 + segment * MSS;
}

/* RFC 6928, MUST-19: ten segments first; slow start adds what is acknowledged. */
static void test_initial_window_and_slow_start(void **state)
{
    (void)state;
    struct tk *k = start(false);
    assert_int_equal(tk_info(k).cwnd_bytes, 10 * MSS);
    tk_write(k, 60 * MSS);
    expect_segments(k, at(0), 10);
    tk_expect_nothing(k);
    tk_in(k, A, 1, at(1), 0);
    expect_segments(k, at(10), 2);
    tk_expect_nothing(k);
    tk_in(k, A, 1, at(3), 0);
    expect_segments(k, at(12), 4);
    tk_expect_nothing(k);
    assert_int_equal(tk_info(k).cwnd_bytes, 13 * MSS);
    tk_del(k);
}

/* Limited by the peer's window, not by cwnd. */
static void test_peer_window_limits(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.peer_window = 4000;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    tk_write(k, 20000);
    expect_segments(k, at(0), 2);
    tk_expect_nothing(k); /* 1080 bytes are left: less than a segment waits (MUST-38) */
    tk_in(k, A, 1, at(1), 0);
    expect_segments(k, at(2), 1);
    tk_expect_nothing(k);
    assert_int_equal(k->last[WEIR_RECORD_LIMIT].u.limit.limit, WEIR_LIMIT_WINDOW);
    tk_del(k);
}

/* MUST-18: first RTO 1 s, doubled each time, the oldest segment alone; an ACK restarts. With SACK a tail loss
 * probe takes the place of the first (RFC 8985 7.2: one second without an RTT). */
static void test_rto(void **state)
{
    (void)state;
    for (int sack = 0; sack < 2; sack++) {
        struct tk *k = start(sack);
        weir_tcp_set(k->stack, k->conn, WEIR_OPT_MTU_PROBING, WEIR_MTU_PROBING_OFF);
        tk_write(k, 4 * MSS);
        expect_segments(k, at(0), 4);
        weir_time last = k->now, wait = WEIR_S;
        if (sack) {
            const struct tk_out *probe = tk_wait(k, 300 * WEIR_S);
            assert_non_null(probe);
            assert_int_equal(probe->seq, at(3));
            assert_int_equal(probe->len, MSS);
            tk_expect_time(probe->time, last + WEIR_S);
            last = probe->time;
        }
        for (int i = 0; i < 5; i++) {
            const struct tk_out *o = tk_wait(k, 300 * WEIR_S);
            assert_non_null(o);
            assert_int_equal(o->seq, at(0));
            assert_int_equal(o->len, MSS);
            tk_expect_time(o->time, last + wait);
            tk_expect_nothing(k); /* RFC 5681: loss window of one segment */
            assert_int_equal(tk_info(k).cwnd_bytes, MSS);
            assert_int_equal(tk_info(k).ssthresh_bytes, 2 * MSS);
            last = o->time;
            wait *= 2;
        }
        tk_in(k, A, 1, at(1), 0); /* slow start from there */
        expect_segments(k, at(1), 2);
        tk_expect_nothing(k);
        tk_in(k, A, 1, at(4), 0);
        tk_expect_nothing(k);
        tk_expect_event(k, WEIR_EVENT_SENT_ALL);
        assert_int_equal(tk_info(k).rto_count, 5);
        tk_del(k);
    }
}

/* RFC 6298 5.3: an ACK of new data restarts the timer; 5.2: it stops when nothing is out. */
static void test_rto_restart(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_write(k, 2 * MSS);
    expect_segments(k, at(0), 2);
    tk_advance(k, 600 * WEIR_MS);
    tk_in(k, A, 1, at(1), 0); /* sample 600 ms: SRTT 600, RTTVAR 300, RTO 1800 */
    struct weir_tcp_info info = tk_info(k);
    assert_in_range(info.srtt, 600 * WEIR_MS, 601 * WEIR_MS);
    assert_in_range(info.rttvar, 300 * WEIR_MS, 301 * WEIR_MS);
    assert_in_range(info.rto, 1800 * WEIR_MS, 1802 * WEIR_MS);
    weir_time from = k->now;
    const struct tk_out *o = tk_wait(k, 10 * WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->seq, at(1));
    assert_in_range(o->time, from + 1800 * WEIR_MS, from + 1802 * WEIR_MS);
    tk_in(k, A, 1, at(2), 0);
    assert_null(tk_wait(k, 1000 * WEIR_S));
    tk_del(k);
}

/* Karn: what was sent twice gives no sample, nor does what it covers (no timestamps). */
static void test_karn(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_write(k, 3 * MSS);
    expect_segments(k, at(0), 3);
    assert_non_null(tk_wait(k, 10 * WEIR_S));
    tk_advance(k, 300 * WEIR_MS);
    uint32_t samples = k->record_count[WEIR_RECORD_RTT];
    tk_in(k, A, 1, at(3), 0); /* 2 and 3 waited at the receiver for 1: no measure of the path */
    assert_int_equal(k->record_count[WEIR_RECORD_RTT], samples);
    assert_int_equal(tk_info(k).srtt, 0);
    tk_del(k);
}

/* With timestamps the echo gives a sample even then (RFC 7323 4). */
static void test_sample_by_timestamp(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup_modern();
    struct tk *k = tk_new(&s);
    tk_passive(k);
    tk_write(k, 1000);
    const struct tk_out *o = tk_expect(k, A, 1, 1, 1000);
    uint32_t first = o->s.options.ts_val;
    o = tk_wait(k, 10 * WEIR_S);
    assert_non_null(o);
    assert_int_not_equal(o->s.options.ts_val, first);
    tk_advance(k, 50 * WEIR_MS);
    tk_in(k, A, 1, 1001, 0);
    assert_in_range(tk_info(k).srtt, 49 * WEIR_MS, 52 * WEIR_MS);
    tk_del(k);
}

/* RFC 5681 3.2: the third duplicate ACK sends the missing segment at once, and only it; ssthresh and
 * cwnd are half the flight; each further duplicate is a segment that left. */
static void test_fast_retransmit(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_write(k, 40 * MSS);
    expect_segments(k, at(0), 10);
    tk_in(k, A, 1, at(0), 0);
    tk_in(k, A, 1, at(0), 0);
    size_t limited = tk_flush(k); /* RFC 3042 allows one new segment for each of the two */
    assert_true(limited <= 2);
    tk_in(k, A, 1, at(0), 0);
    tk_expect(k, A, at(0), 1, MSS);
    tk_expect_nothing(k);
    struct weir_tcp_info info = tk_info(k);
    assert_int_equal(info.fast_retransmit_count, 1);
    assert_int_equal(info.segments_retransmitted, 1);
    assert_in_range(info.ssthresh_bytes, 5 * MSS, 6 * MSS);
    assert_int_equal(info.cwnd_bytes, 9 * MSS); /* RFC 9937: 12 out, 3 arrived, 1 lost, 1 goes */
    /* the other nine duplicates: new data as the pipe drains, never the old */
    for (int i = 0; i < 6; i++)
        tk_in(k, A, 1, at(0), 0);
    const struct tk_out *o;
    while ((o = tk_next(k)) != NULL)
        assert_true(o->seq >= at(10));
    uint32_t edge = (uint32_t)tk_info(k).unacked_bytes + 1;
    tk_in(k, A, 1, edge, 0);
    info = tk_info(k);
    assert_true(info.cwnd_bytes <= info.ssthresh_bytes + MSS);
    assert_in_range(info.ssthresh_bytes, 5 * MSS, 6 * MSS);
    tk_flush(k);
    assert_int_equal(tk_info(k).segments_retransmitted, 1);
    tk_del(k);
}

/* What is no duplicate ACK: with data, with another window, of nothing outstanding (RFC 5681 2). */
static void test_not_duplicate_acks(void **state)
{
    (void)state;
    struct tk *k = start(false);
    for (int i = 0; i < 4; i++)
        tk_in(k, A, 1, 1, 0); /* nothing outstanding */
    tk_expect_nothing(k);
    tk_write(k, 3 * MSS);
    expect_segments(k, at(0), 3);
    for (uint16_t i = 0; i < 4; i++) {
        k->window = (uint16_t)(60000 + i);
        tk_in(k, A, 1, 1, 0);
    }
    for (uint32_t i = 0; i < 4; i++)
        tk_in(k, A, 1 + i * 10, 1, 10);
    const struct tk_out *o;
    while ((o = tk_next(k)) != NULL)
        assert_int_equal(o->len, 0);
    assert_int_equal(tk_info(k).fast_retransmit_count, 0);
    tk_del(k);
}

/* RFC 6582: a partial ACK says that the next one is missing too: it goes at once, cwnd does not fall
 * again, and recovery ends with the ACK of everything that was out. */
static void test_newreno_partial_ack(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_write(k, 10 * MSS);
    expect_segments(k, at(0), 10);
    for (int i = 0; i < 7; i++)
        tk_in(k, A, 1, at(0), 0);
    tk_expect(k, A, at(0), 1, MSS);
    tk_expect_nothing(k);
    uint32_t ssthresh = tk_info(k).ssthresh_bytes;
    tk_in(k, A, 1, at(2), 0);
    tk_expect(k, A, at(2), 1, MSS);
    tk_expect_nothing(k);
    tk_in(k, A, 1, at(5), 0);
    tk_expect(k, A, at(5), 1, MSS);
    tk_expect_nothing(k);
    assert_int_equal(tk_info(k).ssthresh_bytes, ssthresh);
    tk_in(k, A, 1, at(10), 0);
    struct weir_tcp_info info = tk_info(k);
    assert_int_equal(info.fast_retransmit_count, 1);
    assert_int_equal(info.segments_retransmitted, 3);
    assert_true(info.cwnd_bytes <= ssthresh);
    tk_expect_nothing(k);
    tk_del(k);
}

/* RFC 6582 3.2 step 1: duplicates of what a timeout sent again start no fast retransmit. */
static void test_no_fast_retransmit_after_rto(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_write(k, 6 * MSS);
    expect_segments(k, at(0), 6);
    assert_non_null(tk_wait(k, 2 * WEIR_S));
    for (int i = 0; i < 5; i++)
        tk_in(k, A, 1, at(0), 0);
    tk_flush(k);
    assert_int_equal(tk_info(k).fast_retransmit_count, 0);
    tk_del(k);
}

/* RFC 6675 (and MUST-5: options count on any segment): only the holes are sent again, at once, the first whatever cwnd says. */
static void test_sack_recovery(void **state)
{
    (void)state;
    struct tk *k = start(true);
    tk_write(k, 10 * MSS);
    expect_segments(k, at(0), 10);
    tk_advance(k, 10 * WEIR_MS);
    tk_in_sack(k, at(0), (uint32_t[]){at(1), at(2), 0});
    tk_in_sack(k, at(0), (uint32_t[]){at(1), at(3), 0});
    tk_expect_nothing(k);
    tk_in_sack(k, at(0), (uint32_t[]){at(4), at(5), at(1), at(3), 0});
    tk_expect(k, A, at(0), 1, MSS);
    tk_expect_nothing(k);
    tk_advance(k, WEIR_MS);
    struct weir_tcp_info info = tk_info(k);
    assert_int_equal(info.fast_retransmit_count, 1);
    assert_int_equal(info.ssthresh_bytes, 5 * MSS);
    assert_int_equal(info.cwnd_bytes, 6 * MSS); /* RFC 9937: the first goes at once */
    assert_int_equal(info.lost_segments, 2);    /* RFC 8985: both left before the fifth */
    tk_in_sack(k, at(0), (uint32_t[]){at(4), at(6), at(1), at(3), 0});
    tk_in_sack(k, at(0), (uint32_t[]){at(4), at(7), at(1), at(3), 0});
    tk_expect(k, A, at(3), 1, MSS);
    tk_in_sack(k, at(0), (uint32_t[]){at(4), at(10), at(1), at(3), 0});
    tk_expect_nothing(k);
    tk_in_sack(k, at(3), (uint32_t[]){at(4), at(10), 0});
    tk_expect_nothing(k); /* 3 is under way */
    tk_in(k, A, 1, at(10), 0);
    tk_expect_nothing(k);
    info = tk_info(k);
    assert_int_equal(info.segments_retransmitted, 2);
    assert_int_equal(info.bytes_retransmitted, 2 * MSS);
    assert_int_equal(info.fast_retransmit_count, 1);
    assert_int_equal(info.rto_count, 0);
    tk_del(k);
}

/* Nonsense blocks change nothing: reversed, beyond what was sent, below the ACK (RFC 2883), empty. */
static void test_sack_nonsense(void **state)
{
    (void)state;
    struct tk *k = start(true);
    tk_write(k, 10 * MSS);
    expect_segments(k, at(0), 10);
    tk_in(k, A, 1, at(2), 0);
    tk_flush(k);
    for (int i = 0; i < 4; i++) {
        tk_in_sack(k, at(2), (uint32_t[]){at(5), at(4), at(6), at(6), 0});
        tk_in_sack(k, at(2), (uint32_t[]){at(9), at(40), at(30), at(31), 0});
        tk_in_sack(k, at(2), (uint32_t[]){at(0), at(1), 0});
        tk_in_sack(k, at(2), (uint32_t[]){0x80000000u, 0x90000000u, 0xfffffff0u, 5, 0});
    }
    tk_expect_nothing(k);
    assert_int_equal(tk_info(k).fast_retransmit_count, 0);
    tk_del(k);
}

/* A block that ends in the middle of a segment counts for the whole ones in it: a record is never cut where
 * no segment ended, and what is sent again are the segments that were sent before. */
static void test_sack_split(void **state)
{
    (void)state;
    struct tk *k = start(true);
    tk_write(k, 10 * MSS);
    expect_segments(k, at(0), 10);
    tk_in_sack(k, at(0), (uint32_t[]){at(0) + 700, at(0) + 800, 0});
    assert_int_equal(tk_info(k).sacked_segments, 0);
    tk_in_sack(k, at(0), (uint32_t[]){at(2) + 1, at(6) - 1, 0});
    assert_int_equal(tk_info(k).sacked_segments, 2);
    tk_in_sack(k, at(0), (uint32_t[]){at(2) + 1, at(9), 0});
    tk_in_sack(k, at(0), (uint32_t[]){at(2) + 1, at(10), 0});
    tk_expect(k, A, at(0), 1, MSS);
    tk_expect(k, A, at(1), 1, MSS);
    tk_expect(k, A, at(2), 1, MSS);
    tk_expect_nothing(k);
    tk_in(k, A, 1, at(4) + 750, 0); /* an ACK inside of a SACKed piece */
    tk_in(k, A, 1, at(10), 0);
    tk_expect_nothing(k);
    tk_expect_event(k, WEIR_EVENT_SENT_ALL);
    tk_del(k);
}

/* RTO with SACK: what is SACKed is not sent again. */
static void test_rto_keeps_sacked(void **state)
{
    (void)state;
    struct tk *k = start(true);
    tk_write(k, 5 * MSS);
    expect_segments(k, at(0), 5);
    tk_in_sack(k, at(0), (uint32_t[]){at(1), at(3), 0});
    const struct tk_out *o = tk_wait(k, 5 * WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->seq, at(0)); /* RACK's timer */
    o = tk_wait(k, 5 * WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->seq, at(0)); /* the RTO */
    assert_int_equal(tk_info(k).rto_count, 1);
    tk_expect_nothing(k);
    tk_in(k, A, 1, at(3), 0);
    expect_segments(k, at(3), 2);
    tk_expect_nothing(k);
    tk_in(k, A, 1, at(5), 0);
    tk_expect_nothing(k);
    tk_del(k);
}

/* RFC 5681 4.1: after an idle RTO the window is at most the initial one. */
static void test_restart_after_idle(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_write(k, 40 * MSS);
    expect_segments(k, at(0), 10);
    tk_in(k, A, 1, at(10), 0);
    expect_segments(k, at(10), 20);
    tk_in(k, A, 1, at(30), 0);
    expect_segments(k, at(30), 10);
    tk_in(k, A, 1, at(40), 0);
    assert_true(tk_info(k).cwnd_bytes > 20 * MSS);
    tk_advance(k, 60 * WEIR_S);
    tk_write(k, 40 * MSS);
    expect_segments(k, at(40), 10);
    tk_expect_nothing(k);
    tk_del(k);
}

/* Congestion avoidance: about one segment per window's worth of ACKs. */
static void test_congestion_avoidance(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_write(k, 200 * MSS);
    tk_flush(k);
    assert_non_null(tk_wait(k, 2 * WEIR_S)); /* RTO: ssthresh 5 segments */
    assert_int_equal(tk_info(k).ssthresh_bytes, 5 * MSS);
    tk_in(k, A, 1, at(0), 0); /* a duplicate: the timeout was no mistake (RFC 5682) */
    uint32_t una = 0;
    while (tk_info(k).cwnd_bytes < 6 * MSS) {
        una++;
        tk_in(k, A, 1, at(una), 0);
        tk_flush(k);
        assert_true(una < 40);
    }
    uint32_t cwnd = tk_info(k).cwnd_bytes, acks = 0;
    assert_true(cwnd <= 7 * MSS);
    while (tk_info(k).cwnd_bytes < cwnd + MSS) {
        una++;
        tk_in(k, A, 1, at(una), 0);
        tk_flush(k);
        acks++;
        assert_true(acks < 40);
    }
    assert_in_range(acks, cwnd / MSS, cwnd / MSS + 2);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_initial_window_and_slow_start),
        cmocka_unit_test(test_peer_window_limits),
        cmocka_unit_test(test_rto),
        cmocka_unit_test(test_rto_restart),
        cmocka_unit_test(test_karn),
        cmocka_unit_test(test_sample_by_timestamp),
        cmocka_unit_test(test_fast_retransmit),
        cmocka_unit_test(test_not_duplicate_acks),
        cmocka_unit_test(test_newreno_partial_ack),
        cmocka_unit_test(test_no_fast_retransmit_after_rto),
        cmocka_unit_test(test_sack_recovery),
        cmocka_unit_test(test_sack_nonsense),
        cmocka_unit_test(test_sack_split),
        cmocka_unit_test(test_rto_keeps_sacked),
        cmocka_unit_test(test_restart_after_idle),
        cmocka_unit_test(test_congestion_avoidance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
