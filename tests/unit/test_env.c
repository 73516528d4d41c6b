/* test_env.c - the ring and the sink of records, drops, and what happens without memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/env.h"

#include "base_kit.h"

struct sink {
    uint32_t count;
    struct weir_record last;
};

static void on_record(void *ctx, const struct weir_record *record)
{
    struct sink *sink = ctx;
    sink->count++;
    sink->last = *record;
}

static void test_ring_wraps(void **state)
{
    (void)state;
    struct heap heap = {0};
    struct weir_allocator allocator = heap_allocator(&heap);
    struct weir_config config = {.ring_records = 4};
    struct env e;
    struct weir_record scratch;
    assert_int_equal(env_init(&e, &config, &allocator), WEIR_OK);
    for (uint32_t i = 1; i <= 6; i++) {
        e.now = i;
        struct weir_record *r = env_record_begin(&e, WEIR_RECORD_STATE, 100 + i, &scratch);
        assert_ptr_not_equal(r, &scratch); /* straight into the ring */
        assert_int_equal(r->u.state.from, 0);
        r->u.state.from = 7;
        env_record_end(&e, r);
    }
    assert_int_equal(e.ring_count, 6);
    assert_int_equal(e.ring[0].id, 105);
    assert_int_equal(e.ring[1].id, 106);
    assert_int_equal(e.ring[2].id, 103);
    assert_int_equal(e.ring[1].time, 6);
    assert_int_equal(e.ring[1].type, WEIR_RECORD_STATE);
    env_fini(&e);
    assert_int_equal(heap.blocks, 0);
}

static void test_sink_without_ring(void **state)
{
    (void)state;
    struct heap heap = {0};
    struct sink sink = {0};
    struct weir_allocator allocator = heap_allocator(&heap);
    struct weir_config config = {.trace = on_record, .trace_ctx = &sink};
    struct env e;
    assert_int_equal(env_init(&e, &config, &allocator), WEIR_OK);
    assert_null(e.ring);
    e.now = 42;
    env_drop(&e, WEIR_DROP_IP_SHORT, 3, 9);
    assert_int_equal(sink.count, 1);
    assert_int_equal(sink.last.time, 42);
    assert_int_equal(sink.last.type, WEIR_RECORD_DROP);
    assert_int_equal(sink.last.link, 3);
    assert_int_equal(sink.last.id, 9);
    assert_int_equal(sink.last.u.drop.drop, WEIR_DROP_IP_SHORT);
    assert_int_equal(sink.last.u.drop.seq, 0);
    assert_int_equal(e.dropped[WEIR_DROP_IP_SHORT], 1);
    env_fini(&e);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct heap heap = {.fail_at = 1};
    struct weir_allocator allocator = heap_allocator(&heap);
    struct weir_config config = {.ring_records = 1024};
    struct env e;
    assert_int_equal(env_init(&e, &config, &allocator), WEIR_ENOBUFS);
    assert_int_equal(heap.blocks, 0);
}

static void test_seed(void **state)
{
    (void)state;
    struct heap heap = {0};
    struct weir_allocator allocator = heap_allocator(&heap);
    struct weir_config config = {.secret = {1}};
    struct env a, b, c;
    assert_int_equal(env_init(&a, &config, &allocator), WEIR_OK);
    assert_int_equal(env_init(&b, &config, &allocator), WEIR_OK);
    config.secret[31] = 1;
    assert_int_equal(env_init(&c, &config, &allocator), WEIR_OK);
    uint64_t first = rng_next(&a.rng);
    assert_true(first == rng_next(&b.rng));
    assert_true(first != rng_next(&c.rng));
    env_fini(&a);
    env_fini(&b);
    env_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ring_wraps),
        cmocka_unit_test(test_sink_without_ring),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
