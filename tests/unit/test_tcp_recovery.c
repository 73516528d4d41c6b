/*
 * test_tcp_recovery.c - modern loss recovery: RACK (RFC 8985 6), tail loss probes (8985 7), PRR (9937), limited
 * transmit (3042), F-RTO (5682), Eifel (3522, 4015), undo by D-SACK (3708), D-SACK sent (2883).
 * Round trips take 100 ms of virtual time.
 */
#include "unit/tcp_kit.h"

#define MSS 1000u
#define RTT (100 * WEIR_MS)

static uint32_t at(uint32_t segment) /* 0 is the first */
{
    return 1 + segment * MSS;
}

static struct tk *start_with(bool sack, bool timestamps, bool gso)
{
    struct tk_setup s = tk_setup();
    s.peer.mss = timestamps ? MSS + 12 : MSS;
    s.peer.present |= sack ? WEIR_SEGMENT_SACK_PERMITTED : 0;
    s.peer.present |= timestamps ? WEIR_SEGMENT_TIMESTAMPS : 0;
    s.config.tcp.congestion = WEIR_CC_NEWRENO;
    s.link.tx_gso = gso;
    s.link.tx_gso_max = gso ? 65535 : 0;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    return k;
}

static void expect_segments(struct tk *k, uint32_t first, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        tk_expect(k, A, first + i * MSS, 1, MSS);
}

/* One segment there and back, so that SRTT and min_RTT are 100 ms; then `n` segments leave. */
static struct tk *flying(bool sack, bool timestamps, uint32_t n)
{
    struct tk *k = start_with(sack, timestamps, false);
    tk_write(k, MSS);
    expect_segments(k, at(0), 1);
    tk_advance(k, RTT);
    tk_in(k, A, 1, at(1), 0);
    tk_write(k, n * MSS);
    expect_segments(k, at(1), n);
    tk_expect_nothing(k);
    tk_advance(k, RTT);
    tk_expect_nothing(k);
    return k;
}

static void sack(struct tk *k, uint32_t ack, uint32_t first, uint32_t last)
{
    tk_in_sack(k, at(ack), (uint32_t[]){at(first), at(last), 0});
}

/* RFC 8985 6.2 step 4: one SACKed segment is not enough while reordering is possible: a quarter of min_RTT
 * later it is. */
static void test_rack_waits_for_reordering(void **state)
{
    (void)state;
    struct tk *k = flying(true, false, 5);
    weir_time from = k->now;
    sack(k, 1, 2, 3);
    tk_expect_nothing(k);
    assert_int_equal(tk_info(k).recovery, WEIR_RECOVERY_DISORDER);
    const struct tk_out *o = tk_wait(k, WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->seq, at(1));
    tk_expect_time(o->time, from + RTT / 4);
    assert_int_equal(k->last[WEIR_RECORD_LOST].u.range.reason, WEIR_REASON_RACK);
    assert_int_equal(tk_info(k).recovery, WEIR_RECOVERY_FAST);
    assert_int_equal(tk_info(k).lost_segments, 1); /* what was sent later is not */
    tk_expect_nothing(k);
    tk_del(k);
}

/* 6.2 step 4: with three segments SACKed and no reordering ever seen, at once. */
static void test_rack_three_segments(void **state)
{
    (void)state;
    struct tk *k = flying(true, false, 6);
    tk_in_sack(k, at(1), (uint32_t[]){at(3), at(6), 0});
    tk_expect(k, A, at(1), 1, MSS);
    tk_expect(k, A, at(2), 1, MSS);
    tk_expect_nothing(k);
    assert_int_equal(tk_info(k).fast_retransmit_count, 1);
    tk_del(k);
}

/* RFC 8985 6.2: a repetition that is overtaken is lost too, long before the RTO. */
static void test_lost_retransmission(void **state)
{
    (void)state;
    struct tk *k = flying(true, false, 8);
    sack(k, 1, 3, 6);
    tk_expect(k, A, at(1), 1, MSS);
    tk_advance(k, WEIR_MS);
    sack(k, 1, 3, 8);
    tk_expect(k, A, at(2), 1, MSS);
    tk_advance(k, RTT);
    sack(k, 1, 2, 8); /* the second repetition arrived, the first has not, nor the last one */
    tk_expect(k, A, at(1), 1, MSS);
    tk_expect(k, A, at(8), 1, MSS);
    assert_int_equal(k->last[WEIR_RECORD_LOST].u.range.reason, WEIR_REASON_LOST_RETRANSMISSION);
    assert_int_equal(tk_info(k).lost_retransmission_count, 1);
    assert_int_equal(tk_info(k).rto_count, 0);
    tk_advance(k, RTT / 2);
    tk_in(k, A, 1, at(9), 0);
    tk_expect_nothing(k);
    assert_int_equal(tk_info(k).recovery, WEIR_RECOVERY_OPEN);
    tk_del(k);
}

/* Reordering that was seen makes RACK wait: no second time for the same displacement. */
static void test_reordering_is_learnt(void **state)
{
    (void)state;
    struct tk *k = flying(true, false, 6);
    sack(k, 1, 2, 4);
    tk_in(k, A, 1, at(4), 0); /* 1 came after 2 and 3 */
    tk_expect_nothing(k);
    assert_int_equal(tk_info(k).reordering_count, 1);
    assert_int_equal(tk_info(k).reordering_segments, 3);
    tk_in(k, A, 1, at(7), 0);
    tk_write(k, 6 * MSS);
    expect_segments(k, at(7), 6);
    tk_advance(k, RTT);
    sack(k, 7, 8, 12); /* four SACKed, and still it waits */
    tk_expect_nothing(k);
    tk_advance(k, RTT / 5);
    tk_in(k, A, 1, at(13), 0);
    tk_expect_nothing(k);
    assert_int_equal(tk_info(k).segments_retransmitted, 0);
    assert_int_equal(tk_info(k).fast_retransmit_count, 0);
    tk_del(k);
}

/* A super-segment is one record: SACKs split it, and only the hole is sent again. */
static void test_super_segment(void **state)
{
    (void)state;
    struct tk *k = start_with(true, false, true);
    tk_write(k, 10 * MSS);
    tk_expect(k, A, at(0), 1, 5 * MSS); /* half a window at most */
    tk_expect(k, A, at(5), 1, 5 * MSS);
    tk_advance(k, RTT);
    tk_in_sack(k, at(0), (uint32_t[]){at(2), at(5), at(6), at(9), 0});
    tk_expect(k, A, at(0), 1, 2 * MSS); /* two holes: ssthresh lets this much go */
    tk_advance(k, WEIR_MS);
    tk_in_sack(k, at(0), (uint32_t[]){at(2), at(5), at(6), at(10), 0});
    tk_expect(k, A, at(5), 1, MSS);
    tk_expect_nothing(k);
    tk_advance(k, RTT);
    tk_in(k, A, 1, at(10), 0);
    assert_int_equal(tk_info(k).bytes_retransmitted, 3 * MSS);
    assert_int_equal(tk_info(k).recovery, WEIR_RECOVERY_OPEN);
    tk_expect_nothing(k);
    tk_del(k);
}

/* RFC 3042: each of the first two duplicate ACKs lets a new segment go; with and without SACK. */
static void test_limited_transmit(void **state)
{
    (void)state;
    for (int with = 0; with < 2; with++) {
        struct tk *k = start_with(with, false, false);
        tk_write(k, 20 * MSS);
        expect_segments(k, at(0), 10);
        tk_advance(k, RTT);
        for (uint32_t i = 0; i < 2; i++) {
            if (with)
                sack(k, 0, 1, 2 + i);
            else
                tk_in(k, A, 1, at(0), 0);
            expect_segments(k, at(10 + i), 1);
            tk_expect_nothing(k);
        }
        assert_int_equal(tk_info(k).cwnd_bytes, 10 * MSS);
        tk_in(k, A, 1, at(3),
              0); /* reordering: one of the three is news, and lets cwnd grow by one */
        assert_int_equal(tk_info(k).cwnd_bytes, 11 * MSS);
        expect_segments(k, at(12), 2);
        tk_expect_nothing(k);
        tk_del(k);
    }
}

/* RFC 9937: ten out, one lost: half as much leaves as arrives, and the window ends at ssthresh. */
static void test_prr(void **state)
{
    (void)state;
    struct tk *k = start_with(true, false, false);
    tk_write(k, 40 * MSS);
    expect_segments(k, at(0), 10);
    tk_advance(k, RTT);
    uint32_t sent = 0, next = 10;
    for (uint32_t i = 1; i < 10; i++) {
        tk_advance(k, WEIR_MS);
        sack(k, 0, 1, i + 1);
        const struct tk_out *o;
        while ((o = tk_next(k)) != NULL) {
            sent += o->len;
            next += o->seq == at(next);
        }
        struct weir_tcp_info info = tk_info(k);
        if (i >= 3)
            assert_true(info.unacked_bytes - info.sacked_segments * MSS <=
                        12 * MSS - i * MSS / 2 + 2 * MSS);
    }
    /* 2 by limited transmit, the repetition, one for two that arrive until ssthresh is reached */
    assert_int_equal(sent, 5 * MSS);
    tk_advance(k, RTT);
    uint32_t ssthresh = tk_info(k).ssthresh_bytes;
    tk_in(k, A, 1, at(next), 0);
    assert_int_equal(tk_info(k).recovery, WEIR_RECOVERY_OPEN);
    assert_int_equal(tk_info(k).cwnd_bytes, ssthresh);
    tk_flush(k);
    tk_del(k);
}

/* RFC 8985 7.2, 7.3: two round trips after the last segment, the last one goes again; 7.4.2: the D-SACK says
 * that both arrived, and nothing is reduced. */
static void test_tail_probe(void **state)
{
    (void)state;
    struct tk *k = start_with(true, false, false);
    tk_write(k, MSS);
    expect_segments(k, at(0), 1);
    tk_advance(k, RTT);
    tk_in(k, A, 1, at(1), 0);
    uint32_t cwnd = tk_info(k).cwnd_bytes;
    tk_write(k, 4 * MSS);
    expect_segments(k, at(1), 4);
    weir_time from = k->now;
    const struct tk_out *o = tk_wait(k, WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->seq, at(4));
    assert_int_equal(o->len, MSS);
    assert_in_range(o->time, from + 2 * RTT, from + 2 * RTT + 3 * WEIR_MS);
    assert_int_equal(tk_info(k).tail_probe_count, 1);
    tk_in(k, A, 1, at(5), 0);
    tk_in_sack(k, at(5), (uint32_t[]){at(4), at(5), 0});
    tk_write(k, MSS);
    expect_segments(k, at(5), 1);
    tk_in(k, A, 1, at(6), 0);
    assert_true(tk_info(k).cwnd_bytes >= cwnd);
    assert_int_equal(tk_info(k).rto_count, 0);
    tk_del(k);
}

/* 7.4.2: only one of the two arrived: a loss was repaired, and the window is reduced for it. */
static void test_tail_probe_repairs(void **state)
{
    (void)state;
    struct tk *k = flying(true, false, 4);
    uint32_t cwnd = tk_info(k).cwnd_bytes;
    tk_in(k, A, 1, at(4), 0); /* the last one is missing */
    const struct tk_out *o = tk_wait(k, WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->seq, at(4));
    tk_advance(k, RTT);
    tk_in(k, A, 1, at(5), 0);
    assert_true(tk_info(k).cwnd_bytes >= cwnd); /* not decided yet */
    tk_write(k, MSS);
    expect_segments(k, at(5), 1);
    tk_advance(k, RTT);
    tk_in(k, A, 1, at(6), 0);
    assert_true(tk_info(k).cwnd_bytes < cwnd);
    assert_int_equal(k->last[WEIR_RECORD_CWND].u.cwnd.reason, WEIR_REASON_TLP);
    assert_int_equal(tk_info(k).rto_count, 0);
    tk_del(k);
}

/* 7.3: new data serves as the probe, whatever cwnd says; its SACK shows RACK the tail loss. */
static void test_tail_probe_of_new_data(void **state)
{
    (void)state;
    struct tk *k = start_with(true, false, false);
    tk_write(k, 40 * MSS);
    expect_segments(k, at(0), 10);
    tk_advance(k, RTT);
    tk_in(k, A, 1, at(7), 0);
    size_t more = tk_flush(k);
    uint32_t end = 10 + (uint32_t)more;
    const struct tk_out *o = tk_wait(k, WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->seq, at(end));
    tk_advance(k, RTT);
    sack(k, 7, end, end + 1);
    tk_advance(k, RTT);
    assert_true(tk_info(k).segments_retransmitted > 0);
    assert_int_equal(tk_info(k).rto_count, 0);
    tk_del(k);
}

/* RFC 3708: the D-SACK of all that was sent again undoes the reduction, also after recovery has ended and
 * everything is acknowledged. */
static void test_undo_by_dsack(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct tk *k = flying(true, false, 8);
        uint32_t cwnd = tk_info(k).cwnd_bytes, ssthresh = tk_info(k).ssthresh_bytes;
        sack(k, 1, 2, 5);
        tk_expect(k, A, at(1), 1, MSS);
        assert_true(tk_info(k).ssthresh_bytes < ssthresh);
        if (late) {
            tk_in(k, A, 1, at(9), 0);
            assert_true(tk_info(k).cwnd_bytes < cwnd);
        }
        tk_in_sack(k, at(9), (uint32_t[]){at(1), at(2), 0});
        assert_int_equal(tk_info(k).cwnd_bytes, cwnd);
        assert_int_equal(tk_info(k).ssthresh_bytes, ssthresh);
        assert_int_equal(tk_info(k).undo_count, 1);
        assert_int_equal(tk_info(k).dsack_received_count, 1);
        assert_int_equal(tk_info(k).recovery, WEIR_RECOVERY_OPEN);
        tk_expect_nothing(k);
        tk_del(k);
    }
}

/* RFC 2883 4: old data with the end behind it is not reported, as with Linux; with our FIN out, or without theirs,
 * it is. */
static void test_dsack_before_fin(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct tk *k = start_with(true, false, false);
        tk_in(k, A, at(0), 1, MSS);
        tk_advance(k, RTT);
        tk_flush(k);
        if (i == 2) {
            weir_tcp_shutdown(k->stack, k->conn);
            tk_flush(k);
        }
        tk_in(k, i == 1 ? A : A | F, at(0), 1, MSS);
        const struct tk_out *o = tk_next(k);
        assert_non_null(o);
        assert_int_equal(o->ack, at(1) + (i != 1));
        assert_int_equal(o->s.options.sack_count, i == 0 ? 0 : 1);
        tk_del(k);
    }
}

/* A D-SACK when nothing was ever sent again is the network's own duplicate. */
static void test_dsack_of_network(void **state)
{
    (void)state;
    struct tk *k = flying(true, false, 4);
    tk_in_sack(k, at(2), (uint32_t[]){at(1), at(2), 0});
    tk_in(k, A, 1, at(5), 0);
    assert_int_equal(tk_info(k).dsack_received_count, 0);
    assert_int_equal(tk_info(k).undo_count, 0);
    tk_del(k);
}

/* RFC 3522: the ACK that ends recovery echoes the original's timestamp: it was reordering. */
static void test_eifel(void **state)
{
    (void)state;
    for (int spurious = 0; spurious < 2; spurious++) {
        struct tk *k = flying(true, true, 8);
        uint32_t cwnd = tk_info(k).cwnd_bytes, original = k->ts_ecr;
        sack(k, 1, 2, 5);
        tk_expect(k, A, at(1), 1, MSS);
        assert_true(k->ts_ecr != original);
        if (spurious)
            k->ts_ecr = original;
        tk_in(k, A, 1, at(9), 0);
        assert_int_equal(tk_info(k).undo_count, spurious);
        assert_int_equal(tk_info(k).cwnd_bytes == cwnd, spurious);
        tk_del(k);
    }
}

/* The echo of a repetition from before this recovery (here a probe) is older than what this one sends again, and does not
 * say that that was needless. */
static void test_eifel_not_by_earlier_repetition(void **state)
{
    struct tk *k = flying(true, true, 3);
    uint32_t probe;

    (void)state;
    tk_in(k, A, 1, at(3), 0);
    assert_int_equal(tk_wait(k, WEIR_S)->seq, at(3));
    probe = k->ts_ecr;
    tk_write(k, 6 * MSS);
    expect_segments(k, at(4), 6);
    tk_advance(k, RTT);
    sack(k, 3, 5, 9);
    tk_expect(k, A, at(3), 1, MSS);
    tk_expect(k, A, at(4), 1, MSS);
    assert_int_equal(tk_info(k).recovery, WEIR_RECOVERY_FAST);
    k->ts_ecr = probe;
    tk_in_sack(k, at(4), (uint32_t[]){at(5), at(9), 0});
    assert_int_equal(tk_info(k).undo_count, 0);
    assert_int_equal(tk_info(k).recovery, WEIR_RECOVERY_FAST);
    tk_del(k);
}

/* RFC 5682 2.1, 3.1: after the timeout two new segments go; what was sent once is acknowledged: nothing was
 * lost, nothing else is repeated, and the windows are what they were. */
static void test_frto_spurious(void **state)
{
    (void)state;
    for (int with = 0; with < 2; with++) {
        struct tk *k = start_with(with, false, false);
        tk_write(k, 30 * MSS);
        expect_segments(k, at(0), 10);
        uint32_t cwnd = tk_info(k).cwnd_bytes;
        const struct tk_out *o;
        do {
            o = tk_wait(k, 10 * WEIR_S);
            assert_non_null(o);
        } while (o->seq != at(0)); /* with SACK a probe comes first */
        uint32_t next = with ? 11 : 10;
        tk_in(k, A, 1, at(1), 0);
        expect_segments(k, at(next), 2);
        tk_expect_nothing(k);
        tk_in(k, A, 1, at(3), 0);
        struct weir_tcp_info info = tk_info(k);
        assert_true(info.cwnd_bytes >= cwnd);
        assert_int_equal(info.spurious_rto_count, 1);
        assert_int_equal(info.segments_retransmitted, 1);
        assert_int_equal(info.recovery, WEIR_RECOVERY_OPEN);
        while ((o = tk_next(k)) != NULL)
            assert_true(o->seq >= at(next + 2));
        tk_del(k);
    }
}

/* Step 3 (a): a duplicate instead: the loss was real, and the rest is repeated in slow start. */
static void test_frto_genuine(void **state)
{
    (void)state;
    struct tk *k = start_with(false, false, false);
    tk_write(k, 30 * MSS);
    expect_segments(k, at(0), 10);
    assert_non_null(tk_wait(k, 10 * WEIR_S));
    tk_in(k, A, 1, at(1), 0);
    expect_segments(k, at(10), 2);
    tk_in(k, A, 1, at(1), 0);
    tk_expect(k, A, at(1), 1, MSS);
    assert_int_equal(tk_info(k).spurious_rto_count, 0);
    assert_int_equal(tk_info(k).recovery, WEIR_RECOVERY_LOSS);
    tk_flush(k);
    tk_del(k);
}

/* The ACK that ends the recovery of a timeout is slow start's like any other (RFC 5681 3.1). */
static void test_slow_start_after_timeout(void **state)
{
    (void)state;
    struct tk *k = start_with(false, false, false);
    tk_write(k, MSS);
    expect_segments(k, at(0), 1);
    assert_non_null(tk_wait(k, 10 * WEIR_S));
    assert_int_equal(tk_info(k).cwnd_bytes, MSS);
    tk_in(k, A, 1, at(1), 0);
    assert_int_equal(tk_info(k).cwnd_bytes, 2 * MSS);
    assert_int_equal(tk_info(k).recovery, WEIR_RECOVERY_OPEN);
    tk_del(k);
}

static void expect_blocks(struct tk *k, uint32_t ack, const uint32_t *pairs)
{
    const struct tk_out *o = tk_expect(k, A, 1, ack, 0);
    uint32_t n = 0;
    for (; pairs[2 * n] != 0; n++) {
        assert_true(n < o->s.options.sack_count);
        assert_int_equal(o->s.options.sack[n].start - k->peer_iss, pairs[2 * n]);
        assert_int_equal(o->s.options.sack[n].end - k->peer_iss, pairs[2 * n + 1]);
    }
    assert_int_equal(o->s.options.sack_count, n);
}

/* RFC 2883 4: below the ACK, within what waits, in an overlap; the first block, once each; behind it the block
 * that holds it, then the others, the latest first (RFC 2018 4). */
static void test_dsack_sent(void **state)
{
    (void)state;
    struct tk *k = start_with(true, false, false);
    tk_in(k, A, at(0), 1, MSS);
    tk_advance(k, RTT);
    tk_flush(k);
    tk_in(k, A, at(0), 1, MSS); /* again */
    expect_blocks(k, at(1), (uint32_t[]){at(0), at(1), 0});
    tk_in(k, A, at(2), 1, MSS);
    expect_blocks(k, at(1), (uint32_t[]){at(2), at(3), 0});
    tk_in(k, A, at(4), 1, 2 * MSS);
    expect_blocks(k, at(1), (uint32_t[]){at(4), at(6), at(2), at(3), 0});
    tk_in(k, A, at(4), 1, MSS); /* part of a block */
    expect_blocks(k, at(1), (uint32_t[]){at(4), at(5), at(4), at(6), at(2), at(3), 0});
    tk_in(k, A, at(0) + 500, 1, MSS); /* old and new: the old part is told */
    expect_blocks(k, at(1) + 500, (uint32_t[]){at(0) + 500, at(1), at(4), at(6), at(2), at(3), 0});
    tk_in(k, A, at(1) + 500, 1, 1500); /* fills the hole and overlaps */
    expect_blocks(k, at(3), (uint32_t[]){at(2), at(3), at(4), at(6), 0});
    tk_expect_nothing(k);
    assert_int_equal(tk_info(k).dsack_sent_count, 4);
    tk_del(k);
}

/* A segment that spans several held pieces fills every gap between them. */
static void test_spanning_segment(void **state)
{
    (void)state;
    struct tk *k = start_with(true, false, false);
    tk_in(k, A, 201, 1, 100);
    tk_in(k, A, 401, 1, 100);
    tk_in(k, A, 601, 1, 100);
    tk_flush(k);
    tk_in(k, A, 101, 1, 700);
    expect_blocks(k, 1, (uint32_t[]){201, 301, 101, 801, 0});
    tk_in(k, A, 1, 1, 100);
    tk_expect(k, A, 1, 801, 0);
    tk_read(k, 800);
    tk_expect_nothing(k);
    tk_del(k);
}

/* What the device dropped goes again at once; duplicates of what left before it are not taken for its loss. */
static void test_device_drop_then_duplicates(void **state)
{
    (void)state;
    for (int with = 0; with < 2; with++) {
        struct tk *k = start_with(with, false, false);
        k->hold = true;
        tk_write(k, 6 * MSS);
        tk_flush(k);
        tk_done(k, 0, 1, WEIR_FRAME_DROPPED);
        tk_flush(k);
        while (k->held_count)
            tk_done(k, 0, 1, WEIR_FRAME_SENT);
        k->hold = false;
        tk_advance(k, RTT);
        for (uint32_t i = 0; i < 5; i++) {
            if (with)
                sack(k, 0, 1, 2 + i);
            else
                tk_in(k, A, 1, at(0), 0);
        }
        tk_expect_nothing(k);
        assert_int_equal(tk_info(k).fast_retransmit_count, 0);
        tk_in(k, A, 1, at(6), 0);
        assert_int_equal(tk_info(k).segments_retransmitted, 1);
        tk_del(k);
    }
}

/* All of it across the wrap of sequence numbers. */
static void test_wraparound(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.peer.mss = MSS;
    s.peer.present |= WEIR_SEGMENT_SACK_PERMITTED;
    s.config.tcp.congestion = WEIR_CC_NEWRENO;
    s.peer_iss = 0xfffffe00u;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    tk_in(k, A, at(1), 1, MSS); /* blocks of ours on both sides of zero */
    expect_blocks(k, 1, (uint32_t[]){at(1), at(2), 0});
    tk_in(k, A, at(0), 1, MSS);
    tk_expect(k, A, 1, at(2), 0);
    tk_in(k, A, at(0), 1, 2 * MSS);
    expect_blocks(k, at(2), (uint32_t[]){at(0), at(2), 0});
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rack_waits_for_reordering),
        cmocka_unit_test(test_rack_three_segments),
        cmocka_unit_test(test_lost_retransmission),
        cmocka_unit_test(test_reordering_is_learnt),
        cmocka_unit_test(test_super_segment),
        cmocka_unit_test(test_limited_transmit),
        cmocka_unit_test(test_prr),
        cmocka_unit_test(test_tail_probe),
        cmocka_unit_test(test_tail_probe_repairs),
        cmocka_unit_test(test_tail_probe_of_new_data),
        cmocka_unit_test(test_undo_by_dsack),
        cmocka_unit_test(test_dsack_of_network),
        cmocka_unit_test(test_eifel),
        cmocka_unit_test(test_eifel_not_by_earlier_repetition),
        cmocka_unit_test(test_frto_spurious),
        cmocka_unit_test(test_frto_genuine),
        cmocka_unit_test(test_slow_start_after_timeout),
        cmocka_unit_test(test_dsack_sent),
        cmocka_unit_test(test_dsack_before_fin),
        cmocka_unit_test(test_spanning_segment),
        cmocka_unit_test(test_device_drop_then_duplicates),
        cmocka_unit_test(test_wraparound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
