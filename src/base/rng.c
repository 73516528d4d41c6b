/*
 * rng.c - xoshiro256** by D. Blackman and S. Vigna, seeded with splitmix64 as its authors advise.
 */
#include "base/rng.h"

#include "base/compiler.h"

static uint64_t rotate_left(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void rng_seed(struct rng *r, uint64_t seed)
{
    /* Four outputs in a row of a bijection of a counter: never all zero, which would be stuck. */
    for (unsigned i = 0; i < 4; i++) {
        r->s[i] = splitmix64(&seed);
    }
}

uint64_t rng_next(struct rng *r)
{
    uint64_t result = rotate_left(r->s[1] * 5, 7) * 9;
    uint64_t t = r->s[1] << 17;
    r->s[2] ^= r->s[0];
    r->s[3] ^= r->s[1];
    r->s[1] ^= r->s[2];
    r->s[0] ^= r->s[3];
    r->s[2] ^= t;
    r->s[3] = rotate_left(r->s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    ASSERT(n != 0);
    /* The lowest 2^64 mod n values are refused, so that the rest is a multiple of n. Less than half are:
     * the bound on the tries costs a bias below 2^-128. */
    uint64_t refused = (0 - n) % n;
    uint64_t x = rng_next(r);
    for (unsigned tries = 0; x < refused && tries < 128; tries++) {
        x = rng_next(r);
    }
    return x % n;
}

double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1.0p-53; /* 53 bits: what a double holds exactly */
}
