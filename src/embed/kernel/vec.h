/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vec.h - vectors of MM_VEC floats (4, 8 or 16) for sources that are compiled once for each
 * instruction set. Built on the vector types of GCC and clang: + - * work on them, and a product
 * that is added becomes one fused instruction where the machine has it (-ffp-contract=fast).
 */
#ifndef EMBED_KERNEL_VEC_H
#define EMBED_KERNEL_VEC_H

#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

typedef float vec __attribute__((vector_size(MM_VEC * sizeof(float))));

#define MM_INLINE static inline __attribute__((always_inline))

/* p is aligned to the vector's size. */
MM_INLINE vec vec_load(const float *p)
{
    return *(const vec *)__builtin_assume_aligned(p, MM_VEC * sizeof(float));
}

MM_INLINE void vec_store(float *p, vec v)
{
    *(vec *)__builtin_assume_aligned(p, MM_VEC * sizeof(float)) = v;
}

MM_INLINE vec vec_set(float x)
{
    return x - (vec){0};
}

/* Where the two are unordered the second is returned, as x86 does. */
MM_INLINE vec vec_max(vec a, vec b)
{
#if MM_VEC == 16 && defined(__AVX512F__)
    return _mm512_max_ps(a, b);
#elif MM_VEC == 8 && defined(__AVX__)
    return _mm256_max_ps(a, b);
#elif MM_VEC == 4 && defined(__SSE2__)
    return _mm_max_ps(a, b);
#elif MM_VEC == 4 && defined(__ARM_NEON)
    return vmaxq_f32(a, b);
#else
    for (int i = 0; i < MM_VEC; i++)
        a[i] = a[i] > b[i] ? a[i] : b[i];
    return a;
#endif
}

#endif
