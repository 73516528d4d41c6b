/* test_memory.c - the byte budget: exact to the byte, both ways, also when the allocator fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base_kit.h"

static void test_budget_is_exact(void **state)
{
    (void)state;
    struct heap heap = {0};
    struct weir_allocator allocator = heap_allocator(&heap);
    struct memory m;
    memory_init(&m, &allocator, 1000);
    void *a = memory_alloc(&m, 600);
    assert_non_null(a);
    assert_null(memory_alloc(&m, 401));
    void *b = memory_alloc(&m, 400);
    assert_non_null(b);
    assert_null(memory_alloc(&m, 1));
    assert_int_equal(m.used, 1000);
    assert_int_equal(heap.bytes, 1000);
    assert_int_equal(heap.calls, 2); /* what the budget refuses never reaches the allocator */
    memory_free(&m, a, 600);
    assert_int_equal(m.used, 400);
    assert_int_equal(m.used_max, 1000);
    void *c = memory_alloc(&m, 600);
    assert_non_null(c);
    memory_free(&m, b, 400);
    memory_free(&m, c, 600);
    assert_int_equal(m.used, 0);
    memory_free(&m, memory_alloc(&m, 10), 10); /* the maximum stays */
    assert_int_equal(heap.bytes, 0);
    assert_int_equal(m.used_max, 1000);
}

static void test_huge_sizes_do_not_wrap(void **state)
{
    (void)state;
    struct heap heap = {.fail_at = 2};
    struct weir_allocator allocator = heap_allocator(&heap);
    struct memory m;
    memory_init(&m, &allocator, 1000);
    void *a = memory_alloc(&m, 10);
    assert_non_null(a);
    assert_null(memory_alloc(&m, SIZE_MAX));
    assert_null(memory_alloc(&m, SIZE_MAX - 9)); /* used + size == 0 */
    assert_null(memory_alloc(&m, SIZE_MAX - 5)); /* used + size == 4 */
    assert_int_equal(heap.calls, 1);
    memory_free(&m, a, 10);

    memory_init(&m, &allocator, 0);
    m.used = 100; /* unlimited, and still no wrapping */
    assert_null(memory_alloc(&m, SIZE_MAX));
    assert_int_equal(heap.calls, 1);
}

static void test_failing_allocator_is_not_charged(void **state)
{
    (void)state;
    struct heap heap = {.fail_at = 2};
    struct weir_allocator allocator = heap_allocator(&heap);
    struct memory m;
    memory_init(&m, &allocator, 0);
    void *a = memory_alloc(&m, 50);
    assert_non_null(a);
    assert_null(memory_alloc(&m, 60));
    assert_null(memory_alloc_zero(&m, 60));
    assert_int_equal(m.used, 50);
    assert_int_equal(m.used_max, 50);
    memory_free(&m, a, 50);
    assert_int_equal(heap.blocks, 0);
}

static void test_zeroing_and_null(void **state)
{
    (void)state;
    static const uint8_t zeros[100];
    struct heap heap = {0};
    struct weir_allocator allocator = heap_allocator(&heap);
    struct memory m;
    memory_init(&m, &allocator, 0);
    uint8_t *a = memory_alloc_zero(&m, sizeof(zeros));
    assert_memory_equal(a, zeros, sizeof(zeros));
    memory_free(&m, a, sizeof(zeros));
    memory_free(&m, NULL, 100);
    assert_int_equal(m.used, 0);
}

static void free_too_much(void *argument)
{
    struct memory *m = argument;
    uint8_t byte;
    memory_free(m, &byte, 11);
}

static void test_unbalanced_free_asserts(void **state)
{
    (void)state;
    struct heap heap = {0};
    struct weir_allocator allocator = heap_allocator(&heap);
    struct memory m;
    memory_init(&m, &allocator, 0);
    void *a = memory_alloc(&m, 10);
    assert_true(dies(free_too_much, &m));
    memory_free(&m, a, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget_is_exact),
        cmocka_unit_test(test_huge_sizes_do_not_wrap),
        cmocka_unit_test(test_failing_allocator_is_not_charged),
        cmocka_unit_test(test_zeroing_and_null),
        cmocka_unit_test(test_unbalanced_free_asserts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
