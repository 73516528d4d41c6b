/* test_icmp_errno.c - what ICMP errors mean: numbers and hardness by type and code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ip/internal.h"
#include "wire/icmp.h"

/* The number that the application is told, and what is hard: as in Linux (icmp_err_convert, icmpv6_err_convert). */
static void test_error_numbers(void **state)
{
    (void)state;
    static const struct {
        bool v4;
        uint8_t type, code;
        int error;
        enum ip_error_kind kind;
    } cases[] = {
        {true, 3, 0, WEIR_ENETUNREACH, IP_ERROR_UNREACHABLE},
        {true, 3, 1, WEIR_EHOSTUNREACH, IP_ERROR_UNREACHABLE},
        {true, 3, 2, WEIR_ENOPROTOOPT, IP_ERROR_HARD},
        {true, 3, 3, WEIR_ECONNREFUSED, IP_ERROR_HARD},
        {true, 3, 5, WEIR_EOPNOTSUPP, IP_ERROR_UNREACHABLE},
        {true, 3, 6, WEIR_ENETUNREACH, IP_ERROR_PROHIBITED},
        {true, 3, 7, WEIR_EHOSTDOWN, IP_ERROR_PROHIBITED},
        {true, 3, 8, WEIR_ENONET, IP_ERROR_PROHIBITED},
        {true, 3, 9, WEIR_ENETUNREACH, IP_ERROR_PROHIBITED},
        {true, 3, 10, WEIR_EHOSTUNREACH, IP_ERROR_PROHIBITED},
        {true, 3, 11, WEIR_ENETUNREACH, IP_ERROR_UNREACHABLE},
        {true, 3, 12, WEIR_EHOSTUNREACH, IP_ERROR_UNREACHABLE},
        {true, 3, 13, WEIR_EHOSTUNREACH, IP_ERROR_PROHIBITED},
        {true, 3, 14, WEIR_EHOSTUNREACH, IP_ERROR_PROHIBITED},
        {true, 3, 15, WEIR_EHOSTUNREACH, IP_ERROR_PROHIBITED},
        {true, 3, 16, WEIR_EHOSTUNREACH, IP_ERROR_UNREACHABLE},
        {true, 11, 1, WEIR_EHOSTUNREACH, IP_ERROR_UNREACHABLE},
        {true, 12, 0, WEIR_EPROTO, IP_ERROR_UNREACHABLE},
        {false, 1, 0, WEIR_ENETUNREACH, IP_ERROR_UNREACHABLE},
        {false, 1, 1, WEIR_EACCES, IP_ERROR_PROHIBITED},
        {false, 1, 2, WEIR_EHOSTUNREACH, IP_ERROR_UNREACHABLE},
        {false, 1, 3, WEIR_EHOSTUNREACH, IP_ERROR_UNREACHABLE},
        {false, 1, 4, WEIR_ECONNREFUSED, IP_ERROR_HARD},
        {false, 1, 5, WEIR_EACCES, IP_ERROR_PROHIBITED},
        {false, 1, 6, WEIR_EACCES, IP_ERROR_PROHIBITED},
        {false, 1, 7, WEIR_EPROTO, IP_ERROR_UNREACHABLE},
        {false, 3, 0, WEIR_EHOSTUNREACH, IP_ERROR_UNREACHABLE},
        {false, 4, 0, WEIR_EPROTO, IP_ERROR_UNREACHABLE},
        {false, 4, 1, WEIR_EPROTO, IP_ERROR_HARD},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct icmp_message m = {.type = cases[i].type, .code = cases[i].code};
        struct ip_error error = {0};
        assert_true(cases[i].v4 ? icmp4_meaning(&m, &error) : icmp6_meaning(&m, &error));
        assert_int_equal(error.error, cases[i].error);
        assert_int_equal(error.kind, cases[i].kind);
    }
}

/* MUST-55 and informational messages. */
static void test_not_errors(void **state)
{
    (void)state;
    static const uint8_t types4[] = {0, 4, 5, 8, 13}, types6[] = {0, 128, 129, 135};
    struct ip_error error = {0};
    for (size_t i = 0; i < sizeof(types4); i++) {
        assert_false(icmp4_meaning(&(struct icmp_message){.type = types4[i]}, &error));
    }
    for (size_t i = 0; i < sizeof(types6); i++) {
        assert_false(icmp6_meaning(&(struct icmp_message){.type = types6[i]}, &error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_numbers),
        cmocka_unit_test(test_not_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
