/*
 * test_sim_autotune.c - buffers that tune themselves on a simulated link, in virtual time: 100 Mbit/s and 100 ms
 * need more than a megabyte on its way, which a fixed 64 KiB cannot give; a memory budget bounds the growth.
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
#define RATE 100000000ULL
#define RTT (100 * WEIR_MS)

struct sim {
    struct virtual *v;
    struct node *node[2];
    weir_handle conn, accepted;
    uint64_t received;
    bool sleepy; /* the receiver reads nothing */
    uint8_t data[CHUNK];
};

static weir_time run_sender(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct sim *s = ctx;

    (void)now;
    while (s->conn && weir_tcp_send(stack, s->conn, s->data, sizeof(s->data)) > 0) {}
    return WEIR_NEVER;
}

static void on_receiver(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                        weir_time now)
{
    struct sim *s = ctx;
    int64_t n;

    (void)now;
    if (event->bits & WEIR_EVENT_ACCEPT) {
        assert_int_equal(weir_tcp_accept(stack, event->handle, &s->accepted), WEIR_OK);
    }
    while (!s->sleepy && (n = weir_tcp_recv(stack, s->accepted, s->data, sizeof(s->data))) > 0) {
        s->received += (uint64_t)n;
    }
}

static struct sim *start(uint32_t buffer, uint64_t budget, bool timestamps)
{
    struct sim *s = calloc(1, sizeof(*s));
    struct virtual_cable cable = virtual_cable_default();
    struct weir_impair_config impair = {
        .direction[0] = {.delay = RTT / 2, .rate = RATE, .queue_packets = 2000},
        .direction[1] = {.delay = RTT / 2},
    };
    struct node_app sender = {.ctx = s, .run = run_sender},
                    receiver = {.ctx = s, .event = on_receiver};
    struct weir_config config;
    struct weir_listen_config listen;
    struct weir_connect_config connect;
    weir_handle listener;
    uint32_t links[2];

    assert_non_null(s);
    s->v = virtual_new(WEIR_S);
    weir_config_default(&config);
    config.reproducible = true;
    config.tcp.timestamps = timestamps;
    s->node[0] = virtual_add(s->v, &config, &sender);
    config.tcp.receive_buffer = buffer;
    config.memory_budget = budget;
    s->node[1] = virtual_add(s->v, &config, &receiver);
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
    weir_stack_check(node_stack(s->node[1]));
    virtual_del(s->v);
    free(s);
}

/* Percent of the link, from 4 s on, for 6 s. */
static uint64_t goodput(struct sim *s)
{
    uint64_t before;

    virtual_run(s->v, 5 * WEIR_S);
    before = s->received;
    virtual_run(s->v, 11 * WEIR_S);
    return (s->received - before) * 8 * 100 / (RATE * 6);
}

static struct weir_tcp_info info_of(struct sim *s, int node)
{
    struct weir_tcp_info info = {.size = sizeof(info)};

    assert_int_equal(weir_tcp_info(node_stack(s->node[node]), node ? s->accepted : s->conn, &info),
                     WEIR_OK);
    return info;
}

static void automatic_buffers_fill_the_link(void **state)
{
    (void)state;
    for (int timestamps = 0; timestamps < 2; timestamps++) {
        struct sim *s = start(0, 0, timestamps);
        uint64_t percent = goodput(s);
        struct weir_tcp_info i = info_of(s, 1);

        print_message("automatic: %u %%, receive buffer %u\n", (unsigned)percent,
                      (unsigned)i.receive_buffer);
        assert_true(percent >= 90);
        assert_in_range(i.receive_buffer, 1250000, 6u << 20);
        assert_in_range(i.receive_rtt, 90 * WEIR_MS, 400 * WEIR_MS);
        assert_int_equal(info_of(s, 0).snd_wscale, 7); /* as 6 MiB want it */
        stop(s);
    }
}

static void a_fixed_buffer_stays_and_cannot(void **state)
{
    struct sim *s = start(65535, 0, true);
    uint64_t percent = goodput(s);
    struct weir_tcp_info i = info_of(s, 0);

    (void)state;
    assert_in_range(percent, 1, 8);
    assert_int_equal(info_of(s, 1).receive_buffer, 65535);
    assert_true(i.limited[WEIR_LIMIT_WINDOW] > i.age / 2); /* and the account says why */
    stop(s);
}

static void the_budget_is_honoured(void **state)
{
    const uint64_t budget = 2u << 20;
    struct sim *s = start(0, budget, true);
    struct weir_stats stats = {.size = sizeof(stats)};

    (void)state;
    (void)goodput(s);
    assert_true(info_of(s, 1).receive_buffer <= 65536 + budget / 2);
    s->sleepy = true; /* what was announced fills up */
    virtual_run(s->v, 20 * WEIR_S);
    assert_int_equal(weir_stats(node_stack(s->node[1]), &stats), WEIR_OK);
    assert_true(stats.memory_bytes_max <= budget);
    stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(automatic_buffers_fill_the_link),
        cmocka_unit_test(a_fixed_buffer_stays_and_cannot),
        cmocka_unit_test(the_budget_is_honoured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
