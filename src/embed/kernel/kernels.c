/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of kernel sets, and the choice among them by what the processor can do. */
#include <stdlib.h>
#include <string.h>

#include "embed/kernel/conv_impl.h"

static bool always(void)
{
    return true;
}

/* What every other is compared with. */
static const struct mm_kernels reference = {
    .name = "reference",
    .usable = always,
    .direct = mm_conv_direct_generic,
    .panel = 16,
};

static const struct mm_kernels generic = {
    .name = "generic",
    .usable = always,
    .direct = mm_conv_direct_generic,
    .winograd = mm_conv_winograd_generic,
    .tall = mm_conv_tall_generic,
    .panel = 16,
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
    .winograd = mm_conv_winograd_avx2,
    .tall = mm_conv_tall_avx2,
    .panel = 16,
};

static const struct mm_kernels avx512 = {
    .name = "avx512",
    .usable = has_avx512,
    .direct = mm_conv_direct_avx512,
    .winograd = mm_conv_winograd_avx512,
    .tall = mm_conv_tall_avx512,
    .panel = 32,
};
#endif

#ifdef __aarch64__
/* Part of every such processor. */
static const struct mm_kernels neon = {
    .name = "neon",
    .usable = always,
    .direct = mm_conv_direct_neon,
    .winograd = mm_conv_winograd_neon,
    .tall = mm_conv_tall_neon,
    .panel = 16,
};
#endif

/* The fastest first; doc/speed.md has the figures. */
static const struct mm_kernels *const table[] = {
#ifdef __x86_64__
    &avx512,  &avx2,
#endif
#ifdef __aarch64__
    &neon,
#endif
    &generic, &reference,
};
#define N_KERNELS (sizeof table / sizeof table[0])

const struct mm_kernels *const *mm_kernels_all(size_t *count)
{
    *count = N_KERNELS;
    return table;
}

const char *mm_kernels_named(void)
{
    const char *name = getenv("MUSICMAP_CPU");
    return name && *name ? name : NULL;
}

/* name: NULL = any */
static const struct mm_kernels *first_usable(const char *name)
{
    for (size_t i = 0; i < N_KERNELS; i++) {
        const struct mm_kernels *kernels = table[i];
        if ((!name || strcmp(kernels->name, name) == 0) && kernels->usable())
            return kernels;
    }
    return NULL;
}

const struct mm_kernels *mm_kernels_best(void)
{
    const char *name = mm_kernels_named();
    const struct mm_kernels *named = name ? first_usable(name) : NULL;
    return named ? named : first_usable(NULL); /* the portable ones always are */
}

const struct mm_kernels *mm_kernels_find(const char *name)
{
    return name ? first_usable(name) : NULL;
}
