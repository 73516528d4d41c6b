/* pack.c - structures at rest, made small. Half a byte per word of 8 bytes says how it is written. */
#include "trace/pack.h"

#include <string.h>

#include "base/compiler.h"

#define WORD 8

/* Half-bytes: 0..8: so many low bytes; 9..15: base minus the word, in 0..6 bytes. */
#define BEFORE_BASE 9
#define BEFORE_BYTES_MAX 6

static unsigned bytes_of(uint64_t word)
{
    return word == 0 ? 0 : bit_highest(word) / 8 + 1;
}

static uint64_t load_word(const uint8_t *from, size_t size)
{
    uint64_t word = 0;

    memcpy(&word, from, MIN(size, (size_t)WORD));
    return word;
}

size_t pack(uint8_t *out, const void *from, size_t size, uint64_t base)
{
    const uint8_t *bytes = from;
    size_t words = (size + WORD - 1) / WORD;
    uint8_t *at = out + (words + 1) / 2;

    memset(out, 0, (words + 1) / 2);
    for (size_t i = 0; i < words; i++) {
        uint64_t word = load_word(bytes + i * WORD, size - i * WORD);
        unsigned code = bytes_of(word), before = bytes_of(base - word);
        uint64_t value = word;
        if (before < code && before <= BEFORE_BYTES_MAX) {
            value = base - word;
            code = BEFORE_BASE + before;
        }
        out[i / 2] |= (uint8_t)(code << i % 2 * 4);
        for (unsigned n = code >= BEFORE_BASE ? before : code; n > 0; n--, value >>= 8) {
            *at++ = (uint8_t)value;
        }
    }
    return (size_t)(at - out);
}

size_t unpack(void *to, size_t size, const uint8_t *in, uint64_t base)
{
    uint8_t *bytes = to;
    size_t words = (size + WORD - 1) / WORD;
    const uint8_t *at = in + (words + 1) / 2;

    for (size_t i = 0; i < words; i++) {
        unsigned code = in[i / 2] >> i % 2 * 4 & 15;
        unsigned n = code >= BEFORE_BASE ? code - BEFORE_BASE : code;
        uint64_t word = 0;
        for (unsigned k = 0; k < n; k++) {
            word |= (uint64_t)*at++ << 8 * k;
        }
        word = code >= BEFORE_BASE ? base - word : word;
        memcpy(bytes + i * WORD, &word, MIN(size - i * WORD, (size_t)WORD));
    }
    return (size_t)(at - in);
}
