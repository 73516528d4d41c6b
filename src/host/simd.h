/*
 * simd.h - instruction-set variants of the core's inner loops, chosen once at run time.
 *
 * The core has portable loops and calls these only through struct weir_ops. Both kinds give the same after
 * csum_fold. The functions of a set may only be called on a processor that has it.
 */
#ifndef HOST_SIMD_H
#define HOST_SIMD_H

#include <weir/weir.h>

/* Sets the members to the best variants for this processor; NULL where there is none. */
void simd_fill(struct weir_ops *ops);

#if defined(__x86_64__) || defined(__i386__)
uint64_t simd_avx2_sum(const void *data, size_t size, uint64_t sum);
uint64_t simd_avx2_copy_sum(void *to, const void *from, size_t size, uint64_t sum);
#endif

#endif
