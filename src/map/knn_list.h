/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * knn_list.h - the best few candidates of a point, found among blocks of matrix products.
 *
 * A candidate q of point p is kept by its key |q|^2 / 2 - p.q, which ranks as the distance does and
 * costs one subtraction. Keys are rounded; lists therefore hold a few more than are wanted, and
 * mm_knn_settle() measures those plainly and keeps the nearest.
 */
#ifndef MAP_KNN_LIST_H
#define MAP_KNN_LIST_H

#include "map/knn.h"

#define MM_KNN_SLACK ((size_t)5) /* candidates more than wanted */
#define MM_KNN_NONE  UINT32_MAX

struct mm_knn_lists {
    size_t n;
    size_t size;   /* of a list */
    float *key;    /* [n][size] rising; INFINITY where there is none yet */
    uint32_t *who; /* [n][size] */
};
int mm_knn_lists_init(struct mm_knn_lists *lists, size_t n, size_t size, struct mm_error *err);
void mm_knn_lists_finish(struct mm_knn_lists *lists);

/* Puts a candidate whose key is below the last one's into a list; the last one leaves. */
static inline void mm_knn_offer(float *keys, uint32_t *who, size_t size, float key, uint32_t id)
{
    size_t at = size - 1;
    for (; at > 0 && key < keys[at - 1]; at--) {
        keys[at] = keys[at - 1];
        who[at] = who[at - 1];
    }
    keys[at] = key;
    who[at] = id;
}

/*
 * Offers points first .. first + count - 1 to one list. dots: [count] their products with the
 * list's point, half: [count] theirs of mm_knn_half_norms().
 */
void mm_knn_scan(const float *dots, const float *half, size_t count, uint32_t first, float *keys,
                 uint32_t *who, size_t size);

/* half: [n] = |x|^2 / 2 */
void mm_knn_half_norms(const struct mm_points *points, float *half);

/*
 * From candidates (MM_KNN_NONE among them is passed over, doubles count once) to the k nearest of
 * point x by plain distance. self is left out; MM_KNN_NONE: nobody is. candidates is used up.
 */
void mm_knn_settle(const struct mm_points *points, const float *x, uint32_t self,
                   uint32_t *candidates, size_t count, size_t k, uint32_t *index, float *distance);

/* ---- knn_cells.c: neighbours among the points of near cells only ---- */

struct mm_knn_cells;
/* points must outlive it. */
int mm_knn_cells_create(const struct mm_points *points, uint64_t seed, struct mm_pool *pool,
                        const struct mm_progress *progress, struct mm_knn_cells **out,
                        struct mm_error *err);
void mm_knn_cells_destroy(struct mm_knn_cells *cells);
/* out: its n, k and room are the caller's. queries: [out->n]; NULL = the points themselves. */
int mm_knn_cells_search(const struct mm_knn_cells *cells, const struct mm_points *queries,
                        struct mm_pool *pool, struct mm_knn *out, struct mm_error *err);

/* knn_descent.c: makes lists of neighbours better that are nearly right. */
int mm_knn_descend(const struct mm_points *points, struct mm_pool *pool,
                   const struct mm_progress *progress, struct mm_knn *knn, struct mm_error *err);

/* ---- knn_plane.c: exact, for points with two dimensions ---- */

struct mm_knn_plane;
int mm_knn_plane_create(const struct mm_points *points, struct mm_knn_plane **out,
                        struct mm_error *err);
void mm_knn_plane_destroy(struct mm_knn_plane *plane);
/* As mm_knn_cells_search(). */
void mm_knn_plane_search(const struct mm_knn_plane *plane, const struct mm_points *queries,
                         struct mm_pool *pool, struct mm_knn *out);

#endif
