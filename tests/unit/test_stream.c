/* test_stream.c - a conversation told while it goes on has the same rows as the finished ladder of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/rng.h"
#include "trace/capture.h"
#include "trace/stream.h"
#include "unit/trace_kit.h"

#define ROWS_MAX 512

struct told_row {
    struct ladder_row row;
    struct ladder_segment segment;
};

/* Everything that a stream told. */
struct listener {
    struct told_row row[ROWS_MAX];
    size_t rows, begins, ends, lessons, findings;
    struct lesson lesson[8];
    size_t lesson_after[8]; /* rows told before it */
    struct ladder_info info;
};

static void keep_row(struct listener *to, const struct ladder_row *row)
{
    struct told_row *kept = &to->row[MIN(to->rows, (size_t)ROWS_MAX - 1)];

    kept->row = *row;
    if (row->segment != NULL) {
        kept->segment = *row->segment;
        kept->row.segment = &kept->segment;
    }
    to->rows++;
}

static void listen(void *ctx, const struct stream_event *event)
{
    struct listener *to = ctx;

    to->info = *ladder_info(event->ladder);
    switch (event->kind) {
    case STREAM_BEGIN: to->begins++; break;
    case STREAM_ROW:
        if (event->idle != NULL) {
            keep_row(to, event->idle);
        }
        keep_row(to, event->row);
        break;
    case STREAM_LESSON:
        to->lesson[to->lessons & 7] = *event->lesson;
        to->lesson_after[to->lessons++ & 7] = to->rows;
        break;
    case STREAM_END: to->ends++; break;
    case STREAM_FINDING: to->findings++; break;
    }
}

static struct stream *new_stream(struct listener *to, enum ladder_vantage vantage, bool known)
{
    struct stream_setup setup = {.number = 1,
                                 .vantage = vantage,
                                 .vantage_known = known,
                                 .reorder = STREAM_REORDER,
                                 .tell = listen,
                                 .ctx = to};
    memset(to, 0, sizeof(*to));
    return stream_new(&setup);
}

/* The segments of a finished ladder through a stream, the clock looked at after each. */
static struct listener *stream_of(const struct ladder *ladder, bool known)
{
    struct listener *to = malloc(sizeof(*to));
    struct stream *s = new_stream(to, ladder_info(ladder)->vantage, known);
    size_t count;
    const struct ladder_segment *segment = ladder_segments(ladder, &count);

    for (size_t i = 0; i < count; i++) {
        assert_int_equal(stream_take(s, &segment[i].wire), WEIR_OK);
        stream_advance(s, segment[i].wire.time);
    }
    stream_end(s);
    stream_del(s);
    assert_int_equal(to->begins, 1);
    assert_int_equal(to->ends, 1);
    return to;
}

static void same_time(const struct ladder_time *a, const struct ladder_time *b)
{
    assert_int_equal(a->known, b->known);
    assert_int_equal(a->ns, b->ns);
}

static void same_rows(const struct ladder *ladder, const struct listener *told)
{
    size_t count;
    const struct ladder_row *row = ladder_rows(ladder, &count);

    for (size_t i = 0; i < MIN(count, told->rows); i++) {
        char x[96], y[96];
        kit_row(&row[i], x, sizeof(x));
        kit_row(&told->row[i].row, y, sizeof(y));
        assert_string_equal(x, y);
    }
    assert_int_equal(told->rows, count);
    for (size_t i = 0; i < count; i++) {
        const struct ladder_row *a = &row[i], *b = &told->row[i].row;
        assert_int_equal(a->kind, b->kind);
        assert_int_equal(a->split, b->split);
        assert_int_equal(a->idle_ns, b->idle_ns);
        assert_int_equal(a->cause, b->cause);
        assert_int_equal(a->state, b->state);
        if (a->segment != NULL) {
            const struct ladder_segment *x = a->segment, *y = b->segment;
            assert_int_equal(x->number, y->number);
            assert_int_equal(x->class, y->class);
            assert_int_equal(x->facts, y->facts);
            assert_int_equal(x->first, y->first);
            assert_int_equal(x->state_sent, y->state_sent);
            assert_int_equal(x->state_arrived, y->state_arrived);
            same_time(&x->sent, &y->sent);
            same_time(&x->arrived, &y->arrived);
        }
    }
    const struct ladder_info *info = ladder_info(ladder);
    assert_int_equal(info->rtt_ns, told->info.rtt_ns);
    assert_int_equal(info->vantage, told->info.vantage);
    assert_int_equal(info->end, told->info.end);
    for (int side = 0; side < 2; side++) {
        assert_int_equal(info->side[side].isn, told->info.side[side].isn);
        assert_int_equal(info->side[side].initial_state, told->info.side[side].initial_state);
        assert_int_equal(info->side[side].bytes, told->info.side[side].bytes);
    }
}

static void check_capture(const struct kit_step *steps, size_t n, const char *where)
{
    for (; *where != '\0'; where++) {
        struct ladder *ladder = kit_capture(steps, n, *where);
        struct listener *told = stream_of(ladder, true);
        same_rows(ladder, told);
        free(told);
        told = stream_of(ladder, false);
        same_rows(ladder, told);
        free(told);
        ladder_del(ladder);
    }
}

static void the_ten_segments(void **state)
{
    (void)state;
    check_capture(kit_ten, 10, "csm");
}

/* FINs that cross, in the client's order: the arrivals are rows of their own, behind what happened before them. */
static const struct kit_step crossing[] = {
    {0, 20, '>', "S", .seq = 1000},
    {20, 40, '<', "SA", .seq = 8000, .ack = 1001},
    {40, 60, '>', "A", .seq = 1001, .ack = 8001},
    {100, 120, '>', "FA", .seq = 1001, .ack = 8001},
    {110, 130, '<', "FA", .seq = 8001, .ack = 1001},
    {130, 150, '>', "A", .seq = 1002, .ack = 8002},
    {120, 140, '<', "A", .seq = 8002, .ack = 1002},
};

static void fins_that_cross(void **state)
{
    (void)state;
    check_capture(crossing, ARRAY_SIZE(crossing), "c");
}

static const struct kit_step refused[] = {
    {0, 20, '>', "S", .seq = 1000},
    {20, 40, '<', "RA", .seq = 0, .ack = 1001},
};

static void a_connection_refused(void **state)
{
    (void)state;
    check_capture(refused, ARRAY_SIZE(refused), "csm");
}

/* Records that come up to 50 ms late are put where they belong. */
static void late_records_are_put_in_order(void **state)
{
    struct ladder *ladder = kit_capture(kit_ten, 10, 'c');
    struct listener *told = malloc(sizeof(*told));
    struct stream *s = new_stream(told, LADDER_AT_CLIENT, true);
    size_t count;
    const struct ladder_segment *segment = ladder_segments(ladder, &count);
    static const size_t order[] = {1, 0, 2, 4, 3, 5, 7, 6, 8, 9};

    (void)state;
    for (size_t i = 0; i < count; i++) {
        const struct trace_segment *wire = &segment[order[i]].wire;
        assert_int_equal(stream_take(s, wire), WEIR_OK);
        stream_advance(s, wire->time);
    }
    stream_end(s);
    stream_del(s);
    same_rows(ladder, told);
    free(told);
    ladder_del(ladder);
}

/* A row comes as soon as the reordering time and a round trip are over, and the call says when. */
static void rows_come_when_they_are_settled(void **state)
{
    struct listener *told = malloc(sizeof(*told));
    struct stream *s = new_stream(told, LADDER_AT_CLIENT, true);
    struct ladder *ladder = kit_capture(kit_ten, 10, 'c');
    size_t count;
    const struct ladder_segment *segment = ladder_segments(ladder, &count);
    weir_time start = segment[0].wire.time;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(stream_take(s, &segment[i].wire), WEIR_OK);
    }
    assert_int_equal(stream_advance(s, start + 40 * WEIR_MS), start + STREAM_REORDER);
    assert_int_equal(told->rows, 0);
    /* the SYN arrived 20 ms later; what the server sent until then is here 20 ms after that */
    weir_time next = stream_advance(s, start + 90 * WEIR_MS);
    assert_int_equal(told->rows, 2);
    assert_int_equal(next, start + (40 + 40 + 50) * WEIR_MS);
    stream_advance(s, next - 1);
    assert_int_equal(told->rows, 2);
    assert_int_equal(stream_advance(s, next), WEIR_NEVER);
    assert_int_equal(told->rows, 3);
    stream_end(s);
    stream_del(s);
    ladder_del(ladder);
    free(told);
}

/* Both ends known: the same as the ladder of the run, with what was lost, copied and overtaken. */
static const struct kit_step trouble[] = {
    {0, 20, '>', "S", .seq = 1000},
    {20, 40, '<', "SA", .seq = 8000, .ack = 1001},
    {40, 60, '>', "A", .seq = 1001, .ack = 8001},
    {50, LOST, '>', "A", .seq = 1001, .length = 100, .ack = 8001},
    {51, 90, '>', "A", .seq = 1101, .length = 100, .ack = 8001},
    {52, 72, '>', "A", .seq = 1201, .length = 100, .ack = 8001},
    {72, 92, '<', "A", .seq = 8001, .ack = 1001},
    {90, 110, '<', "A", .seq = 8001, .ack = 1001},
    {300, 320, '>', "A", .seq = 1001, .length = 100, .ack = 8001},
    {320, LOST, '<', "A", .seq = 8001, .ack = 1301},
    {400, 420, '>', "FA", .seq = 1301, .ack = 8001},
    {420, 440, '<', "FA", .seq = 8001, .ack = 1302},
    {440, 460, '>', "A", .seq = 1302, .ack = 8002},
};

static void both_ends_known(void **state)
{
    struct ladder *ladder = kit_run(trouble, ARRAY_SIZE(trouble));
    struct listener *told = malloc(sizeof(*told));
    struct stream *s = new_stream(told, LADDER_AT_BOTH, true);

    (void)state;
    assert_int_equal(ladder_finish(ladder), WEIR_OK);
    for (size_t i = 0; i < ARRAY_SIZE(trouble); i++) {
        struct trace_segment wire = kit_segment(&trouble[i], trouble[i].sent);
        weir_time arrived = trouble[i].arrived < 0 ? LADDER_NEVER : kit_ms(trouble[i].arrived);
        assert_int_equal(stream_take_both(s, &wire, arrived, 0), WEIR_OK);
        stream_advance(s, wire.time);
    }
    stream_end(s);
    stream_del(s);
    same_rows(ladder, told);
    free(told);
    ladder_del(ladder);
}

static struct ladder *ladder_of_file(const char *name)
{
    char path[256], why[CAPTURE_WHY_MAX];
    struct capture *capture;
    struct capture_packet packet;
    struct flows *flows = flows_new();

    snprintf(path, sizeof(path), WEIR_SOURCE "/tests/data/%s", name);
    assert_int_equal(capture_open(&capture, path, why), CAPTURE_OK);
    while (capture_next(capture, &packet, why) == CAPTURE_OK) {
        struct trace_segment segment;
        struct weir_endpoint src, dst;
        if (packet.ip != NULL && trace_parse_ip(packet.ip, packet.size, packet.original, &segment,
                                                &src, &dst) == TRACE_TCP) {
            segment.time = packet.time;
            assert_int_equal(flows_add(flows, &segment, &src, &dst), WEIR_OK);
        }
    }
    capture_close(capture);
    struct ladder *ladder = flows_ladder(flows, 0);
    flows_del(flows);
    assert_non_null(ladder);
    return ladder;
}

/* Real captures without loss: the rows of `weir ladder`, with all times. */
static void check_file(const char *name)
{
    struct ladder *ladder = ladder_of_file(name);
    print_message("%s\n", name);
    struct listener *told = stream_of(ladder, true);
    same_rows(ladder, told);
    free(told);
    ladder_del(ladder);
}

static void real_captures(void **state)
{
    static const char *const names[] = {"seed_exact.client.pcap",
                                        "seed_exact.server.pcap",
                                        "lo_basic.pcap",
                                        "lo_nagle.pcap",
                                        "lo_refused.pcap",
                                        "lo_rstunread.pcap",
                                        "tun_halfclose.client.pcap",
                                        "tun_halfclose.server.pcap",
                                        "tun_keepalive.client.pcap",
                                        "tun_urg.client.pcap",
                                        "tun_rstunread.client.pcap",
                                        "tun_zerowin.client.pcap"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        check_file(names[i]);
    }
}

/* What a later segment teaches comes behind it and points back; a finding comes when it is made. */
static void lessons_are_rows_of_their_own(void **state)
{
    static const char *const names[] = {"tun_fastrx.client.pcap", "tun_rto.client.pcap"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct ladder *ladder = ladder_of_file(names[i]);
        struct listener *told = stream_of(ladder, true);
        size_t missed = 0, count;
        const struct ladder_segment *segment = ladder_segments(ladder, &count);
        for (size_t k = 0; k < count; k++) {
            missed += (segment[k].facts & LADDER_FACT_MISSED) != 0;
        }
        assert_true(missed > 0);
        assert_true(told->lessons >= missed);
        for (size_t k = 0; k < MIN(told->lessons, (size_t)8); k++) {
            assert_int_equal(told->lesson[k].kind, LESSON_LOST);
            assert_in_range(told->lesson[k].number, 1, told->lesson[k].by);
            assert_true(segment[told->lesson[k].number - 1].facts & LADDER_FACT_MISSED);
        }
        assert_true(told->lesson_after[0] > 1 && told->lesson_after[0] < told->rows);
        assert_true(told->findings > 0);
        free(told);
        ladder_del(ladder);
    }
}

/* Nothing is kept of what was told: 10^5 segments, and as much memory as for the first thousand. */
static void memory_is_bounded(void **state)
{
    struct listener *told = malloc(sizeof(*told));
    struct stream *s = new_stream(told, LADDER_AT_CLIENT, true);
    struct kit_step data = {0, 20, '>', "A", .seq = 1001, .length = 10, .ack = 8001};
    struct kit_step ack = {20, 40, '<', "A", .seq = 8001, .ack = 1001};
    struct ladder *ten = kit_capture(kit_ten, 10, 'c');
    size_t count, early = 0;
    const struct ladder_segment *segment = ladder_segments(ten, &count);
    double start = (double)segment[0].wire.time / 1e6;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(stream_take(s, &segment[i].wire), WEIR_OK);
    }
    struct trace_segment wire[2] = {kit_segment(&data, 0), kit_segment(&ack, 0)};
    for (uint32_t i = 0; i < 50000; i++) {
        weir_time now = kit_ms(start + 50 + i * 0.1);
        wire[0].time = now;
        wire[1].time = now + WEIR_MS / 20;
        wire[1].ack = wire[0].seq >= 1401 ? wire[0].seq - 400 : 1001;
        assert_int_equal(stream_take(s, &wire[0]), WEIR_OK);
        assert_int_equal(stream_take(s, &wire[1]), WEIR_OK);
        wire[0].seq += 10;
        stream_advance(s, now);
        early = i == 1000 ? stream_waiting(s) : early;
    }
    assert_true(early > 0);
    assert_in_range(stream_waiting(s), 1, early + early / 4);
    stream_end(s);
    assert_in_range(told->rows, 100000, 100100);
    stream_del(s);
    ladder_del(ten);
    free(told);
}

/* Counts what comes out: every segment has one row, and one for its arrival if that was split off. */
struct tally {
    uint32_t segments, splits, arrivals, ends, last;
    bool wrong;
};

static void count_rows(void *ctx, const struct stream_event *event)
{
    struct tally *to = ctx;

    to->ends += event->kind == STREAM_END;
    if (event->kind != STREAM_ROW) {
        return;
    }
    const struct ladder_row *row = event->row;
    if (row->kind == LADDER_ROW_SEGMENT) {
        to->wrong = to->wrong || row->segment->number != ++to->last;
        to->segments++;
        to->splits += row->split;
    } else if (row->kind == LADDER_ROW_ARRIVAL) {
        to->arrivals++;
    }
}

static struct trace_segment random_segment(struct rng *rng, uint64_t now)
{
    static const uint16_t flags[] = {WEIR_TCP_SYN, WEIR_TCP_SYN | WEIR_TCP_ACK, WEIR_TCP_ACK,
                                     WEIR_TCP_ACK, WEIR_TCP_ACK | WEIR_TCP_FIN, WEIR_TCP_RST,
                                     WEIR_TCP_ACK, WEIR_TCP_ACK | WEIR_TCP_PSH};
    struct trace_segment s = {.time = now + rng_below(rng, 80) * WEIR_MS,
                              .seq = 1000 + (uint32_t)rng_below(rng, 5000),
                              .ack = 1000 + (uint32_t)rng_below(rng, 5000),
                              .window = (uint16_t)rng_below(rng, 3000),
                              .flags = flags[rng_below(rng, ARRAY_SIZE(flags))],
                              .side = (uint8_t)rng_below(rng, 2)};

    s.length = rng_below(rng, 3) == 0 ? (uint32_t)rng_below(rng, 1500) : 0;
    return s;
}

/* Segments that make no sense, in any order and with any times: nothing is lost, nothing comes twice. */
static void nonsense_is_told_once(void **state)
{
    static const enum ladder_vantage vantages[] = {LADDER_AT_CLIENT, LADDER_AT_SERVER,
                                                   LADDER_AT_UNKNOWN, LADDER_AT_BOTH};
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct tally tally = {.segments = 0};
        struct stream_setup setup = {.number = 1,
                                     .vantage = vantages[seed % 4],
                                     .vantage_known = seed % 8 > 3 || seed % 4 == 3,
                                     .reorder = STREAM_REORDER,
                                     .tell = count_rows,
                                     .ctx = &tally};
        struct stream *s = stream_new(&setup);
        struct rng rng;
        uint64_t now = WEIR_S;
        rng_seed(&rng, seed);
        for (int i = 0; i < 400; i++) {
            struct trace_segment wire = random_segment(&rng, now);
            weir_time arrived = wire.time + rng_below(&rng, 100) * WEIR_MS;
            if (seed % 4 != 3) {
                assert_int_equal(stream_take(s, &wire), WEIR_OK);
            } else {
                bool lost = rng_below(&rng, 10) == 0;
                assert_int_equal(stream_take_both(s, &wire, lost ? LADDER_NEVER : arrived, 0),
                                 WEIR_OK);
                if (rng_below(&rng, 2) == 0) {
                    stream_arrived(s, &wire, arrived, arrived + rng_below(&rng, 9) * WEIR_MS);
                }
            }
            now += rng_below(&rng, 20) * WEIR_MS;
            stream_advance(s, now);
        }
        stream_end(s);
        assert_int_equal(tally.segments, 400);
        assert_int_equal(tally.splits, tally.arrivals);
        assert_int_equal(tally.ends, 1);
        assert_false(tally.wrong);
        stream_del(s);
    }
}

/* However slow the clock is, no more than STREAM_PENDING_MAX segments wait. */
static void no_more_than_the_limit_wait(void **state)
{
    struct listener *told = malloc(sizeof(*told));
    struct stream *s = new_stream(told, LADDER_AT_CLIENT, true);
    struct kit_step data = {0, 20, '>', "A", .seq = 1001, .length = 10, .ack = 8001};
    struct trace_segment wire = kit_segment(&data, 1);

    (void)state;
    for (uint32_t i = 0; i < 3 * STREAM_PENDING_MAX; i++) {
        assert_int_equal(stream_take(s, &wire), WEIR_OK);
        wire.seq += 10;
        wire.time++;
        assert_in_range(stream_waiting(s), 1, STREAM_PENDING_MAX);
    }
    stream_end(s);
    assert_int_equal(told->rows, 3 * STREAM_PENDING_MAX);
    stream_del(s);
    free(told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ten_segments),
        cmocka_unit_test(fins_that_cross),
        cmocka_unit_test(a_connection_refused),
        cmocka_unit_test(late_records_are_put_in_order),
        cmocka_unit_test(rows_come_when_they_are_settled),
        cmocka_unit_test(both_ends_known),
        cmocka_unit_test(real_captures),
        cmocka_unit_test(lessons_are_rows_of_their_own),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(nonsense_is_told_once),
        cmocka_unit_test(no_more_than_the_limit_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
