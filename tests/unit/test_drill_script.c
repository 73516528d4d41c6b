/* test_drill_script.c - the frame of a script: options, commands, times, conditions, comments. */
#include "unit/drill_kit.h"

#include "base/compiler.h"

static void test_options(void **state)
{
    struct drill_script *script = drill_good("--ip_version=ipv6 // a comment\n"
                                             "--local_ip=fd00:1::2\n"
                                             "--remote_ip = 192.0.2.1\n"
                                             "--strict\n"
                                             "--define=CC=\"my reno\"\n"
                                             "--define=NUMBER=7\n"
                                             "--words=\"two words\" /* more */ --mtu=1500\n"
                                             "--mtu=1400\n"
                                             "0 close(3) = 0\n");

    (void)state;
    assert_string_equal(drill_script_setting(script, "ip_version"), "ipv6");
    assert_string_equal(drill_script_setting(script, "local_ip"), "fd00:1::2");
    assert_string_equal(drill_script_setting(script, "remote_ip"), "192.0.2.1");
    assert_string_equal(drill_script_setting(script, "strict"), "");
    assert_string_equal(drill_script_setting(script, "words"), "two words");
    assert_string_equal(drill_script_setting(script, "mtu"), "1400");
    assert_null(drill_script_setting(script, "mt"));
    assert_string_equal(drill_script_define(script, "CC"), "\"my reno\"");
    assert_string_equal(drill_script_define(script, "NUMBER"), "7");
    assert_null(drill_script_define(script, "NUM"));
    assert_int_equal(script->settings->pos.line, 1);
    assert_null(script->settings->next->next->next->value);
    drill_script_del(script);
}

static void test_commands(void **state)
{
    struct drill_script *script = drill_good("`prepare --all \\`now\\`\nsecond line`\n"
                                             "0 `middle`\n"
                                             "`clean up`\n");

    (void)state;
    assert_string_equal(script->init.data, "prepare --all \\`now\\`\nsecond line");
    assert_int_equal(script->event_count, 1);
    assert_int_equal(script->events->kind, DRILL_EVENT_SHELL);
    assert_string_equal(script->events->text.data, "middle");
    assert_string_equal(script->cleanup.data, "clean up");
    drill_script_del(script);
    script = drill_good("0 close(1) = 0");
    assert_null(script->init.data);
    assert_null(script->cleanup.data);
    drill_script_del(script);
}

struct time_case {
    const char *text;
    struct drill_time time;
};

static void test_times(void **state)
{
    static const struct time_case cases[] = {
        {"0 > . 1:1(0)", {DRILL_TIME_ABSOLUTE, false, 0, 0}},
        {"0.000 > . 1:1(0)", {DRILL_TIME_ABSOLUTE, false, 0, 0}},
        {"12.5 > . 1:1(0)", {DRILL_TIME_ABSOLUTE, false, 12500000000, 12500000000}},
        {"+.01 > . 1:1(0)", {DRILL_TIME_RELATIVE, false, 10000000, 10000000}},
        {"+ 2 > . 1:1(0)", {DRILL_TIME_RELATIVE, false, 2000000000, 2000000000}},
        {"+0.0000000019 > . 1:1(0)", {DRILL_TIME_RELATIVE, false, 1, 1}},
        {"1~1.25 > . 1:1(0)", {DRILL_TIME_ABSOLUTE, true, 1000000000, 1250000000}},
        {"+.2~+.3 > . 1:1(0)", {DRILL_TIME_RELATIVE, true, 200000000, 300000000}},
        {"* > . 1:1(0)", {DRILL_TIME_ANY, false, 0, 0}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct drill_script *script = drill_good(cases[i].text);
        const struct drill_time *time = &script->events->time;

        assert_int_equal(time->kind, cases[i].time.kind);
        assert_int_equal(time->range, cases[i].time.range);
        assert_int_equal(time->start_ns, cases[i].time.start_ns);
        assert_int_equal(time->end_ns, cases[i].time.end_ns);
        drill_script_del(script);
    }
}

static void test_blocking(void **state)
{
    struct drill_script *script = drill_good("+.1...0.4 accept(3, ..., ...) = 4");

    (void)state;
    assert_int_equal(script->events->time.start_ns, 100000000);
    assert_true(drill_call_of(script)->blocking);
    assert_int_equal(drill_call_of(script)->end_ns, 400000000);
    assert_string_equal(drill_call_of(script)->name, "accept");
    drill_script_del(script);
    script = drill_good("+.002 ... 0.102 connect(4, AF_UNSPEC, ...) = 0");
    assert_int_equal(script->events->time.start_ns, 2000000);
    assert_int_equal(drill_call_of(script)->end_ns, 102000000);
    drill_script_del(script);
}

static void test_space_and_comments(void **state)
{
    struct drill_script *script = drill_good("/* one *\n two **/ // three\r\n"
                                             "\t0 /**/ close(3)\\\n = 0// four\n"
                                             "+0 > . 1:1(0) +0 < . 1:1(0) // no line end");

    (void)state;
    assert_int_equal(script->event_count, 3);
    assert_int_equal(script->events->pos.line, 3);
    assert_int_equal(script->events->pos.column, 2);
    assert_int_equal(script->events->next->pos.line, 5);
    assert_int_equal(script->events->next->next->pos.column, 15);
    drill_script_del(script);
}

static void test_conditions(void **state)
{
    struct drill_script *script = drill_good("#ifdef ONE\n0 `a`\n+0 `b`\n#endif\n+0 `c`\n"
                                             "#ifdef TWO\n+0 > . 1:1(0)\n#endif\n");
    const struct drill_event *event = script->events;

    (void)state;
    assert_string_equal(event->condition, "ONE");
    assert_string_equal(event->next->condition, "ONE");
    assert_null(event->next->next->condition);
    assert_string_equal(event->next->next->next->condition, "TWO");
    drill_script_del(script);
}

static void test_errors(void **state)
{
    (void)state;
    drill_wrong("", "t.pkt:1:1: expected an event, found the end of the file");
    drill_wrong("`one`", "t.pkt:1:6: expected an event, found the end of the file");
    drill_wrong("close(3) = 0", "t.pkt:1:1: expected a time in seconds, found 'close'");
    drill_wrong("0x10 close(3) = 0", "t.pkt:1:1: expected a time in seconds, found '0x10'");
    drill_wrong("-1 close(3) = 0", "t.pkt:1:1: a time cannot be negative");
    drill_wrong("9999999999 close(3) = 0", "t.pkt:1:1: this time is too large");
    drill_wrong("0 =", "t.pkt:1:3: expected a system call, a packet, a command or a code block, "
                       "found '='");
    drill_wrong("0 \"x\"", "t.pkt:1:3: expected a system call, a packet, a command or a code "
                           "block, found a string");
    drill_wrong("* close(3) = 0",
                "t.pkt:1:1: the time '*' is for packets that are expected ('>') only");
    drill_wrong("\n 1~2 < . 1:1(0)",
                "t.pkt:2:2: a time range is for packets that are expected ('>') only");
    drill_wrong("2~1 > . 1:1(0)", "t.pkt:1:2: this time range is backwards");
    drill_wrong("+2~3 > . 1:1(0)",
                "t.pkt:1:4: expected '+': both ends of a range count from the event before");
    drill_wrong("2~+3 > . 1:1(0)", "t.pkt:1:3: expected a time without '+', as the start has none");
    drill_wrong("2...1 accept(3) = 4", "t.pkt:1:2: this system call ends before it begins");
    drill_wrong("0...1 < . 1:1(0)",
                "t.pkt:1:7: expected a system call after start...end, found '<'");
    drill_wrong("0 `a`\n--mtu=1\n", "t.pkt:2:1: options stand before everything else");
    drill_wrong("--mtu=\n0 `a`", "t.pkt:1:7: expected a value after '='");
    drill_wrong("0 `a`\n`b`\n+0 `c`",
                "t.pkt:3:1: only the first and the last command can be without a time");
    drill_wrong("0 `a", "t.pkt:1:3: this command has no end");
    drill_wrong("0 %{ assert 1", "t.pkt:1:3: this code block has no end");
    drill_wrong("0 `a`\n/* b", "t.pkt:2:1: this comment has no end");
    drill_wrong("0 \x01", "t.pkt:1:3: this byte cannot stand here: 0x01");
    drill_wrong("0 `a`\n\xc3", "t.pkt:2:1: this byte cannot stand here: 0xc3");
    drill_wrong("#endif", "t.pkt:1:1: #endif without #ifdef");
    drill_wrong("#ifdef A\n#ifdef B", "t.pkt:2:1: #ifdef within #ifdef");
    drill_wrong("#ifdef A\n0 `a`\n", "t.pkt:3:1: #ifdef A has no #endif");
    drill_wrong("#define", "t.pkt:1:2: expected ifdef or endif, found 'define'");
    drill_wrong("#ifdef +", "t.pkt:1:8: expected a name after #ifdef, found '+'");
    drill_wrong("0 aVeryLongNameOfASystemCallThatIsCut +",
                "t.pkt:1:39: expected '(' after the name of a system call");
    drill_wrong("aVeryLongNameOfASystemCallThatIsCut",
                "t.pkt:1:1: expected a time in seconds, found 'aVeryLongNameOfASystemCa...'");
}

static void test_zero_byte_and_size(void **state)
{
    static const char text[] = "0 close(3) = 0\n\0";
    struct drill_script *script = NULL;
    struct drill_error error;

    (void)state;
    assert_int_equal(drill_parse("t", text, sizeof(text), &script, &error), DRILL_ESYNTAX);
    assert_string_equal(error.text, "t:2:1: this byte cannot stand here: 0x00");
    assert_int_equal(drill_parse("t", text, (size_t)DRILL_SIZE_MAX + 1, &script, &error),
                     DRILL_ESYNTAX);
    assert_string_equal(error.text, "t:1:1: this is too large for a script");
    assert_int_equal(drill_parse("t", NULL, 0, &script, &error), DRILL_ESYNTAX);
    drill_script_del(NULL);
}

static void test_error_is_shown(void **state)
{
    static const char text[] = "0 close(3) = 0\n\t0 close[3] = 0\n";
    struct drill_script *script = NULL;
    struct drill_error error;
    char shown[200];

    (void)state;
    assert_int_equal(drill_parse("t", text, strlen(text), &script, &error), DRILL_ESYNTAX);
    assert_int_equal(error.pos.line, 2);
    assert_int_equal(error.pos.column, 9);
    assert_string_equal(drill_error_show(&error, text, strlen(text), shown, sizeof(shown)),
                        "t:2:9: expected '(' after the name of a system call\n"
                        "   0 close[3] = 0\n"
                        "          ^\n");
    assert_int_equal(strlen(drill_error_show(&error, text, strlen(text), shown, 10)), 9);
    error.pos.line = 99;
    assert_string_equal(drill_error_show(&error, text, strlen(text), shown, sizeof(shown)),
                        "t:2:9: expected '(' after the name of a system call\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_blocking),
        cmocka_unit_test(test_space_and_comments),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_zero_byte_and_size),
        cmocka_unit_test(test_error_is_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
