/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cluster_gmm.c - the clusterers "gmm" and "gmm-full".
 *
 * Both begin with K-means. The number of components is the one with the least BIC (Schwarz 1978). A
 * covariance of any shape has dim^2 / 2 numbers, which a few songs cannot tell: gmm-full looks at
 * the first directions only. Of more than MM_SAMPLE_MOST songs a sample is looked at.
 */
#include <math.h>

#include "base/array.h"
#include "map/algorithms.h"
#include "map/gmm.h"
#include "map/kmeans.h"
#include "map/sample.h"

#define FULL_DIM       ((size_t)8)
#define DIAGONAL_DIM   ((size_t)15)
#define CHOICE_SAMPLE  ((size_t)2500)
#define MOST_K         ((size_t)400)
#define MOST_CURVE     ((size_t)64)
#define PATIENCE       5    /* candidates in a row that are worse than the best end the search */
#define LEAST_VARIANCE 1e-6 /* of the mean variance: for songs that are all the same */

struct fit {
    const struct mm_algorithm_input *in;
    struct mm_sample sample;
    float *x; /* [n][dim] the sample's first directions */
    struct mm_points points;
    struct mm_gmm_settings settings;
};

static void fit_finish(struct fit *f)
{
    free(f->x);
    mm_sample_finish(&f->sample);
}

static int fit_init(struct fit *f, const struct mm_algorithm_input *in, size_t most, bool full,
                    struct mm_error *err)
{
    *f = (struct fit){.in = in, .settings = {.full = full, .prior = true}};
    int result = mm_sample_create(&in->points, most, in->seed, &f->sample, err);
    if (result < 0)
        return result;
    const struct mm_points *from = &f->sample.points;
    size_t dim = full ? FULL_DIM : DIAGONAL_DIM;
    dim = dim < from->dim ? dim : from->dim;
    f->x = mm_calloc3(from->n, dim, sizeof *f->x);
    if (!f->x)
        return mm_no_memory(err);
    double square = 0;
    for (size_t i = 0; i < from->n; i++)
        for (size_t j = 0; j < dim; j++) {
            f->x[i * dim + j] = from->x[i * from->dim + j];
            square += (double)f->x[i * dim + j] * f->x[i * dim + j];
        }
    f->points = (struct mm_points){f->x, from->n, dim};
    f->settings.least_variance = fmax(LEAST_VARIANCE * square / (double)(from->n * dim), 1e-12);
    return 0;
}

static int fit_run(struct fit *f, size_t k, size_t starts, struct mm_gmm *out, struct mm_error *err)
{
    const struct mm_algorithm_input *in = f->in;
    struct mm_kmeans_settings settings = {.k = k, .starts = starts, .seed = in->seed};
    struct mm_kmeans kmeans;
    int result = mm_kmeans_run(&f->points, &settings, in->pool, in->progress, &kmeans, err);
    if (result < 0)
        return result;
    f->settings.k = kmeans.k;
    result = mm_gmm_run(&f->points, &f->settings, kmeans.cluster, in->pool, in->progress, out, err);
    mm_kmeans_finish(&kmeans);
    return result;
}

static int try_all(struct fit *f, size_t *k, struct mm_clustering *out, struct mm_error *err)
{
    size_t most = f->points.n / 3 < MOST_K ? f->points.n / 3 : MOST_K;
    size_t worse = 0;
    double best = -INFINITY;
    for (size_t try = 1; try <= (most ? most : 1) && worse < PATIENCE && out->n_curve < MOST_CURVE;
         try += 1 + try / 8) {
        struct mm_gmm gmm;
        mm_progress_update(f->in->progress, "choosing the number of clusters", out->n_curve, 0);
        int result = fit_run(f, try, 1, &gmm, err);
        if (result < 0)
            return result;
        double score = -gmm.bic / (double)f->points.n;
        mm_gmm_finish(&gmm);
        out->curve[out->n_curve++] = (struct mm_k_point){try, score};
        worse = score > best ? 0 : worse + 1;
        if (score > best) {
            best = score;
            *k = out->chosen = try;
        }
    }
    return 0;
}

static int choose(const struct mm_algorithm_input *in, bool full, size_t *k,
                  struct mm_clustering *out, struct mm_error *err)
{
    struct fit f;
    out->criterion = "Bayesian information criterion, negative, a song";
    out->parameter = "clusters";
    out->curve = mm_calloc3(MOST_CURVE, 1, sizeof *out->curve);
    int result = fit_init(&f, in, CHOICE_SAMPLE, full, err);
    if (result == 0)
        result = out->curve ? try_all(&f, k, out, err) : mm_no_memory(err);
    fit_finish(&f);
    return result;
}

/* Components that are the likeliest for no song do not count. */
static int close_gaps(uint32_t *cluster, size_t n, size_t k, size_t *used, struct mm_error *err)
{
    uint32_t *number = mm_calloc3(k, 1, sizeof *number);
    if (!number)
        return mm_no_memory(err);
    *used = 0;
    for (size_t i = 0; i < n; i++)
        number[cluster[i]] = 1;
    for (size_t c = 0; c < k; c++)
        if (number[c])
            number[c] = (uint32_t)(*used)++;
    for (size_t i = 0; i < n; i++)
        cluster[i] = number[cluster[i]];
    free(number);
    return 0;
}

static int cluster(const struct mm_algorithm_input *in, bool full, struct mm_clustering *out,
                   struct mm_error *err)
{
    struct fit f = {0};
    struct mm_gmm gmm = {0};
    size_t k = in->clusters;
    *out = (struct mm_clustering){0};
    int result = k ? 0 : choose(in, full, &k, out, err);
    if (result == 0)
        result = fit_init(&f, in, MM_SAMPLE_MOST, full, err);
    mm_progress_update(in->progress, "finding clusters", 0, 0);
    if (result == 0)
        result = fit_run(&f, k, 0, &gmm, err);
    if (result == 0)
        result = close_gaps(gmm.cluster, f.points.n, gmm.k, &out->n_clusters, err);
    if (result == 0) {
        out->looked_at = f.sample.row ? f.points.n : 0;
        out->cluster = mm_calloc3(in->points.n, 1, sizeof *out->cluster);
        result = out->cluster ? mm_sample_spread(&f.sample, gmm.cluster, &in->points, in->pool,
                                                 out->cluster, err)
                              : mm_no_memory(err);
    }
    mm_gmm_finish(&gmm);
    fit_finish(&f);
    if (result < 0)
        mm_clustering_finish(out);
    return result;
}

static int cluster_diagonal(const struct mm_algorithm_input *in, struct mm_clustering *out,
                            struct mm_error *err)
{
    return cluster(in, false, out, err);
}

static int cluster_full(const struct mm_algorithm_input *in, struct mm_clustering *out,
                        struct mm_error *err)
{
    return cluster(in, true, out, err);
}

const struct mm_algorithm_ops mm_clusterer_gmm = {.cluster = cluster_diagonal};
const struct mm_algorithm_ops mm_clusterer_gmm_full = {.cluster = cluster_full};
