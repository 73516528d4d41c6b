/*
 * pack.h - structures at rest, made small: words that are 0 take half a byte, small ones and times near a given
 * one as many bytes as they need.
 *
 * Only for memory that this process packed itself; pointers in it stay what they were.
 */
#ifndef TRACE_PACK_H
#define TRACE_PACK_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that pack may write for `size` bytes. */
#define PACK_ROOM(size) (((size) + 15) / 16 + ((size) + 7) / 8 * 8)

/* Writes `size` bytes of `from` to `out`, near-by times counted from `base`. Returns the bytes written. */
size_t pack(uint8_t *out, const void *from, size_t size, uint64_t base);
/* The other way; returns the bytes read. */
size_t unpack(void *to, size_t size, const uint8_t *in, uint64_t base);

#endif
