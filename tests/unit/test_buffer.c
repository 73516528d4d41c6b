/* test_buffer.c - buffers: classes, caches, references, foreign memory, and running out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/compiler.h"
#include "base/rng.h"
#include "base_kit.h"

#define MIB (1024u * 1024u)

struct fixture {
    struct heap heap;
    struct memory memory;
    struct weir_ops ops;
    struct buffers buffers;
};

static struct buffers *start(struct fixture *f, uint64_t budget)
{
    *f = (struct fixture){0};
    struct weir_allocator allocator = heap_allocator(&f->heap);
    memory_init(&f->memory, &allocator, budget);
    buffers_init(&f->buffers, &f->memory, &f->ops);
    return &f->buffers;
}

static void finish(struct fixture *f)
{
    buffers_fini(&f->buffers);
    assert_int_equal(f->buffers.out, 0);
    assert_int_equal(f->memory.used, 0);
    assert_int_equal(f->heap.blocks, 0);
}

static uint64_t cached_bytes(const struct buffers *b)
{
    return b->memory->used; /* when none is out, all that is allocated is in the caches */
}

static void check_lists(const struct buffers *b)
{
    for (uint32_t i = 0; i < BUFFER_LISTS; i++) {
        uint32_t count = 0;
        for (const struct weir_buffer *p = b->free_list[i]; p != NULL; p = p->next)
            count++;
        assert_int_equal(b->free_count[i], count);
        assert_true(count <= b->free_max[i]);
    }
}

static void test_classes(void **state)
{
    (void)state;
    static const uint32_t cases[][2] = {
        {0, 256},       {1, 256},       {256, 256},       {257, 2048},
        {2048, 2048},   {2049, 16384},  {16384, 16384},   {16385, 66560},
        {66560, 66560}, {66561, 66561}, {200000, 200000},
    };
    struct fixture f;
    struct buffers *b = start(&f, 0);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint64_t used = f.memory.used;
        struct weir_buffer *p = buffer_alloc(b, cases[i][0]);
        assert_non_null(p);
        assert_int_equal(p->capacity, cases[i][1]);
        assert_int_equal(p->size, 0);
        assert_int_equal(p->references, 1);
        assert_ptr_equal(p->data, p->memory);
        assert_int_equal((uintptr_t)p->data % 16, 0);
        assert_true(p->charge >= p->capacity + sizeof(struct weir_buffer));
        assert_true(p->charge <= p->capacity + sizeof(struct weir_buffer) + 64);
        if (f.memory.used != used)
            assert_int_equal(f.memory.used - used, p->charge); /* the charge is the truth */
        memset(p->data, 0x77, p->capacity);                    /* ASan: all of it is ours */
        buffer_unref(b, p);
    }
    finish(&f);
}

static void test_everything_is_reset(void **state)
{
    (void)state;
    struct fixture f;
    struct buffers *b = start(&f, 0);
    struct weir_buffer *p = buffer_alloc(b, 1500);
    const struct weir_buffer clean = *p;
    p->data += 100;
    p->size = 55;
    p->capacity -= 100;
    p->offload = (struct weir_offload){1, 1, 2, 3, 4};
    p->cookie = 9;
    p->next = p;
    p->position = 77;
    p->flags = 8;
    p->aux = 6;
    p->aux32 = 5;
    buffer_unref(b, p);
    struct weir_buffer *again = buffer_alloc(b, 300);
    assert_ptr_equal(again, p); /* cached, and taken from the same class */
    assert_int_equal(f.heap.calls, 1);
    assert_memory_equal(again, &clean, sizeof(clean));
    buffer_unref(b, again);
    finish(&f);
}

static void test_references(void **state)
{
    (void)state;
    struct fixture f;
    struct buffers *b = start(&f, 0);
    struct weir_buffer *p = buffer_alloc(b, 10);
    buffer_ref(p);
    buffer_ref(p);
    buffer_unref(b, p);
    buffer_unref(b, p);
    assert_int_equal(b->out, 1);
    p->data[0] = 1; /* still ours */
    struct weir_buffer *q = buffer_alloc(b, 10);
    assert_ptr_not_equal(p, q);
    assert_int_equal(b->out, 2);
    buffer_unref(b, p);
    buffer_unref(b, q);
    buffer_unref(b, NULL);
    assert_int_equal(b->out, 0);
    finish(&f);
}

/* Frees far more than may be kept, of each class: the rest goes back to the allocator at once. */
static void test_caches_are_bounded(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {256, 2048, 16384, 66560};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct fixture f;
        struct buffers *b = start(&f, 0);
        struct weir_buffer *list = NULL;
        for (uint64_t bytes = 0; bytes < 2 * MIB; bytes += sizes[i]) {
            struct weir_buffer *p = buffer_alloc(b, sizes[i]);
            p->next = list;
            list = p;
        }
        while (list != NULL) {
            struct weir_buffer *next = list->next;
            buffer_unref(b, list);
            list = next;
        }
        check_lists(b);
        assert_in_range(cached_bytes(b), MIB - sizes[i] - 200, MIB);
        assert_in_range(b->free_count[i], 1, b->free_max[i]);
        buffers_trim(b);
        assert_int_equal(f.heap.blocks, 0);
        assert_int_equal(b->free_count[i], 0);
        finish(&f);
    }
}

static void test_larger_than_every_class_is_not_cached(void **state)
{
    (void)state;
    struct fixture f;
    struct buffers *b = start(&f, 0);
    struct weir_buffer *p = buffer_alloc(b, 66561);
    buffer_unref(b, p);
    assert_int_equal(f.heap.blocks, 0);
    assert_null(buffer_alloc(b, UINT32_MAX)); /* the struct would not fit into a charge */
    assert_null(buffer_alloc(b, UINT32_MAX - 8));
    assert_int_equal(b->out, 0);
    finish(&f);
}

static void test_small_budget_is_not_eaten_by_caches(void **state)
{
    (void)state;
    struct fixture f;
    struct buffers *b = start(&f, 256 * 1024);
    struct weir_buffer *p[100];
    uint32_t n = 0;
    while (n < 100 && (p[n] = buffer_alloc(b, 2048)) != NULL)
        n++;
    assert_in_range(n, 99, 100);
    while (n != 0)
        buffer_unref(b, p[--n]);
    assert_true(cached_bytes(b) <= 256 * 1024 / 16);
    finish(&f);
}

static void test_other_caches_give_way_to_the_budget(void **state)
{
    (void)state;
    struct fixture f;
    struct buffers *b = start(&f, 2 * MIB);
    struct weir_buffer *p[30], *big = NULL;
    for (uint32_t i = 0; i < 30; i++)
        p[i] = buffer_alloc(b, 2048);
    for (uint32_t i = 0; i < 30; i++)
        buffer_unref(b, p[i]);
    assert_int_equal(b->free_count[1], 30);
    uint32_t left = (uint32_t)(2 * MIB - f.memory.used);
    big = buffer_alloc(b, left + 1); /* needs what the cache holds */
    assert_non_null(big);
    assert_int_equal(b->free_count[1], 0);
    assert_null(buffer_alloc(b, 66560));
    assert_int_equal(b->out, 1);
    buffer_unref(b, big);
    finish(&f);
}

/* As above, but it is the allocator that says no, and what is asked for is only a struct. */
static void test_failing_allocator(void **state)
{
    (void)state;
    struct fixture f;
    struct buffers *b = start(&f, 0);
    uint8_t bytes[4];
    struct weir_buffer *p = buffer_alloc(b, 256);
    buffer_unref(b, p);
    f.heap.fail_at = f.heap.calls + 1;
    p = buffer_alloc(b, 100); /* cached: needs no memory */
    assert_non_null(p);
    assert_null(buffer_alloc(b, 100));
    assert_null(buffer_alloc(b, 70000));
    assert_null(buffer_wrap(b, BUFFER_FOREIGN, bytes, 4, 1));
    assert_int_equal(b->out, 1);
    assert_int_equal(b->foreign_out, 0);
    buffer_unref(b, p);
    assert_null(buffer_alloc(b, 2000)); /* the cached one was given back in vain */
    assert_int_equal(f.heap.blocks, 0);
    f.heap.fail_at = 0;
    p = buffer_alloc(b, 2000);
    assert_non_null(p);
    buffer_unref(b, p);
    finish(&f);
}

static void test_foreign_memory_is_returned_in_order(void **state)
{
    (void)state;
    struct fixture f;
    struct buffers *b = start(&f, 0);
    uint8_t chunk[3][64];
    struct weir_buffer *p[3];
    uint64_t cookie = 0;
    for (uint32_t i = 0; i < 3; i++) {
        p[i] = buffer_wrap(b, BUFFER_FOREIGN, chunk[i], 64, 100 + i);
        assert_ptr_equal(p[i]->data, chunk[i]);
        assert_int_equal(p[i]->size, 64);
        assert_int_equal(p[i]->capacity, 64);
        assert_int_equal(p[i]->references, 1);
        assert_true(p[i]->charge >= 64 + sizeof(struct weir_buffer));
    }
    assert_int_equal(b->foreign_out, 3);
    buffer_ref(p[1]);
    buffer_unref(b, p[1]);
    assert_false(buffer_pull_returned(b, &cookie)); /* not the last reference */
    buffer_unref(b, p[2]);
    buffer_unref(b, p[0]);
    assert_int_equal(b->foreign_out, 3); /* not yet pulled */
    assert_true(buffer_pull_returned(b, &cookie));
    assert_int_equal(cookie, 102);
    buffer_unref(b, p[1]);
    assert_true(buffer_pull_returned(b, &cookie));
    assert_int_equal(cookie, 100);
    assert_true(buffer_pull_returned(b, &cookie));
    assert_int_equal(cookie, 101);
    assert_false(buffer_pull_returned(b, &cookie));
    assert_null(buffer_pull_released(b));
    assert_int_equal(b->foreign_out, 0);
    assert_int_equal(b->out, 0);
    uint32_t calls = f.heap.calls;
    p[0] = buffer_wrap(b, BUFFER_FOREIGN, chunk[0], 0, 7); /* the structs are cached */
    assert_int_equal(f.heap.calls, calls);
    buffer_unref(b, p[0]);
    assert_true(buffer_pull_returned(b, &cookie));
    assert_int_equal(cookie, 7);
    finish(&f);
}

static void test_borrowed_memory_is_released(void **state)
{
    (void)state;
    struct fixture f;
    struct buffers *b = start(&f, 0);
    static const uint8_t text[] = "hello";
    struct weir_buffer *p = buffer_wrap(b, BUFFER_BORROWED, (void *)(uintptr_t)text, 5, 42);
    uint64_t cookie;
    p->aux32 = 17;
    p->position = 1234;
    buffer_ref(p);
    buffer_unref(b, p);
    assert_null(buffer_pull_released(b));
    buffer_unref(b, p);
    assert_false(buffer_pull_returned(b, &cookie)); /* the other list */
    assert_int_equal(b->foreign_out, 1);
    assert_ptr_equal(buffer_pull_released(b), p);
    assert_int_equal(p->cookie, 42);
    assert_int_equal(p->aux32, 17);
    assert_int_equal(p->position, 1234);
    assert_int_equal(b->foreign_out, 0);
    assert_int_equal(b->out, 1); /* the struct, until it is disposed of */
    buffer_dispose(b, p);
    assert_null(buffer_pull_released(b));
    finish(&f);
}

static void test_huge_wrap_saturates_its_charge(void **state)
{
    (void)state;
    struct fixture f;
    struct buffers *b = start(&f, 0);
    uint8_t byte;
    uint64_t cookie;
    struct weir_buffer *p = buffer_wrap(b, BUFFER_FOREIGN, &byte, UINT32_MAX - 3, 0);
    assert_int_equal(p->charge, UINT32_MAX);
    buffer_unref(b, p);
    assert_true(buffer_pull_returned(b, &cookie));
    finish(&f);
}

static void test_copies_are_counted_apart(void **state)
{
    (void)state;
    struct fixture f;
    struct buffers *b = start(&f, 0);
    char to[8] = "";
    buffer_copy_in(b, to, "abc", 4);
    assert_string_equal(to, "abc");
    buffer_copy_out(b, to, "de", 3);
    buffer_copy_within(b, to, "f", 2);
    buffer_copy_in(b, NULL, NULL, 0);
    assert_int_equal(b->copied_in, 4);
    assert_int_equal(b->copied_out, 3);
    assert_int_equal(b->copied_within, 2);
    finish(&f);
}

/* Buffers of all sizes come and go at random under a tight budget; each keeps its own bytes. */
static void test_random_traffic(void **state)
{
    (void)state;
    enum { SLOTS = 64 };
    struct weir_buffer *held[SLOTS] = {0};
    struct fixture f;
    struct buffers *b = start(&f, MIB / 4);
    struct rng r;
    uint32_t refused = 0, out = 0;
    rng_seed(&r, 4);
    for (uint32_t step = 0; step < 20000; step++) {
        uint32_t i = (uint32_t)rng_below(&r, SLOTS);
        if (held[i] != NULL) {
            assert_int_equal(held[i]->data[0], i);
            assert_int_equal(held[i]->data[held[i]->capacity - 1], i);
            buffer_unref(b, held[i]);
            held[i] = NULL;
            out--;
        } else {
            held[i] = buffer_alloc(b, (uint32_t)rng_below(&r, (uint64_t)1 << rng_below(&r, 18)));
            refused += held[i] == NULL;
            if (held[i] != NULL) {
                memset(held[i]->data, (int)i, held[i]->capacity);
                out++;
            }
        }
        assert_int_equal(b->out, out);
        check_lists(b);
        assert_true(f.memory.used <= MIB / 4);
    }
    assert_true(refused > 10); /* else the budget was never felt */
    for (uint32_t i = 0; i < SLOTS; i++)
        buffer_unref(b, held[i]);
    finish(&f);
}

static struct buffers *dying; /* the calls below run in a child process */

static void unref_twice(void *argument)
{
    buffer_unref(dying, argument);
    buffer_unref(dying, argument);
}

static void ref_after_free(void *argument)
{
    buffer_unref(dying, argument);
    buffer_ref(argument);
}

static void fini_with_buffers_out(void *argument)
{
    buffers_fini(argument);
}

static void test_misuse_asserts(void **state)
{
    (void)state;
    struct fixture f;
    dying = start(&f, 0);
    struct weir_buffer *p = buffer_alloc(dying, 10);
    assert_true(dies(unref_twice, p));
    assert_true(dies(ref_after_free, p));
    assert_true(dies(fini_with_buffers_out, dying));
    buffer_unref(dying, p);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_everything_is_reset),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_caches_are_bounded),
        cmocka_unit_test(test_larger_than_every_class_is_not_cached),
        cmocka_unit_test(test_small_budget_is_not_eaten_by_caches),
        cmocka_unit_test(test_other_caches_give_way_to_the_budget),
        cmocka_unit_test(test_failing_allocator),
        cmocka_unit_test(test_foreign_memory_is_returned_in_order),
        cmocka_unit_test(test_borrowed_memory_is_released),
        cmocka_unit_test(test_huge_wrap_saturates_its_charge),
        cmocka_unit_test(test_copies_are_counted_apart),
        cmocka_unit_test(test_random_traffic),
        cmocka_unit_test(test_misuse_asserts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
