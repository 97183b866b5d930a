/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One side of bench/embed: a network by itself, as fast as it goes.
 *
 *     bench-network openl3|FILE.onnx CPU THREADS WINDOWS
 *
 * openl3: mel256, 512, with weights that mean nothing; FILE.onnx: MusiCNN. For every line on stdin
 * runs WINDOWS windows on THREADS threads and prints the seconds of wall clock and of processor.
 *
 *     bench-network --write-weights FILE.h5
 *
 * writes such weights for OpenL3's models in the form that they are published in.
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
#include "embed/onnx.h"
#include "embed/program.h"
#include "oracle.h"

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

static struct mm_l3 *make_network(const struct mm_kernels *kernels, double *seconds)
{
    struct mm_error err = {0};
    struct mm_weights w;
    struct mm_l3 *net = NULL;
    oracle_weights(&w);
    double begin = now();
    if (mm_l3_create(&spec, &w, kernels, &net, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    *seconds = now() - begin;
    mm_weights_finish(&w);
    return net;
}

/* MusiCNN's network; the file is read as the program reads it. */
static struct mm_program *load_program(const char *path, const struct mm_kernels *kernels)
{
    struct mm_error err = {0};
    struct mm_graph graph = {0};
    struct mm_shape shape = {3, {1, 187, 96}};
    struct mm_program *program = NULL;
    if (mm_onnx_read(path, MM_ONNX_LIMIT, &graph, &err) < 0 ||
        mm_program_create(&graph, &shape, kernels, &program, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    mm_graph_finish(&graph);
    return program;
}

/* One of the two. */
struct network {
    struct mm_l3 *l3;
    struct mm_program *program;
    size_t in_size;
};

struct job {
    const struct network *net;
    struct mm_l3_work *l3_work;
    struct mm_program_work *program_work;
    const float *in; /* [BATCH][in_size] */
    size_t windows;
    float out[BATCH * 512];
};

static void *run(void *arg)
{
    struct job *job = arg;
    if (job->net->program) {
        for (size_t i = 0; i < job->windows; i++)
            mm_program_run(job->net->program, job->program_work,
                           job->in + i % BATCH * job->net->in_size, job->out);
        return NULL;
    }
    for (size_t done = 0; done < job->windows; done += BATCH)
        mm_l3_run(job->net->l3, job->l3_work,
                  job->windows - done < BATCH ? job->windows - done : BATCH, job->in, job->out);
    return NULL;
}

static struct job jobs[MAX_THREADS];

static int make_jobs(const struct network *net, size_t threads, size_t windows)
{
    struct mm_error err = {0};
    struct mm_random random = {1};
    float *in = mm_floats_alloc(BATCH * net->in_size);
    for (size_t i = 0; in && i < BATCH * net->in_size; i++)
        in[i] = (float)(oracle_draw(&random) * 2);
    int result = in ? 0 : -1;
    for (size_t i = 0; i < threads && result == 0; i++) {
        jobs[i] = (struct job){
            .net = net, .in = in, .windows = windows * (i + 1) / threads - windows * i / threads};
        result = net->l3 ? mm_l3_work_create(net->l3, BATCH, &jobs[i].l3_work, &err)
                         : mm_program_work_create(net->program, &jobs[i].program_work, &err);
    }
    return result;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--write-weights") == 0) {
        struct mm_weights w;
        oracle_weights(&w);
        oracle_write_keras(argv[2], &w, &(struct oracle_keras){0});
        return 0;
    }
    const struct mm_kernels *kernels = argc == 5 ? mm_kernels_find(argv[2]) : NULL;
    if (argc == 5 && strcmp(argv[2], "best") == 0)
        kernels = mm_kernels_best();
    size_t threads = argc == 5 ? (size_t)atol(argv[3]) : 0;
    size_t windows = argc == 5 ? (size_t)atol(argv[4]) : 0;
    if (!kernels || !threads || threads > MAX_THREADS || !windows)
        return fprintf(stderr, "usage: bench-network openl3|FILE.onnx CPU THREADS WINDOWS\n"), 2;
    struct network net = {.in_size = 187 * 96};
    double seconds = 0;
    if (strcmp(argv[1], "openl3") == 0) {
        net.l3 = make_network(kernels, &seconds);
        net.in_size = mm_l3_in_size(net.l3);
    } else {
        net.program = load_program(argv[1], kernels);
    }
    fprintf(stderr, "%s: made in %.3f s\n", kernels->name, seconds);
    if (make_jobs(&net, threads, windows) < 0)
        return fprintf(stderr, "out of memory\n"), 1;
    run(&jobs[0]); /* touches the memory */
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
    return 0; /* the system takes the memory back */
}
