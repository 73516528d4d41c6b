/* test_width.c - UTF-8, column widths, line breaking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "render/width.h"

static void decodes_utf8(void **state)
{
    (void)state;
    assert_int_equal(utf8_decode("A"), 'A');
    assert_int_equal(utf8_decode("é"), 0xe9);
    assert_int_equal(utf8_decode("客"), 0x5ba2);
    assert_int_equal(utf8_decode("😀"), 0x1f600);
    assert_int_equal(utf8_length("客户"), 3);
    assert_int_equal(utf8_length(""), 0);
}

static void broken_utf8_is_one_replacement_per_byte(void **state)
{
    static const char *const broken[] = {
        "\x80",         /* continuation without a beginning */
        "\xc0\x80",     /* overlong 0 */
        "\xe0\x80\x80", /* overlong */
        "\xed\xa0\x80", /* surrogate */
        "\xf5\x80",     /* beyond Unicode */
        "\xe5\xae",     /* cut */
        "\xf4\x90\x80\x80",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        assert_int_equal(utf8_decode(broken[i]), 0xfffd);
        assert_int_equal(utf8_length(broken[i]), 1);
    }
}

static void measures_columns(void **state)
{
    (void)state;
    assert_int_equal(width_of(""), 0);
    assert_int_equal(width_of("abc"), 3);
    assert_int_equal(width_of("客户端"), 6);
    assert_int_equal(width_of("ＡＢ"), 4);         /* full-width letters */
    assert_int_equal(width_of("e\xcc\x81"), 1);    /* combining accent */
    assert_int_equal(width_of("\xe2\x80\x8b"), 0); /* zero-width space */
    assert_int_equal(width_of("⠉⠒⠤⣀"), 4);
    assert_int_equal(width_of("│▶◀┊▷✗"), 6);
    assert_int_equal(width_of("한"), 2);
    assert_int_equal(width_of_bytes("客户端", 6), 4);
}

/* Wraps the whole text and joins the lines with '|'. */
static const char *wrapped(const char *text, unsigned columns, char out[256])
{
    const char *line;
    size_t size;

    out[0] = '\0';
    while ((size = width_wrap(&text, columns, &line)) > 0) {
        if (out[0] != '\0') {
            strcat(out, "|");
        }
        strncat(out, line, size);
    }
    return out;
}

static void wraps_at_spaces(void **state)
{
    char out[256];

    (void)state;
    assert_string_equal(wrapped("", 10, out), "");
    assert_string_equal(wrapped("one two three", 7, out), "one two|three");
    assert_string_equal(wrapped("one two three", 8, out), "one two|three");
    assert_string_equal(wrapped("  lead and trail  ", 30, out), "lead and trail");
    assert_string_equal(wrapped("abcdefghij", 4, out), "abcd|efgh|ij");
    assert_string_equal(wrapped("a bcdefghij", 4, out), "a|bcde|fghi|j");
}

static void wraps_chinese_between_characters(void **state)
{
    char out[256];

    (void)state;
    assert_string_equal(wrapped("请求建立连接", 5, out), "请求|建立|连接");
    /* punctuation does not begin a line, ASCII words are not split */
    assert_string_equal(wrapped("三次握手完成,双方进入 ESTABLISHED", 27, out),
                        "三次握手完成,双方进入|ESTABLISHED");
    assert_string_equal(wrapped("三次握手,双方", 8, out), "三次握|手,双方");
    assert_string_equal(wrapped("第一(ACK)", 5, out), "第一|(ACK)");
}

static void a_character_wider_than_the_line_is_not_lost(void **state)
{
    char out[256];

    (void)state;
    assert_string_equal(wrapped("客户", 1, out), "客|户");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_utf8),
        cmocka_unit_test(broken_utf8_is_one_replacement_per_byte),
        cmocka_unit_test(measures_columns),
        cmocka_unit_test(wraps_at_spaces),
        cmocka_unit_test(wraps_chinese_between_characters),
        cmocka_unit_test(a_character_wider_than_the_line_is_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
