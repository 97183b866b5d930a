/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kmeans_swap.c - local search over single swaps (Lattanzi & Sohler 2019): where two crowds share a
 * centre and another crowd has two, Lloyd's rounds never mend it, and a swap does at once.
 *
 * A point is drawn as k-means++ draws it. It becomes the mean of what it wins from its own centre
 * in a few rounds of 2-means inside its cluster: a single point of a wide crowd is a worse centre
 * than one between two crowds. With the distances to the nearest centre and to the one after it
 * known, what every possible swap costs comes out of one pass over the points.
 */
#include "map/kmeans_swap.h"

#include <math.h>
#include <stdbool.h>

#include "base/array.h"
#include "map/kmeans_nearest.h"

#define BLOCK      ((size_t)256) /* points of one round of the pool */
#define TRIES      ((size_t)4)   /* a cluster */
#define ROUNDS     4             /* of 2-means */
#define LEAST_PART 20   /* a candidate wins at least one in so many of its cluster's points */
#define LEAST_GAIN 1e-4 /* of the inertia */

struct swap {
    const struct mm_points *points;
    size_t k;
    float *candidate;    /* [dim] */
    float *rest;         /* [dim] mean of what is left to its centre */
    double *sum;         /* [2][dim] */
    float *to_candidate; /* [n] squared */
    double *loss;        /* [k] what taking a centre away costs */
};

static void swap_finish(struct swap *s)
{
    free(s->to_candidate);
    free(s->loss);
    free(s->candidate);
    free(s->rest);
    free(s->sum);
}

static void measure_block(void *ctx, size_t block, size_t worker)
{
    (void)worker;
    const struct swap *s = ctx;
    size_t dim = s->points->dim;
    size_t end = (block + 1) * BLOCK < s->points->n ? (block + 1) * BLOCK : s->points->n;
    for (size_t i = block * BLOCK; i < end; i++)
        s->to_candidate[i] = mm_distance2(s->points->x + i * dim, s->candidate, dim);
}

/* A point drawn with a probability proportional to its distance. */
static size_t draw(const struct mm_nearest *nearest, double inertia, struct mm_random *random)
{
    double want = mm_random_unit(random) * inertia;
    size_t i = 0;
    for (; i + 1 < nearest->points->n && want >= nearest->distance[i]; i++)
        want -= nearest->distance[i];
    return i;
}

/* 2-means inside the cluster of point `at`, from that point and the centre. False: the point wins
 * too few others to be a centre. */
static bool refine(struct swap *s, const struct mm_nearest *nearest, const float *centres,
                   size_t at)
{
    size_t dim = s->points->dim;
    uint32_t own = nearest->cluster[at];
    size_t count[2] = {0, 0};
    memcpy(s->candidate, s->points->x + at * dim, dim * sizeof *s->candidate);
    memcpy(s->rest, centres + own * dim, dim * sizeof *s->rest);
    for (int round = 0; round < ROUNDS; round++) {
        count[0] = count[1] = 0;
        memset(s->sum, 0, 2 * dim * sizeof *s->sum);
        for (size_t i = 0; i < s->points->n; i++) {
            if (nearest->cluster[i] != own)
                continue;
            const float *x = s->points->x + i * dim;
            size_t side =
                mm_distance2(x, s->candidate, dim) < mm_distance2(x, s->rest, dim) ? 0 : 1;
            count[side]++;
            for (size_t j = 0; j < dim; j++)
                s->sum[side * dim + j] += x[j];
        }
        if (count[0] * LEAST_PART < count[0] + count[1] || count[1] == 0)
            return false;
        for (size_t j = 0; j < dim; j++) {
            s->candidate[j] = (float)(s->sum[j] / (double)count[0]);
            s->rest[j] = (float)(s->sum[dim + j] / (double)count[1]);
        }
    }
    return true;
}

/* The inertia when the candidate takes the place of *out, the best centre to give up. */
static double best_swap(const struct swap *s, const struct mm_nearest *nearest, size_t *out)
{
    double sum = 0;
    memset(s->loss, 0, s->k * sizeof *s->loss);
    for (size_t i = 0; i < s->points->n; i++) {
        double first = fminf(nearest->distance[i], s->to_candidate[i]);
        double second = fmin((double)nearest->lower[i] * nearest->lower[i], s->to_candidate[i]);
        sum += first;
        s->loss[nearest->cluster[i]] += fmax(second - first, 0);
    }
    *out = 0;
    for (size_t c = 1; c < s->k; c++)
        if (s->loss[c] < s->loss[*out])
            *out = c;
    return sum + s->loss[*out];
}

int mm_kmeans_swap(const struct mm_points *points, size_t k, struct mm_random random,
                   struct mm_pool *pool, float *centres, size_t *swaps)
{
    size_t n = points->n;
    size_t dim = points->dim;
    size_t blocks = (n + BLOCK - 1) / BLOCK;
    struct mm_nearest nearest;
    struct swap s = {.points = points, .k = k};
    double inertia;
    *swaps = 0;
    s.to_candidate = mm_calloc3(n, 1, sizeof *s.to_candidate);
    s.loss = mm_calloc3(k, 1, sizeof *s.loss);
    s.candidate = mm_calloc3(dim, 1, sizeof *s.candidate);
    s.rest = mm_calloc3(dim, 1, sizeof *s.rest);
    s.sum = mm_calloc3(dim, 2, sizeof *s.sum);
    if (!s.to_candidate || !s.loss || !s.candidate || !s.rest || !s.sum ||
        mm_nearest_init(&nearest, points, k, pool) < 0) {
        swap_finish(&s);
        return MM_ERR_NO_MEMORY;
    }
    mm_nearest_find(&nearest, centres, k, NULL, &inertia);
    for (size_t t = 0; t < TRIES * k && inertia > 0; t++) {
        size_t centre;
        if (!refine(&s, &nearest, centres, draw(&nearest, inertia, &random)))
            continue;
        mm_pool_run_sized(pool, blocks, (double)n * (double)dim, measure_block, &s);
        if (best_swap(&s, &nearest, &centre) > inertia * (1 - LEAST_GAIN))
            continue;
        memcpy(centres + centre * dim, s.candidate, dim * sizeof *centres);
        mm_nearest_find(&nearest, centres, k, NULL, &inertia);
        ++*swaps;
    }
    mm_nearest_finish(&nearest);
    swap_finish(&s);
    return 0;
}
