/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * minibatch.c - Sculley's web-scale K-means (2010): a batch of points is drawn, each goes to its
 * nearest centre, and each centre becomes the mean of all points it was ever given. It ends when
 * the smoothed distance to the centres has not fallen for a while (as sklearn's does). Centres
 * begin with k-means++ on a sample; at the end all points are given to the centres once.
 */
#include "map/minibatch.h"

#include <math.h>

#include "base/array.h"
#include "base/random.h"
#include "map/kmeans_nearest.h"
#include "map/kmeans_seed.h"
#include "map/sample.h"

#define BATCH          ((size_t)1024)
#define SEED_CLUSTER   ((size_t)20) /* songs a cluster that starting centres are chosen from */
#define MOST_BATCHES   ((size_t)2000)
#define NO_IMPROVEMENT ((size_t)10) /* batches in a row that end it */

struct minibatch {
    const struct mm_points *points;
    size_t k;
    float *centres; /* [k][dim] */
    double *sum;    /* [k][dim] of all points a centre was given */
    double *count;  /* [k] */
    float *x;       /* [BATCH][dim] */
    struct mm_points batch;
    struct mm_nearest nearest;
};

static void draw_batch(struct minibatch *m, struct mm_random *random)
{
    size_t dim = m->points->dim;
    for (size_t i = 0; i < BATCH; i++) {
        const float *x = m->points->x + mm_random_below(random, m->points->n) * dim;
        memcpy(m->x + i * dim, x, dim * sizeof *x);
    }
}

static void follow_batch(struct minibatch *m)
{
    size_t dim = m->points->dim;
    for (size_t i = 0; i < BATCH; i++) {
        uint32_t c = m->nearest.cluster[i];
        m->count[c]++;
        for (size_t j = 0; j < dim; j++)
            m->sum[c * dim + j] += m->x[i * dim + j];
    }
    for (size_t c = 0; c < m->k; c++)
        for (size_t j = 0; j < dim && m->count[c] > 0; j++)
            m->centres[c * dim + j] = (float)(m->sum[c * dim + j] / m->count[c]);
}

static int run_batches(struct minibatch *m, const struct mm_kmeans_settings *settings,
                       const struct mm_progress *progress)
{
    struct mm_random random = mm_random_stream(settings->seed, 1);
    size_t most = settings->rounds ? settings->rounds : MOST_BATCHES;
    double share = fmin(1, 2.0 * (double)BATCH / ((double)m->points->n + 1));
    double smooth = 0;
    double least = INFINITY;
    size_t idle = 0;
    for (size_t b = 0; b < most && idle < NO_IMPROVEMENT; b++) {
        if (mm_progress_cancelled(progress))
            return MM_ERR_CANCELLED;
        double inertia;
        draw_batch(m, &random);
        mm_nearest_find(&m->nearest, m->centres, m->k, NULL, &inertia);
        follow_batch(m);
        smooth = b == 0 ? inertia : smooth * (1 - share) + inertia * share;
        idle = smooth < least ? 0 : idle + 1;
        least = fmin(least, smooth);
    }
    return 0;
}

static int seed(struct minibatch *m, const struct mm_kmeans_settings *settings,
                struct mm_pool *pool, struct mm_error *err)
{
    size_t most = SEED_CLUSTER * m->k > 3 * BATCH ? SEED_CLUSTER * m->k : 3 * BATCH;
    struct mm_sample sample;
    int result = mm_sample_create(m->points, most, settings->seed, &sample, err);
    if (result < 0)
        return result;
    struct mm_seeder *seeder = mm_seeder_create(&sample.points, pool);
    struct mm_random random = mm_random_stream(settings->seed, 0);
    if (seeder)
        m->k = mm_seeder_choose(seeder, m->k, &random, m->centres);
    else
        result = mm_no_memory(err);
    mm_seeder_destroy(seeder);
    mm_sample_finish(&sample);
    return result;
}

/* Gives all points to the centres and drops centres that get none. */
static int settle(struct minibatch *m, struct mm_pool *pool, struct mm_kmeans *out)
{
    size_t n = m->points->n;
    size_t dim = m->points->dim;
    struct mm_nearest all;
    uint32_t *number = mm_calloc3(m->k, 1, sizeof *number);
    if (!number || mm_nearest_init(&all, m->points, m->k, pool) < 0) {
        free(number);
        return MM_ERR_NO_MEMORY;
    }
    mm_nearest_find(&all, m->centres, m->k, NULL, &out->inertia);
    for (size_t i = 0; i < n; i++)
        number[all.cluster[i]] = 1;
    for (size_t c = 0; c < m->k; c++)
        if (number[c]) {
            memmove(m->centres + out->k * dim, m->centres + c * dim, dim * sizeof *m->centres);
            number[c] = (uint32_t)out->k++;
        }
    for (size_t i = 0; i < n; i++)
        all.cluster[i] = number[all.cluster[i]];
    out->cluster = all.cluster;
    all.cluster = NULL;
    mm_nearest_finish(&all);
    free(number);
    return 0;
}

int mm_minibatch_run(const struct mm_points *points, const struct mm_kmeans_settings *settings,
                     struct mm_pool *pool, const struct mm_progress *progress,
                     struct mm_kmeans *out, struct mm_error *err)
{
    size_t k = settings->k < points->n ? settings->k : points->n;
    *out = (struct mm_kmeans){0};
    if (k == 0)
        return mm_error_set(err, MM_ERR_USAGE, "K-means needs points and at least one cluster");
    struct minibatch m = {.points = points, .k = k};
    m.centres = mm_calloc3(k, points->dim, sizeof *m.centres);
    m.sum = mm_calloc3(k, points->dim, sizeof *m.sum);
    m.count = mm_calloc3(k, 1, sizeof *m.count);
    m.x = mm_calloc3(BATCH, points->dim, sizeof *m.x);
    m.batch = (struct mm_points){m.x, BATCH, points->dim};
    int result = MM_ERR_NO_MEMORY;
    if (m.centres && m.sum && m.count && m.x)
        result = mm_nearest_init(&m.nearest, &m.batch, k, pool);
    if (result == 0)
        result = seed(&m, settings, pool, err);
    if (result == 0)
        result = run_batches(&m, settings, progress);
    if (result == 0)
        result = settle(&m, pool, out);
    mm_nearest_finish(&m.nearest);
    free(m.x);
    free(m.count);
    free(m.sum);
    if (result == 0) {
        out->centres = m.centres;
        return 0;
    }
    free(m.centres);
    return mm_error_set(err, result, result == MM_ERR_CANCELLED ? "cancelled" : "out of memory");
}
