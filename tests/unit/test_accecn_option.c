/* test_accecn_option.c - AccECN's option (RFC 9768 3.2.3): when segments carry it, with which counters, what
 * gives way, and when it is given up; what else of AccECN is a matter of choice. */
#include "unit/ecn_kit.h"

#define ACE(n) ((uint16_t)((n) << 6)) /* AE, CWR, ECE as a number */

static bool has_option(const struct tk_out *o)
{
    assert_non_null(o);
    return (o->s.options.present & WEIR_SEGMENT_ACCECN) != 0;
}

static void expect_option(const struct tk_out *o, uint8_t fields, uint32_t e1b, uint32_t ceb,
                          uint32_t e0b)
{
    assert_true(has_option(o));
    assert_int_equal(o->s.options.accecn_order, 1);
    assert_int_equal(o->s.options.accecn_fields, fields);
    assert_int_equal(o->s.options.accecn[0], e1b);
    assert_int_equal(o->s.options.accecn[1], ceb);
    if (fields > 2)
        assert_int_equal(o->s.options.accecn[2], e0b);
}

static struct tk_setup setup(uint8_t option)
{
    struct tk_setup s = ek_setup(WEIR_ECN_ACCURATE, WEIR_CC_NEWRENO);
    s.config.tcp.accecn_option = option;
    return s;
}

static struct tk *passive(const struct tk_setup *s)
{
    struct tk *k = tk_new(s);
    ek_offer_option(k);
    ek_syn(k, E | C | N, 0);
    ek_accept(k, ACE(2));
    return k;
}

static struct tk *active(const struct tk_setup *s, bool offer)
{
    struct tk *k = tk_new(s);
    if (offer)
        ek_offer_option(k);
    tk_connect(k);
    tk_expect(k, S | E | C | N, 0, 0, 0);
    tk_syn_in(k, S | A | ACE(2), 1);
    return k;
}

/* 3.2.1, 3.2.3.3: counters begin at 1, 0, 1; each segment tells them all. */
static void test_counters(void **state)
{
    struct tk_setup s = setup(WEIR_ACCECN_OPTION_FULL);
    struct tk *k = passive(&s);
    (void)state;
    ek_in(k, ECT0, A | ACE(5), 1, 1, 1000);
    expect_option(tk_wait(k, WEIR_S), 3, 1, 0, 1001);
    ek_in(k, CE, A | ACE(5), 1001, 1, 500); /* at once: 3.2.2.5.1 */
    expect_option(tk_expect(k, A | ACE(6), 1, 1501, 0), 3, 1, 500, 1001);
    ek_in(k, ECT1, A | ACE(5), 1501, 1, 10);
    expect_option(tk_wait(k, WEIR_S), 3, 11, 500, 1001);
    ek_in(k, 0, A | ACE(5), 1511, 1, 10);
    expect_option(tk_wait(k, WEIR_S), 3, 11, 500, 1001);
    tk_write(k, 10);
    expect_option(tk_next(k), 3, 11, 500, 1001);
    assert_int_equal(tk_info(k).ce_received, 1);
    assert_int_equal(tk_info(k).ce_received_bytes, 500);
    assert_int_equal(tk_info(k).ect0_received_bytes, 1000);
    assert_int_equal(tk_info(k).ect1_received_bytes, 10);
    tk_del(k);
}

/* What came before counts once more: it was a packet (3.2.2.2), and its bytes are told. */
static void test_duplicates_count(void **state)
{
    struct tk_setup s = setup(WEIR_ACCECN_OPTION_FULL);
    struct tk *k = passive(&s);
    (void)state;
    ek_in(k, ECT0, A | ACE(5), 1, 1, 1000);
    tk_wait(k, WEIR_S);
    ek_in(k, CE, A | ACE(5), 1, 1, 1000);
    expect_option(tk_expect(k, A | ACE(6), 1, 1001, 0), 3, 1, 1000, 1001);
    tk_expect_nothing(k);
    tk_del(k);
}

/* None before the peer's first; one that comes late turns them on. */
static void test_follows_the_peer(void **state)
{
    struct tk_setup s = setup(WEIR_ACCECN_OPTION_FULL);
    struct tk *k = active(&s, false);
    (void)state;
    assert_false(has_option(tk_expect(k, A | ACE(2), 1, 1, 0)));
    tk_write(k, 100);
    assert_false(has_option(tk_expect(k, A | ACE(5), 1, 1, 100)));
    struct tcp_segment late = tk_segment(k, A | ACE(5), 1, 101);
    ek_put_option(&late.options, 1, 0, 101);
    tk_inject(k, &late, 0);
    assert_int_equal(tk_info(k).delivered_ect0_bytes, 100);
    tk_write(k, 100);
    assert_true(has_option(tk_expect(k, A | ACE(5), 101, 1, 100)));
    tk_del(k);
}

/* OFF: not even on the SYN,ACK; the peer's is read all the same. */
static void test_off(void **state)
{
    struct tk_setup s = setup(WEIR_ACCECN_OPTION_OFF);
    struct tk *k = tk_new(&s);
    (void)state;
    ek_offer_option(k);
    assert_false(has_option(ek_syn(k, E | C | N, 0)));
    ek_accept(k, ACE(2));
    tk_write(k, 100);
    assert_false(has_option(tk_next(k)));
    struct tcp_segment ack = tk_segment(k, A | ACE(6), 1, 101);
    ek_put_option(&ack.options, 1, 100, 1);
    tk_inject(k, &ack, 0);
    assert_int_equal(tk_info(k).delivered_ce_bytes, 100);
    tk_del(k);
}

/* MINIMUM: twice after a change (3.2.3.3), then `accecn_beacon` times in a round trip. */
static void test_minimum(void **state)
{
    struct tk_setup s = setup(WEIR_ACCECN_OPTION_MINIMUM);
    (void)state;
    s.config.tcp.quickack = WEIR_QUICKACK_OFF;
    s.config.tcp.delayed_ack = false;
    struct tk *k = tk_new(&s);
    ek_offer_option(k);
    ek_syn(k, E | C | N, 0);
    tk_advance(k, 300 * WEIR_MS); /* the round trip */
    ek_accept(k, ACE(2));
    for (uint32_t i = 0; i < 4; i++) { /* a change of codepoint: two, then none */
        ek_in(k, ECT0, A | ACE(5), 1 + i * 100, 1, 100);
        assert_int_equal(has_option(tk_next(k)), i < 2);
    }
    tk_advance(k, 99 * WEIR_MS);
    ek_in(k, ECT0, A | ACE(5), 401, 1, 100);
    assert_false(has_option(tk_next(k)));
    tk_advance(k, 2 * WEIR_MS); /* more than a third of a round trip since the last */
    ek_in(k, ECT0, A | ACE(5), 501, 1, 100);
    assert_true(has_option(tk_next(k)));
    for (uint32_t i = 0; i < 3; i++) { /* marks are told as long as they come */
        ek_in(k, CE, A | ACE(5), 601 + i * 100, 1, 100);
        assert_true(has_option(tk_next(k)));
    }
    tk_del(k);
}

/* 3.2.3.3: with timestamps two SACK blocks leave room for two counters; a third block gives way to a counter
 * that moved; where the third counter has moved the option gives way. */
static void test_beside_sack(void **state)
{
    struct tk_setup s = tk_setup_modern();
    (void)state;
    s.config.tcp.ecn = WEIR_ECN_ACCURATE;
    struct tk *k = passive(&s);
    for (uint32_t i = 0; i < 3; i++) {
        ek_in(k, CE, A | ACE(5), 1001 + i * 2000, 1, 1000);
        const struct tk_out *o = tk_next(k);
        assert_non_null(o);
        assert_int_equal(o->s.options.sack_count, i == 0 ? 1 : 2);
        expect_option(o, i == 0 ? 3 : 2, 1, (i + 1) * 1000, 1);
        assert_true(o->s.header_size <= 60);
    }
    ek_in(k, ECT0, A | ACE(5), 7001, 1, 1000);
    const struct tk_out *o = tk_next(k);
    assert_false(has_option(o));
    assert_int_equal(o->s.options.sack_count, 3);
    tk_del(k);
}

/* A D-SACK is one of the two blocks. */
static void test_beside_dsack(void **state)
{
    struct tk_setup s = tk_setup_modern();
    (void)state;
    s.config.tcp.ecn = WEIR_ECN_ACCURATE;
    struct tk *k = passive(&s);
    ek_in(k, CE, A | ACE(5), 1001, 1, 1000);
    ek_in(k, CE, A | ACE(5), 3001, 1, 1000);
    tk_flush(k);
    ek_in(k, CE, A | ACE(5), 3001, 1, 1000);
    const struct tk_out *o = tk_next(k);
    expect_option(o, 2, 1, 3000, 1);
    assert_int_equal(o->s.options.sack_count, 2);
    assert_int_equal(o->s.options.sack[0].start, o->s.options.sack[1].start);
    tk_del(k);
}

/* 3.2.3.2.2: what was acknowledged with an option comes again and again: options do not pass. */
static void test_acks_lost(void **state)
{
    (void)state;
    for (uint8_t mode = WEIR_ACCECN_OPTION_FULL; mode <= WEIR_ACCECN_OPTION_PERSIST; mode++) {
        struct tk_setup s = setup(mode);
        s.peer.present |= WEIR_SEGMENT_SACK_PERMITTED;
        s.config.tcp.sack = true;
        struct tk *k = passive(&s);
        ek_in(k, ECT0, A | ACE(5), 1, 1, 1000);
        assert_true(has_option(tk_wait(k, WEIR_S)));
        ek_in(k, ECT0, A | ACE(5), 1, 1, 1000);
        assert_true(has_option(tk_next(k)));
        ek_in(k, ECT0, A | ACE(5), 1, 1, 1000);
        const struct tk_out *o = tk_next(k);
        assert_int_equal(has_option(o), mode == WEIR_ACCECN_OPTION_PERSIST);
        assert_int_equal(o->s.options.sack_count, 1);
        ek_in(k, ECT0, A | ACE(5), 1001, 1, 1000);
        assert_int_equal(has_option(tk_wait(k, WEIR_S)), mode == WEIR_ACCECN_OPTION_PERSIST);
        tk_del(k);
    }
}

/* 3.2.3.2.2: the first data that was lost goes again without; when options have been seen to pass, with. */
static void test_retransmission(void **state)
{
    struct tk_setup s = setup(WEIR_ACCECN_OPTION_FULL);
    struct tk *k = active(&s, true);
    (void)state;
    expect_option(tk_expect(k, A | ACE(2), 1, 1, 0), 3, 1, 0, 1);
    for (uint32_t i = 0; i < 2; i++) {
        tk_write(k, 100);
        assert_true(has_option(tk_expect(k, A | ACE(5), 1 + i * 100, 1, 100)));
        const struct tk_out *o = tk_wait(k, 2 * WEIR_S);
        assert_int_equal(o->flags, A | ACE(5));
        assert_int_equal(o->seq, 1 + i * 100);
        assert_int_equal(has_option(o), i > 0);
        tk_in(k, A | ACE(5), 1, 101 + i * 100, 0);
    }
    tk_del(k);
}

/* ECN++: with AccECN ACKs, retransmissions and FINs are ECN-capable, SYNs and RSTs are not; with classic
 * feedback only new data is (RFC 3168 6.1.4, 6.1.5). */
static void test_ect(void **state)
{
    (void)state;
    for (int accurate = 0; accurate < 2; accurate++) {
        struct tk *k = ek_new(WEIR_ECN_ACCURATE, WEIR_CC_NEWRENO);
        uint8_t ect = accurate ? ECT0 : 0;
        assert_int_equal(ek_syn(k, E | C | (accurate ? N : 0), 0)->tos & 3, 0);
        ek_accept(k, accurate ? ACE(2) : 0);
        tk_in(k, A | (accurate ? ACE(5) : 0), 1, 1, 1460);
        assert_int_equal(tk_wait(k, WEIR_S)->tos & 3, ect);
        tk_write(k, 100);
        assert_int_equal(tk_next(k)->tos & 3, ECT0);
        assert_int_equal(tk_wait(k, 2 * WEIR_S)->tos & 3, ect);
        tk_in(k, A | (accurate ? ACE(5) : 0), 1461, 101, 0);
        assert_int_equal(weir_tcp_shutdown(k->stack, k->conn), WEIR_OK);
        const struct tk_out *o = tk_next(k);
        assert_true((o->flags & F) != 0);
        assert_int_equal(o->tos & 3, ect);
        assert_int_equal(weir_tcp_abort(k->stack, k->conn), WEIR_OK);
        k->conn = 0;
        o = tk_next(k);
        assert_true((o->flags & R) != 0);
        assert_int_equal(o->tos & 3, 0);
        tk_del(k);
    }
}

/* What is asked for and what is agreed to, by the value of the option. */
static void test_modes(void **state)
{
    static const struct {
        uint8_t mode;
        uint16_t syn;
        uint16_t syn_ack; /* to a SYN that asks for AccECN */
    } rows[] = {
        {WEIR_ECN_OFF, 0, 0},
        {WEIR_ECN_ON, E | C, ACE(1)},
        {WEIR_ECN_PASSIVE, 0, ACE(1)},
        {WEIR_ECN_ACCURATE, E | C | N, ACE(2)},
        {WEIR_ECN_ACCURATE_ANSWER, E | C, ACE(2)},
        {WEIR_ECN_ACCURATE_PASSIVE, 0, ACE(2)},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct tk *k = ek_new(rows[i].mode, WEIR_CC_NEWRENO);
        tk_connect(k);
        tk_expect(k, S | rows[i].syn, 0, 0, 0);
        tk_del(k);
        k = ek_new(rows[i].mode, WEIR_CC_NEWRENO);
        assert_int_equal(ek_syn(k, E | C | N, 0)->flags, S | A | rows[i].syn_ack);
        tk_del(k);
    }
}

/* Without the fallback SYNs ask for ever, and feedback that cannot be is believed (3.2.2.3). */
static void test_no_fallback(void **state)
{
    struct tk_setup s = setup(WEIR_ACCECN_OPTION_FULL);
    (void)state;
    s.config.tcp.ecn_fallback = false;
    struct tk *k = tk_new(&s);
    tk_connect(k);
    for (int i = 0; i < 4; i++)
        assert_int_equal(tk_wait(k, 10 * WEIR_S)->flags, S | E | C | N);
    tk_del(k);
    k = tk_new(&s);
    ek_syn(k, E | C | N, 0);
    ek_accept(k, ACE(6));
    assert_true(tk_info(k).ecn_capable);
    assert_int_equal(tk_info(k).delivered_ce, 1);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_duplicates_count),
        cmocka_unit_test(test_off),
        cmocka_unit_test(test_follows_the_peer),
        cmocka_unit_test(test_minimum),
        cmocka_unit_test(test_beside_sack),
        cmocka_unit_test(test_beside_dsack),
        cmocka_unit_test(test_acks_lost),
        cmocka_unit_test(test_retransmission),
        cmocka_unit_test(test_ect),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_no_fallback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
