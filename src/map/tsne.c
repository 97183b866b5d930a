/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tsne.c - gradient descent with momentum and a gain for every coordinate (Jacobs 1988), as van der
 * Maaten's program does it.
 *
 * The gradient of song i is 4 (sum_j p_ij q_ij (y_i - y_j) - sum_j q_ij^2 (y_i - y_j) / Z): the
 * first sum goes over the graph's edges, the second over the quadtree. Z, the sum of all q, is
 * added up block by block.
 */
#include "map/tsne.h"

#include <math.h>

#include "base/array.h"
#include "map/quadtree.h"

#define BLOCK      ((size_t)256) /* songs of a round of the pool */
#define HALVINGS   100
#define LEAST_P    1e-12
#define SLOW       0.5 /* momentum of the early rounds */
#define FAST       0.8
#define LEAST_GAIN 0.01

/* ---- affinities ---- */

struct weighing {
    const struct mm_knn *knn;
    double perplexity;
    float *weight; /* [n][k] */
};

/* Weights exp(-beta d^2) with an entropy of log(perplexity), divided by their sum. */
static void weigh_song(const float *distance, size_t k, double perplexity, float *weight)
{
    double target = log(perplexity);
    double low = 0;
    double high = INFINITY;
    double beta = 1;
    double nearest = (double)distance[0] * distance[0];
    double sum = 0;
    for (int step = 0; step < HALVINGS; step++) {
        double mean = 0; /* of d^2 - nearest: the least one is taken off, it cancels out */
        sum = 0;
        for (size_t a = 0; a < k; a++) {
            double d2 = (double)distance[a] * distance[a] - nearest;
            double w = exp(-beta * d2);
            sum += w;
            mean += w * d2;
        }
        /* cppcheck-suppress invalidFunctionArg ; >= 1: the nearest adds exp(0), and k >= 1 */
        double entropy = log(sum) + beta * mean / sum;
        if (fabs(entropy - target) < 1e-7 || beta > 1e30 || beta < 1e-30)
            break;
        if (entropy > target)
            low = beta;
        else
            high = beta;
        beta = isinf(high) ? 2 * beta : (low + high) / 2;
    }
    for (size_t a = 0; a < k; a++)
        weight[a] = (float)(exp(-beta * ((double)distance[a] * distance[a] - nearest)) / sum);
}

static void weigh_block(void *ctx, size_t block, size_t worker)
{
    (void)worker;
    struct weighing *w = ctx;
    size_t k = w->knn->k;
    size_t end = w->knn->n < (block + 1) * BLOCK ? w->knn->n : (block + 1) * BLOCK;
    for (size_t i = block * BLOCK; i < end; i++)
        weigh_song(w->knn->distance + i * k, k, fmin(w->perplexity, (double)k), w->weight + i * k);
}

int mm_tsne_affinities(const struct mm_knn *knn, double perplexity, struct mm_pool *pool,
                       struct mm_fuzzy *out, struct mm_error *err)
{
    *out = (struct mm_fuzzy){0};
    struct weighing w = {.knn = knn, .perplexity = perplexity};
    w.weight = mm_calloc3(knn->n, knn->k, sizeof *w.weight);
    if (!w.weight)
        return mm_no_memory(err);
    mm_pool_run(pool, (knn->n + BLOCK - 1) / BLOCK, weigh_block, &w);
    int result = mm_fuzzy_join(knn, w.weight, MM_JOIN_SUM, pool, out, err);
    free(w.weight);
    for (size_t e = 0; result == 0 && e < out->start[out->n]; e++)
        out->weight[e] /= 2 * (float)out->n;
    return result;
}

/* ---- forces ---- */

struct forces {
    const struct mm_fuzzy *p;
    const float *xy;
    double theta;
    struct mm_quadtree *tree;
    double *pull; /* [n][2] sum of p q (y_i - y_j) */
    double *push; /* [n][2] sum of q^2 (y_i - y_j) */
    double *part; /* [blocks] sum of q */
    double z;
};

static size_t count_blocks(size_t n)
{
    return (n + BLOCK - 1) / BLOCK;
}

static int forces_init(struct forces *f, const struct mm_fuzzy *p, const float *xy, double theta,
                       struct mm_error *err)
{
    *f = (struct forces){.p = p, .xy = xy, .theta = theta};
    f->pull = mm_calloc3(p->n, 2, sizeof *f->pull);
    f->push = mm_calloc3(p->n, 2, sizeof *f->push);
    f->part = mm_calloc3(count_blocks(p->n), 1, sizeof *f->part);
    if (!f->pull || !f->push || !f->part)
        return mm_no_memory(err);
    return mm_quadtree_create(p->n, &f->tree, err);
}

static void forces_finish(struct forces *f)
{
    free(f->pull);
    free(f->push);
    free(f->part);
    mm_quadtree_destroy(f->tree);
}

static double similarity(const float *xy, size_t i, size_t j, double *dx, double *dy)
{
    *dx = (double)xy[2 * i] - xy[2 * j];
    *dy = (double)xy[2 * i + 1] - xy[2 * j + 1];
    return 1 / (1 + *dx * *dx + *dy * *dy);
}

static void measure_block(void *ctx, size_t block, size_t worker)
{
    (void)worker;
    struct forces *f = ctx;
    const uint32_t *order = mm_quadtree_order(f->tree);
    size_t end = f->p->n < (block + 1) * BLOCK ? f->p->n : (block + 1) * BLOCK;
    f->part[block] = 0;
    for (size_t place = block * BLOCK; place < end; place++) {
        size_t i = order[place];
        double *pull = f->pull + 2 * i;
        double *push = f->push + 2 * i;
        pull[0] = pull[1] = push[0] = push[1] = 0;
        f->part[block] += mm_quadtree_push(f->tree, (uint32_t)i, f->theta, push);
        for (size_t e = f->p->start[i]; e < f->p->start[i + 1]; e++) {
            double dx;
            double dy;
            double pq = f->p->weight[e] * similarity(f->xy, i, f->p->to[e], &dx, &dy);
            pull[0] += pq * dx;
            pull[1] += pq * dy;
        }
    }
}

static void measure_forces(struct forces *f, struct mm_pool *pool)
{
    mm_quadtree_build(f->tree, f->xy);
    mm_pool_run(pool, count_blocks(f->p->n), measure_block, f);
    f->z = 0;
    for (size_t b = 0; b < count_blocks(f->p->n); b++)
        f->z += f->part[b];
}

int mm_tsne_objective(const struct mm_fuzzy *p, const float *xy, double theta, struct mm_pool *pool,
                      double *kl, float *gradient, struct mm_error *err)
{
    struct forces f;
    int result = forces_init(&f, p, xy, theta, err);
    if (result == 0) {
        measure_forces(&f, pool);
        *kl = 0;
        for (size_t i = 0; i < p->n; i++)
            for (size_t e = p->start[i]; e < p->start[i + 1]; e++) {
                double dx;
                double dy;
                double q = similarity(xy, i, p->to[e], &dx, &dy) / f.z;
                *kl += p->weight[e] * log(fmax(p->weight[e], LEAST_P) / fmax(q, LEAST_P));
            }
        for (size_t i = 0; gradient && i < 2 * p->n; i++)
            gradient[i] = (float)(4 * (f.pull[i] - f.push[i] / f.z));
    }
    forces_finish(&f);
    return result;
}

/* ---- descent ---- */

/* One step down: a coordinate whose gradient keeps its sign gains speed. */
static void take_step(const struct forces *f, double exaggeration, double rate, double momentum,
                      float *gain, float *way, float *xy)
{
    for (size_t i = 0; i < 2 * f->p->n; i++) {
        double gradient = 4 * (exaggeration * f->pull[i] - f->push[i] / f->z);
        bool turns = gradient * way[i] >= 0;
        gain[i] = turns ? fmaxf(0.8F * gain[i], LEAST_GAIN) : gain[i] + 0.2F;
        way[i] = (float)(momentum * way[i] - rate * gain[i] * gradient);
        xy[i] += way[i];
    }
}

int mm_tsne_optimise(const struct mm_fuzzy *p, const struct mm_tsne_settings *settings,
                     struct mm_pool *pool, const struct mm_progress *progress, float *xy,
                     struct mm_error *err)
{
    size_t n = p->n;
    double rate =
        settings->rate > 0 ? settings->rate : fmax((double)n / settings->exaggeration / 4, 50);
    struct forces f;
    int result = forces_init(&f, p, xy, settings->theta, err);
    float *gain = mm_calloc3(n, 2, sizeof *gain);
    float *way = mm_calloc3(n, 2, sizeof *way);
    if (result == 0 && (!gain || !way))
        result = mm_no_memory(err);
    for (size_t i = 0; result == 0 && i < 2 * n; i++)
        gain[i] = 1;
    for (size_t round = 0; round < settings->rounds && result == 0; round++) {
        mm_progress_update(progress, "placing songs", round, settings->rounds);
        if (mm_progress_cancelled(progress)) {
            result = mm_error_set(err, MM_ERR_CANCELLED, "cancelled");
            break;
        }
        bool early = round < settings->early;
        measure_forces(&f, pool);
        take_step(&f, early ? settings->exaggeration : 1, rate, early ? SLOW : FAST, gain, way, xy);
    }
    free(way);
    free(gain);
    forces_finish(&f);
    return result;
}
