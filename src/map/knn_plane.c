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

struct mm_knn_plane {
    size_t n;
    float *xy;           /* [n][2] in order of the tree */
    uint32_t *id;        /* [n] their numbers */
    unsigned char *axis; /* [n] that the point splits its range across */
};

/* ---- the tree ---- */

static void swap_points(struct mm_knn_plane *p, size_t a, size_t b)
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
static void select_point(struct mm_knn_plane *p, size_t first, size_t end, size_t want, size_t axis)
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

static void build(struct mm_knn_plane *p, size_t first, size_t end)
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
    const struct mm_knn_plane *plane;
    size_t self; /* place in the tree; SIZE_MAX: not in it */
    float at[2];
    size_t k, count; /* wanted, found */
    uint32_t *index;
    float *distance; /* squared */
};

static bool comes_before(float d, uint32_t id, float other_d, uint32_t other_id)
{
    return d < other_d || (!(d > other_d) && id < other_id);
}

static void offer(struct query *q, size_t point)
{
    const struct mm_knn_plane *p = q->plane;
    size_t k = q->k;
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
    const struct mm_knn_plane *p = q->plane;
    while (end - first > LEAF) {
        size_t middle = first + (end - first) / 2;
        size_t axis = p->axis[middle];
        float off = q->at[axis] - p->xy[2 * middle + axis];
        bool lower = off < 0;
        search(q, lower ? first : middle + 1, lower ? middle : end);
        /* Of more points at one place than are wanted, it does not matter which. */
        if (q->count == q->k && !(off * off < q->distance[q->count - 1]))
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

struct asking {
    const struct mm_knn_plane *plane;
    const float *queries; /* [out->n][2]; NULL = the points themselves */
    struct mm_knn *out;
};

static void search_block(void *ctx, size_t block, size_t worker)
{
    (void)worker;
    const struct asking *a = ctx;
    const struct mm_knn_plane *p = a->plane;
    size_t k = a->out->k;
    size_t end = a->out->n < (block + 1) * BLOCK ? a->out->n : (block + 1) * BLOCK;
    for (size_t i = block * BLOCK; i < end; i++) {
        size_t asker = a->queries ? i : p->id[i];
        const float *xy = a->queries ? a->queries : p->xy;
        struct query q = {.plane = p,
                          .self = a->queries ? SIZE_MAX : i,
                          .at = {xy[2 * i], xy[2 * i + 1]},
                          .k = k,
                          .index = a->out->index + asker * k,
                          .distance = a->out->distance + asker * k};
        search(&q, 0, p->n);
        for (size_t n = 0; n < k; n++)
            q.distance[n] = sqrtf(q.distance[n]);
    }
}

void mm_knn_plane_search(const struct mm_knn_plane *plane, const struct mm_points *queries,
                         struct mm_pool *pool, struct mm_knn *out)
{
    struct asking a = {plane, queries ? queries->x : NULL, out};
    mm_pool_run(pool, (out->n + BLOCK - 1) / BLOCK, search_block, &a);
}

int mm_knn_plane_create(const struct mm_points *points, struct mm_knn_plane **out,
                        struct mm_error *err)
{
    size_t n = points->n;
    struct mm_knn_plane *p = calloc(1, sizeof *p);
    *out = NULL;
    if (!p)
        return mm_no_memory(err);
    p->n = n;
    p->xy = mm_calloc3(n, 2, sizeof *p->xy);
    p->id = mm_calloc3(n, 1, sizeof *p->id);
    p->axis = mm_calloc3(n, 1, sizeof *p->axis);
    if (!p->xy || !p->id || !p->axis) {
        mm_knn_plane_destroy(p);
        return mm_no_memory(err);
    }
    memcpy(p->xy, points->x, 2 * n * sizeof *p->xy);
    for (size_t i = 0; i < n; i++)
        p->id[i] = (uint32_t)i;
    build(p, 0, n);
    *out = p;
    return 0;
}

void mm_knn_plane_destroy(struct mm_knn_plane *plane)
{
    if (!plane)
        return;
    free(plane->axis);
    free(plane->id);
    free(plane->xy);
    free(plane);
}
