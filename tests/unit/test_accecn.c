/* test_accecn.c - AccECN (RFC 9768): every row of the handshake's tables, both roles; counters, options on the
 * wire, wraps, mangling; Prague's ECT(1). When segments carry options: test_accecn_option.c. */
#include "unit/ecn_kit.h"

#define ACE(n) ((uint16_t)((n) << 6)) /* AE, CWR, ECE as a number */

static struct tk *passive(uint8_t congestion)
{
    struct tk *k = ek_new(WEIR_ECN_ACCURATE, congestion);
    ek_syn(k, E | C | N, 0);
    ek_accept(k, ACE(2));
    return k;
}

/* As a client; `syn_ack`: the flags of the SYN,ACK, `tos`: its IP-ECN field. The last ACK is returned. */
static const struct tk_out *connected(struct tk *k, uint16_t syn_ack, uint8_t tos)
{
    tk_connect(k);
    tk_expect(k, S | E | C | N, 0, 0, 0);
    k->tos_in = tos;
    tk_syn_in(k, (uint16_t)(S | A | syn_ack), 1);
    k->tos_in = 0;
    const struct tk_out *o = tk_next(k);
    assert_non_null(o);
    return o;
}

/* ---- Table 2 ------------------------------------------------------------------------------------------------ */

/* The server: what it answers to each of the eight combinations, and to each IP-ECN field (3.1.1 to 3.1.3). */
static void test_server_rows(void **state)
{
    static const struct {
        uint8_t syn, tos, syn_ack, feedback;
    } rows[] = {
        {0, 0, 0, WEIR_ECN_FEEDBACK_NONE},        {7, 0, 2, WEIR_ECN_FEEDBACK_ACCURATE},
        {7, ECT1, 3, WEIR_ECN_FEEDBACK_ACCURATE}, {7, ECT0, 4, WEIR_ECN_FEEDBACK_ACCURATE},
        {7, CE, 6, WEIR_ECN_FEEDBACK_ACCURATE},   {3, 0, 1, WEIR_ECN_FEEDBACK_CLASSIC},
        {1, 0, 2, WEIR_ECN_FEEDBACK_ACCURATE},    {2, 0, 2, WEIR_ECN_FEEDBACK_ACCURATE},
        {4, 0, 2, WEIR_ECN_FEEDBACK_ACCURATE},    {5, CE, 6, WEIR_ECN_FEEDBACK_ACCURATE},
        {6, ECT0, 4, WEIR_ECN_FEEDBACK_ACCURATE},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct tk *k = ek_new(WEIR_ECN_ACCURATE, WEIR_CC_NEWRENO);
        const struct tk_out *o = ek_syn(k, ACE(rows[i].syn), rows[i].tos);
        assert_int_equal(o->flags, S | A | ACE(rows[i].syn_ack));
        assert_int_equal(o->tos & 3, 0);
        bool accurate = rows[i].feedback == WEIR_ECN_FEEDBACK_ACCURATE;
        assert_int_equal((o->s.options.present & WEIR_SEGMENT_ACCECN) != 0, accurate);
        ek_accept(k, accurate ? ACE(2) : 0);
        assert_int_equal(tk_info(k).ecn, rows[i].feedback);
        /* a mark on the SYN is not counted: r.cep is 5 */
        tk_write(k, 10);
        assert_int_equal(tk_expect(k, A | (accurate ? ACE(5) : 0), 1, 1, 10)->tos & 3,
                         rows[i].feedback ? ECT0 : 0);
        tk_del(k);
    }
}

/* The client: what each of the eight answers means (table 2, 3.1.3), and when marks on SYNs show mangling. */
static void test_client_rows(void **state)
{
    static const struct {
        uint8_t syn_ack, feedback;
        bool ect;
    } rows[] = {
        {2, WEIR_ECN_FEEDBACK_ACCURATE, true},  {3, WEIR_ECN_FEEDBACK_ACCURATE, false},
        {4, WEIR_ECN_FEEDBACK_ACCURATE, false}, {6, WEIR_ECN_FEEDBACK_ACCURATE, false},
        {5, WEIR_ECN_FEEDBACK_ACCURATE, true},  {1, WEIR_ECN_FEEDBACK_CLASSIC, true},
        {0, WEIR_ECN_FEEDBACK_NONE, false},     {7, WEIR_ECN_FEEDBACK_NONE, false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct tk *k = ek_new(WEIR_ECN_ACCURATE, WEIR_CC_NEWRENO);
        ek_offer_option(k);
        const struct tk_out *o = connected(k, ACE(rows[i].syn_ack), 0);
        bool accurate = rows[i].feedback == WEIR_ECN_FEEDBACK_ACCURATE;
        assert_int_equal(o->flags, A | (accurate ? ACE(2) : 0));
        assert_int_equal(tk_info(k).ecn, rows[i].feedback);
        assert_int_equal(tk_info(k).cwnd_bytes, rows[i].syn_ack == 6 ? 7300 : 14600);
        tk_write(k, 10);
        o = tk_expect(k, A | (accurate ? ACE(5) : 0), 1, 1, 10);
        assert_int_equal(o->tos & 3, rows[i].ect ? ECT0 : 0);
        /* the first data of a client tests whether the option passes (3.2.3.2.1) */
        assert_int_equal((o->s.options.present & WEIR_SEGMENT_ACCECN) != 0, accurate);
        tk_del(k);
    }
}

/* Table 3: what the last ACK says of the SYN,ACK; a mark is counted, once (3.2.2.2). */
static void test_client_reflects(void **state)
{
    static const uint8_t ace[4] = {2, 3, 4, 6};
    (void)state;
    for (uint8_t tos = 0; tos < 4; tos++) {
        struct tk *k = ek_new(WEIR_ECN_ACCURATE, WEIR_CC_NEWRENO);
        assert_int_equal(connected(k, ACE(2), tos)->flags, A | ACE(ace[tos]));
        tk_advance(k, WEIR_S);
        k->tos_in = tos; /* the SYN,ACK again */
        tk_syn_in(k, S | A | ACE(2), 1);
        k->tos_in = 0;
        tk_expect(k, A | ACE(ace[tos]), 1, 1, 0);
        tk_write(k, 10);
        tk_expect(k, A | ACE(tos == CE ? 6 : 5), 1, 1, 10);
        tk_del(k);
    }
}

/* Data is waiting: the pure ACK goes first (3.2.2.1). */
static void test_pure_ack_first(void **state)
{
    struct tk *k = ek_new(WEIR_ECN_ACCURATE, WEIR_CC_NEWRENO);
    (void)state;
    tk_connect(k);
    tk_write(k, 100);
    tk_expect(k, S | E | C | N, 0, 0, 0);
    tk_syn_in(k, S | A | ACE(2), 1);
    tk_expect(k, A | ACE(2), 1, 1, 0);
    tk_expect(k, A | ACE(5), 1, 1, 100);
    tk_del(k);
}

/* Table 4: what a server makes of the last ACK. */
static void test_server_reads_reflection(void **state)
{
    (void)state;
    for (uint8_t ace = 0; ace < 8; ace++) {
        struct tk *k = ek_new(WEIR_ECN_ACCURATE, WEIR_CC_NEWRENO);
        ek_syn(k, E | C | N, 0);
        ek_accept(k, ACE(ace));
        bool ect =
            ace == 1 || ace == 2 || ace == 5 || ace == 7; /* the others: mangled, or zeroed */
        assert_int_equal(tk_info(k).ecn, WEIR_ECN_FEEDBACK_ACCURATE);
        assert_int_equal(tk_info(k).ecn_capable, ect);
        assert_int_equal(tk_info(k).cwnd_bytes, ace == 6 ? 7300 : 14600);
        tk_write(k, 10 * 1460);
        assert_int_equal(tk_expect(k, A | ACE(5), 1, 1, 1460)->tos & 3, ect ? ECT0 : 0);
        tk_flush(k);
        tk_in(k, A | ACE(ace == 6 ? 7 : 6), 1, 1461, 0); /* one mark; with 0 it is not believed */
        assert_int_equal(tk_info(k).delivered_ce, ace == 6 ? 2 : 1); /* with the SYN,ACK */
        if (ace != 6)
            assert_int_equal(tk_info(k).ssthresh_bytes < 14600, ace != 0);
        tk_del(k);
    }
}

/* 3.1.4.1: asked twice, then plain; the first answer decides, and a client may still send ECT. */
static void test_syn_fallback(void **state)
{
    struct tk *k = ek_new(WEIR_ECN_ACCURATE, WEIR_CC_NEWRENO);
    (void)state;
    tk_connect(k);
    tk_expect(k, S | E | C | N, 0, 0, 0);
    assert_int_equal(tk_wait(k, 10 * WEIR_S)->flags, S | E | C | N);
    assert_int_equal(tk_wait(k, 10 * WEIR_S)->flags, S);
    tk_syn_in(k, S | A | ACE(2), 1);
    tk_expect(k, A | ACE(2), 1, 1, 0);
    tk_write(k, 10);
    assert_int_equal(tk_expect(k, A | ACE(5), 1, 1, 10)->tos & 3, ECT0);
    tk_del(k);
}

/* 3.2.3.2.2: the option goes once, the flags twice; then never ECT, but feedback is given (3.1.5). */
static void test_syn_ack_fallback(void **state)
{
    struct tk *k = ek_new(WEIR_ECN_ACCURATE, WEIR_CC_NEWRENO);
    (void)state;
    ek_syn(k, E | C | N, 0);
    const struct tk_out *o = tk_wait(k, 10 * WEIR_S);
    assert_int_equal(o->flags, S | A | ACE(2));
    assert_int_equal(o->s.options.present & WEIR_SEGMENT_ACCECN, 0);
    assert_int_equal(tk_wait(k, 10 * WEIR_S)->flags, S | A);
    ek_accept(k, ACE(2));
    assert_false(tk_info(k).ecn_capable);
    ek_in(k, CE, A | ACE(5), 1, 1, 100);
    tk_expect(k, A | ACE(6), 1, 101, 0);
    tk_del(k);
}

/* 3.1.5: the latest SYN is fed back; a plain one forbids ECT; a classic one contradicts. */
static void test_repeated_syns(void **state)
{
    struct tk *k = ek_new(WEIR_ECN_ACCURATE, WEIR_CC_NEWRENO);
    (void)state;
    ek_syn(k, E | C | N, 0);
    const struct tk_out *o = ek_syn(k, E | C | N, CE);
    assert_int_equal(o->flags, S | A | ACE(6));
    assert_int_equal(o->s.options.present & WEIR_SEGMENT_ACCECN, 0);
    assert_int_equal(ek_syn(k, 0, 0)->flags, S | A | ACE(2));
    ek_accept(k, ACE(2));
    assert_false(tk_info(k).ecn_capable);
    tk_del(k);

    static const uint16_t first[2] = {E | C | N, E | C}, second[2] = {E | C, E | C | N};
    for (int i = 0; i < 2; i++) {
        k = ek_new(WEIR_ECN_ACCURATE, WEIR_CC_NEWRENO);
        ek_syn(k, first[i], 0);
        assert_int_equal(ek_syn(k, second[i], 0)->flags, R | A);
        assert_int_equal(tk_drops(k, WEIR_DROP_ECN_CONFLICT), 1);
        assert_int_equal(tk_stats(k).half_open, 0);
        tk_del(k);
    }
}

static void test_simultaneous_open(void **state)
{
    struct tk *k = ek_new(WEIR_ECN_ACCURATE, WEIR_CC_NEWRENO);
    (void)state;
    tk_connect(k);
    tk_expect(k, S | E | C | N, 0, 0, 0);
    k->tos_in = ECT1;
    tk_syn_in(k, S | E | C | N, 0);
    k->tos_in = 0;
    tk_expect(k, S | A | ACE(3), 0, 1, 0);
    tk_syn_in(k, S | A | ACE(2), 1);
    tk_flush(k);
    tk_expect_state(k, WEIR_TCP_ESTABLISHED);
    assert_int_equal(tk_info(k).ecn, WEIR_ECN_FEEDBACK_ACCURATE);
    tk_del(k);
}

/* 5.1: the ACK that brings a SYN cookie back tells which kind it was. */
static void test_syn_cookie(void **state)
{
    static const struct {
        uint16_t syn, ack;
        bool modern;
        uint8_t feedback;
    } rows[] = {
        {E | C | N, ACE(2), false, WEIR_ECN_FEEDBACK_ACCURATE},
        {E | C | N, ACE(2), true, WEIR_ECN_FEEDBACK_ACCURATE},
        {E | C, 0, true, WEIR_ECN_FEEDBACK_CLASSIC},
        {E | C, 0, false, WEIR_ECN_FEEDBACK_NONE}, /* no timestamps: no place to remember it */
        {0, 0, true, WEIR_ECN_FEEDBACK_NONE},
        {0, ACE(1), true, WEIR_ECN_FEEDBACK_NONE},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct tk_setup s = rows[i].modern ? tk_setup_modern() : tk_setup();
        s.config.tcp.ecn = WEIR_ECN_ACCURATE;
        s.config.syncookies = WEIR_SYNCOOKIES_ALWAYS;
        struct tk *k = tk_new(&s);
        const struct tk_out *o = ek_syn(k, rows[i].syn, 0);
        uint8_t agreed = rows[i].feedback;
        k->iss = o->s.seq;
        assert_int_equal(o->s.flags, S | A |
                                         (agreed == WEIR_ECN_FEEDBACK_ACCURATE  ? ACE(2)
                                          : agreed == WEIR_ECN_FEEDBACK_CLASSIC ? E
                                                                                : 0));
        ek_accept(k, rows[i].ack);
        assert_int_equal(tk_info(k).ecn, agreed);
        tk_del(k);
    }
}

/* ---- The wire (figure 4, table 5) ---------------------------------------------------------------------------- */

static void test_option_bytes(void **state)
{
    static const struct {
        uint8_t order, fields, size;
        uint8_t bytes[12];
    } rows[] = {
        {0, 3, 12, {172, 11, 0x12, 0x34, 0x56, 0xff, 0xff, 0xff, 0, 0, 1, 1}},
        {1, 3, 12, {174, 11, 0x12, 0x34, 0x56, 0xff, 0xff, 0xff, 0, 0, 1, 1}},
        {0, 2, 8, {172, 8, 0x12, 0x34, 0x56, 0xff, 0xff, 0xff}},
        {1, 1, 8, {174, 5, 0x12, 0x34, 0x56, 1, 1, 1}},
        {0, 0, 4, {172, 2, 1, 1}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint8_t packet[60];
        struct tcp_segment got, s = {.options = {.present = WEIR_SEGMENT_ACCECN,
                                                 .accecn_order = rows[i].order,
                                                 .accecn_fields = rows[i].fields,
                                                 .accecn = {0x123456, 0xffffff, 1}}};
        assert_int_equal(tcp_options_size(&s.options), rows[i].size);
        assert_int_equal(tcp_build(packet, &s), 20 + rows[i].size);
        assert_memory_equal(packet + 20, rows[i].bytes, rows[i].size);
        assert_int_equal(tcp_parse(packet, 20u + rows[i].size, &got), WEIR_DROP_NONE);
        assert_int_equal(got.options.present, WEIR_SEGMENT_ACCECN);
        assert_int_equal(got.options.accecn_order, rows[i].order);
        assert_int_equal(got.options.accecn_fields, rows[i].fields);
        for (int f = 0; f < rows[i].fields; f++)
            assert_int_equal(got.options.accecn[f], s.options.accecn[f]);
    }
    /* other lengths: whole fields count, the rest is padding (3.2.3) */
    uint8_t odd[40] = {[12] = 0x70, [20] = 172, 7, 1, 2, 3, 9, 9, 0};
    struct tcp_segment got;
    assert_int_equal(tcp_parse(odd, 28, &got), WEIR_DROP_NONE);
    assert_int_equal(got.options.accecn_fields, 1);
    assert_int_equal(got.options.accecn[0], 0x010203);
}

/* ---- The receiver ---------------------------------------------------------------------------------------------- */

/* 3.2.2.5.1: with unacknowledged data every second mark, without every third. */
static void test_increment_triggered(void **state)
{
    struct tk *k = passive(WEIR_CC_NEWRENO);
    (void)state;
    ek_in(k, CE, A | ACE(5), 1, 1, 0);
    ek_in(k, CE, A | ACE(5), 1, 1, 0);
    tk_expect_nothing(k);
    ek_in(k, CE, A | ACE(5), 1, 1, 0);
    tk_expect(k, A | ACE(0), 1, 1, 0); /* 8 */
    ek_in(k, CE, A | ACE(5), 1, 1, 100);
    ek_in(k, CE, A | ACE(5), 101, 1, 100);
    tk_expect(k, A | ACE(2), 1, 201, 0);
    tk_del(k);
}

/* An ACE with the CWR bit does not survive segmentation: no super-segments while r.cep has it. */
static void test_super_segments(void **state)
{
    struct tk_setup s = ek_setup(WEIR_ECN_ACCURATE, WEIR_CC_NEWRENO);
    (void)state;
    s.link.tx_gso = s.link.tx_csum = true;
    struct tk *k = tk_new(&s);
    ek_syn(k, E | C | N, 0);
    ek_accept(k, ACE(2));
    tk_write(k, 4 * 1460);
    assert_int_equal(tk_expect(k, A | ACE(5), 1, 1, 4 * 1460)->offload.gso_size, 1460);
    ek_in(k, CE, A | ACE(5), 1, 1 + 4 * 1460, 100);
    tk_expect(k, A | ACE(6), 1 + 4 * 1460, 101, 0);
    tk_write(k, 4 * 1460);
    for (uint32_t i = 4; i < 8; i++)
        tk_expect(k, A | ACE(6), 1 + i * 1460, 101, 1460);
    tk_del(k);
}

/* ---- The sender ------------------------------------------------------------------------------------------------- */

static void ack_with_option(struct tk *k, uint8_t ace, uint32_t ack, uint32_t e0b, uint32_t ceb)
{
    struct tcp_segment s = tk_segment(k, A | ACE(ace), 1, ack);
    s.options.present |= WEIR_SEGMENT_ACCECN;
    s.options.accecn_fields = 3;
    s.options.accecn[0] = e0b;
    s.options.accecn[1] = ceb;
    s.options.accecn[2] = 1;
    tk_inject(k, &s, 0);
}

/* An ACK that acknowledges nothing new counts if its timestamp is newer (3.2.2.2), from the handshake's on. */
static void test_timestamps_order_acks(void **state)
{
    struct tk_setup s = tk_setup_modern();
    (void)state;
    s.config.tcp.ecn = WEIR_ECN_ACCURATE;
    for (uint32_t later = 0; later < 2; later++) {
        struct tk *k = tk_new(&s);
        ek_syn(k, E | C | N, 0);
        ek_accept(k, ACE(2));
        tk_write(k, 1000);
        tk_flush(k);
        struct tcp_segment ack = tk_segment(k, A | ACE(6), 1, 1);
        ack.options.ts_val += later;
        tk_inject(k, &ack, 0);
        assert_int_equal(tk_info(k).delivered_ce, later);
        tk_del(k);
    }
}

/* 3.2.2.2: the least step; an ACK that brings nothing new does not count twice, an old one not at all. */
static void test_decodes_ace(void **state)
{
    struct tk *k = passive(WEIR_CC_NEWRENO);
    (void)state;
    tk_write(k, 60 * 1460);
    tk_flush(k);
    tk_in(k, A | ACE(6), 1, 1 + 2 * 1460, 0);
    assert_int_equal(tk_info(k).delivered_ce, 1);
    assert_int_equal(tk_info(k).ssthresh_bytes, 7300);
    tk_in(k, A | ACE(7), 1, 1 + 1460, 0); /* superseded */
    assert_int_equal(tk_info(k).delivered_ce, 1);
    tk_in(k, A | ACE(1), 1, 1 + 5 * 1460, 0); /* 9: wrapped */
    assert_int_equal(tk_info(k).delivered_ce, 4);
    assert_int_equal(tk_info(k).ssthresh_bytes, 7300); /* once a window */
    assert_int_equal(tk_info(k).bytes_retransmitted, 0);
    for (const struct tk_out *o; (o = tk_next(k)) != NULL;)
        assert_int_equal(o->flags, A | ACE(5)); /* never CWR: 3.1.5 */
    tk_del(k);
}

/* 3.2.2.5.2: ten segments at once without an option: the worst case, unless ACKs are that thin as a rule; with
 * it, what it says. */
static void test_wraps(void **state)
{
    struct tk *k = passive(WEIR_CC_NEWRENO);
    (void)state;
    tk_write(k, 60 * 1460);
    tk_flush(k);
    tk_in(k, A | ACE(5), 1, 1 + 1460, 0);
    tk_flush(k);
    tk_in(k, A | ACE(6), 1, 1 + 11 * 1460, 0); /* 1 or 9 of 10 */
    assert_int_equal(tk_info(k).delivered_ce, 9);
    tk_del(k);

    k = passive(WEIR_CC_NEWRENO);
    tk_write(k, 60 * 1460);
    tk_flush(k);
    tk_in(k, A | ACE(6), 1, 1 + 10 * 1460, 0);
    assert_int_equal(tk_info(k).delivered_ce, 1);
    tk_del(k);

    for (uint32_t marked = 1; marked <= 9; marked += 8) {
        k = passive(WEIR_CC_NEWRENO);
        tk_write(k, 60 * 1460);
        tk_flush(k);
        ack_with_option(k, 6, 1 + 10 * 1460, 1 + (10 - marked) * 1460, marked * 1460);
        assert_int_equal(tk_info(k).delivered_ce, marked);
        assert_int_equal(tk_info(k).delivered_ce_bytes, marked * 1460);
        tk_del(k);
    }
}

/* 3.2.3.2.4: an option whose counters begin with 0 was zeroed: ACE alone counts. */
static void test_zeroed_option(void **state)
{
    struct tk *k = passive(WEIR_CC_NEWRENO);
    (void)state;
    tk_write(k, 60 * 1460);
    tk_flush(k);
    ack_with_option(k, 5, 1 + 1460, 0, 0);
    tk_flush(k);
    ack_with_option(k, 6, 1 + 11 * 1460, 0, 0);
    assert_int_equal(tk_info(k).delivered_ce, 9);
    assert_true(tk_info(k).ecn_capable);
    tk_del(k);
}

/* 3.2.2.4: the first ACE after the handshake is zero: no ECT, and nothing is believed. */
static void test_zeroed_ace(void **state)
{
    struct tk *k = passive(WEIR_CC_NEWRENO);
    (void)state;
    tk_write(k, 20 * 1460);
    tk_flush(k);
    tk_in(k, A, 1, 1 + 1460, 0);
    assert_false(tk_info(k).ecn_capable);
    assert_true(tk_info(k).cwnd_bytes >= 14600);
    tk_flush(k);
    tk_write(k, 1460);
    tk_in(k, A, 1, 1 + 2 * 1460, 0);
    assert_int_equal(tk_next(k)->tos & 3, 0);
    tk_del(k);
}

/* ---- Prague ----------------------------------------------------------------------------------------------------- */

/* RFC 9331 4.1: ECT(1) with AccECN; asked for by itself; with classic feedback ECT(0). */
static void test_prague_codepoint(void **state)
{
    (void)state;
    for (int accurate = 0; accurate < 2; accurate++) {
        struct tk *k = ek_new(WEIR_ECN_PASSIVE, WEIR_CC_PRAGUE);
        connected(k, accurate ? ACE(2) : ACE(1), 0);
        tk_write(k, 100);
        const struct tk_out *o = tk_next(k);
        assert_int_equal(o->tos & 3, accurate ? ECT1 : ECT0);
        tk_del(k);
    }
}

/* What the pacer lets leave in 30 ms. */
static void send_for_30_ms(struct tk *k)
{
    for (int i = 0; i < 30; i++) {
        tk_flush(k);
        tk_advance(k, WEIR_MS);
    }
}

/* The first mark halves (alpha is 1), a window without marks lets alpha sink; a loss halves whatever alpha is. */
static void test_prague_reduces(void **state)
{
    struct tk *k = passive(WEIR_CC_PRAGUE);
    (void)state;
    tk_write(k, 100 * 1460);
    tk_flush(k);
    tk_in(k, A | ACE(6), 1, 1 + 1460, 0);
    assert_in_range(tk_info(k).ssthresh_bytes, 7300, 7800);
    for (uint32_t i = 2; i <= 40; i++) {
        send_for_30_ms(k);
        /* less than eight at a time: what ACE says is not ambiguous */
        for (uint32_t left = tk_info(k).unacked_bytes, part; left > 0; left -= part) {
            part = left < 5 * 1460 ? left : 5 * 1460;
            tk_in(k, A | ACE(6), 1, 1 + (uint32_t)tk_info(k).bytes_acked + part, 0);
        }
        if (tk_info(k).unsent_bytes < 60 * 1460)
            tk_write(k, 60 * 1460);
    }
    send_for_30_ms(k);
    uint32_t before = tk_info(k).cwnd_bytes;
    tk_in(k, A | ACE(7), 1,
          1 + k->written - tk_info(k).unsent_bytes - tk_info(k).unacked_bytes + 1460, 0);
    uint32_t after = tk_info(k).cwnd_bytes;
    assert_true(after < before && after > before * 85 / 100);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_rows),
        cmocka_unit_test(test_client_rows),
        cmocka_unit_test(test_client_reflects),
        cmocka_unit_test(test_pure_ack_first),
        cmocka_unit_test(test_server_reads_reflection),
        cmocka_unit_test(test_syn_fallback),
        cmocka_unit_test(test_syn_ack_fallback),
        cmocka_unit_test(test_repeated_syns),
        cmocka_unit_test(test_simultaneous_open),
        cmocka_unit_test(test_syn_cookie),
        cmocka_unit_test(test_option_bytes),
        cmocka_unit_test(test_increment_triggered),
        cmocka_unit_test(test_super_segments),
        cmocka_unit_test(test_decodes_ace),
        cmocka_unit_test(test_timestamps_order_acks),
        cmocka_unit_test(test_wraps),
        cmocka_unit_test(test_zeroed_option),
        cmocka_unit_test(test_zeroed_ace),
        cmocka_unit_test(test_prague_codepoint),
        cmocka_unit_test(test_prague_reduces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
