/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kmeans_seed.c - each centre is drawn with a probability proportional to the squared distance to
 * the nearest one chosen before; of a few candidates the one is taken that leaves the least. The
 * distances to the candidates come from one matrix product a block of points.
 */
#include "map/kmeans_seed.h"

#include <math.h>
#include <stdint.h>

#include "base/array.h"
#include "map/matrix.h"

#define ROWS     ((size_t)256) /* points of one round of the pool */
#define MOST_TRY ((size_t)8)   /* candidates */

struct mm_seeder {
    const struct mm_points *points;
    struct mm_pool *pool;
    size_t blocks;
    float *norm;     /* [n] |x|^2 */
    float *distance; /* [n] squared, to the nearest centre so far */
    double *part;    /* [blocks][MOST_TRY] sums over a block */
    float *dots;     /* [jobs][MOST_TRY][ROWS] */
    size_t tries;
    size_t candidate[MOST_TRY];
    float *to_candidate; /* [MOST_TRY][n] distance to the nearest centre, with the candidate */
    float *tried;        /* [MOST_TRY][dim] the candidates */
};

static size_t block_count(const struct mm_seeder *s, size_t block)
{
    size_t left = s->points->n - block * ROWS;
    return left < ROWS ? left : ROWS;
}

static const float *point(const struct mm_seeder *s, size_t i)
{
    return s->points->x + i * s->points->dim;
}

static void measure_norms(void *ctx, size_t block, size_t worker)
{
    (void)worker;
    struct mm_seeder *s = ctx;
    size_t dim = s->points->dim;
    for (size_t i = 0; i < block_count(s, block); i++) {
        const float *x = point(s, block * ROWS + i);
        float sum = 0;
        for (size_t j = 0; j < dim; j++)
            sum += x[j] * x[j];
        s->norm[block * ROWS + i] = sum;
    }
}

/* |x|^2 - 2 x.c + |c|^2; measured plainly where it is so small that rounding would show. */
static void measure_candidates(void *ctx, size_t block, size_t worker)
{
    struct mm_seeder *s = ctx;
    size_t dim = s->points->dim;
    size_t count = block_count(s, block);
    float *dots = s->dots + worker * ROWS * MOST_TRY;
    mm_matrix_dots(s->tried, s->tries, point(s, block * ROWS), count, dim, dots);
    for (size_t t = 0; t < s->tries; t++) {
        float norm = s->norm[s->candidate[t]];
        float *out = s->to_candidate + t * s->points->n + block * ROWS;
        double sum = 0;
        for (size_t i = 0; i < count; i++) {
            size_t at = block * ROWS + i;
            float both = s->norm[at] + norm;
            float d = both - 2 * dots[t * count + i];
            if (d < 1e-3F * both)
                d = mm_distance2(point(s, at), s->tried + t * dim, dim);
            out[i] = d < s->distance[at] ? d : s->distance[at];
            sum += out[i];
        }
        s->part[block * MOST_TRY + t] = sum;
    }
}

/* Measures all candidates, takes the one that leaves the least as a centre; returns what is left.
 */
static double take_best_candidate(struct mm_seeder *s, float *centre)
{
    size_t n = s->points->n;
    size_t dim = s->points->dim;
    for (size_t t = 0; t < s->tries; t++)
        memcpy(s->tried + t * dim, point(s, s->candidate[t]), dim * sizeof *s->tried);
    double work = (double)n * (double)dim * (double)s->tries;
    mm_pool_run_sized(s->pool, s->blocks, work, measure_candidates, s);
    size_t best = 0;
    double least = INFINITY;
    for (size_t t = 0; t < s->tries; t++) {
        double sum = 0;
        for (size_t b = 0; b < s->blocks; b++)
            sum += s->part[b * MOST_TRY + t];
        if (sum < least) {
            least = sum;
            best = t;
        }
    }
    for (size_t b = 0; b < s->blocks; b++)
        s->part[b * MOST_TRY] = s->part[b * MOST_TRY + best];
    memcpy(s->distance, s->to_candidate + best * n, n * sizeof *s->distance);
    memcpy(centre, s->tried + best * dim, dim * sizeof *centre);
    return least;
}

/* A point drawn with probability proportional to its squared distance; part[] holds block sums. */
static size_t draw_point(const struct mm_seeder *s, double total, struct mm_random *random)
{
    double want = mm_random_unit(random) * total;
    size_t b = 0;
    while (b + 1 < s->blocks && want >= s->part[b * MOST_TRY])
        want -= s->part[b++ * MOST_TRY];
    size_t last = b * ROWS;
    for (size_t i = 0; i < block_count(s, b); i++) {
        if (s->distance[b * ROWS + i] <= 0)
            continue; /* is a centre already */
        last = b * ROWS + i;
        want -= s->distance[last];
        if (want < 0)
            break;
    }
    return last;
}

size_t mm_seeder_choose(struct mm_seeder *s, size_t k, struct mm_random *random, float *centres)
{
    size_t dim = s->points->dim;
    size_t tries = 2 + (size_t)log((double)k);
    if (tries > MOST_TRY)
        tries = MOST_TRY;
    for (size_t i = 0; i < s->points->n; i++)
        s->distance[i] = INFINITY;
    s->tries = 1;
    s->candidate[0] = mm_random_below(random, s->points->n);
    double left = take_best_candidate(s, centres);
    s->tries = tries;
    for (size_t c = 1; c < k; c++) {
        if (!(left > 0))
            return c;
        for (size_t t = 0; t < tries; t++)
            s->candidate[t] = draw_point(s, left, random);
        left = take_best_candidate(s, centres + c * dim);
    }
    return k;
}

struct mm_seeder *mm_seeder_create(const struct mm_points *points, struct mm_pool *pool)
{
    struct mm_seeder *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->points = points;
    s->pool = pool;
    s->blocks = (points->n + ROWS - 1) / ROWS;
    s->norm = mm_calloc3(points->n, 1, sizeof *s->norm);
    s->distance = mm_calloc3(points->n, 1, sizeof *s->distance);
    s->part = mm_calloc3(s->blocks, MOST_TRY, sizeof *s->part);
    s->dots = mm_calloc3(mm_pool_jobs(pool), MOST_TRY * ROWS, sizeof *s->dots);
    s->to_candidate = mm_calloc3(points->n, MOST_TRY, sizeof *s->to_candidate);
    s->tried = mm_calloc3(MOST_TRY, points->dim, sizeof *s->tried);
    if (!s->norm || !s->distance || !s->part || !s->dots || !s->to_candidate || !s->tried) {
        mm_seeder_destroy(s);
        return NULL;
    }
    double work = (double)points->n * (double)points->dim;
    mm_pool_run_sized(pool, s->blocks, work, measure_norms, s);
    return s;
}

void mm_seeder_destroy(struct mm_seeder *s)
{
    if (!s)
        return;
    free(s->norm);
    free(s->distance);
    free(s->part);
    free(s->dots);
    free(s->to_candidate);
    free(s->tried);
    free(s);
}
