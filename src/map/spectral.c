/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spectral.c - the main eigenvectors of a graph of nearest neighbours.
 *
 * Weights are exp(-d^2 / (s_i s_j)), s the distance to a point's 7th neighbour, so that crowds of
 * different density are treated alike (Zelnik-Manor & Perona 2004). The eigenvectors come from
 * subspace iteration with Chebyshev polynomials that dampen all but the largest eigenvalues (Zhou,
 * Saad et al. 2006): unlike a single Lanczos sequence it finds all vectors of a repeated
 * eigenvalue, and a graph in c pieces has the eigenvalue 1 c times.
 */
#include "map/spectral.h"

#include <math.h>
#include <stdbool.h>

#include "base/array.h"
#include "base/random.h"
#include "map/knn.h"
#include "map/matrix.h"

#define NEIGHBOURS  ((size_t)12)
#define SCALE       ((size_t)7) /* the neighbour whose distance is a point's scale */
#define GUARDS      ((size_t)8) /* more vectors than wanted: the last ones settle slowly */
#define DEGREE      10          /* of the polynomial */
#define MOST_ROUNDS 40
#define TOLERANCE   1e-6 /* of the eigenvalues' mean, from round to round */

struct graph {
    size_t n;
    size_t *first;  /* [n + 1] */
    uint32_t *to;   /* [2 n k]: a pair that is near both ways stands there twice */
    double *weight; /* the same; already divided by the roots of both degrees */
};

static void graph_finish(struct graph *g)
{
    free(g->first);
    free(g->to);
    free(g->weight);
}

static double weigh(const struct mm_knn *knn, size_t i, size_t j, double distance)
{
    size_t scale = knn->k < SCALE ? knn->k - 1 : SCALE - 1;
    double s = (double)knn->distance[i * knn->k + scale] * knn->distance[j * knn->k + scale];
    if (distance <= 0)
        return 1;
    return s > 0 ? exp(-distance * distance / s) : 0;
}

/* Puts both ends of every pair; half the weight from each side. */
static int fill_graph(struct graph *g, const struct mm_knn *knn)
{
    size_t n = knn->n;
    double *degree = mm_calloc3(n, 1, sizeof *degree);
    size_t *at = mm_calloc3(n + 1, 1, sizeof *at);
    if (!degree || !at) {
        free(at);
        free(degree);
        return MM_ERR_NO_MEMORY;
    }
    for (size_t e = 0; e < n * knn->k; e++) {
        g->first[e / knn->k + 1]++;
        g->first[knn->index[e] + 1]++;
    }
    for (size_t i = 0; i < n; i++)
        g->first[i + 1] += g->first[i];
    memcpy(at, g->first, (n + 1) * sizeof *at);
    for (size_t e = 0; e < n * knn->k; e++) {
        size_t i = e / knn->k;
        size_t j = knn->index[e];
        double w = weigh(knn, i, j, knn->distance[e]) / 2;
        g->to[at[i]] = (uint32_t)j;
        g->weight[at[i]++] = w;
        g->to[at[j]] = (uint32_t)i;
        g->weight[at[j]++] = w;
        degree[i] += w;
        degree[j] += w;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t e = g->first[i]; e < g->first[i + 1]; e++) {
            double both = sqrt(degree[i] * degree[g->to[e]]);
            g->weight[e] = both > 0 ? g->weight[e] / both : 0;
        }
    free(at);
    free(degree);
    return 0;
}

static int graph_init(struct graph *g, const struct mm_points *points, uint64_t seed,
                      struct mm_pool *pool, const struct mm_progress *progress,
                      struct mm_error *err)
{
    struct mm_knn knn;
    *g = (struct graph){.n = points->n};
    size_t k = points->n - 1 < NEIGHBOURS ? points->n - 1 : NEIGHBOURS;
    g->first = mm_calloc3(points->n + 1, 1, sizeof *g->first);
    g->to = mm_calloc3(points->n, 2 * k, sizeof *g->to);
    g->weight = mm_calloc3(points->n, 2 * k, sizeof *g->weight);
    if (!g->first || !g->to || !g->weight)
        return mm_no_memory(err);
    if (k == 0)
        return 0;
    int result = mm_knn_find(points, k, MM_KNN_BY_SIZE, seed, pool, progress, &knn, err);
    if (result < 0)
        return result;
    if (fill_graph(g, &knn) < 0)
        result = mm_no_memory(err);
    mm_knn_finish(&knn);
    return result;
}

/* Vectors lie one after the other: [count][n]. */
struct subspace {
    const struct graph *graph;
    struct mm_pool *pool;
    size_t count;
    double low;     /* eigenvalues from -1 to this one are dampened */
    double *basis;  /* [count][n] */
    double *other;  /* [count][n] */
    double *room;   /* [jobs][2][n] */
    double *matrix; /* [count][count] */
    double *turn;   /* [count][count] */
    double *value;  /* [count] */
};

static double dot(const double *a, const double *b, size_t n)
{
    double sum[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t j = 0; j < 4; j++)
            sum[j] += a[i + j] * b[i + j];
    for (; i < n; i++)
        sum[0] += a[i] * b[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static double row_product(const struct graph *g, size_t i, const double *x)
{
    double sum = 0;
    for (size_t e = g->first[i]; e < g->first[i + 1]; e++)
        sum += g->weight[e] * x[g->to[e]];
    return sum;
}

/* T_degree((A - middle) / half) applied to a vector of the basis. */
static void filter(void *ctx, size_t v, size_t worker)
{
    struct subspace *s = ctx;
    size_t n = s->graph->n;
    double half = (s->low + 1) / 2;
    double middle = (s->low - 1) / 2;
    double *now = s->basis + v * n;
    double *before = s->room + worker * 2 * n;
    double *next = before + n;
    memcpy(before, now, n * sizeof *now);
    for (size_t i = 0; i < n; i++)
        next[i] = (row_product(s->graph, i, before) - middle * before[i]) / half;
    memcpy(now, next, n * sizeof *now);
    for (int d = 2; d <= DEGREE; d++) {
        for (size_t i = 0; i < n; i++)
            next[i] = 2 * (row_product(s->graph, i, now) - middle * now[i]) / half - before[i];
        memcpy(before, now, n * sizeof *now);
        memcpy(now, next, n * sizeof *now);
    }
}

/* Twice through Gram and Schmidt is enough (Kahan). What vanishes is drawn anew. */
static void orthonormalise(struct subspace *s, struct mm_random *random)
{
    size_t n = s->graph->n;
    for (size_t v = 0; v < s->count; v++) {
        double *x = s->basis + v * n;
        double before = sqrt(dot(x, x, n));
        for (int pass = 0; pass < 6; pass++) {
            for (size_t u = 0; u < v; u++) {
                const double *y = s->basis + u * n;
                double part = dot(x, y, n);
                for (size_t i = 0; i < n; i++)
                    x[i] -= part * y[i];
            }
            double length = sqrt(dot(x, x, n));
            bool vanished = !(length > 1e-10 * before) || !isfinite(length);
            for (size_t i = 0; i < n; i++)
                x[i] = vanished ? mm_random_normal(random) : x[i] / length;
            before = vanished ? sqrt((double)n) : 1;
            if (!vanished && pass > 0)
                break;
        }
    }
}

static void multiply(void *ctx, size_t v, size_t worker)
{
    (void)worker;
    struct subspace *s = ctx;
    size_t n = s->graph->n;
    for (size_t i = 0; i < n; i++)
        s->other[v * n + i] = row_product(s->graph, i, s->basis + v * n);
}

static void project(void *ctx, size_t v, size_t worker)
{
    (void)worker;
    struct subspace *s = ctx;
    size_t n = s->graph->n;
    for (size_t u = 0; u <= v; u++)
        s->matrix[v * s->count + u] = s->matrix[u * s->count + v] =
            dot(s->basis + u * n, s->other + v * n, n);
}

static void rotate(void *ctx, size_t v, size_t worker)
{
    (void)worker;
    struct subspace *s = ctx;
    size_t n = s->graph->n;
    double *out = s->other + v * n;
    memset(out, 0, n * sizeof *out);
    for (size_t u = 0; u < s->count; u++) {
        double share = s->turn[v * s->count + u];
        for (size_t i = 0; i < n; i++)
            out[i] += share * s->basis[u * n + i];
    }
}

/* Turns the basis to the best approximations of eigenvectors in its span (Rayleigh & Ritz). */
static int turn_to_eigenvectors(struct subspace *s, struct mm_error *err)
{
    mm_pool_run(s->pool, s->count, multiply, s);
    mm_pool_run(s->pool, s->count, project, s);
    int result = mm_matrix_eigen(s->matrix, s->count, s->count, s->value, s->turn, err);
    if (result < 0)
        return result;
    mm_pool_run(s->pool, s->count, rotate, s);
    double *swap = s->basis;
    s->basis = s->other;
    s->other = swap;
    return 0;
}

static int iterate(struct subspace *s, size_t wanted, uint64_t seed,
                   const struct mm_progress *progress, struct mm_error *err)
{
    struct mm_random random = mm_random_stream(seed, 17);
    double before = 0;
    for (size_t i = 0; i < s->count * s->graph->n; i++)
        s->basis[i] = mm_random_normal(&random);
    s->low = 0;
    for (size_t round = 0; round < MOST_ROUNDS; round++) {
        mm_progress_update(progress, "finding vibrations of the graph", round, MOST_ROUNDS);
        if (mm_progress_cancelled(progress))
            return mm_error_set(err, MM_ERR_CANCELLED, "cancelled");
        if (s->count < s->graph->n)
            mm_pool_run(s->pool, s->count, filter, s);
        orthonormalise(s, &random);
        int result = turn_to_eigenvectors(s, err);
        if (result < 0)
            return result;
        double now = 0;
        for (size_t v = 0; v < wanted; v++)
            now += s->value[v] / (double)wanted;
        if (s->count == s->graph->n || fabs(now - before) < TOLERANCE)
            break;
        before = now;
        /* What is below the smallest one found is not wanted. */
        s->low = fmin(fmax(s->value[s->count - 1], -0.9), 0.999);
    }
    return 0;
}

int mm_spectral_embed(const struct mm_points *points, size_t m, uint64_t seed, struct mm_pool *pool,
                      const struct mm_progress *progress, float *out, double *values,
                      struct mm_error *err)
{
    size_t n = points->n;
    struct graph graph;
    struct subspace s = {.graph = &graph, .pool = pool};
    s.count = n < m + GUARDS ? n : m + GUARDS;
    int result = graph_init(&graph, points, seed, pool, progress, err);
    s.basis = mm_calloc3(s.count, n, sizeof *s.basis);
    s.other = mm_calloc3(s.count, n, sizeof *s.other);
    s.room = mm_calloc3(mm_pool_jobs(pool), 2 * n, sizeof *s.room);
    s.matrix = mm_calloc3(s.count, s.count, sizeof *s.matrix);
    s.turn = mm_calloc3(s.count, s.count, sizeof *s.turn);
    s.value = mm_calloc3(s.count, 1, sizeof *s.value);
    if (result == 0 && (!s.basis || !s.other || !s.room || !s.matrix || !s.turn || !s.value))
        result = mm_no_memory(err);
    if (result == 0)
        result = iterate(&s, m, seed, progress, err);
    for (size_t v = 0; v < m && result == 0; v++) {
        values[v] = s.value[v];
        for (size_t i = 0; i < n; i++)
            out[i * m + v] = (float)s.basis[v * n + i];
    }
    free(s.value);
    free(s.turn);
    free(s.matrix);
    free(s.room);
    free(s.other);
    free(s.basis);
    graph_finish(&graph);
    return result;
}
