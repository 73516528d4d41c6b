/* test_loop.c - the loop of real time: descriptors, alarms, sleeping, stopping, devices. Waits
 * little. */
#include "unit/device_kit.h"

#include "host/clock.h"
#include "host/config.h"
#include "host/loop.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop *make_loop(void)
{
    struct loop *loop = NULL;
    assert_int_equal(loop_new(&loop), WEIR_OK);
    return loop;
}

struct reader {
    struct loop *loop;
    char text[64];
    size_t size;
    unsigned calls;
    bool forget;
};

static void on_readable(void *ctx, int fd, short revents, weir_time now)
{
    struct reader *r = ctx;
    assert_true(revents & (POLLIN | POLLHUP));
    assert_true(now == loop_now(r->loop));
    ssize_t n = read(fd, r->text + r->size, sizeof(r->text) - r->size);
    assert_true(n >= 0);
    r->size += (size_t)n;
    r->calls++;
    if (n == 0)
        loop_stop(r->loop);
    if (r->forget)
        loop_unwatch(r->loop, fd);
}

static void test_watches_a_pipe_until_its_end(void **state)
{
    int fds[2];
    struct reader r = {.loop = make_loop()};
    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(loop_watch(r.loop, fds[0], POLLIN, on_readable, &r), WEIR_OK);
    assert_int_equal(write(fds[1], "weir", 4), 4);
    assert_int_equal(loop_turn(r.loop, WEIR_S), WEIR_OK);
    assert_int_equal(r.size, 4);
    close(fds[1]);
    assert_int_equal(loop_run(r.loop), WEIR_OK);
    assert_int_equal(r.calls, 2);
    close(fds[0]);
    loop_del(r.loop);
}

static void test_forgetting_and_pausing(void **state)
{
    int fds[2];
    struct reader r = {.loop = make_loop(), .forget = true};
    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(loop_watch(r.loop, -1, POLLIN, on_readable, &r), WEIR_EINVAL);
    assert_int_equal(loop_watch_events(r.loop, fds[0], 0), WEIR_ENOENT);
    assert_int_equal(loop_watch(r.loop, fds[0], 0, on_readable, &r), WEIR_OK);
    assert_int_equal(write(fds[1], "abc", 3), 3);
    close(fds[1]);
    weir_time before = clock_now();
    assert_int_equal(loop_turn(r.loop, 3 * WEIR_MS),
                     WEIR_OK); /* paused: even a hang-up does not wake */
    assert_true(clock_now() - before >= 3 * WEIR_MS);
    assert_int_equal(r.calls, 0);
    assert_int_equal(loop_watch_events(r.loop, fds[0], POLLIN), WEIR_OK);
    assert_int_equal(loop_turn(r.loop, WEIR_S), WEIR_OK);
    assert_int_equal(r.calls, 1);
    assert_int_equal(loop_turn(r.loop, WEIR_MS), WEIR_OK); /* forgotten by its own callback */
    assert_int_equal(r.calls, 1);
    close(fds[0]);
    loop_del(r.loop);
}

struct alarm_log {
    struct loop *loop;
    weir_time times[4];
    size_t count;
};

static void on_alarm(void *ctx, weir_time now)
{
    struct alarm_log *a = ctx;
    a->times[a->count++] = now;
    if (a->count == 3)
        loop_stop(a->loop);
}

static void test_alarms_are_not_early(void **state)
{
    struct alarm_log a = {.loop = make_loop()};
    (void)state;
    weir_time start = clock_now();
    for (unsigned i = 3; i >= 1; i--)
        assert_int_equal(loop_at(a.loop, start + i * 2 * WEIR_MS, on_alarm, &a), WEIR_OK);
    assert_int_equal(loop_run(a.loop), WEIR_OK);
    for (unsigned i = 0; i < 3; i++)
        assert_true(a.times[i] >= start + (i + 1) * 2 * WEIR_MS);
    loop_del(a.loop);
}

struct app {
    struct loop *loop;
    struct kit_device *device;
    size_t want;
};

static weir_time stop_when_answered(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct app *app = ctx;
    (void)stack;
    (void)now;
    if (app->device->out_count >= app->want)
        loop_stop(app->loop);
    return now + 50 * WEIR_MS;
}

static void test_a_node_over_a_slow_device(void **state)
{
    struct app app = {.loop = make_loop(), .device = kit_device_new(), .want = 150};
    struct node_app callbacks = {.ctx = &app, .run = stop_when_answered};
    uint8_t packet[100];
    (void)state;
    struct node *node = loop_add(app.loop, NULL, &callbacks);
    assert_non_null(node);
    assert_int_equal(node_attach(node, &app.device->device, NULL), 0);
    assert_int_equal(node_address(node, 0, "10.0.0.1/24", NULL), WEIR_OK);
    app.device->take = 20;
    for (uint16_t i = 0; i < 150; i++) {
        kit_echo(packet, 100, i);
        kit_device_enter(app.device, loop_now(app.loop) + i * 10 * WEIR_US, packet, 100);
    }
    assert_int_equal(loop_run(app.loop), WEIR_OK);
    assert_int_equal(app.device->out_count, 150);
    for (uint16_t i = 0; i < 150; i++)
        assert_int_equal(kit_echo_number(app.device->out[i].bytes), i);
    app.device->fail = WEIR_ENOENT;
    assert_int_equal(loop_run(app.loop), WEIR_ENOENT);
    loop_del(app.loop);
}

static void test_host_config(void **state)
{
    struct weir_config a, b;
    uint8_t zero[32] = {0};
    (void)state;
    host_config(&a);
    host_config(&b);
    assert_int_equal(a.size, sizeof(a));
    assert_false(a.reproducible);
    assert_memory_not_equal(a.secret, zero, 32);
    assert_memory_not_equal(a.secret, b.secret, 32);
}

static void test_clock(void **state)
{
    (void)state;
    weir_time a = clock_now(), b = clock_now();
    assert_true(a > 0 && b >= a);
    assert_true(clock_epoch() + b > 1700000000 * WEIR_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watches_a_pipe_until_its_end),
        cmocka_unit_test(test_forgetting_and_pausing),
        cmocka_unit_test(test_alarms_are_not_early),
        cmocka_unit_test(test_a_node_over_a_slow_device),
        cmocka_unit_test(test_host_config),
        cmocka_unit_test(test_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
