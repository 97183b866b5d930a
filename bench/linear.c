/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench-linear - K-means and PCA of vectors in a file, one round for every line of input.
 *
 *     bench-linear kmeans|pca FILE SONGS DIMENSIONS COUNT OUT [JOBS]
 *
 * FILE holds float32, song by song; COUNT clusters or components. Each round prints its seconds.
 * OUT gets what came of it: the centres, or the components, as float32 [COUNT][DIMENSIONS].
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "map/blocks.h"
#include "map/kmeans.h"
#include "map/matrix.h"
#include "map/pca.h"

struct job {
    struct mm_points points;
    size_t count;
    struct mm_pool *pool;
    const char *out;
    uint64_t seed; /* another one each round, as the peer has it */
};

static void write_out(const struct job *job, const float *rows, size_t count)
{
    FILE *file = fopen(job->out, "wb");
    if (!file)
        return;
    fwrite(rows, sizeof *rows, count * job->points.dim, file);
    fclose(file);
}

/* Start and rounds to the end, as KMeans(n_init=1).fit does. */
static double run_kmeans(struct job *job, struct mm_error *err)
{
    struct mm_kmeans_settings settings = {.k = job->count, .starts = 1, .seed = job->seed++};
    struct mm_kmeans kmeans;
    double begin = mm_clock_s();
    if (mm_kmeans_run(&job->points, &settings, job->pool, NULL, &kmeans, err) < 0)
        return -1;
    double took = mm_clock_s() - begin;
    write_out(job, kmeans.centres, kmeans.k);
    mm_kmeans_finish(&kmeans);
    return took;
}

/* Standardising, components and the songs along them: StandardScaler and PCA.fit_transform. */
static double run_pca(struct job *job, struct mm_error *err)
{
    struct mm_vectors vectors = mm_vectors_in_memory(job->points.x, job->points.n, job->points.dim);
    struct mm_standard standard;
    struct mm_pca pca = {0};
    float *rows = mm_calloc3(job->points.n, job->count, sizeof *rows);
    double begin = mm_clock_s();
    int result = rows ? mm_standard_create(&vectors, NULL, &standard, err) : mm_no_memory(err);
    if (result == 0)
        result = mm_pca_fit(&standard, job->count, job->pool, NULL, &pca, err);
    if (result == 0)
        result = mm_pca_project(&pca, &standard, job->count, job->pool, NULL, rows, err);
    double took = mm_clock_s() - begin;
    free(rows);
    if (result < 0)
        return -1;
    write_out(job, pca.basis, pca.count);
    mm_pca_finish(&pca);
    mm_standard_finish(&standard);
    return took;
}

static float *read_rows(const char *path, size_t n, size_t dim)
{
    float *rows = mm_calloc3(n, dim, sizeof *rows);
    FILE *file = fopen(path, "rb");
    if (!rows || !file || fread(rows, sizeof *rows, n * dim, file) != n * dim) {
        fprintf(stderr, "cannot read %zu x %zu from %s\n", n, dim, path);
        exit(3);
    }
    fclose(file);
    return rows;
}

int main(int argc, char **argv)
{
    if (argc < 7) {
        fprintf(stderr, "usage: bench-linear kmeans|pca FILE SONGS DIMENSIONS COUNT OUT [JOBS]\n");
        return 2;
    }
    struct mm_error err = {0};
    struct job job = {.out = argv[6], .count = strtoul(argv[5], NULL, 10)};
    job.points.n = strtoul(argv[3], NULL, 10);
    job.points.dim = strtoul(argv[4], NULL, 10);
    float *rows = read_rows(argv[2], job.points.n, job.points.dim);
    job.points.x = rows;
    mm_matrix_init();
    if (mm_pool_create(argc > 7 ? strtoul(argv[7], NULL, 10) : 0, &job.pool, &err) < 0)
        return 3;
    char line[16];
    while (fgets(line, sizeof line, stdin)) {
        double took = strcmp(argv[1], "kmeans") == 0 ? run_kmeans(&job, &err) : run_pca(&job, &err);
        if (took < 0) {
            fprintf(stderr, "%s\n", err.message);
            return 3;
        }
        printf("%.6f\n", took);
        fflush(stdout);
    }
    mm_pool_destroy(job.pool);
    free(rows);
    return 0;
}
