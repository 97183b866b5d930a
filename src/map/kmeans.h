/* SPDX-License-Identifier: BSD-2-Clause */
/* kmeans.h - K-means on points in memory. */
#ifndef MAP_KMEANS_H
#define MAP_KMEANS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "map/points.h"
#include "musicmap/error.h"
#include "musicmap/progress.h"

struct mm_kmeans_settings {
    size_t k;
    size_t starts;     /* independent starts, the best one wins; 0 = as many as the size allows */
    size_t rounds;     /* at most, a start; 0 = 100 */
    bool single_moves; /* then move single points (hartigan.h) where there are few; takes longer */
    uint64_t seed;
};

struct mm_kmeans {
    size_t k;          /* clusters found: fewer than asked where there are fewer different points */
    uint32_t *cluster; /* [n] 0 .. k-1 */
    float *centres;    /* [k][dim] */
    double inertia;    /* sum of squared distances to the centres */
};

/* Same points, settings and seed: same result for any number of jobs in the pool. */
int mm_kmeans_run(const struct mm_points *points, const struct mm_kmeans_settings *settings,
                  struct mm_pool *pool, const struct mm_progress *progress, struct mm_kmeans *out,
                  struct mm_error *err);
void mm_kmeans_finish(struct mm_kmeans *kmeans);

#endif
