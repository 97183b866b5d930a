/* SPDX-License-Identifier: BSD-2-Clause */
/* kmeans_swap.h - gets K-means out of a poor solution by moving whole centres. */
#ifndef MAP_KMEANS_SWAP_H
#define MAP_KMEANS_SWAP_H

#include "base/pool.h"
#include "base/random.h"
#include "map/points.h"

/*
 * centres: [k][dim], improved in place: a centre that is missed least becomes a point that is
 * served badly, where that lowers the inertia. *swaps: how many did. 0 or MM_ERR_NO_MEMORY.
 */
int mm_kmeans_swap(const struct mm_points *points, size_t k, struct mm_random random,
                   struct mm_pool *pool, float *centres, size_t *swaps);

#endif
