/* fuzz_kit.h - what the fuzz targets share: the entry point's prototype, and properties that must hold. */
#ifndef FUZZ_FUZZ_KIT_H
#define FUZZ_FUZZ_KIT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that does not hold is a crash for the fuzzer. */
#define CHECK(x) \
    ((void)((x) || (fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #x), abort(), 0)))

/* A copy of exactly `size` bytes, so that reading one byte further is found; free it. */
static inline uint8_t *fuzz_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);

    CHECK(copy != NULL);
    if (size != 0) {
        memcpy(copy, data, size);
    }
    return copy;
}

/* Takes the next byte of the input; 0 when there is none. */
static inline uint8_t fuzz_byte(const uint8_t **data, size_t *size)
{
    if (*size == 0) {
        return 0;
    }
    (*size)--;
    return *(*data)++;
}

static inline uint16_t fuzz_u16(const uint8_t **data, size_t *size)
{
    unsigned high = fuzz_byte(data, size);

    return (uint16_t)(high << 8 | fuzz_byte(data, size));
}

#endif
