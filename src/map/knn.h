/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * knn.h - each point's nearest others: what every layout but "pca" is made from.
 *
 * Metric: Euclidean. Between points of unit length that is sqrt(2 - 2 cos), which ranks as the
 * cosine does; build.c gives the layouts such points, so that a map is laid out by the same
 * neighbours that mm_quality_measure() judges it by.
 *
 * Threads: a call is self-contained and works in the pool it is given. Same input, same output, for
 * any number of jobs.
 */
#ifndef MAP_KNN_H
#define MAP_KNN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "map/points.h"
#include "musicmap/error.h"
#include "musicmap/progress.h"

/* Up to so many points all are compared with all; above, only with those of near cells. In the
 * plane points are compared by a tree, which is exact; of equally far ones any may be last. */
#define MM_KNN_EXACT ((size_t)20000)
#define MM_KNN_MOST  ((size_t)500) /* neighbours that can be asked for */

struct mm_knn {
    size_t n;
    size_t k;        /* neighbours of each: as many as asked, n - 1 at most */
    uint32_t *index; /* [n][k] nearest first, equal ones by number; the point itself is left out */
    float *distance; /* [n][k] Euclidean, 0 exactly for equal points */
};

enum mm_knn_method {
    MM_KNN_BY_SIZE,
    MM_KNN_ALL_PAIRS,
    MM_KNN_CELLS,
    MM_KNN_PLANE, /* points with two dimensions only */
};

/* 1 <= k <= MM_KNN_MOST; points in memory: n >= 1, finite. Release with mm_knn_finish. */
int mm_knn_find(const struct mm_points *points, size_t k, enum mm_knn_method method, uint64_t seed,
                struct mm_pool *pool, const struct mm_progress *progress, struct mm_knn *out,
                struct mm_error *err);
void mm_knn_finish(struct mm_knn *knn);

/*
 * The k nearest of `points` to each of `queries` (which are other points): out->n = queries->n.
 * Exact. k <= points->n.
 */
int mm_knn_query(const struct mm_points *points, const struct mm_points *queries, size_t k,
                 struct mm_pool *pool, struct mm_knn *out, struct mm_error *err);

/*
 * Points made ready for many such questions, by the way that mm_knn_find would take for them: exact
 * for few points and in the plane, else nearly all are right. points must outlive it.
 */
struct mm_knn_index;
int mm_knn_index_create(const struct mm_points *points, uint64_t seed, struct mm_pool *pool,
                        const struct mm_progress *progress, struct mm_knn_index **out,
                        struct mm_error *err);
int mm_knn_index_query(const struct mm_knn_index *index, const struct mm_points *queries, size_t k,
                       struct mm_pool *pool, struct mm_knn *out, struct mm_error *err);
void mm_knn_index_destroy(struct mm_knn_index *index);

#endif
