/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * span.c - a tree of least length over all points, by mutual reachability distance: Prim's
 * algorithm (1957), which needs no matrix of distances. Core distances are found by comparing all
 * with all.
 */
#include <math.h>
#include <stdbool.h>

#include "base/array.h"
#include "map/hdbscan.h"

#define BLOCK ((size_t)512) /* points of one round of the pool */

struct prim {
    const struct mm_points *points;
    size_t neighbours;
    size_t blocks;
    float *core;     /* [n] squared; */
    float *near;     /* [jobs][neighbours] the nearest so far */
    float *reach;    /* [n] squared, to the nearest point of the tree */
    uint32_t *from;  /* [n] that point */
    bool *inside;    /* [n] in the tree */
    uint32_t newest; /* the point that came in last */
    uint32_t *next;  /* [blocks] the point outside that is nearest to the tree; UINT32_MAX: none */
};

static float distance2(const struct prim *p, size_t a, size_t b)
{
    size_t dim = p->points->dim;
    return mm_distance2(p->points->x + a * dim, p->points->x + b * dim, dim);
}

static size_t block_end(const struct prim *p, size_t block)
{
    return (block + 1) * BLOCK < p->points->n ? (block + 1) * BLOCK : p->points->n;
}

static void measure_core(void *ctx, size_t i, size_t worker)
{
    struct prim *p = ctx;
    float *near = p->near + worker * p->neighbours;
    size_t count = 0;
    for (size_t j = 0; j < p->points->n; j++) {
        if (j == i)
            continue;
        float d = distance2(p, i, j);
        if (count == p->neighbours && !(d < near[count - 1]))
            continue;
        size_t at = count < p->neighbours ? count++ : count - 1;
        for (; at > 0 && d < near[at - 1]; at--)
            near[at] = near[at - 1];
        near[at] = d;
    }
    p->core[i] = count ? near[count - 1] : 0;
}

/* Compares a block with the newest point of the tree. */
static void reach_block(void *ctx, size_t block, size_t worker)
{
    (void)worker;
    struct prim *p = ctx;
    float least = INFINITY;
    p->next[block] = UINT32_MAX;
    for (size_t i = block * BLOCK; i < block_end(p, block); i++) {
        if (p->inside[i])
            continue;
        float core = fmaxf(p->core[i], p->core[p->newest]);
        if (core < p->reach[i]) {
            float reach = fmaxf(core, distance2(p, i, p->newest));
            if (reach < p->reach[i]) {
                p->reach[i] = reach;
                p->from[i] = p->newest;
            }
        }
        if (p->reach[i] < least) {
            least = p->reach[i];
            p->next[block] = (uint32_t)i;
        }
    }
}

static int compare_edges(const void *one, const void *two)
{
    const struct mm_span_edge *x = one;
    const struct mm_span_edge *y = two;
    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

static int grow(struct prim *p, struct mm_pool *pool, const struct mm_progress *progress,
                struct mm_span_edge *edges)
{
    size_t n = p->points->n;
    p->inside[0] = true;
    for (size_t e = 0; e + 1 < n; e++) {
        if (e % 256 == 0) {
            mm_progress_update(progress, "spanning a tree over all songs", e, n - 1);
            if (mm_progress_cancelled(progress))
                return MM_ERR_CANCELLED;
        }
        double work = (double)(n - e) * (double)p->points->dim;
        mm_pool_run_sized(pool, p->blocks, work, reach_block, p);
        uint32_t next = UINT32_MAX;
        for (size_t b = 0; b < p->blocks; b++)
            if (p->next[b] != UINT32_MAX &&
                (next == UINT32_MAX || p->reach[p->next[b]] < p->reach[next]))
                next = p->next[b];
        edges[e] = (struct mm_span_edge){p->from[next], next, sqrtf(p->reach[next])};
        p->inside[next] = true;
        p->newest = next;
    }
    if (n > 2)
        qsort(edges, n - 1, sizeof *edges, compare_edges);
    return 0;
}

int mm_hdbscan_span(const struct mm_points *points, size_t neighbours, struct mm_pool *pool,
                    const struct mm_progress *progress, struct mm_span_edge *edges,
                    struct mm_error *err)
{
    size_t n = points->n;
    int result = MM_ERR_NO_MEMORY;
    struct prim p = {.points = points,
                     .neighbours = neighbours < 1 ? 1 : neighbours,
                     .blocks = (n + BLOCK - 1) / BLOCK};
    p.core = mm_calloc3(n, 1, sizeof *p.core);
    p.near = mm_calloc3(mm_pool_jobs(pool), p.neighbours, sizeof *p.near);
    p.reach = mm_calloc3(n, 1, sizeof *p.reach);
    p.from = mm_calloc3(n, 1, sizeof *p.from);
    p.inside = mm_calloc3(n, 1, sizeof *p.inside);
    p.next = mm_calloc3(p.blocks, 1, sizeof *p.next);
    if (p.core && p.near && p.reach && p.from && p.inside && p.next) {
        for (size_t i = 0; i < n; i++)
            p.reach[i] = INFINITY;
        mm_pool_run(pool, n, measure_core, &p);
        result = grow(&p, pool, progress, edges);
    }
    free(p.next);
    free(p.inside);
    free(p.from);
    free(p.reach);
    free(p.near);
    free(p.core);
    if (result < 0)
        return mm_error_set(err, result,
                            result == MM_ERR_CANCELLED ? "cancelled" : "out of memory");
    return 0;
}
