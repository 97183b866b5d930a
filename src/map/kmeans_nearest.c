/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kmeans_nearest.c - the nearest centre comes from blocked matrix products: |x - c|^2 = |x|^2 -
 * 2 x.c + |c|^2, where |x|^2 does not matter.
 *
 * From round to round each point keeps a lower bound on its distance to all centres but its own
 * (Hamerly 2010): the second-best distance, less the way of the centre that moved most. Where its
 * own centre, measured exactly, is nearer than that, nothing can have changed; the other points of
 * a block are gathered and share one product.
 */
#include "map/kmeans_nearest.h"

#include <math.h>

#include "base/array.h"
#include "map/matrix.h"

#define ROWS    ((size_t)256) /* points of one round of the pool */
#define COLUMNS ((size_t)256) /* centres of one product */

/* Bounds come from products whose rounding errors they must not be misled by. */
#define SLACK 0.9995F

int mm_nearest_init(struct mm_nearest *w, const struct mm_points *points, size_t most_k,
                    struct mm_pool *pool)
{
    size_t n = points->n;
    size_t jobs = mm_pool_jobs(pool);
    *w = (struct mm_nearest){
        .points = points, .pool = pool, .most_k = most_k, .blocks = (n + ROWS - 1) / ROWS};
    w->cluster = mm_calloc3(n, 1, sizeof *w->cluster);
    w->distance = mm_calloc3(n, 1, sizeof *w->distance);
    w->lower = mm_calloc3(n, 1, sizeof *w->lower);
    w->half_norm = mm_calloc3(most_k, 1, sizeof *w->half_norm);
    w->dots = mm_calloc3(jobs, ROWS * COLUMNS, sizeof *w->dots);
    w->gathered = mm_calloc3(jobs * ROWS, points->dim, sizeof *w->gathered);
    w->changed = mm_calloc3(w->blocks, 1, sizeof *w->changed);
    w->sum = mm_calloc3(w->blocks, 1, sizeof *w->sum);
    if (w->cluster && w->distance && w->lower && w->half_norm && w->dots && w->gathered &&
        w->changed && w->sum) {
        memset(w->cluster, 0xFF, n * sizeof *w->cluster);
        return 0;
    }
    mm_nearest_finish(w);
    return MM_ERR_NO_MEMORY;
}

void mm_nearest_finish(struct mm_nearest *w)
{
    free(w->cluster);
    free(w->distance);
    free(w->lower);
    free(w->half_norm);
    free(w->dots);
    free(w->gathered);
    free(w->changed);
    free(w->sum);
    *w = (struct mm_nearest){0};
}

/* Measures the own centre, lowers the bound; may another centre be nearer now? */
static int may_change(struct mm_nearest *w, size_t at)
{
    if (w->lower[at] < 0)
        return 1;
    size_t dim = w->points->dim;
    uint32_t own = w->cluster[at];
    w->lower[at] -= own == w->farthest ? w->second : w->most;
    w->distance[at] = mm_distance2(w->points->x + at * dim, w->centres + own * dim, dim);
    return w->lower[at] <= 0 || w->distance[at] >= w->lower[at] * w->lower[at];
}

struct best {
    float near[ROWS];   /* x.c - |c|^2 / 2 of the best centre */
    float second[ROWS]; /* of the next one */
    uint32_t which[ROWS];
};

/* x: [count][dim] */
static void search(const struct mm_nearest *w, const float *x, size_t count, float *dots,
                   struct best *best)
{
    size_t dim = w->points->dim;
    for (size_t i = 0; i < count; i++) {
        best->near[i] = best->second[i] = -INFINITY;
        best->which[i] = 0;
    }
    for (size_t c0 = 0; c0 < w->k; c0 += COLUMNS) {
        size_t columns = w->k - c0 < COLUMNS ? w->k - c0 : COLUMNS;
        mm_matrix_dots(x, count, w->centres + c0 * dim, columns, dim, dots);
        for (size_t i = 0; i < count; i++) {
            float first = best->near[i];
            float second = best->second[i];
            uint32_t which = best->which[i];
            for (size_t c = 0; c < columns; c++) {
                float near = dots[i * columns + c] - w->half_norm[c0 + c];
                if (near > first) {
                    second = first;
                    first = near;
                    which = (uint32_t)(c0 + c);
                } else if (near > second) {
                    second = near;
                }
            }
            best->near[i] = first;
            best->second[i] = second;
            best->which[i] = which;
        }
    }
}

static void find_block(void *ctx, size_t block, size_t worker)
{
    struct mm_nearest *w = ctx;
    size_t dim = w->points->dim;
    size_t first = block * ROWS;
    size_t count = w->points->n - first < ROWS ? w->points->n - first : ROWS;
    const float *x = w->points->x + first * dim;
    float *gathered = w->gathered + worker * ROWS * dim;
    size_t open[ROWS]; /* points that may change */
    size_t n_open = 0;
    struct best best;
    for (size_t i = 0; i < count; i++)
        if (may_change(w, first + i))
            open[n_open++] = i;
    for (size_t i = 0; n_open < count && i < n_open; i++)
        memcpy(gathered + i * dim, x + open[i] * dim, dim * sizeof *x);
    search(w, n_open < count ? gathered : x, n_open, w->dots + worker * ROWS * COLUMNS, &best);
    w->changed[block] = 0;
    for (size_t i = 0; i < n_open; i++) {
        size_t at = first + open[i];
        uint32_t which = best.which[i];
        w->changed[block] += w->cluster[at] != which;
        w->cluster[at] = which;
        w->distance[at] = mm_distance2(x + open[i] * dim, w->centres + which * dim, dim);
        float other = w->distance[at] + 2 * (best.near[i] - best.second[i]);
        w->lower[at] = SLACK * sqrtf(other);
    }
    w->sum[block] = 0;
    for (size_t i = 0; i < count; i++)
        w->sum[block] += w->distance[first + i];
}

/* The longest way and the longest but one. */
static void note_moves(struct mm_nearest *w, const float *moved)
{
    w->most = w->second = 0;
    w->farthest = 0;
    for (size_t c = 0; c < w->k; c++)
        if (moved[c] > w->most) {
            w->second = w->most;
            w->most = moved[c];
            w->farthest = c;
        } else if (moved[c] > w->second) {
            w->second = moved[c];
        }
}

size_t mm_nearest_find(struct mm_nearest *w, const float *centres, size_t k, const float *moved,
                       double *inertia)
{
    size_t n = w->points->n;
    size_t dim = w->points->dim;
    w->centres = centres;
    w->k = k;
    if (moved)
        note_moves(w, moved);
    for (size_t i = 0; !moved && i < n; i++)
        w->lower[i] = -1;
    for (size_t c = 0; c < k; c++) {
        double norm = 0;
        for (size_t j = 0; j < dim; j++)
            norm += (double)centres[c * dim + j] * centres[c * dim + j];
        w->half_norm[c] = (float)(norm / 2);
    }
    mm_pool_run_sized(w->pool, w->blocks, (double)n * (double)dim * (double)k, find_block, w);
    size_t changed = 0;
    *inertia = 0;
    for (size_t b = 0; b < w->blocks; b++) {
        changed += w->changed[b];
        *inertia += w->sum[b];
    }
    return changed;
}
