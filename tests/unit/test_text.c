/* test_text.c - labels, columns and rows of the terminal ladder, and its JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "render/json.h"
#include "render/layout.h"
#include "render/text.h"
#include "render/width.h"
#include "unit/trace_kit.h"

/* ---- Labels --------------------------------------------------------------------------------- */

static const char *fitted(const struct ladder_segment *s, size_t columns, bool verbose,
                          char out[LABEL_MAX])
{
    const struct numbering raw = {.offset = {0, 0}};
    struct label label;

    label_make(&label, s, &raw, verbose);
    return label_fit(&label, columns, out);
}

static void labels_follow_the_grammar(void **state)
{
    char out[LABEL_MAX];
    struct ladder_segment s = {.number = 4, .class = LADDER_ACK};

    (void)state;
    s.wire.flags = WEIR_TCP_ACK | WEIR_TCP_PSH;
    s.wire.seq = 1001;
    s.wire.ack = 8001;
    assert_string_equal(fitted(&s, 80, false, out), "4 ACK 8001");
    s.wire.length = 20;
    assert_string_equal(fitted(&s, 80, false, out), "4 1001(20), ACK 8001");
    s.window = 512;
    assert_string_equal(fitted(&s, 80, true, out), "4 P, 1001(20), ACK 8001, win 512");
    s.wire.flags = WEIR_TCP_FIN | WEIR_TCP_ACK;
    s.wire.length = 0;
    assert_string_equal(fitted(&s, 80, false, out), "4 FIN, 1001(0), ACK 8001");
    s.facts = LADDER_FACT_WINDOW_CHANGED;
    assert_string_equal(fitted(&s, 80, false, out), "4 FIN, 1001(0), ACK 8001, win 512");
    s.wire.flags = WEIR_TCP_RST;
    assert_string_equal(fitted(&s, 80, false, out), "4 RST, 1001(0)");
    s.wire.flags = 0;
    assert_string_equal(fitted(&s, 80, false, out), "4 1001(0), win 512");
}

static void options_are_elided_from_the_right(void **state)
{
    char out[LABEL_MAX];
    struct ladder_segment s = {.number = 1, .class = LADDER_SYN};

    (void)state;
    s.wire.flags = WEIR_TCP_SYN;
    s.wire.seq = 1000;
    s.wire.options.present = WEIR_SEGMENT_MSS | WEIR_SEGMENT_SACK_PERMITTED |
                             WEIR_SEGMENT_TIMESTAMPS | WEIR_SEGMENT_WSCALE;
    s.wire.options.mss = 1460;
    s.wire.options.wscale = 7;
    assert_string_equal(fitted(&s, 48, false, out),
                        "1 SYN, 1000(0), <mss 1460, sackOK, TS, wscale 7>");
    assert_string_equal(fitted(&s, 47, false, out), "1 SYN, 1000(0), <mss 1460, sackOK, TS, ..>");
    assert_string_equal(fitted(&s, 41, false, out), "1 SYN, 1000(0), <mss 1460, sackOK, ..>");
    assert_string_equal(fitted(&s, 30, false, out), "1 SYN, 1000(0), <mss 1460, ..>");
    assert_string_equal(fitted(&s, 29, false, out), "1 SYN, 1000(0)");
    assert_string_equal(fitted(&s, 5, false, out), "1 SYN, 1000(0)"); /* never the head */
}

static void options_go_before_the_window_goes(void **state)
{
    char out[LABEL_MAX];
    struct ladder_segment s = {
        .number = 9, .class = LADDER_ACK, .facts = LADDER_FACT_WINDOW_CHANGED, .window = 8688};

    (void)state;
    s.wire.flags = WEIR_TCP_ACK;
    s.wire.ack = 1001;
    s.wire.options.present = WEIR_SEGMENT_SACK | WEIR_SEGMENT_TIMESTAMPS;
    s.wire.options.sack_count = 2;
    s.wire.options.sack[0] = (struct tcp_sack_block){17377, 18825};
    s.wire.options.sack[1] = (struct tcp_sack_block){20000, 21000};
    assert_string_equal(fitted(&s, 80, false, out),
                        "9 ACK 1001, win 8688, <sack 17377-18825, 20000-21000>");
    assert_string_equal(fitted(&s, 50, false, out), "9 ACK 1001, win 8688, <sack 17377-18825, ..>");
    assert_string_equal(fitted(&s, 22, false, out), "9 ACK 1001, win 8688");
    assert_string_equal(fitted(&s, 15, false, out), "9 ACK 1001");
}

static void tags_name_the_first_copy(void **state)
{
    const struct numbering raw = {.offset = {0, 0}};
    struct ladder_segment s = {.number = 18, .class = LADDER_RETX, .first = 5, .count = 2};
    struct label label;

    (void)state;
    label_make(&label, &s, &raw, false);
    assert_string_equal(label.tags, "rtx#5");
    s.cause = LADDER_CAUSE_RTO; /* sent after a timeout, but not by it */
    label_make(&label, &s, &raw, false);
    assert_string_equal(label.tags, "rtx#5");
    s.facts = LADDER_FACT_BY_TIMER;
    label_make(&label, &s, &raw, false);
    assert_string_equal(label.tags, "rtx#5  RTO 2");
    s = (struct ladder_segment){.number = 18, .class = LADDER_RETX};
    label_make(&label, &s, &raw, false);
    assert_string_equal(label.tags, "rtx"); /* the first copy did not pass this tap */
    s = (struct ladder_segment){.number = 18, .class = LADDER_DUP_ACK, .count = 3};
    label_make(&label, &s, &raw, false);
    assert_string_equal(label.tags, "dup3");
}

static void numbers_may_be_raw_relative_or_pretty(void **state)
{
    struct ladder_info info = {.number = 3};
    struct numbering n;

    (void)state;
    info.side[LADDER_CLIENT].isn = 4294967290u;
    info.side[LADDER_CLIENT].numbered = true;
    numbering_init(&n, &info, SEQ_RAW);
    assert_int_equal(numbering_shown(&n, LADDER_CLIENT, 4294967291u), 4294967291u);
    numbering_init(&n, &info, SEQ_RELATIVE);
    assert_int_equal(numbering_shown(&n, LADDER_CLIENT, 4294967291u), 1);
    assert_int_equal(numbering_shown(&n, LADDER_CLIENT, 4), 10); /* across the wrap */
    numbering_init(&n, &info, SEQ_PRETTY);
    assert_int_equal(numbering_shown(&n, LADDER_CLIENT, 4294967291u), 21001);
    assert_int_equal(numbering_shown(&n, LADDER_SERVER, 0), 0); /* only RSTs: left alone */
}

/* ---- Slopes and columns ---------------------------------------------------------------------- */

static void slopes_fill_the_width(void **state)
{
    char out[SLOPE_BYTES_MAX];
    struct ladder_segment s = {.number = 12, .arrived.known = LADDER_MEASURED};

    (void)state;
    for (unsigned inner = 20; inner < 300; inner++) {
        for (int class = 0; class < LADDER_CLASS_COUNT; class ++) {
            s.class = (enum ladder_class) class;
            s.wire.side = (uint8_t)(inner & 1);
            layout_slope(out, &s, inner, glyphs_for(TEXT_BRAILLE, false),
                         (class & 1) != 0 ? " 12 " : NULL);
            assert_int_equal(width_of(out), inner);
            layout_slope(out, &s, inner, glyphs_for(TEXT_ASCII, false), NULL);
            assert_int_equal(strlen(out), inner);
        }
    }
}

static void heads_tell_kinds_apart(void **state)
{
    char out[SLOPE_BYTES_MAX];
    struct ladder_segment s = {.class = LADDER_DATA, .arrived.known = LADDER_MEASURED};
    const struct glyphs *g = glyphs_for(TEXT_ASCII, false);

    (void)state;
    assert_string_equal(layout_slope(out, &s, 20, g, NULL), "'''''-----.....____>");
    assert_string_equal(layout_slope(out, &s, 20, g, " 7 "), "'''''-----....._ 7 >");
    s.class = LADDER_RETX;
    assert_string_equal(layout_slope(out, &s, 20, g, NULL), "'''''-----.....___>>");
    s.class = LADDER_KEEPALIVE;
    assert_string_equal(layout_slope(out, &s, 20, g, NULL), "'''''-----.....____)");
    s.class = LADDER_DATA;
    s.facts = LADDER_FACT_RESENT;
    assert_string_equal(layout_slope(out, &s, 20, g, NULL), "'''''-----.....____?");
    s.facts = 0;
    s.arrived.known = LADDER_LOST;
    assert_string_equal(layout_slope(out, &s, 20, g, NULL), "'''''-----..x       ");
    s.wire.side = LADDER_SERVER;
    assert_string_equal(layout_slope(out, &s, 20, g, NULL), "       x..-----'''''");
}

static void columns_depend_on_the_width(void **state)
{
    struct layout l = layout_for(80);

    (void)state;
    assert_true(l.time && !l.far);
    assert_int_equal(l.inner, 44);
    assert_int_equal(l.right_state + LAYOUT_STATE, 80);
    assert_false(layout_for(71).time);
    assert_true(layout_for(72).time);
    assert_false(layout_for(109).far);
    assert_true(layout_for(110).far);
    assert_int_equal(layout_for(120).inner, 44);
    for (unsigned width = TEXT_WIDTH_MIN; width <= TEXT_WIDTH_MAX; width++) {
        l = layout_for(width);
        assert_int_equal(l.gauge != 0 ? l.gauge - 2 + LAYOUT_GAUGE
                         : l.far      ? l.prose + l.prose_width
                                      : l.right_state + LAYOUT_STATE,
                         width);
        assert_int_equal(l.gauge != 0, width >= 160);
    }
}

/* ---- Whole ladders ------------------------------------------------------------------------------ */

static char *draw(struct ladder *l, const struct text_options *options)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(l);
    assert_int_equal(ladder_finish(l), WEIR_OK);
    text_ladder(out, l, options);
    fclose(out);
    ladder_del(l);
    return text;
}

static void expect(const char *text, const char *lines)
{
    if (strstr(text, lines) == NULL) {
        fail_msg("expected\n%s\nin\n%s", lines, text);
    }
}

static const struct kit_step lossy[] = {
    {0, 20, '>', "S", .seq = 1000, .mss = 1460},
    {20, 40, '<', "SA", .seq = 8000, .ack = 1001, .mss = 1024},
    {40, LOST, '>', "A", .seq = 1001, .length = 100, .ack = 8001},
    {240, 260, '>', "A", .seq = 1001, .length = 100, .ack = 8001},
    {260, LOST, '<', "A", .seq = 8001, .ack = 1101},
};

static void loss_is_drawn_and_said(void **state)
{
    struct text_options options = {.width = 80, .ascii = true, .seq = SEQ_RAW};
    char *text = draw(kit_run(lossy, ARRAY_SIZE(lossy)), &options);

    (void)state;
    expect(text,
           " 0.040000             | 3 1001(100), ACK 8001       lost           |\n"
           "                      |'''''''''''-----------.....x                |\n"
           "                      :      200.0 ms  retransmission timeout      :\n"
           " 0.240000             | 4 1001(100), ACK 8001       rtx#3  RTO 1   |\n"
           "                      |'''''''''''-----------..........._________>>| ESTABLISHED\n"
           "                      | lost                            5 ACK 1101 |\n"
           "                      |                x.....-----------'''''''''''|\n");
    free(text);
    options.width = 120;
    text = draw(kit_run(lossy, ARRAY_SIZE(lossy)), &options);
    expect(text, " 0.040000             | 3 1001(100), ACK 8001                      |"
                 "              x lost     never reached the server\n");
    expect(text, "   x lost             |                                 5 ACK 1101 |"
                 "               0.260000  never reached the client\n");
    free(text);
}

static void crossing_arrows_carry_numbers(void **state)
{
    static const struct kit_step steps[] = {{0, 20, '>', "S", .seq = 1000},
                                            {1, 21, '<', "S", .seq = 8000}};
    struct text_options options = {.width = 80, .ascii = true, .seq = SEQ_RAW};
    char *text = draw(kit_run(steps, ARRAY_SIZE(steps)), &options);

    (void)state;
    expect(text, " 0.000000 SYN-SENT    | 1 SYN, 1000(0)                             |\n"
                 "                      |                             2 SYN, 8000(0) | SYN-SENT\n"
                 "                      |'''''''''''-----------..........._______ 1 >| SYN-RCVD\n"
                 " 0.021000 SYN-RCVD    |< 2 _______...........-----------'''''''''''|\n");
    free(text);
}

static void idle_rows_name_their_cause(void **state)
{
    struct text_options options = {.width = 80, .ascii = true, .seq = SEQ_RAW};
    struct ladder *l = kit_run(kit_ten, 10);

    (void)state;
    assert_int_equal(ladder_add_cause(l, kit_ms(140), LADDER_CLIENT, LADDER_CAUSE_APPLICATION), 0);
    assert_int_equal(
        ladder_add_state(l, kit_ms(60570), LADDER_CLIENT, WEIR_TCP_TIME_WAIT, WEIR_TCP_CLOSED),
        WEIR_OK);
    char *text = draw(l, &options);
    expect(text, "                      :            80.0 ms  application            :\n");
    expect(text, "                      :              59.980 s  2*MSL               :\n"
                 "60.570000 CLOSED      |                                            |\n");
    free(text);
}

static void long_times_lose_digits_not_columns(void **state)
{
    static const struct kit_step steps[] = {{0, 20, '>', "S", .seq = 1000},
                                            {1000, 1020, '>', "S", .seq = 1000},
                                            {123456789, 123456799, '>', "S", .seq = 1000},
                                            {12345678901, 12345678999, '>', "S", .seq = 1000}};
    struct text_options options = {.width = 80, .ascii = true, .seq = SEQ_RAW};
    char *text = draw(kit_run(steps, ARRAY_SIZE(steps)), &options);

    (void)state;
    expect(text, "\n 1.000000 ");
    expect(text, "\n123456.78 ");
    expect(text, "\n12345678.9"); /* a day too long: still no column is lost */
    free(text);
}

static void colours_are_optional_and_complete(void **state)
{
    struct text_options options = {.width = 80, .color = true, .seq = SEQ_RAW};
    char *text = draw(kit_run(kit_ten, 10), &options);

    (void)state;
    expect(text, "\033[34m 1 SYN, 1000(0), <mss 1460>");
    size_t on = 0, off = 0;
    for (const char *p = text; (p = strchr(p, '\033')) != NULL; p++) {
        *(strncmp(p, "\033[0m", 4) == 0 ? &off : &on) += 1;
    }
    assert_true(on > 0);
    assert_int_equal(on, off);
    free(text);
    options.color = false;
    text = draw(kit_run(kit_ten, 10), &options);
    assert_null(strchr(text, '\033'));
    free(text);
}

/* ---- JSON --------------------------------------------------------------------------------------------- */

/* The n-th line (from 1) with this "e". */
static json_t *event(const char *text, const char *kind, unsigned n)
{
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        json_t *e = json_loadb(line, strcspn(line, "\n"), 0, NULL);
        assert_non_null(e);
        if (strcmp(json_string_value(json_object_get(e, "e")), kind) == 0 && --n == 0) {
            return e;
        }
        json_decref(e);
    }
    fail_msg("no such event: %s", kind);
    return NULL;
}

static void expect_json(const char *text, const char *kind, unsigned n, const char *expected)
{
    json_t *e = event(text, kind, n);
    char *dump = json_dumps(e, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15));

    assert_string_equal(dump, expected);
    free(dump);
    json_decref(e);
}

static void json_has_one_event_per_line(void **state)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct ladder *l = kit_run(kit_ten, 10);

    (void)state;
    assert_int_equal(ladder_finish(l), WEIR_OK);
    assert_int_equal(json_ladder(out, l, SEQ_RAW), WEIR_OK);
    fclose(out);
    ladder_del(l);
    expect_json(
        text, "segment", 5,
        "{\"v\":1,\"e\":\"segment\",\"conn\":1,\"n\":5,\"t\":0.18,\"t_tx\":0.16,\"t_rx\":0.18,"
        "\"from\":\"server\",\"flags\":\"PA\",\"seq\":8001,\"len\":10,\"ack\":1021,"
        "\"win\":1000,\"opt\":{},\"class\":\"data\",\"piggyback\":true,\"acks\":[4]}");
    expect_json(
        text, "state", 1,
        "{\"v\":1,\"e\":\"state\",\"conn\":1,\"t\":0.0,\"side\":\"client\",\"old\":\"CLOSED\","
        "\"new\":\"SYN-SENT\",\"cause\":\"segment:1\"}");
    expect_json(
        text, "end", 1,
        "{\"v\":1,\"e\":\"end\",\"conn\":1,\"how\":\"fin\",\"segments\":10,\"bytes\":[20,10]}");
    free(text);
}

static void json_says_what_was_lost(void **state)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct ladder *l = kit_run(lossy, ARRAY_SIZE(lossy));

    (void)state;
    assert_int_equal(ladder_finish(l), WEIR_OK);
    assert_int_equal(json_ladder(out, l, SEQ_RAW), WEIR_OK);
    fclose(out);
    ladder_del(l);
    expect_json(
        text, "loss", 1,
        "{\"v\":1,\"e\":\"loss\",\"conn\":1,\"n\":3,\"t\":0.04,\"proven\":true,\"proof\":\"both_ends\",\"repaired_by\":4,\"how\":\"retx_rto\"}");
    json_t *lost = event(text, "segment", 3);
    assert_true(json_is_null(json_object_get(lost, "t_rx")));
    assert_true(json_is_true(json_object_get(lost, "lost")));
    json_decref(lost);
    json_t *again = event(text, "segment", 4);
    assert_string_equal(json_string_value(json_object_get(again, "class")), "retx_rto");
    assert_int_equal(json_integer_value(json_object_get(again, "first")), 3);
    json_decref(again);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_follow_the_grammar),
        cmocka_unit_test(options_are_elided_from_the_right),
        cmocka_unit_test(options_go_before_the_window_goes),
        cmocka_unit_test(tags_name_the_first_copy),
        cmocka_unit_test(numbers_may_be_raw_relative_or_pretty),
        cmocka_unit_test(slopes_fill_the_width),
        cmocka_unit_test(heads_tell_kinds_apart),
        cmocka_unit_test(columns_depend_on_the_width),
        cmocka_unit_test(loss_is_drawn_and_said),
        cmocka_unit_test(crossing_arrows_carry_numbers),
        cmocka_unit_test(idle_rows_name_their_cause),
        cmocka_unit_test(long_times_lose_digits_not_columns),
        cmocka_unit_test(colours_are_optional_and_complete),
        cmocka_unit_test(json_has_one_event_per_line),
        cmocka_unit_test(json_says_what_was_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
