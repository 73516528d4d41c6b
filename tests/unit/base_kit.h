/*
 * base_kit.h - what the tests of base/ share: an allocator that keeps exact books and can be told to
 * fail, and a way to see that a broken promise ends in weir_assert_fail.
 *
 * Memory comes filled with garbage, so that forgotten zeroing shows. cmocka.h must be included before.
 */
#ifndef TESTS_BASE_KIT_H
#define TESTS_BASE_KIT_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weir/weir.h>

struct heap {
    uint64_t bytes;   /* out now */
    uint32_t blocks;  /* out now */
    uint32_t calls;   /* of alloc, ever */
    uint32_t fail_at; /* this call of alloc and all later ones fail; 0: none */
};

#define HEAP_HEADER 16 /* keeps the alignment of malloc */

static inline void *heap_alloc(void *ctx, size_t size)
{
    struct heap *h = ctx;
    h->calls++;
    if (h->fail_at != 0 && h->calls >= h->fail_at)
        return NULL;
    uint8_t *p = malloc(size + HEAP_HEADER);
    assert_non_null(p);
    memset(p, 0xa5, size + HEAP_HEADER);
    memcpy(p, &size, sizeof(size));
    h->bytes += size;
    h->blocks++;
    return p + HEAP_HEADER;
}

static inline void heap_free(void *ctx, void *memory, size_t size)
{
    struct heap *h = ctx;
    uint8_t *p = (uint8_t *)memory - HEAP_HEADER;
    size_t asked;
    memcpy(&asked, p, sizeof(asked));
    assert_int_equal(size, asked);
    memset(memory, 0x5a, size); /* fails under ASan when the memory is still poisoned */
    h->bytes -= size;
    h->blocks--;
    free(p);
}

static inline struct weir_allocator heap_allocator(struct heap *h)
{
    return (struct weir_allocator){.ctx = h, .alloc = heap_alloc, .free = heap_free};
}

/* Does the call abort? It runs in a child process, so that the test goes on. */
static inline bool dies(void (*call)(void *), void *argument)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int quiet = open("/dev/null", O_WRONLY);
        if (quiet >= 0)
            dup2(quiet, STDERR_FILENO);
        call(argument);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

#endif
