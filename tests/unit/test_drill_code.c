/*
 * test_drill_code.c - code blocks: what their expressions are worth, and what is said when one is
 * false.
 */
#include "unit/drill_kit.h"

#include "base/compiler.h"

static bool lookup(void *context, const char *name, int64_t *value)
{
    static const struct {
        const char *name;
        int64_t value;
    } known[] = {{"tcpi_snd_cwnd", 10}, {"tcpi_rtt", 20000}, {"tcpi_options", 7}, {"ZERO", 0}};

    (void)context;
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (strcmp(known[i].name, name) == 0) {
            *value = known[i].value;
            return true;
        }
    }
    return false;
}

/* Runs all code blocks of a script: the first code that is not DRILL_OK. */
static int run(const char *text, struct drill_error *error)
{
    struct drill_script *script = drill_good(text);
    struct drill_variables variables = {0};
    int code = DRILL_OK;

    for (const struct drill_event *event = script->events; event != NULL && code == DRILL_OK;
         event = event->next) {
        assert_int_equal(event->kind, DRILL_EVENT_CODE);
        code = drill_code_run(script, event->code, &variables, lookup, NULL, error);
    }
    drill_script_del(script);
    return code;
}

static void check_run(const char *text, int code, const char *message)
{
    struct drill_error error = {.text = ""};

    if (run(text, &error) != code) {
        print_error("%s: %s\n", text, error.text);
        fail();
    }
    if (message != NULL) {
        assert_string_equal(error.text, message);
    }
}

static void test_values(void **state)
{
    static const char *const true_ones[] = {
        "1",
        "not 0",
        "1 + 2 * 3 == 7",
        "(1 + 2) * 3 == 9",
        "7 - 2 - 1 == 4",
        "-7 // 2 == -4",
        "-7 % 3 == 2",
        "7 % -3 == -2",
        "6 / 3 == 2",
        "1 << 4 == 16",
        "-16 >> 2 == -4",
        "~0 == -1",
        "(tcpi_options & 3) == 3",
        "tcpi_options & 3 == 3",
        "6 ^ 3 == 5",
        "1 | 2 == 3",
        "10 <= tcpi_snd_cwnd <= 10",
        "1 < 2 < 3 < 4",
        "not 1 < 3 < 2",
        "not 3 > 2 > 2",
        "(1 < 2) < 2",
        "1 == 1 == 1",
        "0 or 5",
        "1 and 2 == 2",
        "not (0 and 1)",
        "tcpi_rtt >= 19*1000 and tcpi_rtt <= 21*1000",
        "1 != 2",
        "0x10 == 16",
        "- -1 == 1",
        "not not 1",
        "9223372036854775807 + 1 < 0",
        "(\n1\n+\n1\n)== 2",
        "0 or not 0 and 1",
        "-9223372036854775807 - 1 // -1 < 0",
    };
    char text[200];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(true_ones); i++) {
        snprintf(text, sizeof(text), "0 %%{ assert %s }%%", true_ones[i]);
        check_run(text, DRILL_OK, NULL);
        snprintf(text, sizeof(text), "0 %%{ assert not (%s), 'text' }%%", true_ones[i]);
        check_run(text, DRILL_EASSERT, NULL);
    }
}

static void test_failures(void **state)
{
    (void)state;
    check_run("0 %{ assert tcpi_snd_cwnd == 9, tcpi_snd_cwnd }%", DRILL_EASSERT,
              "t.pkt:1:6: not true: tcpi_snd_cwnd == 9 (tcpi_snd_cwnd is 10)");
    check_run("0 %{ assert tcpi_snd_cwnd < tcpi_options, 'a: %d' % (tcpi_rtt, 1) }%", DRILL_EASSERT,
              "t.pkt:1:6: not true: tcpi_snd_cwnd < tcpi_options (tcpi_snd_cwnd is 10, "
              "tcpi_options is 7)");
    check_run("0 %{\nassert 1\nassert 0 # why\n}%", DRILL_EASSERT, "t.pkt:3:1: not true: 0");
    check_run("0 %{ assert unknown }%", DRILL_EVALUE, "t.pkt:1:13: 'unknown' is not known");
    check_run("0 %{ assert 1 / ZERO }%", DRILL_EVALUE, "t.pkt:1:15: division by zero");
    check_run("0 %{ assert 1 % ZERO }%", DRILL_EVALUE, "t.pkt:1:15: division by zero");
    check_run("0 %{ assert 7 / 2 }%", DRILL_EVALUE,
              "t.pkt:1:15: this division leaves a rest: use //");
    check_run("0 %{ assert 1 << 64 }%", DRILL_EVALUE, "t.pkt:1:15: a shift is by 0 to 63");
    check_run("0 %{ assert 1 >> -1 }%", DRILL_EVALUE, "t.pkt:1:15: a shift is by 0 to 63");
}

static void test_statements(void **state)
{
    (void)state;
    check_run("0 %{ }%", DRILL_OK, NULL);
    check_run("0 %{ ;;print(tcpi_rtt); assert 1, \"a;b\";\n print('x', (1,\n2)); }%", DRILL_OK,
              NULL);
    check_run("0 %{ assert 1; \\\n assert 1;\\\n}%", DRILL_OK, NULL);
    check_run("0 %{ cwnd = 2 * 5\nassert tcpi_snd_cwnd == cwnd }%"
              "+0 %{ cwnd += 1; cwnd -= 3; cwnd *= 1 + 1; assert cwnd == 16 }%"
              "+0 %{ tcpi_snd_cwnd = 3; assert tcpi_snd_cwnd == 3 }%",
              DRILL_OK, NULL);
    check_run("0 %{ a += 1 }%", DRILL_EVALUE, "t.pkt:1:6: 'a' is not known");
}

static void test_too_many_variables(void **state)
{
    char text[2000] = "0 %{ ";
    struct drill_error error;

    (void)state;
    for (int i = 0; i <= DRILL_VARIABLES_MAX; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "v%d = 1; ", i);
    }
    strcat(text, "}%");
    assert_int_equal(run(text, &error), DRILL_EVALUE);
    assert_non_null(strstr(error.text, "too many variables"));
}

/* Many names and long ones: the message is cut, the assertion comes first. */
static void test_long_message(void **state)
{
    char text[4000] = "0 %{ assert 0 and (ZERO";
    struct drill_error error;

    (void)state;
    for (int i = 0; i < 200; i++) {
        strcat(text, " + tcpi_rtt");
    }
    strcat(text, ") }%");
    assert_int_equal(run(text, &error), DRILL_EASSERT);
    assert_non_null(strstr(error.text, "not true: 0 and (ZERO + tcpi_rtt"));
    assert_true(strlen(error.text) < sizeof(error.text));
}

static void test_text_is_kept(void **state)
{
    struct drill_script *script = drill_good("0 %{ assert 1, 'x' }%\n");

    (void)state;
    assert_string_equal(script->events->code->text.data, " assert 1, 'x' ");
    assert_string_equal(script->events->code->statements->source, "1");
    assert_int_equal(script->events->code->statements->kind, DRILL_ASSERT);
    drill_script_del(script);
}

static void test_errors(void **state)
{
    (void)state;
    drill_wrong("0 %{ assert }%", "t.pkt:1:13: expected a value, found the end of the file");
    drill_wrong("0 %{\nassert 1 ==\n}%", "t.pkt:2:12: expected a value, found the end of the line");
    drill_wrong("0 %{ assert (1 }%",
                "t.pkt:1:16: expected an operator or ')', found the end of the file");
    drill_wrong("0 %{ assert 1 2 }%", "t.pkt:1:15: expected the end of the statement, found '2'");
    drill_wrong("0 %{ assert 'a' == 'b' }%", "t.pkt:1:13: expected a value, found a string");
    drill_wrong("0 %{ assert 1.5 }%", "t.pkt:1:13: only whole numbers can be used here");
    drill_wrong("0 %{ import os }%", "t.pkt:1:6: expected assert, print or an assignment");
    drill_wrong("0 %{ 1 = 2 }%", "t.pkt:1:6: expected assert, print or an assignment, found '1'");
    drill_wrong("0 %{ print('a }%", "t.pkt:1:12: this string has no end");
    drill_wrong("0 %{ assert 1, 'a\n}%", "t.pkt:1:16: this string has no end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),       cmocka_unit_test(test_failures),
        cmocka_unit_test(test_statements),   cmocka_unit_test(test_too_many_variables),
        cmocka_unit_test(test_long_message), cmocka_unit_test(test_text_is_kept),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
