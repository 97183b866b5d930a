/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * silhouette.h - how clearly clusters are told apart (Rousseeuw 1987).
 *
 * A song's width is (b - a) / max(a, b): a is its mean distance to the others of its cluster, b the
 * mean distance to the nearest other cluster. A song alone in its cluster has width 0, and so have
 * all where only one of the clusters has songs.
 */
#ifndef MAP_SILHOUETTE_H
#define MAP_SILHOUETTE_H

#include <stdint.h>

#include "base/pool.h"
#include "map/points.h"
#include "musicmap/error.h"

/* All distances between a few thousand points, for judging several groupings of them. */
struct mm_distances {
    size_t n;
    float *d; /* [n][n] Euclidean */
};
int mm_distances_create(const struct mm_points *points, struct mm_pool *pool,
                        struct mm_distances *out, struct mm_error *err);
void mm_distances_finish(struct mm_distances *distances);

/* Mean width over all songs, -1 .. 1; 0 for fewer than two clusters. cluster: [n] 0 .. k-1, or
 * UINT32_MAX: in none, which has width 0 and is no one's neighbour. */
int mm_silhouette_measure(const struct mm_distances *distances, const uint32_t *cluster, size_t k,
                          struct mm_pool *pool, double *out, struct mm_error *err);

#endif
