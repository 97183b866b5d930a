/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of kernel sets, and the choice among them by what the processor can do. */
#include <string.h>

#include "embed/kernel/conv_impl.h"

static bool always(void)
{
    return true;
}

static const struct mm_kernels generic = {
    .name = "generic",
    .usable = always,
    .direct = mm_conv_direct_generic,
};

#ifdef __x86_64__
/* The builtin also asks whether the system saves the wide registers (XGETBV). */
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && has_avx2();
}

static const struct mm_kernels avx2 = {
    .name = "avx2",
    .usable = has_avx2,
    .direct = mm_conv_direct_avx2,
};

static const struct mm_kernels avx512 = {
    .name = "avx512",
    .usable = has_avx512,
    .direct = mm_conv_direct_avx512,
};
#endif

/* In order of preference. AVX-512 must be asked for by name: on the machines measured so far it was
 * not faster. */
static const struct mm_kernels *const table[] = {
#ifdef __x86_64__
    &avx2,
#endif
    &generic,
#ifdef __x86_64__
    &avx512,
#endif
};
#define N_KERNELS (sizeof table / sizeof table[0])

const struct mm_kernels *const *mm_kernels_all(size_t *count)
{
    *count = N_KERNELS;
    return table;
}

const struct mm_kernels *mm_kernels_best(void)
{
    for (size_t i = 0; i < N_KERNELS; i++)
        if (table[i]->usable())
            return table[i];
    return &generic;
}

const struct mm_kernels *mm_kernels_find(const char *name)
{
    for (size_t i = 0; i < N_KERNELS; i++)
        if (strcmp(table[i]->name, name) == 0 && table[i]->usable())
            return table[i];
    return NULL;
}
