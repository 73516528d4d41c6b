/*
 * wire_kit.h - what the tests of src/wire share: cmocka in its required order, pseudo-random bytes, and a
 * checksum so plain that it cannot be wrong.
 */
#ifndef UNIT_WIRE_KIT_H
#define UNIT_WIRE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/checksum.h"

/* The folded ones'-complement sum of `size` bytes behind `start`, 16 bits at a time in memory order. */
static inline uint16_t naive_sum(const uint8_t *p, size_t size, uint16_t start)
{
    uint32_t sum = start;

    for (size_t i = 0; i < size; i += 2) {
        uint8_t word[2] = {p[i], i + 1 < size ? p[i + 1] : 0};
        sum += csum_load(word);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static inline void fill_random(uint8_t *p, size_t size, uint32_t seed)
{
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525u + 1013904223u;
        p[i] = (uint8_t)(seed >> 24);
    }
}

/* Bytes from hexadecimal text; blanks between them are skipped. Returns how many. */
static inline size_t unhex(uint8_t *out, const char *text)
{
    size_t digits = 0;

    for (; *text != '\0'; text++) {
        if (*text == ' ') {
            continue;
        }
        unsigned digit = (unsigned)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
        assert_true(digit < 16);
        if (digits % 2 == 0) {
            out[digits / 2] = (uint8_t)(digit << 4);
        } else {
            out[digits / 2] |= (uint8_t)digit;
        }
        digits++;
    }
    assert_int_equal(digits % 2, 0);
    return digits / 2;
}

static inline struct ip_addr v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    const uint8_t bytes[4] = {a, b, c, d};
    return ip_addr_from_v4(bytes);
}

#endif
