/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each convolution of OpenL3 (mel256) costs, one thread.
 *
 *     bench-conv CPU [ROUNDS]
 *
 * Prints milliseconds a window and billions of multiplications and additions a second, counted as
 * direct convolution.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "embed/kernel/conv.h"
#include "embed/kernel/memory.h"

static const size_t layers[][6] = {
    /* in, out, height, width, pool, windows at a time */
    {1, 64, 256, 199, 1, 1},   {64, 64, 256, 199, 2, 1}, {64, 128, 128, 99, 1, 1},
    {128, 128, 128, 99, 2, 1}, {128, 256, 64, 49, 1, 1}, {256, 256, 64, 49, 2, 1},
    {256, 512, 32, 24, 1, 8},  {512, 512, 32, 24, 1, 8},
};
#define N_LAYERS (sizeof layers / sizeof layers[0])

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static float *random_values(size_t n)
{
    float *values = mm_floats_alloc(n);
    if (!values)
        exit(1);
    for (size_t i = 0; i < n; i++)
        values[i] = (float)rand() / (float)RAND_MAX - 0.5f;
    return values;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median seconds of one window. */
static double time_layer(const size_t *s, const struct mm_kernels *kernels, size_t rounds)
{
    struct mm_error err = {0};
    struct mm_conv *conv;
    struct mm_plane plane;
    double seconds[101];
    float *kernel = random_values(s[0] * s[1] * 9);
    struct mm_conv_desc desc = {
        s[0], s[1], s[2], s[3], 3, 3, {1, 1, 1, 1}, s[4], s[4], .kernel = kernel, .relu = true};
    if (mm_conv_create(&desc, kernels, &conv, &err) < 0 ||
        !mm_plane_init(&plane, s[1], mm_conv_out_height(conv), mm_conv_out_width(conv),
                       (struct mm_pad){1, 1, 6, 6}))
        exit(1);
    float *in = random_values(mm_conv_input(conv)->size * s[5]);
    float *out = mm_floats_alloc(plane.size * s[5]);
    float *scratch = mm_floats_alloc(mm_conv_scratch(conv));
    mm_conv_run(conv, s[5], in, &plane, out, scratch);
    for (size_t i = 0; i < rounds; i++) {
        double begin = now();
        mm_conv_run(conv, s[5], in, &plane, out, scratch);
        seconds[i] = (now() - begin) / (double)s[5];
    }
    qsort(seconds, rounds, sizeof *seconds, compare);
    free(scratch);
    free(out);
    free(in);
    mm_conv_destroy(conv);
    free(kernel);
    return seconds[rounds / 2];
}

int main(int argc, char **argv)
{
    const struct mm_kernels *kernels = argc > 1 ? mm_kernels_find(argv[1]) : mm_kernels_best();
    size_t rounds = argc > 2 ? (size_t)atol(argv[2]) : 11;
    if (!kernels || rounds < 1 || rounds > 101)
        return fprintf(stderr, "usage: bench-conv CPU [ROUNDS]\n"), 2;
    double total = 0;
    for (size_t i = 0; i < N_LAYERS; i++) {
        const size_t *s = layers[i];
        double seconds = time_layer(s, kernels, rounds);
        double work = 2.0 * 9 * (double)(s[0] * s[1] * s[2] * s[3]);
        printf("%s  %3zu -> %3zu  %3zu x %3zu  %7.3f ms  %6.1f GFLOP/s\n", kernels->name, s[0],
               s[1], s[2], s[3], seconds * 1e3, work / seconds / 1e9);
        total += seconds;
    }
    printf("%s  all  %7.3f ms\n", kernels->name, total * 1e3);
    return 0;
}
