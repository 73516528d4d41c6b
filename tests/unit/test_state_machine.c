/* test_state_machine.c - the states of one side, inferred from what it sends and receives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/state.h"

#define S WEIR_TCP_SYN
#define A WEIR_TCP_ACK
#define F WEIR_TCP_FIN
#define R WEIR_TCP_RST

static struct trace_segment segment(uint16_t flags, uint32_t seq, uint32_t length, uint32_t ack)
{
    return (struct trace_segment){.flags = flags, .seq = seq, .length = length, .ack = ack};
}

static void out(struct machine *m, uint16_t flags, uint32_t seq, uint32_t length, uint32_t ack)
{
    struct trace_segment s = segment(flags, seq, length, ack);
    machine_sends(m, &s);
}

static void in(struct machine *m, uint16_t flags, uint32_t seq, uint32_t length, uint32_t ack)
{
    struct trace_segment s = segment(flags, seq, length, ack);
    machine_receives(m, &s);
}

static struct machine closed(void)
{
    struct machine m;
    machine_init(&m, WEIR_TCP_CLOSED);
    return m;
}

/* A client (1000) and a server (8000) after the handshake. The machine must not be copied: its ranges
 * point into it. */
static void establish_client(struct machine *m)
{
    machine_init(m, WEIR_TCP_CLOSED);
    out(m, S, 1000, 0, 0);
    assert_int_equal(m->state, WEIR_TCP_SYN_SENT);
    in(m, S | A, 8000, 0, 1001);
    assert_int_equal(m->state, WEIR_TCP_ESTABLISHED);
    out(m, A, 1001, 0, 8001);
}

static void establish_server(struct machine *m)
{
    machine_init(m, WEIR_TCP_LISTEN);
    in(m, S, 1000, 0, 0);
    assert_int_equal(m->state, WEIR_TCP_SYN_RECEIVED);
    out(m, S | A, 8000, 0, 1001);
    assert_int_equal(m->state, WEIR_TCP_SYN_RECEIVED);
    in(m, A, 1001, 0, 8001);
    assert_int_equal(m->state, WEIR_TCP_ESTABLISHED);
}

static void active_close_with_half_close(void **state)
{
    struct machine m;

    (void)state;
    establish_client(&m);
    out(&m, F | A, 1001, 0, 8001);
    assert_int_equal(m.state, WEIR_TCP_FIN_WAIT_1);
    in(&m, A, 8001, 0, 1002);
    assert_int_equal(m.state, WEIR_TCP_FIN_WAIT_2);
    in(&m, A, 8001, 500, 1002);
    out(&m, A, 1002, 0, 8501);
    assert_int_equal(m.state, WEIR_TCP_FIN_WAIT_2);
    in(&m, F | A, 8501, 0, 1002);
    assert_int_equal(m.state, WEIR_TCP_TIME_WAIT);
    in(&m, F | A, 8501, 0, 1002); /* again: still there */
    assert_int_equal(m.state, WEIR_TCP_TIME_WAIT);
}

static void passive_close(void **state)
{
    struct machine m;

    (void)state;
    establish_server(&m);
    in(&m, F | A, 1001, 20, 8001); /* FIN after 20 bytes */
    assert_int_equal(m.state, WEIR_TCP_CLOSE_WAIT);
    out(&m, A, 8001, 0, 1022);
    out(&m, F | A, 8001, 0, 1022);
    assert_int_equal(m.state, WEIR_TCP_LAST_ACK);
    in(&m, A, 1022, 0, 8001); /* does not cover the FIN */
    assert_int_equal(m.state, WEIR_TCP_LAST_ACK);
    in(&m, A, 1022, 0, 8002);
    assert_int_equal(m.state, WEIR_TCP_CLOSED);
}

static void three_segment_close_makes_two_steps_at_once(void **state)
{
    struct machine m;

    (void)state;
    establish_client(&m);
    out(&m, F | A, 1001, 0, 8001);
    in(&m, F | A, 8001, 0, 1002);
    assert_int_equal(m.state, WEIR_TCP_TIME_WAIT);
    assert_int_equal(m.steps, 2);
    assert_int_equal(m.step[0].to, WEIR_TCP_FIN_WAIT_2);
    assert_int_equal(m.step[1].from, WEIR_TCP_FIN_WAIT_2);
}

static void simultaneous_close(void **state)
{
    struct machine m;

    (void)state;
    establish_client(&m);
    out(&m, F | A, 1001, 0, 8001);
    in(&m, F | A, 8001, 0, 1001); /* its FIN does not acknowledge ours */
    assert_int_equal(m.state, WEIR_TCP_CLOSING);
    in(&m, A, 8002, 0, 1002);
    assert_int_equal(m.state, WEIR_TCP_TIME_WAIT);
}

static void simultaneous_open(void **state)
{
    struct machine m = closed();

    (void)state;
    out(&m, S, 1000, 0, 0);
    in(&m, S, 8000, 0, 0);
    assert_int_equal(m.state, WEIR_TCP_SYN_RECEIVED);
    out(&m, S | A, 1000, 0, 8001);
    assert_int_equal(m.state, WEIR_TCP_SYN_RECEIVED);
    in(&m, S | A, 8000, 0, 1001);
    assert_int_equal(m.state, WEIR_TCP_ESTABLISHED);
}

static void fin_out_of_order_waits_for_the_gap(void **state)
{
    struct machine m;

    (void)state;
    establish_server(&m);
    in(&m, F | A, 1101, 0, 8001);
    assert_int_equal(m.state, WEIR_TCP_ESTABLISHED);
    in(&m, A, 1001, 50, 8001);
    assert_int_equal(m.state, WEIR_TCP_ESTABLISHED);
    in(&m, A, 1051, 50, 8001);
    assert_int_equal(m.state, WEIR_TCP_CLOSE_WAIT);
}

static void acknowledging_a_fin_proves_its_arrival(void **state)
{
    struct machine m;
    struct trace_segment fin = segment(F | A, 1001, 0, 8001);

    (void)state;
    establish_server(&m);
    machine_foresees(&m, &fin);
    assert_int_equal(m.state, WEIR_TCP_ESTABLISHED);
    out(&m, A, 8001, 0, 1002);
    assert_int_equal(m.state, WEIR_TCP_CLOSE_WAIT);
}

static void refused(void **state)
{
    struct machine m = closed();

    (void)state;
    out(&m, S, 1000, 0, 0);
    in(&m, R | A, 0, 0, 1000); /* acknowledges nothing of ours */
    assert_int_equal(m.state, WEIR_TCP_SYN_SENT);
    in(&m, R | A, 0, 0, 1001);
    assert_int_equal(m.state, WEIR_TCP_CLOSED);

    m = closed(); /* who refuses stays closed */
    in(&m, S, 1000, 0, 0);
    out(&m, R | A, 0, 0, 1001);
    assert_int_equal(m.state, WEIR_TCP_CLOSED);
    assert_int_equal(m.steps, 0);
}

static void resets(void **state)
{
    struct machine m;

    (void)state;
    establish_client(&m);
    in(&m, R, 8100, 0, 0); /* in the window, not at rcv_nxt: RFC 5961 */
    assert_int_equal(m.state, WEIR_TCP_ESTABLISHED);
    in(&m, R, 8001, 0, 0);
    assert_int_equal(m.state, WEIR_TCP_CLOSED);

    establish_client(&m);
    out(&m, R | A, 1001, 0, 8001);
    assert_int_equal(m.state, WEIR_TCP_CLOSED);

    machine_init(&m, WEIR_TCP_LISTEN); /* reset while half open: back to LISTEN */
    in(&m, S, 1000, 0, 0);
    out(&m, S | A, 8000, 0, 1001);
    in(&m, R, 1001, 0, 0);
    assert_int_equal(m.state, WEIR_TCP_LISTEN);
}

static void a_listener_only_understands_syn(void **state)
{
    struct machine m;

    (void)state;
    machine_init(&m, WEIR_TCP_LISTEN);
    in(&m, A, 1, 0, 1);
    in(&m, S | A, 1, 0, 1);
    in(&m, R, 1, 0, 0);
    out(&m, R, 1, 0, 0);
    assert_int_equal(m.state, WEIR_TCP_LISTEN);
}

static void nothing_is_claimed_without_a_handshake(void **state)
{
    struct machine m;

    (void)state;
    machine_init(&m, LADDER_STATE_UNKNOWN);
    out(&m, A, 1001, 10, 8001);
    in(&m, A, 8001, 10, 1011);
    out(&m, F | A, 1011, 0, 8011);
    in(&m, F | A, 8011, 0, 1012);
    assert_int_equal(m.state, LADDER_STATE_UNKNOWN);
    in(&m, R, 8012, 0, 0);
    assert_int_equal(m.state, WEIR_TCP_CLOSED);

    machine_init(&m, LADDER_STATE_UNKNOWN); /* SYN missed, SYN,ACK seen */
    in(&m, S | A, 8000, 0, 1001);
    assert_int_equal(m.state, WEIR_TCP_ESTABLISHED);
}

static void sequence_numbers_wrap(void **state)
{
    struct machine m;

    (void)state;
    machine_init(&m, WEIR_TCP_LISTEN);
    in(&m, S, 0xfffffffa, 0, 0);
    out(&m, S | A, 0xffffffff, 0, 0xfffffffb);
    in(&m, A, 0xfffffffb, 0, 0);
    assert_int_equal(m.state, WEIR_TCP_ESTABLISHED);
    in(&m, F | A, 0xfffffffb, 100, 0);
    assert_int_equal(m.state, WEIR_TCP_CLOSE_WAIT);
    out(&m, F | A, 0, 0, 96);
    in(&m, A, 96, 0, 1);
    assert_int_equal(m.state, WEIR_TCP_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(active_close_with_half_close),
        cmocka_unit_test(passive_close),
        cmocka_unit_test(three_segment_close_makes_two_steps_at_once),
        cmocka_unit_test(simultaneous_close),
        cmocka_unit_test(simultaneous_open),
        cmocka_unit_test(fin_out_of_order_waits_for_the_gap),
        cmocka_unit_test(acknowledging_a_fin_proves_its_arrival),
        cmocka_unit_test(refused),
        cmocka_unit_test(resets),
        cmocka_unit_test(a_listener_only_understands_syn),
        cmocka_unit_test(nothing_is_claimed_without_a_handshake),
        cmocka_unit_test(sequence_numbers_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
