/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hartigan.c - Hartigan's method (1975): a point of cluster A moves to cluster B when that lowers
 * the sum of squares,
 *
 *     |A| / (|A| - 1) d(x, A)^2  >  |B| / (|B| + 1) d(x, B)^2,
 *
 * centres following at once. Lloyd's rounds stop earlier: they compare the plain distances. With a
 * handful of songs in a cluster the difference is large.
 */
#include "map/hartigan.h"

#include <math.h>
#include <stdbool.h>

#include "base/array.h"

#define MOST_ROUNDS 30
#define LEAST_GAIN  1e-5F /* relative; more than rounding, so that it ends */

struct hartigan {
    const struct mm_points *points;
    size_t k;
    uint32_t *cluster;
    float *centres; /* [k][dim] */
    double *sum;    /* [k][dim] */
    size_t *size;   /* [k] */
};

static void add(struct hartigan *h, uint32_t c, const float *x, double sign)
{
    size_t dim = h->points->dim;
    double *sum = h->sum + c * dim;
    h->size[c] = sign > 0 ? h->size[c] + 1 : h->size[c] - 1;
    for (size_t j = 0; j < dim; j++) {
        sum[j] += sign * x[j];
        h->centres[c * dim + j] = (float)(sum[j] / (double)h->size[c]);
    }
}

static bool move_point(struct hartigan *h, size_t i)
{
    size_t dim = h->points->dim;
    const float *x = h->points->x + i * dim;
    uint32_t from = h->cluster[i];
    if (h->size[from] < 2)
        return false;
    float size = (float)h->size[from];
    float gain = mm_distance2(x, h->centres + from * dim, dim) * size / (size - 1);
    float least = gain * (1 - LEAST_GAIN);
    uint32_t to = from;
    for (uint32_t c = 0; c < h->k; c++) {
        if (c == from)
            continue;
        size = (float)h->size[c];
        float cost = mm_distance2(x, h->centres + c * dim, dim) * size / (size + 1);
        if (cost < least) {
            least = cost;
            to = c;
        }
    }
    if (to == from)
        return false;
    add(h, from, x, -1);
    add(h, to, x, 1);
    h->cluster[i] = to;
    return true;
}

int mm_hartigan_improve(const struct mm_points *points, size_t k, uint32_t *cluster, float *centres)
{
    size_t dim = points->dim;
    struct hartigan h = {.points = points, .k = k, .cluster = cluster, .centres = centres};
    int result = MM_ERR_NO_MEMORY;
    h.sum = mm_calloc3(k, dim, sizeof *h.sum);
    h.size = mm_calloc3(k, 1, sizeof *h.size);
    if (!h.sum || !h.size)
        goto out;
    for (size_t i = 0; i < points->n; i++) {
        h.size[cluster[i]]++;
        for (size_t j = 0; j < dim; j++)
            h.sum[cluster[i] * dim + j] += points->x[i * dim + j];
    }
    bool moved = true;
    for (size_t round = 0; moved && round < MOST_ROUNDS; round++) {
        moved = false;
        for (size_t i = 0; i < points->n; i++)
            moved |= move_point(&h, i);
    }
    result = 0;

out:
    free(h.size);
    free(h.sum);
    return result;
}
