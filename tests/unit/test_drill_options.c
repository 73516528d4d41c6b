/* test_drill_options.c - TCP options of a packet's line. */
#include "unit/drill_kit.h"

#include "base/compiler.h"

/* The options of "0 > . 1:1(0) ack 1 <text>". */
static struct drill_script *good(const char *text, const struct drill_tcp **tcp)
{
    char line[300];

    snprintf(line, sizeof(line), "0 > . 1:1(0) ack 1 %s", text);
    struct drill_script *script = drill_good(line);
    *tcp = &drill_packet_of(script)->tcp;
    return script;
}

static void wrong(const char *text, const char *message)
{
    char line[300];
    char full[300];

    snprintf(line, sizeof(line), "0 > S 0:0(0) %s", text);
    snprintf(full, sizeof(full), "t.pkt:1:%s", message);
    drill_wrong(line, full);
}

static void test_syn_options(void **state)
{
    static const enum drill_option_kind kinds[] = {DRILL_OPTION_MSS,    DRILL_OPTION_SACK_OK,
                                                   DRILL_OPTION_TS,     DRILL_OPTION_NOP,
                                                   DRILL_OPTION_WSCALE, DRILL_OPTION_EOL};
    const struct drill_tcp *tcp = NULL;
    struct drill_script *script =
        good("<mss 1460, sackOK,TS val 100 ecr 0,nop,wscale 8,eol>", &tcp);
    const struct drill_option *option = tcp->options;

    (void)state;
    assert_int_equal(tcp->options_mode, DRILL_OPTIONS_LIST);
    assert_int_equal(tcp->options_size, 4 + 2 + 10 + 1 + 3 + 1);
    assert_int_equal(option->number, 1460);
    assert_int_equal(option->next->next->val.value, 100);
    assert_int_equal(option->next->next->next->next->number, 8);
    assert_int_equal(option->pos.column, 21);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++, option = option->next) {
        assert_int_equal(option->kind, kinds[i]);
        assert_false(option->experimental);
    }
    assert_null(option);
    drill_script_del(script);
}

static void test_sack(void **state)
{
    const struct drill_tcp *tcp = NULL;
    struct drill_script *script = good("<nop,nop,sack 1:2 3:4294967295>", &tcp);
    const struct drill_option *sack = tcp->options->next->next;

    (void)state;
    assert_int_equal(sack->kind, DRILL_OPTION_SACK);
    assert_int_equal(sack->count, 2);
    assert_int_equal(sack->blocks[0].left, 1);
    assert_int_equal(sack->blocks[1].right, UINT32_MAX);
    assert_int_equal(tcp->options_size, 20);
    drill_script_del(script);
}

static void test_stamps(void **state)
{
    const struct drill_tcp *tcp = NULL;
    struct drill_script *script = good("<TS val ... ecr 7!>", &tcp);

    (void)state;
    assert_true(tcp->options->val.any);
    assert_int_equal(tcp->options->ecr.value, 7);
    assert_true(tcp->options->ecr.absolute);
    drill_script_del(script);
    script = good("<TS val * ecr first_val>", &tcp);
    assert_true(tcp->options->val.any);
    assert_string_equal(tcp->options->ecr.name, "first_val");
    drill_script_del(script);
}

static void check_data(const char *text, enum drill_option_kind kind, bool experimental,
                       const char *bytes, size_t size, size_t wire)
{
    const struct drill_tcp *tcp = NULL;
    struct drill_script *script = good(text, &tcp);

    assert_int_equal(tcp->options->kind, kind);
    assert_int_equal(tcp->options->experimental, experimental);
    assert_int_equal(tcp->options->data.size, size);
    assert_non_null(tcp->options->data.data);
    assert_memory_equal(tcp->options->data.data, bytes, size);
    assert_int_equal(tcp->options_size, wire);
    assert_null(tcp->options->symbol);
    drill_script_del(script);
}

static void test_data(void **state)
{
    (void)state;
    check_data("<FO>", DRILL_OPTION_FAST_OPEN, false, "", 0, 2);
    check_data("<FO aBcd1234>", DRILL_OPTION_FAST_OPEN, false, "\xab\xcd\x12\x34", 4, 6);
    check_data("<FO 1234,nop>", DRILL_OPTION_FAST_OPEN, false, "\x12\x34", 2, 5);
    check_data("<FOEXP 12e4>", DRILL_OPTION_FAST_OPEN, true, "\x12\xe4", 2, 6);
    check_data("<exp-FO>", DRILL_OPTION_FAST_OPEN, true, "", 0, 4);
    check_data("<md5 00112233445566778899aabbccddeeff>", DRILL_OPTION_MD5, false,
               "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16, 18);
    check_data("<gen-254 0102>", DRILL_OPTION_OTHER, false, "\x01\x02", 2, 4);
    check_data("<gen-29>", DRILL_OPTION_OTHER, false, "", 0, 2);
    check_data("<exp-gen-65535 ff>", DRILL_OPTION_OTHER, true, "\xff", 1, 5);
}

static void test_numbers(void **state)
{
    const struct drill_tcp *tcp = NULL;
    struct drill_script *script = good("<gen-34 00,exp-gen-990,exp-tarr 9,exp-tarr>", &tcp);
    const struct drill_option *option = tcp->options;

    (void)state;
    assert_int_equal(option->number, 34);
    option = option->next;
    assert_int_equal(option->number, 990);
    option = option->next;
    assert_int_equal(option->kind, DRILL_OPTION_TARR);
    assert_true(option->number_said);
    assert_int_equal(option->number, 9);
    assert_false(option->next->number_said);
    assert_int_equal(tcp->options_size, 3 + 4 + 5 + 4);
    drill_script_del(script);
}

static void test_symbols(void **state)
{
    const struct drill_tcp *tcp = NULL;
    struct drill_script *script = good("<mss MSS,FO COOKIE,md5 valid>", &tcp);

    (void)state;
    assert_string_equal(tcp->options->symbol, "MSS");
    assert_string_equal(tcp->options->next->symbol, "COOKIE");
    assert_true(tcp->options->next->next->signature == DRILL_SIGNATURE_VALID);
    assert_int_equal(tcp->options_size, 4 + 2 + 18);
    drill_script_del(script);
}

static void check_accecn(const char *text, enum drill_option_kind kind, bool experimental,
                         size_t count, size_t wire)
{
    const struct drill_tcp *tcp = NULL;
    struct drill_script *script = good(text, &tcp);

    assert_int_equal(tcp->options->kind, kind);
    assert_int_equal(tcp->options->experimental, experimental);
    assert_int_equal(tcp->options->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(tcp->options->counters[i], i + 1);
    }
    assert_int_equal(tcp->options_size, wire);
    drill_script_del(script);
}

static void test_accecn(void **state)
{
    (void)state;
    check_accecn("<ECN e1b 1 ceb 2 e0b 3>", DRILL_OPTION_ACCECN1, false, 3, 11);
    check_accecn("<ECN e0b 1 ceb 2>", DRILL_OPTION_ACCECN0, false, 2, 8);
    check_accecn("<ECN e1b 1,nop>", DRILL_OPTION_ACCECN1, false, 1, 6);
    check_accecn("<AccECN0>", DRILL_OPTION_ACCECN0, false, 0, 2);
    check_accecn("<AccECN1 ee1b 1 eceb 2 ee0b 3>", DRILL_OPTION_ACCECN1, false, 3, 11);
    check_accecn("<exp-AccECN0 ee0b 1>", DRILL_OPTION_ACCECN0, true, 1, 7);
    check_accecn("<exp-AccECN1 ee1b 1 eceb 2>", DRILL_OPTION_ACCECN1, true, 2, 10);
}

static void test_any_and_raw(void **state)
{
    const struct drill_tcp *tcp = NULL;
    struct drill_script *script = good("<...>", &tcp);

    (void)state;
    assert_int_equal(tcp->options_mode, DRILL_OPTIONS_ANY);
    drill_script_del(script);
    script = good("<0204ffff>", &tcp);
    assert_int_equal(tcp->options_mode, DRILL_OPTIONS_RAW);
    assert_int_equal(tcp->raw.size, 4);
    assert_memory_equal(tcp->raw.data, "\x02\x04\xff\xff", 4);
    drill_script_del(script);
}

static void test_errors(void **state)
{
    (void)state;
    drill_wrong("0 < . 1:1(0) <...>",
                "t.pkt:1:14: <...> is for packets that are expected ('>') only");
    wrong("<>", "15: expected a TCP option, found '>'");
    wrong("<mss>", "18: expected an MSS, found '>'");
    wrong("<mss 65536>", "19: an MSS is at most 65535");
    wrong("<mss 1000 nop>", "24: expected ',' or '>', found 'nop'");
    wrong("<mss 1000,>", "24: expected a TCP option, found '>'");
    wrong("<mss 1000", "23: expected ',' or '>', found the end of the file");
    wrong("<mss 12ab>", "19: expected a number, found '12ab'");
    wrong("<wscale 256>", "22: a number is at most 255");
    wrong("<mptcp 1>", "15: 'mptcp' is no TCP option that is known");
    wrong("<gen-256 00>", "15: 'gen-256' is no TCP option that is known");
    wrong("<gen->", "15: 'gen-' is no TCP option that is known");
    wrong("<gen-99999999999999 00>", "15: 'gen-99999999999999' is no TCP option that is known");
    wrong("<sack>", "19: expected a SACK block, found '>'");
    wrong("<sack 1:2 3>", "25: expected ':', found '>'");
    wrong("<sack 1:2 3:4 5:6 7:8 9:10>", "36: there is room for 4 SACK blocks");
    wrong("<TS 1 2>", "18: expected 'val', found '1'");
    wrong("<TS val 4294967296 ecr 0>", "22: a timestamp is at most 4294967295");
    wrong("<TS val 1 ecr ,>", "28: expected a timestamp, found ','");
    wrong("<FO abc>", "18: an odd number of hexadecimal digits");
    wrong("<FO 12zz>", "18: expected hexadecimal digits");
    wrong("<md5>", "18: expected an MD5 digest or 'valid', found '>'");
    wrong("<ECN 1>", "19: expected e0b or e1b, found '1'");
    wrong("<ECN e0b 16777216>", "23: an AccECN counter is at most 16777215");
    wrong("<ECN e0b 1 e1b 2>", "25: expected ',' or '>', found 'e1b'");
    wrong("<TS val 1 ecr 2,TS val 1 ecr 2,TS val 1 ecr 2,TS val 1 ecr 2,nop>",
          "75: these options take more than 40 bytes");
    wrong("<0102030405060708091011121314151617181920212223242526272829303132333435363738394041>",
          "15: these options take more than 40 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syn_options), cmocka_unit_test(test_sack),
        cmocka_unit_test(test_stamps),      cmocka_unit_test(test_data),
        cmocka_unit_test(test_numbers),     cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_accecn),      cmocka_unit_test(test_any_and_raw),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
