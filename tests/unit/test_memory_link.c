/* test_memory_link.c - the cable between two stacks: bytes, order, offloads, a full queue, clean
 * ends. */
#include "unit/device_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct weir_stack *stacks[2];
    struct weir_device *ends[2];
};

static void set_up(struct fixture *f, const struct weir_memory_config *config)
{
    assert_int_equal(weir_memory_new(f->ends, config), WEIR_OK);
    for (int i = 0; i < 2; i++) {
        f->stacks[i] = kit_stack();
        weir_device_attach(f->ends[i], f->stacks[i]);
    }
}

static void tear_down(struct fixture *f)
{
    for (int i = 0; i < 2; i++) {
        weir_device_del(f->ends[i]);
        assert_int_equal(weir_stack_del(f->stacks[i]), WEIR_OK);
    }
}

static const struct weir_memory_config plain = {.mtu = {1500, 1500}};

static void test_bytes_cross_in_order(void **state)
{
    struct fixture f;
    struct weir_buffer *got[8];
    uint8_t packets[5][200];
    struct kit_frame frame;
    (void)state;
    set_up(&f, &plain);
    assert_true(weir_device_deadline(f.ends[1]) == WEIR_NEVER);
    for (uint16_t i = 0; i < 5; i++) {
        kit_echo(packets[i], 100u + i, i);
        assert_int_equal(weir_device_send(f.ends[0], kit_frame(&frame, packets[i], 100u + i), 1, 0),
                         1);
    }
    assert_true(weir_device_deadline(f.ends[1]) == 0);
    assert_true(weir_device_deadline(f.ends[0]) == WEIR_NEVER);
    assert_int_equal(weir_device_recv(f.ends[0], got, 8, 0), 0);
    assert_int_equal(weir_device_recv(f.ends[1], got, 3, 0), 3);
    assert_int_equal(weir_device_recv(f.ends[1], got + 3, 5, 0), 2);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(got[i]->size, 100 + i);
        assert_memory_equal(got[i]->data, packets[i], 100 + i);
        assert_int_equal(got[i]->offload.csum, WEIR_CSUM_NONE);
        weir_buffer_free(f.stacks[1], got[i]);
    }
    assert_true(weir_device_deadline(f.ends[1]) == WEIR_NEVER);
    tear_down(&f);
}

static void test_full_queue_is_a_short_send(void **state)
{
    struct fixture f;
    struct weir_buffer *got[8];
    struct kit_frame kept;
    struct weir_frame frames[10];
    uint8_t packet[64];
    (void)state;
    set_up(&f, &(struct weir_memory_config){.mtu = {1500, 1500}, .queue_packets = 4});
    kit_echo(packet, sizeof(packet), 1);
    for (int i = 0; i < 10; i++)
        frames[i] = *kit_frame(&kept, packet, sizeof(packet));
    assert_int_equal(weir_device_send(f.ends[1], frames, 10, 0), 4);
    assert_int_equal(weir_device_send(f.ends[1], frames, 10, 0), 0);
    assert_int_equal(weir_device_recv(f.ends[0], got, 3, 0), 3);
    assert_int_equal(weir_device_send(f.ends[1], frames, 10, 0), 3);
    for (int i = 0; i < 3; i++)
        weir_buffer_free(f.stacks[0], got[i]);
    tear_down(&f); /* four packets are still under way: given back, not leaked */
}

static void test_super_segment_crosses_whole(void **state)
{
    struct fixture f;
    struct weir_buffer *got[2];
    static struct kit_super super;
    (void)state;
    set_up(&f, &(struct weir_memory_config){.mtu = {1500, 1500}, .gso = true});
    assert_true(f.ends[0]->caps.tx_gso && f.ends[0]->caps.tx_csum);
    assert_int_equal(f.ends[0]->caps.gso_max, 65535);
    kit_super(&super, 50000, 1460);
    assert_int_equal(weir_device_send(f.ends[0], &super.frame, 1, 0), 1);
    assert_int_equal(weir_device_recv(f.ends[1], got, 2, 0), 1);
    assert_int_equal(got[0]->size, 50040);
    assert_int_equal(got[0]->offload.gso_size, 1460);
    assert_int_equal(got[0]->offload.gso_type, WEIR_GSO_TCP4);
    assert_int_equal(got[0]->offload.csum, WEIR_CSUM_PARTIAL);
    assert_memory_equal(got[0]->data, super.header, 40);
    assert_memory_equal(got[0]->data + 40, super.payload, 50000);
    weir_buffer_free(f.stacks[1], got[0]);
    tear_down(&f);
}

static void test_without_offload_it_is_cut(void **state)
{
    struct fixture f;
    struct weir_buffer *got[64];
    static struct kit_super super;
    uint32_t at = 0;
    (void)state;
    set_up(&f, &plain);
    assert_false(f.ends[0]->caps.tx_gso || f.ends[0]->caps.tx_csum);
    kit_super(&super, 10000, 1460);
    assert_int_equal(weir_device_send(f.ends[0], &super.frame, 1, 0), 1);
    int n = weir_device_recv(f.ends[1], got, 64, 0);
    assert_int_equal(n, 7);
    for (int i = 0; i < n; i++) {
        uint32_t size = got[i]->size - 40;
        assert_true(kit_tcp_checksum_ok(got[i]->data, got[i]->size));
        assert_int_equal(got[i]->offload.csum, WEIR_CSUM_NONE);
        assert_memory_equal(got[i]->data + 40, super.payload + at, size);
        at += size;
        weir_buffer_free(f.stacks[1], got[i]);
    }
    assert_int_equal(at, 10000);
    tear_down(&f);
}

static void test_csum_offload_crosses_partial(void **state)
{
    struct fixture f;
    struct weir_buffer *got[1];
    static struct kit_super super;
    (void)state;
    set_up(&f, &(struct weir_memory_config){.mtu = {1500, 1500}, .csum_offload = true});
    assert_true(f.ends[0]->caps.tx_csum && !f.ends[0]->caps.tx_gso);
    kit_super(&super, 1000, 0);
    assert_int_equal(weir_device_send(f.ends[0], &super.frame, 1, 0), 1);
    assert_int_equal(weir_device_recv(f.ends[1], got, 1, 0), 1);
    assert_int_equal(got[0]->offload.csum, WEIR_CSUM_PARTIAL);
    assert_int_equal(got[0]->offload.csum_start, 20);
    assert_int_equal(got[0]->offload.csum_offset, 16);
    weir_buffer_free(f.stacks[1], got[0]);
    tear_down(&f);
}

/* Sends one packet as slices that end at `cuts`; how does it arrive? */
static uint8_t csum_after(struct fixture *f, const uint8_t *packet, uint32_t size,
                          const uint32_t cuts[3])
{
    struct weir_slice slices[4];
    struct weir_buffer *got;
    uint32_t at = 0, n = 0;
    for (; at < size; n++) {
        uint32_t end = n < 3 && cuts[n] ? cuts[n] : size;
        slices[n] = (struct weir_slice){packet + at, end - at};
        at = end;
    }
    struct weir_frame frame = {.size = size, .slice_count = n, .slices = slices};
    assert_int_equal(weir_device_send(f->ends[0], &frame, 1, 0), 1);
    assert_int_equal(weir_device_recv(f->ends[1], &got, 1, 0), 1);
    uint8_t csum = got->offload.csum;
    assert_int_equal(got->size, size);
    assert_memory_equal(got->data, packet, size);
    weir_buffer_free(f->stacks[1], got);
    return csum;
}

static void test_checksums_are_verified_on_the_way(void **state)
{
    static const uint32_t cuts[][3] = {{0}, {40}, {40, 77}, {40, 41, 1001}, {52}, {60, 61}};
    static const struct weir_ops ops;
    static struct kit_super super;
    struct fixture f;
    struct weir_buffer *got[8];
    uint8_t packet[1500];
    (void)state;
    set_up(&f, &(struct weir_memory_config){.mtu = {1500, 1500}, .verify = &ops});
    kit_super(&super, 3001, 1460);
    assert_int_equal(weir_device_send(f.ends[0], &super.frame, 1, 0), 1);
    assert_int_equal(weir_device_recv(f.ends[1], got, 8, 0), 3);
    for (int i = 0; i < 3; i++) {
        uint32_t size = got[i]->size;
        assert_int_equal(got[i]->offload.csum, WEIR_CSUM_VALID);
        memcpy(packet, got[i]->data, size);
        weir_buffer_free(f.stacks[1], got[i]);
        for (size_t k = 0; size > 1001 && k < sizeof(cuts) / sizeof(cuts[0]); k++) {
            assert_int_equal(csum_after(&f, packet, size, cuts[k]), WEIR_CSUM_VALID);
            for (uint32_t at = 20; at < size; at += 97) {
                packet[at] ^= 0x10;
                assert_int_equal(csum_after(&f, packet, size, cuts[k]), WEIR_CSUM_NONE);
                packet[at] ^= 0x10;
            }
        }
    }
    packet[3]++; /* the IP header's length: what lies behind is not ours to judge */
    assert_int_equal(csum_after(&f, packet, 1500, cuts[0]), WEIR_CSUM_NONE);
    kit_echo(packet, 100, 1);
    assert_int_equal(csum_after(&f, packet, 100, cuts[0]), WEIR_CSUM_NONE);
    assert_int_equal(csum_after(&f, packet, 19, cuts[0]), WEIR_CSUM_NONE);
    tear_down(&f);
}

static void test_one_end_may_go_first(void **state)
{
    struct fixture f;
    struct kit_frame frame;
    uint8_t packet[64];
    (void)state;
    set_up(&f, &plain);
    kit_echo(packet, sizeof(packet), 1);
    assert_int_equal(weir_device_send(f.ends[0], kit_frame(&frame, packet, 64), 1, 0), 1);
    weir_device_del(f.ends[1]);
    assert_int_equal(weir_stack_del(f.stacks[1]), WEIR_OK);
    assert_int_equal(weir_device_send(f.ends[0], kit_frame(&frame, packet, 64), 1, 0),
                     1); /* lost */
    weir_device_del(f.ends[0]);
    assert_int_equal(weir_stack_del(f.stacks[0]), WEIR_OK);
}

static void test_bad_config(void **state)
{
    struct weir_device *ends[2];
    (void)state;
    assert_int_equal(weir_memory_new(ends, &(struct weir_memory_config){.mtu = {1500, 67}}),
                     WEIR_EINVAL);
    assert_int_equal(weir_memory_new(ends, &(struct weir_memory_config){.mtu = {65536, 1500}}),
                     WEIR_EINVAL);
    assert_int_equal(
        weir_memory_new(ends, &(struct weir_memory_config){.mtu = {68, 68}, .medium = 9}),
        WEIR_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_cross_in_order),
        cmocka_unit_test(test_full_queue_is_a_short_send),
        cmocka_unit_test(test_super_segment_crosses_whole),
        cmocka_unit_test(test_without_offload_it_is_cut),
        cmocka_unit_test(test_csum_offload_crosses_partial),
        cmocka_unit_test(test_checksums_are_verified_on_the_way),
        cmocka_unit_test(test_one_end_may_go_first),
        cmocka_unit_test(test_bad_config),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
