/*
 * test_sim_cc.c - congestion control on simulated links, in virtual time: what fills a link, what leaves its queue
 * empty, what survives random loss. Figures are shares of the link's rate, with room for headers.
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

#define CHUNK 65536

struct sim {
    struct virtual *v;
    struct node *node[2];
    weir_handle conn; /* the sender's */
    uint64_t received;
    uint64_t limit; /* bytes the application has; then it is silent */
    uint64_t written;
    weir_time pause_at, pause_until;
    weir_time base; /* one way without a queue */
    weir_time from; /* measurements from then on */
    uint64_t received_before, packets, queue_full;
    weir_time delay_sum, delay_max;
    uint32_t reason[WEIR_REASON_COUNT];
    weir_time hystart_at, first_loss_at;
    uint8_t data[CHUNK];
};

struct path {
    uint64_t rate; /* bits per second */
    weir_time rtt;
    double loss;
    uint32_t queue;
    uint64_t seed;
};

static weir_time run_sender(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct sim *s = ctx;

    if (!s->conn || (now >= s->pause_at && now < s->pause_until)) {
        return s->conn && s->pause_until ? s->pause_until : WEIR_NEVER;
    }
    while (s->written < s->limit) {
        int64_t n = weir_tcp_send(stack, s->conn, s->data, sizeof(s->data));

        if (n <= 0) {
            break;
        }
        s->written += (uint64_t)n;
    }
    return s->pause_at > now ? s->pause_at : WEIR_NEVER;
}

static void on_receiver(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                        weir_time now)
{
    struct sim *s = ctx;
    int64_t n;

    weir_handle conn = event->handle;

    (void)now;
    if (event->bits & WEIR_EVENT_ACCEPT) {
        assert_int_equal(weir_tcp_accept(stack, event->handle, &conn), WEIR_OK);
    }
    while ((n = weir_tcp_recv(stack, conn, s->data, sizeof(s->data))) > 0) {
        s->received += (uint64_t)n;
    }
}

static void on_packet(void *ctx, const struct weir_impair_record *r)
{
    struct sim *s = ctx;

    if (r->direction != 0) {
        return;
    }
    if (r->fate == WEIR_IMPAIR_QUEUE_FULL) {
        s->queue_full++;
        s->first_loss_at = s->first_loss_at ? s->first_loss_at : r->sent;
    } else if (r->fate == WEIR_IMPAIR_DELIVERED && r->size > 1000 && r->sent >= s->from) {
        weir_time delay = r->delivered - r->sent - s->base;

        s->packets++;
        s->delay_sum += delay;
        s->delay_max = delay > s->delay_max ? delay : s->delay_max;
    }
}

static void on_record(void *ctx, const struct weir_record *r)
{
    struct sim *s = ctx;

    if (r->type == WEIR_RECORD_CWND) {
        s->reason[r->u.cwnd.reason]++;
        if (r->u.cwnd.reason == WEIR_REASON_HYSTART_EXIT) {
            s->hystart_at = r->time;
        }
    }
}

static void add_nodes(struct sim *s, uint8_t congestion)
{
    struct node_app sender = {.ctx = s, .run = run_sender},
                    receiver = {.ctx = s, .event = on_receiver};
    struct weir_config config;

    weir_config_default(&config);
    config.reproducible = true;
    config.tcp.congestion = congestion;
    config.tcp.send_buffer = config.tcp.receive_buffer = 8u << 20;
    s->node[1] = virtual_add(s->v, &config, &receiver);
    config.trace = on_record;
    config.trace_ctx = s;
    s->node[0] = virtual_add(s->v, &config, &sender);
}

static struct sim *start(const struct path *p, uint8_t congestion)
{
    struct sim *s = calloc(1, sizeof(*s));
    struct virtual_cable cable = virtual_cable_default();
    struct weir_impair_config impair = {
        .seed = p->seed,
        .direction[0] = {.loss = p->loss,
                         .delay = p->rtt / 2,
                         .rate = p->rate,
                         .queue_packets = p->queue},
        .direction[1] = {.delay = p->rtt / 2},
        .log = on_packet,
        .log_ctx = s,
    };
    struct weir_listen_config listen;
    struct weir_connect_config connect;
    weir_handle listener;
    uint32_t links[2];

    assert_non_null(s);
    s->v = virtual_new(WEIR_S);
    s->limit = UINT64_MAX;
    s->base = p->rtt / 2;
    add_nodes(s, congestion);
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

static void stop(struct sim *s)
{
    weir_stack_check(node_stack(s->node[0]));
    virtual_del(s->v);
    free(s);
}

/* Goodput in percent of the link's rate from `from` on, after `seconds` more. */
static uint64_t goodput(struct sim *s, const struct path *p, weir_time from, weir_time duration)
{
    virtual_run(s->v, WEIR_S + from);
    s->from = virtual_now(s->v);
    s->received_before = s->received;
    virtual_run(s->v, s->from + duration);
    return (s->received - s->received_before) * 8 * 100 / max_u64(p->rate * duration / WEIR_S, 1);
}

static struct weir_tcp_info info_of(struct sim *s)
{
    struct weir_tcp_info info = {.size = sizeof(info)};

    assert_int_equal(weir_tcp_info(node_stack(s->node[0]), s->conn, &info), WEIR_OK);
    return info;
}

static void report(struct sim *s, const char *what, uint64_t percent)
{
    struct weir_tcp_info i = info_of(s);

    print_message(
        "%s: %u %%, mean queue %u us, max %u us, queue full %u, rto %u, retransmitted %u\n", what,
        (unsigned)percent, (unsigned)(s->packets ? s->delay_sum / s->packets / WEIR_US : 0),
        (unsigned)(s->delay_max / WEIR_US), (unsigned)s->queue_full, i.rto_count,
        (unsigned)i.segments_retransmitted);
}

static void bbr_fills_a_link_with_random_loss(void **state)
{
    const struct path p = {10000000, 40 * WEIR_MS, 0.01, 200, 7};
    struct sim *s = start(&p, WEIR_CC_BBR);
    uint64_t percent = goodput(s, &p, 2 * WEIR_S, 20 * WEIR_S);

    (void)state;
    report(s, "bbr 10M 40ms 1%", percent);
    assert_true(percent >= 85);
    assert_true(s->reason[WEIR_REASON_BBR_PROBE_UP] && s->reason[WEIR_REASON_BBR_PROBE_RTT]);
    stop(s);
}

/* 1 % is below the threshold of 2 %: the short-term bounds stay, and only probing and what was lost cost something. */
static void bbr_takes_little_loss_for_noise(void **state)
{
    const struct path p = {40000000, 50 * WEIR_MS, 0.01, 166, 1};
    struct sim *s = start(&p, WEIR_CC_BBR);
    uint64_t percent = goodput(s, &p, 2 * WEIR_S, 8 * WEIR_S);

    (void)state;
    report(s, "bbr 40M 50ms 1%", percent);
    assert_true(percent >= 86);
    stop(s);
}

static void cubic_fills_a_link_without_loss(void **state)
{
    const struct path p = {10000000, 40 * WEIR_MS, 0, 60, 7};
    struct sim *s = start(&p, WEIR_CC_CUBIC);
    uint64_t percent = goodput(s, &p, 2 * WEIR_S, 10 * WEIR_S);

    (void)state;
    report(s, "cubic 10M 40ms", percent);
    assert_true(percent >= 93); /* 96 is what headers leave */
    stop(s);
}

/* At ten segments and more per two milliseconds the train of ACKs says when the path is full: nothing is lost at all. */
static void ack_train_spares_a_short_queue(void **state)
{
    const struct path p = {100000000, 50 * WEIR_MS, 0, 416, 7};
    struct sim *s = start(&p, WEIR_CC_CUBIC);

    (void)state;
    virtual_run(s->v, WEIR_S + 2 * WEIR_S);
    report(s, "ack train", 0);
    assert_true(s->hystart_at != 0);
    assert_int_equal(s->queue_full, 0);
    stop(s);
}

static void hystart_ends_slow_start_before_the_queue_is_full(void **state)
{
    const struct path p = {20000000, 60 * WEIR_MS, 0, 1000, 7};
    struct sim *s = start(&p, WEIR_CC_CUBIC);

    (void)state;
    virtual_run(s->v, WEIR_S + 3 * WEIR_S);
    report(s, "hystart", 0);
    assert_true(s->hystart_at != 0);
    assert_true(s->first_loss_at == 0 || s->hystart_at < s->first_loss_at);
    stop(s);
}

static void bbr_leaves_a_deep_queue_nearly_empty(void **state)
{
    const struct path p = {10000000, 40 * WEIR_MS, 0, 600, 7};
    struct sim *bbr = start(&p, WEIR_CC_BBR), *cubic = start(&p, WEIR_CC_CUBIC);
    uint64_t a = goodput(bbr, &p, 3 * WEIR_S, 12 * WEIR_S);
    uint64_t b = goodput(cubic, &p, 3 * WEIR_S, 12 * WEIR_S);

    (void)state;
    report(bbr, "bbr deep queue", a);
    report(cubic, "cubic deep queue", b);
    assert_true(a >= 88);
    assert_true(bbr->delay_sum / bbr->packets < 15 * WEIR_MS);
    assert_true(bbr->delay_sum / bbr->packets * 4 < cubic->delay_sum / cubic->packets);
    stop(bbr);
    stop(cubic);
}

/* Three times more bandwidth after ten seconds: found by probing, within a few seconds. */
static void bbr_finds_new_bandwidth(void **state)
{
    const struct path p = {5000000, 40 * WEIR_MS, 0, 200, 7};
    struct sim *s = start(&p, WEIR_CC_BBR);
    uint64_t rate;

    (void)state;
    assert_int_equal(
        weir_tcp_set(node_stack(s->node[0]), s->conn, WEIR_OPT_MAX_PACING_RATE, 200000), WEIR_OK);
    (void)goodput(s, &p, 2 * WEIR_S, 3 * WEIR_S);
    rate = info_of(s).delivery_rate;
    assert_in_range(rate, 180000, 204000);
    assert_in_range(info_of(s).pacing_rate, 180000, 200000);
    assert_int_equal(weir_tcp_set(node_stack(s->node[0]), s->conn, WEIR_OPT_MAX_PACING_RATE, 0),
                     WEIR_OK);
    assert_true(goodput(s, &p, 12 * WEIR_S, 5 * WEIR_S) >= 88);
    stop(s);
}

/* A change while data flows: BBR takes over from CUBIC's full queue and drains it. */
static void bbr_takes_over_a_full_queue(void **state)
{
    const struct path p = {10000000, 40 * WEIR_MS, 0, 300, 7};
    struct sim *s = start(&p, WEIR_CC_CUBIC);

    (void)state;
    (void)goodput(s, &p, 3 * WEIR_S, 3 * WEIR_S);
    assert_true(s->delay_max > 200 * WEIR_MS);
    assert_int_equal(
        weir_tcp_set(node_stack(s->node[0]), s->conn, WEIR_OPT_CONGESTION, WEIR_CC_BBR), WEIR_OK);
    (void)goodput(s, &p, 14 * WEIR_S, 0);
    s->packets = s->delay_sum = 0;
    assert_true(goodput(s, &p, 15 * WEIR_S, 4 * WEIR_S) >= 85);
    report(s, "bbr after cubic", 0);
    assert_true(s->delay_sum / s->packets < 30 * WEIR_MS);
    stop(s);
}

/* Silent for a while: BBR goes on where it was, and does not count the silence as a slow path. */
static void bbr_restarts_from_idle(void **state)
{
    const struct path p = {10000000, 40 * WEIR_MS, 0, 200, 7};
    struct sim *s = start(&p, WEIR_CC_BBR);

    (void)state;
    s->pause_at = WEIR_S + 5 * WEIR_S;
    s->pause_until = WEIR_S + 20 * WEIR_S;
    (void)goodput(s, &p, 19 * WEIR_S, WEIR_S / 2); /* what the send buffer held is long gone */
    assert_int_equal(info_of(s).unacked_bytes, 0);
    assert_true(goodput(s, &p, 20 * WEIR_S + 200 * WEIR_MS, 3 * WEIR_S) >= 88);
    assert_int_equal(info_of(s).congestion, WEIR_CC_BBR);
    stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bbr_fills_a_link_with_random_loss),
        cmocka_unit_test(bbr_takes_little_loss_for_noise),
        cmocka_unit_test(cubic_fills_a_link_without_loss),
        cmocka_unit_test(hystart_ends_slow_start_before_the_queue_is_full),
        cmocka_unit_test(ack_train_spares_a_short_queue),
        cmocka_unit_test(bbr_leaves_a_deep_queue_nearly_empty),
        cmocka_unit_test(bbr_finds_new_bandwidth),
        cmocka_unit_test(bbr_takes_over_a_full_queue),
        cmocka_unit_test(bbr_restarts_from_idle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
