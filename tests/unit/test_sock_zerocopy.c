/* test_sock_zerocopy.c - SO_ZEROCOPY, MSG_ZEROCOPY, and its completions on the error queue. */
#include "unit/sock_kit.h"

#define ZC WEIR_MSG_ZEROCOPY
#define SOL WEIR_SOL_SOCKET, WEIR_SO_ZEROCOPY

static uint8_t bytes[200000];

static void copies(struct weir_sock_config *config)
{
    config->zerocopy_copies = true;
}

static void turn_on(struct weir_sock *s)
{
    int32_t on = 1;
    sk_ok(weir_sock_setsockopt(s, SOL, &on, sizeof(on)));
}

static void no_report(struct weir_sock *s)
{
    sk_fails(weir_sock_recv(s, NULL, 0, WEIR_MSG_ERRQUEUE), WEIR_SOCK_EAGAIN);
    assert_false(weir_sock_poll(s) & ERR);
}

static void report(struct weir_sock *s, uint32_t first, uint32_t last, uint8_t code)
{
    struct weir_sock_report r = {.error = 99};
    struct weir_sock_message m = {.report = &r};
    assert_true(weir_sock_poll(s) & ERR);
    sk_ok((int)weir_sock_recvmsg(s, &m, WEIR_MSG_ERRQUEUE));
    assert_int_equal(m.flags, WEIR_MSG_ERRQUEUE);
    assert_int_equal(r.error, 0);
    assert_int_equal(r.origin, WEIR_SOCK_ORIGIN_ZEROCOPY);
    assert_int_equal(r.type, 0);
    assert_int_equal(r.code, code);
    assert_int_equal(r.info, first);
    assert_int_equal(r.data, last);
}

static size_t read_all(struct weir_sock *s)
{
    static uint8_t room[sizeof(bytes)];
    int64_t got = weir_sock_recv(s, room, sizeof(room), 0);
    assert_true(got > 0);
    assert_memory_equal(room, bytes, (size_t)got);
    return (size_t)got;
}

/* Lent bytes are told when they are free again; ranges that touch are one report (as Linux). */
static void test_ranges(void **state)
{
    (void)state;
    for (int copy = 0; copy < 2; copy++) {
        struct sk *k = sk_new_with(false, copy ? copies : NULL);
        struct weir_sock *c, *s;
        struct weir_sock_slice slices[] = {{bytes, 3}, {bytes, 0}, {bytes + 3, 4000}};
        struct weir_sock_message m = {.slices = slices, .slice_count = 3};
        sk_pair(k, 80, &c, &s, NULL);
        turn_on(c);
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (uint8_t)(i * 7 + (i >> 9));
        assert_int_equal(weir_sock_send(c, bytes, 4000, ZC), 4000);
        no_report(c);
        sk_run(k, WEIR_S);
        assert_int_equal(read_all(s), 4000);
        report(c, 0, 0, (uint8_t)copy);
        no_report(c);
        assert_int_equal(weir_sock_send(c, bytes, 0, ZC), 0); /* has no number */
        assert_int_equal(weir_sock_sendmsg(c, &m, ZC), 4003);
        sk_run(k, WEIR_S);
        assert_int_equal(read_all(s), 4003);
        assert_int_equal(weir_sock_send(c, bytes, 1, ZC), 1);
        sk_run(k, WEIR_S);
        report(c, 1, 2, (uint8_t)copy);
        no_report(c);
        sk_del(k);
    }
}

/* What had to be copied is another range. */
static void test_codes(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    turn_on(c);
    assert_int_equal(weir_sock_send(c, bytes, 100, ZC), 100);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_send(c, bytes, 100, ZC | WEIR_MSG_EOR), 100);
    sk_run(k, WEIR_S);
    report(c, 0, 0, 0);
    report(c, 1, 1, WEIR_SOCK_CODE_ZEROCOPY_COPIED);
    no_report(c);
    sk_del(k);
}

/* No more is taken than there is room for, and a refused call has no number. */
static void test_room(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    turn_on(c);
    sk_set(c, WEIR_SOL_SOCKET, WEIR_SO_SNDBUF, 2500);
    sk_cut(k);
    assert_int_equal(weir_sock_send(c, bytes, 3000, ZC), 3000);
    assert_int_equal(weir_sock_send(c, bytes, 3000, ZC), 2000);
    sk_fails(weir_sock_send(c, bytes, 3000, ZC), WEIR_SOCK_EAGAIN);
    assert_false(weir_sock_poll(c) & OUT);
    sk_ok(weir_sock_close(c, WEIR_NEVER)); /* the core still holds the bytes; nobody is told */
    sk_run(k, 600 * WEIR_S);
    sk_del(k);
}

/* A connection that ends gives all back, and the error queue can still be read. */
static void test_reset(void **state)
{
    (void)state;
    for (int copy = 0; copy < 2; copy++) {
        struct sk *k = sk_new_with(false, copy ? copies : NULL);
        struct weir_sock *c, *s;
        struct weir_endpoint nowhere = {0};
        sk_pair(k, 80, &c, &s, NULL);
        turn_on(c);
        sk_cut(k);
        assert_int_equal(weir_sock_send(c, bytes, 3000, ZC), 3000);
        assert_int_equal(weir_sock_send(c, bytes, 3000, ZC), 3000);
        sk_run(k, 10 * WEIR_MS);
        no_report(c);
        sk_ok(weir_sock_connect(c, &nowhere)); /* disconnects */
        sk_run(k, WEIR_S);
        report(c, 0, 1, (uint8_t)copy);
        sk_del(k);
    }
}

/* Without the option the flag means nothing; listeners hand the option on. */
static void test_option(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s, *l;
    int32_t value = 2;
    uint32_t size = sizeof(value);
    (void)state;
    sk_pair(k, 80, &c, &s, &l);
    sk_fails(weir_sock_setsockopt(c, SOL, &value, sizeof(value)), WEIR_SOCK_EINVAL);
    value = -1;
    sk_fails(weir_sock_setsockopt(c, SOL, &value, sizeof(value)), WEIR_SOCK_EINVAL);
    assert_int_equal(weir_sock_send(c, bytes, 10, ZC), 10);
    sk_run(k, WEIR_S);
    no_report(c);
    turn_on(l);
    c = sk_connect(k, 0, "10.0.0.2", 80);
    sk_run(k, WEIR_S);
    sk_ok(weir_sock_accept(l, &s, NULL));
    sk_ok(weir_sock_getsockopt(s, SOL, &value, &size));
    assert_int_equal(value, 1);
    assert_int_equal(weir_sock_send(s, bytes, 10, ZC), 10);
    sk_run(k, WEIR_S);
    report(s, 0, 0, 0);
    c = sk_socket(k, 0, WEIR_AF_INET);
    turn_on(c);
    sk_fails(weir_sock_send(c, bytes, 10, ZC), WEIR_SOCK_EPIPE);
    no_report(c);
    sk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges), cmocka_unit_test(test_codes),  cmocka_unit_test(test_room),
        cmocka_unit_test(test_reset),  cmocka_unit_test(test_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
