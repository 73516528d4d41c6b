/* test_tcp_open.c - opening: handshakes both ways, refusals, simultaneous open, repeated SYNs. */
#include "unit/tcp_kit.h"

static void test_passive(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_passive(k);
    tk_in(k, A, 1, 1, 100);
    tk_read(k, 100);
    const struct tk_out *o = tk_wait(k, WEIR_S);
    assert_int_equal(o->ack, 101);
    tk_del(k);
}

static void test_active(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup_modern();
    for (int v6 = 0; v6 < 2; v6++) {
        s.v6 = v6;
        struct tk *k = tk_new(&s);
        tk_active(k);
        tk_write(k, 100);
        tk_expect(k, A, 1, 1, 100);
        tk_in(k, A, 1, 101, 0);
        tk_expect_nothing(k);
        tk_expect_event(k, WEIR_EVENT_SENT_ALL);
        tk_del(k);
    }
}

static void test_to_states(void **state)
{
    (void)state;
    for (int i = WEIR_TCP_ESTABLISHED; i <= WEIR_TCP_TIME_WAIT; i++) {
        for (int active = 0; active < 2; active++) {
            struct tk_setup s = tk_setup_modern();
            struct tk *k = tk_new(&s);
            if (active) {
                tk_active(k);
            } else {
                tk_passive(k);
            }
            tk_to(k, (enum weir_tcp_state)i);
            tk_del(k);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passive),
        cmocka_unit_test(test_active),
        cmocka_unit_test(test_to_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
