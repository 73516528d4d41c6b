/* test_drill_call.c - system calls: every form of argument and result. */
#include "unit/drill_kit.h"

static const struct drill_expr *item(const struct drill_expr *list, size_t index)
{
    const struct drill_expr *expr = list->items;

    assert_true(index < list->item_count);
    for (; index != 0; index--) {
        expr = expr->next;
    }
    return expr;
}

static const struct drill_expr *arg(const struct drill_script *script, size_t index)
{
    const struct drill_expr *expr = drill_call_of(script)->args;

    assert_true(index < drill_call_of(script)->arg_count);
    for (; index != 0; index--) {
        expr = expr->next;
    }
    return expr;
}

static void check_number(const struct drill_expr *expr, int64_t number)
{
    assert_int_equal(expr->kind, DRILL_EXPR_NUMBER);
    assert_int_equal(expr->number, number);
}

static void check_word(const struct drill_expr *expr, const char *word)
{
    assert_int_equal(expr->kind, DRILL_EXPR_WORD);
    assert_string_equal(expr->text.data, word);
    assert_int_equal(expr->text.size, strlen(word));
}

static bool lookup(void *context, const char *name, int64_t *value)
{
    (void)context;
    *value = strcmp(name, "TWO") == 0 ? 2 : 0x800;
    return strcmp(name, "NONE") != 0;
}

static int64_t value_of(const struct drill_script *script, const struct drill_expr *expr)
{
    struct drill_error error;
    int64_t value = 0;

    assert_int_equal(drill_expr_value(script, expr, lookup, NULL, &value, &error), DRILL_OK);
    return value;
}

static void test_simple_arguments(void **state)
{
    struct drill_script *script =
        drill_good("0 f(1, -2, 0xff, ..., SOL_TCP, \"a\\n\\x41\\\"\", NULL, [], [1], [2, X]) = 7");

    (void)state;
    assert_string_equal(drill_call_of(script)->name, "f");
    assert_int_equal(drill_call_of(script)->arg_count, 10);
    check_number(arg(script, 0), 1);
    check_number(arg(script, 1), -2);
    check_number(arg(script, 2), 255);
    assert_int_equal(arg(script, 3)->kind, DRILL_EXPR_ELLIPSIS);
    check_word(arg(script, 4), "SOL_TCP");
    assert_int_equal(arg(script, 5)->kind, DRILL_EXPR_STRING);
    assert_string_equal(arg(script, 5)->text.data, "a\nA\"");
    assert_int_equal(arg(script, 7)->item_count, 0);
    check_number(item(arg(script, 8), 0), 1);
    check_word(item(arg(script, 9), 1), "X");
    check_number(drill_call_of(script)->result, 7);
    assert_null(drill_call_of(script)->error);
    assert_null(drill_call_of(script)->note);
    assert_int_equal(arg(script, 4)->pos.column, 23);
    drill_script_del(script);
}

static void test_strings(void **state)
{
    struct drill_script *script = drill_good("0 f(\"ab\" \"\\0c\"\n\"d\", \"long\"..., \"\") = 0");

    (void)state;
    assert_int_equal(arg(script, 0)->text.size, 5);
    assert_memory_equal(arg(script, 0)->text.data, "ab\0cd", 6);
    assert_false(arg(script, 0)->more);
    assert_true(arg(script, 1)->more);
    assert_int_equal(arg(script, 2)->text.size, 0);
    drill_script_del(script);
}

static void test_numeric(void **state)
{
    struct drill_script *script = drill_good(
        "0 f(TWO|FLAG, 2 * (TWO + 1) - 3, [TWO | 1], ~0 & 0xf, 4-1, -TWO, 10/2 % 3 ^ 8) = TWO|1");

    (void)state;
    assert_int_equal(arg(script, 0)->kind, DRILL_EXPR_NUMERIC);
    assert_int_equal(value_of(script, arg(script, 0)), 0x802);
    assert_int_equal(value_of(script, arg(script, 1)), 3);
    assert_int_equal(value_of(script, arg(script, 2)), 3);
    assert_int_equal(value_of(script, arg(script, 3)), 15);
    assert_int_equal(value_of(script, arg(script, 4)), 3);
    assert_int_equal(value_of(script, arg(script, 5)), -2);
    assert_int_equal(value_of(script, arg(script, 6)), 10);
    assert_int_equal(value_of(script, drill_call_of(script)->result), 3);
    drill_script_del(script);
}

static void test_values_that_are_none(void **state)
{
    struct drill_script *script = drill_good("0 f(\"a\", [1, 2], NONE) = 0");
    struct drill_error error;
    int64_t value = 0;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(drill_expr_value(script, arg(script, i), lookup, NULL, &value, &error),
                         DRILL_EVALUE);
    }
    assert_string_equal(error.text, "t.pkt:1:10: this is not a number");
    assert_int_equal(drill_expr_value(script, arg(script, 2), lookup, NULL, &value, &error),
                     DRILL_EVALUE);
    assert_string_equal(error.text, "t.pkt:1:18: 'NONE' is not known");
    drill_script_del(script);
}

static void test_addresses(void **state)
{
    struct drill_script *script =
        drill_good("0 bind(3, {sa_family = AF_INET, sin_port = htons(8080),\n"
                   "           sin_addr = inet_addr(\"192.0.2.1\")}, 16) = 0");
    const struct drill_expr *address = arg(script, 1);

    (void)state;
    assert_int_equal(address->kind, DRILL_EXPR_STRUCT);
    assert_int_equal(address->item_count, 3);
    check_word(drill_expr_field(address, "sa_family"), "AF_INET");
    const struct drill_expr *port = drill_expr_field(address, "sin_port");
    assert_int_equal(port->kind, DRILL_EXPR_CALL);
    assert_string_equal(port->text.data, "htons");
    check_number(item(port, 0), 8080);
    assert_string_equal(item(drill_expr_field(address, "sin_addr"), 0)->text.data, "192.0.2.1");
    assert_null(drill_expr_field(address, "sin"));
    drill_script_del(script);
}

static void test_message(void **state)
{
    struct drill_script *script =
        drill_good("0 recvmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 10}, {..., TWO|1}],\n"
                   "  msg_flags=MSG_ERRQUEUE|MSG_TRUNC, msg_control=[{cmsg_level=SOL_IP,\n"
                   "  cmsg_type=IP_RECVERR, cmsg_data={ee_errno=0, ee_data=7}},\n"
                   "  {cmsg_level=SOL_SOCKET, cmsg_type=SCM_TIMESTAMPING,\n"
                   "   cmsg_data={scm_sec=0,scm_nsec=20000000}}]}, MSG_ERRQUEUE) = 0");
    const struct drill_expr *message = arg(script, 1);

    (void)state;
    assert_int_equal(message->item_count, 4);
    assert_int_equal(message->items->kind, DRILL_EXPR_FIELD);
    assert_int_equal(message->items->items->kind, DRILL_EXPR_ELLIPSIS);
    check_number(message->items->next->items, 2);
    const struct drill_expr *iov = drill_expr_field(message, "msg_iov");
    assert_int_equal(iov->item_count, 2);
    assert_int_equal(item(item(iov, 0), 0)->kind, DRILL_EXPR_ELLIPSIS);
    check_number(item(item(iov, 0), 1), 10);
    assert_int_equal(drill_expr_field(message, "msg_flags")->kind, DRILL_EXPR_NUMERIC);
    const struct drill_expr *control = drill_expr_field(message, "msg_control");
    const struct drill_expr *data = drill_expr_field(item(control, 0), "cmsg_data");
    check_number(drill_expr_field(data, "ee_data"), 7);
    data = drill_expr_field(item(control, 1), "cmsg_data");
    check_number(drill_expr_field(data, "scm_nsec"), 20000000);
    drill_script_del(script);
}

static void test_other_structs(void **state)
{
    struct drill_script *script =
        drill_good("0 poll([{fd=3, events=POLLIN|POLLOUT, revents=POLLIN}, {fd=4, events=0}], 2,\n"
                   " {events=EPOLLIN, fd=4}, {onoff=1, linger=0}, {u64=1}, {name=\"x\"}, {}) = 1");

    (void)state;
    check_number(drill_expr_field(item(arg(script, 0), 0), "fd"), 3);
    check_word(drill_expr_field(item(arg(script, 0), 0), "revents"), "POLLIN");
    assert_null(drill_expr_field(item(arg(script, 0), 1), "revents"));
    check_word(drill_expr_field(arg(script, 2), "events"), "EPOLLIN");
    check_number(drill_expr_field(arg(script, 3), "onoff"), 1);
    check_number(drill_expr_field(arg(script, 4), "u64"), 1);
    assert_string_equal(drill_expr_field(arg(script, 5), "name")->text.data, "x");
    assert_int_equal(arg(script, 6)->item_count, 0);
    drill_script_del(script);
}

static void test_results(void **state)
{
    struct drill_script *script =
        drill_good("0 a() = -1 EINPROGRESS (Operation (still) in progress)\n"
                   "+0 b() = 0x2 (flags O_RDWR)\n"
                   "+0 c() = ...\n"
                   "+.5 d() = -1 EAGAIN\n"
                   "* > . 1:1(0)\n"
                   "+0 e() = [1, 2]\n"
                   "0.5 f() = O_RDWR (flags) // end\n"
                   "+0 g() = -1\n"
                   "`cleanup`");
    const struct drill_event *event = script->events;

    (void)state;
    check_number(event->call->result, -1);
    assert_string_equal(event->call->error, "EINPROGRESS");
    assert_string_equal(event->call->note, "Operation (still) in progress");
    assert_int_equal(event->call->arg_count, 0);
    event = event->next;
    check_number(event->call->result, 2);
    assert_null(event->call->error);
    assert_string_equal(event->call->note, "flags O_RDWR");
    event = event->next;
    assert_int_equal(event->call->result->kind, DRILL_EXPR_ELLIPSIS);
    event = event->next;
    assert_string_equal(event->call->error, "EAGAIN");
    assert_null(event->call->note);
    event = event->next->next;
    assert_int_equal(event->call->result->item_count, 2);
    event = event->next;
    check_word(event->call->result, "O_RDWR");
    assert_string_equal(event->call->note, "flags");
    assert_int_equal(script->event_count, 8);
    drill_script_del(script);
}

static void test_errors(void **state)
{
    (void)state;
    drill_wrong("0 f(1 2) = 0", "t.pkt:1:7: expected ',' or ')', found '2'");
    drill_wrong("0 f([1, 2) = 0", "t.pkt:1:10: expected ',' or ']', found ')'");
    drill_wrong("0 f({a=1]) = 0", "t.pkt:1:9: expected ',' or '}', found ']'");
    drill_wrong("0 f(1,) = 0", "t.pkt:1:7: expected a value, found ')'");
    drill_wrong("0 f(", "t.pkt:1:5: expected a value, found the end of the file");
    drill_wrong("0 f(a=) = 0", "t.pkt:1:7: expected a value, found ')'");
    drill_wrong("0 f(1.5) = 0", "t.pkt:1:5: only whole numbers can be used here");
    drill_wrong("0 f(9223372036854775808) = 0", "t.pkt:1:5: this number is too large");
    drill_wrong("0 f(99999999999999999999999) = 0", "t.pkt:1:5: this number is too large");
    drill_wrong("0 f((1 = 0", "t.pkt:1:8: expected an operator or ')', found '='");
    drill_wrong("0 f(1 < 2) = 0", "t.pkt:1:7: expected ',' or ')', found '<'");
    drill_wrong("0 f(1)", "t.pkt:1:7: expected '=', found the end of the file");
    drill_wrong("0 f(1) =", "t.pkt:1:9: expected a value, found the end of the file");
    drill_wrong("0 f(1) = -1 EAGAIN (Try\nagain)", "t.pkt:1:20: this note has no ')'");
    drill_wrong("0 f(\"a\\q\") = 0", "t.pkt:1:5: this string has an unknown escape");
    drill_wrong("0 f(\"a\\xg0\") = 0", "t.pkt:1:5: this string has an unknown escape");
    drill_wrong("0 f(\"a) = 0", "t.pkt:1:5: this string has no end");
}

/* Deep nesting is refused wherever it can be written, and ends nowhere in a recursion. */
static void check_deep(const char *open, const char *message)
{
    enum { DEEP = 100000 };
    size_t size = strlen(open);
    char *text = malloc(DEEP * size + 16);
    struct drill_script *script = NULL;
    struct drill_error error;
    size_t used = 4;

    assert_non_null(text);
    memcpy(text, "0 f(", 4);
    for (int i = 0; i < DEEP; i++, used += size) {
        memcpy(text + used, open, size);
    }
    assert_int_equal(drill_parse("t", text, used, &script, &error), DRILL_ESYNTAX);
    assert_non_null(strstr(error.text, message));
    free(text);
}

static void test_depth(void **state)
{
    (void)state;
    check_deep("[", "this is nested too deeply");
    check_deep("{", "this is nested too deeply");
    check_deep("g(", "this is nested too deeply");
    check_deep("a=", "this is nested too deeply");
    check_deep("{a(1)=", "this is nested too deeply");
    check_deep("(", "this expression is too deep");
    check_deep("-", "this expression is too deep");
    check_deep("1|", "expected a value");
    check_deep("\"a\" ", "too many strings in a row");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple_arguments), cmocka_unit_test(test_strings),
        cmocka_unit_test(test_numeric),          cmocka_unit_test(test_values_that_are_none),
        cmocka_unit_test(test_addresses),        cmocka_unit_test(test_message),
        cmocka_unit_test(test_other_structs),    cmocka_unit_test(test_results),
        cmocka_unit_test(test_errors),           cmocka_unit_test(test_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
