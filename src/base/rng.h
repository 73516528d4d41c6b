/* rng.h - a seeded pseudo-random generator (xoshiro256**) for jitter, ports and simulation. Not for
 * secrets: those are keyed hashes (siphash.h). */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed); /* splitmix64 fills the state */
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n); /* uniform in [0, n), n > 0, without bias */
double rng_unit(struct rng *r);                /* uniform in [0, 1) */

#endif
