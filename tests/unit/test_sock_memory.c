/* test_sock_memory.c - sockets: set-up, running out of memory, random sequences of calls. */
#include "unit/sock_kit.h"

#include "base/rng.h"

static void test_space(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_stack *stack = node_stack(k->node[0]);
    struct weir_allocator allocator = heap_allocator(&k->heap);
    struct weir_sock_space *space = NULL;
    struct weir_sock_config config;
    (void)state;
    weir_sock_space_del(NULL);
    weir_sock_config_default(&config);
    config.size--;
    sk_fails(weir_sock_space_new(&space, stack, &config, &allocator), WEIR_SOCK_EINVAL);
    weir_sock_config_default(&config);
    config.port_last = config.port_first - 1;
    sk_fails(weir_sock_space_new(&space, stack, &config, &allocator), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_space_new(&space, NULL, NULL, &allocator), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_space_new(&space, stack, NULL, NULL), WEIR_SOCK_EINVAL);
    assert_null(space);
    sk_ok(weir_sock_space_new(&space, stack, NULL, &allocator)); /* two on one stack */
    assert_null(weir_sock_changed(space));
    weir_sock_space_del(space);
    sk_del(k);
}

/* Each allocation of a whole life fails in turn: an error or less is the answer, never a leak. */
static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    for (uint32_t at = 1; at < 12; at++) {
        struct sk *k = sk_new_loopback();
        struct weir_sock *l = NULL, *c = NULL, *a = NULL;
        struct weir_endpoint to = sk_at("127.0.0.1", 80);
        char b[100] = "";
        k->heap.fail_at = at;
        if (weir_sock_socket(k->space[0], WEIR_AF_INET, 1, 0, &l) == 0) {
            sk_ok(weir_sock_bind(l, &to));
            sk_ok(weir_sock_listen(l, 5));
        }
        if (l && weir_sock_socket(k->space[0], WEIR_AF_INET, 1, 0, &c) == 0) {
            sk_fails(weir_sock_connect(c, &to), WEIR_SOCK_EINPROGRESS);
            sk_run(k, WEIR_MS);
            int result = weir_sock_accept(l, &a, NULL);
            if (result < 0) {
                sk_fails(result, WEIR_SOCK_ENOMEM);
                assert_int_equal(weir_sock_poll(l), IN); /* it still waits */
                k->heap.fail_at = 0;
                a = sk_accept(l);
                k->heap.fail_at = at;
            }
            assert_int_equal(weir_sock_send(c, b, 100, 0), 100);
            sk_run(k, WEIR_MS);
            assert_int_equal(weir_sock_recv(a, b, 100, WEIR_MSG_PEEK), 100);
            sk_close(k, a);
        }
        sk_del(k);
    }
}

static void test_many_sockets(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_sock *s[100];
    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++) {
            s[i] = sk_socket(k, 0, WEIR_AF_INET);
            sk_ok(sk_bind(s[i], "127.0.0.1", (uint16_t)(1000 + i)));
        }
        for (int i = 0; i < 100; i += 2)
            sk_close(k, s[i]);
        for (int i = 0; i < 100; i += 2) {
            s[i] = sk_socket(k, 0, WEIR_AF_INET);
            sk_ok(sk_bind(s[i], "0.0.0.0", (uint16_t)(1000 + i)));
        }
        for (int i = 0; i < 100; i++)
            sk_close(k, s[99 - i]);
    }
    sk_del(k);
}

/* ---- Anything in any order -------------------------------------------------------------------- */

#define SOCKETS 12

static int any(struct rng *r, int n)
{
    return (int)rng_below(r, (uint64_t)n);
}

static void random_call(struct sk *k, struct rng *r, struct weir_sock **s)
{
    static const char *const hosts[] = {"127.0.0.1", "127.0.0.2", "0.0.0.0"};
    static char b[3000];
    struct weir_sock *child = NULL;
    struct weir_endpoint e = sk_at(hosts[any(r, 3)], (uint16_t)(80 + any(r, 4)));
    int value, flags = any(r, 4) == 0 ? WEIR_MSG_PEEK : any(r, 8) == 0 ? WEIR_MSG_TRUNC : 0;
    if (!*s) {
        *s = sk_socket(k, 0, WEIR_AF_INET);
        sk_set(*s, WEIR_SOL_SOCKET, WEIR_SO_REUSEADDR, any(r, 3) != 0);
        return;
    }
    switch (any(r, 16)) {
    case 0: weir_sock_bind(*s, &e); break;
    case 1:
    case 2: weir_sock_listen(*s, any(r, 4) - 1); break;
    case 3:
    case 4:
    case 5: weir_sock_connect(*s, &e); break;
    case 6:
        e.ip.family = 0;
        weir_sock_connect(*s, &e);
        break;
    case 7:
        if (weir_sock_accept(*s, &child, &e) == 0 && any(r, 2))
            sk_close(k, child);
        break;
    case 8:
    case 9: weir_sock_send(*s, b, (size_t)any(r, sizeof(b)), 0); break;
    case 10:
    case 11: weir_sock_recv(*s, b, (size_t)any(r, sizeof(b)), flags); break;
    case 12: weir_sock_shutdown(*s, any(r, 3)); break;
    case 13: sk_set(*s, WEIR_SOL_SOCKET, WEIR_SO_SNDBUF, any(r, 100000)); break;
    case 14:
        if (any(r, 2))
            sk_linger(*s, any(r, 2));
        break;
    default:
        if (weir_sock_close(*s, sk_now(k)) == 1) {
            sk_run(k, any(r, 2) ? 10 * WEIR_MS : 2 * WEIR_S);
            while (weir_sock_lingering(*s, sk_now(k)))
                sk_run(k, 100 * WEIR_MS);
        }
        *s = NULL;
        return;
    }
    weir_sock_ioctl(*s, WEIR_SIOCOUTQ, &value);
}

/* What must hold whatever happened: poll and the calls agree. */
static void check_agreement(struct weir_sock *s)
{
    unsigned bits = weir_sock_poll(s);
    char b;
    if (sk_get(s, WEIR_SOL_SOCKET, WEIR_SO_ACCEPTCONN))
        return;
    if (bits & ERR) {
        assert_int_not_equal(sk_error(s), 0);
        assert_false(weir_sock_poll(s) & ERR);
    }
    assert_int_equal(sk_error(s), 0);
    int64_t n = weir_sock_recv(s, &b, 1, WEIR_MSG_PEEK);
    if (bits & IN)
        assert_true(n >= 0);
    else
        assert_true(n == -WEIR_SOCK_EAGAIN || n == -WEIR_SOCK_ENOTCONN);
    if (!(bits & OUT)) {
        n = weir_sock_send(s, &b, 1, 0);
        assert_true(n == -WEIR_SOCK_EAGAIN || n == 1); /* room, though not yet much */
    }
    if (bits & HUP) { /* shut down before connect: EAGAIN until it is known whether it succeeds */
        n = weir_sock_send(s, &b, 1, 0);
        assert_true(n == -WEIR_SOCK_EPIPE || sk_state(s) == WEIR_SOCK_SYN_SENT);
    }
}

static void test_random_calls(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct sk *k = sk_new_loopback();
        struct weir_sock *s[SOCKETS] = {NULL};
        struct rng r;
        rng_seed(&r, seed);
        for (int i = 0; i < 600; i++) {
            struct weir_sock **one = &s[any(&r, SOCKETS)];
            random_call(k, &r, one);
            if (any(&r, 3) == 0)
                sk_run(k, rng_below(&r, 100) * WEIR_MS);
            if (*one && any(&r, 4) == 0)
                check_agreement(*one);
        }
        sk_del(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_space),
        cmocka_unit_test(test_every_allocation_fails_once),
        cmocka_unit_test(test_many_sockets),
        cmocka_unit_test(test_random_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
