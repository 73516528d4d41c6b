/* test_ladder.c - conversations become rows: numbers, states, classes, times, what is known and what not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/compiler.h"
#include "unit/trace_kit.h"

static const char ten_rows[] =
    "1> SYN-SENT/SYN-RCVD; 2< /ESTABLISHED; 3> /ESTABLISHED; idle 80; 4> /; 5< /; 6> /; idle 80; "
    "7> FIN-WAIT-1/CLOSE-WAIT; 8< /FIN-WAIT-2; idle 190; 9< LAST-ACK/TIME-WAIT; 10> /CLOSED";

static void ten_segments_with_inferred_states(void **state)
{
    char rows[1024];
    struct ladder *l = kit_finished(kit_ten, 10);
    const struct ladder_info *info = ladder_info(l);

    (void)state;
    assert_string_equal(kit_rows(l, rows, sizeof(rows)), ten_rows);
    assert_int_equal(info->side[LADDER_CLIENT].initial_state, WEIR_TCP_CLOSED);
    assert_int_equal(info->side[LADDER_SERVER].initial_state, WEIR_TCP_LISTEN);
    assert_int_equal(info->end, LADDER_END_FIN);
    assert_int_equal(info->rtt_ns, 40 * WEIR_MS);
    assert_int_equal(info->side[LADDER_CLIENT].bytes, 20);
    assert_int_equal(info->side[LADDER_SERVER].bytes, 10);
    assert_true(kit_at(l, 3)->facts & LADDER_FACT_HANDSHAKE_DONE);
    assert_true(kit_at(l, 5)->facts & LADDER_FACT_PIGGYBACK);
    assert_int_equal(kit_at(l, 5)->acked_from, 1001);
    assert_true(kit_at(l, 8)->facts & LADDER_FACT_ACKS_FIN);
    assert_true(kit_at(l, 10)->facts & LADDER_FACT_LAST_ACK);
    ladder_del(l);
}

/* The order of telling does not matter. */
static void packets_may_be_told_in_any_order(void **state)
{
    struct kit_step shuffled[10];
    char rows[1024];

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        shuffled[i] = kit_ten[i * 7 % 10];
    }
    struct ladder *l = kit_finished(shuffled, 10);
    assert_string_equal(kit_rows(l, rows, sizeof(rows)), ten_rows);
    ladder_del(l);
}

struct told {
    double ms;
    enum trace_side side;
    enum weir_tcp_state from, to;
};

static void tell(struct ladder *l, const struct told *told, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct weir_record record = {.time = kit_ms(told[i].ms), .type = WEIR_RECORD_STATE};
        record.u.state.from = (uint8_t)told[i].from;
        record.u.state.to = (uint8_t)told[i].to;
        assert_int_equal(ladder_add_record(l, told[i].side, &record), WEIR_OK);
    }
}

static void told_states_go_to_their_segments(void **state)
{
    static const struct told told[] = {
        {0, LADDER_CLIENT, WEIR_TCP_CLOSED, WEIR_TCP_SYN_SENT},
        {20, LADDER_SERVER, WEIR_TCP_LISTEN, WEIR_TCP_SYN_RECEIVED},
        {40, LADDER_CLIENT, WEIR_TCP_SYN_SENT, WEIR_TCP_ESTABLISHED},
        {60, LADDER_SERVER, WEIR_TCP_SYN_RECEIVED, WEIR_TCP_ESTABLISHED},
        {280, LADDER_CLIENT, WEIR_TCP_ESTABLISHED, WEIR_TCP_FIN_WAIT_1},
        {300, LADDER_SERVER, WEIR_TCP_ESTABLISHED, WEIR_TCP_CLOSE_WAIT},
        {360, LADDER_CLIENT, WEIR_TCP_FIN_WAIT_1, WEIR_TCP_FIN_WAIT_2},
        {550, LADDER_SERVER, WEIR_TCP_CLOSE_WAIT, WEIR_TCP_LAST_ACK},
        {570, LADDER_CLIENT, WEIR_TCP_FIN_WAIT_2, WEIR_TCP_TIME_WAIT},
        {590, LADDER_SERVER, WEIR_TCP_LAST_ACK, WEIR_TCP_CLOSED},
        {60570, LADDER_CLIENT, WEIR_TCP_TIME_WAIT, WEIR_TCP_CLOSED},
    };
    char rows[1024], expected[1024];
    struct ladder *l = kit_run(kit_ten, 10);
    size_t count;

    (void)state;
    tell(l, told, ARRAY_SIZE(told));
    assert_int_equal(ladder_finish(l), WEIR_OK);
    strcpy(expected, ten_rows);
    strcat(expected, "; idle 59980; client CLOSED");
    assert_string_equal(kit_rows(l, rows, sizeof(rows)), expected);
    const struct ladder_change *changes = ladder_changes(l, &count);
    assert_int_equal(count, ARRAY_SIZE(told));
    assert_int_equal(changes[0].segment, 1);
    const struct ladder_row *row = ladder_rows(l, &count);
    assert_int_equal(row[count - 2].cause, LADDER_CAUSE_TIME_WAIT);
    ladder_del(l);
}

static void a_change_without_a_segment_is_a_row(void **state)
{
    static const struct kit_step steps[] = {{0, LOST, '>', "S", .seq = 1000},
                                            {1000, LOST, '>', "S", .seq = 1000}};
    static const struct told told[] = {
        {0, LADDER_CLIENT, WEIR_TCP_CLOSED, WEIR_TCP_SYN_SENT},
        {3000, LADDER_CLIENT, WEIR_TCP_SYN_SENT, WEIR_TCP_CLOSED},
    };
    char rows[256];
    struct ladder *l = kit_run(steps, ARRAY_SIZE(steps));

    (void)state;
    tell(l, told, ARRAY_SIZE(told));
    assert_int_equal(ladder_finish(l), WEIR_OK);
    assert_string_equal(kit_rows(l, rows, sizeof(rows)),
                        "1> SYN-SENT/; idle 1000; 2> /; idle 2000; client CLOSED");
    assert_int_equal(kit_at(l, 2)->class, LADDER_SYN_RETX);
    assert_int_equal(kit_at(l, 2)->first, 1);
    assert_int_equal(ladder_info(l)->end, LADDER_END_TIMEOUT);
    assert_int_equal(ladder_info(l)->side[LADDER_SERVER].initial_state, LADDER_STATE_UNKNOWN);
    ladder_del(l);
}

static void crossing_syns_are_split(void **state)
{
    static const struct kit_step steps[] = {
        {0, 20, '>', "S", .seq = 1000},
        {1, 21, '<', "S", .seq = 8000},
        {21, 41, '>', "SA", .seq = 1000, .ack = 8001},
        {20, 40, '<', "SA", .seq = 8000, .ack = 1001},
    };
    char rows[512];
    struct ladder *l = kit_finished(steps, ARRAY_SIZE(steps));

    (void)state;
    assert_string_equal(kit_rows(l, rows, sizeof(rows)),
                        "1> SYN-SENT; 2< SYN-SENT; (1) SYN-RCVD; (2) SYN-RCVD; "
                        "3> /ESTABLISHED; 4< /ESTABLISHED");
    assert_int_equal(kit_at(l, 2)->class, LADDER_SYN);
    assert_int_equal(kit_at(l, 3)->class, LADDER_SYN_ACK); /* not a retransmission */
    assert_int_equal(kit_at(l, 4)->class, LADDER_SYN_ACK);
    assert_true(kit_at(l, 4)->facts & LADDER_FACT_SIMULTANEOUS);
    ladder_del(l);
}

static void crossing_fins_are_split(void **state)
{
    struct kit_step steps[7];
    char rows[512];

    (void)state;
    memcpy(steps, kit_ten, 3 * sizeof(steps[0]));
    steps[3] = (struct kit_step){100, 120, '>', "FA", .seq = 1001, .ack = 8001};
    steps[4] = (struct kit_step){105, 125, '<', "FA", .seq = 8001, .ack = 1001};
    steps[5] = (struct kit_step){125, 145, '>', "A", .seq = 1002, .ack = 8002};
    steps[6] = (struct kit_step){120, 140, '<', "A", .seq = 8002, .ack = 1002};
    struct ladder *l = kit_finished(steps, 7);
    kit_rows(l, rows, sizeof(rows));
    assert_non_null(strstr(rows, "4> FIN-WAIT-1; 5< FIN-WAIT-1; (4) CLOSING; (5) CLOSING; "
                                 "6> /TIME-WAIT; 7< /TIME-WAIT"));
    ladder_del(l);
}

static void loss_and_retransmission(void **state)
{
    static const struct kit_step data[] = {
        {0, 20, '>', "S", .seq = 1000},
        {20, 40, '<', "SA", .seq = 8000, .ack = 1001},
        {40, LOST, '>', "A", .seq = 1001, .length = 100, .ack = 8001},
        {41, 61, '>', "A", .seq = 1101, .length = 100, .ack = 8001},
        {42, 62, '>', "A", .seq = 1201, .length = 100, .ack = 8001},
        {61, 81, '<', "A", .seq = 8001, .ack = 1001},
        {62, 82, '<', "A", .seq = 8001, .ack = 1001},
        {240, 260, '>', "A", .seq = 1001, .length = 100, .ack = 8001},
        {260, 280, '<', "A", .seq = 8001, .ack = 1301},
    };
    struct ladder *l = kit_run(data, ARRAY_SIZE(data));

    (void)state;
    assert_int_equal(ladder_add_cause(l, kit_ms(240), LADDER_CLIENT, LADDER_CAUSE_RTO), WEIR_OK);
    assert_int_equal(ladder_finish(l), WEIR_OK);
    assert_int_equal(kit_at(l, 3)->arrived.known, LADDER_LOST);
    assert_int_equal(kit_at(l, 6)->class, LADDER_DUP_ACK);
    assert_int_equal(kit_at(l, 7)->class, LADDER_DUP_ACK);
    assert_int_equal(kit_at(l, 7)->count, 2);
    assert_int_equal(kit_at(l, 8)->class, LADDER_RETX);
    assert_int_equal(kit_at(l, 8)->first, 3);
    assert_string_equal(ladder_class_name(kit_at(l, 8)->class, kit_at(l, 8)->cause), "retx_rto");
    assert_int_equal(ladder_info(l)->side[LADDER_CLIENT].bytes, 300);
    ladder_del(l);
}

/* Seen at the sender only, nobody can say whether the first copy got through. */
static void a_capture_does_not_claim_the_first_copy(void **state)
{
    struct kit_step steps[5];

    (void)state;
    memcpy(steps, kit_ten, 4 * sizeof(steps[0]));
    steps[4] = (struct kit_step){400, 420, '>', "PA", .seq = 1001, .length = 20, .ack = 8001};
    struct ladder *l = kit_capture(steps, 5, 'c');
    assert_int_equal(ladder_info(l)->vantage, LADDER_AT_CLIENT);
    assert_int_equal(kit_at(l, 4)->arrived.known, LADDER_UNKNOWN);
    assert_true(kit_at(l, 4)->facts & LADDER_FACT_RESENT);
    assert_int_equal(kit_at(l, 5)->arrived.known, LADDER_ESTIMATED);
    assert_int_equal(kit_at(l, 5)->first, 4);
    ladder_del(l);

    l = kit_capture(steps, 5, 's'); /* at the receiver both were seen */
    assert_int_equal(ladder_info(l)->vantage, LADDER_AT_SERVER);
    assert_int_equal(kit_at(l, 4)->arrived.known, LADDER_MEASURED);
    assert_false(kit_at(l, 4)->facts & LADDER_FACT_RESENT);
    ladder_del(l);
}

static void captures_estimate_the_far_side(void **state)
{
    char rows[1024];

    (void)state;
    struct ladder *l = kit_capture(kit_ten, 10, 'c');
    assert_string_equal(kit_rows(l, rows, sizeof(rows)), ten_rows);
    assert_int_equal(kit_at(l, 4)->arrived.ns, 160 * WEIR_MS);
    assert_int_equal(kit_at(l, 4)->arrived.known, LADDER_ESTIMATED);
    assert_int_equal(kit_at(l, 5)->sent.ns, 160 * WEIR_MS);
    ladder_del(l);

    l = kit_capture(kit_ten, 10, 's'); /* 0 is when the SYN arrives here */
    assert_string_equal(kit_rows(l, rows, sizeof(rows)), ten_rows);
    assert_int_equal(kit_at(l, 1)->sent.ns, -20 * (int64_t)WEIR_MS);
    assert_int_equal(kit_at(l, 5)->sent.known, LADDER_MEASURED);
    ladder_del(l);
}

/* The answer came sooner than the handshake suggests: nothing leaves before its cause arrives. */
static void estimates_keep_cause_before_effect(void **state)
{
    struct kit_step steps[5];

    (void)state;
    memcpy(steps, kit_ten, 4 * sizeof(steps[0]));
    steps[4] = (struct kit_step){145, 150, '<', "A", .seq = 8001, .ack = 1021};
    struct ladder *l = kit_capture(steps, 5, 'c');
    assert_int_equal(kit_at(l, 4)->arrived.ns, 145 * WEIR_MS);
    assert_int_equal(kit_at(l, 5)->sent.ns, 145 * WEIR_MS);
    ladder_del(l);
}

static void without_a_handshake_nothing_is_claimed(void **state)
{
    char rows[256];
    struct ladder *l = kit_capture(kit_ten + 3, 7, 'm');
    const struct ladder_info *info = ladder_info(l);

    (void)state;
    assert_string_equal(kit_rows(l, rows, sizeof(rows)),
                        "1> /; idle 20; 2< /; idle 20; 3> /; idle 100; 4> /; idle 60; 5< /; "
                        "idle 210; 6< /; idle 20; 7> /");
    assert_false(info->handshake);
    assert_true(info->client_guessed);
    assert_int_equal(info->vantage, LADDER_AT_UNKNOWN);
    assert_int_equal(info->side[LADDER_CLIENT].initial_state, LADDER_STATE_UNKNOWN);
    assert_int_equal(info->side[LADDER_SERVER].initial_state, LADDER_STATE_UNKNOWN);
    assert_false(info->side[LADDER_CLIENT].isn_known);
    assert_int_equal(info->side[LADDER_CLIENT].isn, 1000);
    ladder_del(l);
}

static void one_direction_says_nothing_about_the_other(void **state)
{
    struct kit_step one_way[6];
    char rows[256];
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        if (kit_ten[i].direction == '>') {
            one_way[n++] = kit_ten[i];
        }
    }
    struct ladder *l = kit_capture(one_way, n, 'm');
    assert_true(ladder_info(l)->one_way);
    assert_int_equal(ladder_info(l)->side[LADDER_SERVER].initial_state, LADDER_STATE_UNKNOWN);
    /* the client's own ACK proves its ESTABLISHED, its FIN's ACK was not seen */
    assert_string_equal(kit_rows(l, rows, sizeof(rows)),
                        "1> SYN-SENT/; idle 40; 2> ESTABLISHED/; idle 100; 3> /; idle 40; 4> /; "
                        "idle 100; 5> FIN-WAIT-1/; idle 290; 6> /");
    assert_int_equal(ladder_info(l)->side[LADDER_SERVER].isn, 8000); /* from the first ACK */
    ladder_del(l);
}

static void refused_connection(void **state)
{
    static const struct kit_step steps[] = {{0, 20, '>', "S", .seq = 1000},
                                            {20, 40, '<', "RA", .seq = 0, .ack = 1001}};
    char rows[128];
    struct ladder *l = kit_finished(steps, 2);

    (void)state;
    assert_string_equal(kit_rows(l, rows, sizeof(rows)), "1> SYN-SENT/; 2< /CLOSED");
    assert_int_equal(ladder_info(l)->side[LADDER_SERVER].initial_state, WEIR_TCP_CLOSED);
    assert_false(ladder_info(l)->side[LADDER_SERVER].numbered);
    assert_int_equal(ladder_info(l)->end, LADDER_END_REFUSED);
    ladder_del(l);
}

/* 2: SYN,ACK  3: ACK  4: data fills the window  5: ACK, window 0 */
static const struct kit_step window_steps[] = {
    {0, 20, '>', "S", .seq = 1000},
    {20, 40, '<', "SA", .seq = 8000, .ack = 1001},
    {40, 60, '>', "A", .seq = 1001, .ack = 8001},
    {40, 60, '>', "A", .seq = 1001, .length = 1000, .ack = 8001},
    {60, 80, '<', "A", .seq = 8001, .ack = 2001, .window = KIT_WINDOW_ZERO},
    {300, 320, '>', "A", .seq = 2000, .ack = 8001},
    {320, 340, '<', "A", .seq = 8001, .ack = 2001, .window = KIT_WINDOW_ZERO},
    {800, 820, '>', "A", .seq = 2000, .ack = 8001},
    {820, 840, '<', "A", .seq = 8001, .ack = 2001, .window = KIT_WINDOW_ZERO},
    {900, 920, '<', "A", .seq = 8001, .ack = 2001, .window = 900},
    {920, 940, '>', "A", .seq = 2001, .length = 10, .ack = 8001},
};

static void zero_window_and_probes(void **state)
{
    struct ladder *l = kit_finished(window_steps, ARRAY_SIZE(window_steps));

    (void)state;
    assert_true(kit_at(l, 5)->facts & LADDER_FACT_ACKS_NEW);
    assert_true(kit_at(l, 5)->facts & LADDER_FACT_WINDOW_ZERO);
    assert_int_equal(kit_at(l, 6)->class, LADDER_ZERO_WINDOW_PROBE);
    assert_int_equal(kit_at(l, 6)->count, 1);
    assert_int_equal(kit_at(l, 7)->class, LADDER_ACK); /* an answer, not a duplicate ACK */
    assert_true(kit_at(l, 7)->facts & LADDER_FACT_ANSWERS_PROBE);
    assert_int_equal(kit_at(l, 8)->count, 2);
    assert_int_equal(kit_at(l, 10)->class, LADDER_WINDOW_UPDATE);
    assert_true(kit_at(l, 10)->facts & LADDER_FACT_WINDOW_OPENED);
    assert_int_equal(kit_at(l, 11)->class, LADDER_DATA);
    ladder_del(l);
}

static void a_probe_may_carry_a_byte(void **state)
{
    struct kit_step steps[ARRAY_SIZE(window_steps)];

    (void)state;
    memcpy(steps, window_steps, sizeof(steps));
    steps[5].seq = steps[7].seq = 2001; /* the first byte beyond the window, twice */
    steps[5].length = steps[7].length = 1;
    struct ladder *l = kit_finished(steps, 9);
    assert_int_equal(kit_at(l, 6)->class, LADDER_ZERO_WINDOW_PROBE);
    assert_int_equal(kit_at(l, 8)->class, LADDER_ZERO_WINDOW_PROBE);
    ladder_del(l);
}

static void keepalive_is_not_a_retransmission(void **state)
{
    struct kit_step steps[8];

    (void)state;
    memcpy(steps, kit_ten, 6 * sizeof(steps[0]));
    steps[6] = (struct kit_step){1000, 1020, '>', "A", .seq = 1020, .ack = 8011};
    steps[7] = (struct kit_step){1020, 1040, '<', "A", .seq = 8011, .ack = 1021};
    struct ladder *l = kit_finished(steps, 8);
    assert_int_equal(kit_at(l, 7)->class, LADDER_KEEPALIVE);
    assert_int_equal(kit_at(l, 8)->class, LADDER_ACK);
    assert_true(kit_at(l, 8)->facts & LADDER_FACT_ANSWERS_PROBE);
    ladder_del(l);

    steps[6].length = 1; /* the old kind, with a byte */
    l = kit_finished(steps, 8);
    assert_int_equal(kit_at(l, 7)->class, LADDER_KEEPALIVE);
    ladder_del(l);
}

/* One byte, not yet acknowledged, again: that is a retransmission. */
static void one_byte_again_is_a_retransmission(void **state)
{
    struct kit_step steps[5];

    (void)state;
    memcpy(steps, kit_ten, 3 * sizeof(steps[0]));
    steps[3] = (struct kit_step){100, LOST, '>', "A", .seq = 1001, .length = 1, .ack = 8001};
    steps[4] = (struct kit_step){300, 320, '>', "A", .seq = 1001, .length = 1, .ack = 8001};
    struct ladder *l = kit_finished(steps, 5);
    assert_int_equal(kit_at(l, 5)->class, LADDER_RETX);
    assert_int_equal(kit_at(l, 5)->first, 4);
    ladder_del(l);
}

static void overtaken_copied_damaged(void **state)
{
    static const struct kit_step steps[] = {
        {0, 20, '>', "S", .seq = 1000},
        {20, 40, '<', "SA", .seq = 8000, .ack = 1001},
        {40, 75, '>', "A", .seq = 1001, .length = 10, .ack = 8001}, /* overtaken */
        {41, 61, '>', "A", .seq = 1011, .length = 10, .ack = 8001},
        {42, 80, '>', "A", .seq = 1021, .length = 10, .ack = 8001, .ip_id = 7},
        {42, 81, '>', "A", .seq = 1021, .length = 10, .ack = 8001, .ip_id = 7, .duplicate = true},
        {50, 90, '>', "A", .seq = 1031, .length = 10, .ack = 8001, .corrupted = true},
    };
    struct ladder *l = kit_finished(steps, ARRAY_SIZE(steps));

    (void)state;
    assert_int_equal(kit_at(l, 3)->class, LADDER_REORDERED);
    assert_int_equal(kit_at(l, 4)->class, LADDER_DATA);
    assert_int_equal(kit_at(l, 6)->class, LADDER_NET_DUPLICATE);
    assert_int_equal(kit_at(l, 6)->first, 5);
    assert_true(kit_at(l, 7)->facts & LADDER_FACT_CORRUPTED);
    ladder_del(l);
}

static void strangers_are_refused(void **state)
{
    struct ladder *l = kit_run(kit_ten, 2);
    uint8_t packet[KIT_PACKET_MAX];
    struct kit_step step = kit_ten[2];
    struct ladder_packet p = {
        .from = LADDER_SERVER, .bytes = packet, .size = kit_packet(&step, packet)};

    (void)state;
    assert_int_equal(ladder_add_packet(l, &p), WEIR_EINVAL); /* wrong side */
    p.from = LADDER_CLIENT;
    p.size = 30;
    assert_int_equal(ladder_add_packet(l, &p), WEIR_EINVAL); /* cut */
    assert_int_equal(ladder_add_state(l, 0, LADDER_CLIENT, WEIR_TCP_STATE_COUNT, WEIR_TCP_CLOSED),
                     WEIR_EINVAL);
    struct trace_segment s = kit_segment(&step, 0);
    assert_int_equal(ladder_add_segment(l, &s), WEIR_EINVAL);
    assert_int_equal(ladder_finish(l), WEIR_OK);
    assert_int_equal(ladder_finish(l), WEIR_EINVAL);
    ladder_del(l);
}

static void an_empty_ladder_has_no_rows(void **state)
{
    struct ladder *l = ladder_new(LADDER_AT_BOTH);
    size_t count = 1;

    (void)state;
    assert_int_equal(ladder_finish(l), WEIR_OK);
    (void)ladder_rows(l, &count);
    assert_int_equal(count, 0);
    ladder_del(l);
}

static void a_port_used_again_is_a_new_connection(void **state)
{
    struct weir_endpoint c = {.ip = {.family = 4}, .port = 40000};
    struct weir_endpoint s = {.ip = {.family = 4}, .port = 8000};
    struct flows *flows = flows_new();
    struct flow_info info;

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 10; i++) {
            struct kit_step step = kit_ten[i];
            bool right = step.direction == '>';
            *(right ? &step.seq : &step.ack) += (uint32_t)round * 100000;
            struct trace_segment seg = kit_segment(&step, step.sent + round * 1000);
            assert_int_equal(flows_add(flows, &seg, right ? &c : &s, right ? &s : &c), WEIR_OK);
        }
    }
    struct trace_segment again = kit_segment(&kit_ten[0], 3000); /* the first ISN once more */
    again.seq = 101000;
    assert_int_equal(flows_add(flows, &again, &c, &s), WEIR_OK);
    assert_int_equal(flows_count(flows), 2);
    flows_info(flows, 0, &info);
    assert_int_equal(info.segments, 10);
    assert_false(info.client_guessed);
    flows_info(flows, 1, &info);
    assert_int_equal(info.segments, 11);
    flows_del(flows);
}

static void the_ephemeral_port_is_taken_for_the_client(void **state)
{
    struct weir_endpoint c = {.ip = {.family = 4}, .port = 40000};
    struct weir_endpoint s = {.ip = {.family = 4}, .port = 8000};
    struct flows *flows = flows_new();
    struct trace_segment seg = kit_segment(&kit_ten[4], 0);
    struct flow_info info;

    (void)state;
    assert_int_equal(flows_add(flows, &seg, &s, &c), WEIR_OK);
    flows_info(flows, 0, &info);
    assert_int_equal(info.client.port, 40000);
    assert_true(info.client_guessed);
    flows_del(flows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_segments_with_inferred_states),
        cmocka_unit_test(packets_may_be_told_in_any_order),
        cmocka_unit_test(told_states_go_to_their_segments),
        cmocka_unit_test(a_change_without_a_segment_is_a_row),
        cmocka_unit_test(crossing_syns_are_split),
        cmocka_unit_test(crossing_fins_are_split),
        cmocka_unit_test(loss_and_retransmission),
        cmocka_unit_test(a_capture_does_not_claim_the_first_copy),
        cmocka_unit_test(captures_estimate_the_far_side),
        cmocka_unit_test(estimates_keep_cause_before_effect),
        cmocka_unit_test(without_a_handshake_nothing_is_claimed),
        cmocka_unit_test(one_direction_says_nothing_about_the_other),
        cmocka_unit_test(refused_connection),
        cmocka_unit_test(zero_window_and_probes),
        cmocka_unit_test(a_probe_may_carry_a_byte),
        cmocka_unit_test(keepalive_is_not_a_retransmission),
        cmocka_unit_test(one_byte_again_is_a_retransmission),
        cmocka_unit_test(overtaken_copied_damaged),
        cmocka_unit_test(strangers_are_refused),
        cmocka_unit_test(an_empty_ladder_has_no_rows),
        cmocka_unit_test(a_port_used_again_is_a_new_connection),
        cmocka_unit_test(the_ephemeral_port_is_taken_for_the_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
