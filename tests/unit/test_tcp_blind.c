/* test_tcp_blind.c - attacks from off the path (RFC 5961, RFC 5927) and what ICMP may do. */
#include "unit/tcp_kit.h"

#include "wire/icmp.h"

static struct tk *start(bool v6)
{
    struct tk_setup s = tk_setup();
    s.v6 = v6;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    return k;
}

/* The next challenge is answered again; what timers sent meanwhile is forgotten. */
static void half_a_second(struct tk *k)
{
    tk_advance(k, 501 * WEIR_MS);
    tk_flush(k);
}

/* RFC 5961 3, U-5: exactly rcv_nxt resets; elsewhere in the window: challenge ACK; outside: nothing. */
static void test_rst(void **state)
{
    static const uint32_t outside[] = {0, 0u - 5u, 65537, 0x80000000u};
    (void)state;
    for (int i = WEIR_TCP_ESTABLISHED; i <= WEIR_TCP_LAST_ACK; i++) {
        struct tk *k = start(false);
        tk_to(k, (enum weir_tcp_state)i);
        uint32_t nxt =
            i == WEIR_TCP_CLOSE_WAIT || i == WEIR_TCP_LAST_ACK || i == WEIR_TCP_CLOSING ? 2 : 1;
        for (size_t j = 0; j < ARRAY_SIZE(outside); j++)
            tk_in(k, R, outside[j], 0, 0);
        tk_expect_nothing(k);
        tk_in(k, R, nxt + 1, 0, 0);
        const struct tk_out *o = tk_next(k);
        assert_non_null(o);
        assert_int_equal(o->flags, A);
        assert_int_equal(o->ack, nxt);
        tk_in(k, R, 60000, 0, 0); /* not twice in half a second */
        tk_expect_nothing(k);
        half_a_second(k);
        tk_in(k, R, 60000, 0, 0);
        assert_non_null(tk_next(k));
        tk_expect_nothing(k);
        tk_expect_state(k, (enum weir_tcp_state)i);
        tk_in(k, R, nxt, 0, 0);
        tk_expect_state(k, WEIR_TCP_CLOSED);
        tk_expect_nothing(k);
        tk_del(k);
    }
}

/* RFC 5961 4, U-6: a SYN, wherever, is answered with a challenge ACK and changes nothing. */
static void test_syn(void **state)
{
    static const uint32_t seqs[] = {0, 1, 2, 1000, 70000, 0x80000000u, 0u - 9u};
    (void)state;
    for (int i = WEIR_TCP_ESTABLISHED; i <= WEIR_TCP_LAST_ACK; i++) {
        struct tk *k = start(false);
        tk_to(k, (enum weir_tcp_state)i);
        for (size_t j = 0; j < 2 * ARRAY_SIZE(seqs); j++) {
            tk_in(k, j % 2 == 0 ? S : S | A, seqs[j / 2], 1, 0);
            const struct tk_out *o = tk_next(k);
            assert_non_null(o);
            assert_int_equal(o->flags, A);
            tk_expect_nothing(k);
            half_a_second(k);
        }
        tk_expect_state(k, (enum weir_tcp_state)i);
        tk_del(k);
    }
}

/* RFC 5961 5, U-7: SND.UNA - MAX.SND.WND <= SEG.ACK <= SND.NXT, else challenge and drop, data and all. */
static void test_ack_range(void **state)
{
    (void)state;
    struct tk *k = start(false);
    k->window = 10000;
    tk_in(k, A, 1, 1, 0);
    for (uint32_t i = 0; i < 20; i++) { /* una far from the ISN */
        tk_write(k, 5000);
        tk_flush(k);
        tk_in(k, A, 1, 5001 + i * 5000, 0);
    }
    tk_flush(k);
    uint32_t una = 100001, widest = 65535; /* the handshake's window */
    static const int32_t bad[] = {1, 1000, 0x7fffffff, -65536, -70000};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        tk_in(k, A, 1, una + (uint32_t)bad[i], 10);
        tk_expect(k, A, una, 1, 0);
        tk_expect_nothing(k);
        assert_int_equal(tk_info(k).unread_bytes, 0);
        half_a_second(k);
    }
    tk_in(k, A, 1, una - widest, 10); /* old but acceptable: its data counts */
    assert_int_equal(tk_info(k).unread_bytes, 10);
    tk_del(k);
}

/* RFC 5961 5.2: however large the window was, nothing before the first byte was ever there to be
 * acknowledged. */
static void test_ack_before_isn(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_write(k, 1000);
    tk_flush(k);
    tk_in(k, A, 1, 1001, 0);
    tk_in(k, A, 1, 0, 10);
    tk_expect(k, A, 1001, 1, 0);
    tk_in(k, A, 1, 0u - 100u, 10);
    assert_int_equal(tk_info(k).unread_bytes, 0);
    tk_in(k, A, 1, 1, 10);
    assert_int_equal(tk_info(k).unread_bytes, 10);
    tk_del(k);
}

/* RFC 5961 3 with SACK: the peer is at the end of what we SACKed; a RST there is its own. The ends of the
 * other blocks are not. */
static void test_rst_sacked_edge(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup_modern();
    struct tk *k = tk_new(&s);
    tk_passive(k);
    tk_in(k, A, 3001, 1, 100);
    tk_in(k, A, 1001, 1, 100);
    tk_flush(k);
    tk_in(k, R, 1101, 0, 0);
    assert_non_null(tk_next(k));
    tk_expect_state(k, WEIR_TCP_ESTABLISHED);
    tk_in(k, R, 3101, 0, 0);
    tk_expect_state(k, WEIR_TCP_CLOSED);
    tk_expect_nothing(k);
    tk_del(k);
}

/* A RST that names the peer's FIN itself. */
static void test_rst_at_fin(void **state)
{
    static const enum weir_tcp_state states[] = {WEIR_TCP_CLOSE_WAIT, WEIR_TCP_CLOSING,
                                                 WEIR_TCP_LAST_ACK};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
        struct tk *k = start(false);
        tk_to(k, states[i]);
        tk_in(k, R, 1, 0, 0);
        tk_expect_state(k, WEIR_TCP_CLOSED);
        tk_del(k);
    }
}

/* Once negotiated, what has no timestamp is taken all the same and leaves ts_recent alone (RFC 7323 3.2 says
 * SHOULD drop: docs/tcp.md); 5.2: RST is exempt from PAWS. */
static void test_missing_timestamp(void **state)
{
    (void)state;
    for (int rst = 0; rst < 2; rst++) {
        struct tk_setup s = tk_setup_modern();
        struct tk *k = tk_new(&s);
        tk_passive(k);
        tk_in(k, A, 1, 1, 100);
        tk_flush(k);
        k->ts = false;
        tk_in(k, A, 101, 1, 100);
        tk_in(k, A, 301, 1, 100);
        tk_flush(k);
        assert_int_equal(tk_info(k).unread_bytes, 200);
        tk_in(k, A, 201, 1, 100);
        tk_flush(k);
        assert_int_equal(tk_info(k).unread_bytes, 400);
        k->ts = true;
        k->ts_val -= 100000;
        tk_in(k, A, 401, 1, 100);
        assert_int_equal(tk_drops(k, WEIR_DROP_PAWS), 1);
        assert_int_equal(tk_info(k).unread_bytes, 400);
        tk_flush(k);
        k->ts = rst;
        tk_in(k, R, 401, 0, 0);
        tk_expect_state(k, WEIR_TCP_CLOSED);
        tk_del(k);
    }
}

/* The same for the ACK that completes a handshake. */
static void test_missing_timestamp_half_open(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup_modern();
    struct tk *k = tk_new(&s);
    tk_syn_received(k);
    k->ts = false;
    tk_in(k, A, 1, 1, 0);
    tk_expect_nothing(k);
    assert_int_equal(tk_stats(k).half_open, 0);
    tk_del(k);
}

/* An ACK that is not ours to take is answered once in half a second, so that two confused ends do not go on
 * for ever; data is answered each time (RFC 5681 4.2). PAWS counts as the same. */
static void test_out_of_window_limit(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup_modern();
    struct tk *k = tk_new(&s);
    tk_passive(k);
    tk_in(k, A, 1, 1, 100);
    tk_flush(k);
    tk_advance(k, WEIR_S);
    tk_flush(k);
    for (int round = 0; round < 2; round++) {
        tk_in(k, A, 0u - 5000u, 1, 0);
        tk_expect(k, A, 1, 101, 0);
        k->ts_val -= 100000;
        tk_in(k, A, 101, 1, 0);
        k->ts_val += 100000;
        for (int i = 0; i < 10; i++)
            tk_in(k, A, 0u - 5000u, 1, 0);
        tk_expect_nothing(k);
        for (int i = 0; i < 3; i++) {
            tk_in(k, A, 1, 1, 100);
            tk_expect(k, A, 1, 101, 0);
        }
        half_a_second(k);
    }
    k->ts_val -= 100000;
    tk_in(k, A, 101, 1, 0);
    tk_expect(k, A, 1, 101, 0);
    tk_del(k);
}

/* A segment without ACK is dropped silently. */
static void test_no_ack(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_in(k, 0, 1, 0, 10);
    tk_in(k, F, 1, 0, 0);
    tk_expect_nothing(k);
    tk_expect_state(k, WEIR_TCP_ESTABLISHED);
    assert_int_equal(tk_info(k).unread_bytes, 0);
    tk_del(k);
}

/* The connection's limit can be switched off; the stack's is left. */
static void test_challenge_limit_off(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.config.challenge_spacing = 0;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    for (int i = 0; i < 40; i++) {
        tk_in(k, S, 1, 0, 0);
        assert_int_equal(tk_flush(k), 1);
    }
    size_t answers = 0;
    for (int i = 0; i < 400; i++) {
        tk_in(k, S, 1, 0, 0);
        answers += tk_flush(k);
    }
    assert_in_range(answers, 1, 150);
    assert_true(tk_drops(k, WEIR_DROP_CHALLENGE_LIMIT) > 0);
    tk_del(k);
}

/* RFC 5961 7: one connection answers twice a second at most. */
static void test_challenge_limit(void **state)
{
    (void)state;
    struct tk *k = start(false);
    size_t answers = 0;
    for (int i = 0; i < 400; i++) {
        tk_in(k, S, 1, 0, 0);
        answers += tk_flush(k);
        tk_advance(k, 10 * WEIR_MS);
    }
    assert_in_range(answers, 7, 9);
    assert_true(tk_drops(k, WEIR_DROP_CHALLENGE_LIMIT) > 0);
    tk_del(k);
}

/* RFC 5961 7: the stack's limit, which is not an exact number that could be measured. */
static void test_challenge_limit_stack(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    size_t seconds[6];
    tk_syn_received(k);
    for (size_t second = 0; second < ARRAY_SIZE(seconds); second++) {
        size_t answers = 0;
        for (int i = 0; i < 400; i++) {
            tk_in(k, R, 100, 0, 0);
            answers += tk_flush(k);
        }
        assert_in_range(answers, 40, 200);
        seconds[second] = answers;
        tk_advance(k, WEIR_S + WEIR_MS);
        tk_flush(k);
    }
    bool differ = false;
    for (size_t i = 1; i < ARRAY_SIZE(seconds); i++)
        differ |= seconds[i] != seconds[0];
    assert_true(differ);
    assert_true(tk_drops(k, WEIR_DROP_CHALLENGE_LIMIT) > 0);
    tk_del(k);
}

/* ---- ICMP -------------------------------------------------------------------------------------- */

/* A hard error in SYN-SENT refuses; a soft one is told and the SYN goes on (MUST-47, MUST-54, MUST-56, SHLD-25). */
static void test_icmp_syn_sent(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct tk_setup s = tk_setup();
        s.v6 = v6;
        struct tk *k = tk_new(&s);
        tk_connect(k);
        tk_expect(k, S, 0, 0, 0);
        if (v6) {
            tk_icmp(k, ICMP6_UNREACHABLE, 0, 0, 0); /* no route */
        } else {
            tk_icmp(k, ICMP4_UNREACHABLE, ICMP4_HOST, 0, 0);
        }
        tk_expect_event(k, WEIR_EVENT_ERROR);
        assert_int_equal(k->error, v6 ? WEIR_ENETUNREACH : WEIR_EHOSTUNREACH);
        tk_expect_state(k, WEIR_TCP_SYN_SENT);
        tk_icmp(k, v6 ? ICMP6_UNREACHABLE : ICMP4_UNREACHABLE, v6 ? 4 : ICMP4_PORT, 5, 0);
        tk_icmp(k, v6 ? ICMP6_UNREACHABLE : ICMP4_UNREACHABLE, v6 ? 4 : ICMP4_PORT, 0u - 1u, 0);
        tk_expect_state(k, WEIR_TCP_SYN_SENT); /* forged: not in flight (RFC 5927) */
        assert_int_equal(tk_drops(k, WEIR_DROP_ICMP_SEQUENCE), 2);
        tk_icmp(k, v6 ? ICMP6_UNREACHABLE : ICMP4_UNREACHABLE, v6 ? 4 : ICMP4_PORT, 0, 0);
        tk_expect_event(k, WEIR_EVENT_CLOSED);
        assert_int_equal(k->error, WEIR_ECONNREFUSED);
        tk_expect_nothing(k);
        tk_del(k);
    }
}

/* A half-open entry ends by a hard error about its SYN,ACK (MUST-54), by a soft one only where the listener says so
 * (MUST-56); what does not quote its number is not believed (RFC 5927 4.1). */
static void test_icmp_half_open(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct tk_setup s = tk_setup();
        bool soft = (i & 2) != 0;
        s.v6 = (i & 1) != 0;
        s.soft_errors_end = (i & 4) != 0;
        struct tk *k = tk_new(&s);
        uint8_t type = s.v6 ? ICMP6_UNREACHABLE : ICMP4_UNREACHABLE;
        uint8_t code = soft ? (s.v6 ? 0 : ICMP4_HOST) : (s.v6 ? 4 : ICMP4_PORT);
        tk_syn_received(k);
        tk_icmp(k, type, code, 1, 0);
        tk_icmp(k, type, code, 0u - 1u, 0);
        assert_int_equal(tk_drops(k, WEIR_DROP_ICMP_SEQUENCE), 2);
        assert_int_equal(tk_stats(k).half_open, 1);
        tk_icmp(k, type, code, 0, 0);
        bool ends = !soft || s.soft_errors_end;
        assert_int_equal(tk_stats(k).half_open, !ends);
        tk_in(k, A, 1, 1, 0);
        if (ends)
            assert_int_equal(tk_next(k)->flags, R);
        tk_expect_nothing(k);
        assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn),
                         ends ? WEIR_EAGAIN : WEIR_OK);
        tk_del(k);
    }
}

/* Nothing aborts an established connection (MUST-56, RFC 5461); source quench is dropped (MUST-55). */
static void test_icmp_established(void **state)
{
    static const uint8_t types[][2] = {{3, 0}, {3, 1},  {3, 2},  {3, 3},
                                       {3, 5}, {11, 0}, {12, 0}, {3, 13}};
    (void)state;
    struct tk *k = start(false);
    tk_write(k, 100);
    tk_expect(k, A, 1, 1, 100);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        tk_icmp(k, types[i][0], types[i][1], 1, 0);
    tk_expect_event(k, WEIR_EVENT_ERROR);
    tk_icmp(k, ICMP4_SOURCE_QUENCH, 0, 1, 0);
    tk_expect_no_event(k, WEIR_EVENT_ERROR | WEIR_EVENT_CLOSED);
    assert_int_equal(tk_info(k).cwnd_bytes, 14600);
    tk_icmp(k, ICMP4_UNREACHABLE, ICMP4_HOST, 101, 0); /* beyond snd_nxt */
    tk_icmp(k, ICMP4_UNREACHABLE, ICMP4_HOST, 0, 0);
    tk_expect_no_event(k, WEIR_EVENT_ERROR);
    tk_expect_state(k, WEIR_TCP_ESTABLISHED);
    tk_in(k, A, 1, 101, 0);
    tk_expect_event(k, WEIR_EVENT_SENT_ALL);
    tk_del(k);
}

/* Too big: smaller segments, sent again at once; absurd sizes are not believed. */
static void test_icmp_too_big(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct tk *k = start(v6);
        uint32_t mss = v6 ? 1440 : 1460, less = v6 ? 1300 - 60 : 1000 - 40;
        tk_write(k, 3 * mss);
        for (uint32_t i = 0; i < 3; i++)
            tk_expect(k, A, 1 + i * mss, 1, mss);
        uint8_t type = v6 ? ICMP6_TOO_BIG : ICMP4_UNREACHABLE;
        uint8_t code = v6 ? 0 : ICMP4_FRAGMENTATION_NEEDED;
        if (v6)
            tk_icmp(k, type, code, 1, 1279);                   /* too small to be true */
        tk_icmp(k, type, code, 1, 1500);                       /* no smaller than now */
        tk_icmp(k, type, code, 1 + 3 * mss, v6 ? 1300 : 1000); /* not in flight */
        tk_expect_nothing(k);
        assert_int_equal(tk_info(k).snd_mss, mss);
        tk_icmp(k, type, code, 1, v6 ? 1300 : 1000);
        const struct tk_out *o;
        uint32_t seq = 1;
        while ((o = tk_next(k)) != NULL) {
            assert_int_equal(o->seq, seq);
            assert_true(o->len <= less);
            seq += o->len;
        }
        assert_int_equal(seq, 1 + 3 * mss);
        assert_int_equal(tk_info(k).snd_mss, less);
        tk_in(k, A, 1, 1 + 3 * mss, 0);
        tk_del(k);
    }
}

/* ---- R1 and R2 ----------------------------------------------------------------------------------- */

/* MUST-20, SHLD-9, SHLD-10, SHLD-11: told at R1 after three retransmissions at least, ended at R2 after
 * 100 s at least, without an RST (3.10.8): who does not answer is not told. */
static void test_r1_r2(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_write(k, 10);
    tk_expect(k, A, 1, 1, 10);
    weir_time first = k->now;
    uint32_t count = 0;
    bool told = false;
    while ((k->bits & WEIR_EVENT_CLOSED) == 0) {
        const struct tk_out *o = tk_wait(k, WEIR_S);
        if (o != NULL) {
            assert_int_equal(o->flags & R, 0);
            count++;
        }
        tk_events(k);
        if ((k->bits & WEIR_EVENT_ERROR) != 0 && !told) {
            assert_true(count >= 4);
            assert_int_equal(k->error, WEIR_ETIMEDOUT);
            told = true;
        }
    }
    assert_true(told);
    assert_int_equal(k->error, WEIR_ETIMEDOUT);
    assert_in_range(k->now - first, 100 * WEIR_S, 200 * WEIR_S);
    tk_expect_nothing(k);
    uint8_t byte;
    assert_int_equal(weir_tcp_recv(k->stack, k->conn, &byte, 1), WEIR_ETIMEDOUT);
    tk_del(k);
}

/* MUST-21: R2 per connection, infinite allowed. */
static void test_r2_option(void **state)
{
    (void)state;
    struct tk *k = start(false);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_R2_TIME, 5 * WEIR_S), WEIR_OK);
    tk_write(k, 10);
    tk_advance(k, 20 * WEIR_S);
    tk_expect_event(k, WEIR_EVENT_CLOSED);
    tk_flush(k);
    tk_del(k);
    k = start(false);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_R2_TIME, WEIR_NEVER), WEIR_OK);
    tk_write(k, 10);
    size_t probes = 0;
    for (int i = 0; i < 24; i++) {
        tk_advance(k, 3600 * WEIR_S);
        probes += tk_flush(k);
    }
    assert_in_range(probes, 700, 800); /* at the largest interval */
    tk_expect_state(k, WEIR_TCP_ESTABLISHED);
    tk_in(k, A, 1, 11, 0);
    tk_expect_event(k, WEIR_EVENT_SENT_ALL);
    tk_del(k);
}

/* ---- Keep-alive ------------------------------------------------------------------------------------ */

/* MUST-24/25/28: off by default; two hours; every probe that is answered keeps it alive. */
static void test_keepalive(void **state)
{
    (void)state;
    struct tk *k = start(false);
    assert_null(tk_wait(k, 3 * 86400 * WEIR_S));
    uint64_t value = 0;
    assert_int_equal(weir_tcp_get(k->stack, k->conn, WEIR_OPT_KEEPALIVE, &value), WEIR_OK);
    assert_int_equal(value, 0);
    tk_in(k, A, 1, 1, 10);
    tk_read(k, 10);
    tk_advance(k, WEIR_S);
    tk_flush(k);
    weir_time heard = k->now - WEIR_S;
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_KEEPALIVE, 1), WEIR_OK);
    for (int i = 0; i < 3; i++) {
        const struct tk_out *o = tk_wait(k, 3 * 3600 * WEIR_S);
        assert_non_null(o);
        tk_expect_time(o->time, heard + 7200 * WEIR_S);
        assert_int_equal(o->flags, A);
        assert_int_equal(o->seq, 0); /* one below what the peer has: it must answer */
        assert_int_equal(o->len, 0); /* SHLD-12 */
        tk_expect_nothing(k);
        heard = k->now;
        tk_in(k, A, 11, 1, 0);
    }
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_KEEPALIVE, 0), WEIR_OK);
    assert_null(tk_wait(k, 86400 * WEIR_S));
    tk_del(k);
}

/* MUST-26, MUST-27, MUST-29: no probe while something is out; only several unanswered ones end it. */
static void test_keepalive_dead(void **state)
{
    (void)state;
    struct tk *k = start(false);
    weir_tcp_set(k->stack, k->conn, WEIR_OPT_KEEPALIVE_IDLE, 10 * WEIR_S);
    weir_tcp_set(k->stack, k->conn, WEIR_OPT_KEEPALIVE_INTERVAL, 2 * WEIR_S);
    weir_tcp_set(k->stack, k->conn, WEIR_OPT_KEEPALIVE_PROBES, 4);
    weir_tcp_set(k->stack, k->conn, WEIR_OPT_KEEPALIVE, 1);
    tk_write(k, 10);
    tk_expect(k, A, 1, 1, 10);
    const struct tk_out *o;
    while ((o = tk_wait(k, 30 * WEIR_S)) != NULL && k->now < 1030 * WEIR_S)
        assert_int_equal(o->len, 10);
    tk_in(k, A, 1, 11, 0);
    weir_time heard = k->now;
    for (uint32_t i = 0; i < 4; i++) {
        o = tk_wait(k, 30 * WEIR_S);
        assert_non_null(o);
        assert_int_equal(o->seq, 10);
        assert_in_range(o->time, heard + (10 + 2 * i) * WEIR_S,
                        heard + (10 + 2 * i) * WEIR_S + WEIR_MS);
        tk_expect_no_event(k, WEIR_EVENT_CLOSED);
    }
    o = tk_wait(k, 30 * WEIR_S);
    assert_non_null(o);
    assert_true((o->flags & R) != 0);
    tk_expect_event(k, WEIR_EVENT_CLOSED);
    assert_int_equal(k->error, WEIR_ETIMEDOUT);
    tk_del(k);
}

/* A peer's keep-alive, with and without its garbage octet, is answered (MAY-6). */
static void test_peer_keepalive(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_in(k, A, 0, 1, 0);
    tk_expect(k, A, 1, 1, 0);
    tk_in(k, A, 0, 1, 1);
    tk_expect(k, A, 1, 1, 0);
    tk_expect_nothing(k);
    assert_int_equal(tk_info(k).unread_bytes, 0);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rst),
        cmocka_unit_test(test_syn),
        cmocka_unit_test(test_ack_range),
        cmocka_unit_test(test_no_ack),
        cmocka_unit_test(test_challenge_limit),
        cmocka_unit_test(test_challenge_limit_off),
        cmocka_unit_test(test_challenge_limit_stack),
        cmocka_unit_test(test_ack_before_isn),
        cmocka_unit_test(test_rst_sacked_edge),
        cmocka_unit_test(test_rst_at_fin),
        cmocka_unit_test(test_missing_timestamp),
        cmocka_unit_test(test_missing_timestamp_half_open),
        cmocka_unit_test(test_out_of_window_limit),
        cmocka_unit_test(test_icmp_syn_sent),
        cmocka_unit_test(test_icmp_half_open),
        cmocka_unit_test(test_icmp_established),
        cmocka_unit_test(test_icmp_too_big),
        cmocka_unit_test(test_r1_r2),
        cmocka_unit_test(test_r2_option),
        cmocka_unit_test(test_keepalive),
        cmocka_unit_test(test_keepalive_dead),
        cmocka_unit_test(test_peer_keepalive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
