/*
 * test_sim_ecn.c - marks instead of losses on a simulated bottleneck, in virtual time: nothing is lost, the window
 * gives way, the counters of both ends agree with the link's own log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "host/virtual.h"
#include <weir/trace.h>

#define RATE 50000000 /* bits per second; 20 ms both ways together: 125000 bytes, 83 packets */
#define WAY (10 * WEIR_MS)

struct sim {
    struct virtual *v;
    struct node *node[2];
    weir_handle conn, peer;
    uint64_t received, written, limit;
    uint64_t marked, lost, data;
    uint32_t codepoints[4]; /* of data packets handed in */
    weir_time delay_sum, from;
    uint64_t delayed;
    uint32_t reductions;
    uint8_t bytes[65536];
};

static weir_time run_sender(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct sim *s = ctx;
    int64_t n;

    (void)now;
    while (s->conn && s->written < s->limit &&
           (n = weir_tcp_send(stack, s->conn, s->bytes,
                              MIN(sizeof(s->bytes), s->limit - s->written))) > 0) {
        s->written += (uint64_t)n;
    }
    return WEIR_NEVER;
}

static void on_receiver(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                        weir_time now)
{
    struct sim *s = ctx;
    int64_t n;

    (void)now;
    if (event->bits & WEIR_EVENT_ACCEPT) {
        assert_int_equal(weir_tcp_accept(stack, event->handle, &s->peer), WEIR_OK);
    }
    while (s->peer && (n = weir_tcp_recv(stack, s->peer, s->bytes, sizeof(s->bytes))) > 0) {
        s->received += (uint64_t)n;
    }
}

static void on_packet(void *ctx, const struct weir_impair_record *r)
{
    struct sim *s = ctx;

    if (r->direction != 0) {
        return;
    }
    s->lost += r->fate != WEIR_IMPAIR_DELIVERED;
    s->marked += r->marked;
    if (r->size > 100) {
        s->codepoints[r->packet[1] & 3]++;
        if (r->sent >= s->from) {
            s->delay_sum += r->delivered - r->sent - WAY;
            s->delayed++;
        }
    }
}

static void on_record(void *ctx, const struct weir_record *r)
{
    struct sim *s = ctx;

    s->reductions += r->type == WEIR_RECORD_CWND && r->u.cwnd.reason == WEIR_REASON_ECN;
}

static struct sim *start(uint8_t ecn, uint8_t congestion, double mark, uint32_t mark_queue,
                         uint64_t limit)
{
    struct sim *s = calloc(1, sizeof(*s));
    struct node_app sender = {.ctx = s, .run = run_sender},
                    receiver = {.ctx = s, .event = on_receiver};
    struct virtual_cable cable = virtual_cable_default();
    struct weir_impair_config impair = {.seed = 7,
                                        .direction[0] = {.delay = WAY,
                                                         .rate = RATE,
                                                         .queue_packets = 400,
                                                         .mark = mark,
                                                         .mark_queue = mark_queue},
                                        .direction[1] = {.delay = WAY},
                                        .log = on_packet,
                                        .log_ctx = s};
    struct weir_config config;
    struct weir_listen_config listen;
    struct weir_connect_config connect;
    weir_handle listener;
    uint32_t links[2];

    assert_non_null(s);
    s->v = virtual_new(WEIR_S);
    s->limit = limit;
    weir_config_default(&config);
    config.reproducible = true;
    config.tcp.ecn = ecn;
    config.tcp.congestion = congestion;
    config.tcp.send_buffer = config.tcp.receive_buffer = 4u << 20;
    s->node[1] = virtual_add(s->v, &config, &receiver);
    config.trace = on_record;
    config.trace_ctx = s;
    s->node[0] = virtual_add(s->v, &config, &sender);
    cable.impair = &impair;
    assert_int_equal(virtual_connect(s->v, s->node[0], s->node[1], &cable, links), WEIR_OK);
    node_address(s->node[0], links[0], "10.0.0.1/24", NULL);
    node_address(s->node[1], links[1], "10.0.0.2/24", NULL);
    weir_listen_config_default(&listen);
    listen.local.port = 80;
    assert_int_equal(weir_tcp_listen(node_stack(s->node[1]), &listen, &listener), WEIR_OK);
    weir_connect_config_default(&connect);
    connect.remote.ip = (struct weir_ip){.family = 4, .bytes = {10, 0, 0, 2}};
    connect.remote.port = 80;
    assert_int_equal(weir_tcp_connect(node_stack(s->node[0]), &connect, &s->conn), WEIR_OK);
    return s;
}

static struct weir_tcp_info info_of(struct sim *s, int side)
{
    struct weir_tcp_info info = {.size = sizeof(info)};

    assert_int_equal(weir_tcp_info(node_stack(s->node[side]), side == 0 ? s->conn : s->peer, &info),
                     WEIR_OK);
    return info;
}

static void stop(struct sim *s)
{
    weir_stack_check(node_stack(s->node[0]));
    virtual_del(s->v);
    free(s);
}

/* A queue that marks: nothing is lost or sent twice, and the window gave way. */
static void test_nothing_is_lost(void **state)
{
    static const uint8_t congestion[] = {WEIR_CC_NEWRENO, WEIR_CC_CUBIC, WEIR_CC_DCTCP,
                                         WEIR_CC_PRAGUE};
    (void)state;
    for (uint8_t ecn = WEIR_ECN_ON; ecn <= WEIR_ECN_ACCURATE;
         ecn += WEIR_ECN_ACCURATE - WEIR_ECN_ON)
        for (size_t i = 0; i < ARRAY_SIZE(congestion); i++) {
            struct sim *s = start(ecn, congestion[i], 0, 30, 20000000);
            virtual_run(s->v, 61 * WEIR_S);
            struct weir_tcp_info a = info_of(s, 0), b = info_of(s, 1);
            assert_int_equal(s->received, s->limit);
            assert_int_equal(s->lost, 0);
            assert_int_equal(a.bytes_retransmitted, 0);
            assert_true(s->marked > 0 && s->reductions > 0);
            assert_int_equal(b.ce_received, s->marked);
            assert_int_equal(s->codepoints[0], 0);
            bool l4s = ecn == WEIR_ECN_ACCURATE && congestion[i] == WEIR_CC_PRAGUE;
            assert_int_equal(s->codepoints[l4s ? 2 : 1], 0);
            stop(s);
        }
}

/* AccECN: each mark is counted once by both ends, whether few are marked or most of them. */
static void test_counters_agree(void **state)
{
    static const double share[] = {0.001, 0.02, 0.3, 0.9};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(share); i++) {
        struct sim *s = start(WEIR_ECN_ACCURATE, WEIR_CC_PRAGUE, share[i], 0, 3000000);
        virtual_run(s->v, 301 * WEIR_S);
        struct weir_tcp_info a = info_of(s, 0), b = info_of(s, 1);
        assert_int_equal(s->received, s->limit);
        assert_int_equal(b.ce_received, s->marked);
        assert_int_equal(a.delivered_ce, s->marked);
        assert_int_equal(a.delivered_ce_bytes, b.ce_received_bytes);
        stop(s);
    }
}

/* RFC 8257: with marks from 30 packets on the link stays full and the queue about there. NewReno needs more. */
static void test_short_queue(void **state)
{
    static const uint8_t congestion[] = {WEIR_CC_DCTCP, WEIR_CC_PRAGUE};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(congestion); i++) {
        struct sim *s = start(WEIR_ECN_ACCURATE, congestion[i], 0, 30, UINT64_MAX);
        virtual_run(s->v, 6 * WEIR_S);
        s->from = virtual_now(s->v);
        uint64_t before = s->received;
        virtual_run(s->v, 16 * WEIR_S);
        uint64_t percent = (s->received - before) * 8 * 100 / (10ull * RATE);
        uint64_t queue_us = s->delay_sum / s->delayed / WEIR_US;
        print_message("%u: %u %%, queue %u us\n", congestion[i], (unsigned)percent,
                      (unsigned)queue_us);
        assert_true(percent >= 90);    /* 96 % is all that headers leave */
        assert_true(queue_us < 12000); /* 50 packets */
        assert_int_equal(s->lost, 0);
        stop(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_lost),
        cmocka_unit_test(test_counters_agree),
        cmocka_unit_test(test_short_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
