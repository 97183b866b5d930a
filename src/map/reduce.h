/* SPDX-License-Identifier: BSD-2-Clause */
/* reduce.h - the songs as clusterers and layouts see them: along their main components. */
#ifndef MAP_REDUCE_H
#define MAP_REDUCE_H

#include "base/pool.h"
#include "map/blocks.h"
#include "map/pca.h"

/* Components that neighbours are found by: nearly all there is. */
#define MM_MOST_DIRECTIONS ((size_t)128)

struct mm_reduced {
    size_t dim, more;
    float *rows;       /* [n][dim] along the components that carry most of the variance */
    float *directions; /* [n][more] along nearly all of them, scaled to unit length */
};
int mm_reduce(const struct mm_standard *standard, struct mm_pool *pool,
              const struct mm_progress *progress, struct mm_reduced *out, struct mm_error *err);
/* Along components that are known; standard may read other songs than those pca was fitted to. */
int mm_reduce_along(const struct mm_pca *pca, const struct mm_standard *standard,
                    struct mm_pool *pool, const struct mm_progress *progress,
                    struct mm_reduced *out, struct mm_error *err);
void mm_reduced_finish(struct mm_reduced *reduced);

#endif
