/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kmeans_nearest.h - which of k centres each point is nearest to, again and again while the centres
 * move.
 */
#ifndef MAP_KMEANS_NEAREST_H
#define MAP_KMEANS_NEAREST_H

#include <stdint.h>

#include "base/pool.h"
#include "map/points.h"

struct mm_nearest {
    const struct mm_points *points;
    struct mm_pool *pool;
    size_t most_k;
    size_t blocks;
    uint32_t *cluster; /* [n] the nearest centre */
    float *distance;   /* [n] squared, to it; exact */
    float *lower;      /* [n] no other centre is nearer than this; < 0: not known */
    /* of one call */
    const float *centres; /* [k][dim] */
    size_t k;
    size_t farthest; /* the centre that moved most */
    float most, second;
    float *half_norm; /* [k] |c|^2 / 2 */
    float *dots;      /* [jobs][rows][columns] */
    float *gathered;  /* [jobs][rows][dim] */
    size_t *changed;  /* [blocks] */
    double *sum;      /* [blocks] */
};

/* For up to most_k centres. 0 or MM_ERR_NO_MEMORY. */
int mm_nearest_init(struct mm_nearest *w, const struct mm_points *points, size_t most_k,
                    struct mm_pool *pool);
void mm_nearest_finish(struct mm_nearest *w);

/*
 * Fills cluster and distance; returns how many points changed their cluster. moved: [k] how far
 * each centre is from where it was in the call before, whose cluster and lower still stand; NULL =
 * nothing is known. *inertia: the sum of distance.
 */
size_t mm_nearest_find(struct mm_nearest *w, const float *centres, size_t k, const float *moved,
                       double *inertia);

#endif
