/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * choose_k.c - the number of clusters whose songs are told apart best.
 *
 * Judged by the mean silhouette less what it is for the same points without clusters: each
 * coordinate shuffled over the songs, and made one crowd where it is several (the idea of the gap
 * statistic, Tibshirani et al. 2001; one_crowd.h). The plain silhouette favours two clusters where
 * songs overlap much, and very small ones. Of the numbers that come within 5 % of the best the
 * smallest is taken. First a geometric row is tried, then the numbers around the one taken from it.
 */
#include "map/choose_k.h"

#include "base/array.h"
#include "base/random.h"
#include "map/countries.h"
#include "map/kmeans.h"
#include "map/one_crowd.h"
#include "map/sample.h"
#include "map/silhouette.h"

#define MOST_SAMPLE ((size_t)2500) /* songs looked at: all distances fit into 25 MB */
#define MOST_K      ((size_t)400)
#define MOST_DRAWS  ((size_t)4) /* of shuffled points; fewer for many songs */
#define NEAR_BEST   0.95
#define MOST_CURVE  ((size_t)64)
#define MOST_FINE   ((size_t)12) /* numbers tried around the best one */
#define STARTS      3            /* of K-means, for one number */

/* Points to group, and how far they are apart. */
struct cloud {
    struct mm_sample sample;
    float *shuffled; /* NULL: the points as they are */
    struct mm_points points;
    struct mm_distances distances;
};

struct chooser {
    const struct mm_algorithm_input *in;
    const struct mm_grouper *grouper; /* NULL = K-means */
    uint32_t *cluster;                /* [songs of the sample] */
    struct cloud sample;
    struct cloud shuffled[MOST_DRAWS];
    size_t n_shuffled;
    size_t most; /* largest number to try */
    size_t planned;
    struct mm_clustering *out;
};

/* Songs of clusters too small for a country are in none: they are not told apart on the map.
 * cluster is changed. */
static int judge(const struct chooser *c, const struct cloud *cloud, uint32_t *cluster, size_t k,
                 double *score, struct mm_error *err)
{
    size_t n = cloud->points.n;
    size_t least = mm_countries_least(n, k);
    size_t *size = mm_calloc3(k, 1, sizeof *size);
    if (!size)
        return mm_no_memory(err);
    for (size_t i = 0; i < n; i++)
        size[cluster[i]]++;
    for (size_t i = 0; i < n; i++)
        cluster[i] = size[cluster[i]] < least ? UINT32_MAX : cluster[i];
    free(size);
    return mm_silhouette_measure(&cloud->distances, cluster, k, c->in->pool, score, err);
}

static int judge_kmeans(const struct chooser *c, const struct cloud *cloud, size_t k, size_t starts,
                        double *score, struct mm_error *err)
{
    struct mm_kmeans_settings settings = {.k = k, .starts = starts, .seed = c->in->seed};
    struct mm_kmeans kmeans;
    int result =
        mm_kmeans_run(&cloud->points, &settings, c->in->pool, c->in->progress, &kmeans, err);
    if (result < 0)
        return result;
    result = judge(c, cloud, kmeans.cluster, kmeans.k, score, err);
    mm_kmeans_finish(&kmeans);
    return result;
}

static int judge_sample(const struct chooser *c, size_t k, double *score, struct mm_error *err)
{
    if (!c->grouper)
        return judge_kmeans(c, &c->sample, k, STARTS, score, err);
    size_t found = 0;
    int result =
        c->grouper->group(c->grouper->ctx, c->in, &c->sample.points, k, c->cluster, &found, err);
    if (result == 0)
        result = judge(c, &c->sample, c->cluster, found, score, err);
    return result;
}

static int try_k(struct chooser *c, size_t k, struct mm_error *err)
{
    struct mm_clustering *out = c->out;
    for (size_t i = 0; i < out->n_curve; i++)
        if (out->curve[i].k == k)
            return 0;
    if (out->n_curve == MOST_CURVE)
        return 0;
    mm_progress_update(c->in->progress, "choosing the number of clusters", out->n_curve,
                       c->planned);
    double score;
    int result = judge_sample(c, k, &score, err);
    for (size_t i = 0; i < c->n_shuffled && result == 0; i++) {
        double chance;
        result = judge_kmeans(c, &c->shuffled[i], k, 1, &chance, err);
        score -= result == 0 ? chance / (double)c->n_shuffled : 0;
    }
    if (result == 0)
        out->curve[out->n_curve++] = (struct mm_k_point){k, score};
    return result;
}

static int compare_points(const void *one, const void *two)
{
    const struct mm_k_point *a = one;
    const struct mm_k_point *b = two;
    return (a->k > b->k) - (a->k < b->k);
}

/* The smallest number that is nearly as good as the best, as its place in the sorted curve. */
static size_t pick(struct mm_clustering *out)
{
    qsort(out->curve, out->n_curve, sizeof *out->curve, compare_points);
    double best = 0;
    for (size_t i = 0; i < out->n_curve; i++)
        best = out->curve[i].score > best ? out->curve[i].score : best;
    size_t at = 0;
    while (at + 1 < out->n_curve && out->curve[at].score < NEAR_BEST * best)
        at++;
    return at;
}

static int try_row(struct chooser *c, struct mm_error *err)
{
    int result = 0;
    for (size_t k = 2; k <= c->most; k += 1 + k / 6)
        c->planned++;
    c->planned += MOST_FINE;
    for (size_t k = 2; k <= c->most && result == 0; k += 1 + k / 6)
        result = try_k(c, k, err);
    return result;
}

static int try_around(struct chooser *c, struct mm_error *err)
{
    struct mm_clustering *out = c->out;
    size_t best = pick(out);
    size_t low = best > 0 ? out->curve[best - 1].k + 1 : out->curve[best].k;
    size_t high = best + 1 < out->n_curve ? out->curve[best + 1].k - 1 : c->most;
    size_t step = 1 + (high - low) / MOST_FINE;
    int result = 0;
    for (size_t k = low; k <= high && result == 0; k += step)
        result = try_k(c, k, err);
    return result;
}

/* Shuffles each coordinate over the points (Fisher & Yates): variances stay, clusters go. Two
 * styles lie apart along one coordinate, in whatever order: its values are made one crowd before.
 */
static int shuffle(float *rows, size_t n, size_t dim, struct mm_random random)
{
    float *column = mm_calloc3(n, 1, sizeof *column);
    size_t *room = mm_calloc3(n, 1, sizeof *room);
    for (size_t j = 0; j < dim && column && room; j++) {
        for (size_t i = 0; i < n; i++)
            column[i] = rows[i * dim + j];
        bool crowds = mm_one_crowd(column, n, room);
        for (size_t i = 0; crowds && i < n; i++)
            rows[i * dim + j] = column[i];
        for (size_t i = n; i > 1; i--) {
            float *a = &rows[(i - 1) * dim + j];
            float *b = &rows[mm_random_below(&random, i) * dim + j];
            float swap = *a;
            *a = *b;
            *b = swap;
        }
    }
    int result = column && room ? 0 : MM_ERR_NO_MEMORY;
    free(room);
    free(column);
    return result;
}

static int cloud_init(const struct chooser *c, struct cloud *cloud, size_t n, size_t draw,
                      struct mm_error *err)
{
    const struct mm_algorithm_input *in = c->in;
    int result = mm_sample_create(&in->points, n, in->seed, &cloud->sample, err);
    if (result < 0)
        return result;
    cloud->points = cloud->sample.points;
    if (draw > 0) {
        size_t dim = in->points.dim;
        cloud->shuffled = mm_calloc3(n, dim, sizeof *cloud->shuffled);
        if (!cloud->shuffled)
            return mm_no_memory(err);
        memcpy(cloud->shuffled, cloud->points.x, n * dim * sizeof *cloud->shuffled);
        if (shuffle(cloud->shuffled, n, dim, mm_random_stream(in->seed, draw)) < 0)
            return mm_no_memory(err);
        cloud->points.x = cloud->shuffled;
    }
    return mm_distances_create(&cloud->points, in->pool, &cloud->distances, err);
}

static void cloud_finish(struct cloud *cloud)
{
    mm_distances_finish(&cloud->distances);
    free(cloud->shuffled);
    mm_sample_finish(&cloud->sample);
}

static int choose(struct chooser *c, size_t n, struct mm_error *err)
{
    size_t draws = 1200 / n;
    draws = draws < 1 ? 1 : draws > MOST_DRAWS ? MOST_DRAWS : draws;
    c->cluster = mm_calloc3(n, 1, sizeof *c->cluster);
    int result = c->cluster ? cloud_init(c, &c->sample, n, 0, err) : mm_no_memory(err);
    while (c->n_shuffled < draws && result == 0) {
        struct cloud *cloud = &c->shuffled[c->n_shuffled++];
        result = cloud_init(c, cloud, n, c->n_shuffled, err);
    }
    if (result == 0)
        result = try_row(c, err);
    if (result == 0)
        result = try_around(c, err);
    cloud_finish(&c->sample);
    for (size_t i = 0; i < c->n_shuffled; i++)
        cloud_finish(&c->shuffled[i]);
    free(c->cluster);
    return result;
}

int mm_choose_k(const struct mm_algorithm_input *in, const struct mm_grouper *grouper, size_t *k,
                struct mm_clustering *out, struct mm_error *err)
{
    size_t n = in->points.n < MOST_SAMPLE ? in->points.n : MOST_SAMPLE;
    struct chooser c = {
        .in = in, .grouper = grouper, .out = out, .most = n / 3 < MOST_K ? n / 3 : MOST_K};
    if (grouper && grouper->most && grouper->most < c.most)
        c.most = grouper->most;
    *k = out->chosen = 1;
    out->parameter = "clusters";
    out->criterion = "mean silhouette less that of shuffled points";
    out->curve = mm_calloc3(MOST_CURVE, 1, sizeof *out->curve);
    if (!out->curve)
        return mm_no_memory(err);
    if (c.most < 2)
        return 0;
    int result = choose(&c, n, err);
    if (result < 0) {
        mm_clustering_finish(out);
        return result;
    }
    size_t best = pick(out);
    if (out->curve[best].score > 0)
        *k = out->curve[best].k;
    out->chosen = *k;
    return 0;
}
