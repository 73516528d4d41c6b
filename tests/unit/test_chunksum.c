/* test_chunksum.c - sums made while copying are those of the bytes, wherever the pieces end; and what is not
 * known is said to be 0. */
#include "wire_kit.h"

#include "base_kit.h"
#include "tcp/chunksum.h"
#include "wire/checksum.h"

#include <stdlib.h>

#define LARGE 65536u

struct fixture {
    struct heap heap;
    struct env env;
    struct tcp tcp;
    uint8_t data[LARGE];
};

static struct fixture *set_up(void)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct weir_config config;
    struct weir_allocator allocator = heap_allocator(&f->heap);
    weir_config_default(&config);
    assert_int_equal(env_init(&f->env, &config, &allocator), WEIR_OK);
    f->tcp.env = &f->env;
    fill_random(f->data, sizeof(f->data), 7);
    return f;
}

static void tear_down(struct fixture *f)
{
    env_fini(&f->env);
    free(f);
}

/* Appends what fits of the data in pieces of up to `most` bytes; returns the size. */
static uint32_t append_all(struct fixture *f, struct weir_buffer *b, uint32_t most)
{
    uint32_t size = b->capacity < LARGE ? b->capacity : LARGE;
    uint64_t before = f->env.buffers.copied_in;
    uint32_t random = most;
    while (b->size < size) {
        random = random * 1103515245u + 12345u;
        uint32_t part = min_u32(1 + (random >> 8) % most, size - b->size);
        chunksum_append(&f->tcp, b, f->data + b->size, part);
    }
    assert_memory_equal(b->data, f->data, size);
    assert_int_equal(f->env.buffers.copied_in - before, size);
    return size;
}

static uint16_t sum_of(const uint8_t *p, uint32_t size)
{
    return csum_fold(csum_sum_portable(p, size, 0));
}

static void test_every_chunk_however_it_came(void **state)
{
    static const uint32_t firsts[] = {0, 1, 700, 1459}, most[] = {1, 7, 1460, 9000, LARGE};
    struct fixture *f = set_up();
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < 5; k++) {
            uint16_t sums[CHUNKSUM_MAX];
            struct weir_buffer *b = buffer_alloc(&f->env.buffers, 65536);
            chunksum_begin(b, firsts[i], 1460);
            assert_int_equal((b->capacity - firsts[i]) % 1460, 0);
            uint32_t size = append_all(f, b, most[k]), segments = (size - firsts[i]) / 1460;
            struct weir_slice slice = {b->data + firsts[i], size - firsts[i]};
            chunksum_find(&slice, &b, 1, 1460, sums);
            for (uint32_t n = 0; n < CHUNKSUM_MAX; n++) {
                const uint8_t *p = f->data + firsts[i] + n * 1460;
                assert_int_equal(sums[n], n < segments ? sum_of(p, 1460) : 0);
            }
            buffer_unref(&f->env.buffers, b);
        }
    }
    tear_down(f);
}

static void test_what_is_not_on_the_grid_is_not_known(void **state)
{
    struct fixture *f = set_up();
    struct weir_buffer *b = buffer_alloc(&f->env.buffers, 65536);
    uint16_t sums[CHUNKSUM_MAX];
    (void)state;
    chunksum_begin(b, 0, 1448);
    append_all(f, b, 5000);
    struct weir_slice off = {b->data + 100, 14480}, all = {b->data, 14480};
    chunksum_find(&off, &b, 1, 1448, sums);
    for (int i = 0; i < CHUNKSUM_MAX; i++)
        assert_int_equal(sums[i], 0);
    chunksum_find(&all, &b, 1, 1460, sums); /* another MSS */
    assert_int_equal(sums[0], 0);
    struct weir_slice part = {b->data, 1000};
    chunksum_find(&part, &b, 1, 1448, sums); /* less than a chunk */
    assert_int_equal(sums[0], 0);
    buffer_unref(&f->env.buffers, b);
    tear_down(f);
}

/* A segment across two buffers is not known; the next one in the second buffer is. */
static void test_two_buffers(void **state)
{
    struct fixture *f = set_up();
    struct weir_buffer *b[2];
    uint16_t sums[CHUNKSUM_MAX];
    (void)state;
    for (int i = 0; i < 2; i++) {
        b[i] = buffer_alloc(&f->env.buffers, 16384);
        chunksum_begin(b[i], i == 0 ? 0 : 360, 1460);
        append_all(f, b[i], 3000);
    }
    struct weir_slice slices[2] = {{b[0]->data + 1460, 1460 + 1100}, {b[1]->data, 360 + 2920}};
    chunksum_find(slices, b, 2, 1460, sums);
    assert_int_equal(sums[0], sum_of(f->data + 1460, 1460));
    assert_int_equal(sums[1], 0);
    assert_int_equal(sums[2], sum_of(f->data + 360, 1460));
    assert_int_equal(sums[3], sum_of(f->data + 1820, 1460));
    assert_int_equal(sums[4], 0);
    buffer_unref(&f->env.buffers, b[0]);
    buffer_unref(&f->env.buffers, b[1]);
    tear_down(f);
}

static void test_bounds(void **state)
{
    struct fixture *f = set_up();
    struct weir_buffer *b = buffer_alloc(&f->env.buffers, 65536);
    uint16_t sums[CHUNKSUM_MAX];
    (void)state;
    chunksum_begin(b, 0, 536); /* more chunks than sums */
    uint32_t size = append_all(f, b, LARGE);
    struct weir_slice all = {b->data, size}, late = {b->data + 63 * 536, size - 63 * 536};
    chunksum_find(&all, &b, 1, 536, sums);
    assert_int_equal(sums[63], sum_of(f->data + 63 * 536, 536));
    chunksum_find(&late, &b, 1, 536, sums);
    assert_int_equal(sums[0], sum_of(f->data + 63 * 536, 536));
    assert_int_equal(sums[1], 0);
    buffer_unref(&f->env.buffers, b);
    b = buffer_alloc(&f->env.buffers, 2048);
    chunksum_begin(b, 0, 536); /* too small for a grid: an ordinary buffer */
    assert_int_equal(b->capacity, 2048);
    assert_int_equal(b->aux, 0);
    append_all(f, b, 300);
    buffer_unref(&f->env.buffers, b);
    tear_down(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_chunk_however_it_came),
        cmocka_unit_test(test_what_is_not_on_the_grid_is_not_known),
        cmocka_unit_test(test_two_buffers),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
