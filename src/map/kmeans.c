/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kmeans.c - Lloyd's algorithm (1982) from several k-means++ starts (kmeans_seed.h), with bounds
 * that spare most comparisons (kmeans_nearest.h).
 *
 * A cluster that loses all its points takes the point that lies farthest from its own centre. Where
 * there are few points, moving single ones improves the result. Where there are very many, the
 * starts are tried on a sample of them, the best one is improved by moving whole centres
 * (kmeans_swap.h), and its centres are where all points begin: a hundred songs a cluster tell well
 * enough where the clusters are.
 */
#include "map/kmeans.h"

#include <math.h>
#include <stdbool.h>

#include "base/array.h"
#include "base/random.h"
#include "map/hartigan.h"
#include "map/kmeans_nearest.h"
#include "map/kmeans_seed.h"
#include "map/kmeans_swap.h"
#include "map/sample.h"

#define CENTRES       ((size_t)8) /* centres of one round of the pool */
#define BLOCK         ((size_t)1024)
#define HARTIGAN_WORK 4e6  /* songs x clusters x dimensions: above, one point does not matter */
#define TOLERANCE     1e-4 /* of the mean variance: what sklearn stops at, too */

/* Starts are tried on a sample from here on. */
#define SAMPLE_LEAST   ((size_t)8192)
#define SAMPLE_CLUSTER ((size_t)100) /* songs a cluster in it */
#define SAMPLE_SHARE   3             /* it must be at least so many times smaller than the whole */

struct lloyd {
    const struct mm_points *points;
    struct mm_pool *pool;
    size_t k;
    struct mm_nearest nearest;
    float *centres;   /* [k][dim] */
    float *moved;     /* [k] the way a centre went */
    uint32_t *first;  /* [k + 1] where a cluster's members begin */
    uint32_t *member; /* [n] */
    double *sum;      /* [jobs][dim] */
};

static void lloyd_finish(struct lloyd *l)
{
    mm_nearest_finish(&l->nearest);
    free(l->centres);
    free(l->moved);
    free(l->first);
    free(l->member);
    free(l->sum);
}

static int lloyd_init(struct lloyd *l, const struct mm_points *points, size_t k,
                      struct mm_pool *pool)
{
    *l = (struct lloyd){.points = points, .pool = pool, .k = k};
    l->centres = mm_calloc3(k, points->dim, sizeof *l->centres);
    l->moved = mm_calloc3(k, 1, sizeof *l->moved);
    l->first = mm_calloc3(k + 1, 1, sizeof *l->first);
    l->member = mm_calloc3(points->n, 1, sizeof *l->member);
    l->sum = mm_calloc3(mm_pool_jobs(pool), points->dim, sizeof *l->sum);
    if (l->centres && l->moved && l->first && l->member && l->sum &&
        mm_nearest_init(&l->nearest, points, k, pool) == 0)
        return 0;
    lloyd_finish(l);
    return MM_ERR_NO_MEMORY;
}

static double values(const struct lloyd *l)
{
    return (double)l->points->n * (double)l->points->dim;
}

static void list_members(struct lloyd *l)
{
    size_t n = l->points->n;
    const uint32_t *cluster = l->nearest.cluster;
    memset(l->first, 0, (l->k + 1) * sizeof *l->first);
    for (size_t i = 0; i < n; i++)
        l->first[cluster[i]]++;
    uint32_t end = 0;
    for (size_t c = 0; c < l->k; c++) {
        end += l->first[c];
        l->first[c] = end;
    }
    l->first[l->k] = end;
    for (size_t i = n; i-- > 0;)
        l->member[--l->first[cluster[i]]] = (uint32_t)i;
}

/* The point farthest from its centre, out of a cluster that has others; SIZE_MAX: none. */
static size_t farthest_point(const struct lloyd *l)
{
    size_t far = SIZE_MAX;
    for (size_t i = 0; i < l->points->n; i++) {
        uint32_t from = l->nearest.cluster[i];
        float distance = l->nearest.distance[i];
        if (l->first[from + 1] - l->first[from] > 1 && distance > 0 &&
            (far == SIZE_MAX || distance > l->nearest.distance[far]))
            far = i;
    }
    return far;
}

/* Gives each empty cluster a point that lies far from its centre. Sets *repaired; false when there
 * is no such point left. */
static bool repair_empty(struct lloyd *l, bool *repaired)
{
    *repaired = false;
    for (size_t c = 0; c < l->k; c++) {
        if (l->first[c + 1] > l->first[c])
            continue;
        size_t far = farthest_point(l);
        if (far == SIZE_MAX)
            return false;
        l->nearest.cluster[far] = (uint32_t)c;
        l->nearest.distance[far] = 0;
        l->nearest.lower[far] = -1;
        list_members(l);
        *repaired = true;
    }
    return true;
}

static void move_centres(void *ctx, size_t block, size_t worker)
{
    struct lloyd *l = ctx;
    size_t dim = l->points->dim;
    double *sum = l->sum + worker * dim;
    for (size_t c = block * CENTRES; c < l->k && c < (block + 1) * CENTRES; c++) {
        l->moved[c] = 0;
        size_t count = l->first[c + 1] - l->first[c];
        if (count == 0)
            continue;
        memset(sum, 0, dim * sizeof *sum);
        for (uint32_t m = l->first[c]; m < l->first[c + 1]; m++) {
            const float *x = l->points->x + (size_t)l->member[m] * dim;
            for (size_t j = 0; j < dim; j++)
                sum[j] += x[j];
        }
        double shift = 0;
        for (size_t j = 0; j < dim; j++) {
            float mean = (float)(sum[j] / (double)count);
            double d = (double)mean - l->centres[c * dim + j];
            shift += d * d;
            l->centres[c * dim + j] = mean;
        }
        l->moved[c] = (float)sqrt(shift);
    }
}

/* Moves all centres to where their points are; how far they went, squared. */
static double follow(struct lloyd *l)
{
    list_members(l);
    mm_pool_run_sized(l->pool, (l->k + CENTRES - 1) / CENTRES, values(l), move_centres, l);
    double shift = 0;
    for (size_t c = 0; c < l->k; c++)
        shift += (double)l->moved[c] * l->moved[c];
    return shift;
}

/* Drops clusters without points. */
static void close_gaps(struct lloyd *l)
{
    size_t dim = l->points->dim;
    uint32_t kept = 0;
    for (size_t c = 0; c < l->k; c++) {
        if (l->first[c + 1] == l->first[c])
            continue;
        for (uint32_t m = l->first[c]; m < l->first[c + 1]; m++)
            l->nearest.cluster[l->member[m]] = kept;
        memmove(l->centres + kept * dim, l->centres + c * dim, dim * sizeof *l->centres);
        kept++;
    }
    l->k = kept;
}

/* Points to the centres as they are now; clusters without any go. */
static void settle(struct lloyd *l, const float *moved, double *inertia)
{
    mm_nearest_find(&l->nearest, l->centres, l->k, moved, inertia);
    list_members(l);
    close_gaps(l);
}

/* Rounds from the centres as they are. */
static int run_rounds(struct lloyd *l, const struct mm_kmeans_settings *settings,
                      double least_shift, const struct mm_progress *progress, double *inertia)
{
    size_t rounds = settings->rounds ? settings->rounds : 100;
    const float *moved = NULL;
    memset(l->nearest.cluster, 0xFF, l->points->n * sizeof *l->nearest.cluster);
    for (size_t round = 0; round < rounds; round++) {
        if (mm_progress_cancelled(progress))
            return MM_ERR_CANCELLED;
        size_t changed = mm_nearest_find(&l->nearest, l->centres, l->k, moved, inertia);
        moved = l->moved;
        list_members(l);
        bool repaired;
        if (!repair_empty(l, &repaired)) {
            close_gaps(l);
            moved = NULL; /* their numbers changed */
        }
        if (changed == 0 && !repaired)
            break;
        double shift = follow(l);
        if (shift <= least_shift && !repaired)
            break;
    }
    /* Centres may have moved since points were assigned: once more, so that both fit. */
    settle(l, NULL, inertia);
    if (settings->single_moves && values(l) * (double)l->k < HARTIGAN_WORK) {
        follow(l);
        if (mm_hartigan_improve(l->points, l->k, l->nearest.cluster, l->centres) < 0)
            return MM_ERR_NO_MEMORY;
        settle(l, NULL, inertia);
    }
    return 0;
}

struct variance {
    const struct mm_points *points;
    double *part; /* [blocks][2][dim] sums and sums of squares, less the first point */
};

static void add_block(void *ctx, size_t block, size_t worker)
{
    (void)worker;
    const struct variance *v = ctx;
    const struct mm_points *p = v->points;
    double *sum = v->part + block * 2 * p->dim;
    double *square = sum + p->dim;
    size_t end = (block + 1) * BLOCK < p->n ? (block + 1) * BLOCK : p->n;
    for (size_t i = block * BLOCK; i < end; i++)
        for (size_t j = 0; j < p->dim; j++) {
            double d = (double)p->x[i * p->dim + j] - p->x[j];
            sum[j] += d;
            square[j] += d * d;
        }
}

/* Over all dimensions; < 0: out of memory. */
static double mean_variance(const struct mm_points *p, struct mm_pool *pool)
{
    size_t blocks = (p->n + BLOCK - 1) / BLOCK;
    struct variance v = {p, mm_calloc3(blocks, 2 * p->dim, sizeof *v.part)};
    if (!v.part)
        return -1;
    mm_pool_run_sized(pool, blocks, (double)p->n * (double)p->dim, add_block, &v);
    double total = 0;
    for (size_t j = 0; j < p->dim; j++) {
        double sum = 0;
        double square = 0;
        for (size_t b = 0; b < blocks; b++) {
            sum += v.part[b * 2 * p->dim + j];
            square += v.part[(b * 2 + 1) * p->dim + j];
        }
        double mean = sum / (double)p->n;
        total += square / (double)p->n - mean * mean;
    }
    free(v.part);
    return fmax(total, 0) / (double)p->dim;
}

static size_t default_starts(const struct mm_points *p, size_t k)
{
    double work = (double)p->n * (double)k * (double)p->dim;
    return work < 1e6 ? 40 : work < 4e7 ? 12 : work < 2e8 ? 4 : 2;
}

static void keep(const struct lloyd *l, double inertia, struct mm_kmeans *out)
{
    size_t dim = l->points->dim;
    out->k = l->k;
    out->inertia = inertia;
    memcpy(out->cluster, l->nearest.cluster, l->points->n * sizeof *out->cluster);
    memcpy(out->centres, l->centres, l->k * dim * sizeof *out->centres);
}

/* Starts where `guess` ended. */
static int run_from(struct lloyd *l, const struct mm_kmeans *guess,
                    const struct mm_kmeans_settings *settings, double least_shift,
                    const struct mm_progress *progress, struct mm_kmeans *out)
{
    double inertia = 0;
    l->k = guess->k;
    memcpy(l->centres, guess->centres, guess->k * l->points->dim * sizeof *l->centres);
    int result = run_rounds(l, settings, least_shift, progress, &inertia);
    if (result == 0)
        keep(l, inertia, out);
    return result;
}

static int run_starts(struct lloyd *l, const struct mm_kmeans_settings *settings,
                      double least_shift, const struct mm_progress *progress, struct mm_kmeans *out)
{
    size_t k = l->k;
    size_t starts = settings->starts ? settings->starts : default_starts(l->points, k);
    struct mm_seeder *seeder = mm_seeder_create(l->points, l->pool);
    int result = seeder ? 0 : MM_ERR_NO_MEMORY;
    out->inertia = INFINITY;
    for (size_t s = 0; s < starts && result == 0; s++) {
        struct mm_random random = mm_random_stream(settings->seed, s);
        double inertia = 0;
        l->k = mm_seeder_choose(seeder, k, &random, l->centres);
        result = run_rounds(l, settings, least_shift, progress, &inertia);
        if (result == 0 && inertia < out->inertia)
            keep(l, inertia, out);
    }
    mm_seeder_destroy(seeder);
    return result;
}

/* Moves whole centres, then points again. */
static int polish(const struct mm_points *sample, const struct mm_kmeans_settings *settings,
                  struct mm_pool *pool, const struct mm_progress *progress, struct mm_kmeans *guess)
{
    size_t swaps;
    struct lloyd l;
    int result = mm_kmeans_swap(sample, guess->k, mm_random_stream(settings->seed, 77), pool,
                                guess->centres, &swaps);
    if (result < 0 || swaps == 0)
        return result;
    result = lloyd_init(&l, sample, guess->k, pool);
    if (result < 0)
        return result;
    double least_shift = TOLERANCE * mean_variance(sample, pool);
    result = least_shift < 0 ? MM_ERR_NO_MEMORY
                             : run_from(&l, guess, settings, least_shift, progress, guess);
    lloyd_finish(&l);
    return result;
}

/* *guess: the result for a sample; its k is 0 where there are too few points for one. */
static int run_sample(const struct mm_points *points, const struct mm_kmeans_settings *settings,
                      struct mm_pool *pool, const struct mm_progress *progress,
                      struct mm_kmeans *guess, struct mm_error *err)
{
    *guess = (struct mm_kmeans){0};
    size_t size = SAMPLE_CLUSTER * settings->k;
    size = size > SAMPLE_LEAST ? size : SAMPLE_LEAST;
    if (settings->k > points->n || points->n / SAMPLE_SHARE < size)
        return 0;
    struct mm_sample sample;
    int result = mm_sample_create(points, size, settings->seed, &sample, err);
    if (result == 0)
        result = mm_kmeans_run(&sample.points, settings, pool, progress, guess, err);
    if (result == 0) {
        result = polish(&sample.points, settings, pool, progress, guess);
        if (result < 0)
            mm_error_set(err, result, result == MM_ERR_CANCELLED ? "cancelled" : "out of memory");
    }
    mm_sample_finish(&sample);
    if (result < 0)
        mm_kmeans_finish(guess);
    /* Points that differ may be rare: then the sample does not tell. */
    if (result == 0 && guess->k < settings->k)
        mm_kmeans_finish(guess);
    return result;
}

int mm_kmeans_run(const struct mm_points *points, const struct mm_kmeans_settings *settings,
                  struct mm_pool *pool, const struct mm_progress *progress, struct mm_kmeans *out,
                  struct mm_error *err)
{
    size_t k = settings->k < points->n ? settings->k : points->n;
    *out = (struct mm_kmeans){0};
    if (k == 0)
        return mm_error_set(err, MM_ERR_USAGE, "K-means needs points and at least one cluster");
    struct mm_kmeans guess;
    struct lloyd l;
    int result = run_sample(points, settings, pool, progress, &guess, err);
    if (result < 0)
        return result;
    if (points->n > INT32_MAX || lloyd_init(&l, points, k, pool) < 0) {
        mm_kmeans_finish(&guess);
        return mm_no_memory(err);
    }
    double least_shift = TOLERANCE * mean_variance(points, pool);
    out->cluster = mm_calloc3(points->n, 1, sizeof *out->cluster);
    out->centres = mm_calloc3(k, points->dim, sizeof *out->centres);
    if (!out->cluster || !out->centres || least_shift < 0)
        result = MM_ERR_NO_MEMORY;
    else if (guess.k > 0)
        result = run_from(&l, &guess, settings, least_shift, progress, out);
    else
        result = run_starts(&l, settings, least_shift, progress, out);
    lloyd_finish(&l);
    mm_kmeans_finish(&guess);
    if (result < 0) {
        mm_kmeans_finish(out);
        return mm_error_set(err, result,
                            result == MM_ERR_CANCELLED ? "cancelled" : "out of memory");
    }
    return 0;
}

void mm_kmeans_finish(struct mm_kmeans *kmeans)
{
    free(kmeans->cluster);
    free(kmeans->centres);
    *kmeans = (struct mm_kmeans){0};
}
