/* test_fold.c - long ladders become short, and nothing that matters disappears. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "trace/fold.h"
#include "trace/view.h"
#include "unit/trace_kit.h"

#define MSS 1000

/* What came out, as text: "1 2 [3-10 data*7 acks*1] 11". */
struct out {
    char text[4096];
    uint32_t segments; /* shown or counted */
};

static int put_row(void *ctx, const struct ladder_row *row)
{
    static const char *const kinds[] = {"data", "acks", "dups", "omitted"};
    struct out *o = ctx;
    char *end = o->text + strlen(o->text);
    size_t room = sizeof(o->text) - strlen(o->text);
    const struct ladder_fold *fold = row->fold;

    switch (row->kind) {
    case LADDER_ROW_SEGMENT:
        snprintf(end, room, "%u ", row->segment->number);
        o->segments++;
        break;
    case LADDER_ROW_FOLD:
        snprintf(end, room, "[%u-%u %s data*%u acks*%u dups*%u] ", fold->first, fold->last,
                 kinds[fold->kind], fold->segments, fold->acks, fold->dups);
        o->segments += fold->segments + fold->acks + fold->dups;
        assert_int_equal(fold->last - fold->first + 1, fold->segments + fold->acks + fold->dups);
        break;
    case LADDER_ROW_IDLE: snprintf(end, room, "idle "); break;
    default: snprintf(end, room, "row "); break;
    }
    return WEIR_OK;
}

/* A conversation written as one letter per segment: d data of the client, D of the server, a an ACK of the
 * server, u a duplicate one, r a retransmission, x lost data, F a FIN; '.' an idle row. */
struct script {
    struct ladder_segment s;
    uint32_t seq, ack;
    uint16_t dups;
};

static bool next_row(struct script *script, char letter, struct ladder_row *row)
{
    struct ladder_segment *s = &script->s;
    uint32_t number = s->number;

    if (letter == '.') {
        *row = (struct ladder_row){.kind = LADDER_ROW_IDLE, .idle_ns = WEIR_S};
        return true;
    }
    *s = (struct ladder_segment){.number = number + 1,
                                 .class = LADDER_DATA,
                                 .state_sent = LADDER_STATE_SAME,
                                 .state_arrived = LADDER_STATE_SAME,
                                 .arrived.known = LADDER_MEASURED};
    s->wire.flags = WEIR_TCP_ACK;
    s->wire.side = strchr("auD", letter) != NULL ? LADDER_SERVER : LADDER_CLIENT;
    s->wire.frame = s->number + 100;
    script->dups = letter == 'u' ? (uint16_t)(script->dups + 1) : script->dups;
    switch (letter) {
    case 'a':
        s->class = LADDER_ACK;
        script->ack += MSS;
        script->dups = 0;
        break;
    case 'u':
        s->class = LADDER_DUP_ACK;
        s->count = script->dups;
        break;
    case 'r': s->class = LADDER_RETX; break;
    case 'F': s->class = LADDER_FIN; break;
    case 'x': s->arrived.known = LADDER_LOST; break;
    default: break;
    }
    s->wire.ack = script->ack;
    if (strchr("drxD", letter) != NULL) {
        s->wire.length = MSS;
        s->wire.seq = script->seq;
        script->seq += MSS;
    }
    *row = (struct ladder_row){.kind = LADDER_ROW_SEGMENT, .segment = s};
    return true;
}

static void run(const struct fold_setup *base, const char *letters, struct out *out)
{
    struct fold_setup setup = *base;
    struct script script = {.seq = UINT32_MAX - 2 * MSS}; /* sums go across the wrap */
    struct ladder_row row;

    *out = (struct out){.segments = 0};
    setup.emit = put_row;
    if (setup.ctx == NULL) {
        setup.ctx = out;
    }
    struct folder *folder = folder_new(&setup);
    assert_non_null(folder);
    for (; *letters != '\0'; letters++) {
        next_row(&script, *letters, &row);
        assert_int_equal(folder_take(folder, &row), WEIR_OK);
    }
    assert_int_equal(folder_end(folder), WEIR_OK);
    folder_del(folder);
    if (out->text[0] != '\0') {
        out->text[strlen(out->text) - 1] = '\0';
    }
}

static void expect(const char *letters, const char *rows)
{
    const struct fold_setup setup = {.keep = NULL};
    struct out out;
    uint32_t segments = 0;

    run(&setup, letters, &out);
    assert_string_equal(out.text, rows);
    for (const char *p = letters; *p != '\0'; p++) {
        segments += *p != '.';
    }
    assert_int_equal(out.segments, segments);
}

static void runs_of_data_and_their_acks_fold(void **state)
{
    (void)state;
    expect("dd", "1 2");
    expect("ddd", "[1-3 data data*3 acks*0 dups*0]");
    expect("ddaddaddad", "[1-10 data data*7 acks*3 dups*0]");
    expect("aadddaaa", "[1-8 data data*3 acks*5 dups*0]");
    expect("da", "1 2");
    expect("daaaa", "1 [2-5 acks data*0 acks*4 dups*0]");
    expect("aaa", "[1-3 acks data*0 acks*3 dups*0]");
    expect("dDdDdD", "1 2 3 4 5 6"); /* a dialogue is no run */
    expect("dddDDD", "[1-3 data data*3 acks*0 dups*0] [4-6 data data*3 acks*0 dups*0]");
}

static void events_and_two_neighbours_never_fold(void **state)
{
    (void)state;
    expect("ddddddxdddddd",
           "[1-4 data data*4 acks*0 dups*0] 5 6 7 8 9 [10-13 data data*4 acks*0 dups*0]");
    expect("ddddddrdddddd",
           "[1-4 data data*4 acks*0 dups*0] 5 6 7 8 9 [10-13 data data*4 acks*0 dups*0]");
    expect("dddd.dddd", "[1-3 data data*3 acks*0 dups*0] 4 idle 5 [6-8 data data*3 acks*0 dups*0]");
    expect("ddddFdddd", "[1-3 data data*3 acks*0 dups*0] 4 5 6 [7-9 data data*3 acks*0 dups*0]");
}

static void duplicate_acks_fold_by_themselves(void **state)
{
    (void)state;
    expect("dddddduuurddd",
           "[1-6 data data*6 acks*0 dups*0] [7-9 dups data*0 acks*0 dups*3] 10 11 12 13");
    expect("uuuuududud", "[1-10 dups data*3 acks*0 dups*7]");
    expect("uu", "1 2");
    expect("uuua", "[1-3 dups data*0 acks*0 dups*3] 4");
}

static enum fold_weight keep_the_twentieth(void *ctx, const struct ladder_segment *s)
{
    (void)ctx;
    return s->number == 20 ? FOLD_EVENT : FOLD_PLAIN;
}

static void what_findings_name_never_folds(void **state)
{
    struct out out;
    struct fold_setup setup = {.keep = keep_the_twentieth, .ctx = &out};

    (void)state;
    run(&setup, "dddddddddddddddddddddddddddddd", &out);
    assert_string_equal(
        out.text,
        "[1-17 data data*17 acks*0 dups*0] 18 19 20 21 22 [23-30 data data*8 acks*0 dups*0]");
    setup.only_events = true;
    run(&setup, "dddddddddddddddddddddddddddddd", &out);
    assert_string_equal(
        out.text,
        "[1-17 omitted data*17 acks*0 dups*0] 18 19 20 21 22 [23-30 omitted data*8 acks*0 dups*0]");
}

/* Whatever comes, every segment is either shown or counted, in order, and events are shown. */
static void nothing_disappears(void **state)
{
    static const char letters[] = "dddddaaaauuuDrxF.";
    const struct fold_setup setup = {.keep = NULL};
    char script[201];
    struct out out;
    uint32_t seed = 1;

    (void)state;
    for (int round = 0; round < 300; round++) {
        uint32_t segments = 0;
        for (size_t i = 0; i + 1 < sizeof(script); i++) {
            seed = seed * 1664525u + 1013904223u;
            script[i] = letters[(seed >> 16) % (sizeof(letters) - 1)];
            segments += script[i] != '.';
        }
        script[sizeof(script) - 1] = '\0';
        run(&setup, script, &out);
        assert_int_equal(out.segments, segments);
    }
}

/* The folder is a few kilobytes, whatever goes through. */
static void a_long_run_is_one_row(void **state)
{
    const struct fold_setup setup = {.keep = NULL};
    size_t size = 200000;
    char *script = malloc(size + 1), expected[64];
    struct out out;

    (void)state;
    assert_non_null(script);
    for (size_t i = 0; i < size; i++) {
        script[i] = i % 3 == 2 ? 'a' : 'd';
    }
    script[size] = '\0';
    run(&setup, script, &out);
    snprintf(expected, sizeof(expected), "[1-200000 data data*133334 acks*66666 dups*0]");
    assert_string_equal(out.text, expected);
    free(script);
}

/* ---- Views of a ladder ------------------------------------------------------------------------------------ */

/* n segments of data after a handshake, each acknowledged. */
static struct ladder *bulk(size_t n)
{
    struct kit_step step = {0, 20, '>', "S", .seq = 1000, .mss = 1460};
    struct ladder *l = kit_run(&step, 1);
    uint8_t bytes[KIT_PACKET_MAX];

    assert_non_null(l);
    for (size_t i = 0; i < n; i++) {
        for (int answer = 0; answer < 2; answer++) {
            double at = 60 + (double)i + 20 * answer;
            struct kit_step s = {at,
                                 at + 20,
                                 answer != 0 ? '<' : '>',
                                 "A",
                                 .seq = answer != 0 ? 8001 : 1001 + (uint32_t)i * 100,
                                 .length = answer != 0 ? 0 : 100,
                                 .ack = answer != 0 ? 1101 + (uint32_t)i * 100 : 8001};
            struct ladder_packet packet = {.from = answer != 0 ? LADDER_SERVER : LADDER_CLIENT,
                                           .sent = kit_ms(s.sent),
                                           .arrived = kit_ms(s.arrived),
                                           .bytes = bytes};
            packet.size = kit_packet(&s, bytes);
            assert_int_equal(ladder_add_packet(l, &packet), WEIR_OK);
        }
    }
    assert_int_equal(ladder_finish(l), WEIR_OK);
    return l;
}

static size_t count_rows(const struct ladder *l, const struct view_options *options)
{
    size_t count;
    struct view *view = view_make(l, options);

    assert_non_null(view);
    const struct ladder_row *rows = view_rows(view, &count);
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].kind != LADDER_ROW_FOLD || rows[i].fold->first <= rows[i].fold->last);
    }
    view_del(view);
    return count;
}

static bool is_segment_seven(void *ctx, const struct ladder_segment *s)
{
    (void)ctx;
    return s->number == 7;
}

static void views_choose_rows(void **state)
{
    struct ladder *l = bulk(100), *small = bulk(10);
    size_t all;

    (void)state;
    ladder_rows(l, &all);
    assert_in_range(all, 201, 205);
    assert_int_equal(count_rows(l, &(struct view_options){.all = true}), all);
    assert_in_range(count_rows(l, &(struct view_options){.all = false}), 2, 6);
    ladder_rows(small, &all);
    assert_int_equal(count_rows(small, &(struct view_options){.all = false}), all);
    /* what is left out, 7 segments (a short view is not folded), what is left out */
    assert_int_equal(count_rows(l, &(struct view_options){.all = true, .from = 50, .until = 56}),
                     9);
    assert_int_equal(count_rows(l, &(struct view_options){.wanted = is_segment_seven}), 3);
    ladder_del(l);
    ladder_del(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_of_data_and_their_acks_fold),
        cmocka_unit_test(events_and_two_neighbours_never_fold),
        cmocka_unit_test(duplicate_acks_fold_by_themselves),
        cmocka_unit_test(what_findings_name_never_folds),
        cmocka_unit_test(nothing_disappears),
        cmocka_unit_test(a_long_run_is_one_row),
        cmocka_unit_test(views_choose_rows),
    };
    return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
