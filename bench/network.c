/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One side of bench/embed: OpenL3's network (mel256, 512), with weights that mean nothing, as fast
 * as it goes.
 *
 *     bench-network CPU THREADS WINDOWS
 *
 * For every line on stdin runs WINDOWS windows on THREADS threads and prints the seconds; "peak"
 * instead prints how many billion multiplications and additions a second the processor can do.
 */
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "embed/kernel/memory.h"
#include "embed/l3.h"

#define BATCH       8
#define MAX_THREADS 64

static const struct mm_l3_spec spec = {256,   199, {64, 64, 128, 128, 256, 256, 512, 512},
                                       false, 32,  24};

static double read_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static double cpu_seconds(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

static uint32_t seed = 1;
static float random_value(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / (1 << 23) - 1;
}

static void add(struct mm_weights *w, size_t layer, const char *name, size_t rank,
                const size_t *shape, float scale, float shift)
{
    struct mm_tensor *t = &w->tensors[w->n_tensors++];
    snprintf(t->layer, sizeof t->layer, "layer_%zu", layer);
    snprintf(t->name, sizeof t->name, "%s", name);
    t->rank = rank;
    t->count = 1;
    for (size_t i = 0; i < rank; i++)
        t->count *= t->shape[i] = shape[i];
    t->data = malloc(t->count * sizeof *t->data);
    for (size_t i = 0; t->data && i < t->count; i++)
        t->data[i] = random_value() * scale + shift;
}

static void add_norm(struct mm_weights *w, size_t layer, size_t channels)
{
    add(w, layer, "gamma", 1, &channels, 0.1f, 1);
    add(w, layer, "beta", 1, &channels, 0.1f, 0);
    add(w, layer, "moving_mean", 1, &channels, 0.1f, 0);
    add(w, layer, "moving_variance", 1, &channels, 0.1f, 1);
}

static struct mm_l3 *make_network(const struct mm_kernels *kernels, double *seconds)
{
    struct mm_error err = {0};
    struct mm_weights w = {.tensors = calloc(64, sizeof *w.tensors)};
    struct mm_l3 *net = NULL;
    size_t layer = 0;
    add_norm(&w, layer++, 1);
    for (size_t i = 0; i < MM_L3_CONVS; i++) {
        size_t in = i ? spec.filters[i - 1] : 1;
        size_t shape[4] = {3, 3, in, spec.filters[i]};
        add(&w, layer, "kernel", 4, shape, sqrtf(6.0f / (9 * (float)in)), 0);
        add(&w, layer++, "bias", 1, &shape[3], 0.1f, 0);
        if (i + 1 < MM_L3_CONVS)
            add_norm(&w, layer++, shape[3]);
    }
    double begin = now();
    if (mm_l3_create(&spec, &w, kernels, &net, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    *seconds = now() - begin;
    mm_weights_finish(&w);
    return net;
}

struct job {
    const struct mm_l3 *net;
    struct mm_l3_work *work;
    const float *in;
    size_t windows;
    float out[BATCH * 512];
};

static void *run(void *arg)
{
    struct job *job = arg;
    for (size_t done = 0; done < job->windows; done += BATCH)
        mm_l3_run(job->net, job->work, job->windows - done < BATCH ? job->windows - done : BATCH,
                  job->in, job->out);
    return NULL;
}

int main(int argc, char **argv)
{
    struct mm_error err = {0};
    const struct mm_kernels *kernels = argc == 4 ? mm_kernels_find(argv[1]) : NULL;
    if (argc == 4 && strcmp(argv[1], "best") == 0)
        kernels = mm_kernels_best();
    size_t threads = argc == 4 ? (size_t)atol(argv[2]) : 0;
    size_t windows = argc == 4 ? (size_t)atol(argv[3]) : 0;
    if (!kernels || !threads || threads > MAX_THREADS || !windows)
        return fprintf(stderr, "usage: bench-network CPU THREADS WINDOWS\n"), 2;
    double seconds;
    struct mm_l3 *net = make_network(kernels, &seconds);
    fprintf(stderr, "%s: made in %.3f s\n", kernels->name, seconds);
    float *in = mm_floats_alloc(BATCH * mm_l3_in_size(net));
    for (size_t i = 0; i < BATCH * mm_l3_in_size(net); i++)
        in[i] = random_value() * 40 - 40;
    static struct job jobs[MAX_THREADS];
    for (size_t i = 0; i < threads; i++) {
        jobs[i] = (struct job){
            .net = net, .in = in, .windows = windows * (i + 1) / threads - windows * i / threads};
        if (mm_l3_work_create(net, BATCH, &jobs[i].work, &err) < 0)
            return fprintf(stderr, "%s\n", err.message), 1;
    }
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        pthread_t thread[MAX_THREADS];
        double begin = now();
        double cpu = cpu_seconds();
        for (size_t i = 1; i < threads; i++)
            if (pthread_create(&thread[i], NULL, run, &jobs[i]) != 0)
                return 1;
        run(&jobs[0]);
        for (size_t i = 1; i < threads; i++)
            pthread_join(thread[i], NULL);
        printf("%.6f %.6f %.9g\n", now() - begin, cpu_seconds() - cpu, (double)jobs[0].out[1]);
        fflush(stdout);
    }
    for (size_t i = 0; i < threads; i++)
        mm_l3_work_destroy(jobs[i].work);
    free(in);
    mm_l3_destroy(net);
    return 0;
}
