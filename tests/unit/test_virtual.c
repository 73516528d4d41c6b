/* test_virtual.c - nodes in virtual time: exact times, limits, alarms, backpressure, broken
 * devices. */
#include "unit/device_kit.h"

#include "host/virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct virtual *v;
    struct node *node;
    struct kit_device *device;
};

/* A stack 10.0.0.1, which answers echo requests, behind a scripted device. */
static void set_up(struct fixture *f, const struct node_app *app)
{
    f->v = virtual_new(0);
    assert_non_null(f->v);
    f->node = virtual_add(f->v, NULL, app);
    assert_non_null(f->node);
    f->device = kit_device_new();
    int link = node_attach(f->node, &f->device->device, NULL);
    assert_int_equal(link, 0);
    assert_int_equal(node_address(f->node, 0, "10.0.0.1/24", NULL), WEIR_OK);
}

static void enter_echo(struct fixture *f, uint16_t number, weir_time time)
{
    uint8_t packet[100];
    kit_echo(packet, sizeof(packet), number);
    kit_device_enter(f->device, time, packet, sizeof(packet));
}

static void test_clock_jumps_to_deadlines(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f, NULL);
    enter_echo(&f, 1, 5 * WEIR_MS);
    enter_echo(&f, 2, 9 * WEIR_S + 1);
    virtual_run(f.v, WEIR_NEVER);
    assert_int_equal(virtual_now(f.v), 9 * WEIR_S + 1);
    assert_int_equal(f.device->out_count, 2);
    assert_int_equal(f.device->out[0].time, 5 * WEIR_MS);
    assert_int_equal(f.device->out[1].time, 9 * WEIR_S + 1);
    assert_int_equal(kit_echo_number(f.device->out[1].bytes), 2);
    assert_false(virtual_stalled(f.v));
    virtual_del(f.v);
}

static void test_limit(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f, NULL);
    enter_echo(&f, 1, 5 * WEIR_MS);
    enter_echo(&f, 2, 50 * WEIR_MS);
    assert_int_equal(virtual_run(f.v, 20 * WEIR_MS), 20 * WEIR_MS);
    assert_int_equal(f.device->out_count, 1);
    assert_int_equal(virtual_run(f.v, 10 * WEIR_MS), 20 * WEIR_MS); /* never back */
    assert_int_equal(virtual_run(f.v, 50 * WEIR_MS), 50 * WEIR_MS);
    assert_int_equal(f.device->out_count, 2);
    virtual_del(f.v);
}

static void test_a_slow_device_loses_nothing(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f, NULL);
    f.device->take = 3;
    for (uint16_t i = 0; i < 200; i++)
        enter_echo(&f, i, WEIR_MS);
    virtual_run(f.v, WEIR_S);
    assert_int_equal(f.device->out_count, 200);
    for (uint16_t i = 0; i < 200; i++)
        assert_int_equal(kit_echo_number(f.device->out[i].bytes), i);
    assert_true(f.device->out[199].time > f.device->out[0].time);
    virtual_del(f.v);
}

static void test_kept_frames_do_not_keep_the_stack(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f, NULL);
    f.device->take = 0;
    for (uint16_t i = 0; i < 200; i++)
        enter_echo(&f, i, WEIR_MS);
    virtual_run(f.v, 100 * WEIR_MS);
    assert_int_equal(f.device->out_count, 0);
    assert_false(virtual_stalled(f.v));
    virtual_del(f.v); /* leaves nothing behind: the sanitizer would tell */
}

/* ---- Alarms and applications ---- */

struct script {
    struct virtual *v;
    char text[16];
    size_t count;
    weir_time times[16];
};

static void put(struct script *s, char c, weir_time now)
{
    assert_true(s->count < 15);
    s->times[s->count] = now;
    s->text[s->count++] = c;
    s->text[s->count] = '\0';
}
static void put_a(void *ctx, weir_time now)
{
    put(ctx, 'a', now);
}
static void put_b(void *ctx, weir_time now)
{
    struct script *s = ctx;
    put(s, 'b', now);
    if (s->count < 6)
        virtual_at(s->v, now + 5 * WEIR_MS, put_b, s);
}

static void test_alarms_in_order(void **state)
{
    struct script s = {.v = virtual_new(100)};
    (void)state;
    assert_int_equal(virtual_at(s.v, 20 * WEIR_MS, put_a, &s), WEIR_OK);
    assert_int_equal(virtual_at(s.v, 10 * WEIR_MS, put_b, &s), WEIR_OK);
    assert_int_equal(virtual_at(s.v, 10 * WEIR_MS, put_a, &s),
                     WEIR_OK);                                /* the same time: as entered */
    assert_int_equal(virtual_at(s.v, 0, put_a, &s), WEIR_OK); /* the past: now */
    virtual_run(s.v, WEIR_NEVER);
    assert_string_equal(s.text, "ababab");
    assert_int_equal(s.times[0], 100);
    assert_int_equal(s.times[1], 10 * WEIR_MS);
    assert_int_equal(s.times[3], 15 * WEIR_MS);
    virtual_del(s.v);
}

struct counter {
    weir_time times[8];
    size_t count;
};

static weir_time run_five_times(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct counter *c = ctx;
    (void)stack;
    if (c->count < 5 && (c->count == 0 || now >= c->times[c->count - 1] + 3 * WEIR_MS))
        c->times[c->count++] = now;
    return c->count < 5 ? c->times[c->count - 1] + 3 * WEIR_MS : WEIR_NEVER;
}

static void test_application_asks_for_time(void **state)
{
    struct counter c = {.count = 0};
    struct fixture f;
    (void)state;
    set_up(&f, &(struct node_app){.ctx = &c, .run = run_five_times});
    virtual_run(f.v, WEIR_NEVER);
    assert_int_equal(c.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(c.times[i], i * 3 * WEIR_MS);
    virtual_del(f.v);
}

static weir_time always_now(void *ctx, struct weir_stack *stack, weir_time now)
{
    (void)ctx;
    (void)stack;
    return now;
}

static void test_a_busy_loop_is_noticed(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f, &(struct node_app){.run = always_now});
    virtual_run(f.v, WEIR_NEVER);
    assert_true(virtual_stalled(f.v));
    virtual_del(f.v);
}

static bool answered(void *ctx)
{
    const struct kit_device *device = ctx;
    return device->out_count > 0;
}

static void test_run_until(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f, NULL);
    assert_false(virtual_run_until(f.v, answered, f.device, WEIR_S));
    enter_echo(&f, 1, 2 * WEIR_S);
    enter_echo(&f, 2, 3 * WEIR_S);
    assert_true(virtual_run_until(f.v, answered, f.device, WEIR_NEVER));
    assert_int_equal(f.device->out_count, 1);
    virtual_del(f.v);
}

/* ---- Broken devices, cables, mistakes ---- */

struct gone {
    int error;
    unsigned count;
};

static void note_gone(void *ctx, struct weir_stack *stack, uint32_t link, int error)
{
    struct gone *g = ctx;
    (void)stack;
    assert_int_equal(link, 0);
    g->error = error;
    g->count++;
}

static void test_a_device_fails(void **state)
{
    struct fixture f;
    struct gone gone = {0};
    (void)state;
    set_up(&f, &(struct node_app){.ctx = &gone, .gone = note_gone});
    f.device->take = 0;
    enter_echo(&f, 1, WEIR_MS);
    virtual_run(f.v, 2 * WEIR_MS); /* the reply is kept */
    f.device->fail = WEIR_ENOENT;
    enter_echo(&f, 2, 3 * WEIR_MS);
    virtual_run(f.v, WEIR_S);
    assert_int_equal(gone.count, 1);
    assert_int_equal(gone.error, WEIR_ENOENT);
    assert_int_equal(node_error(f.node), 0);
    virtual_del(f.v);

    set_up(&f, NULL);
    f.device->fail = WEIR_ENOENT;
    virtual_run(f.v, WEIR_S);
    assert_int_equal(node_error(f.node), WEIR_ENOENT);
    virtual_del(f.v);
}

static void test_cable(void **state)
{
    struct weir_impair_config impair = {.seed = 1, .direction[0] = {.delay = WEIR_MS}};
    struct virtual_cable cable = virtual_cable_default();
    struct virtual *v = virtual_new(0);
    struct node *a = virtual_add(v, NULL, NULL), *b = virtual_add(v, NULL, NULL);
    uint32_t links[2] = {9, 9};
    (void)state;
    cable.impair = &impair;
    assert_int_equal(virtual_connect(v, a, b, &cable, links), WEIR_OK);
    assert_int_equal(links[0], 0);
    assert_int_equal(links[1], 0);
    assert_int_equal(virtual_connect(v, b, a, &cable, links), WEIR_OK); /* a second one */
    assert_int_equal(links[0], 1);
    impair.direction[1].loss = 2;
    assert_int_equal(virtual_connect(v, a, b, &cable, links), WEIR_EINVAL);
    cable.impair = NULL;
    cable.memory.mtu[1] = 1;
    assert_int_equal(virtual_connect(v, a, b, &cable, links), WEIR_EINVAL);
    virtual_run(v, WEIR_S);
    virtual_remove(v, a);
    virtual_run(v, 2 * WEIR_S);
    virtual_del(v);
}

static void test_addresses(void **state)
{
    static const char *const bad[] = {
        "",          "10.0.0.1/33", "10.0.0.1/",    "10.0.0.1/ 8",
        "10.0.0/24", "10.0.0.1/-1", "10.0.0.1/24x", "2001:db8::1/129"};
    struct fixture f;
    (void)state;
    set_up(&f, NULL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(node_address(f.node, 0, bad[i], NULL), WEIR_EINVAL);
    assert_int_equal(node_address(f.node, 0, "192.168.1.2/24", "2001:db8::1"), WEIR_EINVAL);
    assert_int_equal(node_address(f.node, 0, "192.168.1.2/24", "192.168.1.1"), WEIR_OK);
    assert_int_equal(node_address(f.node, 0, "2001:db8::2/64", "2001:db8::1"), WEIR_OK);
    assert_int_equal(node_address(f.node, 0, "172.16.0.1", NULL), WEIR_OK);
    virtual_del(f.v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock_jumps_to_deadlines),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_a_slow_device_loses_nothing),
        cmocka_unit_test(test_kept_frames_do_not_keep_the_stack),
        cmocka_unit_test(test_alarms_in_order),
        cmocka_unit_test(test_application_asks_for_time),
        cmocka_unit_test(test_a_busy_loop_is_noticed),
        cmocka_unit_test(test_run_until),
        cmocka_unit_test(test_a_device_fails),
        cmocka_unit_test(test_cable),
        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
