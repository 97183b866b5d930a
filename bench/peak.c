/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast one core can multiply and add floats: twelve independent chains of fused multiply-adds
 * in the widest registers it has, nothing loaded.
 *
 *     bench-peak [avx2|avx512]
 *
 * For every line on stdin prints billions of multiplications and additions a second.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CHAINS 12
#define ROUNDS 20000000L

typedef float vec8 __attribute__((vector_size(32)));
typedef float vec16 __attribute__((vector_size(64)));

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The same for both widths. */
#define BODY(vec)                                                                                \
    vec a[CHAINS];                                                                               \
    for (int i = 0; i < CHAINS; i++)                                                             \
        a[i] = (vec){0} + (float)i;                                                              \
    for (long round = 0; round < ROUNDS; round++) {                                              \
        _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) a[i] = a[i] * 0.999f + 0.001f; \
        __asm__ volatile("");                                                                    \
    }                                                                                            \
    float sum = 0;                                                                               \
    for (int i = 0; i < CHAINS; i++)                                                             \
        sum += a[i][0];                                                                          \
    return sum

#ifdef __x86_64__
__attribute__((target("avx2,fma"))) static float run_avx2(void)
{
    BODY(vec8);
}

__attribute__((target("avx512f"))) static float run_avx512(void)
{
    BODY(vec16);
}
#endif

int main(int argc, char **argv)
{
#ifdef __x86_64__
    const char *name = argc > 1 ? argv[1] : __builtin_cpu_supports("avx512f") ? "avx512" : "avx2";
    int wide = strcmp(name, "avx512") == 0;
    if (!__builtin_cpu_supports("fma") || (wide && !__builtin_cpu_supports("avx512f")))
        return fprintf(stderr, "not on this processor\n"), 1;
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        double begin = now();
        float sum = wide ? run_avx512() : run_avx2();
        double seconds = now() - begin;
        printf("%.3f %g\n", 2.0 * CHAINS * (wide ? 16 : 8) * ROUNDS / seconds / 1e9, (double)sum);
        fflush(stdout);
    }
    return 0;
#else
    (void)argc;
    (void)argv;
    return fprintf(stderr, "not on this processor\n"), 1;
#endif
}
