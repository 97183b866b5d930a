/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cluster_spectral.c - the clusterer "spectral" (Ng, Jordan, Weiss 2002): K-means on the rows,
 * scaled to unit length, of the first k eigenvectors of the neighbours' graph. Of more than
 * MM_SAMPLE_MOST songs it looks at a sample.
 */
#include <math.h>

#include "base/array.h"
#include "map/algorithms.h"
#include "map/choose_k.h"
#include "map/kmeans.h"
#include "map/sample.h"
#include "map/spectral.h"

#define MOST_K ((size_t)150) /* that auto tries: its time grows with the square */

/* Eigenvectors of one set of points; the first k of them serve for k clusters. */
struct vibrations {
    size_t count;
    float *rows; /* [n][count] */
    double *values;
};

static void vibrations_finish(struct vibrations *v)
{
    free(v->rows);
    free(v->values);
}

static int find(struct vibrations *v, const struct mm_algorithm_input *in,
                const struct mm_points *points, size_t count, struct mm_error *err)
{
    v->count = count < points->n ? count : points->n;
    v->rows = mm_calloc3(points->n, v->count, sizeof *v->rows);
    v->values = mm_calloc3(v->count, 1, sizeof *v->values);
    if (!v->rows || !v->values)
        return mm_no_memory(err);
    return mm_spectral_embed(points, v->count, in->seed, in->pool, in->progress, v->rows, v->values,
                             err);
}

/* K-means in the first k eigenvectors. */
static int split(const struct vibrations *v, const struct mm_algorithm_input *in, size_t n,
                 size_t k, size_t starts, uint32_t *cluster, size_t *found, struct mm_error *err)
{
    size_t dim = k < v->count ? k : v->count;
    float *rows = mm_calloc3(n, dim, sizeof *rows);
    if (!rows)
        return mm_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        double norm = 0;
        for (size_t j = 0; j < dim; j++)
            norm += (double)v->rows[i * v->count + j] * v->rows[i * v->count + j];
        double scale = norm > 0 ? 1 / sqrt(norm) : 0;
        for (size_t j = 0; j < dim; j++)
            rows[i * dim + j] = (float)(v->rows[i * v->count + j] * scale);
    }
    struct mm_points points = {rows, n, dim};
    struct mm_kmeans_settings settings = {.k = k, .starts = starts, .seed = in->seed};
    struct mm_kmeans kmeans;
    int result = mm_kmeans_run(&points, &settings, in->pool, in->progress, &kmeans, err);
    if (result == 0) {
        memcpy(cluster, kmeans.cluster, n * sizeof *cluster);
        *found = kmeans.k;
        mm_kmeans_finish(&kmeans);
    }
    free(rows);
    return result;
}

static int group(void *ctx, const struct mm_algorithm_input *in, const struct mm_points *points,
                 size_t k, uint32_t *cluster, size_t *found, struct mm_error *err)
{
    struct vibrations *v = ctx;
    size_t most = points->n / 3 < MOST_K ? points->n / 3 : MOST_K;
    int result = v->rows ? 0 : find(v, in, points, most, err);
    return result < 0 ? result : split(v, in, points->n, k, 2, cluster, found, err);
}

static int choose(const struct mm_algorithm_input *in, size_t *k, struct mm_clustering *out,
                  struct mm_error *err)
{
    struct vibrations v = {0};
    int result = mm_choose_k(in, &(struct mm_grouper){&v, MOST_K, group}, k, out, err);
    vibrations_finish(&v);
    return result;
}

static int cluster(const struct mm_algorithm_input *in, struct mm_clustering *out,
                   struct mm_error *err)
{
    size_t k = in->clusters;
    struct mm_sample sample = {0};
    struct vibrations v = {0};
    uint32_t *own = NULL;
    *out = (struct mm_clustering){0};
    int result = k == 0 ? choose(in, &k, out, err) : 0;
    if (result == 0)
        result = mm_sample_create(&in->points, MM_SAMPLE_MOST, in->seed, &sample, err);
    if (result < 0)
        goto out;
    size_t n = sample.points.n;
    k = k < n ? k : n;
    own = mm_calloc3(n, 1, sizeof *own);
    out->cluster = mm_calloc3(in->points.n, 1, sizeof *out->cluster);
    out->looked_at = sample.row ? n : 0;
    result = own && out->cluster ? find(&v, in, &sample.points, k, err) : mm_no_memory(err);
    if (result == 0)
        result = split(&v, in, n, k, 0, own, &out->n_clusters, err);
    if (result == 0)
        result = mm_sample_spread(&sample, own, &in->points, in->pool, out->cluster, err);

out:
    vibrations_finish(&v);
    free(own);
    mm_sample_finish(&sample);
    if (result < 0)
        mm_clustering_finish(out);
    return result;
}

const struct mm_algorithm_ops mm_clusterer_spectral = {.cluster = cluster};
