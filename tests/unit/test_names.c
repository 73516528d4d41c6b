/* test_names.c - every member of each enum has a name of its own; anything else has one as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <weir/trace.h>

#define NAMES_MAX 128

/* Names are there, differ, and consist of `letters`. */
static void check_names(const char *const *names, int count, const char *letters)
{
    for (int i = 0; i < count; i++) {
        assert_non_null(names[i]);
        assert_true(strlen(names[i]) >= 2);
        assert_int_equal(strspn(names[i], letters), strlen(names[i]));
        assert_int_not_equal(strncmp(names[i], "unknown", 7), 0);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(names[i], names[j]);
    }
}

#define CHECK_ENUM(function, type, count, letters)                  \
    do {                                                            \
        const char *names_[NAMES_MAX];                              \
        for (int i = 0; i < (int)(count); i++)                      \
            names_[i] = function((type)i);                          \
        check_names(names_, (int)(count), letters);                 \
        assert_string_equal(function((type)(count)), "unknown");    \
        assert_string_equal(function((type)-1), "unknown");         \
        assert_string_equal(function((type)0x7fffffff), "unknown"); \
    } while (0)

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789-"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

static void test_tables_are_complete(void **state)
{
    (void)state;
    CHECK_ENUM(weir_drop_name, enum weir_drop, WEIR_DROP_COUNT, LOWER);
    CHECK_ENUM(weir_reason_name, enum weir_reason, WEIR_REASON_COUNT, LOWER);
    CHECK_ENUM(weir_limit_name, enum weir_limit, WEIR_LIMIT_COUNT, LOWER);
    CHECK_ENUM(weir_timer_name, enum weir_timer, WEIR_TIMER_COUNT, LOWER);
    CHECK_ENUM(weir_congestion_name, enum weir_congestion, WEIR_CC_COUNT, LOWER);
    CHECK_ENUM(weir_tcp_state_name, enum weir_tcp_state, WEIR_TCP_STATE_COUNT, UPPER);
}

static void test_some_names(void **state)
{
    (void)state;
    for (int i = 0; i < WEIR_CC_COUNT; i++) {
        const char *name = weir_congestion_name((enum weir_congestion)i);
        assert_int_equal(weir_congestion_find(name, strlen(name)), i);
        assert_int_equal(weir_congestion_find(name, strlen(name) - 1), WEIR_ENOENT);
    }
    assert_string_equal(weir_congestion_name(WEIR_CC_NEWRENO), "reno");
    assert_int_equal(weir_congestion_find("cubic!", 5), WEIR_CC_CUBIC);
    assert_int_equal(weir_congestion_find("cubic!", 6), WEIR_ENOENT);
    assert_string_equal(weir_drop_name(WEIR_DROP_TCP_CHECKSUM), "tcp-checksum");
    assert_string_equal(weir_drop_name(WEIR_DROP_NONE), "none");
    assert_string_equal(weir_drop_name(WEIR_DROP_OFFLOAD), "offload");
    assert_string_equal(weir_reason_name(WEIR_REASON_DUP_ACKS), "dup-acks");
    assert_string_equal(weir_limit_name(WEIR_LIMIT_SEND_BUFFER), "send-buffer");
    assert_string_equal(weir_timer_name(WEIR_TIMER_DELAYED_ACK), "delayed-ack");
    assert_string_equal(weir_tcp_state_name(WEIR_TCP_SYN_RECEIVED), "SYN-RECEIVED");
    assert_string_equal(weir_tcp_state_name(WEIR_TCP_FIN_WAIT_1), "FIN-WAIT-1");
    assert_string_equal(weir_tcp_state_name(WEIR_TCP_TIME_WAIT), "TIME-WAIT");
}

static void test_errors(void **state)
{
    (void)state;
    const char *names[NAMES_MAX];
    for (int i = 0; i <= -WEIR_ERROR_LAST; i++)
        names[i] = weir_strerror(-i);
    check_names(names, 1 - WEIR_ERROR_LAST, "abcdefghijklmnopqrstuvwxyz ,");
    assert_string_equal(weir_strerror(WEIR_ECONNREFUSED), "connection refused");
    assert_string_equal(weir_strerror(WEIR_ETIMEDOUT), "connection timed out");
    assert_string_equal(weir_strerror(1), "unknown error");
    assert_string_equal(weir_strerror(WEIR_ERROR_LAST - 1), "unknown error");
    assert_string_equal(weir_strerror(INT32_MIN), "unknown error");
    assert_string_equal(weir_strerror(INT32_MAX), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_are_complete),
        cmocka_unit_test(test_some_names),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
