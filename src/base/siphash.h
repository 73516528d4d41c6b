/* siphash.h - SipHash-2-4: the PRF of RFC 6528 and the key of the hash tables. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const uint8_t key[16], const void *data, size_t size);

#endif
