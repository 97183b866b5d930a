/* SPDX-License-Identifier: BSD-2-Clause */
/* pca.h - principal components of standardised vectors, exact. */
#ifndef MAP_PCA_H
#define MAP_PCA_H

#include "base/pool.h"
#include "map/blocks.h"

struct mm_pca {
    size_t dim;
    size_t count;   /* components kept; at least 1 */
    double *values; /* [count] variance along each, falling */
    float *basis;   /* [count][dim] orthonormal rows */
    double total;   /* variance of all components together */
};

/* Keeps at most `most` components, fewer where the vectors have fewer. */
int mm_pca_fit(const struct mm_standard *standard, size_t most, struct mm_pool *pool,
               const struct mm_progress *progress, struct mm_pca *out, struct mm_error *err);
void mm_pca_finish(struct mm_pca *pca);

/* All vectors along the first `count` components: out [n][count]. */
int mm_pca_project(const struct mm_pca *pca, const struct mm_standard *standard, size_t count,
                   struct mm_pool *pool, const struct mm_progress *progress, float *out,
                   struct mm_error *err);

#endif
