/* test_messages.c - both languages say the same: same placeholders, valid UTF-8, nothing missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "render/messages.h"
#include "render/width.h"

/* Bit i: {i} occurs. */
static unsigned placeholders(const char *text)
{
    unsigned found = 0;

    for (; *text != '\0'; text++) {
        if (text[0] == '{') {
            assert_in_range(text[1], '0', '0' + MESSAGE_ARGS_MAX - 1);
            assert_int_equal(text[2], '}');
            found |= 1u << (text[1] - '0');
        }
    }
    return found;
}

static void languages_agree_in_placeholders(void **state)
{
    (void)state;
    for (int id = 0; id < MESSAGE_COUNT; id++) {
        const char *en = message_text((enum message_id)id, LANGUAGE_EN);
        const char *zh = message_text((enum message_id)id, LANGUAGE_ZH);
        if (placeholders(en) != placeholders(zh)) {
            fail_msg("\"%s\" and \"%s\" differ in placeholders", en, zh);
        }
    }
}

static void every_text_is_valid(void **state)
{
    (void)state;
    for (int id = 0; id < MESSAGE_COUNT; id++) {
        for (int language = 0; language < LANGUAGE_COUNT; language++) {
            const char *text = message_text((enum message_id)id, (enum language)language);
            assert_non_null(text);
            assert_true(text[0] != '\0' && text[0] != ' ' && text[strlen(text) - 1] != ' ');
            for (size_t n; (n = utf8_length(text)) > 0; text += n) {
                assert_int_not_equal(utf8_decode(text), 0xfffd);
            }
        }
    }
}

static void english_is_ascii(void **state)
{
    (void)state;
    for (int id = 0; id < MESSAGE_COUNT; id++) {
        for (const char *p = message_text((enum message_id)id, LANGUAGE_EN); *p != '\0'; p++) {
            assert_in_range(*p, ' ', '~');
        }
    }
}

static void fills_in_arguments(void **state)
{
    const char *const args[] = {"20", "1001", "1020"};
    char out[64];

    (void)state;
    assert_string_equal(message_format(out, sizeof(out), MESSAGE_DATA, LANGUAGE_EN, args, 3),
                        "20 bytes: numbers 1001..1020");
    assert_string_equal(message_format(out, sizeof(out), MESSAGE_DATA, LANGUAGE_ZH, args, 3),
                        "20 字节数据:序号 1001..1020");
    assert_string_equal(message_format(out, sizeof(out), MESSAGE_DATA, LANGUAGE_EN, args, 1),
                        "20 bytes: numbers ..");
}

static void cuts_at_whole_characters(void **state)
{
    char out[12];

    (void)state;
    assert_string_equal(message_format(out, 6, MESSAGE_CLIENT, LANGUAGE_ZH, NULL, 0), "客");
    assert_string_equal(message_format(out, 1, MESSAGE_CLIENT, LANGUAGE_ZH, NULL, 0), "");
    assert_string_equal(message_format(out, sizeof(out), MESSAGE_CLIENT, LANGUAGE_ZH, NULL, 0),
                        "客户端");
}

static void knows_languages_by_locale(void **state)
{
    (void)state;
    assert_int_equal(language_from_locale("zh_CN.UTF-8"), LANGUAGE_ZH);
    assert_int_equal(language_from_locale("zh"), LANGUAGE_ZH);
    assert_int_equal(language_from_locale("en_US.UTF-8"), LANGUAGE_EN);
    assert_int_equal(language_from_locale("C"), LANGUAGE_EN);
    assert_int_equal(language_from_locale(NULL), LANGUAGE_EN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(languages_agree_in_placeholders),
        cmocka_unit_test(every_text_is_valid),
        cmocka_unit_test(english_is_ascii),
        cmocka_unit_test(fills_in_arguments),
        cmocka_unit_test(cuts_at_whole_characters),
        cmocka_unit_test(knows_languages_by_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
