/* test_ecn.c - RFC 3168 and DCTCP's echo (RFC 8257): negotiation, echo, answer, and which packets are ECT. */
#include "unit/ecn_kit.h"

/* ---- Negotiation ------------------------------------------------------------------------------------------ */

/* 6.1.1: answered when asked for, by default; AE alone does not count, and ECT on the SYN is mangling. */
static void test_passive_answers(void **state)
{
    static const struct {
        uint8_t ecn;
        uint16_t syn;
        uint8_t tos;
        uint16_t syn_ack;
    } rows[] = {
        {WEIR_ECN_PASSIVE, 0, 0, 0},          {WEIR_ECN_PASSIVE, E | C, 0, E},
        {WEIR_ECN_ON, E | C, 0, E},           {WEIR_ECN_OFF, E | C, 0, 0},
        {WEIR_ECN_PASSIVE, E, 0, 0},          {WEIR_ECN_PASSIVE, C, 0, 0},
        {WEIR_ECN_PASSIVE, E | C | N, 0, E},  {WEIR_ECN_PASSIVE, N, 0, 0},
        {WEIR_ECN_PASSIVE, E | C, ECT0, 0},   {WEIR_ECN_PASSIVE, E | C, CE, 0},
        {WEIR_ECN_PASSIVE, E | C | N, CE, E}, {WEIR_ECN_OFF, E | C | N, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct tk *k = ek_new(rows[i].ecn, WEIR_CC_NEWRENO);
        const struct tk_out *o = ek_syn(k, rows[i].syn, rows[i].tos);
        assert_int_equal(o->flags, S | A | rows[i].syn_ack);
        assert_int_equal(o->tos & 3, 0);
        ek_accept(k, 0);
        assert_int_equal(tk_info(k).ecn,
                         rows[i].syn_ack ? WEIR_ECN_FEEDBACK_CLASSIC : WEIR_ECN_FEEDBACK_NONE);
        tk_del(k);
    }
}

static void test_active_asks(void **state)
{
    static const struct {
        uint8_t ecn;
        uint16_t syn, syn_ack;
        uint8_t feedback;
    } rows[] = {
        {WEIR_ECN_PASSIVE, 0, E, WEIR_ECN_FEEDBACK_NONE},
        {WEIR_ECN_OFF, 0, E, WEIR_ECN_FEEDBACK_NONE},
        {WEIR_ECN_ON, E | C, E, WEIR_ECN_FEEDBACK_CLASSIC},
        {WEIR_ECN_ON, E | C, 0, WEIR_ECN_FEEDBACK_NONE},
        {WEIR_ECN_ON, E | C, E | C, WEIR_ECN_FEEDBACK_NONE}, /* reflected by a broken stack */
        {WEIR_ECN_ON, E | C, C, WEIR_ECN_FEEDBACK_NONE},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct tk *k = ek_new(rows[i].ecn, WEIR_CC_NEWRENO);
        tk_connect(k);
        assert_int_equal(tk_expect(k, S | rows[i].syn, 0, 0, 0)->tos & 3, 0);
        tk_syn_in(k, S | A | rows[i].syn_ack, 1);
        tk_expect(k, A, 1, 1, 0);
        assert_int_equal(tk_info(k).ecn, rows[i].feedback);
        tk_write(k, 100);
        const struct tk_out *o = tk_expect(k, A, 1, 1, 100);
        assert_int_equal(o->tos & 3, rows[i].feedback ? ECT0 : 0);
        tk_del(k);
    }
}

/* 6.1.1.1: a SYN that was lost may have been lost for its flags; then never ECT, but marks are echoed. */
static void test_syn_fallback(void **state)
{
    struct tk *k = ek_new(WEIR_ECN_ON, WEIR_CC_NEWRENO);
    (void)state;
    tk_connect(k);
    tk_expect(k, S | E | C, 0, 0, 0);
    assert_int_equal(tk_wait(k, 2 * WEIR_S)->flags, S);
    tk_syn_in(k, S | A | E, 1);
    tk_expect(k, A, 1, 1, 0);
    tk_write(k, 100);
    assert_int_equal(tk_expect(k, A, 1, 1, 100)->tos & 3, 0);
    ek_in(k, CE, A, 1, 101, 10);
    tk_expect(k, A | E, 101, 11, 0);
    tk_del(k);
}

static void test_simultaneous_open(void **state)
{
    struct tk *k = ek_new(WEIR_ECN_ON, WEIR_CC_NEWRENO);
    (void)state;
    tk_connect(k);
    tk_expect(k, S | E | C, 0, 0, 0);
    tk_syn_in(k, S | E | C, 0);
    tk_expect(k, S | A | E, 0, 1, 0);
    tk_syn_in(k, S | A | E, 1);
    tk_flush(k);
    tk_expect_state(k, WEIR_TCP_ESTABLISHED);
    assert_int_equal(tk_info(k).ecn, WEIR_ECN_FEEDBACK_CLASSIC);
    tk_del(k);
}

/* ---- The receiver: ECE until CWR (6.1.3) -------------------------------------------------------------------- */

/* SHLD-8, RFC 3168 6.1.3. */
static void test_echo_until_cwr(void **state)
{
    struct tk *k = ek_passive(WEIR_ECN_PASSIVE, WEIR_CC_NEWRENO, E | C);
    (void)state;
    ek_in(k, ECT0, A, 1, 1, 1000);
    tk_expect_nothing(k); /* delayed as always */
    ek_in(k, CE, A, 1001, 1, 1000);
    tk_expect(k, A | E, 1, 2001, 0);
    ek_in(k, ECT0, A, 2001, 1, 1000);
    assert_int_equal(tk_wait(k, WEIR_S)->flags, A | E);
    tk_write(k, 10);
    assert_int_equal(tk_expect(k, A | E, 1, 3001, 10)->tos & 3, ECT0);
    ek_in(k, ECT0, A | C, 3001, 11, 1000);
    tk_expect(k, A, 11, 4001, 0);        /* at once: their window may be small */
    ek_in(k, CE, A | C, 4001, 11, 1000); /* a new mark on the packet that has CWR */
    tk_expect(k, A | E, 11, 5001, 0);
    assert_int_equal(tk_info(k).ce_received, 2);
    assert_int_equal(tk_info(k).ce_received_bytes, 2000);
    tk_del(k);
}

/* 6.1.4, 6.1.5: marks on pure ACKs and outside the window say nothing. */
static void test_marks_that_do_not_count(void **state)
{
    struct tk *k = ek_passive(WEIR_ECN_PASSIVE, WEIR_CC_NEWRENO, E | C);
    (void)state;
    ek_in(k, CE, A, 1, 1, 0);
    ek_in(k, CE, A, 2000001, 1, 100);
    tk_expect(k, A, 1, 1, 0);
    ek_in(k, ECT0, A, 1, 1, 100);
    assert_int_equal(tk_wait(k, WEIR_S)->flags, A);
    tk_del(k);
}

/* Without ECN nothing is echoed, and the application's bits are not sent. */
static void test_not_negotiated(void **state)
{
    struct tk *k = ek_passive(WEIR_ECN_PASSIVE, WEIR_CC_NEWRENO, 0);
    (void)state;
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_TOS, 0x2f), WEIR_OK);
    ek_in(k, CE, A, 1, 1, 1000);
    assert_int_equal(tk_wait(k, WEIR_S)->flags, A);
    tk_write(k, 10);
    assert_int_equal(tk_expect(k, A, 1, 1001, 10)->tos, 0x2c);
    tk_del(k);
}

/* ---- The sender (6.1.2) ---------------------------------------------------------------------------------------- */

/* SHLD-8, RFC 3168 6.1.2. */
static void test_reduces_once_a_window(void **state)
{
    struct tk *k = ek_passive(WEIR_ECN_PASSIVE, WEIR_CC_NEWRENO, E | C);
    (void)state;
    tk_write(k, 20 * 1460);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(tk_expect(k, A, 1 + i * 1460, 1, 1460)->tos & 3, ECT0);
    tk_in(k, A | E, 1, 1 + 1460, 0);
    struct weir_tcp_info info = tk_info(k);
    assert_int_equal(info.ssthresh_bytes, 5 * 1460);
    assert_int_equal(info.recovery, WEIR_RECOVERY_CWR); /* RFC 9937: evenly, over a round trip */
    assert_int_equal(info.cwnd_bytes, 10 * 1460);
    assert_int_equal(k->last[WEIR_RECORD_CWND].u.cwnd.reason, WEIR_REASON_ECN);
    for (uint32_t i = 2; i <= 10; i++)
        tk_in(k, A | E, 1, 1 + i * 1460, 0); /* up to all of that window */
    assert_int_equal(tk_info(k).cwnd_bytes, 5 * 1460);
    assert_int_equal(tk_info(k).delivered_ce, 10);
    assert_int_equal(tk_info(k).bytes_retransmitted, 0);
    for (uint32_t i = 10; i < 15; i++) /* CWR once, with new data */
        tk_expect(k, A | (i == 10 ? C : 0), 1 + i * 1460, 1, 1460);
    tk_in(k, A | E, 1, 1 + 11 * 1460, 0); /* a new window, a new mark */
    assert_int_equal(tk_info(k).ssthresh_bytes, 5 * 1460 / 2);
    tk_del(k);
}

/* RFC 8511: Reno 0.8, CUBIC 0.85; without the option as for a loss. */
static void test_backoff_factors(void **state)
{
    static const struct {
        uint8_t congestion;
        bool abe;
        uint32_t percent;
    } rows[] = {{WEIR_CC_NEWRENO, false, 50},
                {WEIR_CC_NEWRENO, true, 80},
                {WEIR_CC_CUBIC, false, 70},
                {WEIR_CC_CUBIC, true, 85}};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct tk *k = ek_passive(WEIR_ECN_PASSIVE, rows[i].congestion, E | C);
        assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_ABE, rows[i].abe), WEIR_OK);
        tk_write(k, 10 * 1460);
        tk_flush(k);
        tk_in(k, A | E, 1, 1 + 1460, 0);
        assert_int_equal(tk_info(k).ssthresh_bytes, 14600 * rows[i].percent / 100);
        tk_del(k);
    }
}

/* 6.1.5: a retransmission is not ECT, and the loss is answered once; CWR says so with the next new data. */
static void test_loss(void **state)
{
    struct tk *k = ek_passive(WEIR_ECN_PASSIVE, WEIR_CC_NEWRENO, E | C);
    (void)state;
    tk_write(k, 40 * 1460);
    for (uint32_t i = 0; i < 10; i++)
        tk_expect(k, A, 1 + i * 1460, 1, 1460);
    for (int i = 0; i < 3; i++)
        tk_in(k, A, 1, 1, 0);
    const struct tk_out *o = tk_expect(k, A, 1, 1, 1460);
    assert_int_equal(o->tos & 3, 0);
    uint32_t cwnd = tk_info(k).ssthresh_bytes;
    tk_in(k, A | E, 1, 1 + 10 * 1460, 0);
    assert_true(tk_info(k).ssthresh_bytes == cwnd);
    tk_expect(k, A | C, 1 + 10 * 1460, 1, 1460);
    tk_del(k);
}

/* CWR belongs to the first wire segment only; ECE to all of them. */
static void test_super_segment(void **state)
{
    struct tk_setup s = ek_setup(WEIR_ECN_PASSIVE, WEIR_CC_NEWRENO);
    struct tk *k;
    (void)state;
    for (int gso = 0; gso < 2; gso++) {
        s.link.tx_gso = s.link.tx_csum = gso;
        k = tk_new(&s);
        ek_syn(k, E | C, 0);
        ek_accept(k, 0);
        tk_write(k, 10 * 1460);
        tk_flush(k);
        ek_in(k, CE, A | E, 1, 1 + 10 * 1460, 10);
        tk_flush(k);
        tk_write(k, 4 * 1460);
        for (int i = 0; i < (gso ? 1 : 4); i++) {
            const struct tk_out *o = tk_next(k);
            assert_int_equal(o->flags, A | E | (i == 0 ? C : 0));
            assert_int_equal(o->tos & 3, ECT0);
            assert_int_equal(o->offload.gso_size, gso ? 1460 : 0);
        }
        tk_del(k);
    }
}

/* SYN, FIN, pure ACKs and zero-window probes are not ECT; a FIN that carries new data is. */
static void test_what_is_ect(void **state)
{
    struct tk *k = ek_passive(WEIR_ECN_PASSIVE, WEIR_CC_NEWRENO, E | C);
    (void)state;
    ek_in(k, ECT0, A, 1, 1, 100);
    assert_int_equal(tk_wait(k, WEIR_S)->tos & 3, 0);
    k->window = 0;
    tk_in(k, A, 101, 1, 0);
    tk_write(k, 100);
    const struct tk_out *o = tk_wait(k, 5 * WEIR_S);
    assert_int_equal(o->len, 0);
    assert_int_equal(o->tos & 3, 0);
    assert_int_equal(weir_tcp_shutdown(k->stack, k->conn), WEIR_OK);
    k->window = 1000;
    tk_in(k, A, 101, 1, 0);
    assert_int_equal(tk_expect(k, F | A, 1, 101, 100)->tos & 3, ECT0);
    tk_del(k);
}

/* ---- DCTCP's echo (RFC 8257 3.2) ---------------------------------------------------------------------------- */

static void test_dctcp_echo(void **state)
{
    struct tk *k = ek_passive(WEIR_ECN_PASSIVE, WEIR_CC_DCTCP, E | C);
    (void)state;
    ek_in(k, ECT0, A, 1, 1, 1000);
    tk_expect_nothing(k);
    ek_in(k, CE, A, 1001, 1, 1000); /* a change: what came before it is acknowledged apart */
    tk_expect(k, A, 1, 1001, 0);
    tk_expect(k, A | E, 1, 2001, 0);
    ek_in(k, CE, A, 2001, 1, 1000);
    ek_in(k, CE, A, 3001, 1, 1000);
    tk_expect(k, A | E, 1, 4001, 0);
    ek_in(k, ECT0, A | C, 4001, 1,
          1000); /* nothing unacknowledged: no ACK apart; CWR means nothing */
    tk_expect(k, A, 1, 5001, 0);
    tk_expect_nothing(k);
    tk_del(k);
}

/* Several changes in one batch: an ACK for each. */
static void test_dctcp_batch(void **state)
{
    struct tk *k = ek_passive(WEIR_ECN_PASSIVE, WEIR_CC_DCTCP, E | C);
    (void)state;
    tk_batch(k);
    for (uint32_t i = 0; i < 4; i++)
        ek_in(k, i % 2 ? CE : ECT0, A, 1 + i * 1000, 1, 1000);
    tk_batch_end(k);
    tk_expect(k, A, 1, 1001, 0);
    tk_expect(k, A | E, 1, 2001, 0);
    tk_expect(k, A, 1, 3001, 0);
    tk_expect(k, A | E, 1, 4001, 0);
    tk_expect_nothing(k);
    tk_batch(k); /* more than are kept: the stream goes on */
    for (uint32_t i = 4; i < 14; i++)
        ek_in(k, i % 2 ? CE : ECT0, A, 1 + i * 1000, 1, 1000);
    tk_batch_end(k);
    const struct tk_out *o = NULL, *last = NULL;
    while ((o = tk_next(k)) != NULL)
        last = o;
    assert_int_equal(last->ack, 14001);
    assert_int_equal(last->flags, A | E);
    tk_del(k);
}

/* DCTCP asks for ECN by itself, unless it is off. */
static void test_dctcp_asks(void **state)
{
    struct tk *k = ek_new(WEIR_ECN_PASSIVE, WEIR_CC_DCTCP);
    (void)state;
    tk_connect(k);
    tk_expect(k, S | E | C, 0, 0, 0);
    tk_del(k);
    k = ek_new(WEIR_ECN_OFF, WEIR_CC_DCTCP);
    tk_connect(k);
    tk_expect(k, S, 0, 0, 0);
    tk_del(k);
}

/* 3.3, 3.4: alpha starts at 1, and a window in which a quarter was marked pulls it by a sixteenth. */
static void test_dctcp_alpha(void **state)
{
    struct tk *k = ek_passive(WEIR_ECN_PASSIVE, WEIR_CC_DCTCP, E | C);
    (void)state;
    tk_write(k, 100 * 1460);
    tk_flush(k);
    tk_in(k, A | E, 1, 1 + 1460, 0); /* alpha: 15/16 + 1/16 */
    assert_int_equal(tk_info(k).ssthresh_bytes, 7300);
    for (uint32_t i = 2; i <= 10; i++)
        tk_in(k, A, 1, 1 + i * 1460, 0);
    tk_flush(k);
    uint32_t before = tk_info(k).cwnd_bytes;
    tk_in(k, A | E, 1, 1 + 11 * 1460, 0); /* 1 of 10 marked: 15/16 + 1/160 */
    uint32_t after = tk_info(k).ssthresh_bytes;
    double alpha = 2.0 * (before - after) / before;
    assert_true(alpha > 0.935 && alpha < 0.95);
    tk_del(k);
}

/* ---- Memory -------------------------------------------------------------------------------------------------------- */

/* No memory for the state: an active open does without, a passive one waits for the ACK to come again. */
static void test_option_values(void **state)
{
    struct tk *k = ek_passive(WEIR_ECN_PASSIVE, WEIR_CC_NEWRENO, 0);
    uint64_t value = 0;
    (void)state;
    assert_int_equal(weir_tcp_get(k->stack, k->conn, WEIR_OPT_ECN, &value), WEIR_OK);
    assert_int_equal(value, WEIR_ECN_PASSIVE);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_ECN, 6), WEIR_EINVAL);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_ECN, WEIR_ECN_ON), WEIR_OK);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passive_answers), cmocka_unit_test(test_active_asks),
        cmocka_unit_test(test_syn_fallback),    cmocka_unit_test(test_simultaneous_open),
        cmocka_unit_test(test_echo_until_cwr),  cmocka_unit_test(test_marks_that_do_not_count),
        cmocka_unit_test(test_not_negotiated),  cmocka_unit_test(test_reduces_once_a_window),
        cmocka_unit_test(test_backoff_factors), cmocka_unit_test(test_loss),
        cmocka_unit_test(test_super_segment),   cmocka_unit_test(test_what_is_ect),
        cmocka_unit_test(test_dctcp_echo),      cmocka_unit_test(test_dctcp_batch),
        cmocka_unit_test(test_dctcp_asks),      cmocka_unit_test(test_dctcp_alpha),
        cmocka_unit_test(test_option_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
