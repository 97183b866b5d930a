/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * knn_descent.c - rounds of NN-descent (Dong, Moses & Li 2011): a neighbour's neighbour is likely a
 * neighbour. Finds what knn_cells.c misses across the borders of cells.
 *
 * Deterministic: a point reads what the last round left and writes its own list only.
 */
#include <math.h>

#include "base/array.h"
#include "map/knn_list.h"

#define BLOCK    ((size_t)256) /* points of a round of the pool */
#define FRONT    ((size_t)20)  /* neighbours whose neighbours are tried, and how many of theirs */
#define SEEN     ((size_t)2048)
#define DESCENTS 3
#define SETTLED  0.002 /* of all lists' places changed in a round: enough */

struct descent {
    const struct mm_points *points;
    struct mm_knn *knn;
    uint32_t *last;  /* [n][k] neighbours before the round */
    uint32_t *seen;  /* [jobs][SEEN] ids that were tried for this point: an open hash table */
    size_t *changed; /* [blocks] */
};

/* False when id was there already. The table is never more than a quarter full. */
static bool put_seen(uint32_t *seen, uint32_t id)
{
    for (size_t at = (id * 0x9E3779B1u) >> 21;; at = (at + 1) % SEEN) {
        if (seen[at] == id)
            return false;
        if (seen[at] == MM_KNN_NONE) {
            seen[at] = id;
            return true;
        }
    }
}

/* Puts id into the list, which is full, if it belongs there. distance: squared. */
static bool improve(uint32_t *index, float *distance, size_t k, uint32_t id, float d)
{
    if (!(d < distance[k - 1] || (!(d > distance[k - 1]) && id < index[k - 1])))
        return false;
    size_t at = k - 1;
    for (; at > 0 && (d < distance[at - 1] || (!(d > distance[at - 1]) && id < index[at - 1]));
         at--) {
        distance[at] = distance[at - 1];
        index[at] = index[at - 1];
    }
    distance[at] = d;
    index[at] = id;
    return true;
}

static size_t descend(const struct descent *d, uint32_t i, uint32_t *seen)
{
    size_t k = d->knn->k;
    size_t dim = d->points->dim;
    size_t front = k < FRONT ? k : FRONT;
    size_t changed = 0;
    uint32_t *index = d->knn->index + i * k;
    float *distance = d->knn->distance + i * k;
    memset(seen, 0xff, SEEN * sizeof *seen);
    put_seen(seen, i);
    for (size_t a = 0; a < front; a++)
        put_seen(seen, d->last[i * k + a]);
    for (size_t a = 0; a < k; a++)
        distance[a] *= distance[a];
    for (size_t a = 0; a < front; a++)
        for (size_t b = 0; b < front; b++) {
            uint32_t id = d->last[d->last[i * k + a] * k + b];
            if (!put_seen(seen, id))
                continue;
            float far = mm_distance2(d->points->x + i * dim, d->points->x + id * dim, dim);
            bool known = false;
            for (size_t at = front; at < k && !known; at++)
                known = d->last[i * k + at] == id;
            changed += !known && improve(index, distance, k, id, far);
        }
    for (size_t a = 0; a < k; a++)
        distance[a] = sqrtf(distance[a]);
    return changed;
}

static void descend_block(void *ctx, size_t block, size_t worker)
{
    struct descent *d = ctx;
    size_t n = d->points->n;
    size_t end = n < (block + 1) * BLOCK ? n : (block + 1) * BLOCK;
    d->changed[block] = 0;
    for (size_t i = block * BLOCK; i < end; i++)
        d->changed[block] += descend(d, (uint32_t)i, d->seen + worker * SEEN);
}

int mm_knn_descend(const struct mm_points *points, struct mm_pool *pool,
                   const struct mm_progress *progress, struct mm_knn *knn, struct mm_error *err)
{
    size_t n = points->n;
    size_t k = knn->k;
    size_t blocks = (n + BLOCK - 1) / BLOCK;
    struct descent d = {.points = points, .knn = knn};
    int result = 0;
    d.seen = mm_calloc3(mm_pool_jobs(pool), SEEN, sizeof *d.seen);
    d.changed = mm_calloc3(blocks, 1, sizeof *d.changed);
    d.last = mm_calloc3(n, k, sizeof *d.last);
    if (!d.seen || !d.changed || !d.last)
        result = mm_no_memory(err);
    for (size_t round = 0; round < DESCENTS && result == 0; round++) {
        mm_progress_update(progress, "improving neighbours", round, DESCENTS);
        if (mm_progress_cancelled(progress)) {
            result = mm_error_set(err, MM_ERR_CANCELLED, "cancelled");
            break;
        }
        memcpy(d.last, knn->index, n * k * sizeof *d.last);
        mm_pool_run(pool, blocks, descend_block, &d);
        size_t changed = 0;
        for (size_t b = 0; b < blocks; b++)
            changed += d.changed[b];
        if ((double)changed < SETTLED * (double)n * (double)k)
            break;
    }
    free(d.last);
    free(d.changed);
    free(d.seen);
    return result;
}
