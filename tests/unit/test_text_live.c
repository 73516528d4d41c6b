/* test_text_live.c - the lines of a ladder that grows: prefixes, lessons in both languages, nothing too wide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "render/text_live.h"
#include "render/width.h"
#include "unit/trace_kit.h"

struct screen {
    char *text;
    size_t size;
    FILE *out;
    struct text_options options;
    struct text_live live;
};

static void screen_init(struct screen *s, unsigned width, bool prefixed)
{
    *s = (struct screen){.options = {.width = width, .ascii = true}};
    s->out = open_memstream(&s->text, &s->size);
    s->live = (struct text_live){.out = s->out, .options = &s->options, .prefixed = prefixed};
}

static void on_event(void *ctx, const struct stream_event *event)
{
    struct screen *s = ctx;

    switch (event->kind) {
    case STREAM_BEGIN: text_live_begin(&s->live, event->ladder, NULL); break;
    case STREAM_ROW:
    case STREAM_LESSON: text_live_event(&s->live, event); break;
    case STREAM_FINDING: text_live_finding(&s->live, event->ladder, event->finding); break;
    case STREAM_END: text_live_end(&s->live, event->ladder, 570 * (int64_t)WEIR_MS); break;
    }
}

/* The ten segments as their client sees them. */
static void draw_ten(struct screen *s, uint32_t number)
{
    struct ladder *ladder = kit_capture(kit_ten, 10, 'c');
    const struct ladder_info *info = ladder_info(ladder);
    struct stream_setup setup = {.number = number,
                                 .vantage = LADDER_AT_CLIENT,
                                 .vantage_known = true,
                                 .end = {info->side[0].endpoint, info->side[1].endpoint},
                                 .reorder = STREAM_REORDER,
                                 .tell = on_event,
                                 .ctx = s};
    struct stream *stream = stream_new(&setup);
    size_t count;
    const struct ladder_segment *segment = ladder_segments(ladder, &count);

    for (size_t i = 0; i < count; i++) {
        assert_int_equal(stream_take(stream, &segment[i].wire), WEIR_OK);
    }
    stream_end(stream);
    stream_del(stream);
    ladder_del(ladder);
    fclose(s->out);
}

static size_t check_lines(const struct screen *s, unsigned width, const char *prefix)
{
    size_t lines = 0;

    for (const char *line = s->text; *line != '\0'; lines++) {
        const char *end = strchr(line, '\n');
        assert_non_null(end);
        assert_true(width_of_bytes(line, (size_t)(end - line)) <= width);
        assert_memory_equal(line, prefix, strlen(prefix));
        line = end + 1;
    }
    return lines;
}

static void every_line_says_whose_it_is(void **state)
{
    static const unsigned widths[] = {72, 80, 120, 159};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
        for (int language = 0; language < LANGUAGE_COUNT; language++) {
            struct screen s;
            screen_init(&s, widths[i], true);
            s.options.language = (enum language)language;
            draw_ten(&s, 3);
            /* the sum is one line, however long */
            char *sum = strstr(s.text, "[3]  closed");
            sum = sum == NULL ? strstr(s.text, "[3]  双方") : sum;
            assert_non_null(sum);
            *sum = '\0';
            assert_true(check_lines(&s, widths[i], "[3]  ") > 22);
            free(s.text);
        }
    }
}

static void one_ladder_has_a_head_and_no_prefix(void **state)
{
    struct screen one, two;

    (void)state;
    screen_init(&one, 80, false);
    draw_ten(&one, 1);
    assert_non_null(strstr(one.text, "client       10.0.0.1:"));
    assert_null(strstr(one.text, "[1]"));
    screen_init(&two, 85, true); /* the same columns, behind the prefix */
    draw_ten(&two, 1);
    const char *row = strstr(two.text, " 0.000000 SYN-SENT");
    assert_non_null(row);
    const char *end = strchr(row, '\n');
    char line[256];
    snprintf(line, sizeof(line), "%.*s", (int)(end - row + 1), row);
    assert_non_null(strstr(one.text, line));
    free(one.text);
    free(two.text);
}

static void the_sum_tells_how_it_ended(void **state)
{
    struct screen s;

    (void)state;
    screen_init(&s, 80, true);
    draw_ten(&s, 2);
    assert_non_null(
        strstr(s.text, "[2]  closed by both sides: 10 segments, -> 20 <- 10 bytes, 0.570000 s. "));
    free(s.text);
}

/* Numbers of segments and of bytes as the ladder shows them. */
static void lessons_point_back(void **state)
{
    struct ladder *ladder = kit_capture(kit_ten, 10, 'c');
    struct text_options en = {.width = 80, .ascii = true},
                        zh = {.width = 80, .language = LANGUAGE_ZH};
    struct lesson lost = {.kind = LESSON_LOST,
                          .evidence = EVIDENCE_SACK,
                          .number = 16,
                          .by = 50,
                          .start = 1001,
                          .end = 1021};
    struct lesson needless = {.kind = LESSON_SPURIOUS,
                              .evidence = EVIDENCE_DSACK,
                              .proven = true,
                              .number = 18,
                              .by = 20};
    struct lesson missing = {.kind = LESSON_NOT_CAPTURED,
                             .evidence = EVIDENCE_ACKED,
                             .proven = true,
                             .start = 1001,
                             .end = 1021};
    char text[LESSON_TEXT_MAX];

    (void)state;
    assert_string_equal(text_lesson(text, &lost, ladder, &en),
                        "^ #16 was lost; #50 brought its bytes (SACK, inferred)");
    assert_string_equal(text_lesson(text, &lost, ladder, &zh),
                        "↑ #16 丢失了;#50 补上了它的数据 (SACK, 推断)");
    assert_string_equal(text_lesson(text, &needless, ladder, &en), "^ #18 was not needed (D-SACK)");
    assert_string_equal(text_lesson(text, &missing, ladder, &en),
                        "^ bytes 1001-1020 were acknowledged, but never seen here: the capture "
                        "missed them (ACK)");
    ladder_del(ladder);
}

static void what_is_missing_is_said(void **state)
{
    struct screen s;
    struct text_live_omitted omitted = {
        .data = 3000, .acks = 500, .others = 12, .span_ns = (int64_t)WEIR_S};

    (void)state;
    screen_init(&s, 80, true);
    text_live_omitted(&s.live, &omitted);
    text_live_drops(&s.live, 37);
    fclose(s.out);
    assert_string_equal(
        s.text, "... 3512 segments in 1.0 s not drawn (3000 with data, 500 ACKs, 12 others)\n"
                "37 packets were dropped by the kernel: what follows has holes\n");
    free(s.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_says_whose_it_is),
        cmocka_unit_test(one_ladder_has_a_head_and_no_prefix),
        cmocka_unit_test(the_sum_tells_how_it_ended),
        cmocka_unit_test(lessons_point_back),
        cmocka_unit_test(what_is_missing_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
