/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench-layout - neighbours and layouts of vectors in a file, one round for every line of input.
 *
 *     bench-layout knn|cells|umap|tsne FILE SONGS DIMENSIONS [JOBS [OUT]]
 *
 * FILE holds float32, song by song. Each round prints its seconds. knn and cells: the 15 nearest of
 * each song, all pairs or by cells; umap and tsne: from the vectors to places. OUT gets what came
 * of it: neighbours as uint32 [n][15], or places as float32 [n][2].
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "map/algorithms.h"
#include "map/blocks.h"
#include "map/matrix.h"
#include "map/reduce.h"

struct job {
    const char *what;
    float *rows;
    size_t n, dim;
    struct mm_pool *pool;
    const char *out;
};

static void write_out(const struct job *job, const void *data, size_t bytes)
{
    FILE *file = job->out ? fopen(job->out, "wb") : NULL;
    if (!file)
        return;
    fwrite(data, 1, bytes, file);
    fclose(file);
}

static int find_neighbours(const struct job *job, double *took, struct mm_error *err)
{
    struct mm_points points = {job->rows, job->n, job->dim};
    enum mm_knn_method method = strcmp(job->what, "knn") ? MM_KNN_CELLS : MM_KNN_ALL_PAIRS;
    struct mm_knn knn;
    double begin = mm_clock_s();
    int result = mm_knn_find(&points, MM_LAYOUT_NEIGHBOURS, method, 1, job->pool, NULL, &knn, err);
    *took = mm_clock_s() - begin;
    if (result == 0)
        write_out(job, knn.index, knn.n * knn.k * sizeof *knn.index);
    mm_knn_finish(&knn);
    return result;
}

/* All that mm_map_build() does for a layout. */
static int lay_out(const struct job *job, double *took, struct mm_error *err)
{
    struct mm_vectors vectors = mm_vectors_in_memory(job->rows, job->n, job->dim);
    struct mm_standard standard = {0};
    struct mm_reduced songs = {0};
    struct mm_knn near = {0};
    float *xy = calloc(job->n, 2 * sizeof *xy);
    const struct mm_algorithm_ops *layout =
        strcmp(job->what, "umap") ? &mm_layout_tsne : &mm_layout_umap;
    double begin = mm_clock_s();
    int result = xy ? mm_standard_create(&vectors, NULL, &standard, err) : MM_ERR_NO_MEMORY;
    if (result == 0)
        result = mm_reduce(&standard, job->pool, NULL, &songs, err);
    if (result == 0)
        result = mm_knn_find(&(struct mm_points){songs.directions, job->n, songs.more},
                             MM_LAYOUT_NEIGHBOURS, MM_KNN_BY_SIZE, 1, job->pool, NULL, &near, err);
    if (result == 0) {
        struct mm_algorithm_input in = {.points = {songs.rows, job->n, songs.dim},
                                        .directions = {songs.directions, job->n, songs.more},
                                        .near = &near,
                                        .seed = 1,
                                        .pool = job->pool};
        result = layout->lay_out(&in, xy, err);
    }
    *took = mm_clock_s() - begin;
    if (result == 0)
        write_out(job, xy, 2 * job->n * sizeof *xy);
    mm_knn_finish(&near);
    mm_reduced_finish(&songs);
    mm_standard_finish(&standard);
    free(xy);
    return result;
}

static int serve(const struct job *job)
{
    struct mm_error err = {0};
    char line[64];
    bool neighbours = strcmp(job->what, "knn") == 0 || strcmp(job->what, "cells") == 0;
    while (fgets(line, sizeof line, stdin)) {
        double took;
        int result = neighbours ? find_neighbours(job, &took, &err) : lay_out(job, &took, &err);
        if (result < 0) {
            fprintf(stderr, "%s\n", err.message);
            return 3;
        }
        printf("%.6f\n", took);
        fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: bench-layout knn|cells|umap|tsne FILE SONGS DIM [JOBS [OUT]]\n");
        return 2;
    }
    struct job job = {.what = argv[1],
                      .n = strtoul(argv[3], NULL, 10),
                      .dim = strtoul(argv[4], NULL, 10),
                      .out = argc > 6 ? argv[6] : NULL};
    struct mm_error err = {0};
    FILE *file = fopen(argv[2], "rb");
    job.rows = calloc(job.n, job.dim * sizeof *job.rows);
    if (!file || !job.rows || fread(job.rows, job.dim * sizeof *job.rows, job.n, file) != job.n) {
        fprintf(stderr, "cannot read %s\n", argv[2]);
        return 3;
    }
    fclose(file);
    mm_matrix_init();
    if (mm_pool_create(argc > 5 ? strtoul(argv[5], NULL, 10) : 0, &job.pool, &err) < 0)
        return 3;
    int status = serve(&job);
    mm_pool_destroy(job.pool);
    free(job.rows);
    return status;
}
