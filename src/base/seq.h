/*
 * seq.h - sequence numbers are 32 bits on the wire and 64-bit stream positions inside.
 *
 * A connection's positions start at 2^32 + ISN, so that an old segment of a connection with a small ISN
 * cannot wrap below zero. Inside, `<` is just `<`.
 */
#ifndef BASE_SEQ_H
#define BASE_SEQ_H

#include <stdint.h>

typedef uint64_t seq_pos;

static inline seq_pos seq_from_isn(uint32_t isn)
{
    return ((uint64_t)1 << 32) + isn;
}

/* The position nearest to `near` whose low 32 bits are `wire`. */
static inline seq_pos seq_widen(seq_pos near, uint32_t wire)
{
    return near + (uint64_t)(int64_t)(int32_t)(wire - (uint32_t)near);
}

static inline uint32_t seq_wire(seq_pos position)
{
    return (uint32_t)position;
}

#endif
