/* test_merge.c - two captures of one conversation, made from a known truth: clocks, losses, copies, super-segments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/compiler.h"
#include "trace/merge.h"
#include "unit/trace_kit.h"

#define SEGMENTS_MAX 4000

struct tap {
    struct trace_segment s[SEGMENTS_MAX];
    size_t n;
};

/* A world: what both captures saw. Times in nanoseconds by the client's clock. */
struct world {
    struct tap tap[2];
    int64_t offset;
    double drift;
    uint32_t noise;
};

static int64_t jitter(struct world *w)
{
    w->noise = w->noise * 1664525u + 1013904223u;
    return (w->noise >> 8) % 300000; /* up to 0.3 ms above the least flight */
}

static void see(struct world *w, unsigned where, struct trace_segment s, int64_t ns)
{
    struct tap *tap = &w->tap[where];
    int64_t now = where == LADDER_SERVER ? ns + w->offset + (int64_t)((double)ns * w->drift) : ns;
    size_t at = tap->n++;

    assert_true(tap->n <= SEGMENTS_MAX);
    s.time = (weir_time)(now + 1000000000);
    for (; at > 0 && tap->s[at - 1].time > s.time; at--) { /* in the order of arrival */
        tap->s[at] = tap->s[at - 1];
    }
    tap->s[at] = s;
}

static struct trace_segment segment(enum trace_side side, uint16_t id, uint16_t flags, uint32_t seq,
                                    uint32_t length, uint32_t ack)
{
    return (struct trace_segment){.side = (uint8_t)side,
                                  .ip_id = id,
                                  .flags = flags,
                                  .seq = seq,
                                  .length = length,
                                  .ack = ack,
                                  .window = 1000};
}

/* Sent at `ns`, 20 ms and some jitter on the way. Returns when it arrives. */
static int64_t fly(struct world *w, struct trace_segment s, int64_t ns)
{
    int64_t arrives = ns + 20000000 + jitter(w);

    see(w, s.side, s, ns);
    see(w, 1 - s.side, s, arrives);
    return arrives;
}

/* A handshake and `rounds` of a request and its answer, `every` ns. */
static void talk(struct world *w, uint32_t rounds, int64_t every)
{
    uint16_t id = 1;

    fly(w, segment(LADDER_CLIENT, id, WEIR_TCP_SYN, 1000, 0, 0), 0);
    fly(w, segment(LADDER_SERVER, 0, WEIR_TCP_SYN | WEIR_TCP_ACK, 8000, 0, 1001), 21000000);
    fly(w, segment(LADDER_CLIENT, ++id, WEIR_TCP_ACK, 1001, 0, 8001), 42000000);
    for (uint32_t i = 0; i < rounds; i++) {
        int64_t at = 50000000 + i * every;
        uint32_t seq = 1001 + i * 100, ack = 8001 + i * 50;
        fly(w, segment(LADDER_CLIENT, ++id, WEIR_TCP_ACK, seq, 100, ack), at);
        fly(w, segment(LADDER_SERVER, id, WEIR_TCP_ACK, ack, 50, seq + 100), at + 21000000);
    }
}

static struct ladder *merge(const struct world *w, bool swapped, struct merge_report *report)
{
    struct merge_capture a = {w->tap[swapped].s, w->tap[swapped].n};
    struct merge_capture b = {w->tap[!swapped].s, w->tap[!swapped].n};
    struct ladder *l = ladder_new(LADDER_AT_BOTH);
    struct weir_endpoint end = {.port = 1};

    ladder_set_ends(l, &end, &end, false);
    assert_true(merge_fits(&a, &b));
    assert_int_equal(merge_captures(l, &a, &b, report), WEIR_OK);
    assert_int_equal(ladder_finish(l), WEIR_OK);
    return l;
}

static void near_to(int64_t value, int64_t expected, int64_t tolerance)
{
    if (value < expected - tolerance || value > expected + tolerance) {
        fail_msg("%lld is not %lld within %lld", (long long)value, (long long)expected,
                 (long long)tolerance);
    }
}

/* Every flight must be 20.0 to 20.4 ms long, whatever the clocks showed. */
static void check_flights(const struct ladder *l, int64_t tolerance)
{
    size_t n;
    const struct ladder_segment *s = ladder_segments(l, &n);

    for (size_t i = 0; i < n; i++) {
        if (s[i].arrived.known == LADDER_MEASURED && (s[i].facts & LADDER_FACT_COPY) == 0) {
            near_to(s[i].arrived.ns - s[i].sent.ns, 20150000, 160000 + tolerance);
        }
    }
}

static void an_offset_is_found(void **state)
{
    static const int64_t offsets[] = {0, 5000000, -7000000000, 3600000000000};
    struct merge_report r;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
        static struct world w;
        w = (struct world){.offset = offsets[i], .noise = (uint32_t)i};
        talk(&w, 40, 30000000);
        struct ladder *l = merge(&w, false, &r);
        near_to(r.offset, offsets[i], 30000);
        assert_true(r.one_clock == (offsets[i] == 0));
        assert_true(r.drift_ppm == 0);
        assert_int_equal(r.matched, 83);
        assert_int_equal(r.lost + r.copies + r.negative + r.outside, 0);
        near_to(r.bound, 20000000, 30000);
        check_flights(l, 30000);
        ladder_del(l);
        l = merge(&w, true, &r); /* given the other way round */
        assert_true(r.swapped);
        near_to(r.offset, offsets[i], 30000);
        ladder_del(l);
    }
}

static void a_drift_is_found(void **state)
{
    static const double drifts[] = {50e-6, -200e-6};
    struct merge_report r;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(drifts); i++) {
        static struct world w;
        w = (struct world){.offset = 123456789, .drift = drifts[i]};
        talk(&w, 600, 500000000); /* five minutes: 15 ms apart in the end */
        struct ladder *l = merge(&w, false, &r);
        near_to((int64_t)(r.drift_ppm * 1000), (int64_t)(drifts[i] * 1e9), 1500);
        near_to(r.offset, 123456789, 300000);
        assert_int_equal(r.negative, 0);
        check_flights(l, 300000);
        ladder_del(l);
    }
}

/* Two sendings with the same IP ID (0), of which one arrives; one segment that the network doubles. */
static void losses_and_copies_are_proven(void **state)
{
    static struct world w;
    struct merge_report r;
    size_t n;

    (void)state;
    w = (struct world){.offset = 40000000};
    talk(&w, 5, 30000000);
    struct trace_segment data = segment(LADDER_CLIENT, 0, WEIR_TCP_ACK, 1501, 100, 8251);
    see(&w, LADDER_CLIENT, data, 400000000);
    fly(&w, data, 700000000);
    struct trace_segment twice = segment(LADDER_CLIENT, 99, WEIR_TCP_ACK, 1601, 100, 8251);
    int64_t arrives = fly(&w, twice, 800000000);
    see(&w, LADDER_SERVER, twice, arrives + 1000000);
    struct ladder *l = merge(&w, false, &r);
    assert_int_equal(r.lost, 1);
    assert_int_equal(r.copies, 1);
    const struct ladder_segment *s = ladder_segments(l, &n);
    assert_int_equal(n, 13 + 4);
    assert_int_equal(s[13].arrived.known, LADDER_LOST);
    assert_int_equal(s[13].wire.seq, 1501);
    assert_int_equal(s[14].class, LADDER_RETX);
    assert_int_equal(s[14].arrived.known, LADDER_MEASURED);
    assert_int_equal(s[15].wire.seq, 1601);
    assert_int_equal(s[16].class, LADDER_NET_DUPLICATE);
    ladder_del(l);
}

/* One super-segment leaves; of its four wire segments the third is lost. And two that the receiver's card
 * put together. */
static void super_segments_are_taken_apart(void **state)
{
    static struct world w;
    struct merge_report r;
    size_t n;

    (void)state;
    w = (struct world){.offset = -5000000};
    talk(&w, 5, 30000000);
    see(&w, LADDER_CLIENT,
        segment(LADDER_CLIENT, 50, WEIR_TCP_ACK | WEIR_TCP_PSH, 1501, 3500, 8251), 400000000);
    for (uint16_t i = 0; i < 4; i++) {
        uint16_t flags = i == 3 ? WEIR_TCP_ACK | WEIR_TCP_PSH : WEIR_TCP_ACK;
        if (i != 2) {
            see(&w, LADDER_SERVER,
                segment(LADDER_CLIENT, 50 + i, flags, 1501 + i * 1000u, i == 3 ? 500 : 1000, 8251),
                420000000 + i * 1000);
        }
    }
    see(&w, LADDER_CLIENT, segment(LADDER_CLIENT, 60, WEIR_TCP_ACK, 5001, 1000, 8251), 500000000);
    see(&w, LADDER_CLIENT, segment(LADDER_CLIENT, 61, WEIR_TCP_ACK, 6001, 1000, 8251), 500001000);
    see(&w, LADDER_SERVER, segment(LADDER_CLIENT, 60, WEIR_TCP_ACK, 5001, 2000, 8251), 520002000);
    struct ladder *l = merge(&w, false, &r);
    const struct ladder_segment *s = ladder_segments(l, &n);
    assert_int_equal(n, 13 + 6);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(s[13 + i].wire.seq, 1501 + i * 1000);
        assert_int_equal(s[13 + i].wire.length, i == 3 ? 500 : 1000);
        assert_int_equal(s[13 + i].arrived.known, i == 2 ? LADDER_LOST : LADDER_MEASURED);
        assert_int_equal((s[13 + i].wire.flags & WEIR_TCP_PSH) != 0, i == 3);
    }
    assert_int_equal(s[17].wire.length, 1000);
    assert_int_equal(s[17].arrived.known, LADDER_MEASURED);
    assert_int_equal(s[18].arrived.ns, s[17].arrived.ns);
    assert_int_equal(r.lost, 1);
    assert_int_equal(r.not_sent[0] + r.not_sent[1], 0);
    ladder_del(l);
}

/* What was sent when the other capture was not running is not called lost. */
static void what_nobody_watched_is_not_lost(void **state)
{
    static struct world w;
    struct merge_report r;
    size_t n;

    (void)state;
    w = (struct world){.offset = 1000000};
    talk(&w, 20, 30000000);
    see(&w, LADDER_CLIENT, segment(LADDER_CLIENT, 900, WEIR_TCP_ACK, 3001, 100, 9001), 2000000000);
    struct ladder *l = merge(&w, false, &r);
    const struct ladder_segment *s = ladder_segments(l, &n);
    assert_int_equal(r.lost, 0);
    assert_int_equal(r.outside, 1);
    assert_int_equal(s[n - 1].arrived.known, LADDER_ESTIMATED);
    ladder_del(l);
}

/* Another conversation is not merged; a middlebox may change IP ID and MSS. */
static void only_what_belongs_together(void **state)
{
    static struct world w, other;
    struct merge_report r;

    (void)state;
    w = (struct world){.offset = 0};
    talk(&w, 5, 30000000);
    other = w;
    for (size_t i = 0; i < other.tap[1].n; i++) {
        struct trace_segment *s = &other.tap[1].s[i];
        if ((s->flags & WEIR_TCP_SYN) != 0) {
            w.tap[1].s[i].options.mss = 1380;
        }
        w.tap[1].s[i].ip_id = (uint16_t)(s->ip_id + (i % 3 == 0 ? 777 : 0));
        *(s->side == LADDER_CLIENT ? &s->seq : &s->ack) += 5;
    }
    struct merge_capture a = {w.tap[0].s, w.tap[0].n}, b = {other.tap[1].s, other.tap[1].n};
    assert_false(merge_fits(&a, &b));
    struct ladder *l = merge(&w, false, &r);
    assert_int_equal(r.matched, 13);
    assert_int_equal(r.lost, 0);
    assert_int_equal(r.mss[LADDER_CLIENT][1], 1380);
    ladder_del(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offset_is_found),
        cmocka_unit_test(a_drift_is_found),
        cmocka_unit_test(losses_and_copies_are_proven),
        cmocka_unit_test(super_segments_are_taken_apart),
        cmocka_unit_test(what_nobody_watched_is_not_lost),
        cmocka_unit_test(only_what_belongs_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
