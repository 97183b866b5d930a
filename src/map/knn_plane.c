/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * knn_plane.c - exact nearest neighbours of points in the plane, by a k-d tree (Bentley 1975).
 *
 * The tree is an order of the points: the middle one of a range splits it across the wider side of
 * its box, the lesser ones lie before it. Points are kept and asked for in that order, so that what
 * is looked at lies near in memory. Deterministic: the tree does not depend on threads, and a query
 * writes its own list only.
 */
#include <math.h>
#include <stddef.h>

#include "base/array.h"
#include "map/knn_list.h"

#define LEAF  ((size_t)8)
#define BLOCK ((size_t)512) /* points of one round of the pool */

struct plane {
    size_t n;
    float *xy;           /* [n][2] in order of the tree */
    uint32_t *id;        /* [n] their numbers */
    unsigned char *axis; /* [n] that the point splits its range across */
    struct mm_knn *out;
};

/* ---- the tree ---- */

static void swap_points(struct plane *p, size_t a, size_t b)
{
    uint32_t id = p->id[a];
    p->id[a] = p->id[b];
    p->id[b] = id;
    for (size_t d = 0; d < 2; d++) {
        float x = p->xy[2 * a + d];
        p->xy[2 * a + d] = p->xy[2 * b + d];
        p->xy[2 * b + d] = x;
    }
}

/* Puts the point that belongs at `want` there, lesser ones before it, greater ones behind (Hoare
 * 1961, as Wirth writes it). */
static void select_point(struct plane *p, size_t first, size_t end, size_t want, size_t axis)
{
    const float *x = p->xy + axis;
    ptrdiff_t low = (ptrdiff_t)first;
    ptrdiff_t high = (ptrdiff_t)end - 1;
    while (low < high) {
        float pivot = x[2 * ((low + high) / 2)];
        ptrdiff_t i = low;
        ptrdiff_t j = high;
        while (i <= j) {
            while (x[2 * i] < pivot)
                i++;
            while (x[2 * j] > pivot)
                j--;
            if (i <= j)
                swap_points(p, (size_t)i++, (size_t)j--);
        }
        if ((ptrdiff_t)want <= j)
            high = j;
        else if ((ptrdiff_t)want >= i)
            low = i;
        else
            return;
    }
}

static void build(struct plane *p, size_t first, size_t end)
{
    while (end - first > LEAF) {
        float least[2] = {INFINITY, INFINITY};
        float most[2] = {-INFINITY, -INFINITY};
        for (size_t i = 2 * first; i < 2 * end; i++) {
            least[i % 2] = p->xy[i] < least[i % 2] ? p->xy[i] : least[i % 2];
            most[i % 2] = p->xy[i] > most[i % 2] ? p->xy[i] : most[i % 2];
        }
        size_t axis = most[1] - least[1] > most[0] - least[0];
        size_t middle = first + (end - first) / 2;
        select_point(p, first, end, middle, axis);
        p->axis[middle] = (unsigned char)axis;
        build(p, first, middle); /* halves: no deeper than the logarithm */
        first = middle + 1;
    }
}

/* ---- queries ---- */

struct query {
    const struct plane *plane;
    size_t self;
    float at[2];
    size_t count;
    uint32_t *index;
    float *distance; /* squared */
};

static bool comes_before(float d, uint32_t id, float other_d, uint32_t other_id)
{
    return d < other_d || (!(d > other_d) && id < other_id);
}

static void offer(struct query *q, size_t point)
{
    const struct plane *p = q->plane;
    size_t k = p->out->k;
    if (point == q->self)
        return;
    float dx = p->xy[2 * point] - q->at[0];
    float dy = p->xy[2 * point + 1] - q->at[1];
    float d = dx * dx + dy * dy;
    uint32_t id = p->id[point];
    if (q->count == k && !comes_before(d, id, q->distance[k - 1], q->index[k - 1]))
        return;
    size_t at = q->count < k ? q->count++ : k - 1;
    for (; at > 0 && comes_before(d, id, q->distance[at - 1], q->index[at - 1]); at--) {
        q->distance[at] = q->distance[at - 1];
        q->index[at] = q->index[at - 1];
    }
    q->distance[at] = d;
    q->index[at] = id;
}

static void search(struct query *q, size_t first, size_t end)
{
    const struct plane *p = q->plane;
    while (end - first > LEAF) {
        size_t middle = first + (end - first) / 2;
        size_t axis = p->axis[middle];
        float off = q->at[axis] - p->xy[2 * middle + axis];
        bool lower = off < 0;
        search(q, lower ? first : middle + 1, lower ? middle : end);
        /* Of more points at one place than are wanted, it does not matter which. */
        if (q->count == p->out->k && !(off * off < q->distance[q->count - 1]))
            return;
        offer(q, middle);
        if (lower)
            first = middle + 1;
        else
            end = middle;
    }
    for (size_t i = first; i < end; i++)
        offer(q, i);
}

static void search_block(void *ctx, size_t block, size_t worker)
{
    (void)worker;
    struct plane *p = ctx;
    size_t k = p->out->k;
    size_t end = p->n < (block + 1) * BLOCK ? p->n : (block + 1) * BLOCK;
    for (size_t i = block * BLOCK; i < end; i++) {
        struct query q = {.plane = p,
                          .self = i,
                          .at = {p->xy[2 * i], p->xy[2 * i + 1]},
                          .index = p->out->index + p->id[i] * k,
                          .distance = p->out->distance + p->id[i] * k};
        search(&q, 0, p->n);
        for (size_t a = 0; a < k; a++)
            q.distance[a] = sqrtf(q.distance[a]);
    }
}

int mm_knn_in_plane(const struct mm_points *points, struct mm_pool *pool, struct mm_knn *out,
                    struct mm_error *err)
{
    size_t n = points->n;
    struct plane p = {.n = n, .out = out};
    p.xy = mm_calloc3(n, 2, sizeof *p.xy);
    p.id = mm_calloc3(n, 1, sizeof *p.id);
    p.axis = mm_calloc3(n, 1, sizeof *p.axis);
    int result = p.xy && p.id && p.axis ? 0 : mm_no_memory(err);
    if (result == 0) {
        memcpy(p.xy, points->x, 2 * n * sizeof *p.xy);
        for (size_t i = 0; i < n; i++)
            p.id[i] = (uint32_t)i;
        build(&p, 0, n);
        mm_pool_run(pool, (n + BLOCK - 1) / BLOCK, search_block, &p);
    }
    free(p.axis);
    free(p.id);
    free(p.xy);
    return result;
}
