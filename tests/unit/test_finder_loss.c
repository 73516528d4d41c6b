/*
 * test_finder_loss.c - findings about losses (from judgements and lessons made by hand: the judge has its own
 * tests), about single segments, about conformance, and about what a capture cannot show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/compiler.h"
#include "unit/finder_kit.h"

static struct find_kit opened(void)
{
    struct find_kit x = find_kit(LADDER_AT_CLIENT);

    find_kit_open(&x);
    return x;
}

/* The bytes of segment 4 again. */
static void resend(struct find_kit *x, double ms, uint32_t length, enum ladder_cause cause)
{
    find_kit_judged(x, find_kit_wire(x, ms, '>', "A", 1001, length, 8001),
                    (struct judgement){.class = LADDER_RETX,
                                       .cause = cause,
                                       .first = 4,
                                       .evidence = cause == LADDER_CAUSE_RTO ? EVIDENCE_SILENCE
                                                                             : EVIDENCE_DUP_ACKS});
}

/* ---- Losses ---------------------------------------------------------------------------------------------- */

static void kinds_of_retransmission(void **state)
{
    static const struct {
        enum ladder_cause cause;
        enum finding_id id;
    } kinds[] = {{LADDER_CAUSE_FAST, FINDING_FAST_RETX},
                 {LADDER_CAUSE_RTO, FINDING_RTO},
                 {LADDER_CAUSE_TLP, FINDING_TLP},
                 {LADDER_CAUSE_RACK, FINDING_RACK}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        struct find_kit x = opened();
        find_kit_send(&x, 100, '>', "A", 1001, 1000, 8001);
        resend(&x, 348, 1000, kinds[i].cause);
        for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
            assert_int_equal(find_kit_finding(&x, kinds[k].id) != NULL, i == k);
        }
        const struct finding *f = find_kit_finding(&x, kinds[i].id);
        bool waited = kinds[i].cause == LADDER_CAUSE_RTO || kinds[i].cause == LADDER_CAUSE_TLP;
        assert_int_equal(f->cost_ns, waited ? 248 * WEIR_MS : 0);
        assert_int_equal(f->segments[0], 5);
        find_kit_expect(&x, kinds[i].id, 1);
    }
}

static void nothing_lost_nothing_found(void **state)
{
    static const enum finding_id ids[] = {
        FINDING_FAST_RETX, FINDING_RTO,        FINDING_TLP,           FINDING_RACK,
        FINDING_REORDERED, FINDING_DUPLICATED, FINDING_SPURIOUS_RETX, FINDING_RTO_BACKOFF};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        struct find_kit x = opened();
        find_kit_send(&x, 100, '>', "A", 1001, 1000, 8001);
        find_kit_send(&x, 140, '<', "A", 8001, 0, 2001);
        find_kit_expect(&x, ids[i], 0);
    }
}

/* RFC 6298 5.5: a timeout doubles; a capture at that host shows when it does not. */
static void timeouts_in_a_row(void **state)
{
    struct find_kit good = opened(), bad = opened();

    (void)state;
    find_kit_send(&good, 100, '>', "A", 1001, 100, 8001);
    resend(&good, 350, 100, LADDER_CAUSE_RTO);
    resend(&good, 850, 100, LADDER_CAUSE_RTO);
    resend(&good, 1850, 100, LADDER_CAUSE_RTO);
    assert_int_equal(find_kit_finding(&good, FINDING_RTO)->cost_ns, 1750 * WEIR_MS);
    assert_int_equal(find_kit_finding(&good, FINDING_RTO_BACKOFF)->value[2], 3);
    assert_null(find_kit_finding(&good, FINDING_CONFORM_BACKOFF));
    find_kit_expect(&good, FINDING_RTO_BACKOFF, 2);

    find_kit_send(&bad, 100, '>', "A", 1001, 100, 8001);
    for (int i = 1; i <= 4; i++) {
        resend(&bad, 100 + i * 250, 100, LADDER_CAUSE_RTO);
    }
    assert_null(find_kit_finding(&bad, FINDING_RTO_BACKOFF));
    find_kit_expect(&bad, FINDING_CONFORM_BACKOFF, 2); /* the first one may have been a probe */
}

static void lessons(void **state)
{
    static const struct {
        enum lesson_kind kind;
        enum finding_id id;
    } kinds[] = {{LESSON_SPURIOUS, FINDING_SPURIOUS_RETX}, {LESSON_REORDERED, FINDING_REORDERED}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        struct find_kit x = opened();
        find_kit_send(&x, 100, '>', "A", 1001, 1000, 8001);
        struct lesson lesson = {.kind = kinds[i].kind,
                                .evidence = EVIDENCE_EIFEL,
                                .side = LADDER_CLIENT,
                                .number = 4,
                                .time = find_kit_wire(&x, 150, '>', "A", 0, 0, 0).time};
        finder_lesson(x.finder, &lesson);
        assert_string_equal(find_kit_finding(&x, kinds[i].id)->evidence, "eifel");
        find_kit_expect(&x, kinds[i].id, 1);
    }
}

/* A SYN sent twice for nothing costs nothing. */
static void a_needless_syn_is_not_worth_a_word(void **state)
{
    struct find_kit x = opened();
    struct lesson lesson = {.kind = LESSON_SPURIOUS, .side = LADDER_CLIENT, .number = 1};

    (void)state;
    lesson.time = find_kit_wire(&x, 50, '>', "A", 0, 0, 0).time;
    finder_lesson(x.finder, &lesson);
    find_kit_expect(&x, FINDING_SPURIOUS_RETX, 0);
}

/* Behind the loss: the hole at this tap is filled by another copy. */
static void lost_before_the_tap(void **state)
{
    struct find_kit x = opened();

    (void)state;
    find_kit_judged(&x, find_kit_wire(&x, 600, '>', "A", 1001, 1000, 8001),
                    (struct judgement){.class = LADDER_LATE});
    struct lesson lesson = {.kind = LESSON_RESENT,
                            .evidence = EVIDENCE_TIMESTAMP,
                            .side = LADDER_CLIENT,
                            .number = 4,
                            .time = find_kit_wire(&x, 600, '>', "A", 0, 0, 0).time};
    finder_lesson(x.finder, &lesson);
    assert_null(find_kit_finding(&x, FINDING_REORDERED));
    find_kit_expect(&x, FINDING_RTO, 1); /* after such a silence */
}

static void copies(void **state)
{
    struct find_kit x = opened(), y = find_kit(LADDER_AT_UNKNOWN);

    (void)state;
    find_kit_send(&x, 100, '>', "A", 1001, 1000, 8001);
    find_kit_judged(&x, find_kit_wire(&x, 101, '>', "A", 1001, 1000, 8001),
                    (struct judgement){.class = LADDER_NET_DUPLICATE, .first = 4});
    find_kit_send(&x, 140, '<', "A", 8001, 0, 2001);
    find_kit_expect(&x, FINDING_DUPLICATED, 1);

    for (uint32_t i = 0; i < 10; i++) { /* every packet twice: it is the capture, once */
        find_kit_judged(&y, find_kit_wire(&y, i, '>', "A", 1001 + i, 1, 8001),
                        (struct judgement){.class = LADDER_DATA});
        find_kit_judged(&y, find_kit_wire(&y, i, '>', "A", 1001 + i, 1, 8001),
                        (struct judgement){.class = LADDER_NET_DUPLICATE, .first = i * 2 + 1});
    }
    assert_null(find_kit_finding(&y, FINDING_DUPLICATED));
    bool twice = false;
    for (size_t i = 0; i < y.count; i++) {
        twice = twice || (y.list[i].id == FINDING_CAPTURE_LIMITS &&
                          y.list[i].value[0] == CAPTURE_LIMIT_TWICE);
    }
    assert_true(twice);
    find_kit_finder_del(&y);
}

/* RFC 2923 2.1. */
static void black_holes(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) { /* silent; told by ICMP; large ones arrive */
        struct find_kit x = opened();
        find_kit_send(&x, 60, '>', "A", 1001, kind == 2 ? 1460 : 100, 8001);
        uint32_t next = kind == 2 ? 2461 : 1101;
        find_kit_send(&x, 100, '<', "A", 8001, 0, next);
        find_kit_send(&x, 100.1, '>', "A", next, 1460, 8001);
        if (kind == 1) {
            finder_icmp(x.finder, find_kit_wire(&x, 120, '>', "", 0, 0, 0).time, LADDER_CLIENT,
                        FINDER_ICMP_TOO_BIG, 1400);
        }
        double at = 100;
        for (int i = 0; i < 5; i++) {
            at += 250 << i;
            find_kit_judged(&x, find_kit_wire(&x, at, '>', "A", next, 1460, 8001),
                            (struct judgement){.class = LADDER_RETX, .cause = LADDER_CAUSE_RTO});
        }
        const struct finding *f = find_kit_finding(&x, FINDING_PMTU_BLACKHOLE);
        assert_int_equal(f != NULL, kind == 0);
        find_kit_finder_del(&x);
    }
}

/* ---- Single segments ------------------------------------------------------------------------------------- */

/* RFC 9293 3.7.1: larger than announced, unless a network card cuts it or has put it together. */
static void segments_too_large(void **state)
{
    static const struct {
        uint32_t length;
        enum trace_checksum sum;
        bool found;
    } cases[] = {{1400, TRACE_SUM_GOOD, true},     {1400, TRACE_SUM_PARTIAL, false},
                 {1400, TRACE_SUM_BAD, false},     {5120, TRACE_SUM_GOOD, false},
                 {1024, TRACE_SUM_GOOD, false},    {57684, TRACE_SUM_GOOD, false},
                 {1400, TRACE_SUM_UNKNOWN, false}, {20, TRACE_SUM_GOOD, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct find_kit x = find_kit(LADDER_AT_CLIENT);
        find_kit_send(&x, 0, '>', "S", 1000, 0, 0);
        x.mss = 1024;
        find_kit_send(&x, 40, '<', "SA", 8000, 0, 1001);
        find_kit_send(&x, 40.05, '>', "A", 1001, 0, 8001);
        struct trace_segment s = find_kit_wire(&x, 100, '>', "A", 1001, cases[i].length, 8001);
        s.checksum = (uint8_t)cases[i].sum;
        find_kit_feed(&x, &s);
        assert_int_equal(find_kit_finding(&x, FINDING_MSS_EXCEEDED) != NULL, cases[i].found);
        find_kit_finder_del(&x);
    }
}

static void mss_changed_on_the_way(void **state)
{
    struct find_kit x = opened(), y = opened();

    (void)state;
    finder_mss_of_both(x.finder, LADDER_CLIENT, 1460, 1380);
    find_kit_expect(&x, FINDING_MSS_CLAMPED, 1);
    finder_mss_of_both(y.finder, LADDER_CLIENT, 1460, 1460);
    find_kit_expect(&y, FINDING_MSS_CLAMPED, 0);
}

static void checksums(void **state)
{
    struct find_kit x = opened(), y = opened();

    (void)state;
    struct trace_segment bad = find_kit_wire(&x, 100, '>', "A", 1001, 10, 8001);
    bad.checksum = TRACE_SUM_BAD;
    find_kit_feed(&x, &bad);
    assert_int_equal(find_kit_finding(&x, FINDING_BAD_CHECKSUM)->severity, FINDING_WARN);
    find_kit_expect(&x, FINDING_BAD_CHECKSUM, 1);

    for (uint32_t i = 0; i < 20; i++) { /* all that leaves: the network card's work; said once */
        struct trace_segment s = find_kit_wire(&y, 100 + i, '>', "A", 1001 + i, 1, 8001);
        s.checksum = TRACE_SUM_PARTIAL;
        find_kit_feed(&y, &s);
    }
    assert_int_equal(find_kit_finding(&y, FINDING_BAD_CHECKSUM)->severity, FINDING_INFO);
    find_kit_expect(&y, FINDING_BAD_CHECKSUM, 1);
}

static void flags_and_options(void **state)
{
    (void)state;
    for (int kind = 0; kind < 5; kind++) {
        static const enum finding_id ids[] = {FINDING_URG_USED, FINDING_BAD_OPTION_LEN,
                                              FINDING_BAD_OPTION_LEN, FINDING_ECN_CE,
                                              FINDING_ECN_CE};
        struct find_kit x = opened();
        struct trace_segment s =
            find_kit_wire(&x, 100, '>', kind == 0 ? "AU" : "A", 1001, 10, 8001);
        s.options.illegal = kind == 1 || kind == 2;
        s.cut = kind == 2; /* what was cut off is not wrong */
        s.ecn = kind == 3 ? 3 : 2;
        find_kit_feed(&x, &s);
        find_kit_expect(&x, ids[kind], kind == 2 || kind == 4 ? 0 : 1);
    }
}

/* RFC 3168 6.1.3: ECE means marks only where ECN was agreed on. */
static void congestion_reported_back(void **state)
{
    (void)state;
    for (int agreed = 0; agreed < 2; agreed++) {
        struct find_kit x = find_kit(LADDER_AT_CLIENT);
        struct trace_segment syn = find_kit_wire(&x, 0, '>', "S", 1000, 0, 0);
        syn.flags |= WEIR_TCP_ECE | WEIR_TCP_CWR;
        find_kit_feed(&x, &syn);
        struct trace_segment answer = find_kit_wire(&x, 40, '<', "SA", 8000, 0, 1001);
        answer.flags |= agreed ? WEIR_TCP_ECE : 0;
        find_kit_feed(&x, &answer);
        find_kit_send(&x, 40.05, '>', "A", 1001, 0, 8001);
        find_kit_send(&x, 60, '>', "A", 1001, 100, 8001);
        struct trace_segment ack = find_kit_wire(&x, 100, '<', "A", 8001, 0, 1101);
        ack.flags |= WEIR_TCP_ECE;
        find_kit_feed(&x, &ack);
        find_kit_expect(&x, FINDING_ECN_CE, agreed ? 1 : 0);
    }
}

/* RFC 7323 5: new data with an old timestamp; one that is only late is something else. */
static void old_timestamps(void **state)
{
    (void)state;
    for (int old = 0; old < 2; old++) {
        struct find_kit x = opened();
        for (uint32_t i = 0; i < 2; i++) {
            struct trace_segment s = find_kit_wire(&x, 100 + i, '>', "A", 1001 + i * 10, 10, 8001);
            s.options.present = WEIR_SEGMENT_TIMESTAMPS;
            s.options.ts_val = i == 1 && old ? 4000 : 5000 + i;
            find_kit_feed(&x, &s);
        }
        find_kit_expect(&x, FINDING_PAWS_DROP, old ? 1 : 0);
    }
}

static void keepalives(void **state)
{
    struct find_kit x = opened();

    (void)state;
    find_kit_send(&x, 100, '>', "A", 1001, 1, 8001);
    find_kit_send(&x, 140, '<', "A", 8001, 0, 1002);
    find_kit_send(&x, 1140, '>', "A", 1001, 0, 8001);
    find_kit_send(&x, 1180, '<', "A", 8001, 0, 1002);
    assert_null(find_kit_finding(&x, FINDING_ZERO_WINDOW));
    find_kit_expect(&x, FINDING_KEEPALIVE, 1);
}

/* ---- Conformance ----------------------------------------------------------------------------------------- */

/* RFC 5681 4.2: an ACK for at least every second full-sized segment; from elsewhere nothing is claimed. */
static void stretched_acks(void **state)
{
    static const struct {
        enum ladder_vantage vantage;
        uint32_t per_ack;
        double spacing;
        bool found;
    } cases[] = {{LADDER_AT_SERVER, 4, 1, true},
                 {LADDER_AT_SERVER, 2, 1, false},
                 {LADDER_AT_CLIENT, 4, 1, false},
                 {LADDER_AT_UNKNOWN, 4, 1, false},
                 {LADDER_AT_SERVER, 4, 0.001, false}}; /* came together */

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct find_kit x = find_kit(cases[i].vantage);
        uint32_t seq = 1001;
        double at = 100;
        find_kit_send(&x, 0, '>', "S", 1000, 0, 0);
        find_kit_send(&x, 10, '<', "SA", 8000, 0, 1001);
        find_kit_send(&x, 21, '>', "A", 1001, 0, 8001);
        for (int round = 0; round < 20; round++, at += 40) {
            for (uint32_t k = 0; k < cases[i].per_ack; k++, seq += 1460) {
                find_kit_send(&x, at + k * cases[i].spacing, '>', "A", seq, 1460, 8001);
            }
            find_kit_send(&x, at + 3 * cases[i].spacing + 0.1, '<', "A", 8001, 0, seq);
        }
        assert_int_equal(find_kit_finding(&x, FINDING_CONFORM_ACK) != NULL, cases[i].found);
        find_kit_finder_del(&x);
    }
}

/* RFC 6298 2.1. */
static void first_timeout(void **state)
{
    (void)state;
    for (int quick = 0; quick < 2; quick++) {
        struct find_kit x = find_kit(LADDER_AT_CLIENT);
        find_kit_send(&x, 0, '>', "S", 1000, 0, 0);
        find_kit_send(&x, quick ? 300 : 1000, '>', "S", 1000, 0, 0);
        find_kit_expect(&x, FINDING_CONFORM_RTO, quick ? 1 : 0);
    }
}

/* RFC 6928 2: ten segments, and more once anything came back. */
static void initial_window(void **state)
{
    static const struct {
        enum ladder_vantage vantage;
        uint32_t segments;
        bool answered, found;
    } cases[] = {{LADDER_AT_CLIENT, 16, false, true},
                 {LADDER_AT_CLIENT, 10, false, false},
                 {LADDER_AT_CLIENT, 16, true, false},
                 {LADDER_AT_SERVER, 16, false, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct find_kit x = find_kit(cases[i].vantage);
        find_kit_open(&x);
        for (uint32_t k = 0; k < cases[i].segments; k++) {
            find_kit_send(&x, 100 + k * 0.01, '>', "A", 1001 + k * 1460, 1460, 8001);
            if (k == 5 && cases[i].answered) {
                find_kit_send(&x, 100.055, '<', "A", 8001, 0, 2461);
            }
        }
        assert_int_equal(find_kit_finding(&x, FINDING_CONFORM_IW) != NULL, cases[i].found);
        find_kit_finder_del(&x);
    }
}

/* RFC 5681 4.2: out-of-order data is acknowledged at once. */
static void out_of_order_data_unanswered(void **state)
{
    (void)state;
    for (int silent = 0; silent < 2; silent++) {
        struct find_kit x = find_kit(LADDER_AT_SERVER);
        find_kit_send(&x, 0, '>', "S", 1000, 0, 0);
        find_kit_send(&x, 0.1, '<', "SA", 8000, 0, 1001);
        find_kit_send(&x, 40, '>', "A", 1001, 0, 8001);
        find_kit_send(&x, 100, '>', "A", 2461, 1460, 8001);
        find_kit_send(&x, silent ? 500 : 100.1, '<', "A", 8001, 0, 1001);
        find_kit_expect(&x, FINDING_CONFORM_OUT_OF_ORDER, silent ? 1 : 0);
    }
}

/* ---- The capture ----------------------------------------------------------------------------------------- */

static bool limited(struct find_kit *x, enum capture_limit limit)
{
    bool found = false;

    (void)find_kit_finding(x, FINDING_CAPTURE_LIMITS);
    for (size_t i = 0; i < x->count; i++) {
        const struct finding *f = &x->list[i];
        found = found || (f->id == FINDING_CAPTURE_LIMITS && f->value[0] == (int64_t)limit);
    }
    find_kit_finder_del(x);
    return found;
}

static void what_a_capture_cannot_show(void **state)
{
    struct find_kit clean = opened(), mid = find_kit(LADDER_AT_CLIENT);
    struct find_kit cut = opened(), clock = opened(), one_way = find_kit(LADDER_AT_CLIENT);
    struct find_kit missed = opened();
    struct trace_segment s = find_kit_wire(&cut, 100, '>', "A", 1001, 10, 8001);

    (void)state;
    find_kit_expect(&clean, FINDING_CAPTURE_LIMITS, 0);
    find_kit_send(&mid, 0, '>', "A", 1001, 10, 8001);
    find_kit_send(&mid, 40, '<', "A", 8001, 0, 1011);
    assert_true(limited(&mid, CAPTURE_LIMIT_MID));
    s.cut = true;
    find_kit_feed(&cut, &s);
    assert_true(limited(&cut, CAPTURE_LIMIT_CUT));
    find_kit_send(&clock, 20, '>', "A", 1001, 10, 8001);
    assert_true(limited(&clock, CAPTURE_LIMIT_CLOCK));
    find_kit_send(&one_way, 0, '>', "S", 1000, 0, 0);
    find_kit_send(&one_way, 40, '>', "A", 1001, 0, 8001);
    assert_true(limited(&one_way, CAPTURE_LIMIT_ONE_WAY));
    struct lesson lesson = {.kind = LESSON_NOT_CAPTURED,
                            .time = find_kit_wire(&missed, 60, '>', "", 0, 0, 0).time,
                            .start = 1001,
                            .end = 1501};
    finder_lesson(missed.finder, &lesson);
    assert_true(limited(&missed, CAPTURE_LIMIT_MISSED));
}

static uint32_t told;

static void count_findings(void *ctx, const struct finding *finding)
{
    (void)ctx;
    told += finding->id == FINDING_KEEPALIVE;
}

/* A live view hears of a finding when it is made, and each time that it happens again. */
static void listeners(void **state)
{
    struct finder_setup setup = {.vantage = LADDER_AT_CLIENT, .found = count_findings};
    struct find_kit x = find_kit_finder_after(&setup);

    (void)state;
    find_kit_open(&x);
    find_kit_send(&x, 100, '>', "A", 1001, 1, 8001);
    find_kit_send(&x, 140, '<', "A", 8001, 0, 1002);
    for (int i = 1; i <= 3; i++) {
        find_kit_send(&x, i * 1000, '>', "A", 1001, 0, 8001);
        find_kit_send(&x, i * 1000 + 40, '<', "A", 8001, 0, 1002);
        assert_int_equal(told, i);
    }
    find_kit_expect(&x, FINDING_KEEPALIVE, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_of_retransmission),
        cmocka_unit_test(nothing_lost_nothing_found),
        cmocka_unit_test(timeouts_in_a_row),
        cmocka_unit_test(lessons),
        cmocka_unit_test(a_needless_syn_is_not_worth_a_word),
        cmocka_unit_test(lost_before_the_tap),
        cmocka_unit_test(copies),
        cmocka_unit_test(black_holes),
        cmocka_unit_test(segments_too_large),
        cmocka_unit_test(mss_changed_on_the_way),
        cmocka_unit_test(checksums),
        cmocka_unit_test(flags_and_options),
        cmocka_unit_test(congestion_reported_back),
        cmocka_unit_test(old_timestamps),
        cmocka_unit_test(keepalives),
        cmocka_unit_test(stretched_acks),
        cmocka_unit_test(first_timeout),
        cmocka_unit_test(initial_window),
        cmocka_unit_test(out_of_order_data_unanswered),
        cmocka_unit_test(what_a_capture_cannot_show),
        cmocka_unit_test(listeners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
