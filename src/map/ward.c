/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ward.c - Ward's method (1963) by chains of nearest neighbours (Murtagh 1983; Müllner 2011).
 *
 * From any cluster one goes to its nearest, from there to that one's nearest and so on, until two
 * are nearest to each other: they are joined, and the chain goes on from what is left of it. Steps
 * come out of order and are sorted at the end. A cluster is known by its mean and its size, so no
 * matrix of distances is kept.
 */
#include "map/ward.h"

#include <math.h>

#include "base/array.h"

#define BLOCK ((size_t)512) /* clusters that one round of the pool compares */

struct ward {
    const struct mm_points *points;
    float *mean;      /* [n][dim] */
    double *size;     /* [n] 0: joined to another */
    uint32_t *active; /* [n_active] clusters there are, ascending */
    size_t n_active;
    uint32_t *chain; /* [n + 1] */
    size_t length;
    double *near; /* [blocks] the nearest of each block */
    uint32_t *which;
    uint32_t tip;
};

static double join_cost(const struct ward *w, uint32_t a, uint32_t b)
{
    size_t dim = w->points->dim;
    double apart = mm_distance2(w->mean + a * dim, w->mean + b * dim, dim);
    return 2 * w->size[a] * w->size[b] / (w->size[a] + w->size[b]) * apart;
}

static void compare_block(void *ctx, size_t block, size_t worker)
{
    (void)worker;
    struct ward *w = ctx;
    size_t end = (block + 1) * BLOCK < w->n_active ? (block + 1) * BLOCK : w->n_active;
    w->near[block] = INFINITY;
    w->which[block] = UINT32_MAX;
    for (size_t i = block * BLOCK; i < end; i++) {
        uint32_t other = w->active[i];
        if (other == w->tip)
            continue;
        double cost = join_cost(w, w->tip, other);
        if (cost < w->near[block]) {
            w->near[block] = cost;
            w->which[block] = other;
        }
    }
}

/* The cluster nearest to the chain's tip. A tie goes to the one before it, so that chains end. */
static uint32_t find_nearest(struct ward *w, struct mm_pool *pool, double *cost)
{
    size_t blocks = (w->n_active + BLOCK - 1) / BLOCK;
    w->tip = w->chain[w->length - 1];
    double work = (double)w->n_active * (double)w->points->dim;
    mm_pool_run_sized(pool, blocks, work, compare_block, w);
    uint32_t nearest = UINT32_MAX;
    *cost = INFINITY;
    if (w->length > 1) {
        nearest = w->chain[w->length - 2];
        *cost = join_cost(w, w->tip, nearest);
    }
    for (size_t b = 0; b < blocks; b++)
        if (w->near[b] < *cost) {
            *cost = w->near[b];
            nearest = w->which[b];
        }
    return nearest;
}

/* b's songs become a's. */
static void join(struct ward *w, uint32_t a, uint32_t b)
{
    size_t dim = w->points->dim;
    double total = w->size[a] + w->size[b];
    for (size_t j = 0; j < dim; j++) {
        double sum = w->size[a] * w->mean[a * dim + j] + w->size[b] * w->mean[b * dim + j];
        w->mean[a * dim + j] = (float)(sum / total);
    }
    w->size[a] = total;
    w->size[b] = 0;
    size_t at = 0;
    while (w->active[at] != b)
        at++;
    w->n_active--;
    memmove(w->active + at, w->active + at + 1, (w->n_active - at) * sizeof *w->active);
    /* In exact arithmetic neither is left in the chain. */
    for (size_t i = 0; i < w->length; i++)
        if (w->chain[i] == a || w->chain[i] == b)
            w->length = i;
}

static void start_chain(struct ward *w)
{
    w->chain[0] = w->active[0];
    w->length = 1;
}

static int compare_steps(const void *one, const void *two)
{
    const struct mm_ward_step *x = one;
    const struct mm_ward_step *y = two;
    if (x->height != y->height)
        return x->height < y->height ? -1 : 1;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

static int build_tree(struct ward *w, struct mm_pool *pool, const struct mm_progress *progress,
                      struct mm_ward_step *steps)
{
    size_t n = w->points->n;
    size_t done = 0;
    while (w->n_active > 1) {
        if (w->length == 0 || w->length > n)
            start_chain(w);
        double cost;
        uint32_t nearest = find_nearest(w, pool, &cost);
        if (w->length < 2 || nearest != w->chain[w->length - 2]) {
            w->chain[w->length++] = nearest;
            continue;
        }
        uint32_t a = nearest < w->tip ? nearest : w->tip;
        uint32_t b = nearest < w->tip ? w->tip : nearest;
        w->length -= 2;
        steps[done++] = (struct mm_ward_step){a, b, sqrt(cost)};
        join(w, a, b);
        if (done % 256 == 0) {
            mm_progress_update(progress, "growing the tree of clusters", done, n - 1);
            if (mm_progress_cancelled(progress))
                return MM_ERR_CANCELLED;
        }
    }
    if (n > 2)
        qsort(steps, n - 1, sizeof *steps, compare_steps);
    return 0;
}

int mm_ward_tree(const struct mm_points *points, const double *weight, struct mm_pool *pool,
                 const struct mm_progress *progress, struct mm_ward_step *steps,
                 struct mm_error *err)
{
    size_t n = points->n;
    size_t blocks = (n + BLOCK - 1) / BLOCK;
    int result = 0;
    struct ward w = {.points = points, .n_active = n};
    w.mean = mm_calloc3(n, points->dim, sizeof *w.mean);
    w.size = mm_calloc3(n, 1, sizeof *w.size);
    w.active = mm_calloc3(n, 1, sizeof *w.active);
    w.chain = mm_calloc3(n + 1, 1, sizeof *w.chain);
    w.near = mm_calloc3(blocks, 1, sizeof *w.near);
    w.which = mm_calloc3(blocks, 1, sizeof *w.which);
    if (!w.mean || !w.size || !w.active || !w.chain || !w.near || !w.which) {
        result = mm_no_memory(err);
        goto out;
    }
    memcpy(w.mean, points->x, n * points->dim * sizeof *w.mean);
    for (size_t i = 0; i < n; i++) {
        w.size[i] = weight ? weight[i] : 1;
        w.active[i] = (uint32_t)i;
    }
    if (build_tree(&w, pool, progress, steps) < 0)
        result = mm_error_set(err, MM_ERR_CANCELLED, "cancelled");

out:
    free(w.which);
    free(w.near);
    free(w.chain);
    free(w.active);
    free(w.size);
    free(w.mean);
    return result;
}

static uint32_t root_of(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

int mm_ward_cut(const struct mm_ward_step *steps, size_t n, size_t k, uint32_t *cluster,
                struct mm_error *err)
{
    uint32_t *parent = mm_calloc3(n, 2, sizeof *parent);
    if (!parent)
        return mm_no_memory(err);
    uint32_t *number = parent + n;
    for (size_t i = 0; i < n; i++) {
        parent[i] = (uint32_t)i;
        number[i] = UINT32_MAX;
    }
    for (size_t s = 0; s + k < n; s++) {
        uint32_t a = root_of(parent, steps[s].a);
        uint32_t b = root_of(parent, steps[s].b);
        parent[a > b ? a : b] = a < b ? a : b;
    }
    uint32_t used = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t root = root_of(parent, (uint32_t)i);
        if (number[root] == UINT32_MAX)
            number[root] = used++;
        cluster[i] = number[root];
    }
    free(parent);
    return 0;
}
