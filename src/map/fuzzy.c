/* SPDX-License-Identifier: BSD-2-Clause */
#include "map/fuzzy.h"

#include <math.h>

#include "base/array.h"

#define BLOCK       ((size_t)256) /* songs of a round of the pool */
#define HALVINGS    64
#define LEAST_SIGMA 1e-3 /* of a mean distance, as in the authors' program */

static double sum_weights(const float *distance, size_t k, double rho, double sigma)
{
    double sum = 0;
    for (size_t i = 0; i < k; i++)
        sum += distance[i] > rho ? exp((rho - distance[i]) / sigma) : 1;
    return sum;
}

void mm_fuzzy_weigh(const float *distance, size_t k, double mean, float *weight)
{
    double rho = 0;
    double own_mean = 0;
    for (size_t i = k; i-- > 0;) {
        rho = distance[i] > 0 ? distance[i] : rho;
        own_mean += distance[i] / (double)k;
    }
    /* The sum rises with sigma. First up to an upper bound, then by halves. */
    double target = log2((double)k);
    double low = 0;
    double high = INFINITY;
    double sigma = 1;
    for (int step = 0; step < HALVINGS; step++) {
        double sum = sum_weights(distance, k, rho, sigma);
        if (fabs(sum - target) < 1e-6)
            break;
        if (sum > target)
            high = sigma;
        else
            low = sigma;
        sigma = isinf(high) ? 2 * sigma : (low + high) / 2;
    }
    double least = LEAST_SIGMA * (rho > 0 ? own_mean : mean);
    sigma = fmax(sigma, least);
    for (size_t i = 0; i < k; i++)
        weight[i] = distance[i] > rho ? (float)exp((rho - distance[i]) / sigma) : 1;
}

/* An edge as one of its ends sees it. */
struct edge {
    uint32_t to;
    float weight;
};

struct building {
    const struct mm_knn *knn;
    const float *weight; /* [n][k] of the directed edges */
    enum mm_join how;
    struct mm_fuzzy *graph;
    size_t *back_first;   /* [n + 2] where the edges that lead to a song begin */
    struct edge *back;    /* [n * k] by rising origin */
    struct edge *forward; /* [jobs][k] one song's edges by rising end */
    bool filling;         /* first they are counted, then written */
};

/* Turns the directed edges around. */
static void list_back(struct building *b)
{
    size_t n = b->knn->n;
    size_t k = b->knn->k;
    for (size_t e = 0; e < n * k; e++)
        b->back_first[b->knn->index[e] + 2]++;
    for (size_t i = 2; i < n + 2; i++)
        b->back_first[i] += b->back_first[i - 1];
    for (size_t e = 0; e < n * k; e++)
        b->back[b->back_first[b->knn->index[e] + 1]++] =
            (struct edge){(uint32_t)(e / k), b->weight[e]};
}

static int compare_edges(const void *one, const void *two)
{
    const struct edge *a = one;
    const struct edge *b = two;
    return (a->to > b->to) - (a->to < b->to);
}

/* Merges the edges from and to song i, both in order of their other end. */
static void join_song(struct building *b, size_t i, struct edge *forward)
{
    struct mm_fuzzy *g = b->graph;
    size_t k = b->knn->k;
    for (size_t a = 0; a < k; a++)
        forward[a] = (struct edge){b->knn->index[i * k + a], b->weight[i * k + a]};
    qsort(forward, k, sizeof *forward, compare_edges);
    const struct edge *f = forward;
    const struct edge *f_end = forward + k;
    const struct edge *r = b->back + b->back_first[i];
    const struct edge *r_end = b->back + b->back_first[i + 1];
    size_t at = b->filling ? g->start[i] : 0;
    while (f < f_end || r < r_end) {
        struct edge edge = {0};
        bool both = f < f_end && r < r_end && f->to == r->to;
        if (both) {
            float both_ways = b->how == MM_JOIN_UNION ? f->weight * r->weight : 0;
            edge = (struct edge){f->to, f->weight + r->weight - both_ways};
            f++;
            r++;
        } else if (r == r_end || (f < f_end && f->to < r->to)) {
            edge = *f++;
        } else {
            edge = *r++;
        }
        if (!(edge.weight > 0)) /* so far off that exp() gave 0 */
            continue;
        if (b->filling) {
            g->to[at] = edge.to;
            g->weight[at] = edge.weight;
        }
        at++;
    }
    if (!b->filling)
        g->start[i + 1] = at;
}

static void join_block(void *ctx, size_t block, size_t worker)
{
    struct building *b = ctx;
    size_t end = b->knn->n < (block + 1) * BLOCK ? b->knn->n : (block + 1) * BLOCK;
    for (size_t i = block * BLOCK; i < end; i++)
        join_song(b, i, b->forward + worker * b->knn->k);
}

static int join(struct building *b, struct mm_pool *pool, struct mm_error *err)
{
    struct mm_fuzzy *g = b->graph;
    size_t blocks = (g->n + BLOCK - 1) / BLOCK;
    mm_pool_run(pool, blocks, join_block, b);
    for (size_t i = 0; i < g->n; i++)
        g->start[i + 1] += g->start[i];
    g->to = mm_calloc3(g->start[g->n], 1, sizeof *g->to);
    g->weight = mm_calloc3(g->start[g->n], 1, sizeof *g->weight);
    if (!g->to || !g->weight)
        return mm_no_memory(err);
    b->filling = true;
    mm_pool_run(pool, blocks, join_block, b);
    return 0;
}

int mm_fuzzy_join(const struct mm_knn *knn, const float *weight, enum mm_join how,
                  struct mm_pool *pool, struct mm_fuzzy *out, struct mm_error *err)
{
    size_t n = knn->n;
    size_t k = knn->k;
    int result = 0;
    *out = (struct mm_fuzzy){.n = n};
    struct building b = {.knn = knn, .weight = weight, .how = how, .graph = out};
    out->start = mm_calloc3(n + 1, 1, sizeof *out->start);
    b.back_first = mm_calloc3(n + 2, 1, sizeof *b.back_first);
    b.back = mm_calloc3(n, k, sizeof *b.back);
    b.forward = mm_calloc3(mm_pool_jobs(pool), k, sizeof *b.forward);
    if (!out->start || !b.back_first || !b.back || !b.forward) {
        result = mm_no_memory(err);
        goto out;
    }
    list_back(&b);
    result = join(&b, pool, err);

out:
    free(b.forward);
    free(b.back);
    free(b.back_first);
    if (result < 0)
        mm_fuzzy_finish(out);
    return result;
}

struct weighing {
    const struct mm_knn *knn;
    double mean;
    float *weight;
};

static void weigh_block(void *ctx, size_t block, size_t worker)
{
    (void)worker;
    struct weighing *w = ctx;
    size_t k = w->knn->k;
    size_t end = w->knn->n < (block + 1) * BLOCK ? w->knn->n : (block + 1) * BLOCK;
    for (size_t i = block * BLOCK; i < end; i++)
        mm_fuzzy_weigh(w->knn->distance + i * k, k, w->mean, w->weight + i * k);
}

int mm_fuzzy_create(const struct mm_knn *knn, struct mm_pool *pool, struct mm_fuzzy *out,
                    struct mm_error *err)
{
    size_t edges = knn->n * knn->k;
    *out = (struct mm_fuzzy){0};
    struct weighing w = {.knn = knn, .weight = mm_calloc3(edges, 1, sizeof *w.weight)};
    if (!w.weight)
        return mm_no_memory(err);
    for (size_t e = 0; e < edges; e++)
        w.mean += knn->distance[e] / (double)edges;
    mm_pool_run(pool, (knn->n + BLOCK - 1) / BLOCK, weigh_block, &w);
    int result = mm_fuzzy_join(knn, w.weight, MM_JOIN_UNION, pool, out, err);
    free(w.weight);
    return result;
}

void mm_fuzzy_finish(struct mm_fuzzy *graph)
{
    free(graph->start);
    free(graph->to);
    free(graph->weight);
    *graph = (struct mm_fuzzy){0};
}
