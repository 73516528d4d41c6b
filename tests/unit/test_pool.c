/* test_pool.c - indexes that never move, zeroed objects, and every way to run out of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/pool.h"
#include "base_kit.h"

struct object {
    uint32_t free_next;
    uint32_t name;
    uint8_t body[13];
};

struct fixture {
    struct heap heap;
    struct memory memory;
    struct pool pool;
};

static void start(struct fixture *f, uint64_t budget, uint32_t object_size, uint32_t shift)
{
    *f = (struct fixture){0};
    struct weir_allocator allocator = heap_allocator(&f->heap);
    memory_init(&f->memory, &allocator, budget);
    pool_init(&f->pool, &f->memory, object_size, shift);
}

static void finish(struct fixture *f)
{
    pool_fini(&f->pool);
    assert_int_equal(f->memory.used, 0);
    assert_int_equal(f->heap.blocks, 0);
}

static void test_nothing_until_first_get(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, 0, 13, 4);
    assert_int_equal(f.heap.calls, 0);
    assert_int_equal(f.pool.object_size, 16);
    assert_int_equal(pool_limit(&f.pool), 1);
    finish(&f);
    finish(&f); /* twice is allowed */
}

static void test_objects_are_zeroed_distinct_and_stay(void **state)
{
    (void)state;
    enum { N = 1000 };
    static const struct object zero;
    struct object *at[N + 1] = {0};
    struct fixture f;
    start(&f, 0, sizeof(struct object), 3);
    for (uint32_t i = 1; i <= N; i++) {
        uint32_t index = 0;
        struct object *o = pool_get(&f.pool, &index);
        assert_non_null(o);
        assert_int_equal(index, i); /* dense: indexes are used as array subscripts */
        assert_int_equal((uintptr_t)o % 8, 0);
        assert_memory_equal(o, &zero, sizeof(zero));
        memset(o, 0xff, sizeof(*o));
        o->name = i;
        at[i] = o;
    }
    assert_int_equal(f.pool.used, N);
    assert_int_equal(pool_limit(&f.pool), N + 1);
    for (uint32_t i = 1; i <= N; i++) {
        assert_ptr_equal(pool_at(&f.pool, i), at[i]); /* growing moved nothing */
        assert_int_equal(at[i]->name, i);             /* and they do not overlap */
    }
    finish(&f);
}

static void test_freed_objects_come_back_zeroed(void **state)
{
    (void)state;
    static const struct object zero;
    struct fixture f;
    uint32_t index[8];
    start(&f, 0, sizeof(struct object), 2);
    for (uint32_t i = 0; i < 8; i++)
        memset(pool_get(&f.pool, &index[i]), 0xee, sizeof(struct object));
    uint64_t used = f.memory.used;
    pool_put(&f.pool, index[2]);
    pool_put(&f.pool, index[5]);
    pool_put(&f.pool, index[0]);
    assert_int_equal(f.pool.used, 5);
    /* Only the first four bytes of a free object change: iteration can rely on the others. */
    assert_int_equal(((struct object *)pool_at(&f.pool, index[5]))->name, 0xeeeeeeee);
    bool seen[9] = {0};
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t again = 0;
        struct object *o = pool_get(&f.pool, &again);
        assert_memory_equal(o, &zero, sizeof(zero));
        assert_true(again == index[0] || again == index[2] || again == index[5]);
        assert_false(seen[again]);
        seen[again] = true;
    }
    assert_int_equal(f.memory.used, used);
    assert_int_equal(pool_limit(&f.pool), 9);
    finish(&f);
}

/* Refuses the n-th allocation for every n: get fails cleanly, and works once there is memory. */
static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    enum { N = 40 };
    for (uint32_t fail_at = 1; fail_at <= 26; fail_at++) {
        struct fixture f;
        start(&f, 0, 24, 1);
        f.heap.fail_at = fail_at;
        uint32_t got = 0, index = 77;
        while (got < N && pool_get(&f.pool, &index) != NULL)
            assert_int_equal(index, ++got);
        bool failed = got < N;
        if (failed) {
            assert_null(pool_get(&f.pool, &index));
            assert_int_equal(index, got == 0 ? 77 : got); /* not written */
            assert_int_equal(f.pool.used, got);
            assert_int_equal(f.memory.used, f.heap.bytes);
        }
        f.heap.fail_at = 0;
        while (got < N) {
            assert_non_null(pool_get(&f.pool, &index));
            assert_int_equal(index, ++got);
        }
        /* 21 slabs (index 0 wastes an object) and 3 tables of 8, 16 and 32 */
        assert_int_equal(failed, fail_at <= 24);
        finish(&f);
    }
}

static void test_budget_stops_it(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, 2000, 64, 2); /* a slab is 256 bytes */
    uint32_t index, got = 0;
    while (pool_get(&f.pool, &index) != NULL)
        got++;
    assert_int_equal(got, 27); /* seven slabs and the table of 64 bytes */
    pool_put(&f.pool, 13);
    assert_non_null(pool_get(&f.pool, &index)); /* what is free needs no memory */
    assert_int_equal(index, 13);
    assert_true(f.memory.used <= 2000);
    finish(&f);
}

static void put_zero(void *argument)
{
    pool_put(argument, 0);
}

static void put_never_given(void *argument)
{
    pool_put(argument, 2);
}

static void put_twice(void *argument)
{
    uint32_t index;
    (void)pool_get(argument, &index);
    pool_put(argument, index);
    pool_put(argument, index);
}

static void test_bad_puts_assert(void **state)
{
    (void)state;
    struct fixture f;
    uint32_t index;
    start(&f, 0, 8, 4);
    assert_non_null(pool_get(&f.pool, &index));
    assert_true(dies(put_zero, &f.pool));
    assert_true(dies(put_never_given, &f.pool));
    assert_true(dies(put_twice, &f.pool));
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_until_first_get),
        cmocka_unit_test(test_objects_are_zeroed_distinct_and_stay),
        cmocka_unit_test(test_freed_objects_come_back_zeroed),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_budget_stops_it),
        cmocka_unit_test(test_bad_puts_assert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
