/* test_tracer.c - taps: every packet that passed, once, in its own form or in wire form. */
#include "unit/device_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct seen {
    size_t size;
    struct weir_offload offload;
    bool out, checksum_ok;
    weir_time now;
};

struct fixture {
    struct weir_stack *stack;
    struct kit_device *inner;
    struct weir_device *device;
    struct seen seen[64];
    size_t count;
};

static void look(void *ctx, const uint8_t *packet, size_t size, const struct weir_offload *offload,
                 bool out, weir_time now)
{
    struct fixture *f = ctx;
    assert_true(f->count < 64);
    f->seen[f->count++] = (struct seen){.size = size,
                                        .offload = *offload,
                                        .out = out,
                                        .now = now,
                                        .checksum_ok = kit_tcp_checksum_ok(packet, (uint32_t)size)};
}

static void set_up(struct fixture *f, bool wire)
{
    struct weir_tracer_config config = {.wire = wire, .tap = look, .ctx = f};
    memset(f, 0, sizeof(*f));
    f->stack = kit_stack();
    f->inner = kit_device_new();
    assert_int_equal(weir_tracer_new(&f->device, &f->inner->device, &config), WEIR_OK);
    weir_device_attach(f->device, f->stack);
    assert_ptr_equal(f->inner->device.stack, f->stack);
}

static void tear_down(struct fixture *f)
{
    weir_device_del(f->device);
    assert_int_equal(weir_stack_del(f->stack), WEIR_OK);
}

static void test_only_what_was_taken(void **state)
{
    struct fixture f;
    struct kit_frame kept;
    struct weir_frame frames[5];
    uint8_t packet[100];
    (void)state;
    set_up(&f, true);
    kit_echo(packet, 100, 1);
    for (int i = 0; i < 5; i++)
        frames[i] = *kit_frame(&kept, packet, 100);
    f.inner->take = 2;
    assert_int_equal(weir_device_send(f.device, frames, 5, 7), 2);
    assert_int_equal(f.count, 2);
    assert_true(f.seen[0].out && f.seen[0].now == 7 && f.seen[0].size == 100);
    f.inner->fail = WEIR_ENOENT;
    assert_int_equal(weir_device_send(f.device, frames, 5, 8), WEIR_ENOENT);
    assert_int_equal(f.count, 2);
    tear_down(&f);
}

static void test_forms(void **state)
{
    struct fixture f;
    static struct kit_super super;
    (void)state;
    kit_super(&super, 10000, 1460);
    for (int wire = 0; wire < 2; wire++) {
        set_up(&f, wire);
        assert_int_equal(weir_device_send(f.device, &super.frame, 1, 0), 1);
        assert_int_equal(f.inner->out_count, 1); /* the device below gets it whole in both cases */
        assert_int_equal(f.count, wire ? 7 : 1);
        assert_int_equal(f.seen[0].size, wire ? 1500 : 10040);
        assert_int_equal(f.seen[0].offload.gso_size, wire ? 0 : 1460);
        for (size_t i = 0; i < f.count; i++)
            assert_int_equal(f.seen[i].checksum_ok, wire);
        tear_down(&f);
    }
}

static void test_received(void **state)
{
    struct fixture f;
    struct weir_buffer *got[4];
    uint8_t packet[100];
    (void)state;
    set_up(&f, false);
    kit_echo(packet, 100, 1);
    kit_device_enter(f.inner, 5, packet, 100);
    assert_int_equal(weir_device_deadline(f.device), 5);
    assert_int_equal(weir_device_fd(f.device), -1);
    assert_int_equal(weir_device_recv(f.device, got, 4, 5), 1);
    assert_int_equal(f.count, 1);
    assert_true(!f.seen[0].out && f.seen[0].now == 5 && f.seen[0].size == 100);
    weir_buffer_free(f.stack, got[0]);
    tear_down(&f);
}

static void test_needs_a_tap(void **state)
{
    struct weir_device *device;
    struct kit_device *inner = kit_device_new();
    (void)state;
    assert_int_equal(weir_tracer_new(&device, &inner->device, &(struct weir_tracer_config){0}),
                     WEIR_EINVAL);
    weir_device_del(&inner->device);
    weir_device_del(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_what_was_taken),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_received),
        cmocka_unit_test(test_needs_a_tap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
