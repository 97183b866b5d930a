/* SPDX-License-Identifier: BSD-2-Clause */
/* components.c - vectors along their main components, for those who only compare songs. */
#include "base/array.h"
#include "map/blocks.h"
#include "map/matrix.h"
#include "map/pca.h"

static int project(const struct mm_pca *pca, const struct mm_standard *standard,
                   struct mm_pool *pool, const struct mm_progress *progress, float **rows,
                   struct mm_error *err)
{
    *rows = mm_calloc3(standard->vectors->n, pca->count, sizeof **rows);
    return *rows ? mm_pca_project(pca, standard, pca->count, pool, progress, *rows, err)
                 : mm_no_memory(err);
}

int mm_map_reduce(const struct mm_vectors *vectors, const struct mm_vectors *also, size_t n_also,
                  size_t most, size_t jobs, const struct mm_progress *progress, float **rows,
                  float **also_rows, size_t *dim, struct mm_error *err)
{
    struct mm_standard standard = {0};
    struct mm_pool *pool = NULL;
    struct mm_pca pca = {0};
    *rows = NULL;
    for (size_t i = 0; i < n_also; i++)
        also_rows[i] = NULL;
    mm_matrix_init();
    int result = mm_pool_create(jobs, &pool, err);
    if (result == 0)
        result = mm_standard_create(vectors, progress, &standard, err);
    if (result == 0)
        result = mm_pca_fit(&standard, most, pool, progress, &pca, err);
    if (result == 0) {
        *dim = pca.count;
        result = project(&pca, &standard, pool, progress, rows, err);
    }
    for (size_t i = 0; i < n_also && result == 0; i++) {
        struct mm_standard same = standard; /* mean and scale stay those of the first vectors */
        same.vectors = &also[i];
        result = project(&pca, &same, pool, progress, &also_rows[i], err);
    }
    if (result < 0) {
        free(*rows);
        *rows = NULL;
        for (size_t i = 0; i < n_also; i++) {
            free(also_rows[i]);
            also_rows[i] = NULL;
        }
    }
    mm_pca_finish(&pca);
    mm_standard_finish(&standard);
    mm_pool_destroy(pool);
    return result;
}
