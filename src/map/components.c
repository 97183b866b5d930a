/* SPDX-License-Identifier: BSD-2-Clause */
/* components.c - vectors along their main components, for those who only compare songs. */
#include "base/array.h"
#include "map/blocks.h"
#include "map/matrix.h"
#include "map/pca.h"

int mm_map_reduce(const struct mm_vectors *vectors, size_t most, size_t jobs,
                  const struct mm_progress *progress, float **rows, size_t *dim,
                  struct mm_error *err)
{
    struct mm_standard standard = {0};
    struct mm_pool *pool = NULL;
    struct mm_pca pca = {0};
    *rows = NULL;
    mm_matrix_init();
    int result = mm_pool_create(jobs, &pool, err);
    if (result == 0)
        result = mm_standard_create(vectors, progress, &standard, err);
    if (result == 0)
        result = mm_pca_fit(&standard, most, pool, progress, &pca, err);
    if (result == 0) {
        *dim = pca.count;
        *rows = mm_calloc3(vectors->n, pca.count, sizeof **rows);
        result = *rows ? mm_pca_project(&pca, &standard, pca.count, pool, progress, *rows, err)
                       : mm_no_memory(err);
    }
    if (result < 0) {
        free(*rows);
        *rows = NULL;
    }
    mm_pca_finish(&pca);
    mm_standard_finish(&standard);
    mm_pool_destroy(pool);
    return result;
}
