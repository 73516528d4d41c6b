/* simd.c - chooses the variants of the inner loops by what the processor has. */
#include "host/simd.h"

void simd_fill(struct weir_ops *ops)
{
    ops->sum = NULL;
    ops->copy_sum = NULL;
#if defined(__x86_64__) || defined(__i386__)
    if (__builtin_cpu_supports("avx2")) {
        ops->sum = simd_avx2_sum;
        ops->copy_sum = simd_avx2_copy_sum;
    }
#endif
}
